//! The consents of the person who calls.
use super::consents::{Consent, SIZES};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::ConsentId,
    paging::{List, Page, Window},
    sql,
};

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT s.id, s.external_user_id, s.client_id, c.name, s.scopes, s.granted_at
             FROM consents s JOIN clients c ON c.id = s.client_id
             WHERE s.environment_id = $1 AND s.external_user_id = $2 ",
            $rest
        ))
    };
}

/// One page of the caller's consents, newest first, and how many there are.
///
/// # Errors
/// `FAILED_PRECONDITION` for a caller who is no person; `INVALID_ARGUMENT` for a token of another list.
pub async fn list(ctx: &Ctx, size: u32, token: &str) -> Result<(Page<Consent>, i64), Error> {
    use crate::paging::From::{After, Before, Newest};
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let user = ctx.require_person()?.user.to_string();
    let list = List::named("consents:this").filtered_by(&user);
    let window = Window::parse(ctx, &list, SIZES, size, token)?;
    let (statement, from) = match window.from {
        After(id) => (select!("AND s.id > $3 ORDER BY s.id LIMIT $4"), id),
        Before(id) => (select!("AND s.id < $3 ORDER BY s.id DESC LIMIT $4"), id),
        Newest => (select!("AND s.id <= $3 ORDER BY s.id DESC LIMIT $4"), i64::MAX),
    };
    let rows = statement.bind(env).bind(&user).bind(from).bind(window.limit()).all(&mut tx).await?;
    let total = sql!("SELECT COUNT(*) FROM consents WHERE environment_id = $1 AND external_user_id = $2")
        .bind(env)
        .bind(&user)
        .one(&mut tx)
        .await?;
    Ok((window.page(ctx, &list, rows, |consent: &Consent| consent.id.as_i64()), total))
}

/// Takes a consent of the caller's back, with the refresh tokens that rest on it. Access tokens live on until they expire.
///
/// # Errors
/// `FAILED_PRECONDITION` for a caller who is no person; `NOT_FOUND` for one that is not hers, and the second time.
pub async fn revoke(ctx: &Ctx, id: ConsentId) -> Result<(), Error> {
    let user = ctx.require_person()?.user.to_string();
    let mut tx = ctx.db().write().await?;
    let deleted =
        sql!("DELETE FROM consents WHERE environment_id = $1 AND id = $2 AND external_user_id = $3")
            .bind(ctx.environment().id)
            .bind(id)
            .bind(user)
            .execute(&mut tx)
            .await?;
    if deleted == 0 {
        return Err(Error::not_found(format!("consent {id}")));
    }
    tx.commit().await
}
