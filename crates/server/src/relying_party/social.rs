//! Social providers (`auth.md` 4.3): OAuth 2.0 with a profile, each with its ways. Above all, what their word on an e-mail
//! address is worth (`security.md` 1.10).
use super::{
    attributes::is_true,
    exchange::Tokens,
    id_token::Claims,
    model::UpstreamError,
    upstream::{Issuer, Upstream, incomplete, secret, url},
    user_info,
};
use crate::{
    connections::{
        self, Connection, ConnectionType, Provider,
        settings::{OAuthSettings, TokenAuth},
    },
    ctx::Ctx,
    environments::EnvironmentType,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use url::Url;

/// Where the endpoints of one of Microsoft's tenants are, below its authority.
const MICROSOFT_TOKEN: &str = "/oauth2/v2.0/token";

/// What the settings say, with the provider's usual endpoints where nothing else is entered.
///
/// # Errors
/// `connection_not_active` for what is not complete.
pub fn upstream(
    ctx: &Ctx,
    connection: &Connection,
    settings: &OAuthSettings,
) -> Result<Upstream, UpstreamError> {
    let stand_in = stand_in(ctx);
    let whole = settings.effective(connection.provider);
    let endpoint = |name: &str, entered: &Option<String>, usual: Option<String>| match (entered, stand_in) {
        (None, Some(stand_in)) => url(name, usual.map(|usual| moved(&usual, stand_in)).as_deref()),
        _ => url(name, usual.as_deref()),
    };
    let token_uri = endpoint("token_uri", &settings.token_uri, whole.token_uri)?;
    let (client_id, client_secret) = match settings.use_platform_creds {
        true => connections::platform_credentials(ctx, connection.provider)
            .cloned()
            .ok_or_else(|| incomplete("the operator's credentials at the provider", "none"))?,
        false => (
            settings.client_id.clone().ok_or_else(|| incomplete("a client_id", "none"))?,
            secret(ctx, connection)?,
        ),
    };
    let scope_name = whole.custom_scope_name.unwrap_or_else(|| "scope".to_owned());
    let mut extra = vec![(scope_name, whole.scopes.join(" "))];
    let access_types = [("access_type", whole.access_type), ("token_access_type", whole.token_access_type)];
    extra.extend(access_types.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(Upstream {
        authorize_uri: endpoint("authorize_uri", &settings.authorize_uri, whole.authorize_uri)?,
        user_info_uri: Some(endpoint("user_info_uri", &settings.user_info_uri, whole.user_info_uri)?),
        issuer: (connection.provider == Provider::Microsoft).then(|| microsoft(&token_uri)).transpose()?,
        token_uri,
        client_id,
        client_secret,
        token_auth: match settings.token_endpoint_auth_method.as_deref() {
            Some("client_secret_basic") => TokenAuth::BasicAuth,
            _ => TokenAuth::UrlParams,
        },
        extra,
        prompt: settings.prompt.clone(),
        pkce: settings.pkce_enabled,
        redirect_uri: connection.url("callback"),
        plain_http: connection.debug_enabled || stand_in.is_some_and(|url| url.starts_with("http://")),
    })
}

/// The server that stands in for all providers, where that may be.
fn stand_in(ctx: &Ctx) -> Option<&str> {
    let url = ctx.app().settings.social.stand_in_url.as_deref();
    url.filter(|_| ctx.environment().kind == EnvironmentType::Development)
}

fn moved(usual: &str, stand_in: &str) -> String {
    format!("{stand_in}/{}", usual.trim_start_matches("https://"))
}

/// Who signs Microsoft's ID tokens, by the token endpoint: `{authority}/{tenant}/oauth2/v2.0/token`. One tenant's signs
/// with its id. For all others (`common`, or a tenant by its domain) only the token says whose account it is.
fn microsoft(token_uri: &Url) -> Result<Issuer, UpstreamError> {
    let whole = token_uri.as_str().strip_suffix(MICROSOFT_TOKEN);
    let (authority, tenant) = whole
        .and_then(|whole| whole.rsplit_once('/'))
        .ok_or_else(|| incomplete("a token_uri that ends in /oauth2/v2.0/token", "another one"))?;
    let is_id = |tenant: &str| {
        tenant.len() == 36 && tenant.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    };
    let tid = if is_id(tenant) { tenant } else { "{tid}" };
    Ok(Issuer {
        name: format!("{authority}/{tid}/v2.0"),
        jwks_uri: url("keys", Some(&format!("{authority}/{tenant}/discovery/v2.0/keys")))?,
    })
}

/// The claims with an `email_verified` that is worth what it says: that the provider has proof that the person owns the
/// mailbox. Nothing changes for an enterprise connection, where the domain decides (`auth.md` 2.6).
///
/// # Errors
/// `user_info_retrieve_failed` for a profile without an id.
pub fn trusted(connection: &Connection, mut claims: Claims) -> Result<Claims, UpstreamError> {
    if connection.kind() != ConnectionType::OAuth {
        return Ok(claims);
    }
    let verified = match connection.provider {
        Provider::Google => is_true(claims.get("email_verified")) && is_googles(&claims),
        // `email` and `upn` are whatever a tenant's administrator writes (nOAuth); `xms_edov` says that the tenant has
        // proven to own the domain.
        Provider::Microsoft => {
            matches!(claims.get("xms_edov"), Some(Json::Bool(true)))
                || claims.get("xms_edov").is_some_and(|edov| edov == 1 || edov == "1" || edov == "true")
        }
        _ => is_true(claims.get("email_verified")),
    };
    claims.insert("email_verified".to_owned(), verified.into());
    let subject = match claims.get("sub").or_else(|| claims.get("id")) {
        Some(Json::String(subject)) if !subject.is_empty() && subject.len() <= 255 => subject.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => {
            let (step, expected) = ("find the id of the user in the profile", "sub, or id");
            return Err(UpstreamError::new("user_info_retrieve_failed", step, expected, "neither"));
        }
    };
    claims.insert("sub".to_owned(), subject.into());
    Ok(claims)
}

/// Google vouches for its own mailboxes and for those of organizations that it hosts (`hd`); others were proven once, when
/// the account was made.
fn is_googles(claims: &Claims) -> bool {
    let email = claims.get("email").and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
    let hosted = claims.get("hd").and_then(Json::as_str).is_some_and(|domain| !domain.is_empty());
    hosted || email.ends_with("@gmail.com") || email.ends_with("@googlemail.com")
}

#[derive(Deserialize)]
struct GitHubUser {
    id: i64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct GitHubEmail {
    email: String,
    primary: bool,
    verified: bool,
}

/// GitHub has no OpenID Connect: the profile, and the primary address, which the profile hides.
///
/// # Errors
/// `user_info_retrieve_failed`
pub async fn github(ctx: &Ctx, upstream: &Upstream, tokens: &Tokens) -> Result<Claims, UpstreamError> {
    let profile = upstream.user_info_uri.as_ref().ok_or_else(|| incomplete("a user_info_uri", "none"))?;
    let emails = url("user_info_uri", Some(&format!("{}/emails", profile.as_str().trim_end_matches('/'))))?;
    let token = tokens.access_token.as_ref();
    let user: GitHubUser = user_info::read(ctx, profile, upstream.plain_http, token).await?;
    let emails: Vec<GitHubEmail> = user_info::read(ctx, &emails, upstream.plain_http, token).await?;
    let primary = emails.into_iter().find(|email| email.primary && email.verified);
    let claims = json!({
        "sub": user.id.to_string(),
        "preferred_username": user.login,
        "name": user.name,
        "picture": user.avatar_url,
        "email": primary.as_ref().map(|email| &email.email),
        "email_verified": primary.is_some(),
    });
    Ok(claims.as_object().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_endpoint_moves_to_the_stand_in() {
        let usual = "https://login.microsoftonline.com/common/oauth2/v2.0/token";
        let moved = moved(usual, "http://127.0.0.1:81");
        assert_eq!(moved, "http://127.0.0.1:81/login.microsoftonline.com/common/oauth2/v2.0/token");
        let issuer = microsoft(&moved.parse().unwrap()).unwrap();
        assert_eq!(issuer.name, "http://127.0.0.1:81/login.microsoftonline.com/{tid}/v2.0");
        assert!(issuer.jwks_uri.as_str().ends_with("/common/discovery/v2.0/keys"));
        let one = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555";
        let issuer = microsoft(&format!("{one}/oauth2/v2.0/token").parse().unwrap()).unwrap();
        assert_eq!(issuer.name, format!("{one}/v2.0"));
        assert!(microsoft(&"https://idp.example/token".parse().unwrap()).is_err());
    }

    #[test]
    fn google_vouches_for_its_own_mailboxes() {
        for (claims, is) in [
            (json!({"email": "ann@gmail.com"}), true),
            (json!({"email": "ann@acme.example", "hd": "acme.example"}), true),
            (json!({"email": "ann@acme.example"}), false),
            (json!({"email": "ann@notgmail.com"}), false),
            (json!({"email": "ann@acme.example", "hd": ""}), false),
        ] {
            assert_eq!(is_googles(claims.as_object().unwrap()), is, "{claims}");
        }
    }
}
