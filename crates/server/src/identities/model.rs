//! Plain data of identities.
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
