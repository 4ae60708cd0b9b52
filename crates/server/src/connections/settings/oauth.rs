//! Social login with OAuth 2.0. What is not entered follows from the provider. `auth.md` 4.3
use super::{Problems, set};
use crate::{connections::model::Provider, secret::Secret};
use serde::{Deserialize, Serialize};

const MAX_SCOPES: usize = 50;
const AUTH_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// Settings of a social login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OAuthSettings {
    /// Authorization endpoint, if it is not the provider's usual one.
    pub authorize_uri: Option<String>,
    /// Token endpoint, likewise.
    pub token_uri: Option<String>,
    /// Where the profile is, likewise.
    pub user_info_uri: Option<String>,
    /// What the provider calls us.
    pub client_id: Option<String>,
    /// What is asked for; empty: the provider's usual ones.
    pub scopes: Vec<String>,
    /// Whether PKCE (S256) is used towards the provider.
    pub pkce_enabled: bool,
    /// `prompt` of the authorization request.
    pub prompt: Option<String>,
    /// `access_type` of it.
    pub access_type: Option<String>,
    /// `token_access_type` of it.
    pub token_access_type: Option<String>,
    /// Name of the parameter that others call `scope`.
    pub custom_scope_name: Option<String>,
    /// Tenant of Microsoft Entra; none: whoever has an account.
    pub tenant_id: Option<String>,
    /// How the server says who it is at the token endpoint; none: in the form.
    pub token_endpoint_auth_method: Option<String>,
    /// Whether each sign-in overwrites the user's profile.
    pub sync_user_profile_on_login: bool,
    /// Whether the operator's credentials are used instead of the connection's own; in development only.
    pub use_platform_creds: bool,
}

/// What to change; what is none stays, an empty text takes the value away.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "see OAuthSettings")]
pub struct OAuthUpdate {
    pub authorize_uri: Option<String>,
    pub token_uri: Option<String>,
    pub user_info_uri: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret<String>>,
    pub scopes: Option<Vec<String>>,
    pub pkce_enabled: Option<bool>,
    pub prompt: Option<String>,
    pub access_type: Option<String>,
    pub token_access_type: Option<String>,
    pub custom_scope_name: Option<String>,
    pub tenant_id: Option<String>,
    pub token_endpoint_auth_method: Option<String>,
    pub sync_user_profile_on_login: Option<bool>,
    pub use_platform_creds: Option<bool>,
}

/// Where a provider is and what is asked of it, if nothing else is entered.
struct Usual {
    authorize: &'static str,
    token: &'static str,
    user_info: &'static str,
    scopes: &'static [&'static str],
}

const OPENID: &[&str] = &["openid", "profile", "email"];

fn usual(provider: Provider) -> Option<Usual> {
    let (authorize, token, user_info, scopes) = match provider {
        Provider::Google => (
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://openidconnect.googleapis.com/v1/userinfo",
            OPENID,
        ),
        Provider::Microsoft => (
            "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
            "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            "https://graph.microsoft.com/oidc/userinfo",
            OPENID,
        ),
        Provider::GitHub => (
            "https://github.com/login/oauth/authorize",
            "https://github.com/login/oauth/access_token",
            "https://api.github.com/user",
            &["read:user", "user:email"][..],
        ),
        Provider::GitLab => (
            "https://gitlab.com/oauth/authorize",
            "https://gitlab.com/oauth/token",
            "https://gitlab.com/oauth/userinfo",
            OPENID,
        ),
        Provider::LinkedIn => (
            "https://www.linkedin.com/oauth/v2/authorization",
            "https://www.linkedin.com/oauth/v2/accessToken",
            "https://api.linkedin.com/v2/userinfo",
            OPENID,
        ),
        Provider::Salesforce => (
            "https://login.salesforce.com/services/oauth2/authorize",
            "https://login.salesforce.com/services/oauth2/token",
            "https://login.salesforce.com/services/oauth2/userinfo",
            OPENID,
        ),
        _ => return None,
    };
    Some(Usual { authorize, token, user_info, scopes })
}

impl OAuthSettings {
    /// Client id, secret, and where to go.
    pub(super) fn is_complete(&self, provider: Provider, has_secret: bool) -> bool {
        let is_known = usual(provider).is_some();
        let goes = |uri: &Option<String>| is_known || uri.is_some();
        let has_credentials = has_secret && self.client_id.is_some();
        (has_credentials || self.use_platform_creds)
            && goes(&self.authorize_uri)
            && goes(&self.token_uri)
            && goes(&self.user_info_uri)
    }

