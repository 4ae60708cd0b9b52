//! Listing sign-ins.
use super::{
    model::{AuthRequest, Filter},
    store,
};
use crate::{
    ctx::Ctx,
    error::Error,
    paging::{List, Page, Sizes, Window},
};

const SIZES: Sizes = Sizes { default: 30, max: 100 };

/// One page of sign-ins, newest first, and how many pass the filter.
///
/// # Errors
/// `INVALID_ARGUMENT` for a span that ends before it starts, or a token of another list.
pub async fn list(
    ctx: &Ctx,
    filter: &Filter,
    size: u32,
    token: &str,
) -> Result<(Page<AuthRequest>, i64), Error> {
    if filter.start.zip(filter.end).is_some_and(|(start, end)| start > end) {
        return Err(Error::invalid("start_time", "time_span", "must not be after end_time"));
    }
    let list = List::named("auth_logs").filtered_by(&format!("{filter:?}"));
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let (rows, total) = if filter.nothing {
        (Vec::new(), 0)
    } else {
        (store::page(&mut tx, env, filter, window).await?, store::count(&mut tx, env, filter).await?)
    };
    Ok((window.page(ctx, &list, rows, |entry| entry.id.as_i64()), total))
}
