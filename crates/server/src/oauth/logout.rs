//! `/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0): which sessions end, and where the browser goes then.
use super::{OAuthError, form::Form};
use crate::{
    clients::{self, Client, ClientId, ClientType, Registered},
    ctx::Ctx,
    environments::EnvironmentType,
    error::{Error, Kind},
    ids::SessionId,
    organizations::{self, Organization, OrganizationRef},
    pages,
    secret::Secret,
    sessions::{self, Session},
    users::{self, UserRef},
};
use serde::Deserialize;
use url::{Url, form_urlencoded};

/// What is to be done.
#[derive(Debug)]
pub enum Logout {
    /// The sessions have ended: the browser loses its cookie.
    Done {
        /// Where it goes; none: to a page that says so.
        location: Option<String>,
        /// Where the application starts a sign-in.
        sign_in: Option<String>,
    },
    /// Nothing says that the person at the browser wants this: ask.
    Confirm {
        /// The browser's session.
        session: SessionId,
        /// Whose it is.
        email: String,
        /// Where she is signed in.
        organization: Option<Box<Organization>>,
    },
}

/// Claims of an ID token that was given out here, as far as they count. Other tokens have no `azp`.
#[derive(Debug, Deserialize)]
struct Hint {
    iss: String,
    sub: String,
    azp: String,
    sid: Option<String>,
}

/// A request, checked.
struct Request<'a> {
    hint: Option<Hint>,
    client: Option<Client>,
    uri: Option<&'a str>,
    state: Option<&'a str>,
}

/// Logs out. `cookie` is what the browser brings of its session, `confirmed` whether the person said so on our page.
///
/// # Errors
/// `invalid_request`: then nothing has ended.
pub async fn log_out(
    ctx: &Ctx,
    form: &Form<'_>,
    cookie: Option<&str>,
    confirmed: bool,
) -> Result<Logout, OAuthError> {
    let request = check_request(ctx, form).await?;
    let own = match cookie {
        Some(token) => sessions::find_by_token(&mut ctx.db().read(), ctx, token).await?,
        None => None,
    };
    let hinted = hinted_session(ctx, request.hint.as_ref()).await?;
    let organization = organization_of(ctx, own.as_ref().or(hinted.as_ref())).await?;
    let location = check_uri(ctx, &request, organization.as_ref()).await?;
    if let Some(own) = &own
        && !confirmed
        && !is_wanted(ctx, own, request.hint.as_ref())
    {
        return confirm(ctx, own, organization).await;
    }
    let is_anothers = |hinted: &Session| own.as_ref().is_some_and(|own| own.user != hinted.user);
    let hinted = hinted.filter(|hinted| !is_anothers(hinted));
    end(ctx, own.iter().chain(&hinted).map(|session| session.id).collect()).await?;
    let sign_in = request.client.and_then(|client| client.uris.initiate_login);
    Ok(Logout::Done { location, sign_in: sign_in.filter(|uri| !uri.contains("{{")) })
}

/// Whether the session at the browser may end without asking. An ID token of the same person says that an application
/// which she is signed in to wants it. Without one anybody could send the browser here; SDKs do, so that it is enough while
/// developing (`security.md` 1.3).
fn is_wanted(ctx: &Ctx, own: &Session, hint: Option<&Hint>) -> bool {
    match hint {
        Some(hint) => hint.sub == own.user.to_string(),
        None => ctx.environment().kind == EnvironmentType::Development,
    }
}

/// Whether the form of our page came from the browser that it was made for, and its session goes on.
///
/// # Errors
/// Those of the database.
pub async fn is_confirmed(ctx: &Ctx, cookie: &str, csrf: &str) -> Result<bool, Error> {
    let own = sessions::find_by_token(&mut ctx.db().read(), ctx, cookie).await?;
    let token = Secret::new(cookie.to_owned());
    Ok(own.is_some_and(|own| pages::check_csrf(&token, &own.id.to_string(), csrf)))
}

