//! From a configuration to a running [`App`]: opens the database, brings it up to date, and at the very first start
//! makes the default environment with its keys, roles and credentials.
use crate::{
    app::{App, Settings, Social},
    auth_logs,
    clients::{self, KnownClients, KnownOrigins, NewSecret, SecretUses},
    config::{self, Config},
    connections,
    ctx::{Caller, Ctx},
    db::{self, DatabaseUrl, Db, MIGRATIONS, Migration, OpenOptions, Tx},
    directories,
    dns::Dns,
    domains, entropy,
    environments::{self, Directory, Environment, EnvironmentType, Region},
    error::Error,
    events,
    ids::{ApplicationId, EnvironmentId, IdSource},
    jobs::{self, Registry, Wake},
    keys,
    keys::KeyRing,
    log_streams, login,
    mail::{self, Mailer},
    members, oauth, organizations,
    outbound::Outbound,
    passkeys, passwordless,
    rate::RateLimits,
    relying_party::{self, ProviderKeys},
    resources,
    roles::{self, Permitted},
    rpc::Routes,
    secret::Secret,
    secrets,
    sessions::{self, Places},
    sql,
    time::{Clock, Timestamp},
    tokens::{self, ValidTokens},
    totp, user_attributes, users,
    vault::{MasterKeyError, Vault},
};
use gatewright_jose::SigningKey;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

mod create_environment;
mod test_organization;

/// Why the server cannot start; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error("{}", .0.message())]
    Database(#[from] Error),
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The keys in the database were sealed under another master key, or damaged.
    #[error(
        "the signing keys cannot be opened: {0}\n  help: use the master key that this database was made with (security.master_key_file)"
    )]
    Sealed(String),
    /// Mails cannot be sent as the configuration says.
    #[error("{0}\n  help: {help}", help = .0.help().unwrap_or("see docs/configuration.md"))]
    Mail(config::ConfigError),
    /// The file of places cannot be used.
    #[error(
        "{path} (sessions.location_file) cannot be used: {why}\n  help: give a file of cities or countries in MaxMind's format, or leave the setting out"
    )]
    Places {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no installation to work on.
    #[error(
        "nothing is set up at {0}\n  help: start the server once (gatewright serve), or say where its data is with --data-dir or --database-url"
    )]
    Nothing(String),
    /// A file or folder cannot be made.
    #[error(
        "{path} cannot be written: {source}\n  help: give this user the right to write there, or choose another server.data_dir"
    )]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What opening did.
#[derive(Debug)]
pub struct Opened {
    /// Ready for use.
    pub app: Arc<App>,
    /// Migrations that were applied.
    pub applied: Vec<&'static Migration>,
    /// Set at the very first start: where the credentials are.
    pub credentials: Option<PathBuf>,
}

/// Every rpc that is built.
pub fn routes() -> Routes {
    let mut routes = Routes::default();
    environments::routes(&mut routes);
    create_environment::routes(&mut routes);
    organizations::routes(&mut routes);
    domains::routes(&mut routes);
    connections::routes(&mut routes);
    directories::routes(&mut routes);
    events::routes(&mut routes);
    clients::routes(&mut routes);
    tokens::routes(&mut routes);
    resources::routes(&mut routes);
    auth_logs::routes(&mut routes);
    log_streams::routes(&mut routes);
    secrets::routes(&mut routes);
    users::routes(&mut routes);
    user_attributes::routes(&mut routes);
    members::routes(&mut routes);
    roles::routes(&mut routes);
    sessions::routes(&mut routes);
    passkeys::routes(&mut routes);
    totp::routes(&mut routes);
    login::routes(&mut routes);
    passwordless::routes(&mut routes);
    mail::routes(&mut routes);
    routes
}

/// Every kind of job that is built.
pub fn jobs() -> Registry {
    let mut registry = Registry::default();
    jobs::jobs(&mut registry);
    mail::jobs(&mut registry);
    users::jobs(&mut registry);
    domains::jobs(&mut registry);
    sessions::jobs(&mut registry);
    totp::jobs(&mut registry);
    passkeys::jobs(&mut registry);
    login::jobs(&mut registry);
    passwordless::jobs(&mut registry);
    relying_party::jobs(&mut registry);
    connections::jobs(&mut registry);
    organizations::jobs(&mut registry);
    resources::jobs(&mut registry);
    auth_logs::jobs(&mut registry);
    oauth::jobs(&mut registry);
    registry
}

