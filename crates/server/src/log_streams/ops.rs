//! The operations on log streams.
use super::{
    model::{LogStream, Values},
    store,
};
use crate::{ctx::Ctx, error::Error, ids::LogStreamId, secret::Secret, vault::Place};

const SEALED_IN: &str = "log_streams.credential_sealed";

/// Every stream, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<LogStream>, Error> {
    store::all(&mut ctx.db().read(), ctx.environment().id).await
}

/// One stream.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: LogStreamId) -> Result<LogStream, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    found.ok_or_else(|| LogStream::not_found(id))
}

/// Creates a stream.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` if there is a stream to this provider.
pub async fn create(ctx: &Ctx, values: Values) -> Result<LogStream, Error> {
    let (stream, credential) = LogStream::new(ctx, values)?;
    let sealed = seal(ctx, stream.id, &credential)?;
    let mut tx = ctx.db().write().await?;
    store::insert(&mut tx, ctx.environment().id, &stream, sealed).await?;
    tx.commit().await?;
    Ok(stream)
}

/// Changes what `values` has.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value, or another provider.
pub async fn update(ctx: &Ctx, id: LogStreamId, values: Values) -> Result<LogStream, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let found = store::find_for_update(&mut tx, env, id).await?;
    let mut stream = found.ok_or_else(|| LogStream::not_found(id))?;
    let sealed = match stream.update(ctx, values)? {
        Some(credential) => Some(seal(ctx, id, &credential)?),
        None => None,
    };
    store::update(&mut tx, env, &stream, sealed).await?;
    tx.commit().await?;
    Ok(stream)
}

fn seal(ctx: &Ctx, id: LogStreamId, credential: &Secret<String>) -> Result<Vec<u8>, Error> {
    ctx.app().vault.seal(Place { column: SEALED_IN, row: id.as_i64() }, credential.expose().as_bytes())
}

/// Deletes a stream with its credential.
///
/// # Errors
/// `NOT_FOUND`, also the second time.
pub async fn delete(ctx: &Ctx, id: LogStreamId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if !store::delete(&mut tx, ctx.environment().id, id).await? {
        return Err(LogStream::not_found(id));
    }
    tx.commit().await
}
