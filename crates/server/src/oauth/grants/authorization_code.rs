//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.6): two signatures, then one transaction.
use super::{check_grant, may_leave_secret_out, scopes_now, target};
use crate::{
    auth_logs,
    clients::{Client, GrantType},
    ctx::Ctx,
    db::Tx,
    entropy,
    error::Error,
    oauth::{
        OAuthError,
        about::has,
        client_auth::Presenter,
        codes,
        form::Form,
        grant::Grant,
        issue::Making,
        person::{self, Person},
        refresh_token, revocation,
        store::{self, Code, Family},
    },
    resources::Target,
    sessions,
    time::Timestamp,
    vault,
};
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use std::time::Duration;

/// Within this time the same client may ask for a lost answer: it is refused, and keeps what it may have got.
const ASKED_AGAIN: Duration = Duration::from_secs(10);

/// A token request, as far as it is about the code.
struct Request<'a> {
    code: &'a str,
    redirect_uri: &'a str,
    verifier: Option<&'a str>,
    resource: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn read(form: &'a Form<'_>) -> Result<Self, OAuthError> {
        let required = |name: &str| {
            form.get(name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is required")))
        };
        Ok(Self {
            code: required("code")?,
            redirect_uri: required("redirect_uri")?,
            verifier: form.get("code_verifier"),
            resource: form.get("resource"),
        })
    }
}

/// Exchanges a code.
///
/// # Errors
/// [`OAuthError`]
pub async fn exchange(ctx: &Ctx, presenter: &Presenter, form: &Form<'_>) -> Result<String, OAuthError> {
    check_grant(&presenter.client, GrantType::AuthorizationCode)?;
    let request = Request::read(form)?;
    let code = codes::find(&mut ctx.db().read(), ctx, request.code).await?;
    check_client(ctx, presenter, code.as_ref())?;
    let code = code.ok_or_else(OAuthError::invalid_code)?;
    let checked = check_code(presenter, &code, &request, ctx.now());
    if code.used_at.is_some() || code.grant.client != presenter.client.id {
        return Err(refuse_again(ctx, &code, checked.is_ok()).await?);
    }
    // The use counts even if a check fails: nobody tries verifiers one after the other.
    if let Err(refusal) = checked {
        use_up(ctx, &code).await?;
        return Err(refusal);
    }
    let target = target(ctx, &presenter.client, &code.grant, request.resource).await?;
    let person = person::find(ctx, &code.grant).await?.ok_or_else(OAuthError::invalid_code)?;
    give(ctx, presenter, &code, request.code, &person, target.as_ref()).await
}

/// Who only says its id is a public client, or has a code with PKCE (`auth.md` 1.6.1).
fn check_client(ctx: &Ctx, presenter: &Presenter, code: Option<&Code>) -> Result<(), OAuthError> {
    let client = &presenter.client;
    let has_pkce = code.is_some_and(|code| code.grant.client == client.id && code.code_challenge.is_some());
    if presenter.by_secret || may_leave_secret_out(ctx, client, has_pkce) {
        Ok(())
    } else {
        Err(OAuthError::invalid_client())
    }
}

/// RFC 6749 §4.1.3, in its order.
fn check_code(
    presenter: &Presenter,
    code: &Code,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<(), OAuthError> {
    if code.grant.client != presenter.client.id || code.expires_at.is_past(now) {
        return Err(OAuthError::invalid_code());
    }
    if code.redirect_uri != request.redirect_uri {
        return Err(OAuthError::invalid_grant("redirect_uri is not that of the authorization request"));
    }
    check_verifier(&presenter.client, code.code_challenge.as_deref(), request.verifier)
}

/// RFC 7636 §4.6. A verifier without a challenge is refused as well: somebody may have taken the challenge away
/// (RFC 9700 §4.8.2).
fn check_verifier(
    client: &Client,
    challenge: Option<&str>,
    verifier: Option<&str>,
) -> Result<(), OAuthError> {
    match (challenge, verifier) {
        (None, _) if client.is_public() => Err(OAuthError::invalid_request(
            "PKCE is required: the authorization request had no code_challenge",
        )),
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if is_verified(challenge, verifier) => Ok(()),
        (Some(_), None) => Err(OAuthError::invalid_grant("code_verifier is required for this code")),
        (None, Some(_)) => Err(OAuthError::invalid_grant(
            "code_verifier is given, but the authorization request had no code_challenge",
        )),
        (Some(_), Some(_)) => {
            Err(OAuthError::invalid_grant("code_verifier does not belong to the code_challenge"))
        }
    }
}

/// Method S256 (RFC 7636 §4.2).
fn is_verified(challenge: &str, verifier: &str) -> bool {
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    (43..=128).contains(&verifier.len())
        && vault::equal(BASE64URL.encode(hash).as_bytes(), challenge.as_bytes())
}

/// Refuses a code that was used, or that another client presents, and takes back what the first use gave
/// (RFC 6749 §4.1.2), unless the same client asks once more for an answer that it may have lost.
async fn refuse_again(ctx: &Ctx, code: &Code, is_same: bool) -> Result<OAuthError, Error> {
    let now = ctx.now();
    let is_lost_answer = |used_at: Timestamp| is_same && !used_at.plus(ASKED_AGAIN).is_past(now);
    if code.used_at.is_some_and(|used_at| !is_lost_answer(used_at)) {
        revocation::end(ctx, code.id, &code.grant).await?;
        tracing::warn!(
            client.id = %code.grant.client, grant.id = %code.id,
            "an authorization code of client {} was used again: what it had given is revoked", code.grant.client
        );
    }
    Ok(OAuthError::invalid_code())
}

async fn use_up(ctx: &Ctx, code: &Code) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    store::use_code(&mut tx, ctx.environment().id, code.id, ctx.now()).await?;
    tx.commit().await
}

