//! The operations on clients of resources.
use super::{model::Resource, store};
use crate::{
    clients::{
        self, Client, ClientId, ClientType, NewSecret, RegistrationRequest, ResourceClientValues, WithSecrets,
    },
    ctx::Ctx,
    db::{Queryable, Tx},
    error::{Error, Kind},
    ids::{ResourceClientId, ResourceId},
};

/// Clients that one list shows, the newest: it has no pages, and those that registered themselves may be many.
const MAX_LISTED: i64 = 1000;

/// The clients of a resource, and how many there are.
#[derive(Debug)]
pub struct Listed {
    /// The newest ones, newest first.
    pub clients: Vec<WithSecrets>,
    /// How many registered themselves.
    pub registered: i64,
    /// How many were made.
    pub made: i64,
}

/// Adds a client to a resource, with its first secret.
///
/// # Errors
/// `NOT_FOUND` for an unknown resource; `INVALID_ARGUMENT` for a bad value.
pub async fn create(
    ctx: &Ctx,
    id: ResourceId,
    values: ResourceClientValues,
) -> Result<(Resource, Client, NewSecret), Error> {
    let env = ctx.environment().id;
    let client = Client::of_resource(ctx, id, values)?;
    let secret = NewSecret::made_by(ctx)?;
    let mut tx = ctx.db().write().await?;
    let resource = find_resource(&mut tx, ctx, id).await?;
    clients::store::insert(&mut tx, env, &client).await?;
    clients::store::secrets::insert(&mut tx, env, client.id, &secret).await?;
    tx.commit().await?;
    Ok((resource, client, secret))
}

/// Registers a client that asks for it itself (RFC 7591). It may ask for those of its scopes that the resource has, or
/// for all of them if it names none.
///
/// # Errors
/// `NOT_FOUND` for an unknown resource; `PERMISSION_DENIED` where it is off; `RESOURCE_EXHAUSTED` for an address that
/// registers too many; `INVALID_ARGUMENT` for a bad value.
pub async fn register(
    ctx: &Ctx,
    id: ResourceId,
    mut request: RegistrationRequest,
) -> Result<(Resource, Client), Error> {
    let env = ctx.environment().id;
    ctx.app().rates.check_registration(id, ctx.ip())?;
    let resource = find_resource(&mut ctx.db().read(), ctx, id).await?;
    if resource.registration_disabled {
        let text = "clients cannot register themselves for this resource; ask its owner for a client id";
        return Err(Error::new(Kind::PermissionDenied, text));
    }
    let mut scopes = store::enabled_scopes(&mut ctx.db().read(), env, id).await?;
    if !request.scopes.is_empty() {
        scopes.retain(|scope| request.scopes.contains(scope));
    }
    request.scopes = scopes;
    let client = Client::registered(ctx, id, request)?;
    let mut tx = ctx.db().write().await?;
    clients::store::insert(&mut tx, env, &client).await?;
    tx.commit().await?;
    Ok((resource, client))
}

/// One client of a resource.
///
/// # Errors
/// `NOT_FOUND`, also for a client of another resource.
pub async fn get(
    ctx: &Ctx,
    resource: ResourceId,
    id: ResourceClientId,
) -> Result<(Resource, WithSecrets), Error> {
    let mut tx = ctx.db().read();
    let client = find(&mut tx, ctx, resource, id).await?;
    let resource = find_resource(&mut tx, ctx, resource).await?;
    let secrets = clients::store::secrets::of(&mut tx, ctx.environment().id, client.id).await?;
    Ok((resource, (client, secrets)))
}

/// The clients of a resource.
///
/// # Errors
/// `NOT_FOUND` for an unknown resource.
pub async fn list(ctx: &Ctx, id: ResourceId) -> Result<(Resource, Listed), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let resource = find_resource(&mut tx, ctx, id).await?;
    let found = clients::store::of_resource(&mut tx, env, id, MAX_LISTED).await?;
    let mut secrets = clients::store::secrets::of_page(&mut tx, env, &found).await?;
    let with = |client: Client| {
        let secrets = secrets.remove(&client.id.as_i64()).unwrap_or_default();
        (client, secrets)
    };
    let clients = found.into_iter().map(with).collect();
    let (registered, made) = clients::store::count_of_resource(&mut tx, env, id).await?;
    Ok((resource, Listed { clients, registered, made }))
}

/// Changes what `values` has.
///
/// # Errors
/// `NOT_FOUND`, also for a client of another resource; `INVALID_ARGUMENT` for a bad value.
pub async fn update(
    ctx: &Ctx,
    resource: ResourceId,
    id: ResourceClientId,
    values: ResourceClientValues,
) -> Result<(Resource, WithSecrets), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = clients::store::find_for_update(&mut tx, env, ClientId::Resource(id)).await?;
    let mut client = owned(found, resource, id)?;
    let changed = client.fill_resource_client(ctx, values)?;
    if client.registration.is_some() && client.uris.post_login.is_empty() {
        let description = "must have at least one item for a client that registered itself";
        return Err(Error::invalid("client.redirect_uris", "repeated.min_items", description));
    }
    let resource = find_resource(&mut tx, ctx, resource).await?;
    let secrets = clients::store::secrets::of(&mut tx, env, client.id).await?;
    if changed {
        clients::store::update(&mut tx, env, &client).await?;
        tx.commit().await?;
    }
    Ok((resource, (client, secrets)))
}

/// Deletes a client with its secrets and consents. Tokens that it got live on until they expire.
///
/// # Errors
/// `NOT_FOUND`, also the second time, and for a client of another resource.
pub async fn delete(ctx: &Ctx, resource: ResourceId, id: ResourceClientId) -> Result<(), Error> {
    let mut tx: Tx = ctx.db().write().await?;
    let client = find(&mut tx, ctx, resource, id).await?;
    if !clients::store::delete(&mut tx, ctx.environment().id, client.id).await? {
        return Err(Client::not_found(id));
    }
    tx.commit().await
}

async fn find(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    resource: ResourceId,
    id: ResourceClientId,
) -> Result<Client, Error> {
    let found = clients::store::find(tx, ctx.environment().id, ClientId::Resource(id)).await?;
    owned(found, resource, id)
}

fn owned(client: Option<Client>, resource: ResourceId, id: ResourceClientId) -> Result<Client, Error> {
    let client = client.filter(|client| client.kind == ClientType::Resource(resource));
    client.ok_or_else(|| Client::not_found(id))
}

async fn find_resource(tx: &mut impl Queryable, ctx: &Ctx, id: ResourceId) -> Result<Resource, Error> {
    store::find(tx, ctx.environment().id, id).await?.ok_or_else(|| Resource::not_found(id))
}
