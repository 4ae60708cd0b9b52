//! `[database]`: which database holds everything.
use super::section::{Setting, section, text};
use super::sources::Raw;
use super::units::Count;
use crate::db::DatabaseUrl;
use std::path::PathBuf;

section! {
    /// Which database holds everything.
    Database = "database" {
        /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. Unset: `gatewright.db` in `server.data_dir`.
        url: Option<DatabaseUrl> = "";
        /// A file that holds the URL, for when it has a password. Not together with `url`.
        url_file: Option<PathBuf> = "";
        /// How many connections are kept open: readers of SQLite, all of PostgreSQL.
        pool_size: Count = "16";
    }
}

impl Setting for DatabaseUrl {
    const EXPECTED: &'static str = "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME";
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = text(raw)?.trim();
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err("must start with sqlite: or postgres://".to_owned());
        }
        let parsed: DatabaseUrl =
            text.parse().map_err(|error: crate::error::Error| error.message().to_owned())?;
        let DatabaseUrl::Postgres(url) = &parsed else { return Ok(parsed) };
        // The driver's own words could quote the password, so they stay out of the message.
        match url.expose().parse::<tokio_postgres::Config>() {
            Ok(config) if !config.get_hosts().is_empty() => Ok(parsed),
            Ok(_) => Err("the host is missing".to_owned()),
            Err(_) => {
                Err("is not a valid PostgreSQL URL (special characters in it need %-escapes)".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseUrl, String> {
        DatabaseUrl::parse(&Raw::Text(text.to_owned()))
    }

    #[test]
    fn the_password_is_never_shown() {
        for url in [
            "postgres://u:hunter2@db/app",
            "postgresql://u:hunter2@db:5433/app?password=hunter2&sslmode=require",
            "postgres://u:hunter2@a,b/app",
        ] {
            let parsed = parse(url).unwrap();
            assert!(!format!("{parsed} {parsed:?}").contains("hunter2"), "{parsed}");
        }
        assert!(!parse("postgres://u:hunter2@db:port/app").unwrap_err().contains("hunter2"));
    }

    #[test]
    fn sqlite_is_a_path() {
        for text in ["sqlite:a/b.db", "sqlite://a/b.db"] {
            assert_eq!(parse(text).unwrap().to_string(), "sqlite:a/b.db");
        }
        assert_eq!(parse("sqlite:///a.db").unwrap().to_string(), "sqlite:/a.db");
        for bad in ["", "sqlite:", "sqlite::memory:", "mysql://a/b", "a.db", "postgres://"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
