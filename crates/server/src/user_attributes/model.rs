//! Attributes, and the standard ones.
use crate::{error::Error, stored::stored_enum, text};

/// Most attributes that an environment may add to a catalogue: the list is not paged.
pub const MAX_CUSTOM: usize = 100;

/// Keys that no attribute may have: claims of tokens, `management.md` 6.5.
const RESERVED: &[&str] = &[
    "roles",
    "permissions",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "sub",
    "oid",
    "sid",
];

stored_enum! {
    /// Which catalogue.
    Catalogue {
        /// Of profiles, filled by SSO.
        Sso = "SSO",
        /// Of directory users, filled by SCIM.
        Directory = "DIRECTORY",
    }
}

stored_enum! {
    /// Type of the values.
    Datatype {
        /// Text.
        String = "STRING",
        /// Number.
        Number = "NUMBER",
        /// True or false.
        Bool = "BOOL",
        /// List.
        Array = "ARRAY",
        /// JSON object.
        Object = "OBJECT",
    }
}

/// Where an attribute comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Built in.
    Standard,
    /// Added by the environment.
    Custom,
}

/// An attribute that users may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, unique in its catalogue.
    pub key: String,
    /// For people, 3 to 250 characters.
    pub label: String,
    /// Type of the values.
    pub datatype: Datatype,
    /// Where it comes from.
    pub category: Category,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether every user must have a value.
    pub required: bool,
    /// Where SSO finds the value, unless a connection says otherwise.
    pub mapping: Mapping,
}

/// Names of an attribute at identity providers; empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// In a SAML assertion.
    pub saml: String,
    /// In an ID token.
    pub oidc: String,
}

/// What a request says of an attribute.
#[derive(Clone, Debug)]
pub struct NewAttribute {
    /// See [`Attribute::key`].
    pub key: String,
    /// See [`Attribute::label`].
    pub label: String,
    /// See [`Attribute::datatype`].
    pub datatype: Datatype,
    /// See [`Attribute::enabled`].
    pub enabled: bool,
    /// See [`Attribute::required`].
    pub required: bool,
    /// See [`Attribute::mapping`]; none if the request says nothing of it.
    pub mapping: Option<Mapping>,
}

impl Attribute {
    /// The standard attributes of both catalogues, as they are until an environment changes them.
    pub fn standard() -> Vec<Self> {
        let all = [
            ("email", "Email", "email", Datatype::String),
            ("given_name", "Given name", "givenname", Datatype::String),
            ("family_name", "Family name", "surname", Datatype::String),
            ("name", "Name", "name", Datatype::String),
            ("preferred_username", "Preferred username", "preferred_username", Datatype::String),
            ("phone_number", "Phone number", "phone_number", Datatype::String),
            ("picture", "Picture", "picture", Datatype::String),
            ("locale", "Locale", "locale", Datatype::String),
            ("gender", "Gender", "gender", Datatype::String),
            ("groups", "Groups", "groups", Datatype::Array),
        ];
        let made = all.map(|(key, label, saml, datatype)| Self {
            key: key.to_owned(),
            label: label.to_owned(),
            datatype,
            category: Category::Standard,
            enabled: true,
            required: key == "email",
            mapping: Mapping { saml: saml.to_owned(), oidc: key.to_owned() },
        });
        made.into()
    }

    /// A new attribute of an environment.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a reserved key or a bad label; `ALREADY_EXISTS` for a standard one.
    pub fn new(new: NewAttribute) -> Result<Self, Error> {
        check_label(&new.label)?;
        // Without regard to case: programs that read claims are not all careful.
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&new.key)) {
            let text = format!("must not be one of {}", RESERVED.join(", "));
            return Err(Error::invalid("user_attribute.key", "user_attribute.reserved", text));
        }
        if Self::standard().iter().any(|standard| standard.key.eq_ignore_ascii_case(&new.key)) {
            return Err(taken(&new.key));
        }
        Ok(Self {
            key: new.key,
            label: new.label,
            datatype: new.datatype,
            category: Category::Custom,
            enabled: new.enabled,
            required: new.required,
            mapping: new.mapping.unwrap_or_default(),
        })
    }

    /// The same attribute with other values.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a bad label, another key, another type of a standard attribute, or an e-mail that need not be.
    pub fn updated(self, new: NewAttribute) -> Result<Self, Error> {
        let refused = |field: &str, text: &'static str| {
            Err(Error::invalid(format!("user_attribute.{field}"), "user_attribute.fixed", text))
        };
        check_label(&new.label)?;
        if new.key != self.key {
            return refused("key", "must be the key of the attribute: it never changes");
        }
        if self.category == Category::Standard && new.datatype != self.datatype {
            return refused("datatype", "must stay as it is: the attribute is a standard one");
        }
        if self.key == "email" && !(new.enabled && new.required) {
            return refused("required", "must be true, and enabled, too: every user has an e-mail address");
        }
        let mapping = new.mapping.unwrap_or(self.mapping);
        let (enabled, required) = (new.enabled, new.required);
        Ok(Self { label: new.label, datatype: new.datatype, enabled, required, mapping, ..self })
    }
}

/// A key that the catalogue has.
pub fn taken(key: &str) -> Error {
    Error::already_exists(format!("key: the catalogue has an attribute \"{key}\" already"))
}

fn check_label(label: &str) -> Result<(), Error> {
    match text::name_problem(label) {
        Some(problem) => Err(Error::invalid("user_attribute.label", "label", problem)),
        None => Ok(()),
    }
}
