//! What a person lets a client of a resource do (`auth.md` 7.5).
use super::{
    begin::Visitor,
    enter,
    log::{self, Trace},
    outcome::{Go, Outcome},
    proof, reported,
    sign_in::{Prompt, Proof, SignIn, Step},
};
use crate::{
    clients::{Client, ClientId, ClientType},
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::{OrganizationId, ResourceId},
    resources::{self, NewConsent, Resource},
    users,
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
    let Some(resumed) = enter::resumed(ctx, proof, visitor).await? else {
        return super::proof::fail(ctx, sign_in, &enter::session_ended()).await;
    };
    let client = log::client_of(ctx, sign_in).await?;
    let mut tx = ctx.db().write().await?;
    remember(&mut tx, ctx, &client, resource, &resumed.subject(), &scopes).await?;
    resumed.give_code(tx, ctx, sign_in, &client, organization, scopes).await
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
