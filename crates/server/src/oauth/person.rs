//! Who tokens are about, as it is now: claims are made anew with each refresh (`auth.md` 3.4).
use super::{
    about::About,
    grant::{Grant, Subject},
};
use crate::{
    connections,
    ctx::Ctx,
    error::Error,
    identities::Identity,
    ids::{OrganizationId, SessionId, UserId},
    organizations::{self, OrganizationRef},
    roles,
    users::{self, User, UserRef},
};

/// Who it is.
#[derive(Debug)]
pub struct Person {
    /// `sub`
    pub sub: String,
    /// `sid`
    pub session: SessionId,
    /// `oid`
    pub organization: Option<OrganizationId>,
    /// `xoid`
    pub organization_external_id: Option<String>,
    /// `xuid`
    pub external_id: Option<String>,
    /// Names.
    pub roles: Vec<String>,
    /// Names, with those that are inherited.
    pub permissions: Vec<String>,
    /// Where the rest is.
    pub known: Known,
}

/// Where personal data comes from.
#[derive(Debug)]
pub enum Known {
    /// A user of the environment.
    User(Box<User>),
    /// Somebody whom it keeps no user of.
    Elsewhere(Box<Identity>),
}

impl Person {
    /// Personal data.
    pub fn about(&self) -> About<'_> {
        match &self.known {
            Known::User(user) => About::from(user.as_ref()),
            Known::Elsewhere(identity) => About::from(identity.as_ref()),
        }
    }

    /// The address that an application reported of somebody.
    pub fn reported_email(&self) -> Option<&str> {
        match &self.known {
            Known::User(_) => None,
            Known::Elsewhere(identity) => Some(identity.email.as_str()).filter(|email| !email.is_empty()),
        }
    }

    /// Whether it is a user of the environment, with a session here.
    pub const fn is_user(&self) -> bool {
        matches!(self.known, Known::User(_))
    }
}

/// The person of a grant; none if what it rests on is gone. That a member's session goes on is for the caller's
/// transaction to see.
pub async fn find(ctx: &Ctx, grant: &Grant) -> Result<Option<Person>, Error> {
    match &grant.subject {
        Subject::Member { user, session, organization } => member(ctx, *user, *session, *organization).await,
        Subject::External { organization, .. } => {
            let gone =
                organization_is_gone(ctx, *organization).await? || !connection_counts(ctx, grant).await?;
            Ok((!gone).then(|| external(&grant.subject)).flatten())
        }
    }
}

async fn member(
    ctx: &Ctx,
    id: UserId,
    session: SessionId,
    organization: OrganizationId,
) -> Result<Option<Person>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let Some(user) = users::find(&mut tx, env, &UserRef::Id(id)).await? else { return Ok(None) };
    let found = organizations::find(&mut tx, env, &OrganizationRef::Id(organization)).await?;
    let Some(found) = found else { return Ok(None) };
    let held = roles::assigned_to(&mut tx, env, organization, id).await?;
    let ids: Vec<_> = held.iter().map(|role| role.id).collect();
    let permitted = roles::permitted(ctx, &ids).await?;
    Ok(Some(Person {
        sub: id.to_string(),
        session,
        organization: Some(organization),
        organization_external_id: found.external_id,
        external_id: user.external_id.clone(),
        roles: held.into_iter().map(|role| role.name).collect(),
        permissions: permitted.iter().map(|permission| permission.name.clone()).collect(),
        known: Known::User(Box::new(user)),
    }))
}

fn external(subject: &Subject) -> Option<Person> {
    let Subject::External { sub, session, organization, organization_external_id, roles, identity } = subject
    else {
        return None;
    };
    Some(Person {
        sub: sub.clone(),
        session: *session,
        organization: *organization,
        organization_external_id: organization_external_id.clone(),
        external_id: None,
        roles: roles.clone(),
        permissions: Vec::new(),
        known: Known::Elsewhere(identity.clone()),
    })
}

async fn organization_is_gone(ctx: &Ctx, organization: Option<OrganizationId>) -> Result<bool, Error> {
    let Some(id) = organization else { return Ok(false) };
    let found =
        organizations::find(&mut ctx.db().read(), ctx.environment().id, &OrganizationRef::Id(id)).await?;
    Ok(found.is_none())
}

/// Whether people may still sign in this way. An application's own sign-in page is no connection of the environment's.
async fn connection_counts(ctx: &Ctx, grant: &Grant) -> Result<bool, Error> {
    match grant.connection {
        Some(id) if grant.resource.is_none() => {
            connections::is_enabled(&mut ctx.db().read(), ctx.environment().id, id).await
        }
        _ => Ok(true),
    }
}
