//! Personal data of a user.
use crate::{error::Violation, identities::Identity, ids::UserProfileId, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Personal data of a user. What is not known is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `usp_…`
    pub id: UserProfileId,
    /// At most 255 characters.
    pub given_name: String,
    /// At most 255 characters.
    pub family_name: String,
    /// The full name; made of the two others unless it is given itself.
    pub name: String,
    /// BCP 47, `en-GB`.
    pub locale: String,
    /// As people write it, `+49 30 901820`.
    pub phone_number: String,
    /// At most 512 characters.
    pub preferred_username: String,
    /// `http` or `https`, at most 2,048 characters.
    pub picture: String,
    /// Free text.
    pub gender: String,
    /// At most 50.
    pub groups: Vec<String>,
    /// What an identity provider said, at most 20 pairs.
    pub metadata: BTreeMap<String, String>,
    /// Values of the environment's own attributes, at most 20 pairs.
    pub custom_attributes: BTreeMap<String, String>,
    /// Whether somebody proved to read the user's mail. Nobody can write this from outside.
    pub email_verified: bool,
    /// Whether somebody proved to hold that number.
    pub phone_number_verified: bool,
}

/// What to change of a profile: what is absent stays, what is empty is taken away. Lists and maps have no presence on
/// the wire: empty ones stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileUpdate {
    /// See [`Profile::given_name`].
    pub given_name: Option<String>,
    /// See [`Profile::family_name`].
    pub family_name: Option<String>,
    /// See [`Profile::name`].
    pub name: Option<String>,
    /// See [`Profile::locale`].
    pub locale: Option<String>,
    /// See [`Profile::phone_number`].
    pub phone_number: Option<String>,
    /// See [`Profile::preferred_username`].
    pub preferred_username: Option<String>,
    /// See [`Profile::picture`].
    pub picture: Option<String>,
    /// See [`Profile::gender`].
    pub gender: Option<String>,
    /// Replaces all.
    pub groups: Vec<String>,
    /// Replaces all pairs.
    pub metadata: BTreeMap<String, String>,
    /// Replaces all pairs.
    pub custom_attributes: BTreeMap<String, String>,
}

/// What makes an empty profile this one, but for what has been verified.
impl From<&Profile> for ProfileUpdate {
    fn from(profile: &Profile) -> Self {
        Self {
            given_name: Some(profile.given_name.clone()),
            family_name: Some(profile.family_name.clone()),
            name: Some(profile.name.clone()),
            locale: Some(profile.locale.clone()),
            phone_number: Some(profile.phone_number.clone()),
            preferred_username: Some(profile.preferred_username.clone()),
            picture: Some(profile.picture.clone()),
            gender: Some(profile.gender.clone()),
            groups: profile.groups.clone(),
            metadata: profile.metadata.clone(),
            custom_attributes: profile.custom_attributes.clone(),
        }
    }
}

/// What a profile takes over from a provider. What cannot be stored is left out: a long name must not keep anybody out.
impl From<&Identity> for ProfileUpdate {
    fn from(identity: &Identity) -> Self {
        let text = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        Self {
            given_name: text(&identity.given_name),
            family_name: text(&identity.family_name),
            name: text(&identity.name),
            locale: text(&identity.locale),
            phone_number: text(&identity.phone_number),
            preferred_username: text(&identity.preferred_username),
            picture: text(&identity.picture),
            gender: text(&identity.gender),
            groups: identity.groups.clone(),
            metadata: BTreeMap::new(),
            custom_attributes: identity.custom_attributes.clone(),
        }
        .without_invalid()
    }
}

impl ProfileUpdate {
    /// The values that a profile may have, each looked at by itself.
    pub fn without_invalid(mut self) -> Self {
        let is_valid = |update: Self| {
            let mut profile = Profile::empty(UserProfileId::from_i64(0));
            profile.update(update);
            profile.violations().is_empty()
        };
        let none = Self::default;
        macro_rules! keep_valid {
            ($($field:ident),*) => { $(
                if !is_valid(Self { $field: self.$field.clone(), ..none() }) {
                    self.$field = Default::default();
                }
            )* };
        }
        keep_valid!(given_name, family_name, name, locale, phone_number, preferred_username, picture, gender);
        keep_valid!(groups, custom_attributes);
        self
    }
}

