//! Telling and listing what happened.
use super::{
    model::{Event, EventType},
    store::{self, Filter, Origin},
};
use crate::{
    ctx::{Caller, Ctx},
    db::Tx,
    error::Error,
    ids::{AuthRequestId, OrganizationId},
    paging::{List, Page, Sizes, Window},
};
use serde::Serialize;

const SIZES: Sizes = Sizes { default: 30, max: 100 };

/// Records an event in `tx`, with who did it and through which request. `data` becomes a JSON object in the shape that
/// webhooks carry.
///
/// # Errors
/// Those of the database.
pub async fn emit(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: EventType,
    organization: Option<OrganizationId>,
    data: &impl Serialize,
) -> Result<(), Error> {
    record(tx, ctx, kind, organization, None, data).await
}

/// Records a step of a sign-in, which the log shows under that.
///
/// # Errors
/// Those of the database.
pub async fn emit_step(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: EventType,
    sign_in: AuthRequestId,
    organization: Option<OrganizationId>,
    data: &impl Serialize,
) -> Result<(), Error> {
    record(tx, ctx, kind, organization, Some(sign_in), data).await
}

async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: EventType,
    organization: Option<OrganizationId>,
    sign_in: Option<AuthRequestId>,
    data: &impl Serialize,
) -> Result<(), Error> {
    let event = Event {
        id: ctx.new_id(),
        name: kind.name().to_owned(),
        object: kind.object().to_owned(),
        organization,
        occurred_at: ctx.now(),
        data: serde_json::to_string(data).map_err(Error::internal)?,
    };
    let (actor_type, actor_id) = match ctx.caller() {
        Caller::Client(id) => ("API", id.to_string()),
        Caller::Person { user, .. } => ("HUMAN", user.to_string()),
        Caller::Operator => ("HUMAN", "operator".to_owned()),
        Caller::Server => ("MACHINE", "server".to_owned()),
        Caller::Anonymous => ("MACHINE", String::new()),
    };
    let origin = Origin {
        actor_type,
        actor_id,
        ip_address: ctx.ip().map(|ip| ip.to_string()).unwrap_or_default(),
        request_id: ctx.request_id(),
        sign_in,
    };
    store::insert(tx, ctx.environment().id, &event, &origin).await
}

/// One page of the events that pass the filter, newest first, and how many there are if `count` asks for it.
///
/// # Errors
/// `INVALID_ARGUMENT` for a start after the end, or a token of another list.
pub async fn list(
    ctx: &Ctx,
    filter: &Filter,
    size: u32,
    token: &str,
    count: bool,
) -> Result<(Page<Event>, i64), Error> {
    if let (Some(start), Some(end)) = (filter.start, filter.end)
        && start > end
    {
        return Err(Error::invalid("filter.start_time", "start_time", "must not be after filter.end_time"));
    }
    let list = List::named("events").filtered_by(&format!("{filter:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    if filter.nothing {
        return Ok((window.page(ctx, &list, Vec::new(), |event: &Event| event.id.as_i64()), 0));
    }
    let mut tx = ctx.db().read();
    let rows = store::page(&mut tx, ctx.environment().id, filter, window).await?;
    let total = if count { store::count(&mut tx, ctx.environment().id, filter).await? } else { 0 };
    Ok((window.page(ctx, &list, rows, |event| event.id.as_i64()), total))
}
