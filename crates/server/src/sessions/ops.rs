//! The operations that applications call.
use super::{
    jobs::SessionEnded,
    model::{Session, Status},
    store::{self, Filter, Key},
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    events::{self, EventType},
    identities,
    ids::{SessionId, UserId},
    jobs,
    paging::{List, Page, Sizes, Window},
    users::{self, User, UserRef},
};

const SIZES: Sizes = Sizes { default: 10, max: 100 };

/// One session.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, Key::Id(id), ctx.now()).await?;
    found.ok_or_else(|| Session::not_found(id))
}

/// One page of the sessions of a user that pass the filter, newest first, and how many there are.
///
/// # Errors
/// `NOT_FOUND` for an unknown user; `INVALID_ARGUMENT` for an end before the start, or a token of another list.
pub async fn list(
    ctx: &Ctx,
    user: UserId,
    filter: &Filter,
    size: u32,
    token: &str,
) -> Result<(Page<Session>, i64), Error> {
    if let (Some(start), Some(end)) = (filter.start, filter.end)
        && end < start
    {
        return Err(Error::invalid("filter.end_time", "end_time", "must not be before filter.start_time"));
    }
    let (mut tx, env, now) = (ctx.db().read(), ctx.environment().id, ctx.now());
    let which = UserRef::Id(user);
    users::find(&mut tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let list = List::named("sessions").filtered_by(&format!("{user} {filter:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let rows = store::page(&mut tx, env, (user, filter), now, window).await?;
    let total = store::count(&mut tx, env, (user, filter), now).await?;
    Ok((window.page(ctx, &list, rows, |session| session.id.as_i64()), total))
}

/// The newest sessions of a user that have not ended, as many as a page shows.
///
/// # Errors
/// `NOT_FOUND` for an unknown user.
pub async fn open_of(ctx: &Ctx, user: UserId) -> Result<Vec<Session>, Error> {
    let filter = Filter { statuses: vec![Status::Active], ..Filter::default() };
    Ok(list(ctx, user, &filter, SIZES.max, "").await?.0.items)
}

/// Ends a session. One that has ended is left as it is.
///
/// # Errors
/// `NOT_FOUND`
pub async fn revoke(ctx: &Ctx, id: SessionId) -> Result<Session, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut tx = ctx.db().write().await?;
    end(&mut tx, ctx, id, Status::Revoked).await?;
    let found = store::find(&mut tx, env, Key::Id(id), now).await?.filter(|found| ctx.reaches(found.user));
    // Of somebody else's, nothing is committed.
    let session = found.ok_or_else(|| Session::not_found(id))?;
    tx.commit().await?;
    Ok(session)
}

/// Ends every session of a user that has not ended, and answers with them, the newest first. All of them end together,
/// and a session that starts at the same time either ends too or starts afterwards: both hold the user.
///
/// # Errors
/// `NOT_FOUND` for an unknown user.
pub async fn revoke_all(ctx: &Ctx, user: UserId) -> Result<Vec<Session>, Error> {
    let (env, now, which) = (ctx.environment().id, ctx.now(), UserRef::Id(user));
    let mut tx = ctx.db().write().await?;
    users::find_for_update(&mut tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let mut revoked = Vec::new();
    for id in store::open_of_user(&mut tx, env, user, false).await? {
        if end(&mut tx, ctx, id, Status::Revoked).await? {
            let ended = store::find(&mut tx, env, Key::Id(id), now).await?;
            revoked.extend(ended);
        }
    }
    tx.commit().await?;
    revoked.reverse();
    Ok(revoked)
}

/// Ends a session that has not ended, and tells of it. Tells whether this did it.
pub(super) async fn end(tx: &mut Tx, ctx: &Ctx, id: SessionId, status: Status) -> Result<bool, Error> {
    let ended = store::end(tx, ctx.environment().id, id, status, ctx.now()).await?;
    if ended {
        tell_end(tx, ctx, id).await?;
    }
    Ok(ended)
}

/// Records the end of a session, and has the applications told that want to be.
pub(super) async fn tell_end(tx: &mut Tx, ctx: &Ctx, id: SessionId) -> Result<(), Error> {
    let env = ctx.environment().id;
    tell(tx, ctx, EventType::UserLogout, id).await?;
    if store::has_listeners(tx, env, id).await? {
        let ended = SessionEnded { session: id.as_i64() };
        jobs::enqueue(tx, ctx.app(), Some(env), &ended, ctx.now()).await?;
    }
    Ok(())
}

/// Records the start or the end of a session.
pub(super) async fn tell(tx: &mut Tx, ctx: &Ctx, kind: EventType, id: SessionId) -> Result<(), Error> {
    let env = ctx.environment().id;
    let session = store::find(tx, env, Key::Id(id), ctx.now()).await?;
    let session = session.ok_or_else(|| Error::internal("a session is not there in its own transaction"))?;
    let user = users::find(tx, env, &UserRef::Id(session.user)).await?;
    let user = user.ok_or_else(|| Error::internal("a session without its user"))?;
    let linked = identities::of_users(tx, env, &[user.id]).await?.remove(&user.id.as_i64());
    let data = session.event_data(&user, &linked.unwrap_or_default());
    events::emit(tx, ctx, kind, Some(session.organization), &data).await
}
