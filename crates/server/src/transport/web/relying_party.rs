//! Where identity providers send browsers back to, and where tests of connections begin.
use super::{
    Web, text,
    visit::{Arriving, MAX_FORM, Visit, query, redirect},
};
use crate::{
    connections::{self, Connection},
    error::Kind,
    identities::Identity,
    ids::ConnectionId,
    login::{self, Go, Trouble, TroubleKind},
    pages::{self, Look, Page},
    relying_party::{self, Callback, Purpose, UpstreamError, test_run},
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

/// By which the outcome of a test is asked for.
const TEST_ID: &str = "x-connection-test-id";

/// The redirect URIs of connections, and their tests.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/sso/v1/oidc/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/oauth/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/connections/{connection}/partner:callback", get(partner))
        .route("/sso/v1/oidc/{connection}/test", get(test))
        .route("/sso/v1/oauth/{connection}/test", get(test))
        .route("/sso/v1/saml/{connection}/test", get(test))
}

/// A provider that answers by a form of another site's brings no cookie of ours along: the same by GET does
/// (OAuth 2.0 Form Post Response Mode).
async fn posted(State(web): State<Web>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match serve::read_body(body, MAX_FORM, web.limits.body_timeout).await {
        Ok(body) => match std::str::from_utf8(&body) {
            Ok(query) => redirect(&format!("{}?{query}", parts.uri.path())),
            Err(_) => text(StatusCode::BAD_REQUEST, "the form is not text\n"),
        },
        Err(_) => text(StatusCode::BAD_REQUEST, "the form cannot be read\n"),
    }
}

async fn callback(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(connection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(id) = connection.parse::<ConnectionId>() else { return no_connection(&visit).await };
    let Some(params) = params(&uri) else {
        return stop(&visit, TroubleKind::BadRequest, "invalid_request", "a parameter is given twice").await;
    };
    let hash = visit.browser.hash();
    let known = (!visit.browser.is_new).then_some(hash.as_slice());
    match relying_party::finish(&visit.ctx, id, params, known).await {
        Ok(done) => came_back(&visit, done.purpose, &done.connection, Ok(done.identity)).await,
        Err(error) => failed(&visit, id, error).await,
    }
}

/// A failure of nobody knows what is for the browser alone to see.
async fn failed(visit: &Visit, id: ConnectionId, error: UpstreamError) -> Response {
    report(&error, visit.ctx.request_id());
    let env = visit.ctx.environment().id;
    let found = match connections::find(&mut visit.ctx.db().read(), env, None, id).await {
        Ok(found) => found,
        Err(error) => return visit.broken(error),
    };
    match (error.purpose, found) {
        (Some(purpose), Some(connection)) => came_back(visit, purpose, &connection, Err(error)).await,
        _ => stop(visit, TroubleKind::Expired, error.code, &error.to_string()).await,
    }
}

/// Goes on with what the browser was away for.
async fn came_back(
    visit: &Visit,
    purpose: Purpose,
    connection: &Connection,
    answer: Result<Identity, UpstreamError>,
) -> Response {
    match purpose {
        Purpose::Login(request) => {
            let hash = visit.browser.hash();
            let outcome =
                login::came_back(&visit.ctx, request, connection, answer, visit.visitor(&hash)).await;
            visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
        }
        Purpose::Test(test) => match test_run::end(&visit.ctx, test, answer).await {
            Ok(page) => with_test_id(show(visit, &page).await, &test.to_string()),
            Err(error) => visit.broken(error),
        },
    }
}

fn report(error: &UpstreamError, request_id: &str) {
    match &error.fault {
        Some(fault) => errors::report(fault),
        None => tracing::info!(request.id = request_id, "a sign-in at a provider failed: {error}"),
    }
}

async fn stop(visit: &Visit, kind: TroubleKind, code: &'static str, details: &str) -> Response {
    visit.answer(Go::Stop(Trouble::new(kind, code, details)).into()).await
}

async fn no_connection(visit: &Visit) -> Response {
    stop(visit, TroubleKind::BadRequest, "invalid_connection_id", "there is no such connection").await
}

async fn show<P: Page>(visit: &Visit, page: &P) -> Response {
    match Look::of(&visit.ctx, None, &visit.languages, None).await {
        Ok(look) => visit.with_browser(pages::respond(&look, StatusCode::OK, page)),
        Err(error) => visit.broken(error),
    }
}

fn with_test_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(TEST_ID, value);
    }
    response
}

/// From an application's own sign-in page (`auth.md` 7.6).
async fn partner(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(connection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(id) = connection.parse::<ConnectionId>() else { return no_connection(&visit).await };
    let hash = visit.browser.hash();
    let state = query(&uri, "state");
    let outcome = login::came_back_reported(&visit.ctx, id, &state, visit.visitor(&hash)).await;
    visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
}

/// None if one of them comes twice: then nobody can tell which is the provider's (RFC 6749 §3.1).
fn params(uri: &Uri) -> Option<Callback> {
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut params = Callback::default();
    for (name, value) in url::form_urlencoded::parse(query).into_owned() {
        let param = match name.as_str() {
            "state" => &mut params.state,
            "code" => &mut params.code,
            "error" => &mut params.error,
            "error_description" => &mut params.error_description,
            "iss" => &mut params.iss,
            _ => continue,
        };
        if param.is_some() {
            return None;
        }
        *param = Some(value);
    }
    Some(params)
}

/// Begins a test of a connection (`management.md` 6.6).
async fn test(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(connection): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Ok(id) = connection.parse::<ConnectionId>() else { return no_connection(&visit).await };
    let begun = match test_run::begin(&visit.ctx, id, &visit.browser.hash()).await {
        Ok(begun) => begun,
        Err(error) if error.kind() == Kind::NotFound => return no_connection(&visit).await,
        Err(error) => return visit.broken(error),
    };
    let response = match begun.next {
        Ok(url) => visit.with_browser(redirect(&url)),
        Err(page) => show(&visit, &page).await,
    };
    with_test_id(response, &begun.id.to_string())
}