async fn check_request<'a>(ctx: &Ctx, form: &'a Form<'_>) -> Result<Request<'a>, OAuthError> {
    let hint = match form.get("id_token_hint") {
        Some(token) => Some(check_hint(ctx, token).await?),
        None => None,
    };
    let named = form.get("client_id");
    if let (Some(hint), Some(named)) = (&hint, named)
        && hint.azp != named
    {
        return Err(OAuthError::invalid_request("client_id is not that of id_token_hint"));
    }
    let client = match named.or(hint.as_ref().map(|hint| hint.azp.as_str())) {
        Some(id) => find_client(ctx, id).await?,
        None => None,
    };
    if named.is_some() && client.is_none() {
        return Err(OAuthError::invalid_request("client_id is unknown"));
    }
    Ok(Request { hint, client, uri: form.get("post_logout_redirect_uri"), state: form.get("state") })
}

/// An ID token of this environment, however old it is.
async fn check_hint(ctx: &Ctx, token: &str) -> Result<Hint, OAuthError> {
    let refused = || OAuthError::invalid_request("id_token_hint is not an ID token of this environment");
    let payload = match ctx.app().keys.verify(ctx.app(), ctx.environment(), token).await {
        Ok(payload) => payload,
        Err(error) if error.kind() == Kind::Unauthenticated => return Err(refused()),
        Err(error) => return Err(error.into()),
    };
    let hint: Hint = serde_json::from_slice(&payload).map_err(|_| refused())?;
    if ctx.environment().has_url(&hint.iss) { Ok(hint) } else { Err(refused()) }
}

async fn find_client(ctx: &Ctx, id: &str) -> Result<Option<Client>, Error> {
    let Ok(id) = id.parse::<ClientId>() else { return Ok(None) };
    let known = clients::known(ctx.app(), ctx.environment().id, id, ctx.now()).await?;
    Ok(known.client.clone())
}

/// The session that the hint was given out in, if it goes on. An app's own browser may have lost the cookie.
async fn hinted_session(ctx: &Ctx, hint: Option<&Hint>) -> Result<Option<Session>, Error> {
    let named = hint.and_then(|hint| Some((hint, hint.sid.as_ref()?.parse().ok()?)));
    let Some((hint, id)) = named else { return Ok(None) };
    let found = sessions::find(&mut ctx.db().read(), ctx, id).await?;
    let goes_on = |session: &Session| session.status == sessions::Status::Active;
    Ok(found.filter(|session| goes_on(session) && session.user.to_string() == hint.sub))
}

async fn organization_of(ctx: &Ctx, session: Option<&Session>) -> Result<Option<Organization>, Error> {
    let Some(session) = session else { return Ok(None) };
    let which = OrganizationRef::Id(session.organization);
    organizations::find(&mut ctx.db().read(), ctx.environment().id, &which).await
}

/// Where to: a URI of the client, or of any client if none is known; with the state, unchanged.
async fn check_uri(
    ctx: &Ctx,
    request: &Request<'_>,
    organization: Option<&Organization>,
) -> Result<Option<String>, OAuthError> {
    let Some(uri) = request.uri else { return Ok(None) };
    let (uris, kind) = match &request.client {
        Some(client) => (client.uris.post_logout.clone(), client.kind),
        None => {
            let all = clients::store::post_logout_uris(&mut ctx.db().read(), ctx.environment().id).await?;
            (all, ClientType::WebApp)
        }
    };
    let registered = Registered { uris: &uris, kind, environment: ctx.environment(), organization };
    if Url::parse(uri).is_err() || !registered.contains(uri) {
        return Err(OAuthError::invalid_request("post_logout_redirect_uri invalid"));
    }
    let state = request
        .state
        .map(|state| form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish());
    // A URI that is registered has no query of its own.
    Ok(Some(state.map_or(uri.to_owned(), |state| format!("{uri}?{state}"))))
}

async fn confirm(ctx: &Ctx, own: &Session, organization: Option<Organization>) -> Result<Logout, OAuthError> {
    let user = users::find(&mut ctx.db().read(), ctx.environment().id, &UserRef::Id(own.user)).await?;
    let email = user.map(|user| user.email.as_str().to_owned()).unwrap_or_default();
    Ok(Logout::Confirm { session: own.id, email, organization: organization.map(Box::new) })
}

/// Ends the sessions, in one order: whoever holds several takes them so.
async fn end(ctx: &Ctx, mut ids: Vec<SessionId>) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable_by_key(|id| id.as_i64());
    ids.dedup();
    let mut tx = ctx.db().write().await?;
    for id in ids {
        sessions::log_out(&mut tx, ctx, id).await?;
    }
    tx.commit().await
}
