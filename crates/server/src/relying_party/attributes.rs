//! From what a provider says to our attributes (`management.md` 6.5): the connection's mapping, or else the catalogue's.
use super::{
    id_token::Claims,
    model::{UpstreamError, shown},
};
use crate::{
    connections::{Connection, ConnectionType},
    email::Email,
    identities::Identity,
    text,
    user_attributes::{Attribute, Category},
};
use serde_json::Value as Json;

const MAX_VALUE: usize = 256;
const MAX_URL: usize = 2048;
const MAX_GROUPS: usize = 1000;

/// Who the claims are about. Only attributes of the catalogue are filled: that keeps out what has a meaning of its own in
/// tokens (`roles`, `permissions`, `sub`, …), which no attribute of an environment may be named.
///
/// # Errors
/// `mandatory_attribute_missing`
pub fn identity(
    connection: &Connection,
    catalogue: &[Attribute],
    claims: &Claims,
) -> Result<Identity, UpstreamError> {
    let mut identity = Identity {
        subject: claims.get("sub").and_then(Json::as_str).unwrap_or_default().to_owned(),
        email_verified: is_true(claims.get("email_verified")),
        ..Identity::default()
    };
    for attribute in catalogue.iter().filter(|attribute| attribute.enabled) {
        let name = source(connection, attribute);
        let value = claims.get(name);
        if let Some(value) = value {
            fill(&mut identity, attribute, value);
        }
        if is_required(connection, attribute) && !is_filled(&identity, attribute) {
            return Err(missing(attribute, name, value));
        }
    }
    Ok(identity)
}

/// A social provider has no administrator who could add an attribute for us.
fn is_required(connection: &Connection, attribute: &Attribute) -> bool {
    attribute.required && (attribute.key == "email" || connection.kind() == ConnectionType::Oidc)
}

/// The name of the claim that has the attribute's value.
pub fn source<'a>(connection: &'a Connection, attribute: &'a Attribute) -> &'a str {
    let usual = match attribute.mapping.oidc.as_str() {
        "" => attribute.key.as_str(),
        name => name,
    };
    connection.attribute_mapping.get(&attribute.key).map_or(usual, String::as_str)
}

/// Some providers write booleans as text.
pub fn is_true(value: Option<&Json>) -> bool {
    matches!(value, Some(Json::Bool(true))) || value.and_then(Json::as_str) == Some("true")
}

fn fill(identity: &mut Identity, attribute: &Attribute, value: &Json) {
    if attribute.key == "groups" {
        identity.groups = groups(value);
        return;
    }
    let Some(value) = plain(value, if attribute.key == "picture" { MAX_URL } else { MAX_VALUE }) else {
        return;
    };
    match field(identity, attribute) {
        Some(field) => *field = value,
        None => {
            identity.custom_attributes.insert(attribute.key.clone(), value);
        }
    }
}

/// A standard attribute's place.
fn field<'a>(identity: &'a mut Identity, attribute: &Attribute) -> Option<&'a mut String> {
    if attribute.category == Category::Custom {
        return None;
    }
    Some(match attribute.key.as_str() {
        "email" => &mut identity.email,
        "name" => &mut identity.name,
        "given_name" => &mut identity.given_name,
        "family_name" => &mut identity.family_name,
        "preferred_username" => &mut identity.preferred_username,
        "phone_number" => &mut identity.phone_number,
        "picture" => &mut identity.picture,
        "locale" => &mut identity.locale,
        "gender" => &mut identity.gender,
        _ => return None,
    })
}

/// As text; lists and objects as JSON. What is longer than its place, or has control characters, is no value.
fn plain(value: &Json, most: usize) -> Option<String> {
    let plain = match value {
        Json::Null => return None,
        Json::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let fits = !plain.is_empty() && plain.chars().count() <= most && text::control_problem(&plain).is_none();
    fits.then_some(plain)
}

/// A list of names, or one.
fn groups(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => {
            items.iter().take(MAX_GROUPS).filter_map(|item| plain(item, MAX_VALUE)).collect()
        }
        one => plain(one, MAX_VALUE).into_iter().collect(),
    }
}

fn is_filled(identity: &Identity, attribute: &Attribute) -> bool {
    match attribute.key.as_str() {
        "email" => Email::parse(&identity.email).is_ok(),
        "groups" => !identity.groups.is_empty(),
        key if attribute.category == Category::Custom => identity.custom_attributes.contains_key(key),
        _ => field(&mut identity.clone(), attribute).is_none_or(|value| !value.is_empty()),
    }
}

fn missing(attribute: &Attribute, name: &str, value: Option<&Json>) -> UpstreamError {
    let key = &attribute.key;
    let what = if key == "email" { "an e-mail address" } else { "a value" };
    let got = value.map_or_else(|| "none".to_owned(), |value| shown(&value.to_string()));
    UpstreamError::new(
        "mandatory_attribute_missing",
        "map the attributes of the user",
        format!("{what} for {key} in the claim {name:?}"),
        got,
    )
    .describing(format!("the identity provider did not give a required attribute: {key}"))
}
