//! A running server.
use crate::{Database, Grpc, TestDatabase};
use gatewright::{
    app::App,
    bootstrap,
    clients::{self, NewOrganizationClient},
    config::{Config, Sources},
    ctx::Ctx,
    environments::EnvironmentType,
    jobs::Runner,
    lists,
    mail::{self, InboxMail},
    time::{Clock, Timestamp},
    transport::{self, RequestLimits, serve},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

/// What a test may want to be otherwise.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Settings, as `("rate.requests_per_minute", "5")`.
    pub settings: Vec<(&'static str, String)>,
    /// Where the clock stands; by default it runs with the system's.
    pub frozen_at: Option<Timestamp>,
    /// The database to use; by default a new one.
    pub database_url: Option<String>,
    /// The data folder to use; by default a new one.
    pub data_dir: Option<std::path::PathBuf>,
    /// Whether workers run jobs in the background, as `serve` has them. By default [`Server::run_jobs`] does.
    pub run_jobs: bool,
    /// Whether environments have the Test Organization that they are born with. By default they have no organization: tests
    /// say what there is.
    pub test_organization: bool,
    /// Limits on one request.
    pub limits: RequestLimits,
}

/// A server with its database. Stops when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The environment URL.
    pub url: String,
    /// `skc_…` of the default application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What the server's requests share.
    pub app: Arc<App>,
    /// Its edge.
    pub edge: Arc<transport::Server>,
    /// An operator's context in the default environment.
    pub operator: Ctx,
    /// Which rpcs and HTTP.
    pub http: reqwest::Client,
    data_dir: std::path::PathBuf,
    database: Option<TestDatabase>,
    stop: Option<oneshot::Sender<()>>,
    jobs: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

/// A further environment on the same server.
#[derive(Clone, Debug)]
pub struct OtherEnvironment {
    /// `host:port` to say in `Host`.
    pub host: String,
    /// `skc_…`
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Server {
    /// Starts a server on a new database.
    pub async fn start(kind: Database) -> Self {
        Self::start_with(kind, Options::default()).await
    }

    /// Starts a server as `options` say.
    pub async fn start_with(kind: Database, options: Options) -> Self {
        let database = match &options.database_url {
            None => Some(TestDatabase::create(kind).await),
            Some(_) => None,
        };
        let url =
            options.database_url.clone().or_else(|| database.as_ref().map(|db| db.url.clone())).unwrap();
        let folder = options.data_dir.is_none().then(|| tempfile::tempdir().unwrap());
        let data_dir =
            options.data_dir.clone().unwrap_or_else(|| folder.as_ref().unwrap().path().join("data"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut flags = vec![
            ("server.data_dir", data_dir.display().to_string()),
            ("server.listen", address.to_string()),
            ("database.url", url),
            ("development.test_organization", options.test_organization.to_string()),
        ];
        flags.extend(options.settings.clone());
        let config = Config::load(&Sources { flags, ..Sources::default() }).expect("a configuration");
        let clock = options.frozen_at.map_or(Clock::System, Clock::frozen_at);
        let opened = bootstrap::open(&config, clock, bootstrap::Purpose::Serve).await.expect("a database");
        let edge = transport::Server::new(opened.app.clone(), bootstrap::routes(), options.limits).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (service, panicked) = (edge.clone(), edge.clone());
        tokio::spawn(serve::serve(
            listener,
            None,
            serve::Limits::from(&config.limits),
            move |request| service.clone().handle(request),
            move |content_type| panicked.after_panic(content_type),
            async {
                let _ = stopped.await;
            },
        ));
        let jobs = options.run_jobs.then(|| {
            let runner = Runner::new(opened.app.clone(), bootstrap::jobs());
            tokio::spawn(async move { runner.run_until(std::future::pending()).await })
        });
        let (client_id, client_secret) = credentials(&config.credentials_file());
        Self {
            address,
            url: config.public_url().as_str().to_owned(),
            client_id,
            client_secret,
            app: opened.app.clone(),
            edge,
            operator: opened.operator().unwrap(),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            data_dir,
            database,
            stop: Some(stop),
            jobs,
            _folder: folder,
        }
    }

    /// Another node on the same database and data folder.
    pub async fn second_node(&self) -> Self {
        self.second_node_with(Options::default()).await
    }

    /// Another node on the same database and data folder, with settings and clock of its own.
    pub async fn second_node_with(&self, mut options: Options) -> Self {
        options.database_url = Some(self.database_url().to_owned());
        options.data_dir = Some(self.data_dir.clone());
        options.settings.push(("server.public_url", self.url.clone()));
        Box::pin(Self::start_with(Database::Sqlite, options)).await
    }

    /// URL of the database that was made for this server.
    pub fn database_url(&self) -> &str {
        &self.database.as_ref().expect("a database of its own").url
    }

    /// A token of the default application.
    pub async fn token(&self) -> String {
        self.token_of(&self.client_id, &self.client_secret).await
    }

    /// A token of this client.
    pub async fn token_of(&self, id: &str, secret: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let answer = self.http.post(format!("{}/oauth/token", self.url)).form(&form).send().await.unwrap();
        let status = answer.status();
        let json: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{json}");
        json["access_token"].as_str().unwrap().to_owned()
    }

    /// gRPC with a token of the default application.
    pub async fn grpc(&self) -> Grpc {
        Grpc::connect(&self.url, &self.token().await).await
    }

    /// Adds an environment that is served at `host.localhost`.
    pub async fn add_environment(&self, host: &str) -> OtherEnvironment {
        let host = format!("{host}.localhost:{}", self.address.port());
        let kind = EnvironmentType::Development;
        let (_, client_id, secret) =
            bootstrap::add_environment(&self.app, "Other", &host, kind).await.unwrap();
        OtherEnvironment { host, client_id: client_id.to_string(), client_secret: secret.expose().clone() }
    }

    /// A token of the other environment's application.
    pub async fn token_in(&self, other: &OtherEnvironment) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &other.client_id),
            ("client_secret", &other.client_secret),
        ];
        let request = self.http.post(format!("{}/oauth/token", self.url)).header("host", &other.host);
        let json: serde_json::Value = request.form(&form).send().await.unwrap().json().await.unwrap();
        json["access_token"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }

    /// A machine client of an organization: its id and secret.
    pub async fn organization_client(
        &self,
        organization: &str,
        new: NewOrganizationClient,
    ) -> (String, String) {
        let organization = organization.parse().unwrap();
        let (client, secret) =
            clients::create_organization_client(&self.operator, organization, new).await.unwrap();
        (client.id.to_string(), secret.plain.expose().clone())
    }

    /// Runs every job that is due now, and what that enqueues; how many ran. Time is that of the server's clock.
    pub async fn run_jobs(&self) -> usize {
        Runner::new(self.app.clone(), bootstrap::jobs()).run_due().await.unwrap()
    }

    /// Indexes and adds up all that changes of lists have left for later, as `serve` does in the background.
    pub async fn upkeep(&self) {
        lists::upkeep::now(&self.app.db).await.unwrap();
    }

    /// The mails that were queued in the default environment, oldest first, of a server without an SMTP server.
    pub async fn inbox(&self) -> Vec<InboxMail> {
        let env = self.operator.environment().id;
        let mut mails = mail::inbox(&self.app).await.unwrap();
        mails.retain(|mail| mail.environment == env);
        mails.reverse();
        mails
    }

    /// Moves a frozen clock.
    pub fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    /// The data folder.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(jobs) = &self.jobs {
            jobs.abort();
        }
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

fn credentials(path: &std::path::Path) -> (String, String) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    (value("SCALEKIT_CLIENT_ID"), value("SCALEKIT_CLIENT_SECRET"))
}
