//! The operations on passkeys.
use super::{
    model::{NewPasskey, Passkey},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{CredentialId, UserId},
    sessions, text,
    users::{self, User, UserRef},
};

/// The passkeys of a user, the newest first.
///
/// # Errors
/// `NOT_FOUND` for an unknown user.
pub async fn list(ctx: &Ctx, user: UserId) -> Result<Vec<Passkey>, Error> {
    let (mut tx, env, which) = (ctx.db().read(), ctx.environment().id, UserRef::Id(user));
    users::find(&mut tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    store::of_user(&mut tx, env, user).await
}

/// Keeps a passkey whose registration was checked, in the caller's transaction.
///
/// # Errors
/// `NOT_FOUND` for an unknown user; `ALREADY_EXISTS` for a credential that anybody has registered.
pub async fn add(tx: &mut Tx, ctx: &Ctx, new: NewPasskey) -> Result<Passkey, Error> {
    let env = ctx.environment().id;
    let which = UserRef::Id(new.user);
    // The foreign key alone would take a user of another environment.
    users::find(tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let now = ctx.now();
    let passkey = Passkey {
        id: ctx.new_id(),
        credential: new,
        display_name: None,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    };
    store::insert(tx, env, &passkey).await?;
    Ok(passkey)
}

/// Renames a passkey.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a name that nobody can see, or that disguises itself.
pub async fn rename(ctx: &Ctx, id: CredentialId, display_name: &str) -> Result<Passkey, Error> {
    if let Some(problem) = text::name_problem(display_name) {
        return Err(Error::invalid("display_name", "name", problem));
    }
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    store::rename(&mut tx, env, id, display_name, ctx.now()).await?;
    let renamed = find(&mut tx, ctx, id).await?;
    tx.commit().await?;
    Ok(renamed)
}

/// The passkey, if the caller reaches it.
async fn find(tx: &mut Tx, ctx: &Ctx, id: CredentialId) -> Result<Passkey, Error> {
    let found = store::find(tx, ctx.environment().id, id).await?;
    found.filter(|found| ctx.reaches(found.credential.user)).ok_or_else(|| Passkey::not_found(id))
}

/// Deletes a passkey, and answers with what it was.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `FAILED_PRECONDITION` for a person whose sign-in was long ago.
pub async fn delete(ctx: &Ctx, id: CredentialId) -> Result<Passkey, Error> {
    sessions::require_fresh(ctx).await?;
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let passkey = find(&mut tx, ctx, id).await?;
    if !store::delete(&mut tx, env, id).await? {
        return Err(Passkey::not_found(id));
    }
    tx.commit().await?;
    Ok(passkey)
}
