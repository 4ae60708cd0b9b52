//! Tests of a connection (`management.md` 6.6): a real round trip to the provider that signs nobody in.
use super::{
    model::{Hints, Purpose, UpstreamError},
    start::start,
};
use crate::{
    connections::{
        self, Connection, ConnectionType,
        test_results::{self, TestError},
    },
    ctx::Ctx,
    error::Error,
    identities::Identity,
    ids::{ConnectionId, ConnectionTestId},
    pages::TestResult,
};
use serde_json::{Map, Value as Json};

/// A test that has begun.
#[derive(Debug)]
pub struct Begun {
    /// By which the outcome is asked for.
    pub id: ConnectionTestId,
    /// Where to send the browser; or, if it ended there already, what to show.
    pub next: Result<String, TestResult>,
}

/// Begins a test of a connection, enabled or not.
///
/// # Errors
/// `NOT_FOUND`
pub async fn begin(ctx: &Ctx, id: ConnectionId, browser_hash: &[u8]) -> Result<Begun, Error> {
    let test = test_results::begin(ctx, id).await?;
    let found = connections::find(&mut ctx.db().read(), ctx.environment().id, None, id).await?;
    let connection = found.ok_or_else(|| Connection::not_found(id, None))?;
    let url = if connection.kind() == ConnectionType::Saml {
        Err(no_saml())
    } else {
        start(ctx, &connection, Purpose::Test(test), browser_hash, Hints::default()).await
    };
    let next = match url {
        Ok(url) => Ok(url),
        Err(error) => Err(end(ctx, test, Err(error)).await?),
    };
    Ok(Begun { id: test, next })
}

fn no_saml() -> UpstreamError {
    UpstreamError::new(
        "connection_not_active",
        "begin the test",
        "a connection of type OIDC or OAUTH",
        "SAML",
    )
    .describing("this version of the server does not speak SAML yet: the connection can be set up, not used")
}

/// Stores the outcome of a test, and tells what to show of it.
///
/// # Errors
/// Those of the database.
pub async fn end(
    ctx: &Ctx,
    test: ConnectionTestId,
    outcome: Result<Identity, UpstreamError>,
) -> Result<TestResult, Error> {
    match outcome {
        Ok(identity) => {
            let told = told(&identity)?;
            test_results::finish(ctx, test, Ok(Json::Object(told.clone()).to_string())).await?;
            let attributes = told.into_iter().map(|(name, value)| (name, words(value))).collect();
            Ok(TestResult { success: true, attributes, ..TestResult::default() })
        }
        Err(error) => {
            let details = format!("{}: expected {}, got {}", error.step, error.expected, error.got);
            let (code, description) = (error.code.to_owned(), error.description.clone());
            let stored =
                TestError { code: code.clone(), description: description.clone(), details: details.clone() };
            test_results::finish(ctx, test, Err(stored)).await?;
            Ok(TestResult {
                code,
                description,
                details,
                fix: fix(&error).to_owned(),
                ..TestResult::default()
            })
        }
    }
}

/// What is known of the person, without what is not.
fn told(identity: &Identity) -> Result<Map<String, Json>, Error> {
    let mut told = match serde_json::to_value(identity).map_err(Error::internal)? {
        Json::Object(told) => told,
        _ => Map::new(),
    };
    told.retain(|_, value| match value {
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        _ => true,
    });
    Ok(told)
}

fn words(value: Json) -> String {
    match value {
        Json::String(text) => text,
        Json::Array(items) => items.into_iter().map(words).collect::<Vec<_>>().join(", "),
        Json::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| format!("{name}: {}", words(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

/// What whoever set the connection up can do about it.
fn fix(error: &UpstreamError) -> &'static str {
    match error.code {
        "connection_not_active" => "Complete the configuration of the connection.",
        "failed_to_exchange_token" => {
            "Compare client id, client secret, redirect URI and the way to authenticate the client with what is registered at the identity provider."
        }
        "invalid_id_token" => {
            "Compare the issuer, the client id and jwks_uri of the connection with the identity provider's discovery document, byte for byte."
        }
        "user_info_retrieve_failed" => {
            "Check user_info_uri, and that the client may ask for the scopes of the connection."
        }
        "mandatory_attribute_missing" => {
            "Have the identity provider send the claim, or name another one in the attribute mapping of the connection."
        }
        "access_denied" => "Assign the person to the application at the identity provider.",
        "authentication_not_completed" => "Sign in at the identity provider, and test again.",
        "unauthorized" => {
            "Look the error up in the identity provider's own log: a redirect URI, a scope or the grant is often not allowed for the client."
        }
        _ => "Test again; if it stays so, look at the log of the server.",
    }
}
