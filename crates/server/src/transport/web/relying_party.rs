//! Where identity providers send browsers back to.
use super::{
    Web, text,
    visit::{Arriving, MAX_FORM, Visit, query, redirect, value},
};
use crate::{
    ids::ConnectionId,
    login,
    relying_party::{self, Callback, Purpose, UpstreamError},
    transport::serve,
};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode, Uri};

/// The redirect URIs of connections.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/sso/v1/oidc/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/oauth/{connection}/callback", get(callback).post(posted))
        .route("/sso/v1/connections/{connection}/partner:callback", get(partner))
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
    let Ok(id) = connection.parse::<ConnectionId>() else {
        return text(StatusCode::NOT_FOUND, "there is no such connection\n");
    };
    let params = params(&uri);
    let hash = visit.browser.hash();
    let known = (!visit.browser.is_new).then_some(hash.as_slice());
    let (purpose, answer) = match relying_party::finish(&visit.ctx, id, params, known).await {
        Ok(finished) => (Some(finished.purpose), Ok(finished.identity)),
        Err(error) => (error.purpose, Err(error)),
    };
    match (purpose, answer) {
        (Some(Purpose::Login(request)), answer) => {
            let outcome = login::came_back(&visit.ctx, request, id, answer, visit.visitor(&hash)).await;
            visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
        }
        (_, Err(error)) => over(&visit, &error).await,
        (_, Ok(_)) => text(StatusCode::OK, "the connection works\n"),
    }
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
    let Ok(id) = connection.parse::<ConnectionId>() else {
        return text(StatusCode::NOT_FOUND, "there is no such connection\n");
    };
    let hash = visit.browser.hash();
    let state = query(&uri, "state");
    let outcome = login::came_back_reported(&visit.ctx, id, &state, visit.visitor(&hash)).await;
    visit.answer(outcome.unwrap_or_else(login::Outcome::from)).await
}

fn params(uri: &Uri) -> Callback {
    let query = uri.query().unwrap_or_default().as_bytes();
    let given = |name: &str| Some(value(query, name)).filter(|value| !value.is_empty());
    Callback {
        state: given("state"),
        code: given("code"),
        error: given("error"),
        error_description: given("error_description"),
        iss: given("iss"),
    }
}

/// Nobody knows any more what it was for.
async fn over(visit: &Visit, error: &UpstreamError) -> Response {
    let mut trouble = login::Trouble::new(login::TroubleKind::Expired, error.code, error.description.clone());
    trouble.fault.clone_from(&error.fault);
    visit.answer(login::Go::Stop(trouble).into()).await
}
