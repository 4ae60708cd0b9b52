//! Plain data of identities.
use crate::users::ProfileUpdate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a provider said of a person, after the connection's attribute mapping. What it did not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider's id of the person: `sub` of OpenID Connect, NameID of SAML. Never empty.
    pub subject: String,
    /// E-mail address, as it was given.
    pub email: String,
    /// Whether the provider says that the address was verified. What that is worth depends on the connection.
    pub email_verified: bool,
    /// Full name.
    pub name: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// User name to show.
    pub preferred_username: String,
    /// URL of a picture.
    pub picture: String,
    /// Phone number.
    pub phone_number: String,
    /// Free text.
    pub gender: String,
    /// `de-AT`
    pub locale: String,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Attributes that the environment defined, by their keys.
    pub custom_attributes: BTreeMap<String, String>,
}

impl Identity {
    /// What a user's profile takes over. What cannot be stored is left out: a long name must not keep anybody out.
    pub fn profile(&self) -> ProfileUpdate {
        let text = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        ProfileUpdate {
            given_name: text(&self.given_name),
            family_name: text(&self.family_name),
            name: text(&self.name),
            locale: text(&self.locale),
            phone_number: text(&self.phone_number),
            preferred_username: text(&self.preferred_username),
            picture: text(&self.picture),
            gender: text(&self.gender),
            groups: self.groups.clone(),
            metadata: BTreeMap::new(),
            custom_attributes: self.custom_attributes.clone(),
        }
        .without_invalid()
    }
}
