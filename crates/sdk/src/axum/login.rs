//! The routes of a login and its end.

use std::collections::BTreeMap;

use ::axum::Router;
use ::axum::extract::{DefaultBodyLimit, State};
use ::axum::response::Response;
use ::axum::routing::{get, post};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use super::config::{Sessions, Shared};
use super::error::SessionError;
use super::payload::Payload;
use super::{backchannel, cookies, crypto, pages};
use crate::{AuthorizationUrlOptions, LogoutUrlOptions};

/// Marks the state of a login that follows a failed one. If that fails too, a page says so: two servers that send the
/// browser to each other would go on for ever.
const SECOND_TRY: &str = "2.";

impl Sessions {
    /// The routes for login, callback, logout and back-channel logout; merge them into the application's router.
    ///
    /// The login takes `return_to`, a path, and passes on `prompt`, `organization_id`, `connection_id`, `login_hint`,
    /// `domain_hint` and `provider`: link to `/login?prompt=select_account` for another organization, to
    /// `/login?prompt=create` for signing up. Register its address as the initiate-login URL: what the server adds there
    /// (`idp_initiated_login`, `organization_id` of an invitation) is understood.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let paths = &self.shared.paths;
        let backchannel = post(backchannel::receive).layer(DefaultBodyLimit::max(backchannel::MAX_BODY));
        Router::new()
            .route(&paths.login, get(login))
            .route(&paths.callback, get(callback))
            .route(&paths.logout, get(logout).post(logout))
            .route(&paths.backchannel_logout, backchannel)
            .with_state(self.clone())
    }
}

/// Parameters of a query; of those that come twice the first.
struct Params(BTreeMap<String, String>);

impl Params {
    fn of(uri: &Uri) -> Self {
        let mut all = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            all.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(all)
    }

