//! The operations on connections.
use super::{
    discovery, jobs,
    model::{
        ConfigurationType, Connection, ConnectionType, ConnectionUpdate, NewConnection, Provider, Status,
    },
    settings::{Settings, SettingsUpdate},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    domains::{self, Domain},
    environments::{Environment, EnvironmentType},
    error::{Error, Kind},
    events::{self, EventType},
    ids::{ConnectionId, DomainId, IdSource, OrganizationId, SpCertificateId},
    organizations::{self, OrganizationRef},
    secret::Secret,
    update::Change,
    vault::Place,
};

const SEALED_IN: &str = "connections.client_secret_sealed";
/// The set-up pages keep a few values; this is far above.
const MAX_CONTEXT: usize = 64 * 1024;

/// A connection with the domains that are assigned to it.
#[derive(Debug)]
pub struct Whole {
    /// The connection itself.
    pub connection: Connection,
    /// By name.
    pub domains: Vec<Domain>,
}

/// The passwordless method, enabled: what every environment is born with (`management.md` 1.2).
///
/// # Errors
/// Those of the database.
pub async fn create_default(tx: &mut Tx, environment: &Environment, ids: &IdSource) -> Result<(), Error> {
    let now = environment.created_at;
    let new = NewConnection {
        organization: None,
        provider: Some(Provider::Scalekit),
        kind: ConnectionType::Passwordless,
        provider_key: Provider::Scalekit.as_str().to_owned(),
        key_id: None,
        context: "{}".to_owned(),
    };
    let mut connection = Connection::new(ids.next(now), now, environment, new)?;
    connection.enabled = true;
    store::insert(tx, environment.id, &connection, "{}").await
}

/// A simulated identity provider of an organization, enabled.
///
/// # Errors
/// Those of the database.
pub async fn create_simulator(
    tx: &mut Tx,
    environment: &Environment,
    ids: &IdSource,
    organization: OrganizationId,
) -> Result<ConnectionId, Error> {
    let now = environment.created_at;
    let new = NewConnection {
        organization: Some(organization),
        provider: Some(Provider::IdpSimulator),
        kind: ConnectionType::Oidc,
        provider_key: String::new(),
        key_id: None,
        context: "{}".to_owned(),
    };
    let mut connection = Connection::new(ids.next(now), now, environment, new)?;
    connection.enabled = true;
    store::insert(tx, environment.id, &connection, "{}").await?;
    Ok(connection.id)
}

/// Creates a connection, disabled.
///
/// # Errors
/// `NOT_FOUND` for the organization; `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken key.
pub async fn create(ctx: &Ctx, new: NewConnection) -> Result<Whole, Error> {
    let context = new.context.clone();
    check_context("connection.context", &context)?;
    let connection = Connection::new(ctx.new_id(), ctx.now(), ctx.environment(), new)?;
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &connection, &context).await?;
    tell(&mut tx, ctx, EventType::OrganizationSsoCreated, &connection).await?;
    tx.commit().await?;
    Ok(Whole { connection, domains: Vec::new() })
}

/// One connection; of an organization, or whosever it is.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, organization: Option<OrganizationId>, id: ConnectionId) -> Result<Whole, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = store::find(&mut tx, env, organization, id).await?;
    let connection = found.ok_or_else(|| Connection::not_found(id, organization))?;
    let domains = domains::of_connection(&mut tx, env, id).await?;
    Ok(Whole { connection, domains })
}

