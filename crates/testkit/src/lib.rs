//! The server for tests: in-process, on a socket of its own, with a database of its own.
//!
//! `api_tests!` runs each test twice, on SQLite and on the PostgreSQL that `GATEWRIGHT_TEST_POSTGRES` names.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test tool: what goes wrong here shall stop the test"
)]

mod api;
mod authenticator;
mod browser;
mod command;
mod database;
mod dns;
mod grpc;
mod http;
mod journey;
mod mime;
mod oauth;
mod persons;
mod raw;
mod server;
mod sessions;
mod smtp;
mod upstream;
mod users;
mod web;

pub use api::{Api, Builder, State, StoredEvent, StoredPolicy};
pub use authenticator::{AAGUID, Authenticator};
pub use browser::{Browser, Shown};
pub use command::without_settings;
pub use database::{Database, TestDatabase};
pub use dns::DnsServer;
pub use grpc::{Failure, Grpc};
pub use http::{Answer, json};
pub use oauth::{CALLBACK, CHALLENGE, SignedIn, VERIFIER};
pub use persons::Person;
pub use raw::{RawGrpc, frame, socket};
pub use server::{Options, OtherEnvironment, Server};
pub use sessions::{FIREFOX, new_passkey};
pub use smtp::{ReceivedMail, SmtpOptions, SmtpSink};
pub use upstream::{Idp, connection, local_network, parameters};
pub use users::{NewMember, People};
pub use web::{Asked, WebAnswer, WebServer};

/// Runs each test on SQLite and on PostgreSQL: `api_tests! { async fn name(t: Server) { … } }`.
#[macro_export]
macro_rules! api_tests {
    ($($(#[$attribute:meta])* async fn $name:ident($server:ident: Server) $body:block)*) => {
        $(async fn $name($server: $crate::Server) $body)*

        mod sqlite {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::Server::start($crate::Database::Sqlite).await).await;
                }
            )*
        }

        mod postgres {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::Server::start($crate::Database::Postgres).await).await;
                }
            )*
        }
    };
}

/// Runs each test on SQLite and on PostgreSQL, with no server yet:
/// `database_tests! { async fn name(kind: Database) { … } }`.
#[macro_export]
macro_rules! database_tests {
    ($($(#[$attribute:meta])* async fn $name:ident($kind:ident: Database) $body:block)*) => {
        $(async fn $name($kind: $crate::Database) $body)*

        mod on_sqlite {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::Database::Sqlite).await;
                }
            )*
        }

        mod on_postgres {
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::Database::Postgres).await;
                }
            )*
        }
    };
}
