//! The REST reference: an OpenAPI document and pages for people, both made from the protos, of what this server serves.
mod openapi;
mod page;
mod schema;

use super::errors;
use axum::{Router, body::Body, extract::Path, response::Response, routing::get};
use gatewright_api::plan::{Binding, Body as Filled, Callers, Field, Kind, Message, Method};
use http::{HeaderValue, StatusCode, header};
use std::sync::{Arc, OnceLock};

/// The built methods, in the order of the protos.
#[derive(Debug)]
struct Reference {
    methods: Vec<&'static Method>,
    /// Made when it is first asked for: most servers are never asked.
    openapi: OnceLock<String>,
}

/// `/openapi.json`, and the pages under `/docs/api`. Anybody may read them: they say nothing about the installation.
pub fn router<S: Clone + Send + Sync + 'static>(methods: Vec<&'static Method>) -> Router<S> {
    let reference = Arc::new(Reference { methods, openapi: OnceLock::new() });
    let (document, index, service) = (reference.clone(), reference.clone(), reference);
    Router::new()
        .route(
            "/openapi.json",
            get(async move || {
                let text = document.openapi.get_or_init(|| openapi::document(&document.methods).to_string());
                let mut response = errors::json_response(200, text.clone());
                let anywhere = HeaderValue::from_static("*");
                response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anywhere);
                response
            }),
        )
        .route("/docs/api", get(async move || html(page::index(&index.methods))))
        .route(
            "/docs/api/style.css",
            get(async || answer(StatusCode::OK, "text/css; charset=utf-8", page::STYLE)),
        )
        .route(
            "/docs/api/{service}",
            get(async move |Path(name): Path<String>| html(page::service(&service.methods, &name))),
        )
}

fn html(page: Result<Option<String>, askama::Error>) -> Response {
    match page {
        Ok(Some(page)) => answer(StatusCode::OK, "text/html; charset=utf-8", page),
        Ok(None) => answer(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "no service has this name; they are listed at /docs/api\n",
        ),
        Err(error) => {
            tracing::error!(%error, "the reference cannot be shown");
            let text = "the reference cannot be shown; the log says why\n";
            answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", text)
        }
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `Organizations` for `scalekit.v1.organizations.OrganizationService`: what the reference calls a service.
fn service_name(method: &Method) -> &'static str {
    let name = method.service.rsplit('.').next().unwrap_or(method.service);
    name.strip_suffix("Service").unwrap_or(name)
}

/// The first line of a comment, without the rest.
fn summary(documentation: &'static str) -> &'static str {
    documentation.lines().next().unwrap_or_default().trim_end_matches('.')
}

/// Who may call, for people.
fn callers(callers: Callers) -> Vec<&'static str> {
    [
        (Callers::NONE, "anybody"),
        (Callers::CLIENT, "an application's token"),
        (Callers::USER, "a user, for what is the user's own"),
        (Callers::SESSION, "a signed-in user's browser"),
        (Callers::CUSTOMER_PORTAL, "the admin portal"),
        (Callers::WORKSPACE, "the dashboard"),
    ]
    .into_iter()
    .filter_map(|(kind, name)| callers.intersects(kind).then_some(name))
    .collect()
}

/// Where a value of a REST request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
}

/// A value of the request that is not in the body.
#[derive(Debug)]
struct Parameter {
    /// `id`, `filter.status`
    name: String,
    place: Place,
    field: &'static Field,
}

/// The parameters in path and query of a binding, path first.
fn parameters(method: &Method, binding: &Binding) -> Vec<Parameter> {
    let in_path: Vec<&str> = variables(binding.template).collect();
    let mut found = Vec::new();
    for name in &in_path {
        if let Some(field) = field_at(method.input, name) {
            found.push(Parameter { name: (*name).to_owned(), place: Place::Path, field });
        }
    }
    if binding.body != Filled::Whole {
        query(method.input, "", binding, &in_path, 0, &mut found);
    }
    found
}

/// The names in braces of a path template.
fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn field_at(message: &'static Message, path: &str) -> Option<&'static Field> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = message.fields.iter().find(|field| field.name == name)?;
    match (rest, field.kind) {
        (None, _) => Some(field),
        (Some(rest), Kind::Message(inner)) => field_at(inner, rest),
        (Some(_), _) => None,
    }
}

/// Messages in messages in a query deeper than this do not occur.
const MAX_DEPTH: usize = 3;

fn query(
    message: &'static Message,
    prefix: &str,
    binding: &Binding,
    in_path: &[&str],
    depth: usize,
    found: &mut Vec<Parameter>,
) {
    for field in message.fields {
        let name = format!("{prefix}{}", field.name);
        let in_body = prefix.is_empty() && binding.body == Filled::Field(field.name);
        if in_body || in_path.contains(&name.as_str()) {
            continue;
        }
        match field.kind {
            Kind::Message(inner) if inner.well_known.is_none() => {
                let one = !schema::is_many(field);
                if one && depth < MAX_DEPTH {
                    query(inner, &format!("{name}."), binding, in_path, depth + 1, found);
                }
            }
            _ => found.push(Parameter { name, place: Place::Query, field }),
        }
    }
}

/// The message that the body of a request is, with the fields that the path fills taken away.
fn body(method: &Method, binding: &Binding) -> Option<(&'static Message, Vec<&'static Field>)> {
    match binding.body {
        Filled::None => None,
        Filled::Whole => {
            let in_path: Vec<&str> = variables(binding.template).collect();
            let rest = method.input.fields.iter().filter(|field| !in_path.contains(&field.name)).collect();
            Some((method.input, rest))
        }
        Filled::Field(name) => match field_at(method.input, name)?.kind {
            Kind::Message(message) => Some((message, message.fields.iter().collect())),
            _ => None,
        },
    }
}
