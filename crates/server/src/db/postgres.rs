//! PostgreSQL: a pool of connections, statements prepared once per connection.
use super::{
    Counters, OpenOptions,
    error::{DbError, chain},
    value::{Row, Value},
};
use crate::error::{Error, Kind};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use std::{error::Error as StdError, sync::Arc, time::Duration};
use tokio_postgres::{
    Config, NoTls, Statement,
    config::SslMode,
    types::{IsNull, ToSql, Type, private::BytesMut},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// `server_version_num` of the oldest that is supported.
const OLDEST: i64 = 150_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What the database ends by itself, where its operator has not set other limits: a statement that has lost its caller,
/// and a transaction whose node is gone, which would hold its locks.
const TIME_LIMITS: &str = "SELECT set_config(name, '60000', FALSE)
    FROM (VALUES ('statement_timeout'), ('idle_in_transaction_session_timeout')) AS limits (name)
    WHERE current_setting(name) = '0'";

pub(super) struct Postgres {
    pool: Pool,
    counters: Arc<Counters>,
}

impl Postgres {
    pub(super) async fn open(url: &str, options: &OpenOptions) -> Result<Self, Error> {
        let (mut config, tls) = parse(url)?;
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT));
        // Notice within half a minute that the server's machine is gone.
        config.keepalives_idle(Duration::from_secs(15)).tcp_user_timeout(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("gatewright");
        }
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            Some(tls) => Manager::from_config(config, MakeRustlsConnect::new(tls), how),
            None => Manager::from_config(config, NoTls, how),
        };
        let pool = Pool::builder(manager)
            .max_size(options.pool_size)
            .wait_timeout(Some(options.wait))
            .create_timeout(Some(CONNECT_TIMEOUT * 2))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(TIME_LIMITS).await.map_err(HookError::Backend) })
            }))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        let db = Self { pool, counters: Arc::new(Counters::default()) };
        db.check_version().await?;
        Ok(db)
    }

    async fn check_version(&self) -> Result<(), Error> {
        let client = self.pool.get().await.map_err(|e| cannot_connect(&e))?;
        let version =
            client.query_one("SELECT CAST(current_setting('server_version_num') AS BIGINT)", &[]).await;
        let version = version.and_then(|row| row.try_get::<_, i64>(0)).map_err(DbError::from)?;
        if version < OLDEST {
            let message = format!(
                "the database server is PostgreSQL {}: gatewright needs 15 or newer",
                version / 10_000
            );
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
        Ok(())
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Runs a `SELECT`, alone, on a pooled connection.
    pub(super) async fn rows(&self, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        rows(&self.pool.get().await?, text, values).await
    }

    pub(super) async fn prepare(&self, text: &str) -> Result<(), DbError> {
        self.pool.get().await?.prepare(text).await?;
        Ok(())
    }

    pub(super) async fn write(&self) -> Result<PostgresTx, DbError> {
        let client = self.pool.get().await?;
        let mut tx = PostgresTx { client: Some(client), failed: true, counters: self.counters.clone() };
        tx.client()?.batch_execute("BEGIN").await?;
        tx.failed = false;
        Ok(tx)
    }
}

pub(super) struct PostgresTx {
    /// Gone once committed.
    client: Option<Object>,
    /// A statement failed, or was given up while it ran: nothing more is accepted.
    failed: bool,
    counters: Arc<Counters>,
}

impl PostgresTx {
    fn client(&self) -> Result<&Object, DbError> {
        self.client.as_ref().ok_or_else(|| DbError::fault("the transaction is over"))
    }

    /// The connection, marked as failed until [`Self::succeeded`] says otherwise.
    fn start(&mut self) -> Result<&Object, DbError> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(DbError::fault("the transaction is over: a statement in it has failed"));
        }
        self.client()
    }

    fn succeeded<T>(&mut self, value: T) -> Result<T, DbError> {
        self.failed = false;
        Ok(value)
    }

    pub(super) async fn rows(&mut self, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
        let found = rows(self.start()?, text, values).await?;
        self.succeeded(found)
    }

    pub(super) async fn execute(&mut self, text: &str, values: &[Value]) -> Result<u64, DbError> {
        let client = self.start()?;
        let statement = prepared(client, text, values).await?;
        let count = client.execute(&statement, &parameters(values)).await?;
        self.succeeded(count)
    }

    /// Runs several statements without parameters: a migration, which takes as long as it takes.
    pub(super) async fn batch(&mut self, text: &str) -> Result<(), DbError> {
        let client = self.start()?;
        client.batch_execute("SET LOCAL statement_timeout = 0").await?;
        client.batch_execute(text).await?;
        self.succeeded(())
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        // A failed transaction must not get here: PostgreSQL answers its COMMIT by a silent rollback.
        self.start()?.batch_execute("COMMIT").await?;
        self.client = None;
        self.counters.committed(1);
        Ok(())
    }
}

