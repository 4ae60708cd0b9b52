//! After a sign-in that took a mail, the next one can be faster: people without a passkey are offered one where the
//! environment says so (`auth.md` 4.5). Whatever they do, the sign-in goes on.
use super::{
    begin::Visitor,
    enter, log,
    outcome::{Go, Outcome},
    sign_in::{Prompt, Proof, SignIn, Step},
};
use crate::{
    connections::{self, settings::Settings},
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::UserId,
    passkeys,
    sessions::Device,
};
use serde_json::Value as Json;

/// Whether the person is offered a passkey.
///
/// # Errors
/// Those of the database.
pub async fn is_due(
    tx: &mut Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    user: UserId,
) -> Result<bool, Error> {
    let env = ctx.environment().id;
    // Whom a provider speaks for signs in there.
    if sign_in.request.asks(Prompt::None) || proof.identity.is_some() {
        return Ok(false);
    }
    let Some(connection) = connections::webauthn(tx, env).await?.filter(|one| one.enabled) else {
        return Ok(false);
    };
    let Settings::WebAuthn(settings) = &connection.settings else { return Ok(false) };
    Ok(settings.auto_registration
        && proof.connection != Some(connection.id)
        && !passkeys::has_any(tx, env, user).await?)
}

/// Who is at the page that offers one, in the session that it was shown in.
async fn user(ctx: &Ctx, sign_in: &SignIn, visitor: Visitor<'_>) -> Result<Option<UserId>, Error> {
    let Step::OfferPasskey { proof, .. } = &sign_in.progress.step else { return Ok(None) };
    let session = enter::session_of(ctx, visitor.session).await?;
    Ok(session.map(|session| session.user).filter(|user| Some(*user) == proof.user))
}

/// What the script of the page gives to the authenticator. None if the page is not where the person is.
///
/// # Errors
/// Those of [`passkeys::begin_registration`].
pub async fn begin(
    ctx: &Ctx,
    sign_in: &SignIn,
    visitor: Visitor<'_>,
) -> Result<Option<(String, Json)>, Error> {
    match user(ctx, sign_in, visitor).await? {
        Some(user) => passkeys::begin_registration(ctx, user).await.map(Some),
        None => Ok(None),
    }
}

/// Keeps the passkey, and goes on. One that is not accepted leaves the person at the page.
///
/// # Errors
/// Those of the database.
pub async fn keep(
    ctx: &Ctx,
    sign_in: &SignIn,
    (ceremony, response): (&str, &str),
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Some(user) = user(ctx, sign_in, visitor).await? else { return skip(ctx, sign_in, visitor).await };
    let Ok(response) = serde_json::from_str(response) else { return Ok(Go::Page(sign_in.id).into()) };
    let device = Device::of(ctx, visitor.user_agent);
    match passkeys::finish_registration(ctx, user, Some(ceremony), response, device).await {
        Ok(_) => skip(ctx, sign_in, visitor).await,
        Err(error) if error.kind().http() < 500 => Ok(Go::Page(sign_in.id).into()),
        Err(error) => Err(error),
    }
}

/// Goes on without.
///
/// # Errors
/// Those of the database.
pub async fn skip(ctx: &Ctx, sign_in: &SignIn, visitor: Visitor<'_>) -> Result<Outcome, Error> {
    let Step::OfferPasskey { proof, organization } = &sign_in.progress.step else {
        return Ok(Go::Page(sign_in.id).into());
    };
    let Some(resumed) = enter::resumed(ctx, proof, visitor).await? else {
        return super::proof::fail(ctx, sign_in, &enter::session_ended()).await;
    };
    let client = log::client_of(ctx, sign_in).await?;
    let scopes = sign_in.request.scopes.clone();
    let tx = ctx.db().write().await?;
    resumed.give_code(tx, ctx, sign_in, &client, *organization, scopes).await
}
