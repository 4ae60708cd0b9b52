//! Where browsers come back from other people's login, tests of connections, and the simulator's page.
use super::{
    Arrived, Web,
    cookies::Browser,
    failure,
    visit::{MAX_FORM, Visit, query, redirect},
};
use crate::{
    connections::{self, Connection},
    error::{Error, Kind},
    identities::Identity,
    ids::{AuthRequestId, ConnectionId},
    login,
    pages::{self, ErrorPage, Look, Page},
    relying_party::{
        self, Callback, Purpose, UpstreamError,
        simulator::{self, Choice},
        test_run,
    },
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    extract::{Path, RawQuery, Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use std::sync::Arc;

/// The id of a test, for whoever asks how it went.
const TEST_ID: &str = "x-connection-test-id";

/// The endpoints that browsers are sent to.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/sso/v1/oidc/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/oauth/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/oidc/{connection}/test", get(test))
        .route("/sso/v1/oauth/{connection}/test", get(test))
        .route("/sso/v1/saml/{connection}/test", get(test))
        .route("/sso/v1/oidc/{connection}/simulator", get(simulator_page).post(simulate))
        .route("/sso/v1/connections/{connection}/partner:callback", get(partner))
}

impl Visit {
    async fn show<P: Page>(&self, status: StatusCode, page: &P) -> Response {
        match Look::of(&self.ctx, None, &self.languages, None).await {
            Ok(look) => pages::respond(&look, status, page),
            Err(error) => self.broken(error),
        }
    }

    async fn error(&self, status: StatusCode, code: &str, details: Option<String>) -> Response {
        let page = ErrorPage { details, ..ErrorPage::of(code, self.ctx.request_id()) };
        self.show(status, &page).await
    }

    /// For a person, what the API says with a status.
    async fn refuse(&self, error: Error) -> Response {
        let code = match error.kind() {
            Kind::NotFound => "invalid_connection_id",
            Kind::InvalidArgument => "invalid_request",
            _ => return self.broken(error),
        };
        let status = StatusCode::from_u16(error.kind().http()).unwrap_or(StatusCode::BAD_REQUEST);
        self.error(status, code, Some(error.message().to_owned())).await
    }
}

/// The parameters of a query or a form. One that comes twice makes them all worth nothing.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let is_twice = |(at, (name, _)): (usize, &(String, String))| {
        pairs.iter().skip(at + 1).any(|(other, _)| other == name)
    };
    (pairs.len() <= 200 && !pairs.iter().enumerate().any(is_twice)).then_some(pairs)
}

fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = pairs.iter().position(|(other, _)| other == name)?;
    Some(pairs.swap_remove(at).1)
}

async fn callback(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(connection) = connection.parse::<ConnectionId>() else {
        return visit.error(StatusCode::NOT_FOUND, "invalid_connection_id", None).await;
    };
    let Some(mut query) = parameters(&query.unwrap_or_default()) else {
        let details = Some("a parameter is given twice".to_owned());
        return visit.error(StatusCode::BAD_REQUEST, "invalid_request", details).await;
    };
    let callback = Callback {
        state: take(&mut query, "state"),
        code: take(&mut query, "code"),
        error: take(&mut query, "error"),
        error_description: take(&mut query, "error_description"),
        iss: take(&mut query, "iss"),
    };
    let browser = visit.cookies.known_browser();
    let hash = browser.as_ref().map(Browser::hash);
    let answer = relying_party::finish(&visit.ctx, connection, callback, hash.as_deref()).await;
    if let Err(error) = &answer {
        report(error, visit.ctx.request_id());
    }
    match answer {
        Ok(done) => came_back(&visit, done.purpose, done.connection, Ok(done.identity)).await,
        Err(error) => failed(&visit, connection, error).await,
    }
}

fn report(error: &UpstreamError, request_id: &str) {
    match &error.fault {
        Some(fault) => errors::report(fault),
        None => tracing::info!(request.id = request_id, "a sign-in at a provider failed: {error}"),
    }
}

/// A failure of a sign-in that is not known is the browser's alone to see.
async fn failed(visit: &Visit, connection: ConnectionId, error: UpstreamError) -> Response {
    let env = visit.ctx.environment().id;
    let found = match connections::find(&mut visit.ctx.db().read(), env, None, connection).await {
        Ok(found) => found,
        Err(error) => return visit.broken(error),
    };
    match (error.purpose, found) {
        (Some(purpose), Some(connection)) => came_back(visit, purpose, connection, Err(error)).await,
        _ => visit.error(StatusCode::BAD_REQUEST, error.code, Some(error.to_string())).await,
    }
}

