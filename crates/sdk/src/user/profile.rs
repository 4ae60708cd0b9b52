//! Personal data to write.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::users as pb;

use crate::organization::metadata;

/// Personal data of a user to be created or changed: what is not set stays as it is. Setting an empty string takes a
/// value away; lists and maps replace the present ones, unless they are empty.
///
/// ```
/// use gatewright_sdk::user::UserProfileInput;
///
/// let profile = UserProfileInput::new().given_name("Nora").family_name("Lind").locale("nb-NO");
/// assert_eq!(profile.clone().into_update_message().given_name.as_deref(), Some("Nora"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProfileInput {
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
    locale: Option<String>,
    phone_number: Option<String>,
    preferred_username: Option<String>,
    picture: Option<String>,
    gender: Option<String>,
    groups: Vec<String>,
    metadata: BTreeMap<String, String>,
    custom_attributes: BTreeMap<String, String>,
}

impl UserProfileInput {
    /// Sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Given name, at most 255 characters; the reference's `firstName`.
    #[must_use]
    pub fn given_name(mut self, given_name: impl Into<String>) -> Self {
        self.given_name = Some(given_name.into());
        self
    }

    /// Family name, at most 255 characters; the reference's `lastName`.
    #[must_use]
    pub fn family_name(mut self, family_name: impl Into<String>) -> Self {
        self.family_name = Some(family_name.into());
        self
    }

    /// Full name. When it is not set, the server makes it of given and family name when one of them changes.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Language tag, `en-GB`.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Telephone number, best in the form of E.164, `+14155550123`.
    #[must_use]
    pub fn phone_number(mut self, phone_number: impl Into<String>) -> Self {
        self.phone_number = Some(phone_number.into());
        self
    }

    /// Name to sign in with, at most 512 characters.
    #[must_use]
    pub fn preferred_username(mut self, preferred_username: impl Into<String>) -> Self {
        self.preferred_username = Some(preferred_username.into());
        self
    }

    /// Address of a picture, at most 2048 characters.
    #[must_use]
    pub fn picture(mut self, picture: impl Into<String>) -> Self {
        self.picture = Some(picture.into());
        self
    }

    /// Free text.
    #[must_use]
    pub fn gender(mut self, gender: impl Into<String>) -> Self {
        self.gender = Some(gender.into());
        self
    }

    /// At most 50 groups of 1 to 250 characters, each once.
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// At most 20 labels: keys of 3 to 25, values of 1 to 256 characters.
    #[must_use]
    pub fn metadata<K, V>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.metadata = metadata(pairs);
        self
    }

    /// Values of the environment's own attributes, at most 20.
    #[must_use]
    pub fn custom_attributes<K, V>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        self.custom_attributes = metadata(pairs);
        self
    }

    /// The generated protobuf message of a new user.
    pub fn into_create_message(self) -> pb::CreateUserProfile {
        pb::CreateUserProfile {
            given_name: self.given_name.unwrap_or_default(),
            family_name: self.family_name.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            locale: self.locale.unwrap_or_default(),
            phone_number: self.phone_number.unwrap_or_default(),
            metadata: self.metadata,
            custom_attributes: self.custom_attributes,
            preferred_username: self.preferred_username.unwrap_or_default(),
            picture: self.picture,
            gender: self.gender,
            groups: self.groups,
            ..Default::default()
        }
    }

    /// The generated protobuf message of a change.
    pub fn into_update_message(self) -> pb::UpdateUserProfile {
        pb::UpdateUserProfile {
            given_name: self.given_name,
            family_name: self.family_name,
            name: self.name,
            locale: self.locale,
            phone_number: self.phone_number,
            metadata: self.metadata,
            custom_attributes: self.custom_attributes,
            preferred_username: self.preferred_username,
            picture: self.picture,
            gender: self.gender,
            groups: self.groups,
            ..Default::default()
        }
    }
}
