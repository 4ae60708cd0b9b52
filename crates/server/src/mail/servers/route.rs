//! The way to a server that a customer names.
use super::{
    super::{
        mailer::Mailer,
        smtp::{Problem, Route, Smtp},
    },
    EmailServer,
};
use crate::{config::SmtpSecurity, environments::EnvironmentType, outbound::Outbound, secret::Secret};

/// A transport to the server.
///
/// # Errors
/// There is no such host, or one that customers have nothing to say about.
pub async fn open(
    mailer: &Mailer,
    outbound: &Outbound,
    kind: EnvironmentType,
    server: &EmailServer,
    password: &Secret<String>,
) -> Result<Smtp, Problem> {
    let settings = &server.settings;
    let address = match kind {
        EnvironmentType::Development => settings.host.clone(),
        EnvironmentType::Production => checked_address(outbound, &settings.host, settings.port).await?,
    };
    let security = if settings.port == 465 { SmtpSecurity::Tls } else { SmtpSecurity::Starttls };
    Smtp::by(&Route {
        host: &settings.host,
        address: &address,
        port: settings.port,
        security,
        account: Some((&settings.username, password.expose())),
        ca_file: mailer.ca_file(),
        timeout: mailer.timeout(),
        greeting: mailer.greeting(),
    })
    .map_err(|error| Problem::retry(error.to_string()))
}

/// An address of the host that customers may have something to say about: whoever may name a mail server must not reach
/// what only this server can reach. The connection goes to the address that was checked.
async fn checked_address(outbound: &Outbound, host: &str, port: u16) -> Result<String, Problem> {
    let found = outbound.addresses(host, port).await;
    let found =
        found.map_err(|error| Problem::retry(format!("the environment's own mail server {error}")))?;
    let first = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    first
        .map(|address| address.ip().to_canonical().to_string())
        .ok_or_else(|| Problem::retry("the environment's own mail server has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_spelling_of_this_machine_is_refused() {
        let outbound = Outbound::default();
        for host in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost"] {
            assert!(checked_address(&outbound, host, 587).await.is_err(), "{host}");
        }
        assert_eq!(checked_address(&outbound, "1.1.1.1", 587).await.unwrap(), "1.1.1.1");
    }
}
