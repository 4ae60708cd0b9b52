//! The discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
use crate::environments::Environment;
use serde_json::{Value as Json, json};

/// Describes the environment. Built from configuration only; the same document is served at both well-known paths.
pub fn discovery(environment: &Environment) -> Json {
    let url = &environment.url;
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/oauth/authorize"),
        "token_endpoint": format!("{url}/oauth/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
        "end_session_endpoint": format!("{url}/oidc/logout"),
        "introspection_endpoint": format!("{url}/oauth/introspect"),
        "revocation_endpoint": format!("{url}/revoke"),
        "scopes_supported": ["openid", "profile", "email", "phone", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claims_supported": [
            "sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "acr", "amr", "c_hash", "at_hash", "act",
            "scopes", "client_id", "azp", "preferred_username", "name", "family_name", "given_name", "locale",
            "email", "email_verified", "phone_number", "phone_number_verified"
        ],
        "ui_locales_supported": ["en"],
    })
}
