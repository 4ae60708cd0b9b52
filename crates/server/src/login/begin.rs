//! From a checked request to a sign-in under way, or straight back to the application where a session will do.
use super::{
    authorize::{self, Authorized, Refusal},
    enter,
    log::{self, News},
    outcome::{Go, Outcome, Trouble, TroubleKind},
    params::Params,
    reported,
    routing::{self, NoRoute, Route},
    sign_in::{Progress, Prompt, Request, SignIn, Step, VALID_FOR},
    store, switching, upstream,
};
use crate::{
    auth_logs::AuthStatus,
    clients::Client,
    connections::Connection,
    ctx::Ctx,
    error::Error,
    ids::{AuthRequestId, ResourceId},
    sessions::Session,
};

/// The browser that asks.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// SHA-256 of its token.
    pub browser_hash: &'a [u8],
    /// Token of its session.
    pub session: Option<&'a str>,
    /// `User-Agent`
    pub user_agent: &'a str,
}

/// Answers a request for authorization.
pub async fn authorize(
    ctx: &Ctx,
    resource: Option<ResourceId>,
    params: &Params,
    visitor: Visitor<'_>,
) -> Outcome {
    let authorized = match authorize::check(ctx, resource, params).await {
        Ok(authorized) => authorized,
        Err(Refusal::Shown { code, description }) => {
            return Go::Stop(Trouble::new(TroubleKind::BadRequest, code, description)).into();
        }
        Err(Refusal::Told { target, code, description }) => {
            return Go::Away(target.error(code, &description)).into();
        }
        Err(Refusal::Fault(error)) => return error.into(),
    };
    match start(ctx, authorized, visitor).await {
        Ok(outcome) => outcome,
        Err(error) => error.into(),
    }
}

async fn start(ctx: &Ctx, authorized: Authorized, visitor: Visitor<'_>) -> Result<Outcome, Error> {
    let Authorized { client, request } = authorized;
    if let Some((resource, page)) = reported::page_of(ctx, &client).await? {
        let routed = Ok(Route::Hosted { organization: None });
        let sign_in = new_sign_in(ctx, &client, request, &routed, visitor);
        insert(ctx, &sign_in, &client).await?;
        return reported::leave(ctx, &sign_in, &client, (&resource, &page)).await;
    }
    let routed = routing::route(ctx, &request).await?;
    let session = usable_session(ctx, &request, visitor).await?;
    let sign_in = new_sign_in(ctx, &client, request, &routed, visitor);
    match routed {
        Err(no_route) => refuse(ctx, &sign_in, &client, no_route).await,
        Ok(route) => {
            if let Some(session) = &session
                && let Some(outcome) =
                    switching::with_session(ctx, &sign_in, &client, &route, session, visitor).await?
            {
                return Ok(outcome);
            }
            if sign_in.request.asks(Prompt::None) {
                let none =
                    NoRoute("login_required", "the person must sign in, and prompt=none forbids to ask");
                return refuse(ctx, &sign_in, &client, none).await;
            }
            insert(ctx, &sign_in, &client).await?;
            match route {
                Route::Connection(connection) => {
                    upstream::leave(ctx, &sign_in, &connection, visitor.browser_hash).await
                }
                Route::Hosted { .. } => Ok(Go::Page(sign_in.id).into()),
            }
        }
    }
}

/// The session of the browser, unless the request wants the person to authenticate anew.
async fn usable_session(
    ctx: &Ctx,
    request: &Request,
    visitor: Visitor<'_>,
) -> Result<Option<Session>, Error> {
    if request.asks(Prompt::Login) || request.asks(Prompt::Create) || !enter::keeps_sessions(ctx) {
        return Ok(None);
    }
    enter::session_of(ctx, visitor.session).await
}

fn new_sign_in(
    ctx: &Ctx,
    client: &Client,
    request: Request,
    routed: &routing::Routed,
    visitor: Visitor<'_>,
) -> SignIn {
    let organization = match routed {
        Ok(Route::Hosted { organization }) => *organization,
        Ok(Route::Connection(connection)) => connection.organization,
        Err(_) => None,
    };
    let hint = request.login_hint.clone().unwrap_or_default();
    let id: AuthRequestId = ctx.new_id();
    SignIn {
        id,
        browser_hash: visitor.browser_hash.to_vec(),
        client: client.id,
        progress: Progress {
            step: Step::Identify { is_sign_up: request.asks(Prompt::Create) },
            email: crate::email::Email::parse(&hint).map(|_| hint).unwrap_or_default(),
            organization,
            problem: None,
            resent: false,
            moved: false,
        },
        request,
        version: 0,
        created_at: ctx.now(),
        expires_at: ctx.now().plus(VALID_FOR),
        finished_at: None,
    }
}

pub(super) async fn insert(ctx: &Ctx, sign_in: &SignIn, client: &Client) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, sign_in).await?;
    log::begin(&mut tx, ctx, sign_in.id, client, &sign_in.request.client_id).await?;
    if let Some(organization) = sign_in.progress.organization {
        let news =
            News { organization: Some(organization), email: &sign_in.progress.email, ..News::default() };
        log::update(&mut tx, ctx, sign_in.id, &news).await?;
    }
    tx.commit().await
}

/// A sign-in that ends where it began is in the log all the same.
async fn refuse(
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    NoRoute(code, description): NoRoute,
) -> Result<Outcome, Error> {
    let mut tx = ctx.db().write().await?;
    log::begin(&mut tx, ctx, sign_in.id, client, &sign_in.request.client_id).await?;
    let trace = log::Trace {
        code,
        step: "routing",
        expected: description.to_owned(),
        got: selectors(&sign_in.request),
        remedy: "compare the selectors of the request with the organizations and connections of the environment",
    };
    log::fail(&mut tx, ctx, sign_in, &trace).await?;
    tx.commit().await?;
    Ok(Go::Away(sign_in.request.target.error(code, description)).into())
}

fn selectors(request: &Request) -> String {
    let given = [
        ("provider", &request.provider),
        ("connection_id", &request.connection),
        ("organization_id", &request.organization),
        ("domain", &request.domain),
        ("login_hint", &request.login_hint),
    ];
    let shown: Vec<String> = given
        .into_iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")))
        .collect();
    if shown.is_empty() { "no selector".to_owned() } else { shown.join(" ") }
}

/// What [`log::update`] says when a sign-in leaves for a provider.
pub fn leaving(connection: &Connection) -> News<'_> {
    News {
        status: Some(AuthStatus::Pending),
        connection: Some(connection),
        organization: connection.organization,
        ..News::default()
    }
}
