//! The page of the identity provider that lets everybody be whom they like, in development environments.
use super::{
    Web,
    visit::{Arriving, Visit, query, read, redirect, value},
};
use crate::{
    error::{Error, Kind},
    ids::ConnectionId,
    login::{Go, Trouble, TroubleKind},
    pages::{self, Look, Simulator},
    relying_party::simulator::{self, Choice},
};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode, Uri};

/// The page and its forms.
pub fn routes() -> Router<Web> {
    Router::new().route("/sso/v1/oidc/{connection}/simulator", get(page).post(submit))
}

async fn page(
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
    let state = query(&uri, "state");
    let shown = async {
        let page =
            simulator::page(&visit.ctx, parse(&connection)?, &state, &query(&uri, "login_hint")).await?;
        let page = Simulator { csrf: pages::csrf(visit.browser.token(), &state), ..page };
        let look = Look::of(&visit.ctx, None, &visit.languages, None).await?;
        Ok(visit.with_browser(pages::respond(&look, StatusCode::OK, &page)))
    };
    match shown.await {
        Ok(response) => response,
        Err(error) => refuse(&visit, error).await,
    }
}

async fn submit(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    let (visit, uri, body) = match read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let state = query(&uri, "state");
    if !visit.is_genuine(Some(&state), &value(&body, "csrf")) {
        return visit.forged().await;
    }
    let choice = match value(&body, "do").as_str() {
        "fail" => Choice::Fail(value(&body, "error")),
        _ => Choice::SignIn(url::form_urlencoded::parse(&body).into_owned().collect()),
    };
    let answered = async { simulator::answer(&visit.ctx, parse(&connection)?, &state, choice).await };
    match answered.await {
        Ok(url) => redirect(&url),
        Err(error) => refuse(&visit, error).await,
    }
}

fn parse(connection: &str) -> Result<ConnectionId, Error> {
    connection.parse().map_err(|_| Error::not_found("this connection"))
}

async fn refuse(visit: &Visit, error: Error) -> Response {
    let code = match error.kind() {
        Kind::NotFound => "invalid_connection_id",
        Kind::InvalidArgument => "invalid_request",
        _ => return visit.broken(error),
    };
    let trouble = Trouble::new(TroubleKind::BadRequest, code, error.message().to_owned());
    visit.answer(Go::Stop(trouble).into()).await
}
