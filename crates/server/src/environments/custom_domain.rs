//! A host under the customer's own domain, `management.md` 12.7: asked for, pointed at the environment by a CNAME record,
//! then in use besides the environment's own host.
use super::{
    model::{Environment, EnvironmentType},
    ops, store,
};
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
    hostname,
    ids::EnvironmentId,
    stored::stored_enum,
    time::Timestamp,
};
use std::time::Duration;

/// How long a record is waited for.
const WINDOW: Duration = Duration::from_secs(72 * 60 * 60);

stored_enum! {
    /// How far a custom domain is.
    DomainStatus {
        /// Asked for.
        Initial = "INITIAL",
        /// Looked for, and not there yet.
        Pending = "PENDING",
        /// In use.
        Active = "ACTIVE",
        /// Not found in time.
        Failed = "FAILED",
    }
}

/// A host under the customer's own domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomDomain {
    /// Its one spelling, without port.
    pub name: String,
    /// How far it is.
    pub status: DomainStatus,
    /// When it was asked for.
    pub since: Timestamp,
}

impl CustomDomain {
    /// Whether the environment answers there.
    pub fn is_active(&self) -> bool {
        self.status == DomainStatus::Active
    }
}

/// The record that points a name at an environment: a CNAME to its own host, which is nobody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The customer's host.
    pub name: String,
    /// The environment's.
    pub target: String,
}

/// The record that this environment needs for this name.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for what is no host name; `FAILED_PRECONDITION` if the environment cannot have one.
pub async fn record(ctx: &Ctx, id: EnvironmentId, name: &str) -> Result<Record, Error> {
    record_of(&*ops::named(ctx, id).await?, name)
}

fn record_of(environment: &Environment, name: &str) -> Result<Record, Error> {
    const FIELD: &str = "custom_domain";
    let name = hostname::parse(name).map_err(|problem| Error::invalid(FIELD, "hostname", problem))?;
    if hostname::is_public_suffix(&name) {
        return Err(Error::invalid(FIELD, "custom_domain.public_suffix", "must not be a public suffix"));
    }
    let refused = |text: String| Err(Error::new(Kind::FailedPrecondition, text));
    if environment.kind != EnvironmentType::Production {
        return refused("only a production environment can have a custom domain".to_owned());
    }
    let Ok(target) = hostname::parse(environment.host()) else {
        let text = "which no record can point at: serve it under a host name first (server.public_url)";
        return refused(format!("the environment is at {}, {text}", environment.domain));
    };
    if name == target {
        return Err(Error::invalid(FIELD, "custom_domain.own", "must not be the environment's own host"));
    }
    Ok(Record { name, target })
}

/// Looks now whether the record is there.
///
/// # Errors
/// Those of [`record`]; `FAILED_PRECONDITION` if it is not; `UNAVAILABLE` if the DNS does not answer.
pub async fn verify(ctx: &Ctx, id: EnvironmentId, name: &str) -> Result<(), Error> {
    let record = record(ctx, id, name).await?;
    if is_published(ctx, &record).await? {
        return Ok(());
    }
    let Record { name, target } = record;
    let text =
        format!("there is no CNAME record at {name} that points at {target} yet; publish it and try again");
    Err(Error::new(Kind::FailedPrecondition, text))
}

async fn is_published(ctx: &Ctx, record: &Record) -> Result<bool, Error> {
    let found = ctx.app().dns.cname(&record.name).await;
    let found = found.map_err(|error| Error::unavailable("the DNS does not answer; try again", error))?;
    Ok(found.is_some_and(|target| hostname::parse(&target).as_deref() == Ok(record.target.as_str())))
}

/// Asks for a custom domain in place of the present one.
///
/// # Errors
/// Those of [`record`].
pub async fn create(ctx: &Ctx, id: EnvironmentId, name: &str) -> Result<Environment, Error> {
    let name = record(ctx, id, name).await?.name;
    let (mut tx, environment) = ops::begin(ctx, id).await?;
    let is_new = |present: &CustomDomain| present.name != name || present.status == DomainStatus::Failed;
    if environment.custom_domain.as_ref().is_none_or(is_new) {
        let custom = CustomDomain { name, status: DomainStatus::Initial, since: ctx.now() };
        store::set_custom_domain(&mut tx, id, &custom, ctx.now()).await?;
    }
    ops::finish(ctx, tx, id).await
}

/// Brings the status up to date by a look at the DNS. What is in use stays, whatever the DNS says of it later.
///
/// # Errors
/// `NOT_FOUND`; `ALREADY_EXISTS` if another environment got it before; `UNAVAILABLE` if the DNS does not answer.
pub async fn check(ctx: &Ctx, id: EnvironmentId) -> Result<Environment, Error> {
    let environment = ops::get_environment(ctx, id).await?;
    let waiting =
        |custom: &CustomDomain| matches!(custom.status, DomainStatus::Initial | DomainStatus::Pending);
    let Some(seen) = environment.custom_domain.clone().filter(waiting) else { return Ok(environment) };
    let found = is_published(ctx, &record_of(&environment, &seen.name)?).await?;
    let status = match found {
        true => DomainStatus::Active,
        false if seen.since.plus(WINDOW).is_past(ctx.now()) => DomainStatus::Failed,
        false => DomainStatus::Pending,
    };
    let (mut tx, environment) = ops::begin(ctx, id).await?;
    // Another one may have been asked for meanwhile.
    if environment.custom_domain.as_ref() == Some(&seen) {
        let custom = CustomDomain { status, ..seen };
        store::set_custom_domain(&mut tx, id, &custom, ctx.now()).await?;
    }
    ops::finish(ctx, tx, id).await
}