/// Goes on with what the browser was away for.
async fn came_back(
    visit: &Visit,
    purpose: Purpose,
    connection: Connection,
    answer: Result<Identity, UpstreamError>,
) -> Response {
    match purpose {
        Purpose::Login(request) => go_on(visit, request, connection, answer).await,
        Purpose::Test(id) => match test_run::end(&visit.ctx, id, answer).await {
            Ok(page) => with_test_id(visit.show(StatusCode::OK, &page).await, &id.to_string()),
            Err(error) => visit.broken(error),
        },
    }
}

/// Hands a sign-in over to the flow that it belongs to.
async fn go_on(
    visit: &Visit,
    request: AuthRequestId,
    connection: Connection,
    answer: Result<Identity, UpstreamError>,
) -> Response {
    let hash = visit.browser.hash();
    let outcome = login::came_back(&visit.ctx, request, &connection, answer, visit.visitor(&hash)).await;
    visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
}

/// From an application's own sign-in page (`auth.md` 7.6).
async fn partner(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path(connection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(id) = connection.parse::<ConnectionId>() else {
        return visit.error(StatusCode::NOT_FOUND, "invalid_connection_id", None).await;
    };
    let hash = visit.browser.hash();
    let state = query(&uri, "state");
    let outcome = login::came_back_reported(&visit.ctx, id, &state, visit.visitor(&hash)).await;
    visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
}

fn with_test_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(TEST_ID, value);
    }
    response
}

/// Some providers answer with a form that posts itself (`response_mode=form_post`). Browsers send no cookie with that, as it
/// comes from another site; they do with the GET that follows.
async fn posted(
    State(web): State<Web>,
    Extension(Arrived(request_id, _)): Extension<Arrived>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let body = match serve::read_body(request.into_body(), MAX_FORM, web.limits.body_timeout).await {
        Ok(body) => body,
        Err(error) => return failure(&Arc::new(error), &request_id),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(&body) {
        if ["state", "code", "error", "error_description", "iss"].contains(&name.as_ref()) {
            query.append_pair(&name, &value);
        }
    }
    redirect(&format!("{path}?{}", query.finish()))
}

async fn test(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path(connection): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(connection) = connection.parse::<ConnectionId>() else {
        return visit.error(StatusCode::NOT_FOUND, "invalid_connection_id", None).await;
    };
    let begun = match test_run::begin(&visit.ctx, connection, &visit.browser.hash()).await {
        Ok(begun) => begun,
        Err(error) => return visit.refuse(error).await,
    };
    let response = match begun.next {
        Ok(url) => redirect(&url),
        Err(page) => visit.show(StatusCode::OK, &page).await,
    };
    with_test_id(visit.with_browser(response), &begun.id.to_string())
}

async fn simulator_page(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let mut query = parameters(&query.unwrap_or_default()).unwrap_or_default();
    let (state, hint) = (take(&mut query, "state"), take(&mut query, "login_hint"));
    let (Some(browser), Some(state), Ok(connection)) =
        (visit.cookies.known_browser(), state, connection.parse::<ConnectionId>())
    else {
        return visit.error(StatusCode::BAD_REQUEST, "invalid_state", None).await;
    };
    match simulator::page(&visit.ctx, connection, &state, &hint.unwrap_or_default()).await {
        Ok(page) => {
            let page = pages::Simulator { csrf: pages::csrf(browser.token(), &state), ..page };
            visit.show(StatusCode::OK, &page).await
        }
        Err(error) => visit.refuse(error).await,
    }
}

async fn simulate(
    State(web): State<Web>,
    Extension(arrived): Extension<Arrived>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let body = match serve::read_body(request.into_body(), MAX_FORM, web.limits.body_timeout).await {
        Ok(body) => body,
        Err(error) => return visit.refuse(error).await,
    };
    let state = parameters(&query.unwrap_or_default()).and_then(|mut query| take(&mut query, "state"));
    let form = parameters(&String::from_utf8_lossy(&body));
    let (Some(browser), Some(state), Some(mut form), Ok(connection)) =
        (visit.cookies.known_browser(), state, form, connection.parse::<ConnectionId>())
    else {
        return visit.error(StatusCode::BAD_REQUEST, "invalid_state", None).await;
    };
    let csrf = take(&mut form, "csrf").unwrap_or_default();
    if !pages::check_csrf(browser.token(), &state, &csrf) {
        return visit.error(StatusCode::BAD_REQUEST, "invalid_state", None).await;
    }
    let choice = match take(&mut form, "do").as_deref() {
        Some("fail") => Choice::Fail(take(&mut form, "error").unwrap_or_default()),
        _ => Choice::SignIn(form),
    };
    match simulator::answer(&visit.ctx, connection, &state, choice).await {
        Ok(url) => redirect(&url),
        Err(error) => visit.refuse(error).await,
    }
}
