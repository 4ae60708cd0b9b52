//! Claims about a person (OpenID Connect Core §5.1), as far as the granted scopes allow (§5.4).
use crate::{identities::Identity, users::User};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Claims that mean something else: an attribute of the customer's never takes their place.
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "azp",
    "client_id",
    "oid",
    "sid",
    "amr",
    "acr",
    "auth_time",
    "nonce",
    "at_hash",
    "c_hash",
    "act",
    "xoid",
    "xuid",
    "roles",
    "permissions",
    "scope",
    "scopes",
    "resid",
    "custom_claims",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "picture",
    "locale",
    "gender",
    "profile",
    "website",
    "birthdate",
    "zoneinfo",
    "updated_at",
    "phone_number",
    "phone_number_verified",
    "address",
    "groups",
    "identities",
    "metadata",
    "relay_state",
    "events",
];

/// What is known of a person. What is not known is empty.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    email: &'a str,
    email_verified: bool,
    texts: [(&'static str, &'a str); 7],
    phone_number: &'a str,
    phone_number_verified: bool,
    groups: &'a [String],
    attributes: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a User> for About<'a> {
    fn from(user: &'a User) -> Self {
        let profile = &user.profile;
        Self {
            email: user.email.as_str(),
            email_verified: profile.email_verified,
            texts: [
                ("name", &profile.name),
                ("given_name", &profile.given_name),
                ("family_name", &profile.family_name),
                ("preferred_username", &profile.preferred_username),
                ("picture", &profile.picture),
                ("locale", &profile.locale),
                ("gender", &profile.gender),
            ],
            phone_number: &profile.phone_number,
            phone_number_verified: profile.phone_number_verified,
            groups: &profile.groups,
            attributes: &profile.custom_attributes,
        }
    }
}

impl<'a> From<&'a Identity> for About<'a> {
    fn from(identity: &'a Identity) -> Self {
        Self {
            email: &identity.email,
            email_verified: identity.email_verified,
            texts: [
                ("name", &identity.name),
                ("given_name", &identity.given_name),
                ("family_name", &identity.family_name),
                ("preferred_username", &identity.preferred_username),
                ("picture", &identity.picture),
                ("locale", &identity.locale),
                ("gender", &identity.gender),
            ],
            phone_number: &identity.phone_number,
            phone_number_verified: false,
            groups: &identity.groups,
            attributes: &identity.custom_attributes,
        }
    }
}

impl About<'_> {
    /// Claims of an ID token. SDKs want the address there whatever was asked for (`auth.md` 3.2.2).
    pub fn in_id_token(&self, scopes: &[String]) -> Map<String, Json> {
        let mut claims = self.email();
        self.add_profile(&mut claims, scopes);
        claims
    }

    /// Claims of `/userinfo`.
    pub fn at_userinfo(&self, scopes: &[String]) -> Map<String, Json> {
        let mut claims = if has(scopes, "email") { self.email() } else { Map::new() };
        self.add_profile(&mut claims, scopes);
        claims
    }

    fn email(&self) -> Map<String, Json> {
        let mut claims = Map::new();
        if !self.email.is_empty() {
            claims.insert("email".to_owned(), self.email.into());
            claims.insert("email_verified".to_owned(), self.email_verified.into());
        }
        claims
    }

    fn add_profile(&self, claims: &mut Map<String, Json>, scopes: &[String]) {
        if has(scopes, "phone") && !self.phone_number.is_empty() {
            claims.insert("phone_number".to_owned(), self.phone_number.into());
            claims.insert("phone_number_verified".to_owned(), self.phone_number_verified.into());
        }
        if !has(scopes, "profile") {
            return;
        }
        for (name, value) in self.texts.into_iter().filter(|(_, value)| !value.is_empty()) {
            claims.insert(name.to_owned(), value.into());
        }
        if !self.groups.is_empty() {
            claims.insert("groups".to_owned(), self.groups.into());
        }
        for (name, value) in self.attributes.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())) {
            claims.insert(name.clone(), value.as_str().into());
        }
    }
}

/// Whether a scope was granted.
pub fn has(scopes: &[String], scope: &str) -> bool {
    scopes.iter().any(|other| other == scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity() -> Identity {
        let attributes = [("team", "blue"), ("sub", "somebody else"), ("roles", "admin")];
        Identity {
            email: "dana@acme.example".to_owned(),
            name: "Dana".to_owned(),
            phone_number: "+49 30".to_owned(),
            custom_attributes: attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Identity::default()
        }
    }

    fn claims(scopes: &str) -> (Json, Json) {
        let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
        let (identity, about) = (identity(), |identity| About::from(identity));
        (about(&identity).in_id_token(&scopes).into(), about(&identity).at_userinfo(&scopes).into())
    }

    #[test]
    fn scopes_say_what_is_told() {
        let email = json!({"email": "dana@acme.example", "email_verified": false});
        assert_eq!(claims("openid"), (email.clone(), json!({})));
        assert_eq!(claims("openid email"), (email.clone(), email));
        let all = json!({"email": "dana@acme.example", "email_verified": false, "phone_number": "+49 30",
            "phone_number_verified": false, "name": "Dana", "team": "blue"});
        assert_eq!(claims("openid profile email phone"), (all.clone(), all));
    }
}
