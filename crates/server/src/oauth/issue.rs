//! Making tokens: claims of the access token (`auth.md` 3.3, 7.8), of the ID token (3.2), and the answer of RFC 6749 §5.1.
use super::{about::has, grant::Grant, person::Person};
use crate::{
    clients::{Client, CustomClaims},
    ctx::Ctx,
    error::Error,
    ids::TokenId,
    keys::EnvironmentKeys,
    resources::Target,
    secret::Secret,
    time::Timestamp,
};
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// Seconds that an ID token lasts.
const ID_TOKEN_SECONDS: i64 = 3600;
/// Seconds that an access token of somebody lasts whom the environment keeps no user of.
const MODULAR_SECONDS: i64 = 900;

/// What tokens are made of.
#[derive(Debug)]
pub struct Making<'a> {
    /// Who gets them.
    pub client: &'a Client,
    /// Its id, written.
    pub client_id: String,
    /// What for.
    pub grant: &'a Grant,
    /// Who they are about.
    pub person: &'a Person,
    /// The resource that they are for, if it is one.
    pub target: Option<&'a Target>,
    /// Scopes of these tokens.
    pub scopes: Vec<String>,
    /// The code that they are for; none: for a refresh token.
    pub code: Option<&'a str>,
}

/// Signed tokens, which must not leave the process before what they rest on is stored.
#[derive(Debug)]
pub struct Made {
    access_token: String,
    id_token: Option<String>,
    scope: String,
    exp: i64,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Vec<&'a str>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'a [String]>,
    scope: &'a str,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    xoid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    custom_claims: Map<String, Json>,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Owned, since it is finished on another thread: it has a hash of the access token.
#[derive(Serialize)]
struct IdClaims {
    iss: String,
    sub: String,
    aud: [String; 1],
    azp: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
    sid: String,
    amr: Vec<String>,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(flatten)]
    about: Map<String, Json>,
    iat: i64,
    exp: i64,
}

impl Making<'_> {
    /// Signs an access token, and an ID token if `openid` was granted: never within a transaction.
    ///
    /// # Errors
    /// Those of the database; `INTERNAL`.
    pub async fn sign(&self, ctx: &Ctx) -> Result<Made, Error> {
        let ring = &ctx.app().keys;
        let keys: Arc<EnvironmentKeys> = ring.of(ctx.app(), ctx.environment()).await?;
        let now = ctx.now();
        let exp = now.as_seconds() + self.seconds(ctx);
        let scope = self.scopes.join(" ");
        let access_claims = to_json(&self.access_claims(ctx, &scope, (now, exp)))?;
        let id_claims = has(&self.scopes, "openid").then(|| self.id_claims(ctx, now));
        let sign = move || {
            let key = keys.signing(now)?;
            let access_token = key.sign(&access_claims).map_err(Error::internal)?;
            let id_token = match id_claims {
                Some(claims) => {
                    let claims = IdClaims { at_hash: half_hash(&access_token), ..claims };
                    Some(key.sign(&to_json(&claims)?).map_err(Error::internal)?)
                }
                None => None,
            };
            Ok((access_token, id_token))
        };
        let (access_token, id_token) = ring.apart(sign).await?;
        Ok(Made { access_token, id_token, scope, exp })
    }

    /// Seconds that the access token lasts (`auth.md` 3.3.2).
    fn seconds(&self, ctx: &Ctx) -> i64 {
        let otherwise = if self.person.is_user() {
            60 * i64::from(ctx.environment().settings.session.access_token_minutes)
        } else {
            MODULAR_SECONDS
        };
        self.target.map_or(self.client.token_lifetime_seconds.unwrap_or(otherwise), |target| target.seconds)
    }

    fn access_claims<'a>(
        &'a self,
        ctx: &'a Ctx,
        scope: &'a str,
        (now, exp): (Timestamp, i64),
    ) -> AccessClaims<'a> {
        let (person, target) = (self.person, self.target);
        // In modular mode the token says who it is about and no more; one for a resource says what the application said.
        let says_more = person.is_user() || target.is_some();
        let jti: TokenId = ctx.new_id();
        AccessClaims {
            iss: &ctx.environment().url,
            sub: &person.sub,
            aud: match target {
                Some(target) => target.audiences.iter().map(String::as_str).collect(),
                None => vec![self.client_id.as_str()],
            },
            client_id: &self.client_id,
            oid: person.organization.filter(|_| person.is_user()).map(|id| id.to_string()),
            sid: says_more.then(|| person.session.to_string()),
            resid: target.map(|target| target.resource.to_string()),
            roles: says_more.then_some(&person.roles),
            permissions: person.is_user().then_some(&person.permissions),
            scope,
            scopes: &self.scopes,
            xoid: person.organization_external_id.as_deref().filter(|_| says_more),
            xuid: person.external_id.as_deref(),
            email: person.reported_email().filter(|_| target.is_some()),
            custom_claims: self.custom_claims(),
            jti: jti.to_string(),
            iat: now.as_seconds(),
            nbf: now.as_seconds(),
            exp,
        }
    }

    /// What the sign-in brought, over what the client of a resource always gets.
    fn custom_claims(&self) -> Map<String, Json> {
        let own: &CustomClaims = &self.client.custom_claims;
        let own = own.iter().filter(|_| self.target.is_some());
        let mut claims: Map<String, Json> =
            own.map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        claims.extend(self.grant.custom_claims.clone());
        claims
    }

    /// All but the hash of the access token.
    fn id_claims(&self, ctx: &Ctx, now: Timestamp) -> IdClaims {
        let person = self.person;
        IdClaims {
            iss: ctx.environment().url.clone(),
            sub: person.sub.clone(),
            aud: [self.client_id.clone()],
            azp: self.client_id.clone(),
            client_id: self.client_id.clone(),
            oid: person.organization.map(|id| id.to_string()),
            sid: person.session.to_string(),
            amr: self.grant.connection.iter().map(ToString::to_string).collect(),
            auth_time: self.grant.auth_time.as_seconds(),
            nonce: self.grant.nonce.clone(),
            at_hash: String::new(),
            c_hash: self.code.map(half_hash),
            about: person.about().in_id_token(&self.scopes),
            iat: now.as_seconds(),
            exp: now.as_seconds() + ID_TOKEN_SECONDS,
        }
    }
}

fn to_json(claims: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(claims).map_err(Error::internal)
}

/// The left half of the SHA-256 (OpenID Connect Core §3.1.3.6, §3.3.2.11).
fn half_hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    BASE64URL.encode(hash.as_ref().get(..16).unwrap_or_default())
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    scope: &'a str,
}

impl Made {
    /// The JSON for the client.
    ///
    /// # Errors
    /// `INTERNAL`
    pub fn answer(&self, refresh_token: Option<&Secret<String>>, now: Timestamp) -> Result<String, Error> {
        let answer = Answer {
            access_token: &self.access_token,
            token_type: "Bearer",
            expires_in: seconds_until(self.exp, now),
            refresh_token: refresh_token.map(|token| token.expose().as_str()),
            id_token: self.id_token.as_deref(),
            scope: &self.scope,
        };
        serde_json::to_string(&answer).map_err(Error::internal)
    }
}

/// Whole seconds that are left, so that nobody counts on one too many.
pub fn seconds_until(exp: i64, now: Timestamp) -> i64 {
    exp - now.as_seconds() - i64::from(now.as_micros() % 1_000_000 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_openid_connect_core_a_3() {
        // OpenID Connect Core, Appendix A.3 and A.4.
        assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
    }
}
