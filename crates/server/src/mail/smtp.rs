//! The way to a mail server (RFC 5321), with STARTTLS (RFC 3207) or TLS (RFC 8314).
use crate::config::{self, ConfigError, SmtpSecurity};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        Error as SmtpError, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{fmt, path::Path, time::Duration};

/// Connections to the server that are kept for the next mail, at most for this long.
const IDLE: Duration = Duration::from_secs(30);
const CONNECTIONS: u32 = 16;

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it never will be.
    pub permanent: bool,
    /// With the server's words, which may repeat the address: for the database.
    pub detail: String,
    /// Without them: for the log.
    pub log: String,
}

impl Problem {
    /// It may go well later.
    pub fn retry(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { permanent: false, detail: why.clone(), log: why }
    }
    /// It never will.
    pub fn give_up(why: impl Into<String>) -> Self {
        Self { permanent: true, ..Self::retry(why) }
    }
}

impl From<SmtpError> for Problem {
    fn from(error: SmtpError) -> Self {
        let Some(code) = error.status() else {
            return Self::retry(with_sources(&error));
        };
        let number: u16 = code.into();
        // Credentials are the operator's to put right (RFC 4954 §6); the mail need not suffer for them.
        let credentials = matches!(number, 530 | 534 | 535 | 538);
        let detail: String = with_sources(&error).chars().filter(|c| *c != '\0').take(500).collect();
        let what = if credentials { ": it wants other credentials" } else { "" };
        Self {
            permanent: error.is_permanent() && !credentials,
            detail,
            log: format!("the server answered {number}{what}"),
        }
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        // Some errors repeat their source.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

/// Where a mail server is and how it is spoken to.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The name that its certificate must have.
    pub host: &'a str,
    /// Where to connect: the host, or an address of its.
    pub address: &'a str,
    /// Its port.
    pub port: u16,
    /// Clear text, or TLS from when on.
    pub security: SmtpSecurity,
    /// User and password.
    pub account: Option<(&'a str, &'a str)>,
    /// PEM file of an authority to trust beside those of the system.
    pub ca_file: Option<&'a Path>,
    /// For one answer.
    pub timeout: Duration,
    /// What this server calls itself.
    pub greeting: &'a str,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    place: String,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({})", self.place)
    }
}

impl Smtp {
    /// The server that the configuration names. Nothing is connected yet.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn new(settings: &config::Mail, host: &str, greeting: &str) -> Result<Self, ConfigError> {
        let password = settings.smtp_password.as_ref().map(|password| password.0.expose().as_str());
        Self::by(&Route {
            host,
            address: host,
            port: settings.port(),
            security: settings.smtp_security,
            account: settings.smtp_username.as_deref().zip(password),
            ca_file: settings.smtp_ca_file.as_deref(),
            timeout: settings.timeout.0,
            greeting,
        })
    }

    /// The server at the end of a route. Nothing is connected yet.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn by(route: &Route<'_>) -> Result<Self, ConfigError> {
        let tls = match route.security {
            SmtpSecurity::None => Tls::None,
            SmtpSecurity::Starttls => Tls::Required(tls_parameters(route)?),
            SmtpSecurity::Tls => Tls::Wrapper(tls_parameters(route)?),
        };
        let hello = match route.greeting.parse() {
            Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(route.greeting.to_owned()),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(route.address)
            .port(route.port)
            .tls(tls)
            .hello_name(hello)
            .timeout(Some(route.timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some((user, password)) = route.account {
            builder = builder.credentials(Credentials::new(user.to_owned(), password.to_owned()));
        }
        let place = format!("{}:{}, {}", route.host, route.port, route.security.words());
        Ok(Self { transport: builder.build(), place })
    }

    /// `host:port, STARTTLS`
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Sends one message.
    ///
    /// # Errors
    /// Why not, and whether to try again.
    pub async fn send(&self, message: Message) -> Result<(), Problem> {
        self.transport.send(message).await?;
        Ok(())
    }

    /// Connects, greets, secures the connection and logs in.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn check(&self) -> Result<(), Problem> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::retry("the server did not answer as it should")),
            Err(error) => Err(error.into()),
        }
    }
}

fn tls_parameters(route: &Route<'_>) -> Result<TlsParameters, ConfigError> {
    let mut builder = TlsParameters::builder(route.host.to_owned());
    if let Some(path) = route.ca_file {
        let bad = |why: String| {
            ConfigError::new(format!("mail.smtp_ca_file {} cannot be used: {why}", path.display()))
                .with_help("it must hold the certificate of the authority, in PEM")
        };
        let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
        builder = builder
            .add_root_certificate(Certificate::from_pem(&pem).map_err(|error| bad(with_sources(&error)))?);
    }
    builder.build_rustls().map_err(|error| {
        ConfigError::new(format!("TLS to the mail server cannot start: {}", with_sources(&error)))
    })
}
