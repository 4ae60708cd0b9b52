//! The two ceremonies of WebAuthn, each in two halves: registering a passkey (§7.1) and signing in with one (§7.2).
//!
//! Passkeys are discoverable, and sign-ins name none: what a sign-in asks the browser for says nothing about who is
//! known here (`docs/decisions/0030-passkeys-and-persons.md`).
use super::{
    answer::{self, Hints, refused},
    ceremony_store::{self, Bound, Ceremony},
    model::{Passkey, user_handle},
    ops,
    relying_party::RelyingParty,
    store,
};
use crate::{
    connections::settings::WebAuthnSettings,
    ctx::Ctx,
    db::Tx,
    email::Email,
    error::{Error, Kind},
    ids::UserId,
    sessions::Device,
    time::Timestamp,
    users::{self, User, UserRef},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use std::time::Duration;
use webauthn_rs::prelude::{
    AuthenticationResult, CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey,
    Passkey as Verifier, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid,
};

/// Passkeys that one user may have; more would make the browser's question too long.
const MAX_PASSKEYS: usize = 100;

/// Begins the registration of a passkey for a user. Answers with the ceremony's id and
/// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn §5.1.9).
///
/// # Errors
/// `NOT_FOUND` for an unknown user; `FAILED_PRECONDITION` if passkeys are disabled, or the user has a hundred.
pub async fn begin_registration(ctx: &Ctx, user: UserId) -> Result<(String, Json), Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment());
    let which = UserRef::Id(user);
    let person = users::find(&mut tx, env.id, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let rp = RelyingParty::enabled(&mut tx, env).await?;
    rp.check_registration()?;
    let known = store::of_user(&mut tx, env.id, user).await?;
    if known.len() >= MAX_PASSKEYS {
        let text =
            format!("a user has at most {MAX_PASSKEYS} passkeys; delete one that is not used any more");
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    let timeout = seconds(rp.settings.timeouts.registration);
    let name = person.email.as_str();
    let display_name = Some(person.profile.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(name);
    let (options, state) = rp
        .webauthn(&env.display_name, timeout)?
        .start_passkey_registration(
            Uuid::from_bytes(user_handle(user)),
            name,
            display_name,
            Some(known.into_iter().map(|passkey| passkey.credential.raw_id).collect()),
        )
        .map_err(Error::internal)?;
    let challenge = options.public_key.challenge.clone();
    let options = creation_options(&options, &rp.settings)?;
    let id = begin(ctx, challenge, Bound::User(user), &state, timeout).await?;
    Ok((id, options))
}

/// What webauthn-rs leaves to others: passkeys are discoverable, and the connection has a say in the rest.
fn creation_options(options: &CreationChallengeResponse, settings: &WebAuthnSettings) -> Result<Json, Error> {
    let mut options = serde_json::to_value(&options.public_key).map_err(Error::internal)?;
    let mut selection =
        json!({"residentKey": "required", "requireResidentKey": true, "userVerification": "required"});
    if let (Some(attachment), Some(selection)) = (&settings.selection.attachment, selection.as_object_mut()) {
        selection.insert("authenticatorAttachment".to_owned(), json!(attachment));
    }
    if let Some(options) = options.as_object_mut() {
        options.insert("authenticatorSelection".to_owned(), selection);
        options.insert("attestation".to_owned(), json!(settings.attestation.conveyance_preference));
    }
    Ok(options)
}

/// Finishes a registration with what the browser answered, `RegistrationResponseJSON`, and keeps the passkey. Without a
/// ceremony's id, it is the one whose challenge was signed.
///
/// # Errors
/// `INVALID_ARGUMENT` for an answer that does not fit, to a ceremony of somebody else, or one that is used or over;
/// `ALREADY_EXISTS` for a passkey that anybody has registered.
pub async fn finish_registration(
    ctx: &Ctx,
    user: UserId,
    ceremony: Option<&str>,
    response: Json,
    device: Device,
) -> Result<Passkey, Error> {
    let env = ctx.environment();
    let hints = Hints::of(&response);
    let answer: RegisterPublicKeyCredential = answer::parse(response)?;
    let challenge = answer::challenge(&answer.response.client_data_json, ceremony)?;
    let mut tx = ctx.db().write().await?;
    let state = ceremony_store::take_registration(&mut tx, env.id, &challenge, user, ctx.now()).await?;
    tx.commit().await?; // used, whatever comes of it
    let state: PasskeyRegistration = read(&state.ok_or_else(|| refused("no such registration"))?)?;
    let rp = RelyingParty::enabled(&mut ctx.db().read(), env).await?;
    let webauthn = rp.webauthn(&env.display_name, Duration::ZERO)?;
    let verifier = webauthn.finish_passkey_registration(&answer, &state).map_err(refused)?;
    let new = answer::new_passkey(user, verifier, (hints, &answer.response.attestation_object), device)?;
    let mut tx = ctx.db().write().await?;
    let passkey = ops::add(&mut tx, ctx, new).await?;
    tx.commit().await?;
    Ok(passkey)
}

/// Begins a sign-in with a passkey in a browser; with an address, only the passkeys of that user will do. Answers with
/// the ceremony's id and `PublicKeyCredentialRequestOptionsJSON` (WebAuthn §5.1.10), which are the same for everybody.
///
/// # Errors
/// `FAILED_PRECONDITION` if passkeys are disabled; `INVALID_ARGUMENT` for what is no address.
pub async fn begin_authentication(
    ctx: &Ctx,
    browser_hash: &[u8],
    email: Option<&str>,
) -> Result<(String, Json), Error> {
    let email = email.map(Email::parse).transpose();
    let email = email.map_err(|problem| Error::invalid("email", "email", problem))?;
    let rp = RelyingParty::enabled(&mut ctx.db().read(), ctx.environment()).await?;
    let timeout = seconds(rp.settings.timeouts.login);
    let webauthn = rp.webauthn(&ctx.environment().display_name, timeout)?;
    let (options, state) = webauthn.start_discoverable_authentication().map_err(Error::internal)?;
    let email_key = email.map(|email| email.key().to_owned());
    let bound = Bound::Browser { hash: browser_hash.to_vec(), email_key };
    let challenge = options.public_key.challenge.clone();
    let id = begin(ctx, challenge, bound, &state, timeout).await?;
    Ok((id, serde_json::to_value(options.public_key).map_err(Error::internal)?))
}

/// Finishes a sign-in with what the browser answered, `AuthenticationResponseJSON`. Answers with the user, who has
/// proved to have the passkey and to be who it knows.
///
/// # Errors
/// `INVALID_ARGUMENT`, one for all: an answer that does not fit, to a ceremony of another browser, or one that is used
/// or over; a passkey that is unknown, of another user than was asked for, or whose counter went back.
pub async fn finish_authentication(
    ctx: &Ctx,
    browser_hash: &[u8],
    ceremony: &str,
    response: Json,
) -> Result<UserId, Error> {
    let env = ctx.environment();
    let answer: PublicKeyCredential = answer::parse(response)?;
    let challenge = answer::challenge(&answer.response.client_data_json, Some(ceremony))?;
    let mut tx = ctx.db().write().await?;
    let taken =
        ceremony_store::take_authentication(&mut tx, env.id, &challenge, browser_hash, ctx.now()).await?;
    tx.commit().await?; // used, whatever comes of it
    let (state, email_key) = taken.ok_or_else(|| refused("no such sign-in"))?;
    let state: DiscoverableAuthentication = read(&state)?;
    let mut tx = ctx.db().read();
    let passkey = store::find_by_raw_id(&mut tx, env.id, &answer.raw_id).await?;
    let passkey = passkey.ok_or_else(|| refused("an unknown passkey"))?;
    let user = passkey.credential.user;
    // WebAuthn §7.2 step 6: there is a handle, and the user whose it is owns the passkey.
    if answer.get_user_unique_id() != Some(user_handle(user).as_slice()) {
        return Err(refused("the handle of another user"));
    }
    let person = users::find(&mut tx, env.id, &UserRef::Id(user)).await?;
    if person.is_none_or(|person| email_key.is_some_and(|key| key != person.email.key())) {
        return Err(refused("a passkey of another user than was asked for"));
    }
    let rp = RelyingParty::enabled(&mut tx, env).await?;
    let verifier: Verifier = read(&passkey.credential.verifier)?;
    let result = rp
        .webauthn(&env.display_name, Duration::ZERO)?
        .finish_discoverable_authentication_v2(&answer, state, DiscoverableKey::from(&verifier))
        .map_err(refused)?;
    let mut tx = ctx.db().write().await?;
    keep(&mut tx, ctx, &passkey, verifier, &result).await?;
    tx.commit().await?;
    Ok(user)
}

/// Stores the counter and whether the passkey is synced now. Of two sign-ins with one state of the counter, one counts:
/// the other may be of a copy (WebAuthn §6.1.1).
async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    passkey: &Passkey,
    mut verifier: Verifier,
    result: &AuthenticationResult,
) -> Result<(), Error> {
    verifier.update_credential(result);
    let text = serde_json::to_string(&verifier).map_err(Error::internal)?;
    let mut used = passkey.clone();
    used.credential.flags.backup_state = result.backup_state();
    used.last_used_at = Some(ctx.now());
    let before = std::mem::replace(&mut used.credential.verifier, text);
    if store::put_use(tx, ctx.environment().id, &used, &before).await? {
        return Ok(());
    }
    Err(refused("the passkey was used at the same time, or is gone"))
}

async fn begin(
    ctx: &Ctx,
    challenge: Vec<u8>,
    bound: Bound,
    state: &impl Serialize,
    timeout: Duration,
) -> Result<String, Error> {
    let id = BASE64URL.encode(&challenge);
    let state = serde_json::to_string(state).map_err(Error::internal)?;
    let expires_at: Timestamp = ctx.now().plus(timeout);
    let mut tx = ctx.db().write().await?;
    let ceremony = Ceremony { challenge, bound, state, expires_at };
    ceremony_store::insert(&mut tx, ctx.environment().id, &ceremony).await?;
    tx.commit().await?;
    Ok(id)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn seconds(count: i64) -> Duration {
    Duration::from_secs(count.try_into().unwrap_or_default())
}
