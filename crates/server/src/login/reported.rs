//! Sign-ins of a resource whose users sign in on the application's own page (`auth.md` 7.6): there and back, and what comes
//! of the application's report. Nobody is a user here: the tokens say what the application said.
use super::{
    begin::Visitor,
    consent, enter,
    handoff::{self, NewLoginRequest, ReportedUser},
    log::{self, News, Trace},
    outcome::{Go, Outcome, Trouble, TroubleKind},
    proof,
    sign_in::{Progress, SignIn, Step},
    store,
    target::with_query,
};
use crate::{
    auth_logs::AuthStatus,
    clients::{Client, ClientId, ClientType},
    connections,
    ctx::Ctx,
    db::Tx,
    error::Error,
    identities::Identity,
    ids::ConnectionId,
    oauth::Subject,
    resources::{self, Resource},
    vault,
};
use serde_json::Value as Json;

/// The application's page for the users of a client's resource, if there is one: the connection, and where it is.
///
/// # Errors
/// Those of the database.
pub async fn page_of(ctx: &Ctx, client: &Client) -> Result<Option<(Resource, String)>, Error> {
    let ClientType::Resource(id) = client.kind else { return Ok(None) };
    let found = resources::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    let page = found.and_then(|resource| {
        let uri = resource.sign_in_page.as_ref().and_then(|page| page.authorize_uri.clone())?;
        Some((resource, uri))
    });
    Ok(page)
}

/// Sends the browser to the application's page.
///
/// # Errors
/// Those of the database.
pub async fn leave(
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    (resource, uri): (&Resource, &str),
) -> Result<Outcome, Error> {
    let Some(page) = &resource.sign_in_page else {
        return Err(Error::internal("a resource without a sign-in page is sent there"));
    };
    let request = NewLoginRequest {
        auth_request: sign_in.id,
        connection: page.connection,
        client: client.id.as_i64(),
        sk_client_id: client.id.to_string(),
        requested_client_id: sign_in.request.client_id.clone(),
        is_dcr: client.registration.is_some(),
        is_cimd: false,
        scopes: sign_in.request.scopes.clone(),
        resource: handoff::Resource { id: resource.id.to_string(), name: resource.name.clone() },
    };
    let next = Progress { step: Step::Away { connection: page.connection }, ..sign_in.progress.clone() };
    let mut tx = ctx.db().write().await?;
    let (login, state) = handoff::open(&mut tx, ctx, request).await?;
    if !store::advance(&mut tx, ctx.environment().id, sign_in, &next, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    let news = News { status: Some(AuthStatus::Pending), ..News::default() };
    log::update(&mut tx, ctx, sign_in.id, &news).await?;
    tx.commit().await?;
    let id = login.id.to_string();
    let pairs = [("login_request_id", id.as_str()), ("state", state.expose().as_str())];
    Ok(Go::Away(with_query(uri, pairs)).into())
}

/// Goes on when the browser brings the state back from the application's page: the same browser, once, and only after the
/// application has reported who it is.
///
/// # Errors
/// Those of the database.
pub async fn came_back(
    ctx: &Ctx,
    connection: ConnectionId,
    state: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let invalid = || Go::Stop(Trouble::new(TroubleKind::InvalidState, "invalid_state", "")).into();
    let mut tx = ctx.db().write().await?;
    let taken = handoff::take(&mut tx, ctx, connection, state).await?;
    tx.commit().await?;
    let Some((id, report)) = taken else { return Ok(invalid()) };
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    let open = found.filter(|sign_in| {
        sign_in.is_open(ctx.now()) && vault::equal(&sign_in.browser_hash, visitor.browser_hash)
    });
    let Some(sign_in) = open else { return Ok(invalid()) };
    if report.login_failed {
        return proof::fail(ctx, &sign_in, &refused()).await;
    }
    let client = log::client_of(ctx, &sign_in).await?;
    let mut tx = ctx.db().write().await?;
    if consent::is_needed(&mut tx, ctx, &sign_in, &client, &report.sub).await? {
        drop(tx);
        let report = serde_json::to_string(&report).map_err(Error::internal)?;
        return proof::go_to(ctx, &sign_in, Step::ConsentOfReported { report, connection }, None).await;
    }
    let scopes = sign_in.request.scopes.clone();
    finish(tx, ctx, &sign_in, &client, connection, &report, scopes).await
}

fn refused() -> Trace {
    Trace {
        code: "access_denied",
        step: "the application's own sign-in page",
        expected: "a user".to_owned(),
        got: "login_failed".to_owned(),
        remedy: "the application decides who may sign in: see its logs",
    }
}

/// Ends the sign-in with a code for what the application reported.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    mut tx: Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    connection: ConnectionId,
    report: &ReportedUser,
    scopes: Vec<String>,
) -> Result<Outcome, Error> {
    let env = ctx.environment().id;
    if !store::finish(&mut tx, env, sign_in, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    let found = connections::find(&mut tx, env, None, connection).await?;
    let news = News { email: &report.email, connection: found.as_ref(), ..News::default() };
    log::update(&mut tx, ctx, sign_in.id, &news).await?;
    let subject = Subject::External {
        sub: report.sub.clone(),
        session: ctx.new_id(),
        organization: None,
        organization_external_id: report.organization_external_id.clone(),
        roles: report.roles.clone(),
        identity: Box::new(identity(report)),
    };
    let claims = match &report.custom_attributes {
        Json::Object(claims) => claims.clone(),
        _ => serde_json::Map::new(),
    };
    let proven = enter::Proven { connection: Some(connection), at: ctx.now(), custom_claims: claims };
    let url = enter::code_for(&mut tx, ctx, sign_in, client, subject, proven, scopes).await?;
    tx.commit().await?;
    Ok(Go::Away(url).into())
}

fn identity(report: &ReportedUser) -> Identity {
    Identity {
        subject: report.sub.clone(),
        email: report.email.clone(),
        email_verified: report.email_verified,
        name: report.name.clone(),
        given_name: report.given_name.clone(),
        family_name: report.family_name.clone(),
        preferred_username: report.preferred_username.clone(),
        picture: report.picture.clone(),
        phone_number: report.phone_number.clone(),
        gender: report.gender.clone(),
        locale: report.locale.clone(),
        groups: report.groups.clone(),
        ..Identity::default()
    }
}

/// Goes on after the person's consent.
///
/// # Errors
/// Those of the database.
pub async fn allowed(
    ctx: &Ctx,
    sign_in: &SignIn,
    (connection, report): (ConnectionId, &str),
    resource: &Resource,
    scopes: Vec<String>,
) -> Result<Outcome, Error> {
    let report: ReportedUser = serde_json::from_str(report).map_err(Error::internal)?;
    let client = log::client_of(ctx, sign_in).await?;
    let mut tx = ctx.db().write().await?;
    if let ClientId::Resource(_) = client.id {
        consent::remember(&mut tx, ctx, &client, resource, &report.sub, &scopes).await?;
    }
    finish(tx, ctx, sign_in, &client, connection, &report, scopes).await
}
