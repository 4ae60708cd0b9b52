//! The user of a login, read from the id token.

use serde_json::Value;

use crate::jwt::Claims;

/// Who logged in. What the id token does not say is None or empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AuthenticatedUser {
    /// `sub`: the user's id.
    pub id: String,
    /// `name`: the full name.
    pub name: Option<String>,
    /// `preferred_username`.
    pub username: Option<String>,
    /// `given_name`.
    pub given_name: Option<String>,
    /// `family_name`.
    pub family_name: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `email_verified`.
    pub email_verified: Option<bool>,
    /// `phone_number`.
    pub phone_number: Option<String>,
    /// `phone_number_verified`.
    pub phone_number_verified: Option<bool>,
    /// `profile`: URL of a profile page.
    pub profile: Option<String>,
    /// `picture`: URL of a picture.
    pub picture: Option<String>,
    /// `gender`.
    pub gender: Option<String>,
    /// `birthdate`: `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// `zoneinfo`: time zone, such as `Europe/Berlin`.
    pub zone_info: Option<String>,
    /// `locale`.
    pub locale: Option<String>,
    /// `updated_at`, as text also when the server sends a number.
    pub updated_at: Option<String>,
    /// `identities`: accounts at identity providers that belong to the user.
    pub identities: Vec<Identity>,
    /// `metadata`, as the server sends it.
    pub metadata: Option<Value>,
}

/// An account at an identity provider.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Identity {
    /// Connection to the provider, `conn_…`.
    pub connection_id: Option<String>,
    /// Organization of the connection, `org_…`.
    pub organization_id: Option<String>,
    /// `SAML`, `OIDC`, ….
    pub connection_type: Option<String>,
    /// Name of the provider.
    pub provider_name: Option<String>,
    /// Whether it is a social provider.
    pub social: Option<bool>,
    /// What the provider told, as the server sends it.
    pub provider_raw_attributes: Option<Value>,
}

impl AuthenticatedUser {
    pub(crate) fn from_claims(claims: &Claims) -> Self {
        let identities = claims.get("identities").and_then(Value::as_array);
        Self {
            id: text(claims, "sub").unwrap_or_default(),
            name: text(claims, "name"),
            username: text(claims, "preferred_username"),
            given_name: text(claims, "given_name"),
            family_name: text(claims, "family_name"),
            email: text(claims, "email"),
            email_verified: flag(claims, "email_verified"),
            phone_number: text(claims, "phone_number"),
            phone_number_verified: flag(claims, "phone_number_verified"),
            profile: text(claims, "profile"),
            picture: text(claims, "picture"),
            gender: text(claims, "gender"),
            birth_date: text(claims, "birthdate"),
            zone_info: text(claims, "zoneinfo"),
            locale: text(claims, "locale"),
            updated_at: text(claims, "updated_at"),
            identities: identities
                .map(|list| list.iter().filter_map(Value::as_object).map(Identity::from_claims).collect())
                .unwrap_or_default(),
            metadata: claims.get("metadata").filter(|value| !value.is_null()).cloned(),
        }
    }
}

impl Identity {
    fn from_claims(claims: &Claims) -> Self {
        Self {
            connection_id: text(claims, "connection_id"),
            organization_id: text(claims, "organization_id"),
            connection_type: text(claims, "connection_type"),
            provider_name: text(claims, "provider_name"),
            social: flag(claims, "social"),
            provider_raw_attributes: claims.get("provider_raw_attributes").cloned(),
        }
    }
}

/// A claim as text; empty is absent.
pub(crate) fn text(claims: &Claims, name: &str) -> Option<String> {
    match claims.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn flag(claims: &Claims, name: &str) -> Option<bool> {
    claims.get(name).and_then(Value::as_bool)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_claim_has_its_field_and_others_are_ignored() {
        let Value::Object(claims) = json!({
            "sub": "usr_1", "name": "Dana Reyes", "preferred_username": "dana", "given_name": "Dana",
            "family_name": "Reyes", "email": "dana@globex.test", "email_verified": true, "phone_number": "+491",
            "phone_number_verified": false, "profile": "https://p", "picture": "https://i", "gender": "f",
            "birthdate": "1990-01-01", "zoneinfo": "Europe/Berlin", "locale": "de", "updated_at": 1767225600,
            "identities": [{"connection_id": "conn_1", "provider_name": "GOOGLE", "social": true}, 7],
            "metadata": "{}", "oid": "org_1", "amr": ["conn_1"]
        }) else {
            panic!("an object")
        };
        let user = AuthenticatedUser::from_claims(&claims);
        let expected = AuthenticatedUser {
            id: "usr_1".into(),
            name: Some("Dana Reyes".into()),
            username: Some("dana".into()),
            given_name: Some("Dana".into()),
            family_name: Some("Reyes".into()),
            email: Some("dana@globex.test".into()),
            email_verified: Some(true),
            phone_number: Some("+491".into()),
            phone_number_verified: Some(false),
            profile: Some("https://p".into()),
            picture: Some("https://i".into()),
            gender: Some("f".into()),
            birth_date: Some("1990-01-01".into()),
            zone_info: Some("Europe/Berlin".into()),
            locale: Some("de".into()),
            updated_at: Some("1767225600".into()),
            identities: vec![Identity {
                connection_id: Some("conn_1".into()),
                provider_name: Some("GOOGLE".into()),
                social: Some(true),
                ..Identity::default()
            }],
            metadata: Some(json!("{}")),
        };
        assert_eq!(user, expected);
    }
}
