//! What signed-in people do with their own account: passkeys and sessions (`auth.md` 1.15). Each form is answered by a
//! redirect to its page, which shows what is so now.
use super::{
    Arrived, Web, cookies,
    visit::{Arriving, Visit, add_cookie, read, redirect, value},
};
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
    ids, login, organizations,
    pages::{self, Look, PasskeyRow, Passkeys, SessionRow, Sessions},
    passkeys::{self, Passkey},
    sessions::{self, Device, Session},
    transport::{errors, persons},
    user_agent::UserAgent,
};
use axum::{
    Extension, Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};

const PASSKEYS: &str = "/ui/profile/passkeys";
const SESSIONS: &str = "/ui/profile/sessions";
const SIGN_IN: &str = "/ui/profile/sign-in";

/// The pages under `/ui`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/ui", get(async || redirect(PASSKEYS)))
        .route("/ui/", get(async || redirect(PASSKEYS)))
        .route("/ui/profile", get(async || redirect(PASSKEYS)))
        .route(PASSKEYS, get(show_passkeys).post(change_passkey))
        .route("/ui/profile/passkeys/new", post(begin_passkey))
        .route("/ui/profile/passkeys/keep", post(keep_passkey))
        .route(SESSIONS, get(show_sessions).post(end_sessions))
        .route(SIGN_IN, get(sign_in_again))
}

/// Somebody who has signed in, in front of her browser.
struct Account {
    visit: Visit,
    /// The request as hers.
    ctx: Ctx,
    session: Session,
}

impl Account {
    /// Who looks at the page; whoever has no session is sent to sign in.
    async fn of(visit: Visit, headers: &HeaderMap) -> Result<Self, Response> {
        match persons::session(&visit.ctx, headers).await {
            Ok(Some((session, caller))) => {
                let ctx = visit.ctx.clone().called_by(caller);
                Ok(Self { visit, ctx, session })
            }
            Ok(None) => Err(to_sign_in(&visit).await),
            Err(error) => Err(visit.broken(error)),
        }
    }

    async fn open(web: &Web, arrived: Arrived, headers: &HeaderMap) -> Result<Self, Response> {
        Self::of(Visit::new(web, arrived, headers)?, headers).await
    }

    /// With the form, which was made for this browser and this session.
    async fn read(web: &Web, arrived: Arrived, request: Request) -> Result<(Self, bytes::Bytes), Response> {
        let headers = request.headers().clone();
        let (visit, _, body) = read(web, arrived, request).await?;
        let account = Self::of(visit, &headers).await?;
        let csrf = match serde_json::from_slice::<Json>(&body) {
            Ok(json) => json.get("csrf").and_then(Json::as_str).unwrap_or_default().to_owned(),
            Err(_) => value(&body, "csrf"),
        };
        if account.visit.is_genuine(Some(&account.session.id.to_string()), &csrf) {
            return Ok((account, body));
        }
        Err(account.visit.forged().await)
    }

    fn csrf(&self) -> String {
        pages::csrf(self.visit.browser.token(), &self.session.id.to_string())
    }

    async fn look(&self) -> Result<Look, Error> {
        let Some(person) = self.ctx.person() else {
            return Err(Error::internal("a page without its person"));
        };
        let which = organizations::OrganizationRef::Id(person.organization);
        let organization = organizations::get(&self.ctx, &which).await?;
        Look::of(&self.ctx, Some(&organization), &self.visit.languages, None).await
    }

    /// The page, or what went wrong.
    async fn show<P: pages::Page>(&self, page: Result<P, Error>) -> Response {
        let shown = async { Ok(pages::respond(&self.look().await?, StatusCode::OK, &page?)) };
        match shown.await {
            Ok(response) => self.visit.with_browser(response),
            Err(error) => self.visit.broken(error),
        }
    }

    /// Back to the page, which shows what is so now, also after what could not be done.
    fn done<T>(&self, page: &str, result: Result<T, Error>) -> Response {
        match result {
            Err(error) if error.kind() == Kind::Internal => self.visit.broken(error),
            _ => redirect(page),
        }
    }
}

/// To the page on which the application lets people sign in; without one, a page that says so.
async fn to_sign_in(visit: &Visit) -> Response {
    match login::initiate_login(&visit.ctx, None, None).await {
        Ok(Some(url)) => redirect(&url),
        Ok(None) => {
            let text =
                "sign in to the application first; this environment has no initiate-login URL to send you to";
            visit.stop(&login::Trouble::new(login::TroubleKind::Expired, "invalid_state", text)).await
        }
        Err(error) => visit.broken(error),
    }
}

async fn show_passkeys(State(web): State<Web>, Extension(arrived): Arriving, headers: HeaderMap) -> Response {
    let account = match Account::open(&web, arrived, &headers).await {
        Ok(account) => account,
        Err(response) => return response,
    };
    account.show(passkeys_page(&account).await).await
}