/// Signs the tokens, and gives them out if the code still counts.
async fn give(
    ctx: &Ctx,
    presenter: &Presenter,
    code: &Code,
    presented: &str,
    person: &Person,
    target: Option<&Target>,
) -> Result<String, OAuthError> {
    let client = &presenter.client;
    // Clients of resources need not ask for it (`auth.md` 3.4).
    let mut scopes = code.grant.scopes.clone();
    if target.is_some() && client.allows(GrantType::RefreshToken) && !has(&scopes, "offline_access") {
        scopes.push("offline_access".to_owned());
    }
    let granted = scopes_now(&scopes, person, target);
    let (client_id, grant) = (client.id.to_string(), &code.grant);
    let making = Making { client, client_id, grant, person, target, scopes: granted, code: Some(presented) };
    let made = making.sign(ctx).await?;
    let family = match has(&scopes, "offline_access") && client.allows(GrantType::RefreshToken) {
        true => Some(family(ctx, presenter, code, scopes, target)?),
        false => None,
    };
    let mut tx = ctx.db().write().await?;
    if !session_goes_on(&mut tx, ctx, grant).await? {
        return Err(OAuthError::invalid_code());
    }
    if !store::use_code(&mut tx, ctx.environment().id, code.id, ctx.now()).await? {
        // Somebody was faster, with all that it takes.
        drop(tx);
        return Err(OAuthError::invalid_code());
    }
    if let Some(family) = &family {
        store::insert_family(&mut tx, ctx.environment().id, family).await?;
    }
    auth_logs::succeed(&mut tx, ctx.environment().id, grant.auth_request).await?;
    tx.commit().await?;
    let refresh_token =
        family.map(|family| refresh_token::token(&ctx.app().vault, &family, family.generation));
    Ok(made.answer(refresh_token.as_ref(), ctx.now())?)
}

/// Holds the session of a member until the transaction ends, and counts the use. Others have none.
pub(super) async fn session_goes_on(tx: &mut Tx, ctx: &Ctx, grant: &Grant) -> Result<bool, Error> {
    match grant.subject.membership() {
        Some((session, organization)) => sessions::touch(tx, ctx, session, organization).await,
        None => Ok(true),
    }
}

/// The refresh tokens of a code, to be.
fn family(
    ctx: &Ctx,
    presenter: &Presenter,
    code: &Code,
    scopes: Vec<String>,
    target: Option<&Target>,
) -> Result<Family, Error> {
    // OpenID Connect Core §12.2: the nonce is of the first ID token only.
    let grant = Grant { nonce: None, scopes, ..code.grant.clone() };
    let seconds = target
        .map_or(60 * i64::from(ctx.environment().settings.session.absolute_minutes), |target| {
            target.refresh_seconds
        });
    let valid_for = Duration::from_secs(seconds.try_into().map_err(Error::internal)?);
    Ok(Family {
        id: code.id,
        grant,
        without_secret: !presenter.by_secret,
        seed: entropy::bytes::<32>()?.to_vec(),
        generation: 1,
        rotated_at: ctx.now(),
        expires_at: ctx.now().plus(valid_for),
    })
}
