//! The operations on mail servers.
use super::{super::message::app_name, EmailServer, NewSettings, Provider, parse_from_name, store};
use crate::{
    ctx::Ctx,
    db::Tx,
    environments,
    error::{Error, Kind},
    ids::EmailServerId,
    secret::Secret,
};

/// Nobody needs more; a list shows all.
const MAX_SERVERS: usize = 10;

/// How an environment sends mails.
#[derive(Debug)]
pub struct Configuration {
    /// The sender's name with the installation's server.
    pub from_name: String,
    /// The sender's address with it.
    pub from_address: String,
    /// The own server that is in use, or else the newest one.
    pub server: Option<EmailServer>,
}

/// A server to be made or changed, with the configuration.
#[derive(Debug)]
pub struct Upsert {
    /// None makes one.
    pub id: Option<EmailServerId>,
    /// Who runs it.
    pub provider: Provider,
    /// How it is reached.
    pub settings: NewSettings,
    /// Whether it shall be in use.
    pub enabled: bool,
}

fn not_found(id: EmailServerId) -> Error {
    Error::not_found(format!("e-mail server {id}"))
}

fn seal(ctx: &Ctx, id: EmailServerId, password: &Secret<String>) -> Result<Vec<u8>, Error> {
    ctx.app().vault.seal(store::place(id), password.expose().as_bytes())
}

/// Adds a server, not in use.
///
/// # Errors
/// `INVALID_ARGUMENT`; `FAILED_PRECONDITION` if there are ten.
pub async fn create(ctx: &Ctx, provider: Provider, new: NewSettings) -> Result<EmailServer, Error> {
    let prepared = prepare(ctx, provider, new)?;
    let mut tx = ctx.db().write().await?;
    insert(&mut tx, ctx, &prepared).await?;
    tx.commit().await?;
    Ok(prepared.0)
}

/// A server with its sealed password, made before the transaction that stores it.
type Prepared = (EmailServer, Vec<u8>);

fn prepare(ctx: &Ctx, provider: Provider, new: NewSettings) -> Result<Prepared, Error> {
    let (settings, password) = new.check()?;
    let password =
        password.ok_or_else(|| Error::invalid("settings.password", "required", "value is required"))?;
    let id = ctx.new_id();
    let server = EmailServer { id, provider, settings, enabled: false, updated_at: ctx.now() };
    Ok((server, seal(ctx, id, &password)?))
}

async fn insert(tx: &mut Tx, ctx: &Ctx, (server, password): &Prepared) -> Result<(), Error> {
    let env = ctx.environment().id;
    environments::store::lock(tx, env).await?;
    if store::all(tx, env).await?.len() >= MAX_SERVERS {
        let message = format!("there are {MAX_SERVERS} e-mail servers, which is the limit; delete one first");
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    store::insert(tx, env, server, password).await
}

/// One server.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: EmailServerId) -> Result<EmailServer, Error> {
    store::find(&mut ctx.db().read(), ctx.environment().id, id).await?.ok_or_else(|| not_found(id))
}

/// All of them, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<EmailServer>, Error> {
    store::all(&mut ctx.db().read(), ctx.environment().id).await
}

/// Changes how a server is reached. Without a password the stored one stays.
///
/// # Errors
/// `INVALID_ARGUMENT`; `NOT_FOUND`
pub async fn update(ctx: &Ctx, id: EmailServerId, new: NewSettings) -> Result<EmailServer, Error> {
    let mut tx = ctx.db().write().await?;
    change(&mut tx, ctx, id, None, new).await?;
    let server = store::find(&mut tx, ctx.environment().id, id).await?.ok_or_else(|| not_found(id))?;
    tx.commit().await?;
    Ok(server)
}

async fn change(
    tx: &mut Tx,
    ctx: &Ctx,
    id: EmailServerId,
    provider: Option<Provider>,
    new: NewSettings,
) -> Result<(), Error> {
    let (settings, password) = new.check()?;
    let sealed = password.map(|password| seal(ctx, id, &password)).transpose()?;
    let values = (provider, &settings);
    if store::update(tx, ctx.environment().id, id, values, sealed, ctx.now()).await? {
        return Ok(());
    }
    Err(not_found(id))
}

/// Sends all further mails through this server. The one that did before, if any, is the answer.
///
/// # Errors
/// `NOT_FOUND`
pub async fn enable(ctx: &Ctx, id: EmailServerId) -> Result<Option<EmailServerId>, Error> {
    let mut tx = ctx.db().write().await?;
    let before = enable_in(&mut tx, ctx, id).await?;
    tx.commit().await?;
    Ok(before)
}

async fn enable_in(tx: &mut Tx, ctx: &Ctx, id: EmailServerId) -> Result<Option<EmailServerId>, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    environments::store::lock(tx, env).await?;
    let before = store::in_use(tx, env).await?.map(|server| server.id);
    if before != Some(id) {
        store::disable_all(tx, env, now).await?;
        if !store::set_enabled(tx, env, id, true, now).await? {
            return Err(not_found(id));
        }
    }
    Ok(before)
}

/// Stops using a server, if it is in use.
///
/// # Errors
/// `NOT_FOUND`
pub async fn disable(ctx: &Ctx, id: EmailServerId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    store::find(&mut tx, env, id).await?.ok_or_else(|| not_found(id))?;
    store::set_enabled(&mut tx, env, id, false, ctx.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a server. If it was in use, the installation's takes over.
///
/// # Errors
/// `NOT_FOUND`
pub async fn delete(ctx: &Ctx, id: EmailServerId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if !store::delete(&mut tx, ctx.environment().id, id).await? {
        return Err(not_found(id));
    }
    tx.commit().await?;
    Ok(())
}

/// How the environment sends mails.
///
/// # Errors
/// Those of the database.
pub async fn configuration(ctx: &Ctx) -> Result<Configuration, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let mailer = &ctx.app().mail;
    let name = store::from_name(&mut tx, env).await?;
    let mut servers = store::all(&mut tx, env).await?;
    let chosen = servers.iter().position(|server| server.enabled).unwrap_or(0);
    Ok(Configuration {
        from_name: name.unwrap_or_else(|| app_name(mailer.from())),
        from_address: mailer.from().email.to_string(),
        server: (chosen < servers.len()).then(|| servers.swap_remove(chosen)),
    })
}

/// Sets the sender's name (empty leaves it) and a server, all or nothing.
///
/// # Errors
/// `INVALID_ARGUMENT`; `NOT_FOUND` for an unknown server.
pub async fn configure(ctx: &Ctx, from_name: &str, server: Option<Upsert>) -> Result<Configuration, Error> {
    let bad = |problem| Error::invalid("default_from_name", "email.from_name", problem);
    let name = match from_name {
        "" => None,
        name => Some(parse_from_name(name).map_err(bad)?),
    };
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut tx = ctx.db().write().await?;
    if let Some(name) = name {
        store::set_from_name(&mut tx, env, &name, now).await?;
    }
    if let Some(Upsert { id, provider, settings, enabled }) = server {
        let id = match id {
            Some(id) => {
                change(&mut tx, ctx, id, Some(provider), settings).await?;
                id
            }
            None => {
                let prepared = prepare(ctx, provider, settings)?;
                insert(&mut tx, ctx, &prepared).await?;
                prepared.0.id
            }
        };
        if enabled {
            enable_in(&mut tx, ctx, id).await?;
        } else {
            store::set_enabled(&mut tx, env, id, false, now).await?;
        }
    }
    tx.commit().await?;
    configuration(ctx).await
}
