//! What a machine client is.

use std::collections::BTreeMap;

use gatewright_api::scalekit::v1::clients as pb;
use jiff::Timestamp;

use crate::convert::{into_timestamp, open_enum, timestamp};
use crate::error::Result;

open_enum! {
    /// Whether a secret can be used.
    ClientSecretStatus {
        /// It can.
        Active = 0 "ACTIVE",
        /// It cannot.
        Inactive = 1 "INACTIVE",
    }
}

/// A secret without its plain text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClientSecret {
    /// Id, `sks_…`.
    pub id: String,
    /// Last four characters, to tell secrets apart.
    pub secret_suffix: String,
    /// Whether it can be used.
    pub status: ClientSecretStatus,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
    /// When it expires, UTC; None means never.
    pub expire_time: Option<Timestamp>,
    /// When it was last used, UTC, to within some minutes.
    pub last_used_time: Option<Timestamp>,
}

impl ClientSecret {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::ClientSecret {
        pb::ClientSecret {
            id: self.id,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            secret_suffix: self.secret_suffix,
            created_by: self.created_by,
            status: self.status.into(),
            expire_time: into_timestamp(self.expire_time),
            last_used_time: into_timestamp(self.last_used_time),
            plain_secret: None,
        }
    }
}

impl From<pb::ClientSecret> for ClientSecret {
    fn from(message: pb::ClientSecret) -> Self {
        Self {
            id: message.id,
            secret_suffix: message.secret_suffix,
            status: message.status.into(),
            created_by: message.created_by,
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
            expire_time: timestamp(message.expire_time),
            last_used_time: timestamp(message.last_used_time),
        }
    }
}

/// A machine client of an organization.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct M2mClient {
    /// Its id at the token endpoint, `m2morg_…`.
    pub client_id: String,
    /// Id of the organization, `org_…`.
    pub organization_id: String,
    /// Name for people, at most 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Audience of its tokens; the client's id where this is empty.
    pub audience: Vec<String>,
    /// Claims that its tokens carry under `custom_claims`.
    pub custom_claims: BTreeMap<String, String>,
    /// Seconds that its tokens last.
    pub expiry: i64,
    /// Its secrets, oldest first.
    pub secrets: Vec<ClientSecret>,
    /// When it was created, UTC.
    pub create_time: Option<Timestamp>,
    /// When it was last changed, UTC.
    pub update_time: Option<Timestamp>,
}

impl M2mClient {
    /// The generated protobuf message.
    pub fn into_message(self) -> pb::M2mClient {
        pb::M2mClient {
            client_id: self.client_id,
            secrets: self.secrets.into_iter().map(ClientSecret::into_message).collect(),
            name: self.name,
            description: self.description,
            organization_id: self.organization_id,
            create_time: into_timestamp(self.create_time),
            update_time: into_timestamp(self.update_time),
            scopes: self.scopes,
            audience: self.audience,
            custom_claims: claims(self.custom_claims),
            expiry: self.expiry,
            ..Default::default()
        }
    }
}

impl From<pb::M2mClient> for M2mClient {
    fn from(message: pb::M2mClient) -> Self {
        Self {
            client_id: message.client_id,
            organization_id: message.organization_id,
            name: message.name,
            description: message.description,
            scopes: message.scopes,
            audience: message.audience,
            custom_claims: message.custom_claims.into_iter().map(|claim| (claim.key, claim.value)).collect(),
            expiry: message.expiry,
            secrets: message.secrets.into_iter().map(Into::into).collect(),
            create_time: timestamp(message.create_time),
            update_time: timestamp(message.update_time),
        }
    }
}

pub(crate) fn claims<K: Into<String>, V: Into<String>>(
    claims: impl IntoIterator<Item = (K, V)>,
) -> Vec<pb::CustomClaim> {
    let claims = claims.into_iter();
    claims.map(|(key, value)| pb::CustomClaim { key: key.into(), value: value.into() }).collect()
}

/// A machine client that was just created, with its first secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NewM2mClient {
    /// The client.
    pub client: M2mClient,
    /// Its secret in plain text: shown here and never again. Not part of `Debug`.
    pub plain_secret: String,
}

impl std::fmt::Debug for NewM2mClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewM2mClient").field("client", &self.client).finish_non_exhaustive()
    }
}

impl NewM2mClient {
    pub(crate) fn from_message(message: pb::CreateOrganizationClientResponse) -> Result<Self> {
        let client = crate::convert::present(message.client, "client")?;
        Ok(Self { client: client.into(), plain_secret: message.plain_secret })
    }
}

/// A secret that was just added.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct NewClientSecret {
    /// How it is shown from now on.
    pub secret: ClientSecret,
    /// The secret in plain text: shown here and never again. Not part of `Debug`.
    pub plain_secret: String,
}

impl std::fmt::Debug for NewClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewClientSecret").field("secret", &self.secret).finish_non_exhaustive()
    }
}

impl NewClientSecret {
    pub(crate) fn from_message(message: pb::CreateOrganizationClientSecretResponse) -> Result<Self> {
        let secret = crate::convert::present(message.secret, "secret")?;
        Ok(Self { secret: secret.into(), plain_secret: message.plain_secret })
    }

    pub(crate) fn of_client(message: pb::CreateClientSecretResponse) -> Result<Self> {
        let secret = crate::convert::present(message.secret, "secret")?;
        Ok(Self { secret: secret.into(), plain_secret: message.plain_secret })
    }
}
