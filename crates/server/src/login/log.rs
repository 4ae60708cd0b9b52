//! What the authentication log says of a sign-in: an entry that follows it, and, if it fails, a trace that explains why.
use super::sign_in::SignIn;
use crate::{
    auth_logs::{self, AuthRequest, AuthStatus, TakingPart},
    clients::{self, Client, ClientType},
    connections::Connection,
    ctx::Ctx,
    db::Tx,
    error::Error,
    events::{self, EventType},
    ids::{AuthRequestId, OrganizationId},
};
use serde_json::json;

/// What is new about a sign-in.
#[derive(Debug, Default)]
pub struct News<'a> {
    /// How far it is.
    pub status: Option<AuthStatus>,
    /// Whose it is.
    pub email: &'a str,
    /// Into which organization.
    pub organization: Option<OrganizationId>,
    /// Through which connection.
    pub connection: Option<&'a Connection>,
}

/// Why a sign-in failed, for whoever must mend it.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The code that the application got, `auth.md` 2.12.
    pub code: &'static str,
    /// Which step, in a few words.
    pub step: &'static str,
    /// What should have come.
    pub expected: String,
    /// What came, without secrets.
    pub got: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Writes the first entry of a sign-in.
///
/// # Errors
/// Those of the database.
pub async fn begin(
    tx: &mut Tx,
    ctx: &Ctx,
    id: AuthRequestId,
    client: &Client,
    as_asked: &str,
) -> Result<(), Error> {
    let mut entry = AuthRequest::started(id, as_asked.to_owned(), ctx.now());
    entry.client_name.clone_from(&client.name);
    client_type(&client.kind).clone_into(&mut entry.client_type);
    if let ClientType::Resource(resource) = client.kind {
        entry.resource_id = resource.to_string();
        "MCP_SERVER".clone_into(&mut entry.resource_type);
    }
    "login".clone_into(&mut entry.workflow);
    auth_logs::record(tx, ctx.environment().id, &entry).await
}

fn client_type(kind: &ClientType) -> &'static str {
    match kind {
        ClientType::Organization(_) | ClientType::Resource(_) => "M2M",
        other => other.as_str(),
    }
}

/// Writes what is new about a sign-in.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, ctx: &Ctx, id: AuthRequestId, news: &News<'_>) -> Result<(), Error> {
    let env = ctx.environment().id;
    let Some(mut entry) = auth_logs::find(tx, env, id).await? else { return Ok(()) };
    if let Some(status) = news.status {
        entry.status = status;
    }
    if !news.email.is_empty() {
        news.email.clone_into(&mut entry.email);
    }
    entry.organization = news.organization.or(entry.organization);
    if let Some(connection) = news.connection {
        entry.connection = Some(connection.id);
        connection.kind().as_str().clone_into(&mut entry.connection_type);
        connection.provider.as_str().clone_into(&mut entry.connection_provider);
        let part = TakingPart {
            connection_id: connection.id.to_string(),
            organization_id: connection.organization.map(|id| id.to_string()).unwrap_or_default(),
            connection_type: entry.connection_type.clone(),
            connection_provider: entry.connection_provider.clone(),
        };
        if !entry.connections.contains(&part) {
            entry.connections.push(part);
        }
        if connection.kind().is_of_organization() {
            "sso".clone_into(&mut entry.workflow);
        }
    }
    auth_logs::record(tx, env, &entry).await
}

/// Writes that a sign-in failed, and why.
///
/// # Errors
/// Those of the database.
pub async fn fail(tx: &mut Tx, ctx: &Ctx, sign_in: &SignIn, trace: &Trace) -> Result<(), Error> {
    let env = ctx.environment().id;
    let Some(mut entry) = auth_logs::find(tx, env, sign_in.id).await? else { return Ok(()) };
    entry.status = AuthStatus::Failed;
    trace.code.clone_into(&mut entry.error_code);
    auth_logs::record(tx, env, &entry).await?;
    tell(tx, ctx, sign_in, &entry, trace).await
}

/// Writes why something failed in a sign-in that goes on.
///
/// # Errors
/// Those of the database.
pub async fn note(tx: &mut Tx, ctx: &Ctx, sign_in: &SignIn, trace: &Trace) -> Result<(), Error> {
    let Some(entry) = auth_logs::find(tx, ctx.environment().id, sign_in.id).await? else { return Ok(()) };
    tell(tx, ctx, sign_in, &entry, trace).await
}

async fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    entry: &AuthRequest,
    trace: &Trace,
) -> Result<(), Error> {
    let data = json!({
        "auth_request_id": sign_in.id.to_string(),
        "connection_id": entry.connection.map(|id| id.to_string()),
        "error": trace.code,
        "step": trace.step,
        "expected": trace.expected,
        "got": trace.got,
        "remedy": trace.remedy,
    });
    events::emit_step(tx, ctx, EventType::SignInFailed, sign_in.id, entry.organization, &data).await
}

/// The client of a sign-in, as it is now.
///
/// # Errors
/// `NOT_FOUND` if it is gone.
pub async fn client_of(ctx: &Ctx, sign_in: &SignIn) -> Result<Client, Error> {
    let known = clients::known(ctx.app(), ctx.environment().id, sign_in.client, ctx.now()).await?;
    known.client.clone().ok_or_else(|| Client::not_found(sign_in.client))
}
