//! The organization by which single sign-on can be tried a minute after the start (`auth.md` 2.2.3).
use crate::{
    connections,
    db::Tx,
    domains,
    environments::{Environment, EnvironmentType},
    error::Error,
    ids::IdSource,
    organizations,
};

const NAME: &str = "Test Organization";
/// Nobody has these domains (RFC 2606 §3).
const DOMAINS: [&str; 2] = ["example.com", "example.org"];

/// Makes it in a development environment that is just being made: with its domains, and a simulated identity provider for
/// their people. There is nobody yet to tell of it.
///
/// # Errors
/// Those of the database.
pub async fn create(tx: &mut Tx, environment: &Environment, ids: &IdSource) -> Result<(), Error> {
    if environment.kind != EnvironmentType::Development {
        return Ok(());
    }
    let organization = organizations::create_default(tx, environment, ids, NAME).await?;
    let connection = connections::create_simulator(tx, environment, ids, organization).await?;
    for domain in DOMAINS {
        domains::create_default(tx, environment, ids, (organization, connection), domain).await?;
    }
    Ok(())
}