    /// The settings as they count: with the provider's endpoints and scopes where nothing else was entered.
    #[must_use]
    pub fn effective(&self, provider: Provider) -> Self {
        let mut whole = self.clone();
        let Some(usual) = usual(provider) else { return whole };
        let tenant = self.tenant_id.as_deref().unwrap_or("common");
        for (uri, usual) in [
            (&mut whole.authorize_uri, usual.authorize),
            (&mut whole.token_uri, usual.token),
            (&mut whole.user_info_uri, usual.user_info),
        ] {
            uri.get_or_insert_with(|| usual.replace("{tenant}", tenant));
        }
        if whole.scopes.is_empty() {
            whole.scopes = usual.scopes.iter().map(|&scope| scope.to_owned()).collect();
        }
        whole
    }

    pub(super) fn update(&mut self, update: OAuthUpdate, problems: &mut Problems) {
        problems.set_url("authorize_uri", &mut self.authorize_uri, update.authorize_uri);
        problems.set_url("token_uri", &mut self.token_uri, update.token_uri);
        problems.set_url("user_info_uri", &mut self.user_info_uri, update.user_info_uri);
        problems.set_text("client_id", &mut self.client_id, update.client_id);
        problems.set_text("prompt", &mut self.prompt, update.prompt);
        problems.set_text("access_type", &mut self.access_type, update.access_type);
        problems.set_text("token_access_type", &mut self.token_access_type, update.token_access_type);
        problems.set_text("custom_scope_name", &mut self.custom_scope_name, update.custom_scope_name);
        if let Some(tenant) = &update.tenant_id
            && !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        {
            problems.add("tenant_id", "tenant", "must be the id or a domain of a tenant");
        }
        problems.set_text("tenant_id", &mut self.tenant_id, update.tenant_id);
        if let Some(method) = &update.token_endpoint_auth_method
            && !method.is_empty()
            && !AUTH_METHODS.contains(&method.as_str())
        {
            let text = "must be client_secret_basic or client_secret_post";
            problems.add("token_endpoint_auth_method", "string.in", text);
        }
        let method = &mut self.token_endpoint_auth_method;
        problems.set_text("token_endpoint_auth_method", method, update.token_endpoint_auth_method);
        if let Some(scopes) = update.scopes {
            check_scopes(&scopes, problems);
            self.scopes = scopes;
        }
        set(&mut self.use_platform_creds, update.use_platform_creds);
        set(&mut self.pkce_enabled, update.pkce_enabled);
        set(&mut self.sync_user_profile_on_login, update.sync_user_profile_on_login);
    }
}

/// RFC 6749 §3.3: visible ASCII without quotes and backslashes.
fn check_scopes(scopes: &[String], problems: &mut Problems) {
    if scopes.len() > MAX_SCOPES {
        problems.add("scopes", "repeated.max_items", "must have at most 50 items");
    }
    let is_scope = |scope: &String| {
        (1..=256).contains(&scope.len())
            && scope.bytes().all(|byte| byte.is_ascii_graphic() && !br#""\"#.contains(&byte))
    };
    if let Some(index) = scopes.iter().position(|scope| !is_scope(scope)) {
        let text = "must be 1 to 256 visible ASCII characters other than \" and \\";
        problems.add(&format!("scopes[{index}]"), "scope", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_entered_follows_from_the_provider() {
        let settings = OAuthSettings { tenant_id: Some("contoso.example".into()), ..Default::default() };
        let whole = settings.effective(Provider::Microsoft);
        assert_eq!(
            whole.token_uri.as_deref(),
            Some("https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token")
        );
        assert_eq!(whole.scopes, OPENID);
        let own = OAuthSettings { token_uri: Some("https://x.example/t".into()), ..Default::default() };
        assert_eq!(own.effective(Provider::GitHub).token_uri.as_deref(), Some("https://x.example/t"));
        assert_eq!(own.effective(Provider::GitHub).scopes, ["read:user", "user:email"]);
        assert_eq!(own.effective(Provider::Custom), own);
    }

    #[test]
    fn a_provider_of_ones_own_needs_all_endpoints() {
        let mut settings = OAuthSettings { client_id: Some("x".into()), ..Default::default() };
        assert!(settings.is_complete(Provider::Google, true));
        assert!(!settings.is_complete(Provider::Google, false));
        assert!(!settings.is_complete(Provider::Custom, true));
        let uri = || Some("https://x.example/".to_owned());
        settings = OAuthSettings { authorize_uri: uri(), token_uri: uri(), ..settings };
        assert!(!settings.is_complete(Provider::Custom, true));
        settings.user_info_uri = uri();
        assert!(settings.is_complete(Provider::Custom, true));
    }
}