/// Changes what `update` says, with what the documents say that it names. Without a difference nothing is stored.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value, or a document that cannot be had or used; `ALREADY_EXISTS` for a taken
/// key; `FAILED_PRECONDITION` if an enabled connection would no longer be complete.
pub async fn update(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
    mut update: ConnectionUpdate,
) -> Result<Whole, Error> {
    let now = get(ctx, organization, id).await?.connection;
    let secret = match update.secret()? {
        Change::Set(secret) => Change::Set(seal(ctx, id, &secret)?),
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
    };
    check_platform_credentials(ctx, now.provider, &update)?;
    discovery::import(ctx, &now, &mut update).await?;
    let (certificate, is_fresh) = match &update.settings {
        Some(SettingsUpdate::Saml(saml)) => (saml.certificate.clone(), saml.metadata.is_some()),
        _ => (Change::Keep, false),
    };
    let mut tx = ctx.db().write().await?;
    if let Change::Set(certificate) = certificate {
        require_certificate(&mut tx, ctx, certificate).await?;
    }
    change(ctx, tx, organization, id, async |_, connection| {
        let changed = connection.update(ctx.now(), ctx.environment(), update, secret)?;
        if changed {
            let due = jobs::next_reading(ctx, connection);
            // What was not read just now is read when it was due anyway.
            let keeps = !is_fresh && connection.metadata_due_at.is_some() && due.is_some();
            connection.metadata_due_at = if keeps { connection.metadata_due_at } else { due };
        }
        Ok(changed)
    })
    .await?;
    get(ctx, organization, id).await
}

/// The operator's credentials are for trying things: customers' people must see whom they sign in for.
fn check_platform_credentials(ctx: &Ctx, provider: Provider, update: &ConnectionUpdate) -> Result<(), Error> {
    let Some(SettingsUpdate::OAuth(settings)) = &update.settings else { return Ok(()) };
    let provider = update.provider.unwrap_or(provider);
    if settings.use_platform_creds != Some(true) || platform_credentials(ctx, provider).is_some() {
        return Ok(());
    }
    let text = "is not possible: the operator has no credentials at this provider for this environment; register the application there and enter your own";
    Err(Error::invalid("connection.oauth_config.use_platform_creds", "platform_credentials", text))
}

/// Client id and secret of the operator's at a provider, for environments that are not for customers.
pub fn platform_credentials(ctx: &Ctx, provider: Provider) -> Option<&(String, Secret<String>)> {
    let is_development = ctx.environment().kind == EnvironmentType::Development;
    let google = ctx.app().settings.social.google.as_ref();
    google.filter(|_| is_development && provider == Provider::Google)
}

async fn require_certificate(tx: &mut Tx, ctx: &Ctx, id: SpCertificateId) -> Result<(), Error> {
    if store::has_sp_certificate(tx, ctx.environment().id, id).await? {
        return Ok(());
    }
    let text = format!("{id} is no certificate of this environment; GenerateNewSamlCertificate makes one");
    Err(Error::invalid("connection.saml_config.certificate_id", "certificate", text))
}

/// Lets people sign in through a connection, or stops them. One that is so already stays as it is.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` to enable one that is not complete.
pub async fn set_enabled(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
    enabled: bool,
) -> Result<(), Error> {
    let tx = ctx.db().write().await?;
    change(ctx, tx, organization, id, async |tx, connection| {
        if connection.enabled == enabled {
            return Ok(false);
        }
        let status = connection.status();
        if enabled && status != Status::Completed {
            let text = format!(
                "connection {id} is {}: complete its configuration with UpdateConnection before you enable it",
                status.as_str()
            );
            return Err(Error::new(Kind::FailedPrecondition, text));
        }
        connection.enabled = enabled;
        connection.updated_at = ctx.now();
        let event = if enabled { EventType::OrganizationSsoEnabled } else { EventType::OrganizationSsoDisabled };
        tell(tx, ctx, event, connection).await?;
        Ok(true)
    })
    .await
}

/// Deletes a connection. Users keep their accounts.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, organization: Option<OrganizationId>, id: ConnectionId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    let connection = found.ok_or_else(|| Connection::not_found(id, organization))?;
    if !store::delete(&mut tx, env, id).await? {
        return Err(Connection::not_found(id, organization));
    }
    tell(&mut tx, ctx, EventType::OrganizationSsoDeleted, &connection).await?;
    tx.commit().await
}

/// Replaces the domains whose people sign in through the connection.
///
/// # Errors
/// `NOT_FOUND` for the connection or a domain of another organization; `INVALID_ARGUMENT` for a domain of another type.
pub async fn assign_domains(
    ctx: &Ctx,
    organization: OrganizationId,
    id: ConnectionId,
    wanted: &[DomainId],
) -> Result<Whole, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    // One assignment in an organization at a time, or two could wait for each other's domains.
    organizations::find_for_update(&mut tx, env, &OrganizationRef::Id(organization)).await?;
    let found = store::find_for_update(&mut tx, env, Some(organization), id).await?;
    let connection = found.ok_or_else(|| Connection::not_found(id, Some(organization)))?;
    domains::assign(&mut tx, ctx, organization, id, wanted).await?;
    let domains = domains::of_connection(&mut tx, env, id).await?;
    tx.commit().await?;
    Ok(Whole { connection, domains })
}

