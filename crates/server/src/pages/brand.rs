//! What a customer's branding says of pages (`docs/hosted-pages.md`). Its settings are free-form: what we do not know, or
//! what is of the wrong type, does not count.
use serde_json::{Map, Value as Json};

/// The settings that pages use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brand {
    /// What the application is called.
    pub app_name: Option<String>,
    /// Its logo: a URL, or `/assets/…`.
    pub logo_url: Option<String>,
    /// The icon of the browser's tab.
    pub favicon_url: Option<String>,
    /// Whom to ask.
    pub support_email: Option<String>,
    /// The terms of service.
    pub terms_url: Option<String>,
    /// What happens to personal data.
    pub privacy_url: Option<String>,
}

impl Brand {
    /// The environment's settings, and over them the organization's.
    pub fn of(environment: Option<&Json>, organization: Option<&Json>) -> Self {
        let settings = Layers([organization, environment].map(|json| json.and_then(Json::as_object)));
        Self {
            app_name: settings.text("app_name"),
            logo_url: settings.image("logo_url"),
            favicon_url: settings.image("favicon_url"),
            support_email: settings.text("support_email").filter(|email| email.contains('@')),
            terms_url: settings.link("terms_url"),
            privacy_url: settings.link("privacy_url"),
        }
    }
}

/// Settings, the ones that count first.
pub(super) struct Layers<'a>(pub(super) [Option<&'a Map<String, Json>>; 2]);

impl Layers<'_> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let mut values = self.0.iter().flatten().filter_map(|layer| layer.get(name)?.as_str());
        values.find(|text| !text.trim().is_empty()).map(|text| text.trim().to_owned())
    }

    fn image(&self, name: &str) -> Option<String> {
        self.text(name)
            .filter(|url| ["https://", "data:image/", "/assets/"].iter().any(|start| url.starts_with(start)))
    }

    fn link(&self, name: &str) -> Option<String> {
        self.text(name).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}
