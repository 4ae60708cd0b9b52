//! What a person's sign-in gives to a client: what a code and the refresh tokens after it stand for.
use crate::{
    clients::ClientId,
    identities::Identity,
    ids::{AuthRequestId, ConnectionId, OrganizationId, ResourceId, SessionId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// Whom the tokens are about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Subject {
    /// A user in an organization (full-stack mode). The tokens end with the session and the membership.
    Member {
        /// Who.
        #[serde(with = "as_text")]
        user: UserId,
        /// In which session.
        #[serde(with = "as_text")]
        session: SessionId,
        /// In which organization.
        #[serde(with = "as_text")]
        organization: OrganizationId,
    },
    /// Somebody whom the environment keeps no user of (modular mode), or whom an application reported.
    External {
        /// `sub` of the tokens.
        sub: String,
        /// `sid`: a new id for each sign-in; there is no session behind it.
        #[serde(with = "as_text")]
        session: SessionId,
        /// The organization of the connection.
        #[serde(with = "as_optional_text")]
        organization: Option<OrganizationId>,
        /// The application's id of the organization, `xoid`.
        organization_external_id: Option<String>,
        /// Names of roles that the application reported.
        roles: Vec<String>,
        /// What is known of the person.
        identity: Box<Identity>,
    },
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The sign-in, `req_…` of the authentication log.
    #[serde(with = "as_text")]
    pub auth_request: AuthRequestId,
    /// Who may use it.
    #[serde(with = "as_text")]
    pub client: ClientId,
    /// Whom it is about.
    pub subject: Subject,
    /// How the person signed in: `amr[0]`.
    #[serde(with = "as_optional_text")]
    pub connection: Option<ConnectionId>,
    /// Granted scopes, in the order of the request.
    pub scopes: Vec<String>,
    /// The protected resource that the tokens are for.
    #[serde(with = "as_optional_text")]
    pub resource: Option<ResourceId>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// When the person proved who they are.
    #[serde(with = "as_micros")]
    pub auth_time: Timestamp,
    /// `custom_claims` of the access token; empty: none.
    pub custom_claims: Map<String, Json>,
}

impl Subject {
    /// `sub` of the tokens.
    pub fn sub(&self) -> String {
        match self {
            Self::Member { user, .. } => user.to_string(),
            Self::External { sub, .. } => sub.clone(),
        }
    }

    /// The session and organization that the tokens end with.
    pub const fn membership(&self) -> Option<(SessionId, OrganizationId)> {
        match self {
            Self::Member { session, organization, .. } => Some((*session, *organization)),
            Self::External { .. } => None,
        }
    }
}

/// A code to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCode {
    /// What it stands for.
    pub grant: Grant,
    /// `redirect_uri` of the request, which the token request must repeat.
    pub redirect_uri: String,
    /// `code_challenge` of the request, of method S256 (RFC 7636 §4.2).
    pub code_challenge: Option<String>,
}

/// Ids, as they are written everywhere.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::{fmt::Display, str::FromStr};

    pub fn serialize<T: Display, S: Serializer>(id: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

mod as_optional_text {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};
    use std::{fmt::Display, str::FromStr};

    pub fn serialize<T: Display, S: Serializer>(id: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(ToString::to_string).serialize(to)
    }

    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse()).transpose().map_err(D::Error::custom)
    }
}

mod as_micros {
    use crate::time::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.as_micros())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_micros)
    }
}