async fn passkeys_page(account: &Account) -> Result<Passkeys, Error> {
    let all = passkeys::list(&account.ctx, account.session.user).await?;
    let is_fresh = account.session.is_fresh(account.ctx.now());
    Ok(Passkeys {
        csrf: account.csrf(),
        passkeys: all.into_iter().map(passkey_row).collect(),
        begin: format!("{PASSKEYS}/new"),
        finish: format!("{PASSKEYS}/keep"),
        needs_fresh_login: (!is_fresh).then(|| SIGN_IN.to_owned()),
    })
}

fn passkey_row(passkey: Passkey) -> PasskeyRow {
    let device = device_name(&passkey.credential.device.agent);
    let unnamed = if device.is_empty() { passkey.id.to_string() } else { device.clone() };
    PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.display_name.unwrap_or(unnamed),
        created: passkey.created_at,
        last: passkey.last_used_at,
        device,
    }
}

/// `Firefox, Linux`
fn device_name(agent: &UserAgent) -> String {
    let parts = [&agent.browser, &agent.os].map(String::as_str);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

async fn change_passkey(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (account, body) = match Account::read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let result = async {
        let id = ids::parse("passkey_id", &value(&body, "passkey_id"))?;
        match value(&body, "do").as_str() {
            "rename" => passkeys::rename(&account.ctx, id, value(&body, "display_name").trim()).await,
            "delete" => passkeys::delete(&account.ctx, id).await,
            _ => Err(Error::invalid("do", "in", "must be rename or delete")),
        }
    };
    account.done(PASSKEYS, result.await)
}

/// The first half of a registration: what the script gives to the authenticator.
async fn begin_passkey(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let account = match Account::read(&web, arrived, request).await {
        Ok((account, _)) => account,
        Err(response) => return response,
    };
    let begun = async {
        sessions::require_fresh(&account.ctx).await?;
        passkeys::begin_registration(&account.ctx, account.session.user).await
    };
    match begun.await {
        Ok((id, options)) => {
            let body = json!({"ceremony": id, "options": options});
            let mut response = errors::json_response(200, body.to_string());
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => account.visit.broken(error),
    }
}

/// The second half.
async fn keep_passkey(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (account, body) = match Account::read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let kept = async {
        sessions::require_fresh(&account.ctx).await?;
        let answer = serde_json::from_str(&value(&body, "assertion")).unwrap_or_default();
        let ceremony = value(&body, "ceremony");
        let device = Device::of(&account.ctx, &account.visit.user_agent);
        let user = account.session.user;
        passkeys::finish_registration(&account.ctx, user, Some(&ceremony), answer, device).await
    };
    account.done(PASSKEYS, kept.await)
}

async fn show_sessions(State(web): State<Web>, Extension(arrived): Arriving, headers: HeaderMap) -> Response {
    let account = match Account::open(&web, arrived, &headers).await {
        Ok(account) => account,
        Err(response) => return response,
    };
    account.show(sessions_page(&account).await).await
}

async fn sessions_page(account: &Account) -> Result<Sessions, Error> {
    let open = sessions::open_of(&account.ctx, account.session.user).await?;
    let mut rows: Vec<SessionRow> = open.iter().map(|session| session_row(account, session)).collect();
    rows.sort_by_key(|row| !row.is_current);
    Ok(Sessions { csrf: account.csrf(), action: SESSIONS.to_owned(), sessions: rows })
}

fn session_row(account: &Account, session: &Session) -> SessionRow {
    let place = [&session.device.location.city, &session.device.location.region].map(String::as_str);
    SessionRow {
        id: session.id.to_string(),
        device: device_name(&session.device.agent),
        ip: session.device.ip.clone(),
        location: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        last_active: session.last_active_at,
        is_current: session.id == account.session.id,
    }
}

async fn end_sessions(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (account, body) = match Account::read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if value(&body, "session_id") == account.session.id.to_string() {
        return sign_out(&account).await;
    }
    let result = async {
        if value(&body, "others").is_empty() {
            let id = ids::parse("session_id", &value(&body, "session_id"))?;
            return sessions::revoke(&account.ctx, id).await.map(drop);
        }
        for session in sessions::open_of(&account.ctx, account.session.user).await? {
            if session.id != account.session.id {
                sessions::revoke(&account.ctx, session.id).await?;
            }
        }
        Ok(())
    };
    account.done(SESSIONS, result.await)
}

/// A new proof of who she is takes a new session. Only the environment's own pages lead here: else any page could sign
/// people out.
async fn sign_in_again(State(web): State<Web>, Extension(arrived): Arriving, headers: HeaderMap) -> Response {
    let account = match Account::open(&web, arrived, &headers).await {
        Ok(account) => account,
        Err(response) => return response,
    };
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    match site {
        None | Some("same-origin" | "none") => sign_out(&account).await,
        Some(_) => redirect(PASSKEYS),
    }
}

/// Ends the session, and leads to the next one.
async fn sign_out(account: &Account) -> Response {
    let ended = async {
        let mut tx = account.ctx.db().write().await?;
        sessions::log_out(&mut tx, &account.ctx, account.session.id).await?;
        tx.commit().await
    };
    if let Err(error) = ended.await {
        return account.visit.broken(error);
    }
    let mut response = to_sign_in(&account.visit).await;
    add_cookie(&mut response, cookies::clear_session(account.ctx.environment()));
    response
}
