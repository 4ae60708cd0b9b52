//! Giving out authorization codes (RFC 6749 §4.1.2).
use super::{
    grant::NewCode,
    store::{self, Code},
};
use crate::{
    ctx::Ctx,
    db::{Queryable, Tx},
    entropy,
    error::Error,
    secret::Secret,
    vault,
};
use std::time::Duration;

/// How long a code can be used: the most that RFC 6749 §4.1.2 recommends.
const VALID_FOR: Duration = Duration::from_secs(600);

/// Makes a code: 256 random bits, of which a hash is stored.
///
/// # Errors
/// `FAILED_PRECONDITION` if the client, or the user's part in the session, is gone.
pub async fn issue(tx: &mut Tx, ctx: &Ctx, code: NewCode) -> Result<Secret<String>, Error> {
    let token = Secret::new(entropy::token()?);
    let stored = (vault::hash(token.expose()), ctx.now().plus(VALID_FOR));
    store::insert_code(tx, ctx.environment().id, ctx.new_id(), &code, stored).await?;
    Ok(token)
}

/// The code that somebody presents.
pub async fn find(tx: &mut impl Queryable, ctx: &Ctx, presented: &str) -> Result<Option<Code>, Error> {
    store::find_code(tx, ctx.environment().id, vault::hash(presented)).await
}