impl Profile {
    /// Nothing is known.
    pub fn empty(id: UserProfileId) -> Self {
        Self {
            id,
            given_name: String::new(),
            family_name: String::new(),
            name: String::new(),
            locale: String::new(),
            phone_number: String::new(),
            preferred_username: String::new(),
            picture: String::new(),
            gender: String::new(),
            groups: Vec::new(),
            metadata: BTreeMap::new(),
            custom_attributes: BTreeMap::new(),
            email_verified: false,
            phone_number_verified: false,
        }
    }

    /// Applies a change; the caller checks the result.
    pub fn update(&mut self, update: ProfileUpdate) {
        let parts = (self.given_name.clone(), self.family_name.clone());
        set(&mut self.given_name, update.given_name);
        set(&mut self.family_name, update.family_name);
        match update.name {
            Some(name) => self.name = name,
            None if parts != (self.given_name.clone(), self.family_name.clone()) => {
                self.name = format!("{} {}", self.given_name, self.family_name).trim().to_owned();
            }
            None => {}
        }
        set(&mut self.locale, update.locale);
        if update.phone_number.as_ref().is_some_and(|number| *number != self.phone_number) {
            self.phone_number_verified = false;
        }
        set(&mut self.phone_number, update.phone_number);
        set(&mut self.preferred_username, update.preferred_username);
        set(&mut self.picture, update.picture);
        set(&mut self.gender, update.gender);
        if !update.groups.is_empty() {
            self.groups = update.groups;
        }
        if !update.metadata.is_empty() {
            self.metadata = update.metadata;
        }
        if !update.custom_attributes.is_empty() {
            self.custom_attributes = update.custom_attributes;
        }
    }

    /// What is wrong beyond the rules that the proto declares.
    pub fn violations(&self) -> Vec<Violation> {
        let visible = |text: &str| if text.is_empty() { None } else { text::name_problem(text) };
        let mut problems = vec![
            ("given_name", visible(&self.given_name)),
            ("family_name", visible(&self.family_name)),
            ("name", at_most(&self.name, 511).or_else(|| visible(&self.name))),
            ("preferred_username", visible(&self.preferred_username)),
            ("gender", at_most(&self.gender, 255).or_else(|| visible(&self.gender))),
            ("locale", locale_problem(&self.locale)),
            ("phone_number", phone_problem(&self.phone_number)),
            ("picture", picture_problem(&self.picture)),
        ];
        problems.extend(self.groups.iter().map(|group| ("groups", visible(group))));
        let found = problems.into_iter().filter_map(|(field, problem)| Some((field, problem?)));
        found
            .map(|(field, problem)| Violation {
                field: format!("user.user_profile.{field}"),
                description: problem.into(),
                constraint: field.into(),
            })
            .collect()
    }
}

fn set(field: &mut String, value: Option<String>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn at_most(text: &str, characters: usize) -> Option<&'static str> {
    (text.chars().count() > characters).then_some(match characters {
        255 => "must be at most 255 characters",
        _ => "must be at most 511 characters",
    })
}

/// The shape of BCP 47 (RFC 5646 §2.1), with the underscore that many systems write.
fn locale_problem(locale: &str) -> Option<&'static str> {
    let is_tag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let right = locale.len() <= 35
        && locale.split(['-', '_']).all(is_tag)
        && language.len() >= 2
        && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!locale.is_empty() && !right).then_some("must be a language tag such as en or pt-BR")
}

/// E.164 is what it should be; people also write spaces, dots, hyphens, parentheses and extensions.
fn phone_problem(number: &str) -> Option<&'static str> {
    let known = |byte: u8| byte.is_ascii_digit() || b"+ -.()/x#,".contains(&byte);
    let right = number.len() <= 40 && number.bytes().all(known) && number.bytes().any(|b| b.is_ascii_digit());
    (!number.is_empty() && !right).then_some("must be a telephone number such as +14155550123")
}

