//! Why a command failed, for a person at a terminal.
use crate::{bootstrap::StartError, config::ConfigError, error::Error, transport::tls::TlsError};
use std::{error::Error as StdError, fmt};

/// What went wrong, what to do about it, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
    help: Option<String>,
    code: u8,
}

impl Failure {
    /// Exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, code: 1 }
    }
    /// Exit code 2: the command line or the configuration has to be changed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }
    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// What to do, if that is known.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
    /// What went wrong, without the help.
    pub fn message(&self) -> &str {
        &self.message
    }
    /// For the shell.
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { message: error.to_string(), help: error.help().map(str::to_owned), code: 2 }
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::usage(error.to_string()).with_help(error.help())
    }
}

impl From<Error> for Failure {
    /// With the private causes: whoever is at the command line may see them.
    fn from(error: Error) -> Self {
        let mut message = error.message().to_owned();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::split(&message)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Database(error) => error.into(),
            error => Self::split(&error.to_string()),
        }
    }
}

impl Failure {
    /// A message can bring its help along.
    fn split(message: &str) -> Self {
        match message.split_once("\n  help: ") {
            Some((message, help)) => Self::new(message).with_help(help),
            None => Self::new(message),
        }
    }
}
