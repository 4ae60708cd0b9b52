//! An identity provider of our own that lets everybody be whom they like (`management.md` 16.5), in development
//! environments only. Its code is what it says of the person, sealed: any node can open it, and only for one state.
use super::{
    id_token::Claims,
    model::{Hints, UpstreamError},
};
use crate::{
    connections::{self, Connection, Provider},
    ctx::Ctx,
    email::Email,
    environments::EnvironmentType,
    error::{Error, Kind},
    ids::ConnectionId,
    organizations::{self, OrganizationRef},
    pages::Simulator,
    user_attributes::{self, Catalogue},
    vault::{self, Place},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

const SEALED_IN: &str = "upstream_logins.simulated";

/// What can be made to go wrong: what a provider says in the browser, and what is found of its answers.
const ERRORS: &[(&str, &str)] = &[
    ("access_denied", "The person declines"),
    ("authentication_not_completed", "The person gives up"),
    ("failed_to_exchange_token", "The provider gives no tokens for its code"),
    ("invalid_id_token", "The ID token is not accepted"),
    ("user_info_retrieve_failed", "The provider gives no profile"),
    ("mandatory_attribute_missing", "The provider gives no e-mail address"),
    ("unauthorized", "The provider refuses the application"),
    ("server_error", "The provider is out of order"),
];

/// What the simulator says.
#[derive(Serialize, Deserialize)]
struct Simulated {
    /// SHA-256 of the state.
    state_hash: Vec<u8>,
    /// Of the person; none if it goes wrong.
    claims: Option<Claims>,
    /// How it goes wrong.
    error: String,
}

/// What the person chose.
#[derive(Debug)]
pub enum Choice {
    /// To be somebody: fields of the form, by the keys of attributes.
    SignIn(Vec<(String, String)>),
    /// That it goes wrong so.
    Fail(String),
}

/// Whether a connection leads here.
pub fn is_one(connection: &Connection) -> bool {
    connection.provider == Provider::IdpSimulator
}

/// Where it is, for a state.
pub fn url(ctx: &Ctx, connection: ConnectionId, state: &str, hints: &Hints) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("state", state);
    if let Some(hint) = &hints.login_hint {
        query.append_pair("login_hint", hint);
    }
    format!("{}{}?{}", ctx.environment().url, path(connection), query.finish())
}

fn path(connection: ConnectionId) -> String {
    format!("/sso/v1/oidc/{connection}/simulator")
}

/// Its page, but for the proof that the form is the browser's.
///
/// # Errors
/// `NOT_FOUND` for what is no simulator.
pub async fn page(
    ctx: &Ctx,
    connection: ConnectionId,
    state: &str,
    login_hint: &str,
) -> Result<Simulator, Error> {
    let connection = find(ctx, connection).await?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let organization = match connection.organization {
        Some(id) => organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await?,
        None => None,
    };
    let catalogue = user_attributes::list(&mut tx, env, Catalogue::Sso).await?;
    let others = catalogue.into_iter().filter(|attribute| attribute.enabled && attribute.key != "email");
    let query = Serializer::new(String::new()).append_pair("state", state).finish();
    Ok(Simulator {
        csrf: String::new(),
        action: format!("{}?{query}", path(connection.id)),
        email: if Email::parse(login_hint).is_ok() { login_hint.to_owned() } else { String::new() },
        organization_name: organization.map(|organization| organization.display_name).unwrap_or_default(),
        attributes: others.map(|attribute| (attribute.key, attribute.label)).collect(),
        errors: ERRORS.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).collect(),
    })
}

/// A simulator; nothing else, and nowhere else than where people try things.
async fn find(ctx: &Ctx, id: ConnectionId) -> Result<Connection, Error> {
    let found = connections::find(&mut ctx.db().read(), ctx.environment().id, None, id).await?;
    let is_development = ctx.environment().kind == EnvironmentType::Development;
    found
        .filter(|connection| is_development && is_one(connection))
        .ok_or_else(|| Error::not_found(format!("simulator {id}")))
}

/// Where the browser goes with the person's choice: to the callback, as from any other provider.
///
/// # Errors
/// `NOT_FOUND` for what is no simulator; `INVALID_ARGUMENT` for an error that it does not know.
pub async fn answer(
    ctx: &Ctx,
    connection: ConnectionId,
    state: &str,
    choice: Choice,
) -> Result<String, Error> {
    let connection = find(ctx, connection).await?;
    let (claims, error) = match choice {
        Choice::SignIn(fields) => (Some(claims(ctx, &connection, fields).await?), String::new()),
        Choice::Fail(code) if ERRORS.iter().any(|(known, _)| *known == code) => (None, code),
        Choice::Fail(_) => {
            return Err(Error::new(Kind::InvalidArgument, "error: is none of the simulator's"));
        }
    };
    let simulated = Simulated { state_hash: vault::hash(state), claims, error };
    let json = serde_json::to_vec(&simulated).map_err(Error::internal)?;
    let code = BASE64URL.encode(ctx.app().vault.seal(place(&connection), &json)?);
    let mut query = Serializer::new(String::new());
    query.append_pair("state", state).append_pair("code", &code);
    Ok(format!("/sso/v1/oidc/{}/callback?{}", connection.id, query.finish()))
}

/// As a provider says them: under the names that the connection's mapping expects.
async fn claims(ctx: &Ctx, connection: &Connection, fields: Vec<(String, String)>) -> Result<Claims, Error> {
    let env = ctx.environment().id;
    let catalogue = user_attributes::list(&mut ctx.db().read(), env, Catalogue::Sso).await?;
    let mut claims = Claims::new();
    for (key, value) in fields {
        let value = value.trim();
        let Some(attribute) = catalogue.iter().find(|attribute| attribute.key == key) else { continue };
        if value.is_empty() {
            continue;
        }
        if key == "email" {
            claims.insert("sub".to_owned(), format!("simulated|{}", value.to_lowercase()).into());
        }
        let said = match key.as_str() {
            "groups" => value.split(',').map(str::trim).filter(|group| !group.is_empty()).collect(),
            _ => value.into(),
        };
        claims.insert(super::attributes::source(connection, attribute).to_owned(), said);
    }
    Ok(claims)
}

fn place(connection: &Connection) -> Place {
    Place { column: SEALED_IN, row: connection.id.as_i64() }
}

/// What the simulator said, by its code.
///
/// # Errors
/// What the person chose to go wrong; `failed_to_exchange_token` for another code than that of the state.
pub async fn exchange(
    ctx: &Ctx,
    connection: &Connection,
    code: &str,
    state: &str,
) -> Result<Claims, UpstreamError> {
    find(ctx, connection.id).await?;
    let refused = || {
        let (step, expected) = ("open the code of the simulator", "the code that it gave for this sign-in");
        UpstreamError::new("failed_to_exchange_token", step, expected, "another text")
    };
    let sealed = BASE64URL.decode(code).map_err(|_| refused())?;
    let opened = ctx.app().vault.open(place(connection), &sealed).map_err(|_| refused())?;
    let simulated: Simulated = serde_json::from_slice(opened.expose()).map_err(|_| refused())?;
    if !vault::equal(&simulated.state_hash, &vault::hash(state)) {
        return Err(refused());
    }
    let known = ERRORS.iter().find(|(known, _)| *known == simulated.error);
    match (simulated.claims, known) {
        (Some(claims), _) => Ok(claims),
        (None, Some((code, text))) => {
            Err(UpstreamError::new(code, "ask the simulator", "a sign-in", format!("the choice {text:?}")))
        }
        (None, None) => Err(refused()),
    }
}
