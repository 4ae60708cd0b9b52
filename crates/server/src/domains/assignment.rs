//! Which connection a domain's people sign in through: none, or one of their own organization.
use super::{
    model::{Domain, DomainType},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{ConnectionId, DomainId, OrganizationId},
};

/// Replaces the domains of a connection, whose organization the caller has checked. A domain that another connection had
/// moves over.
///
/// # Errors
/// `NOT_FOUND` for a domain of another organization; `INVALID_ARGUMENT` for one that is not for signing in.
pub async fn assign(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: OrganizationId,
    connection: ConnectionId,
    wanted: &[DomainId],
) -> Result<(), Error> {
    let env = ctx.environment().id;
    let now = store::of_connection(tx, env, connection).await?;
    for domain in now.iter().filter(|domain| !wanted.contains(&domain.id)) {
        store::set_connection(tx, env, domain, None, ctx.now()).await?;
    }
    for id in wanted {
        if now.iter().any(|domain| domain.id == *id) {
            continue;
        }
        let found = store::find(tx, env, organization, *id).await?;
        let domain = found.ok_or_else(|| super::ops::not_found(organization, *id))?;
        connect(tx, ctx, &domain, Some(connection)).await?;
    }
    Ok(())
}

/// Assigns one domain to a connection, or to none.
///
/// # Errors
/// `NOT_FOUND` for a connection of another organization; `INVALID_ARGUMENT` for a domain that is not for signing in.
pub async fn connect(
    tx: &mut Tx,
    ctx: &Ctx,
    domain: &Domain,
    connection: Option<ConnectionId>,
) -> Result<(), Error> {
    if connection.is_some() && domain.kind != DomainType::Organization {
        let text = format!("{} must be an ORGANIZATION_DOMAIN to be assigned to a connection", domain.name);
        return Err(Error::invalid("connection_id", "domain_type", text));
    }
    if store::set_connection(tx, ctx.environment().id, domain, connection, ctx.now()).await? {
        return Ok(());
    }
    Err(match connection {
        Some(id) => connection_not_found(id, domain.organization),
        None => super::ops::not_found(domain.organization, domain.id),
    })
}

/// The error of a connection that the organization does not have.
pub fn connection_not_found(id: ConnectionId, organization: OrganizationId) -> Error {
    Error::not_found(format!("connection {id} of organization {organization}"))
}
