//! What a person lets a client of a resource do (`auth.md` 7.5).
use super::{
    begin::Visitor,
    enter::{self, Entered},
    log::{self, Trace},
    outcome::{Go, Outcome},
    proof, reported,
    sign_in::{Prompt, Proof, SignIn, Step},
    store,
};
use crate::{
    clients::{Client, ClientId, ClientType},
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{OrganizationId, ResourceId},
    resources::{self, NewConsent, Resource},
    users::{self, User, UserRef},
};

/// Scopes that nobody can leave out (`auth.md` 7.5).
pub const ALWAYS: [&str; 4] = ["openid", "email", "profile", "offline_access"];

/// Whether the person must be asked: clients of resources are other people's programs. Who agreed before is not asked
/// again, unless the client runs on a device, where any program can take its place (`security.md` 1.5).
///
/// # Errors
/// Those of the database.
pub async fn is_needed(
    tx: &mut Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    external_user_id: &str,
) -> Result<bool, Error> {
    let (ClientId::Resource(id), ClientType::Resource(_)) = (client.id, client.kind) else {
        return Ok(false);
    };
    if sign_in.request.asks(Prompt::Consent) || is_local(sign_in.request.target.uri()) {
        return Ok(true);
    }
    let consented = resources::consented(tx, ctx.environment().id, id, external_user_id).await?;
    Ok(consented.is_none_or(|scopes| !sign_in.request.scopes.iter().all(|scope| scopes.contains(scope))))
}

/// Whether a redirect URI leads to a program on the person's own device.
pub fn is_local(uri: &str) -> bool {
    let Ok(url) = url::Url::parse(uri) else { return true };
    match url.host_str() {
        Some(host) if matches!(url.scheme(), "http" | "https") => {
            host == "localhost" || host == "127.0.0.1" || host == "[::1]"
        }
        _ => true,
    }
}

/// The resource of a sign-in.
///
/// # Errors
/// `NOT_FOUND` if it is gone.
pub async fn resource_of(ctx: &Ctx, id: Option<ResourceId>) -> Result<Resource, Error> {
    let id = id.ok_or_else(|| Error::internal("a consent without a resource"))?;
    let found = resources::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    found.ok_or_else(|| Resource::not_found(id))
}

/// Scopes that would be granted: those of the request, within what the person may do where the resource says so.
///
/// # Errors
/// Those of the database.
pub async fn grantable(ctx: &Ctx, sign_in: &SignIn, resource: &Resource) -> Result<Vec<String>, Error> {
    let scopes = sign_in.request.scopes.clone();
    let Step::Consent { proof, organization } = &sign_in.progress.step else { return Ok(scopes) };
    let (true, Some(user)) = (resource.intersect_permissions, proof.user) else { return Ok(scopes) };
    let permissions = users::permissions(ctx, *organization, user).await?;
    Ok(scopes
        .into_iter()
        .filter(|scope| ALWAYS.contains(&scope.as_str()) || permissions.contains(scope))
        .collect())
}

/// Takes the person's decision.
///
/// # Errors
/// Those of the database.
pub async fn decide(
    ctx: &Ctx,
    sign_in: &SignIn,
    allows: bool,
    selected: &[String],
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    if !matches!(sign_in.progress.step, Step::Consent { .. } | Step::ConsentOfReported { .. }) {
        return Ok(Go::Page(sign_in.id).into());
    }
    if !allows {
        return proof::fail(ctx, sign_in, &denied()).await;
    }
    let resource = resource_of(ctx, sign_in.request.resource).await?;
    let mut scopes = grantable(ctx, sign_in, &resource).await?;
    if resource.scope_selection_allowed {
        scopes.retain(|scope| ALWAYS.contains(&scope.as_str()) || selected.contains(scope));
    }
    let asks_for_more = |scopes: &[String]| scopes.iter().any(|scope| !ALWAYS.contains(&scope.as_str()));
    if asks_for_more(&sign_in.request.scopes) && !asks_for_more(&scopes) {
        return proof::fail(ctx, sign_in, &nothing_left()).await;
    }
    match &sign_in.progress.step {
        Step::ConsentOfReported { report, connection } => {
            reported::allowed(ctx, sign_in, (*connection, report), &resource, scopes).await
        }
        Step::Consent { proof, organization } => {
            allowed(ctx, sign_in, (proof, *organization), &resource, scopes, visitor).await
        }
        _ => Ok(Go::Page(sign_in.id).into()),
    }
}

async fn allowed(
    ctx: &Ctx,
    sign_in: &SignIn,
    (proof, organization): (&Proof, OrganizationId),
    resource: &Resource,
    scopes: Vec<String>,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let client = log::client_of(ctx, sign_in).await?;
    // The session that the page was shown in, or one that follows it, must still be there.
    let session = enter::session_of(ctx, visitor.session).await?;
    let session = session.filter(|session| Some(session.user) == proof.user);
    let Some(session) = session else { return proof::fail(ctx, sign_in, &session_ended()).await };
    let which = UserRef::Id(session.user);
    let user = users::find(&mut ctx.db().read(), ctx.environment().id, &which).await?;
    let user = user.ok_or_else(|| User::not_found(&which))?;
    let mut tx = ctx.db().write().await?;
    if !store::finish(&mut tx, ctx.environment().id, sign_in, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    remember(&mut tx, ctx, &client, resource, &user.id.to_string(), &scopes).await?;
    let entered = Entered {
        user: &user,
        session: session.id,
        organization,
        connection: proof.connection,
        at: proof.at,
    };
    let url = enter::give_code(&mut tx, ctx, sign_in, &client, &entered, scopes).await?;
    tx.commit().await?;
    Ok(Go::Away(url).into())
}

/// Stores what a person agreed to.
///
/// # Errors
/// `NOT_FOUND` if the client is gone.
pub async fn remember(
    tx: &mut Tx,
    ctx: &Ctx,
    client: &Client,
    resource: &Resource,
    external_user_id: &str,
    scopes: &[String],
) -> Result<(), Error> {
    let ClientId::Resource(id) = client.id else { return Ok(()) };
    let consent = NewConsent {
        resource: resource.id,
        client: id,
        external_user_id: external_user_id.to_owned(),
        scopes: scopes.to_vec(),
    };
    resources::grant(tx, ctx.environment().id, ctx.new_id(), &consent, ctx.now()).await?;
    Ok(())
}

fn denied() -> Trace {
    Trace {
        code: "access_denied",
        step: "consent",
        expected: "the person's consent".to_owned(),
        got: "the person declined".to_owned(),
        remedy: "nothing: the person may start again",
    }
}

fn nothing_left() -> Trace {
    Trace {
        code: "access_denied",
        step: "consent",
        expected: "a scope that the person may grant".to_owned(),
        got: "none of those that were asked for".to_owned(),
        remedy: "give the person a role with these permissions, or ask for other scopes",
    }
}

fn session_ended() -> Trace {
    Trace {
        code: "login_required",
        step: "consent",
        expected: "the session in which the page was shown".to_owned(),
        got: "none".to_owned(),
        remedy: "let the person sign in again",
    }
}
