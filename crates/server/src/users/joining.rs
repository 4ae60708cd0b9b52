//! How people come into organizations by signing in: they make one, are let in by its single sign-on or their address, or
//! accept an invitation. Each function works in the caller's transaction, together with the session that follows.
//!
//! Locks are taken in the order of [`super::members`]: the organization, then the user.
use super::{
    members::{check_limit, check_single, hold_organization},
    membership::{Membership, Provisioning, Status},
    membership_store,
    model::{NewUser, User, UserRef},
    ops,
    profile::ProfileUpdate,
    store,
};
use crate::{
    ctx::Ctx,
    db::{Queryable, Tx},
    email::Email,
    error::{Error, Kind},
    events::EventType,
    ids::{OrganizationId, UserId},
    organizations::{Organization, OrganizationRef},
    roles, vault,
};
use std::collections::BTreeMap;

/// The user with this address.
///
/// # Errors
/// Those of the database.
pub async fn find_by_email(tx: &mut impl Queryable, ctx: &Ctx, email: &Email) -> Result<Option<User>, Error> {
    store::find_by_email(tx, ctx.environment().id, email).await
}

/// What a user is in organizations, the oldest organization first.
///
/// # Errors
/// Those of the database.
pub async fn memberships_of(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    user: UserId,
) -> Result<Vec<Membership>, Error> {
    let found = membership_store::of_users(tx, ctx.environment().id, &[user]).await?;
    Ok(found.into_values().next().unwrap_or_default())
}