fn picture_problem(url: &str) -> Option<&'static str> {
    if url.is_empty() {
        return None;
    }
    match url::Url::parse(url) {
        Ok(parsed)
            if matches!(parsed.scheme(), "https" | "http")
                && parsed.username().is_empty()
                && parsed.password().is_none() =>
        {
            text::control_problem(url)
        }
        _ => Some("must be an http or https URL without credentials"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_full_name_follows_its_parts_unless_it_is_given() {
        let mut profile = Profile::empty(UserProfileId::from_i64(1));
        profile.update(ProfileUpdate {
            given_name: some("Nora"),
            family_name: some("Lind"),
            ..Default::default()
        });
        assert_eq!(profile.name, "Nora Lind");
        profile.update(ProfileUpdate { family_name: some(""), ..Default::default() });
        assert_eq!(profile.name, "Nora");
        profile.update(ProfileUpdate { name: some("Dr. Nora"), locale: some("nb"), ..Default::default() });
        profile.update(ProfileUpdate { locale: some("nb-NO"), ..Default::default() });
        assert_eq!(profile.name, "Dr. Nora", "its parts did not change");
    }

    #[test]
    fn what_is_absent_or_an_empty_list_stays() {
        let mut profile = Profile::empty(UserProfileId::from_i64(1));
        profile.update(ProfileUpdate {
            gender: some("f"),
            groups: vec!["a".to_owned()],
            metadata: [("key".to_owned(), "v".to_owned())].into(),
            ..Default::default()
        });
        let before = profile.clone();
        profile.update(ProfileUpdate::default());
        assert_eq!(profile, before);
        profile.update(ProfileUpdate { gender: some(""), ..Default::default() });
        assert_eq!(profile.gender, "");
    }

    #[test]
    fn another_number_is_not_verified() {
        let mut profile = Profile::empty(UserProfileId::from_i64(1));
        profile.phone_number_verified = true;
        profile.update(ProfileUpdate { phone_number: some(""), ..Default::default() });
        assert!(profile.phone_number_verified, "the same one is");
        profile.update(ProfileUpdate { phone_number: some("+1"), ..Default::default() });
        assert!(!profile.phone_number_verified);
    }

    #[test]
    fn values_beyond_the_declared_rules_are_checked() {
        let wrong = |update: ProfileUpdate| {
            let mut profile = Profile::empty(UserProfileId::from_i64(1));
            profile.update(update);
            profile.violations().into_iter().map(|violation| violation.field).collect::<Vec<_>>()
        };
        for locale in ["", "en", "en_US", "zh-Hant-TW", "sl-rozaj-biske-1994"] {
            assert!(
                wrong(ProfileUpdate { locale: some(locale), ..Default::default() }).is_empty(),
                "{locale}"
            );
        }
        for locale in ["e", "english-", "12", "en--US", "en US", "en\n", "toolonglanguage"] {
            let update = ProfileUpdate { locale: some(locale), ..Default::default() };
            assert_eq!(wrong(update), ["user.user_profile.locale"], "{locale}");
        }
        for number in ["+14155550123", "(415) 555-0123 x7", "112"] {
            let update = ProfileUpdate { phone_number: some(number), ..Default::default() };
            assert!(wrong(update).is_empty(), "{number}");
        }
        for picture in ["javascript:alert(1)", "data:image/png;base64,AA", "//x", "https://u:p@x.example/"] {
            let update = ProfileUpdate { picture: some(picture), ..Default::default() };
            assert_eq!(wrong(update), ["user.user_profile.picture"], "{picture}");
        }
        let update = ProfileUpdate {
            given_name: some("\u{202e}x"),
            family_name: some("\u{200b}"),
            phone_number: some("call me"),
            name: some(&"x".repeat(512)),
            ..Default::default()
        };
        assert_eq!(wrong(update).len(), 4);
    }
}