/// What the set-up pages keep with a connection: a JSON object.
///
/// # Errors
/// `NOT_FOUND`
pub async fn context(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
) -> Result<String, Error> {
    get(ctx, organization, id).await?;
    let found = store::context(&mut ctx.db().read(), ctx.environment().id, id).await?;
    found.ok_or_else(|| Connection::not_found(id, organization))
}

/// Replaces it.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` above 64 KiB.
pub async fn set_context(
    ctx: &Ctx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
    context: &str,
) -> Result<(), Error> {
    check_context("context", context)?;
    get(ctx, organization, id).await?;
    let mut tx = ctx.db().write().await?;
    if !store::set_context(&mut tx, ctx.environment().id, id, context).await? {
        return Err(Connection::not_found(id, organization));
    }
    tx.commit().await
}

fn check_context(field: &'static str, context: &str) -> Result<(), Error> {
    if context.len() > MAX_CONTEXT {
        return Err(Error::invalid(field, "context.max_size", "must be at most 64 KiB of JSON"));
    }
    Ok(())
}

/// What the server proves with that it is the provider's client, if that was entered.
///
/// # Errors
/// `INTERNAL` if it cannot be opened.
pub fn client_secret(ctx: &Ctx, connection: &Connection) -> Result<Option<Secret<String>>, Error> {
    let Some(sealed) = &connection.secret_sealed else { return Ok(None) };
    let place = Place { column: SEALED_IN, row: connection.id.as_i64() };
    let opened = ctx.app().vault.open(place, sealed)?;
    let text = String::from_utf8(opened.expose().clone())
        .map_err(|_| Error::internal("a client secret is no text"))?;
    Ok(Some(Secret::new(text)))
}

fn seal(ctx: &Ctx, id: ConnectionId, secret: &Secret<String>) -> Result<Vec<u8>, Error> {
    ctx.app().vault.seal(Place { column: SEALED_IN, row: id.as_i64() }, secret.expose().as_bytes())
}

/// Events are of organizations: there are none for the environment's own connections (`management.md` 13.4).
async fn tell(tx: &mut Tx, ctx: &Ctx, event: EventType, connection: &Connection) -> Result<(), Error> {
    let Some(organization) = connection.organization else { return Ok(()) };
    let with_state = matches!(event, EventType::OrganizationSsoEnabled | EventType::OrganizationSsoDisabled);
    events::emit(tx, ctx, event, Some(organization), &connection.event_data(with_state)).await
}

/// Reads the connection for update, lets `apply` change it, and stores the change if there is one.
///
/// # Errors
/// `NOT_FOUND`; those of `apply`.
pub async fn change(
    ctx: &Ctx,
    mut tx: Tx,
    organization: Option<OrganizationId>,
    id: ConnectionId,
    apply: impl AsyncFnOnce(&mut Tx, &mut Connection) -> Result<bool, Error>,
) -> Result<(), Error> {
    let env = ctx.environment().id;
    let found = store::find_for_update(&mut tx, env, organization, id).await?;
    let mut connection = found.ok_or_else(|| Connection::not_found(id, organization))?;
    let due = connection.metadata_due_at;
    if apply(&mut tx, &mut connection).await? {
        store::update(&mut tx, env, &connection).await?;
        if connection.metadata_due_at != due {
            jobs::plan(&mut tx, ctx, &connection).await?;
        }
    }
    // Also without a change: what was read may be another caller's, and is not durable before this returns.
    tx.commit().await
}

impl Connection {
    /// Where the IdP's metadata is, if the connection follows it.
    pub fn followed_metadata(&self) -> Option<&str> {
        match &self.settings {
            Settings::Saml(saml) if self.configuration_type == Some(ConfigurationType::Discovery) => {
                saml.metadata_url.as_deref()
            }
            _ => None,
        }
    }
}