/// What an installation is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve: what is missing is made, and the configuration says the URL.
    Serve,
    /// For a command of the operator's: the installation must be there, and keeps its URL.
    Command,
}

/// Opens everything that requests use.
///
/// # Errors
/// [`StartError`]
pub async fn open(config: &Config, clock: Clock, purpose: Purpose) -> Result<Opened, StartError> {
    let url = config.database_url();
    if purpose == Purpose::Serve {
        make_data_dir(&config.server.data_dir)?;
    } else if let DatabaseUrl::Sqlite(path) = &url
        && !path.exists()
    {
        return Err(StartError::Nothing(url.to_string()));
    }
    let options = OpenOptions {
        pool_size: usize::try_from(config.database.pool_size.0).unwrap_or(16),
        ..OpenOptions::default()
    };
    let db = Db::open_in(&url, &options).await?;
    if purpose == Purpose::Command && db::pending(&db, MIGRATIONS).await?.len() == MIGRATIONS.len() {
        return Err(StartError::Nothing(url.to_string()));
    }
    let applied = db::migrate(&db, MIGRATIONS, clock.now()).await?;
    let (app, credentials) = open_app(config, clock, db, purpose).await?;
    Ok(Opened { app, applied, credentials })
}

async fn open_app(
    config: &Config,
    clock: Clock,
    db: Db,
    purpose: Purpose,
) -> Result<(Arc<App>, Option<PathBuf>), StartError> {
    let mail = Mailer::new(config).map_err(StartError::Mail)?;
    let places = places(config)?;
    let default = environments::store::all(&mut db.read()).await?.into_iter().next();
    if default.is_none() && purpose == Purpose::Command {
        return Err(StartError::Nothing(config.database_url().to_string()));
    }
    let vault = Vault::open_file(&config.master_key_file(), default.is_none())?;
    let ids = IdSource::new(next_node_number(&db).await?);
    let credentials = match default {
        None => create_default(config, &db, &vault, &ids, &clock).await?,
        Some(default) => {
            if purpose == Purpose::Serve {
                follow_public_url(config, &db, &default, clock.now()).await?;
            }
            None
        }
    };
    let app = Arc::new(App {
        environments: Directory::load(&db).await?,
        db,
        clock,
        ids,
        vault,
        dns: Dns::new(config.dns.resolver.iter().map(|server| server.0).collect()),
        outbound: Outbound::new(config.outbound.allowed_networks.clone()),
        jobs: Wake::default(),
        mail,
        keys: KeyRing::default(),
        secret_uses: SecretUses::default(),
        known_clients: KnownClients::default(),
        known_origins: KnownOrigins::default(),
        permitted: Permitted::default(),
        api_tokens: ValidTokens::default(),
        places,
        provider_keys: ProviderKeys::default(),
        rates: RateLimits::per_minute(config.rate.requests_per_minute),
        settings: Settings {
            trusted_proxies: config.security.trusted_proxies.clone(),
            test_organization: config.development.test_organization,
            social: social(&config.social),
        },
    });
    if let Some(environment) = app.environments.default_environment() {
        use std::error::Error as _;
        let keys = app.keys.of(&app, &environment).await;
        keys.map_err(|error| {
            StartError::Sealed(error.source().map_or_else(|| error.to_string(), ToString::to_string))
        })?;
    }
    Ok((app, credentials))
}

fn places(config: &Config) -> Result<Places, StartError> {
    let Some(path) = &config.sessions.location_file else { return Ok(Places::default()) };
    Places::read(path).map_err(|why| StartError::Places { path: path.clone(), why })
}

fn social(config: &config::Social) -> Social {
    let (id, secret) = (config.google_client_id.clone(), config.google_client_secret.clone());
    Social {
        google: id.zip(secret.map(|secret| secret.0)),
        stand_in_url: config.stand_in_url.as_ref().map(|url| url.as_str().to_owned()),
    }
}

