//! How pages look for one request, and in which language they speak.
use super::{
    Language, Text, assets,
    brand::{Brand, with_own_paths},
    theme,
};
use crate::{
    ctx::Ctx,
    environments::{self, Branding},
    error::Error,
    ids::OrganizationId,
    organizations::{self, Organization},
    time::Timestamp,
};
use serde_json::Value as Json;

/// In the path of a style sheet: not an organization's.
const ENVIRONMENT: &str = "environment";

/// Branding and language of one answer.
#[derive(Clone, Debug)]
pub struct Look {
    pub(super) language: &'static Language,
    pub(super) brand: Brand,
    /// Path of the brand's style sheet.
    pub(super) theme: Option<String>,
    /// The environment's host: what a person can rely on.
    pub(super) host: String,
    /// Name and logo of the organization.
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
        let has_own = environment.settings.features.organization_branding;
        let brand = brand(ctx, organization.map(|one| one.id)).await?;
        let scope = organization.map_or_else(|| ENVIRONMENT.to_owned(), |one| one.id.to_string());
        Ok(Self {
            language: Language::negotiate(ui_locales, accept_language),
            theme: (!brand.sheet.is_empty()).then(|| theme::path(&scope, &brand.sheet)),
            brand,
            host: environment.url.split_once("://").map_or("", |(_, host)| host).to_owned(),
            organization: organization
                .map(|one| (one.display_name.clone(), one.logo_url.clone().filter(|_| has_own))),
        })
    }

    /// For samples: in a language, with branding as it is stored, at `/pages/theme/sample/`.
    pub fn sample(language: &'static Language, branding: Option<&Json>) -> Self {
        let brand = Brand::of([branding, None]);
        Self {
            language,
            theme: (!brand.sheet.is_empty()).then(|| theme::path("sample", &brand.sheet)),
            brand,
            host: "auth.example.com".to_owned(),
            organization: None,
        }
    }

    /// The brand's style sheet; may be empty.
    pub fn sheet(&self) -> &str {
        &self.brand.sheet
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
        self.theme.as_deref()
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

    pub(super) fn logo_inside(&self) -> Option<&str> {
        self.logo().filter(|_| !self.brand.is_logo_outside)
    }

    pub(super) fn logo_outside(&self) -> Option<&str> {
        self.logo().filter(|_| self.brand.is_logo_outside)
    }

    /// The logo at the top: the organization's, once that is known, else the application's.
    fn logo(&self) -> Option<&str> {
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

/// The branding that counts for an organization, or for the environment.
async fn brand(ctx: &Ctx, organization: Option<OrganizationId>) -> Result<Brand, Error> {
    let environment = ctx.environment();
    let mut tx = ctx.db().read();
    let general: Branding = environments::find_setting(&mut tx, environment.id).await?;
    let own = match organization {
        Some(organization) if environment.settings.features.organization_branding => {
            organizations::own_branding(&mut tx, environment.id, organization).await?
        }
        _ => None,
    };
    let [own, general] = [own, general.settings].map(|settings| with_own_paths(settings, environment));
    Ok(Brand::of([own.as_ref(), general.as_ref()]))
}

/// The style sheet at `/pages/theme/{scope}/{file}`, and whether it is the one that the name was made of: one that was
/// changed since is not to be kept. An organization that does not exist looks like one that has no branding.
///
/// # Errors
/// Those of the database.
pub async fn theme_sheet(ctx: &Ctx, scope: &str, file: &str) -> Result<Option<(String, bool)>, Error> {
    let organization = match scope.parse() {
        Ok(organization) => Some(organization),
        Err(_) if scope == ENVIRONMENT => None,
        Err(_) => return Ok(None),
    };
    let sheet = brand(ctx, organization).await?.sheet;
    let is_current = theme::path(scope, &sheet).ends_with(&format!("/{file}"));
    Ok(Some((sheet, is_current)))
}