impl Drop for PostgresTx {
    /// Rolls back in a task. The connection goes back to the pool only when that worked; outside of a runtime it is closed.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            if client.batch_execute("ROLLBACK").await.is_err() {
                drop(Object::take(client));
            }
        });
    }
}

async fn prepared(client: &Object, text: &str, values: &[Value]) -> Result<Statement, DbError> {
    let statement = client.prepare_cached(text).await?;
    // The driver would panic.
    if statement.params().len() != values.len() {
        return Err(DbError::fault(format!(
            "{} values bound to {} parameters",
            values.len(),
            statement.params().len()
        )));
    }
    Ok(statement)
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

async fn rows(client: &Object, text: &str, values: &[Value]) -> Result<Vec<Row>, DbError> {
    let statement = prepared(client, text, values).await?;
    let rows = client.query(&statement, &parameters(values)).await?;
    rows.iter().map(row).collect()
}

fn row(row: &tokio_postgres::Row) -> Result<Row, DbError> {
    (0..row.len()).map(|i| column(row, i)).collect::<Result<_, _>>().map(Row::new)
}

fn column(row: &tokio_postgres::Row, index: usize) -> Result<Value, DbError> {
    let kind = row.columns().get(index).map_or(&Type::UNKNOWN, |column| column.type_());
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(|v| Value::Int(v.into())),
        Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
        Type::BOOL => row.try_get::<_, Option<bool>>(index)?.map(Value::Bool),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Bytes),
        ref other => return Err(DbError::fault(format!("column {} is {other}: CAST it", index + 1))),
    };
    Ok(value.unwrap_or(Value::Null))
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(v), &Type::INT8) => v.to_sql(kind, out),
            (Self::Int(v), &Type::INT4) => i32::try_from(*v)?.to_sql(kind, out),
            (Self::Text(v), &Type::TEXT | &Type::VARCHAR) => v.to_sql(kind, out),
            (Self::Bool(v), &Type::BOOL) => v.to_sql(kind, out),
            (Self::Bytes(v), &Type::BYTEA) => v.as_slice().to_sql(kind, out),
            (value, kind) => {
                Err(format!("a {} bound where PostgreSQL wants {kind}", value.type_name()).into())
            }
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    tokio_postgres::types::to_sql_checked!();
}

fn wrong_url(message: impl std::fmt::Display) -> Error {
    Error::new(
        Kind::InvalidArgument,
        format!("the database URL is not valid: {message}. Write postgres://USER:PASSWORD@HOST:PORT/NAME"),
    )
}

/// Splits off what the driver does not know: `sslmode=verify-full` and `sslrootcert`.
///
/// `require` and `verify-full` both mean TLS to a server whose certificate is valid for its name (libpq's `require`
/// would accept any); `prefer`, the default, and `disable` mean no TLS.
fn parse(text: &str) -> Result<(Config, Option<ClientConfig>), Error> {
    let mut url = url::Url::parse(text).map_err(wrong_url)?;
    let (mut mode, mut root, mut rest) = (String::new(), None, Vec::new());
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "sslmode" => mode = value.into_owned(),
            "sslrootcert" => root = Some(value.into_owned()),
            _ => rest.push((key.into_owned(), value.into_owned())),
        }
    }
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(&rest);
        // PostgreSQL's URLs are no forms: a plus is a plus there.
        let query = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(query.as_deref());
    }
    let mut config: Config = url.as_str().parse().map_err(|e| wrong_url(chain(&e)))?;
    let tls = match mode.as_str() {
        "" | "prefer" | "disable" => None,
        "require" | "verify-full" => Some(tls_config(root.as_deref())?),
        other => {
            return Err(wrong_url(format!("sslmode={other} is not disable, prefer, require or verify-full")));
        }
    };
    config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
    Ok((config, tls))
}

fn tls_config(root: Option<&str>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    match root {
        Some(path) => {
            let wrong =
                |e: &dyn StdError| wrong_url(format!("sslrootcert={path} cannot be read: {}", chain(e)));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
                roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(wrong_url("there is no certificate to trust: add sslrootcert=FILE"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(Error::internal)?.with_root_certificates(roots).with_no_client_auth())
}

fn cannot_connect(error: &deadpool_postgres::PoolError) -> Error {
    use deadpool_postgres::PoolError;
    let advice = match error {
        PoolError::Backend(e) => match e.code().map(|code| code.code()) {
            Some("28P01" | "28000") => "check user, password and the server's pg_hba.conf",
            Some("3D000") => "create it: CREATE DATABASE",
            Some("53300") => "it has no connection left: raise max_connections or lower the pool's size",
            Some(_) => "see the server's log",
            None => "check host, port, sslmode, sslrootcert, and that the server runs",
        },
        _ => "check host, port, and that the server runs",
    };
    let text = chain(error);
    Error::new(Kind::Unavailable, format!("cannot connect to the database: {text}: {advice}"))
}
