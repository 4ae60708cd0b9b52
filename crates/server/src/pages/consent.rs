//! May somebody else's program act for me?
use super::{
    Text,
    page::{Forms, page},
};

/// What a client asks for. Posts `csrf`, `decision=allow` or `decision=deny`, and `scope` for each one that is chosen
/// (those that are fixed need not be looked for).
#[derive(Clone, Debug, Default)]
pub struct Consent {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// What the client calls itself: nobody has checked that.
    pub client_name: String,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Host that gets the answer: what a person can rely on.
    pub redirect_host: String,
    /// The answer goes to a program on the person's own computer.
    pub is_local: bool,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// What it wants to use.
    pub resource_name: String,
    /// Who is asked.
    pub user_email: String,
    /// In which organization.
    pub organization_name: Option<String>,
    /// What it wants to do.
    pub scopes: Vec<ConsentScope>,
    /// Whether single scopes may be left out.
    pub may_select: bool,
}

/// One thing that a client wants to do.
#[derive(Clone, Debug, Default)]
pub struct ConsentScope {
    /// As in OAuth.
    pub name: String,
    /// For people. If empty, the name is shown; for the scopes of OpenID Connect the page knows words itself.
    pub description: String,
    /// Chosen.
    pub checked: bool,
    /// Cannot be left out.
    pub fixed: bool,
}

impl ConsentScope {
    /// The message for a scope of OpenID Connect.
    fn known(&self) -> Option<&'static str> {
        match self.name.as_str() {
            "openid" => Some("scope-openid"),
            "email" => Some("scope-email"),
            "profile" => Some("scope-profile"),
            "offline_access" => Some("scope-offline-access"),
            _ => None,
        }
    }
}

page!(Consent, "consent", "pages/consent.html", Forms::Leave);

impl Consent {
    fn wish(&self) -> Text {
        let text = Text::new("consent-wants").with("client", self.client_name.as_str());
        text.with("resource", self.resource_name.as_str())
    }

    fn examples() -> Vec<Self> {
        let scope = |name: &str, description: &str, fixed| ConsentScope {
            name: name.to_owned(),
            description: description.to_owned(),
            checked: true,
            fixed,
        };
        let some = |text: &str| Some(text.to_owned());
        let remote = Self {
            csrf: "csrf".to_owned(),
            action: "/a/auth/consent?request=req_1".to_owned(),
            client_name: "Assistant <script>".to_owned(),
            client_uri: some("https://assistant.example"),
            redirect_host: "assistant.example".to_owned(),
            is_local: false,
            logo_uri: None,
            tos_uri: some("https://assistant.example/terms"),
            policy_uri: some("https://assistant.example/privacy"),
            resource_name: "Task list".to_owned(),
            user_email: "ada@example.com".to_owned(),
            organization_name: some("Acme"),
            scopes: vec![
                scope("openid", "", true),
                scope("email", "", true),
                scope("profile", "", true),
                scope("offline_access", "", true),
                scope("tasks:read", "Read your tasks", false),
                scope("tasks:write", "", false),
            ],
            may_select: true,
        };
        let local = Self {
            is_local: true,
            redirect_host: "localhost".to_owned(),
            may_select: false,
            organization_name: None,
            client_uri: None,
            tos_uri: None,
            policy_uri: None,
            ..remote.clone()
        };
        vec![remote, local]
    }
}