/// The membership of a user in an organization.
///
/// # Errors
/// Those of the database.
pub async fn membership(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Membership>, Error> {
    membership_store::find(tx, ctx.environment().id, organization, user).await
}

/// Makes the account of somebody who proved that the address is theirs. Whoever did so a moment before is it.
///
/// # Errors
/// `INVALID_ARGUMENT` for a profile that cannot be stored.
pub async fn sign_up(
    tx: &mut Tx,
    ctx: &Ctx,
    email: &Email,
    profile: ProfileUpdate,
) -> Result<(User, bool), Error> {
    if let Some(user) = store::find_by_email(tx, ctx.environment().id, email).await? {
        return Ok((user, false));
    }
    let new =
        NewUser { email: email.as_str().to_owned(), external_id: None, profile, metadata: BTreeMap::new() };
    let user = User::new(ctx, new, true)?;
    store::insert(tx, ctx.environment().id, &user).await?;
    Ok((user, true))
}

/// Changes what an account says of its person: a profile that a provider sends, an address that turned out to be theirs.
/// What is not given stays.
///
/// # Errors
/// `INVALID_ARGUMENT` for a profile that cannot be stored.
pub async fn sync_profile(
    tx: &mut Tx,
    ctx: &Ctx,
    user: &mut User,
    profile: ProfileUpdate,
    email_verified: bool,
) -> Result<(), Error> {
    let before = user.clone();
    user.profile.update(profile);
    user.profile.email_verified |= email_verified;
    if *user != before {
        user.updated_at = ctx.now();
        store::update(tx, ctx.environment().id, user).await?;
    }
    Ok(())
}

/// Makes sure that a user is an active member of an organization: an open invitation is accepted, who is no member is let
/// in as `how` says (none: is not let in).
///
/// # Errors
/// `NOT_FOUND` for an organization that is gone; `PERMISSION_DENIED` for one who is inactive there, or is no member and
/// not let in; `FAILED_PRECONDITION` at the organization's limit, and for one who may be in one organization only.
pub async fn join(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: OrganizationId,
    user: UserId,
    how: Option<Provisioning>,
) -> Result<(), Error> {
    let env = ctx.environment().id;
    let held = hold_organization(tx, ctx, organization).await?;
    let which = UserRef::Id(user);
    let user = store::find_for_update(tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let present = membership_store::find(tx, env, organization, user.id).await?;
    let status = present.as_ref().map(|membership| membership.status(ctx.now()));
    match (present, status, how) {
        (_, Some(Status::Active), _) => Ok(()),
        (Some(membership), Some(Status::PendingInvite), _) => accept(tx, ctx, &held, &user, membership).await,
        (_, Some(Status::Inactive), _) => Err(inactive(organization)),
        (present, _, Some(how)) => {
            check_single(tx, ctx, organization, &user).await?;
            check_limit(tx, ctx, &held).await?;
            if let Some(present) = &present {
                membership_store::remove_roles(tx, env, present).await?;
            }
            add(tx, ctx, &held, &user, how).await
        }
        (_, _, None) => {
            let text = format!("the user is no member of organization {organization}, and cannot join by it");
            Err(Error::new(Kind::PermissionDenied, text))
        }
    }
}

fn inactive(organization: OrganizationId) -> Error {
    let text = format!("the user is deactivated in organization {organization}");
    Error::new(Kind::PermissionDenied, text).with_code("USER_NOT_ACTIVE")
}

async fn accept(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: &Organization,
    user: &User,
    mut membership: Membership,
) -> Result<(), Error> {
    let now = ctx.now();
    membership.stored_status = Status::Active;
    membership.accepted_at = Some(now);
    membership.joined_at = Some(now);
    membership_store::put(tx, ctx.environment().id, &membership, None).await?;
    let kind = EventType::UserOrganizationMembershipCreated;
    ops::tell(tx, ctx, kind, organization, user, &membership).await
}

async fn add(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: &Organization,
    user: &User,
    how: Provisioning,
) -> Result<(), Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let mut membership = Membership {
        organization: organization.id,
        organization_name: organization.display_name.clone(),
        user: user.id,
        stored_status: Status::Active,
        roles: Vec::new(),
        permissions: Vec::new(),
        metadata: BTreeMap::new(),
        provisioning: how,
        created_at: now,
        joined_at: Some(now),
        inviter_email: None,
        accepted_at: None,
        invitation: None,
    };
    membership_store::put(tx, env, &membership, None).await?;
    membership.roles = if how == Provisioning::OrgCreator {
        let role = roles::default_creator_role(tx, env).await?;
        roles::assign(tx, env, organization.id, user.id, role).await?.into_iter().collect()
    } else {
        vec![roles::assign_default(tx, env, organization.id, user.id).await?]
    };
    let kind = EventType::UserOrganizationMembershipCreated;
    ops::tell(tx, ctx, kind, organization, user, &membership).await
}

/// The user, the organization and the membership of an invitation's link, whatever became of the invitation: accepted, it
/// has no link any more.
///
/// # Errors
/// Those of the database.
pub async fn find_invitation(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    token: &str,
) -> Result<Option<(User, Organization, Membership)>, Error> {
    let env = ctx.environment().id;
    let Some((organization, user)) =
        membership_store::find_by_invitation(tx, env, vault::hash(token)).await?
    else {
        return Ok(None);
    };
    let membership = membership_store::find(tx, env, organization, user).await?;
    let organization = crate::organizations::find(tx, env, &OrganizationRef::Id(organization)).await?;
    let user = store::find(tx, env, &UserRef::Id(user)).await?;
    Ok(user
        .zip(organization)
        .zip(membership)
        .map(|((user, organization), membership)| (user, organization, membership)))
}

/// Accepts an invitation by its link, once: the membership is active and the address proven. None if there is no such
/// invitation open.
///
/// # Errors
/// Those of the database.
pub async fn accept_invitation(
    tx: &mut Tx,
    ctx: &Ctx,
    token: &str,
) -> Result<Option<(User, OrganizationId)>, Error> {
    let (env, hash) = (ctx.environment().id, vault::hash(token));
    let Some((organization, user)) = membership_store::find_by_invitation(tx, env, hash.clone()).await?
    else {
        return Ok(None);
    };
    let held = hold_organization(tx, ctx, organization).await?;
    let which = UserRef::Id(user);
    let Some(mut user) = store::find_for_update(tx, env, &which).await? else { return Ok(None) };
    // Whoever accepted it meanwhile took the link away.
    let still = membership_store::find_by_invitation(tx, env, hash).await?;
    let membership = membership_store::find(tx, env, organization, user.id).await?;
    let open = membership.filter(|membership| membership.status(ctx.now()) == Status::PendingInvite);
    let Some(membership) = open.filter(|_| still.is_some()) else { return Ok(None) };
    accept(tx, ctx, &held, &user, membership).await?;
    sync_profile(tx, ctx, &mut user, ProfileUpdate::default(), true).await?;
    Ok(Some((user, organization)))
}

/// Names of all that a member may do; none for who is no member.
///
/// # Errors
/// Those of the database.
pub async fn permissions(
    ctx: &Ctx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Vec<String>, Error> {
    let found = membership(&mut ctx.db().read(), ctx, organization, user).await?;
    let Some(membership) = found else { return Ok(Vec::new()) };
    let roles: Vec<_> = membership.roles.iter().map(|role| role.id).collect();
    Ok(roles::permitted(ctx, &roles).await?.iter().map(|permission| permission.name.clone()).collect())
}
