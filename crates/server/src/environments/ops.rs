//! The operations on environments and their settings. The catalogue of events has none for them.
use super::{
    model::Environment,
    settings::{self, Setting},
    store,
};
use crate::{
    ctx::{Caller, Ctx},
    db::Tx,
    error::{Error, Kind},
    hostname,
    ids::EnvironmentId,
    paging::{List, Page, Sizes, Window},
    text,
};
use std::sync::Arc;

/// The environment that a request names: whoever belongs to one sees no other.
///
/// # Errors
/// `NOT_FOUND`
pub async fn named(ctx: &Ctx, id: EnvironmentId) -> Result<Arc<Environment>, Error> {
    let sees_all = matches!(ctx.caller(), Caller::Operator | Caller::Server);
    if !sees_all && id != ctx.environment().id {
        return Err(not_found(id));
    }
    ctx.app().environments.with_id(ctx.app(), id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: EnvironmentId) -> Error {
    Error::not_found(format!("environment {id}"))
}

const LIST_SIZES: Sizes = Sizes { default: 10, max: 100 };
const MAX_NAME: usize = 200;

/// The environment as it is stored now.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get_environment(ctx: &Ctx, id: EnvironmentId) -> Result<Environment, Error> {
    named(ctx, id).await?;
    store::find(&mut ctx.db().read(), id).await?.ok_or_else(|| not_found(id))
}

/// One page of the installation's environments, newest first, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(ctx: &Ctx, size: u32, token: &str) -> Result<(Page<Environment>, i64), Error> {
    let mut tx = ctx.db().read();
    let list = List::named("environments");
    let window = Window::parse(ctx, &list, LIST_SIZES, size, token)?;
    let rows = store::page(&mut tx, window).await?;
    let total = store::count(&mut tx).await?;
    Ok((window.page(ctx, &list, rows, |environment| environment.id.as_i64()), total))
}

/// Starts a change of an environment that no other change of environments can cross.
pub(super) async fn begin(ctx: &Ctx, id: EnvironmentId) -> Result<(Tx, Environment), Error> {
    named(ctx, id).await?;
    let mut tx = ctx.db().write().await?;
    store::change(&mut tx).await?;
    let environment = store::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    Ok((tx, environment))
}

/// Ends it: this node knows at once, the others within a second.
pub(super) async fn finish(ctx: &Ctx, mut tx: Tx, id: EnvironmentId) -> Result<Environment, Error> {
    let changed = store::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    tx.commit().await?;
    ctx.app().environments.reload(ctx.db()).await?;
    Ok(changed)
}

/// Gives an environment another name.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad name.
pub async fn rename(ctx: &Ctx, id: EnvironmentId, name: &str) -> Result<Environment, Error> {
    check_name(name)?;
    let (mut tx, _) = begin(ctx, id).await?;
    store::set_display_name(&mut tx, id, name, ctx.now()).await?;
    finish(ctx, tx, id).await
}

/// Whether an environment may have this name.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub fn check_name(name: &str) -> Result<(), Error> {
    const FIELD: &str = "environment.display_name";
    if name.chars().count() > MAX_NAME {
        return Err(Error::invalid(FIELD, "string.max_len", "must be at most 200 characters"));
    }
    match text::name_problem(name) {
        Some(problem) => Err(Error::invalid(FIELD, "name", problem)),
        None => Ok(()),
    }
}

/// Moves an environment to another host of its own.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for what is no host; `ALREADY_EXISTS` for another environment's;
/// `FAILED_PRECONDITION` for the default environment, which is where the configuration says.
pub async fn move_to(ctx: &Ctx, id: EnvironmentId, domain: &str) -> Result<Environment, Error> {
    let domain = parse_domain(domain)?;
    if ctx.app().environments.default_environment().is_some_and(|default| default.id == id) {
        let text =
            "the default environment is where server.public_url says; change that and start the server again";
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    let (mut tx, _) = begin(ctx, id).await?;
    store::set_domain(&mut tx, id, &domain, ctx.now()).await?;
    finish(ctx, tx, id).await
}

/// `host` or `host:port`, in its one spelling.
fn parse_domain(text: &str) -> Result<String, Error> {
    const FIELD: &str = "environment.domain";
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let name = hostname::parse(name).map_err(|problem| Error::invalid(FIELD, "hostname", problem))?;
    match port {
        None => Ok(name),
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 && number.to_string() == port => Ok(format!("{name}:{number}")),
            _ => {
                Err(Error::invalid(FIELD, "port", "must have a port of 1 to 65535 after the colon, or none"))
            }
        },
    }
}

/// A group of settings.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get<S: Setting>(ctx: &Ctx, id: EnvironmentId) -> Result<S, Error> {
    let environment = named(ctx, id).await?;
    settings::find(&mut ctx.db().read(), environment.id).await
}

/// Changes a group of settings as `change` says. This node knows at once, the others within a second.
///
/// # Errors
/// `NOT_FOUND`; those of `change`.
pub async fn change<S: Setting>(
    ctx: &Ctx,
    id: EnvironmentId,
    change: impl FnOnce(&Environment, S) -> Result<S, Error>,
) -> Result<S, Error> {
    let environment = named(ctx, id).await?;
    let mut tx = ctx.db().write().await?;
    // Before they are read: of two changes at once, the later one must see what the earlier one stored.
    store::change(&mut tx).await?;
    let changed = change(&environment, settings::find(&mut tx, environment.id).await?)?;
    settings::put(&mut tx, environment.id, &changed, ctx.now()).await?;
    tx.commit().await?;
    ctx.app().environments.reload(ctx.db()).await?;
    Ok(changed)
}
