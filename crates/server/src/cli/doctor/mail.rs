//! Whether mails can be sent.
use super::Finding;
use crate::{
    config::Config,
    mail::{Delivery, Mailer},
};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than a healthy server takes; a person is waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects to the server, greets it, secures the connection and logs in; no mail is sent.
pub(super) async fn check(config: &Config) -> Finding {
    let check = "mail";
    let mailer = match Mailer::new(config) {
        Ok(mailer) => mailer,
        Err(error) => {
            let remedy = error.help().unwrap_or("see docs/configuration.md");
            return Finding::error(check, error.to_string(), remedy);
        }
    };
    let smtp = match mailer.delivery() {
        Delivery::Smtp(smtp) => smtp,
        Delivery::Inbox => {
            return Finding::ok(
                check,
                "kept in the development inbox, /mail beside /metrics; nothing is sent",
            );
        }
        Delivery::Off => {
            let message = "off: invitations and codes do not reach anybody";
            return Finding::warning(check, message, "set mail.smtp_host and mail.from_address");
        }
    };
    let place = smtp.place();
    match timeout(PATIENCE, smtp.check()).await {
        Ok(Ok(())) => Finding::ok(check, format!("{place} answers and would take mails")),
        Ok(Err(problem)) => {
            let message = format!("{place} cannot be used: {}", problem.detail);
            Finding::error(
                check,
                message,
                "check the keys of [mail], and that this machine may reach the server",
            )
        }
        Err(_) => {
            let message = format!("{place} did not answer within {} seconds", PATIENCE.as_secs());
            Finding::error(check, message, "check mail.smtp_port and mail.smtp_security, and the firewall")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Status, *};
    use crate::config::Sources;
    use gatewright_testkit::{SmtpOptions, SmtpSink};

    async fn checked(settings: Vec<(&'static str, String)>) -> Finding {
        check(&Config::load(&Sources { flags: settings, ..Sources::default() }).unwrap()).await
    }

    #[tokio::test]
    async fn the_server_is_greeted_with_tls_and_credentials() {
        let account = Some(("acme".to_owned(), "hunter2".to_owned()));
        let sink = SmtpSink::start(SmtpOptions { starttls: true, account, ..SmtpOptions::default() }).await;
        let good = checked(sink.settings()).await;
        assert_eq!(good.status, Status::Ok, "{}", good.message);
        assert!(good.message.contains("STARTTLS answers"), "{}", good.message);

        let mut wrong = sink.settings();
        wrong.push(("mail.smtp_password", "wrong".to_owned()));
        let wrong = checked(wrong).await;
        assert!(wrong.status == Status::Error && wrong.message.contains("535"), "{}", wrong.message);

        let mut stranger = sink.settings();
        stranger.retain(|(key, _)| *key != "mail.smtp_ca_file");
        let stranger = checked(stranger).await;
        assert!(
            stranger.status == Status::Error && stranger.message.contains("certificate"),
            "{}",
            stranger.message
        );
        assert!(sink.received().is_empty(), "no mail is sent");

        let sink = SmtpSink::start(SmtpOptions::default()).await;
        let settings = sink.settings();
        sink.stop().await;
        let gone = checked(settings).await;
        assert!(gone.status == Status::Error && gone.message.contains("refused"), "{}", gone.message);
    }

    #[tokio::test]
    async fn without_a_server_only_production_is_warned() {
        assert_eq!(checked(Vec::new()).await.status, Status::Ok);
        let production = checked(vec![("security.environment_type", "production".to_owned())]).await;
        assert!(production.status == Status::Warning && production.message.starts_with("off"));
    }
}
