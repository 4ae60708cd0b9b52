//! How pages look for one request, and in which language they speak.
use super::{Language, Text, assets, brand::Brand};
use crate::{
    ctx::Ctx,
    environments::{self, Branding},
    error::Error,
    organizations::{self, Organization},
    time::Timestamp,
};

/// Branding and language of one answer.
#[derive(Clone, Debug)]
pub struct Look {
    pub(super) language: &'static Language,
    pub(super) brand: Brand,
    pub(super) host: String,
    pub(super) organization: Option<(String, Option<String>)>,
}

impl Look {
    /// How pages look for this request: the environment's branding, the organization's over it once that is known, in
    /// the language that the person reads best.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(
        ctx: &Ctx,
        organization: Option<&Organization>,
        accept_language: &str,
        ui_locales: Option<&str>,
    ) -> Result<Self, Error> {
        let environment = ctx.environment();
        let mut tx = ctx.db().read();
        let general: Branding = environments::find_setting(&mut tx, environment.id).await?;
        let own = match organization {
            Some(organization) if environment.settings.features.organization_branding => {
                organizations::own_branding(&mut tx, environment.id, organization.id).await?
            }
            _ => None,
        };
        Ok(Self {
            language: Language::negotiate(ui_locales, accept_language),
            brand: Brand::of(general.settings.as_ref(), own.as_ref()),
            host: environment.url.split_once("://").map_or("", |(_, host)| host).to_owned(),
            organization: organization.map(|one| (one.display_name.clone(), one.logo_url.clone())),
        })
    }

    /// For samples: without branding.
    pub fn sample(language: &'static Language) -> Self {
        Self { language, brand: Brand::default(), host: "auth.example.com".to_owned(), organization: None }
    }

    /// The language of the page.
    pub const fn language(&self) -> &'static Language {
        self.language
    }

    /// A sentence in the language of the page.
    pub fn say(&self, text: &Text) -> String {
        self.language.say(text)
    }

    /// A sentence without arguments; for templates.
    pub(super) fn t(&self, key: &'static str) -> String {
        self.say(&Text::new(key))
    }

    /// A sentence with one argument; for templates.
    pub(super) fn with(&self, key: &'static str, name: &'static str, value: impl AsRef<str>) -> String {
        self.say(&Text::new(key).with(name, value.as_ref()))
    }

    /// `2026-03-07 12:00 UTC`: as every language reads it.
    pub(super) fn time(&self, time: &Timestamp) -> String {
        let text = time.to_string().replace('T', " ");
        format!("{} UTC", text.get(..16).unwrap_or(&text))
    }

    /// What the application is called.
    pub(super) fn app_name(&self) -> Option<&str> {
        self.brand.app_name.as_deref()
    }

    /// Without one, browsers would ask for one at a place of their own.
    pub(super) fn favicon(&self) -> &str {
        self.brand.favicon_url.as_deref().unwrap_or("data:,")
    }

    pub(super) fn theme(&self) -> Option<&str> {
        None
    }

    pub(super) const fn has_footer(&self) -> bool {
        let brand = &self.brand;
        brand.terms_url.is_some() || brand.privacy_url.is_some() || brand.support_email.is_some()
    }

    pub(super) fn stylesheet(&self) -> &'static str {
        &assets::STYLE.path
    }

    pub(super) fn script(&self) -> &'static str {
        &assets::SCRIPT.path
    }

    /// The logo at the top: the organization's, once that is known, else the application's.
    pub(super) fn logo(&self) -> Option<&str> {
        let own = self.organization.as_ref().and_then(|(_, logo)| logo.as_deref());
        own.or(self.brand.logo_url.as_deref())
    }

    /// Whose logo it is.
    pub(super) fn logo_name(&self) -> &str {
        match &self.organization {
            Some((name, Some(_))) => name,
            _ => self.brand.app_name.as_deref().unwrap_or_default(),
        }
    }
}
