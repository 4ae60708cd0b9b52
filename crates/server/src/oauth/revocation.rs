//! Taking tokens back before their time: `/revoke` (RFC 7009), and what a replay costs.
use super::{
    OAuthError, access_token,
    client_auth::{self, Presenter},
    form::Form,
    grant::{Grant, Subject},
    grants, store,
};
use crate::{clients::Client, ctx::Ctx, db::Tx, error::Error, ids::GrantId, keys::PUBLISH_AFTER_SIGNING};
use http::HeaderMap;

/// Takes a token of the client's own back. A refresh token goes with all that its grant gave; the session goes on. What is
/// no token of this client is left alone, and the client is not told.
///
/// # Errors
/// `invalid_client`, `invalid_request`; `unsupported_token_type` for a token that a machine got for itself.
pub async fn revoke_token(ctx: &Ctx, headers: &HeaderMap, body: &[u8]) -> Result<(), OAuthError> {
    let form = Form::parse(headers, body)?;
    let client = check_client(client_auth::identify(ctx, headers, &form).await?)?;
    let token = form.get("token").ok_or_else(|| OAuthError::invalid_request("token is required"))?;
    if let Some((_, family)) = grants::find_refresh_token(ctx, token).await? {
        if family.grant.client == client.id {
            end(ctx, family.id, &family.grant).await?;
        }
        return Ok(());
    }
    match access_token::read(ctx, token).await? {
        Some((token, id)) if id == client.id && token.is_machines() => {
            Err(OAuthError::unsupported_token_type("a client's own access token lives until it expires"))
        }
        Some((token, id)) if id == client.id => {
            let mut tx = ctx.db().write().await?;
            revoke(&mut tx, ctx, id.as_i64(), &token.jti).await?;
            Ok(tx.commit().await?)
        }
        _ => Ok(()),
    }
}

/// An application without a secret shows the token itself. Clients that registered themselves are not served
/// (`auth.md` 1.10).
fn check_client(presenter: Presenter) -> Result<Client, OAuthError> {
    let client = presenter.client;
    if presenter.by_secret || !client.kind.is_confidential() {
        Ok(client)
    } else {
        Err(OAuthError::invalid_client())
    }
}

/// Ends the refresh tokens of a grant, and its access tokens for who asks. Tells whether there were any.
pub async fn end(ctx: &Ctx, id: GrantId, grant: &Grant) -> Result<bool, Error> {
    let mut tx = ctx.db().write().await?;
    let ended = store::delete_family(&mut tx, ctx.environment().id, id).await?;
    all_of(&mut tx, ctx, grant).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Notes that the access tokens are dead that were made for a grant until now.
async fn all_of(tx: &mut Tx, ctx: &Ctx, grant: &Grant) -> Result<(), Error> {
    revoke(tx, ctx, grant.client.as_i64(), &holder(grant)).await
}

async fn revoke(tx: &mut Tx, ctx: &Ctx, client: i64, holder: &str) -> Result<(), Error> {
    let now = ctx.now();
    // No token lives longer than its key is published.
    let expires_at = now.plus(PUBLISH_AFTER_SIGNING);
    store::revoke(tx, ctx.environment().id, (client, holder), (now, expires_at)).await
}

/// By what access tokens tell whose they are: `sid`, or the subject where they have none.
fn holder(grant: &Grant) -> String {
    match &grant.subject {
        Subject::External { sub, .. } if grant.resource.is_none() => sub.clone(),
        Subject::Member { session, .. } | Subject::External { session, .. } => session.to_string(),
    }
}
