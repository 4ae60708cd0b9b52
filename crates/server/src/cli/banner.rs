//! What `serve` says when it is ready. Never a secret.
use super::write_out;
use crate::{config::PublicUrl, transport::tls::trust_variables};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Everything that the text needs.
#[derive(Clone, Debug)]
pub struct Banner {
    /// What clients call the server.
    pub environment_url: PublicUrl,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The file with the API credentials.
    pub credentials_path: PathBuf,
    /// Whether this start made the environment and its credentials.
    pub created: bool,
    /// The folder of all files.
    pub data_dir: PathBuf,
    /// `SQLite` or `PostgreSQL`, with the place, without the password.
    pub database: String,
    /// What the server does about TLS, in words.
    pub tls: String,
    /// The local authority's certificate, if there is one.
    pub local_authority: Option<PathBuf>,
    /// What becomes of mails, in words.
    pub mail: String,
    /// Where `/metrics` is, if it is served.
    pub metrics: Option<SocketAddr>,
    /// From the start of the process.
    pub startup: Duration,
}

impl Banner {
    /// Writes it to stdout.
    pub fn print(&self) {
        write_out(&self.to_string());
    }

    fn next_steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = quoted(&self.credentials_path);
        if self.created {
            writeln!(
                f,
                "First start: made the database, a signing key, and API credentials in {credentials} (mode 0600)."
            )?;
        }
        writeln!(
            f,
            "Give the credentials to a program that uses a Scalekit SDK, for instance in this shell:\n"
        )?;
        writeln!(f, "  set -a; . {credentials}; set +a")?;
        if let Some(authority) = &self.local_authority {
            writeln!(f, "\nSo that SDKs trust the local certificate:\n")?;
            let authority = std::path::absolute(authority).unwrap_or_else(|_| authority.clone());
            for line in trust_variables(&authority).lines() {
                writeln!(f, "  {line}")?;
            }
        } else if !self.environment_url.is_https() {
            writeln!(f, "\nThe Python and Java SDKs speak TLS only: for them, start with --tls local.")?;
        }
        writeln!(
            f,
            "\nREADME.md has first programs, `gatewright doctor` checks this installation. Ctrl-C stops the server."
        )
    }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(f, "Gatewright {version} is ready ({} ms).\n", self.startup.as_millis())?;
        writeln!(f, "  Environment URL  {}", self.environment_url)?;
        writeln!(f, "  Listening on     {} ({})", self.listen, self.tls)?;
        writeln!(f, "  Database         {}", self.database)?;
        writeln!(f, "  Data folder      {}", self.data_dir.display())?;
        writeln!(f, "  Mail             {}", self.mail)?;
        if let Some(metrics) = self.metrics {
            writeln!(f, "  Metrics          http://{metrics}/metrics")?;
        }
        writeln!(f)?;
        self.next_steps(f)
    }
}

/// For a shell: `.` looks for a bare name in PATH, and spaces need quotes.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if path.is_relative() && !text.starts_with('.') { format!("./{text}") } else { text };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
