//! What a customer's branding says of pages (`docs/hosted-pages.md`). Its settings are free-form: what we do not know, or
//! what is of the wrong type, does not count.
use super::{color::Color, theme};
use crate::environments::Environment;
use serde_json::{Map, Value as Json};

/// The settings that pages use.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Brand {
    /// What the application is called.
    pub app_name: Option<String>,
    /// Its logo.
    pub logo_url: Option<String>,
    /// It is above the card, not in it.
    pub is_logo_outside: bool,
    /// The icon of the browser's tab.
    pub favicon_url: Option<String>,
    /// Providers come before the field for the address.
    pub are_providers_first: bool,
    /// Whom to ask.
    pub support_email: Option<String>,
    /// The terms of service.
    pub terms_url: Option<String>,
    /// What happens to personal data.
    pub privacy_url: Option<String>,
    /// Its style sheet; may be empty.
    pub sheet: String,
}

impl Brand {
    /// From settings of which earlier ones count more.
    pub(super) fn of(settings: [Option<&Json>; 2]) -> Self {
        let settings = Layers(settings.map(|json| json.and_then(Json::as_object)));
        Self {
            app_name: settings.text("app_name"),
            logo_url: settings.image("logo_url"),
            is_logo_outside: settings.is("logo_placement", "outside"),
            favicon_url: settings.image("favicon_url"),
            are_providers_first: settings.is("social_buttons_placement", "above"),
            support_email: settings.text("support_email").filter(|email| email.contains('@')),
            terms_url: settings.link("terms_url"),
            privacy_url: settings.link("privacy_url"),
            sheet: theme::sheet(&settings),
        }
    }
}

/// The settings with addresses of our own uploads as paths: pages may be at another of the environment's hosts.
pub(super) fn with_own_paths(settings: Option<Json>, environment: &Environment) -> Option<Json> {
    let mut settings = settings?;
    for value in settings.as_object_mut()?.values_mut() {
        let Some((url, name)) = value.as_str().and_then(|text| text.split_once("/assets/")) else { continue };
        if environment.has_url(url) {
            *value = Json::String(format!("/assets/{name}"));
        }
    }
    Some(settings)
}

/// Settings, the ones that count first.
pub(super) struct Layers<'a>(pub(super) [Option<&'a Map<String, Json>>; 2]);

impl Layers<'_> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let mut values = self.0.iter().flatten().filter_map(|layer| layer.get(name)?.as_str());
        values.find(|text| !text.trim().is_empty()).map(|text| text.trim().to_owned())
    }

    pub(super) fn color(&self, name: &str) -> Option<Color> {
        Color::parse(&self.text(name)?)
    }

    /// One of some words, in any case, and what it stands for.
    pub(super) fn choice(&self, name: &str, words: &[(&str, &'static str)]) -> Option<&'static str> {
        let chosen = self.text(name)?;
        words.iter().find(|(word, _)| chosen.eq_ignore_ascii_case(word)).map(|(_, meaning)| *meaning)
    }

    fn is(&self, name: &str, word: &str) -> bool {
        self.text(name).is_some_and(|chosen| chosen.eq_ignore_ascii_case(word))
    }

    fn image(&self, name: &str) -> Option<String> {
        let starts = ["https://", "data:image/", "/assets/"];
        self.text(name).filter(|url| starts.iter().any(|start| url.starts_with(start)))
    }

    fn link(&self, name: &str) -> Option<String> {
        self.text(name).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}