/// The default environment is where the configuration says, and so say its credentials.
async fn follow_public_url(
    config: &Config,
    db: &Db,
    default: &Environment,
    now: Timestamp,
) -> Result<(), StartError> {
    let url = config.public_url();
    if default.url == url.as_str() {
        return Ok(());
    }
    let (scheme, domain) = parts(&url);
    let mut tx = db.write().await?;
    environments::store::set_domain(&mut tx, default.id, domain, now).await?;
    environments::store::set_scheme(&mut tx, scheme, now).await?;
    tx.commit().await?;
    let path = config.credentials_file();
    let Ok(text) = fs::read_to_string(&path).map(Secret::new) else { return Ok(()) };
    let text = Secret::new(text.expose().replace(&format!("={}\n", default.url), &format!("={url}\n")));
    replace(&path, text.expose()).map_err(|source| StartError::File { path, source })
}

impl Opened {
    /// The default environment, as the operator at the command line sees it.
    ///
    /// # Errors
    /// `INTERNAL` if there is none.
    pub fn operator(&self) -> Result<Ctx, Error> {
        let environment = self.app.environments.default_environment();
        let environment = environment.ok_or_else(|| Error::internal("no environment"))?;
        Ok(self.operator_of(environment))
    }

    /// Another environment, as the operator sees it.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn operator_in(&self, id: EnvironmentId) -> Result<Ctx, Error> {
        let environment = self.app.environments.with_id(&self.app, id).await?;
        Ok(self.operator_of(environment.ok_or_else(|| Error::not_found(format!("environment {id}")))?))
    }

    fn operator_of(&self, environment: Arc<Environment>) -> Ctx {
        Ctx::new(self.app.clone(), environment, Caller::Operator, "command-line".into(), None)
    }
}

/// Scheme, and host and port as they stand in a `Host` header.
fn parts(url: &config::PublicUrl) -> (&str, &str) {
    url.as_str().split_once("://").unwrap_or(("https", url.as_str()))
}

/// Makes the data folder, for its owner only.
///
/// # Errors
/// [`StartError::File`]
pub fn make_data_dir(path: &Path) -> Result<(), StartError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StartError::File { path: path.to_owned(), source })
}

