//! The operations on user attributes. The catalogue of events has none for them.
use super::{
    model::{Attribute, Catalogue, Category, MAX_CUSTOM, NewAttribute},
    store,
};
use crate::{
    ctx::Ctx,
    db::Queryable,
    environments,
    error::{Error, Kind},
    ids::EnvironmentId,
};

/// All attributes of a catalogue: the standard ones as the environment has them, then its own, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    catalogue: Catalogue,
) -> Result<Vec<Attribute>, Error> {
    let mut stored = store::all(tx, env, catalogue).await?;
    let mut all = Attribute::standard();
    for standard in &mut all {
        if let Some(at) = stored.iter().position(|attribute| attribute.key == standard.key) {
            *standard = Attribute { category: Category::Standard, ..stored.remove(at) };
        }
    }
    all.append(&mut stored);
    Ok(all)
}

/// Adds an attribute.
///
/// # Errors
/// `INVALID_ARGUMENT` for a reserved key or a bad label; `ALREADY_EXISTS` for a key of the catalogue;
/// `FAILED_PRECONDITION` for more than 100.
pub async fn create(ctx: &Ctx, catalogue: Catalogue, new: NewAttribute) -> Result<Attribute, Error> {
    let attribute = Attribute::new(new)?;
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    // For the limit: those who count take turns.
    environments::store::lock(&mut tx, env).await?;
    let present = list(&mut tx, env, catalogue).await?;
    store::insert(&mut tx, env, catalogue, &attribute, ctx.now()).await?;
    if present.iter().filter(|attribute| attribute.category == Category::Custom).count() >= MAX_CUSTOM {
        let text = format!("the catalogue has {MAX_CUSTOM} attributes already; delete one first");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    tx.commit().await?;
    Ok(attribute)
}

/// Changes an attribute.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for what cannot change, or a bad label.
pub async fn update(
    ctx: &Ctx,
    catalogue: Catalogue,
    key: &str,
    new: NewAttribute,
) -> Result<Attribute, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    // One who deletes it meanwhile must not see it come back.
    environments::store::lock(&mut tx, env).await?;
    let present = list(&mut tx, env, catalogue).await?.into_iter().find(|attribute| attribute.key == key);
    let attribute = present.ok_or_else(|| not_found(key))?.updated(new)?;
    store::put(&mut tx, env, catalogue, &attribute, ctx.now()).await?;
    tx.commit().await?;
    Ok(attribute)
}

/// Removes an attribute. What profiles have of it stays.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `FAILED_PRECONDITION` for a standard one.
pub async fn delete(ctx: &Ctx, catalogue: Catalogue, key: &str) -> Result<(), Error> {
    if Attribute::standard().iter().any(|standard| standard.key == key) {
        let text = format!("attribute \"{key}\" is a standard one and cannot be deleted; disable it instead");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    if !store::delete(&mut tx, env, catalogue, key).await? {
        return Err(not_found(key));
    }
    tx.commit().await
}

fn not_found(key: &str) -> Error {
    Error::not_found(format!("attribute \"{key}\""))
}
