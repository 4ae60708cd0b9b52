//! Where the database is.
use crate::{
    error::{Error, Kind},
    secret::Secret,
};
use std::{fmt, path::PathBuf, str::FromStr};

/// `sqlite:PATH`, a path, or `postgres://user:password@host:port/name?sslmode=…`. Its `Debug` and `Display` hide the
/// password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// Path of the file.
    Sqlite(PathBuf),
    /// The URL as it was given.
    Postgres(Secret<String>),
}

impl FromStr for DatabaseUrl {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |message| Err(Error::new(Kind::InvalidArgument, message));
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(text.to_owned())));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.contains("://") {
            return wrong("the database must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME");
        }
        match path {
            "" => wrong("the database has no path: write sqlite:PATH, for instance sqlite:gatewright.db"),
            ":memory:" => wrong("a database in memory is not supported: write sqlite:PATH"),
            path => Ok(Self::Sqlite(path.into())),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => match url::Url::parse(url.expose()) {
                Ok(url) => {
                    let port = url.port().unwrap_or(5432);
                    write!(f, "postgres://{}:{port}{}", url.host_str().unwrap_or_default(), url.path())
                }
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
