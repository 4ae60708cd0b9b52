//! The authorization endpoint and the hosted pages of a sign-in. Forms are answered by a redirect to the page, so that
//! reloading one repeats nothing.
use super::{
    Arrived, Web, text,
    visit::{Arriving, MAX_FORM, Visit, query, read, value},
};
use crate::{
    ids::{AuthRequestId, ResourceId},
    login::{self, Form, Go, Outcome, Params, Trouble, TroubleKind},
    pages, passkeys,
    transport::{errors, serve},
};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::Value as Json;

/// The authorization endpoint and the pages.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/oauth/authorize", get(authorize).post(authorize))
        .route("/resources/{resource}/oauth/authorize", get(authorize_resource).post(authorize_resource))
        .route("/a/auth/login", get(page))
        .route("/a/auth/signed-in", get(signed_in))
        .route("/a/auth/link", get(link).post(use_link))
        .route("/a/auth/passkey/begin", post(begin_passkey))
        .route("/a/auth/passkey/new", post(new_passkey))
        .route("/a/auth/{step}", get(follow).post(submit))
        .route("/a/auth/passkey/{step}", post(submit))
        .route("/invitations/{token}", get(invitation).post(accept_invitation))
}

async fn authorize(web: State<Web>, arrived: Arriving, request: Request) -> Response {
    start(web, arrived, None, request).await
}

async fn authorize_resource(
    web: State<Web>,
    arrived: Arriving,
    Path(resource): Path<String>,
    request: Request,
) -> Response {
    // No client is of a resource that does not exist.
    let resource = resource.parse().unwrap_or(ResourceId::from_i64(0));
    start(web, arrived, Some(resource), request).await
}

