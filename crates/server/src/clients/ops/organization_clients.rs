//! Machine clients of organizations.
use super::{
    super::{
        model::{Client, ClientId, ClientType, NewOrganizationClient, NewSecret},
        store::{self, Which},
    },
    WithSecrets, applications,
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    error::Error,
    ids::{OrganizationClientId, OrganizationId},
    organizations::{self, OrganizationRef},
    paging::{List, Page, Sizes},
};

const SIZES: Sizes = Sizes { default: 10, max: 100 };

/// Adds a machine client to an organization, with its first secret.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization; `INVALID_ARGUMENT` for a bad value.
pub async fn create_organization_client(
    ctx: &Ctx,
    organization: OrganizationId,
    new: NewOrganizationClient,
) -> Result<(Client, NewSecret), Error> {
    let env = ctx.environment().id;
    let client = Client::of_organization(ctx, organization, new)?;
    let secret = NewSecret::made_by(ctx)?;
    // The foreign key alone would take an organization of another environment.
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, env, &client).await?;
    store::secrets::insert(&mut tx, env, client.id, &secret).await?;
    tx.commit().await?;
    Ok((client, secret))
}

/// One machine client of an organization.
///
/// # Errors
/// `NOT_FOUND`, also for a client of another organization.
pub async fn get_organization_client(
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
) -> Result<WithSecrets, Error> {
    let mut tx = ctx.db().read();
    let client = find(&mut tx, ctx, organization, id).await?;
    let secrets = store::secrets::of(&mut tx, ctx.environment().id, client.id).await?;
    Ok((client, secrets))
}

async fn find(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
) -> Result<Client, Error> {
    let found = store::find(tx, ctx.environment().id, ClientId::Organization(id)).await?;
    let found = found.filter(|client| client.kind == ClientType::Organization(organization));
    found.ok_or_else(|| Client::not_found(id))
}

/// Whether the client is the organization's.
pub(super) fn check_owner(client: &Client, organization: OrganizationId) -> Result<(), Error> {
    if client.kind == ClientType::Organization(organization) {
        Ok(())
    } else {
        Err(Client::not_found(client.id))
    }
}

/// One page of an organization's machine clients, newest first, and how many there are.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization; `INVALID_ARGUMENT` for a token of another list.
pub async fn list_organization_clients(
    ctx: &Ctx,
    organization: OrganizationId,
    size: u32,
    token: &str,
) -> Result<(Page<WithSecrets>, i64), Error> {
    organizations::get(ctx, &OrganizationRef::Id(organization)).await?;
    let list = List::named("organization_clients").filtered_by(&organization.to_string());
    applications::page(ctx, &list, Which::OfOrganization(organization), SIZES, size, token).await
}

/// Changes what `values` has; what is empty stays.
///
/// # Errors
/// `NOT_FOUND`, also for a client of another organization; `INVALID_ARGUMENT` for a bad value.
pub async fn update_organization_client(
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
    values: NewOrganizationClient,
) -> Result<WithSecrets, Error> {
    applications::change(ctx, ClientId::Organization(id), |client| {
        check_owner(client, organization)?;
        client.fill(ctx, values)
    })
    .await
}

/// Deletes a machine client with its secrets. Tokens that it got live on until they expire.
///
/// # Errors
/// `NOT_FOUND`, also the second time, and for a client of another organization.
pub async fn delete_organization_client(
    ctx: &Ctx,
    organization: OrganizationId,
    id: OrganizationClientId,
) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let client = find(&mut tx, ctx, organization, id).await?;
    if !store::delete(&mut tx, ctx.environment().id, client.id).await? {
        return Err(Client::not_found(id));
    }
    tx.commit().await
}
