//! The operations on domains.
use super::{
    assignment, jobs,
    model::{Domain, DomainType, NewDomain, Proof, VerificationStatus},
    store, verification,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    entropy,
    environments::{self, Environment},
    error::Error,
    events::{self, EventType},
    ids::{ConnectionId, DomainId, IdSource, OrganizationId},
    organizations::{self, OrganizationRef},
    update::Change,
};

/// Adds a domain to an organization, and assigns it to a connection if one is named.
///
/// # Errors
/// `NOT_FOUND` for the organization or its connection; `INVALID_ARGUMENT` for a name that no customer can own, or that the organization
/// has already; `ALREADY_EXISTS` for one that another organization owns.
pub async fn create(
    ctx: &Ctx,
    which: &OrganizationRef,
    new: NewDomain,
    connection: Option<ConnectionId>,
) -> Result<Domain, Error> {
    let organization = organizations::get(ctx, which).await?.id;
    let env = ctx.environment().id;
    let domain = Domain::new(ctx.new_id(), ctx.now(), organization, &new, &entropy::token()?)?;
    let mut tx = ctx.db().write().await?;
    if domain.kind == DomainType::Organization {
        // Who becomes the owner ends the search of others: one at a time, or they would wait for each other's rows.
        environments::store::lock(&mut tx, env).await?;
    }
    if !store::insert(&mut tx, env, &domain).await? {
        return Err(match store::find_by_name(&mut tx, env, &domain).await? {
            Some(_) => own(&domain),
            None => owned_by_another(&domain),
        });
    }
    if connection.is_some() {
        assignment::connect(&mut tx, ctx, &domain, connection).await?;
    }
    let data = domain.event_data(env);
    events::emit(&mut tx, ctx, EventType::OrganizationDomainCreated, Some(organization), &data).await?;
    if let Some(name) = domain.owned_name() {
        verification::end_search_of_others(&mut tx, ctx, name).await?;
    }
    if domain.status == VerificationStatus::Pending {
        jobs::plan(&mut tx, ctx, &domain, 0).await?;
    }
    tx.commit().await?;
    Ok(domain)
}

/// The reference counts it among bad requests (`management.md` 5.1); the code says which one.
fn own(domain: &Domain) -> Error {
    let (name, kind) = (&domain.name, domain.kind.as_str());
    let text = format!("{name} already exists in the organization as {kind}");
    Error::invalid("domain.domain", "domain.unique", text).with_code("ALREADY_EXISTS")
}

fn owned_by_another(domain: &Domain) -> Error {
    let name = &domain.name;
    Error::already_exists(format!(
        "domain.domain: {name} already exists as a verified domain of another organization"
    ))
}

/// One domain of the organization.
///
/// # Errors
/// `NOT_FOUND` for the organization or the domain.
pub async fn get(ctx: &Ctx, which: &OrganizationRef, id: DomainId) -> Result<Domain, Error> {
    let organization = organizations::get(ctx, which).await?.id;
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, organization, id).await?;
    found.ok_or_else(|| not_found(organization, id))
}

/// A numbered page of the organization's domains, newest first: of one type or all, of one connection or all. Pages are counted from 0.
///
/// # Errors
/// `NOT_FOUND` for the organization.
pub async fn list(
    ctx: &Ctx,
    which: &OrganizationRef,
    filter: (Option<DomainType>, Option<ConnectionId>),
    size: u32,
    page: u32,
) -> Result<Vec<Domain>, Error> {
    let organization = organizations::get(ctx, which).await?.id;
    let place = (i64::from(size), i64::from(size) * i64::from(page));
    store::page(&mut ctx.db().read(), ctx.environment().id, organization, filter, place).await
}

/// Assigns a domain to another connection of its organization, or to none; without a word of that, it only reads it.
///
/// # Errors
/// `NOT_FOUND` for the organization, the domain or the connection; `INVALID_ARGUMENT` for a domain that is not for signing in.
pub async fn update(
    ctx: &Ctx,
    which: &OrganizationRef,
    id: DomainId,
    connection: Change<ConnectionId>,
) -> Result<Domain, Error> {
    let domain = get(ctx, which, id).await?;
    let connection = match connection {
        Change::Keep => return Ok(domain),
        Change::Set(connection) => Some(connection),
        Change::Clear => None,
    };
    let mut tx = ctx.db().write().await?;
    assignment::connect(&mut tx, ctx, &domain, connection).await?;
    tx.commit().await?;
    Ok(Domain { updated_at: ctx.now(), ..domain })
}

/// Removes a domain from the organization.
///
/// # Errors
/// `NOT_FOUND` for the organization or the domain, also the second time.
pub async fn delete(ctx: &Ctx, which: &OrganizationRef, id: DomainId) -> Result<(), Error> {
    let organization = organizations::get(ctx, which).await?.id;
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let deleted = store::delete(&mut tx, env, organization, id).await?;
    let domain = deleted.ok_or_else(|| not_found(organization, id))?;
    let data = domain.event_data(env);
    events::emit(&mut tx, ctx, EventType::OrganizationDomainDeleted, Some(organization), &data).await?;
    tx.commit().await
}

/// Looks for the TXT record now. Whether the domain is verified.
///
/// # Errors
/// `NOT_FOUND` for the organization or the domain.
pub async fn verify(ctx: &Ctx, which: &OrganizationRef, id: DomainId) -> Result<bool, Error> {
    let domain = get(ctx, which, id).await?;
    verification::check(ctx, &domain).await
}

/// The error of a domain that the organization does not have.
pub fn not_found(organization: OrganizationId, id: DomainId) -> Error {
    Error::not_found(format!("domain {id} of organization {organization}"))
}

/// A domain of an organization that development environments are born with: its people sign in through the connection.
///
/// # Errors
/// Those of the database.
pub async fn create_default(
    tx: &mut Tx,
    environment: &Environment,
    ids: &IdSource,
    (organization, connection): (OrganizationId, ConnectionId),
    name: &str,
) -> Result<(), Error> {
    let new = NewDomain { name: name.to_owned(), kind: DomainType::Organization, proof: Proof::Word };
    let now = environment.created_at;
    let domain = Domain::new(ids.next(now), now, organization, &new, "")?;
    store::insert(tx, environment.id, &domain).await?;
    store::set_connection(tx, environment.id, &domain, Some(connection), now).await?;
    Ok(())
}