async fn start(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    resource: Option<ResourceId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let visit = match Visit::new(&web, arrived, &parts.headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let params = if parts.method == http::Method::POST {
        match serve::read_body(body, MAX_FORM, web.limits.body_timeout).await {
            Ok(body) => Params::parse(&body),
            Err(error) => return visit.broken(error),
        }
    } else {
        Params::of_query(&parts.uri)
    };
    let hash = visit.browser.hash();
    let outcome = login::authorize(&visit.ctx, resource, &params, visit.visitor(&hash)).await;
    visit.answer(outcome).await
}

fn sign_in_id(uri: &Uri) -> Option<AuthRequestId> {
    query(uri, "request").parse().ok()
}

/// The page of where the sign-in is.
async fn page(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let hash = visit.browser.hash();
    match login::find(&visit.ctx, sign_in_id(&uri), Some(&hash)).await {
        Ok(Ok(sign_in)) => match login::show(&visit.ctx, &sign_in, visit.reader()).await {
            Ok(response) => visit.with_browser(response),
            Err(error) => visit.broken(error),
        },
        Ok(Err(outcome)) => visit.answer(outcome).await,
        Err(error) => visit.broken(error),
    }
}

/// Links of pages that take a step without changing anything that matters.
async fn follow(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(step): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let form = match step.as_str() {
        "provider" => Form::Provider(query(&uri, "connection")),
        "sign-up" => Form::Intent { is_sign_up: true },
        "sign-in" => Form::Intent { is_sign_up: false },
        "back" => Form::Back,
        "organizations" => Form::Creation(false),
        _ => return text(StatusCode::NOT_FOUND, "there is nothing at this address\n"),
    };
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    take(&visit, sign_in_id(&uri), form).await
}

async fn take(visit: &Visit, id: Option<AuthRequestId>, form: Form) -> Response {
    let hash = visit.browser.hash();
    let outcome = match login::find(&visit.ctx, id, Some(&hash)).await {
        Ok(Ok(sign_in)) => login::take_step(&visit.ctx, &sign_in, form, visit.visitor(&hash)).await,
        Ok(Err(outcome)) => Ok(outcome),
        Err(error) => Err(error),
    };
    visit.answer(outcome.unwrap_or_else(Outcome::from)).await
}

/// A form of a page.
async fn submit(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(step): Path<String>,
    request: Request,
) -> Response {
    let (visit, uri, body) = match read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let field = |name: &str| value(&body, name);
    let form = match step.as_str() {
        "email" => Form::Email(field("email")),
        "code" => Form::Code(field("code")),
        "resend" => Form::Resend,
        "finish" => Form::Passkey { ceremony: field("ceremony"), assertion: field("assertion") },
        "keep" => Form::KeepPasskey { ceremony: field("ceremony"), response: field("assertion") },
        "skip" => Form::SkipPasskey,
        "organizations" if !field("create").is_empty() => Form::Creation(true),
        "organizations" => Form::Organization(field("organization_id")),
        "create" => Form::Create {
            name: field("organization_name"),
            given_name: field("given_name"),
            family_name: field("family_name"),
        },
        "consent" => Form::Consent { allows: field("decision") == "allow", scopes: all(&body, "scope") },
        _ => return text(StatusCode::NOT_FOUND, "there is nothing at this address\n"),
    };
    let id = sign_in_id(&uri);
    if !visit.is_genuine(id.map(|id| id.to_string()).as_deref(), &field("csrf")) {
        return visit.forged().await;
    }
    take(&visit, id, form).await
}

fn all(encoded: &[u8], name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(encoded);
    pairs.filter(|(other, _)| other == name).map(|(_, value)| value.into_owned()).collect()
}

/// What the script of a page sends: JSON with `csrf`. None if it was not made for this browser.
async fn read_script(web: &Web, arrived: Arrived, request: Request) -> Result<(Visit, Uri, Json), Response> {
    let (visit, uri, body) = read(web, arrived, request).await?;
    let body: Json = serde_json::from_slice(&body).unwrap_or_default();
    let csrf = body.get("csrf").and_then(Json::as_str).unwrap_or_default();
    if visit.is_genuine(sign_in_id(&uri).map(|id| id.to_string()).as_deref(), csrf) {
        Ok((visit, uri, body))
    } else {
        Err(errors::json_response(403, r#"{"error":"invalid_request"}"#.to_owned()))
    }
}

/// The first half of a ceremony: what the script gives to the authenticator.
fn ceremony((id, options): &(String, Json)) -> Response {
    let body = serde_json::json!({"ceremony": id, "options": options});
    let mut response = errors::json_response(200, body.to_string());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Signing in by a passkey.
async fn begin_passkey(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (visit, _, body) = match read_script(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let email = body.get("email").and_then(Json::as_str).filter(|email| !email.is_empty());
    match passkeys::begin_authentication(&visit.ctx, &visit.browser.hash(), email).await {
        Ok(begun) => ceremony(&begun),
        Err(error) => visit.broken(error),
    }
}

/// Making one after a sign-in.
async fn new_passkey(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (visit, uri, _) = match read_script(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let hash = visit.browser.hash();
    let begun = match login::find(&visit.ctx, sign_in_id(&uri), Some(&hash)).await {
        Ok(Ok(sign_in)) => login::begin_registration(&visit.ctx, &sign_in, visit.visitor(&hash)).await,
        Ok(Err(_)) => Ok(None),
        Err(error) => Err(error),
    };
    match begun {
        Ok(Some(begun)) => ceremony(&begun),
        Ok(None) => errors::json_response(403, r#"{"error":"invalid_request"}"#.to_owned()),
        Err(error) => visit.broken(error),
    }
}

/// A mailed link. Programs that open the links of mails see this page, and use nothing up.
async fn link(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let sign_in = match login::find_link(&visit.ctx, sign_in_id(&uri)).await {
        Ok(Some(sign_in)) => sign_in,
        Ok(None) => return link_is_over(&visit).await,
        Err(error) => return visit.broken(error),
    };
    let look = match pages::Look::of(&visit.ctx, None, &visit.languages, None).await {
        Ok(look) => look,
        Err(error) => return visit.broken(error),
    };
    let page = pages::ConfirmLink {
        csrf: pages::csrf(visit.browser.token(), &sign_in.id.to_string()),
        action: uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        email: sign_in.email().to_owned(),
    };
    visit.with_browser(pages::respond(&look, StatusCode::OK, &page))
}

async fn link_is_over(visit: &Visit) -> Response {
    let trouble = Trouble::new(TroubleKind::LinkExpired, "link_expired", "");
    visit.answer(Go::Stop(trouble).into()).await
}

async fn use_link(State(web): State<Web>, Extension(arrived): Arriving, request: Request) -> Response {
    let (visit, uri, body) = match read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let id = sign_in_id(&uri);
    if !visit.is_genuine(id.map(|id| id.to_string()).as_deref(), &value(&body, "csrf")) {
        return visit.forged().await;
    }
    let hash = visit.browser.hash();
    let token = query(&uri, "link_token");
    let outcome = match login::find_link(&visit.ctx, id).await {
        Ok(Some(sign_in)) => sign_in.answer_link(&visit.ctx, &token, visit.visitor(&hash)).await,
        Ok(None) => return link_is_over(&visit).await,
        Err(error) => Err(error),
    };
    visit.answer(outcome.unwrap_or_else(Outcome::from)).await
}

/// Where somebody ends who is signed in and whose application has no address to go to.
async fn signed_in(State(web): State<Web>, Extension(arrived): Arriving, headers: HeaderMap) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    match pages::Look::of(&visit.ctx, None, &visit.languages, None).await {
        Ok(look) => visit.with_browser(pages::respond(&look, StatusCode::OK, &pages::LinkDone {})),
        Err(error) => visit.broken(error),
    }
}

/// What the form of an invitation belongs to.
const INVITATION: &str = "invitation";

async fn invitation(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::new(&web, arrived, &headers) {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let look = pages::Look::of(&visit.ctx, None, &visit.languages, None).await;
    let found = login::find_invitation(&visit.ctx, &token).await;
    let response = match (look, found) {
        (Ok(look), Ok(Some(invited))) => {
            let page = pages::AcceptInvitation {
                csrf: pages::csrf(visit.browser.token(), INVITATION),
                action: format!("/invitations/{token}"),
                organization_name: invited.organization_name,
                inviter: invited.inviter,
                email: invited.email,
            };
            pages::respond(&look, StatusCode::OK, &page)
        }
        (Ok(look), Ok(None)) => pages::respond(&look, StatusCode::GONE, &pages::InvitationExpired {}),
        (Err(error), _) | (_, Err(error)) => return visit.broken(error),
    };
    visit.with_browser(response)
}

async fn accept_invitation(
    State(web): State<Web>,
    Extension(arrived): Arriving,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (visit, _, body) = match read(&web, arrived, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    if !visit.is_genuine(Some(INVITATION), &value(&body, "csrf")) {
        return visit.forged().await;
    }
    let hash = visit.browser.hash();
    let outcome = login::accept_invitation(&visit.ctx, &token, visit.visitor(&hash)).await;
    visit.answer(outcome.unwrap_or_else(Outcome::from)).await
}
