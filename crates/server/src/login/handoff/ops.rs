//! The operations on login requests.
use super::{
    model::{LoginRequest, NewLoginRequest, ReportedUser, VALID_FOR},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    entropy,
    error::Error,
    ids::{AuthRequestId, ConnectionId, LoginRequestId},
    secret::Secret,
    vault,
};

/// Opens a login request, in the caller's transaction. Answers with the state for the browser too, 256 random bits.
///
/// # Errors
/// Those of the database.
pub async fn open(
    tx: &mut Tx,
    ctx: &Ctx,
    request: NewLoginRequest,
) -> Result<(LoginRequest, Secret<String>), Error> {
    let now = ctx.now();
    let state = Secret::new(entropy::token()?);
    let login = LoginRequest {
        id: ctx.new_id(),
        request,
        client_name: None,
        report: None,
        is_used: false,
        expires_at: now.plus(VALID_FOR),
    };
    store::insert(tx, ctx.environment().id, &login, vault::hash(state.expose()), now).await?;
    Ok((login, state))
}

/// A login request that is under way.
///
/// # Errors
/// `INVALID_ARGUMENT` for one that is unknown or over; `NOT_FOUND` if its client is gone.
pub async fn get(ctx: &Ctx, id: LoginRequestId) -> Result<LoginRequest, Error> {
    let login = store::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    let login = login.filter(|login| !login.is_used && !login.expires_at.is_past(ctx.now()));
    let login = login.ok_or_else(LoginRequest::invalid)?;
    if login.client_name.is_none() {
        return Err(Error::not_found(format!("client {}", login.request.sk_client_id)));
    }
    Ok(login)
}

/// Takes the application's report on a login request, and answers with the sign-in that it belongs to. The same report
/// again is fine, because the first answer may have been lost; another one is not.
///
/// # Errors
/// `INVALID_ARGUMENT` for a login request that is unknown, over, or was reported on otherwise, and for a bad report;
/// `NOT_FOUND` for a connection that is not its own.
pub async fn report(
    ctx: &Ctx,
    connection: ConnectionId,
    id: LoginRequestId,
    user: &ReportedUser,
) -> Result<AuthRequestId, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let report = user.to_json()?;
    let mut tx = ctx.db().write().await?;
    let put = store::put_report(&mut tx, env, id, connection, &report, now).await?;
    let login = store::find(&mut tx, env, id).await?;
    let login = login.filter(|login| !login.is_used && !login.expires_at.is_past(now));
    let login = login.ok_or_else(LoginRequest::invalid)?;
    if login.request.connection != connection {
        return Err(Error::not_found(format!("connection {connection} of this login request")));
    }
    if !put && login.report.as_deref() != Some(&report) {
        let text = "was reported on already, and otherwise: a login request takes one report";
        return Err(Error::invalid("login_request_id", "login_request", text));
    }
    tx.commit().await?;
    Ok(login.request.auth_request)
}

/// Uses up the state that a browser brings back from the application's page, in the caller's transaction: the sign-in, and
/// who signed in. None for a state that is unknown, too old, used, of another connection, or that nothing was reported
/// for. The caller compares the sign-in with that of the browser.
///
/// # Errors
/// Those of the database.
pub async fn take(
    tx: &mut Tx,
    ctx: &Ctx,
    connection: ConnectionId,
    state: &str,
) -> Result<Option<(AuthRequestId, ReportedUser)>, Error> {
    let hash = vault::hash(state);
    let Some((request, report)) = store::take(tx, ctx.environment().id, connection, hash, ctx.now()).await?
    else {
        return Ok(None);
    };
    Ok(Some((request, serde_json::from_str(&report).map_err(Error::internal)?)))
}