    /// Empty without the parameter.
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

async fn login(State(sessions): State<Sessions>, uri: Uri, headers: HeaderMap) -> Response {
    let (shared, params) = (&*sessions.shared, Params::of(&uri));
    let is_second_try = params.get("again") == "1";
    let state = match crypto::random_state() {
        Ok(random) if is_second_try => format!("{SECOND_TRY}{random}"),
        Ok(random) => random,
        Err(error) => {
            shared.tell(&error.into());
            return pages::failed(StatusCode::INTERNAL_SERVER_ERROR, &shared.paths.login);
        }
    };
    let verifier = shared.keys.code_verifier(&state);
    let Ok(pkce) = crate::Pkce::from_verifier(verifier) else {
        return pages::failed(StatusCode::INTERNAL_SERVER_ERROR, &shared.paths.login);
    };
    let options = hints(shared, &params).await;
    let options = options.scopes(&shared.scopes).state(&state).nonce(shared.keys.nonce(&state)).pkce(&pkce);
    let url = shared.client.get_authorization_url(&shared.callback_uri(), &options);
    let cookie =
        |name, value: &str| cookies::set(name, value, Some(cookies::LOGIN_SECONDS), shared.is_secure);
    let response = pages::with_cookie(pages::redirect(&url), cookie(cookies::STATE, &state));
    let path = cookies::local_path(params.get("return_to")).map(cookies::encode_path);
    let path = path.or_else(|| {
        // The second try goes where the first one was to go.
        cookies::find(&headers, cookies::RETURN_TO).filter(|_| is_second_try).map(str::to_owned)
    });
    match path {
        Some(path) => pages::with_cookie(response, cookie(cookies::RETURN_TO, &path)),
        None => pages::with_cookie(response, cookies::clear(cookies::RETURN_TO, shared.is_secure)),
    }
}

/// What the link to the login, or an identity provider at which the login began, says of whom and where.
async fn hints(shared: &Shared, params: &Params) -> AuthorizationUrlOptions {
    let options = AuthorizationUrlOptions::new();
    let token = params.get("idp_initiated_login");
    if !token.is_empty() {
        match shared.client.get_idp_initiated_login_claims(token).issuer(&shared.issuer).await {
            Ok(claims) => {
                return options
                    .connection_id(claims.connection_id)
                    .organization_id(claims.organization_id)
                    .login_hint(claims.login_hint);
            }
            // It is a hint: without it the person is asked.
            Err(error) => shared.tell(&error.into()),
        }
    }
    options
        .prompt(params.get("prompt"))
        .organization_id(params.get("organization_id"))
        .connection_id(params.get("connection_id"))
        .login_hint(params.get("login_hint"))
        .domain_hint(params.get("domain_hint"))
        .provider(params.get("provider"))
}

async fn callback(State(sessions): State<Sessions>, uri: Uri, headers: HeaderMap) -> Response {
    let (shared, params) = (&*sessions.shared, Params::of(&uri));
    let response = match finish(shared, &params, &headers).await {
        Ok(cookie) => {
            let path = cookies::find(&headers, cookies::RETURN_TO).and_then(cookies::decode_path);
            let response = pages::redirect(path.as_deref().unwrap_or(&shared.paths.after_login));
            let response =
                pages::with_cookie(response, cookies::set(cookies::SESSION, &cookie, None, shared.is_secure));
            pages::with_cookie(response, cookies::clear(cookies::RETURN_TO, shared.is_secure))
        }
        Err(error) => {
            shared.tell(&error);
            let login = &shared.paths.login;
            let is_hopeless = error.is_temporary() || matches!(error, SessionError::TooLarge(_));
            match (is_hopeless, params.get("state").starts_with(SECOND_TRY)) {
                (true, _) => pages::failed(StatusCode::BAD_GATEWAY, login),
                (_, true) => pages::failed(StatusCode::BAD_REQUEST, login),
                _ => pages::redirect(&format!("{login}?again=1")),
            }
        }
    };
    pages::with_cookie(response, cookies::clear(cookies::STATE, shared.is_secure))
}

/// From the answer of the server to the session's cookie.
async fn finish(shared: &Shared, params: &Params, headers: &HeaderMap) -> Result<String, SessionError> {
    let state = params.get("state");
    // RFC 6749 §10.12: before anything else is believed.
    let expected = cookies::find(headers, cookies::STATE).unwrap_or_default();
    if expected.is_empty() || !crypto::are_equal(expected, state) {
        return Err(SessionError::StateMismatch);
    }
    // RFC 9207 §2.4: an answer of another server.
    let issuer = params.get("iss");
    if !issuer.is_empty() && issuer != shared.issuer {
        return Err(SessionError::StateMismatch);
    }
    if !params.get("error").is_empty() {
        let (error, description) = (params.get("error"), params.get("error_description"));
        return Err(SessionError::Refused { error: error.to_owned(), description: description.to_owned() });
    }
    let exchange = shared.client.authenticate_with_code(params.get("code"), shared.callback_uri());
    let login = exchange.code_verifier(shared.keys.code_verifier(state)).await?;
    // OpenID Connect Core §3.1.3.7 (11).
    let nonce = login.id_token_claims.get("nonce").and_then(Value::as_str).unwrap_or_default();
    if !crypto::are_equal(nonce, &shared.keys.nonce(state)) {
        return Err(SessionError::NonceMismatch);
    }
    Payload::of_login(shared, login).await?.seal(shared)
}

async fn logout(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    let shared = &*sessions.shared;
    let cookie = cookies::find(&headers, cookies::SESSION);
    let session = cookie.and_then(|value| Payload::open(shared, value));
    let location = match session {
        Some(session) if shared.logs_out_everywhere => {
            let options = LogoutUrlOptions::new()
                .id_token_hint(session.id_token)
                .post_logout_redirect_uri(sessions.post_logout_redirect_uri());
            shared.client.get_logout_url(&options)
        }
        _ => shared.paths.after_logout.clone(),
    };
    pages::with_cookie(pages::redirect(&location), cookies::clear(cookies::SESSION, shared.is_secure))
}
