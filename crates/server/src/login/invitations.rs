//! Invitations accepted by their link (`management.md` 3.6): the mailbox is proven, the membership active, and the browser
//! has a session, in which the application's own request for authorization is answered without a page.
use super::{
    begin::Visitor,
    enter,
    outcome::{Go, Outcome, Trouble, TroubleKind},
    restart, routing,
    target::with_query,
};
use crate::{
    connections,
    ctx::Ctx,
    error::Error,
    ids::OrganizationId,
    sessions::Authentication,
    users::{self, Status},
};

/// An invitation, for its page.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Into what.
    pub organization_name: String,
    /// By whom.
    pub inviter: Option<String>,
    /// Who.
    pub email: String,
}

/// The invitation of a link, if it can be accepted.
///
/// # Errors
/// Those of the database.
pub async fn find(ctx: &Ctx, token: &str) -> Result<Option<Invited>, Error> {
    let found = users::find_invitation(&mut ctx.db().read(), ctx, token).await?;
    let open = found.filter(|(_, _, membership)| membership.status(ctx.now()) == Status::PendingInvite);
    Ok(open.map(|(user, organization, membership)| Invited {
        organization_name: organization.display_name,
        inviter: membership.inviter_email,
        email: user.email.as_str().to_owned(),
    }))
}

/// Accepts an invitation, after the person has said so on its page. People who must pass an organization's single sign-on
/// do that next; all others are signed in.
///
/// # Errors
/// Those of the database.
pub async fn accept(ctx: &Ctx, token: &str, visitor: Visitor<'_>) -> Result<Outcome, Error> {
    let (mut read, env) = (ctx.db().read(), ctx.environment().id);
    let passwordless = connections::passwordless(&mut read, env).await?;
    let found = users::find_invitation(&mut read, ctx, token).await?;
    let Some((invited, ..)) = found else { return Ok(gone()) };
    let must_pass_sso = routing::home_realm(ctx, &invited.email).await?.is_some();
    let mut tx = ctx.db().write().await?;
    let Some((user, organization)) = users::accept_invitation(&mut tx, ctx, token).await? else {
        return Ok(gone());
    };
    let mut session = None;
    if !must_pass_sso {
        let proof = Authentication {
            user: user.id,
            organization,
            client: None,
            connection: passwordless.map(|connection| connection.id),
            at: ctx.now(),
        };
        let (begun, token) = enter::begin_session(&mut tx, ctx, proof, visitor).await?;
        session = Some((token, begun.absolute_expires_at));
    }
    tx.commit().await?;
    Ok(Outcome { go: Go::Away(next(ctx, organization).await?), session })
}

/// Where the application begins, with what it is to pass on to the request for authorization.
async fn next(ctx: &Ctx, organization: OrganizationId) -> Result<String, Error> {
    let id = organization.to_string();
    Ok(match restart::initiate_login(ctx, None, Some(organization)).await? {
        Some(uri) => with_query(&uri, [("organization_id", id.as_str())]),
        None => format!("{}/a/auth/signed-in", ctx.environment().url),
    })
}

fn gone() -> Outcome {
    Go::Stop(Trouble::new(TroubleKind::LinkExpired, "invitation_expired", "")).into()
}
