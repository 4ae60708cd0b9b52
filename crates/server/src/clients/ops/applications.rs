//! Applications of the environment.
use super::{
    super::{
        model::{ApplicationUpdate, Client, ClientId, ClientType, NewApplication, NewSecret},
        store::{self, Which},
    },
    WithSecrets,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::{Error, Kind},
    ids::{ApplicationId, EnvironmentId},
    paging::{List, Page, Sizes, Window},
    time::Timestamp,
};

const SIZES: Sizes = Sizes { default: 10, max: 30 };

/// Adds the environment's own application with its first secret.
///
/// # Errors
/// Those of the database.
pub async fn create_default(
    tx: &mut Tx,
    env: EnvironmentId,
    id: ApplicationId,
    secret: &NewSecret,
    now: Timestamp,
) -> Result<(), Error> {
    let client = Client::default_application(id, now);
    store::insert(tx, env, &client).await?;
    store::secrets::insert(tx, env, client.id, secret).await
}

/// Creates an application. It has no secret at first.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value.
pub async fn create(ctx: &Ctx, new: NewApplication) -> Result<WithSecrets, Error> {
    let client = Client::application(ctx, new)?;
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &client).await?;
    tx.commit().await?;
    Ok((client, Vec::new()))
}

/// One application.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: ApplicationId) -> Result<WithSecrets, Error> {
    let (mut tx, env, client) = (ctx.db().read(), ctx.environment().id, ClientId::Application(id));
    let found = store::find(&mut tx, env, client).await?.ok_or_else(|| Client::not_found(id))?;
    Ok((found, store::secrets::of(&mut tx, env, client).await?))
}

/// One page of applications, newest first, and how many there are. Without types those of type `ENV`; `ALL` outweighs
/// the others.
///
/// # Errors
/// `INVALID_ARGUMENT` for an unknown type, or a token of another list.
pub async fn list(
    ctx: &Ctx,
    types: &[String],
    size: u32,
    token: &str,
) -> Result<(Page<WithSecrets>, i64), Error> {
    let kinds = kinds(types)?;
    let list = List::named("clients").filtered_by(&format!("{kinds:?}"));
    page(ctx, &list, Which::Applications(kinds), SIZES, size, token).await
}

/// One page of clients of any sort with their secrets.
pub(super) async fn page(
    ctx: &Ctx,
    list: &List,
    which: Which,
    sizes: Sizes,
    size: u32,
    token: &str,
) -> Result<(Page<WithSecrets>, i64), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let window = Window::parse(ctx, list, sizes, size, token)?;
    let rows = store::page(&mut tx, env, which, window).await?;
    let total = store::count(&mut tx, env, which).await?;
    let page = window.page(ctx, list, rows, |client| client.id.as_i64());
    let mut secrets = store::secrets::of_page(&mut tx, env, &page.items).await?;
    let with = |client: Client| {
        let secrets = secrets.remove(&client.id.as_i64()).unwrap_or_default();
        (client, secrets)
    };
    let items = page.items.into_iter().map(with).collect();
    Ok((Page { items, next_token: page.next_token, prev_token: page.prev_token }, total))
}

fn kinds(types: &[String]) -> Result<[ClientType; 4], Error> {
    const ALL: [ClientType; 4] =
        [ClientType::Environment, ClientType::WebApp, ClientType::SinglePage, ClientType::Native];
    let mut kinds = Vec::new();
    for (index, name) in types.iter().enumerate() {
        if name == "ALL" {
            kinds.extend(ALL);
            continue;
        }
        let kind = ClientType::application(name).ok_or_else(|| {
            let field = format!("filter.client_type[{index}]");
            Error::invalid(field, "client_type", "must be ENV, WEB_APP, SPA, NTV or ALL")
        })?;
        kinds.push(kind);
    }
    let first = kinds.first().copied().unwrap_or(ClientType::Environment);
    Ok(ALL.map(|kind| if kinds.contains(&kind) { kind } else { first }))
}

/// Changes what `update` says.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value.
pub async fn update(ctx: &Ctx, id: ApplicationId, update: ApplicationUpdate) -> Result<WithSecrets, Error> {
    change(ctx, ClientId::Application(id), |client| client.update(ctx, update)).await
}

/// Reads the client for update, lets `apply` change it, and stores the change if there is one.
pub(super) async fn change(
    ctx: &Ctx,
    id: ClientId,
    apply: impl FnOnce(&mut Client) -> Result<bool, Error>,
) -> Result<WithSecrets, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let mut client = store::find_for_update(&mut tx, env, id).await?.ok_or_else(|| Client::not_found(id))?;
    let changed = apply(&mut client)?;
    let secrets = store::secrets::of(&mut tx, env, id).await?;
    if changed {
        store::update(&mut tx, env, &client).await?;
        tx.commit().await?;
    }
    Ok((client, secrets))
}

/// Deletes an application with its secrets. Tokens that it got live on until they expire, but no longer open the API.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `FAILED_PRECONDITION` for the environment's own.
pub async fn delete(ctx: &Ctx, id: ApplicationId) -> Result<(), Error> {
    let (env, client) = (ctx.environment().id, ClientId::Application(id));
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, client).await?.ok_or_else(|| Client::not_found(id))?;
    if found.kind == ClientType::Environment {
        return Err(Error::new(
            Kind::FailedPrecondition,
            "the environment's own application cannot be deleted; make another one for what may go",
        ));
    }
    store::delete(&mut tx, env, client).await?;
    tx.commit().await
}
