//! SQL of mail servers and of the sender's name.
use super::{EmailServer, Provider, Settings};
use crate::{
    db::{FromRow, Queryable, Row, Tx},
    error::Error,
    ids::{EmailServerId, EnvironmentId},
    sql,
    time::Timestamp,
    vault::Place,
};
use lettre::{Address, message::Mailbox};

/// Where a server's password is sealed for.
pub const fn place(id: EmailServerId) -> Place {
    Place { column: "email_servers.password_sealed", row: id.as_i64() }
}

impl FromRow for EmailServer {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            provider: Provider::parse(&row.next::<String>()?)?,
            settings: Settings {
                host: row.next()?,
                port: u16::try_from(row.next::<i64>()?).map_err(Error::internal)?,
                username: row.next()?,
                from: {
                    let address: Address = row.next::<String>()?.parse().map_err(Error::internal)?;
                    Mailbox::new(Some(row.next()?), address)
                },
            },
            enabled: row.next()?,
            updated_at: row.next()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, provider, host, port, username, from_email, from_name, enabled, updated_at FROM email_servers
             WHERE environment_id = $1 ",
            $rest
        ))
    };
}

/// One server.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: EmailServerId,
) -> Result<Option<EmailServer>, Error> {
    Ok(select!("AND id = $2").bind(env).bind(id).optional(tx).await?)
}

/// All of the environment, newest first.
pub async fn all(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Vec<EmailServer>, Error> {
    Ok(select!("ORDER BY id DESC").bind(env).all(tx).await?)
}

/// The one that is in use.
pub async fn in_use(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Option<EmailServer>, Error> {
    Ok(select!("AND enabled").bind(env).optional(tx).await?)
}

/// A server's sealed password.
pub async fn password(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    id: EmailServerId,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(sql!("SELECT password_sealed FROM email_servers WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .optional(tx)
        .await?)
}

/// Adds a server, not in use.
pub async fn insert(
    tx: &mut Tx,
    env: EnvironmentId,
    server: &EmailServer,
    password_sealed: &[u8],
) -> Result<(), Error> {
    let settings = &server.settings;
    sql!(
        "INSERT INTO email_servers (environment_id, id, provider, host, port, username, password_sealed, from_email,
                                    from_name, enabled, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10, $10)"
    )
    .bind(env)
    .bind(server.id)
    .bind(server.provider.as_str())
    .bind(&settings.host)
    .bind(i64::from(settings.port))
    .bind(&settings.username)
    .bind(password_sealed)
    .bind(settings.from.email.to_string())
    .bind(settings.from.name.clone().unwrap_or_default())
    .bind(server.updated_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores provider and settings; the password stays if there is no other one. Tells whether there is such a server.
pub async fn update(
    tx: &mut Tx,
    env: EnvironmentId,
    id: EmailServerId,
    (provider, settings): (Option<Provider>, &Settings),
    password_sealed: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE email_servers SET provider = COALESCE(CAST($3 AS TEXT), provider), host = $4, port = $5, username = $6,
             password_sealed = COALESCE($7, password_sealed), from_email = $8, from_name = $9, updated_at = $10
         WHERE environment_id = $1 AND id = $2"
    )
    .bind(env)
    .bind(id)
    .bind(provider.map(|provider| provider.as_str().to_owned()))
    .bind(&settings.host)
    .bind(i64::from(settings.port))
    .bind(&settings.username)
    .bind(password_sealed)
    .bind(settings.from.email.to_string())
    .bind(settings.from.name.clone().unwrap_or_default())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Takes whichever server is in use out of it.
pub async fn disable_all(tx: &mut Tx, env: EnvironmentId, now: Timestamp) -> Result<(), Error> {
    sql!("UPDATE email_servers SET enabled = FALSE, updated_at = $2 WHERE environment_id = $1 AND enabled")
        .bind(env)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Puts a server into use or takes it out. Tells whether that changed anything.
pub async fn set_enabled(
    tx: &mut Tx,
    env: EnvironmentId,
    id: EmailServerId,
    enabled: bool,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = sql!(
        "UPDATE email_servers SET enabled = $3, updated_at = $4
         WHERE environment_id = $1 AND id = $2 AND enabled <> $3"
    )
    .bind(env)
    .bind(id)
    .bind(enabled)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes a server. Tells whether there was one.
pub async fn delete(tx: &mut Tx, env: EnvironmentId, id: EmailServerId) -> Result<bool, Error> {
    let deleted = sql!("DELETE FROM email_servers WHERE environment_id = $1 AND id = $2")
        .bind(env)
        .bind(id)
        .execute(tx)
        .await?;
    Ok(deleted == 1)
}

/// The sender's name with the installation's server, if the environment has one.
pub async fn from_name(tx: &mut impl Queryable, env: EnvironmentId) -> Result<Option<String>, Error> {
    Ok(sql!("SELECT from_name FROM email_senders WHERE environment_id = $1").bind(env).optional(tx).await?)
}

/// Sets it.
pub async fn set_from_name(tx: &mut Tx, env: EnvironmentId, name: &str, now: Timestamp) -> Result<(), Error> {
    sql!(
        "INSERT INTO email_senders (environment_id, from_name, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (environment_id) DO UPDATE SET from_name = $2, updated_at = $3"
    )
    .bind(env)
    .bind(name)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