/// A number for this start of a node, so that ids of two nodes differ, and those of one node across a clock that steps
/// back.
async fn next_node_number(db: &Db) -> Result<i64, Error> {
    let mut tx = db.write().await?;
    let number: i64 = sql!(
        "INSERT INTO installation (name, value) VALUES ('node_number', 0)
         ON CONFLICT (name) DO UPDATE SET value = installation.value + 1 RETURNING value"
    )
    .one(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(number)
}

/// Makes the default environment. None if another node that started at the same time made it.
async fn create_default(
    config: &Config,
    db: &Db,
    vault: &Vault,
    ids: &IdSource,
    clock: &Clock,
) -> Result<Option<PathBuf>, StartError> {
    let now = clock.now();
    let der = SigningKey::generate().map_err(Error::internal)?;
    let der = Secret::new(der.to_vec());
    let client: ApplicationId = ids.next(now);
    let secret = NewSecret::generate(ids.next(now), now)?;
    let environment = Environment {
        id: ids.next(now),
        display_name: "Default".to_owned(),
        domain: parts(&config.public_url()).1.to_owned(),
        url: config.public_url().as_str().to_owned(),
        kind: match config.security.environment_type {
            config::EnvironmentType::Production => EnvironmentType::Production,
            config::EnvironmentType::Development => EnvironmentType::Development,
        },
        region: Region::Us,
        custom_domain: None,
        settings: environments::Settings::default(),
        created_at: now,
        updated_at: now,
    };
    let mut tx = db.write().await?;
    if !claim_first_start(&mut tx).await? {
        return Ok(None);
    }
    fill(&mut tx, vault, ids, &environment, &der).await?;
    if config.development.test_organization {
        test_organization::create(&mut tx, &environment, ids).await?;
    }
    clients::create_default(&mut tx, environment.id, client, &secret, now).await?;
    // Before the commit: a crash may leave credentials that nothing accepts, which the next start replaces, but never
    // an environment that nobody has the credentials of.
    let path = config.credentials_file();
    write_credentials(&path, &environment.url, client, &secret)?;
    tx.commit().await?;
    Ok(Some(path))
}

/// What every environment is born with, but for its application.
async fn fill(
    tx: &mut Tx,
    vault: &Vault,
    ids: &IdSource,
    environment: &Environment,
    der: &Secret<Vec<u8>>,
) -> Result<(), Error> {
    let now = environment.created_at;
    environments::store::insert(tx, environment).await?;
    keys::create_first(tx, vault, environment.id, ids.next(now), der, now).await?;
    roles::create_built_in(tx, environment.id, ids, now).await?;
    connections::create_default(tx, environment, ids).await
}

/// Adds a further environment with an application of its own, and says its credentials.
///
/// # Errors
/// `ALREADY_EXISTS` for a domain that another environment has.
pub async fn add_environment(
    app: &Arc<App>,
    display_name: &str,
    domain: &str,
    kind: EnvironmentType,
) -> Result<(Arc<Environment>, ApplicationId, Secret<String>), Error> {
    let default = app.environments.default_environment().ok_or_else(|| Error::internal("no environment"))?;
    let now = app.clock.now();
    let environment = Environment {
        id: app.ids.next(now),
        display_name: display_name.to_owned(),
        domain: domain.to_ascii_lowercase(),
        url: format!("{}://{}", default.scheme(), domain.to_ascii_lowercase()),
        kind,
        region: default.region,
        custom_domain: None,
        settings: environments::Settings::default(),
        created_at: now,
        updated_at: now,
    };
    let (client, secret) = make_environment(app, &environment).await?;
    let environment = app.environments.at(&environment.domain);
    Ok((environment.ok_or_else(|| Error::internal("not found after it was made"))?, client, secret))
}

/// Makes an environment with everything that it is born with.
async fn make_environment(
    app: &Arc<App>,
    environment: &Environment,
) -> Result<(ApplicationId, Secret<String>), Error> {
    let now = environment.created_at;
    let der = tokio::task::spawn_blocking(SigningKey::generate).await.map_err(Error::internal)?;
    let der = Secret::new(der.map_err(Error::internal)?.to_vec());
    let client: ApplicationId = app.ids.next(now);
    let secret = NewSecret::generate(app.ids.next(now), now)?;
    let mut tx = app.db.write().await?;
    fill(&mut tx, &app.vault, &app.ids, environment, &der).await?;
    if app.settings.test_organization {
        test_organization::create(&mut tx, environment, &app.ids).await?;
    }
    clients::create_default(&mut tx, environment.id, client, &secret, now).await?;
    tx.commit().await?;
    app.environments.reload(&app.db).await?;
    Ok((client, secret.plain))
}

/// Whether this node is the one that sets the installation up. The other one waits for its commit.
async fn claim_first_start(tx: &mut Tx) -> Result<bool, Error> {
    let claimed =
        sql!("INSERT INTO installation (name, value) VALUES ('set_up', 1) ON CONFLICT (name) DO NOTHING")
            .execute(tx)
            .await?;
    Ok(claimed == 1)
}

/// Writes what an SDK needs, readable by its owner only. A present file is replaced as a whole.
///
/// # Errors
/// [`StartError::File`]
pub fn write_credentials(
    path: &Path,
    url: &str,
    client: ApplicationId,
    secret: &NewSecret,
) -> Result<(), StartError> {
    let text = Secret::new(format!(
        "# Credentials of {client} for SDKs of the Scalekit API. Use them with: set -a; . {path}; set +a\n\
         SCALEKIT_ENVIRONMENT_URL={url}\nSCALEKIT_ENV_URL={url}\nSCALEKIT_CLIENT_ID={client}\n\
         SCALEKIT_CLIENT_SECRET={secret}\n",
        path = path.display(),
        secret = secret.plain.expose()
    ));
    replace(path, text.expose()).map_err(|source| StartError::File { path: path.to_owned(), source })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", entropy::token().map_err(io::Error::other)?));
    let new = PathBuf::from(name);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let written =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
