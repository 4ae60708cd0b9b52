//! The operations on registrations.
use super::{
    codes::{self, Typed},
    model::{Account, Registration},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::{Error, Kind},
    ids::{TotpRegistrationId, UserId},
    text,
    users::{self, User, UserRef},
    vault::{self, Place},
};
use std::time::Duration;

/// How long a registration can be enabled.
const ENABLE_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// Tries without a right one, and the time in which they are counted.
const TRIES: (i64, Duration) = (5, Duration::from_secs(600));
/// What the interface allows for the URI.
const MAX_URI: usize = 1024;

fn place(id: TotpRegistrationId) -> Place {
    Place { column: "totp_registrations.secret_sealed", row: id.as_i64() }
}

/// Registers an app: the registration and the URI that the app reads, which holds the secret. A user's earlier
/// registration that was not enabled is gone.
///
/// # Errors
/// `NOT_FOUND` for an unknown user; `INVALID_ARGUMENT` for an account name that does not fit into the URI.
pub async fn register(ctx: &Ctx, account: Account) -> Result<(Registration, String), Error> {
    let (env, now, id) = (ctx.environment().id, ctx.now(), ctx.new_id());
    if let Account::Named(name) = &account
        && let Some(problem) = text::name_problem(name)
    {
        return Err(Error::invalid("totp_registration.account_name", "name", problem));
    }
    let secret = codes::new_secret()?;
    let secret_sealed = ctx.app().vault.seal(place(id), secret.expose())?;
    let registration =
        Registration { id, account, secret_sealed, enabled_at: None, created_at: now, updated_at: now };
    let mut tx = ctx.db().write().await?;
    let label = match &registration.account {
        Account::User(user) => {
            let which = UserRef::Id(*user);
            let found = users::find_for_update(&mut tx, env, &which).await?;
            let found = found.ok_or_else(|| User::not_found(&which))?;
            store::delete_pending(&mut tx, env, *user).await?;
            found.email.as_str().to_owned()
        }
        Account::Named(name) => name.clone(),
    };
    let uri = codes::uri(&ctx.environment().display_name, &label, secret.expose());
    if uri.len() > MAX_URI {
        let text = "must be shorter: the otpauth URI, in which other letters than a to z count threefold and more, has at most 1024 characters";
        return Err(Error::invalid("totp_registration.account_name", "length", text));
    }
    store::insert(&mut tx, env, &registration, now.plus(ENABLE_WITHIN)).await?;
    tx.commit().await?;
    Ok((registration, uri))
}

/// Enables a registration by a code of the app, and answers with the backup codes.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a wrong code; `FAILED_PRECONDITION` for one that is enabled; `ALREADY_EXISTS` if
/// its user has another one enabled; `RESOURCE_EXHAUSTED` after too many tries.
pub async fn enable(ctx: &Ctx, id: TotpRegistrationId, code: &str) -> Result<Vec<String>, Error> {
    let env = ctx.environment().id;
    if find(ctx, id).await?.enabled_at.is_some() {
        return Err(enabled_already(id));
    }
    let backup_codes = codes::new_backup_codes()?;
    let mut tx = ctx.db().write().await?;
    if !is_right(&mut tx, ctx, id, code).await? {
        tx.commit().await?;
        return Err(wrong_code());
    }
    if !store::enable(&mut tx, env, id, ctx.now()).await? {
        return Err(enabled_already(id));
    }
    for code in &backup_codes {
        if let Typed::Backup(code) = Typed::parse(code) {
            store::insert_backup_code(&mut tx, env, id, vault::hash(&code)).await?;
        }
    }
    tx.commit().await?;
    Ok(backup_codes)
}

/// Whether a code of an enabled registration is right. A right one is not right a second time.
///
/// # Errors
/// `NOT_FOUND`; `FAILED_PRECONDITION` for one that is not enabled; `RESOURCE_EXHAUSTED` after too many tries.
pub async fn verify(ctx: &Ctx, id: TotpRegistrationId, code: &str) -> Result<bool, Error> {
    if find(ctx, id).await?.enabled_at.is_none() {
        let text = format!("registration {id} is not enabled yet; enable it with a code of the app first");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    let mut tx = ctx.db().write().await?;
    let right = is_right(&mut tx, ctx, id, code).await?;
    tx.commit().await?;
    Ok(right)
}

/// The same, of the user's enabled registration.
///
/// # Errors
/// `NOT_FOUND` for an unknown user, and for one without an enabled registration; `RESOURCE_EXHAUSTED` after too many
/// tries.
pub async fn verify_user(ctx: &Ctx, user: UserId, code: &str) -> Result<bool, Error> {
    let (env, which) = (ctx.environment().id, UserRef::Id(user));
    let tx = &mut ctx.db().read();
    users::find(tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let id = store::enabled_of(tx, env, user).await?;
    let id = id.ok_or_else(|| Error::not_found(format!("enabled registration of {which}")))?;
    verify(ctx, id, code).await
}

/// Deletes a registration, by a code of the app or a backup code.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a wrong code; `RESOURCE_EXHAUSTED` after too many tries.
pub async fn disable(ctx: &Ctx, id: TotpRegistrationId, code: &str) -> Result<(), Error> {
    find(ctx, id).await?;
    let mut tx = ctx.db().write().await?;
    let right = is_right(&mut tx, ctx, id, code).await?;
    if right && !store::delete(&mut tx, ctx.environment().id, id).await? {
        return Err(Registration::not_found(id));
    }
    tx.commit().await?;
    if right { Ok(()) } else { Err(wrong_code()) }
}

async fn find(ctx: &Ctx, id: TotpRegistrationId) -> Result<Registration, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, id, ctx.now()).await?;
    found.ok_or_else(|| Registration::not_found(id))
}

/// Counts a try, and takes the code if it is right. The caller commits in either case: a wrong try counts.
async fn is_right(tx: &mut Tx, ctx: &Ctx, id: TotpRegistrationId, code: &str) -> Result<bool, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    if !store::count_try(tx, env, id, TRIES, now).await? {
        return Err(too_many_tries(tx, ctx, id).await?);
    }
    let registration = store::find(tx, env, id, now).await?.ok_or_else(|| Registration::not_found(id))?;
    match Typed::parse(code) {
        Typed::Code(code) => {
            let secret = ctx.app().vault.open(place(id), &registration.secret_sealed)?;
            match codes::step_of(secret.expose(), &code, now) {
                Some(step) => store::take_step(tx, env, id, step).await,
                None => Ok(false),
            }
        }
        Typed::Backup(code) => store::take_backup_code(tx, env, id, vault::hash(&code), now).await,
        Typed::Nothing => Ok(false),
    }
}

async fn too_many_tries(tx: &mut Tx, ctx: &Ctx, id: TotpRegistrationId) -> Result<Error, Error> {
    let Some(since) = store::tries_since(tx, ctx.environment().id, id).await? else {
        return Ok(Registration::not_found(id));
    };
    let wait = since.plus(TRIES.1).as_seconds() - ctx.now().as_seconds();
    let wait = u64::try_from(wait).unwrap_or_default().max(1);
    let text = format!("too many wrong codes for registration {id}; try again in {wait} s");
    Ok(Error::new(Kind::ResourceExhausted, text).with_code("RATE_LIMITED").with_retry_after(wait))
}

fn wrong_code() -> Error {
    Error::invalid("code", "code", "is wrong, too old, or was used before")
}

fn enabled_already(id: TotpRegistrationId) -> Error {
    Error::new(Kind::FailedPrecondition, format!("registration {id} is enabled already"))
}
