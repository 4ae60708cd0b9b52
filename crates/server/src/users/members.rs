//! The operations on memberships.
//!
//! Locks are taken in one order, so that two operations never wait for each other: the organization, then the user.
use super::{
    invitations::NewInvitation,
    jobs::MembershipsEnded,
    membership::{Membership, MembershipUpdate, NewMembership, Provisioning, Status},
    membership_store,
    model::{NewUser, User, UserRef},
    ops::{self, Account},
    store,
};
use crate::{
    ctx::Ctx,
    db::{DbKind, Queryable as _, Tx},
    error::{Error, Kind},
    events::EventType,
    ids::{EnvironmentId, OrganizationId, RoleId, UserId},
    jobs,
    lists::sizes::{self, Sized},
    organizations::{self, Organization, OrganizationRef},
    roles::{self, RoleRef, RoleSummary},
};

/// Creates a user as a member of an organization: invited by mail, or active at once.
///
/// # Errors
/// `NOT_FOUND` for an unknown organization or role; `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken
/// e-mail or external id; `FAILED_PRECONDITION` at the organization's limit; `ABORTED` if no role was given and the
/// default one was deleted meanwhile.
pub async fn create_with_user(
    ctx: &Ctx,
    organization: OrganizationId,
    new: NewUser,
    membership: NewMembership,
    invite: bool,
) -> Result<Account, Error> {
    membership.check("user.membership")?;
    let user = User::new(ctx, new, !invite)?;
    check_address(ctx, &user)?;
    let env = ctx.environment().id;
    let prepared = Prepared::new(ctx, organization, &membership.roles, invite).await?;
    let mut tx = ctx.db().write().await?;
    let held = hold_organization(&mut tx, ctx, organization).await?;
    check_limit(&mut tx, ctx, &held).await?;
    store::insert(&mut tx, env, &user).await?;
    let mut membership = prepared.put(&mut tx, ctx, &held, &user, membership).await?;
    tx.commit().await?;
    ops::permit(ctx, &mut membership).await?;
    Ok(Account { user, memberships: vec![membership], identities: Vec::new() })
}

/// Adds a user to an organization: invited by mail, or active at once. One who is inactive there, or whose invitation
/// expired, is renewed.
///
/// # Errors
/// `NOT_FOUND` for an unknown user, organization or role; `ALREADY_EXISTS` for a member, active or invited;
/// `INVALID_ARGUMENT` for an address that the environment does not invite; `FAILED_PRECONDITION` for one who may be in
/// one organization only, and at the organization's limit; `ABORTED` if no role was given and the default one was deleted
/// meanwhile.
pub async fn create(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
    membership: NewMembership,
    invite: bool,
) -> Result<Account, Error> {
    membership.check("membership")?;
    let env = ctx.environment().id;
    let prepared = Prepared::new(ctx, organization, &membership.roles, invite).await?;
    let mut tx = ctx.db().write().await?;
    let held = hold_organization(&mut tx, ctx, organization).await?;
    let user = store::find_for_update(&mut tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    let present = membership_store::find(&mut tx, env, organization, user.id).await?;
    if let Some(present) = &present {
        let status = present.status(ctx.now());
        if matches!(status, Status::Active | Status::PendingInvite) {
            return Err(Error::already_exists(format!(
                "membership: {which} already belongs to organization {organization} ({})",
                status.as_str()
            )));
        }
    }
    if invite {
        check_address(ctx, &user)?;
    }
    check_single(&mut tx, ctx, organization, &user).await?;
    check_limit(&mut tx, ctx, &held).await?;
    if let Some(present) = &present {
        membership_store::remove_roles(&mut tx, env, present).await?;
    }
    prepared.put(&mut tx, ctx, &held, &user, membership).await?;
    tx.commit().await?;
    ops::account(ctx, user).await
}

/// Replaces roles and metadata of a membership where they are given. Without a difference nothing is stored and nothing
/// told.
///
/// # Errors
/// `NOT_FOUND` for an unknown user or role, and for one who is no member.
pub async fn update(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
    update: MembershipUpdate,
) -> Result<Account, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let Held { organization, user, mut membership } = hold(&mut tx, ctx, organization, which).await?;
    let mut changed = false;
    if !update.roles.is_empty() {
        let wanted = roles::resolve(&mut tx, env, organization.id, &update.roles).await?;
        if sorted(wanted.clone()) != sorted(ids(&membership)) {
            membership_store::remove_roles(&mut tx, env, &membership).await?;
            for role in wanted {
                roles::assign(&mut tx, env, organization.id, user.id, role).await?;
            }
            changed = true;
        }
    }
    if !update.metadata.is_empty() && update.metadata != membership.metadata {
        membership.metadata = update.metadata;
        membership_store::set_metadata(&mut tx, env, &membership).await?;
        changed = true;
    }
    if changed {
        tell_update(&mut tx, ctx, &organization, &user, membership).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    ops::account(ctx, user).await
}

/// Removes a user from an organization. The account stays, unless `cascade` is set and this was the last membership.
///
/// # Errors
/// `NOT_FOUND` for an unknown user, and for one who is no member.
pub async fn delete(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
    cascade: bool,
) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let Held { organization, user, membership } = hold(&mut tx, ctx, organization, which).await?;
    if !membership_store::delete(&mut tx, env, organization.id, user.id).await? {
        return Err(Membership::not_found(organization.id, which));
    }
    let kind = EventType::UserOrganizationMembershipDeleted;
    ops::tell(&mut tx, ctx, kind, &organization, &user, &membership).await?;
    let deleted = cascade && store::delete_without_membership(&mut tx, env, user.id).await?;
    if !deleted {
        let ended = MembershipsEnded { users: vec![user.id.as_i64()] };
        jobs::enqueue(&mut tx, ctx.app(), Some(env), &ended, ctx.now()).await?;
    }
    tx.commit().await
}

/// The roles of a member, with those that they inherit from.
///
/// # Errors
/// `NOT_FOUND` for one who is no member.
pub async fn list_roles(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
) -> Result<Vec<roles::RoleSummary>, Error> {
    let membership = get(ctx, organization, which).await?;
    roles::with_bases(&mut ctx.db().read(), ctx.environment().id, &ids(&membership)).await
}

/// What a member may do.
///
/// # Errors
/// `NOT_FOUND` for one who is no member.
pub async fn list_permissions(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
) -> Result<Vec<roles::Permission>, Error> {
    let membership = get(ctx, organization, which).await?;
    Ok(roles::permitted(ctx, &ids(&membership)).await?.to_vec())
}

/// Gives a member more roles, and answers with all of them, as [`list_roles`] does.
///
/// # Errors
/// `NOT_FOUND` for an unknown role, and for one who is no member.
pub async fn assign_roles(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
    added: &[RoleRef],
) -> Result<Vec<roles::RoleSummary>, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let Held { organization, user, membership } = hold(&mut tx, ctx, organization, which).await?;
    let mut changed = false;
    for role in roles::resolve(&mut tx, env, organization.id, added).await? {
        changed |= roles::assign(&mut tx, env, organization.id, user.id, role).await?.is_some();
    }
    if changed {
        tell_update(&mut tx, ctx, &organization, &user, membership).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    list_roles(ctx, organization.id, which).await
}

/// Takes a role from a member who was given it directly.
///
/// # Errors
/// `NOT_FOUND` for a role that the member does not have, and for one who is no member.
pub async fn remove_role(
    ctx: &Ctx,
    organization: OrganizationId,
    which: &UserRef,
    name: &str,
) -> Result<(), Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let Held { organization, user, membership } = hold(&mut tx, ctx, organization, which).await?;
    let Some(role) = membership.roles.iter().find(|role| role.name == name).map(|role| role.id) else {
        return Err(Error::not_found(format!(
            "role \"{name}\" of {which} in organization {}",
            organization.id
        )));
    };
    if !membership_store::remove_role(&mut tx, env, &membership, role).await? {
        return Err(Error::not_found(format!(
            "role \"{name}\" of {which} in organization {}",
            organization.id
        )));
    }
    tell_update(&mut tx, ctx, &organization, &user, membership).await?;
    tx.commit().await
}

async fn get(ctx: &Ctx, organization: OrganizationId, which: &UserRef) -> Result<Membership, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let user = store::find(&mut tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    let membership = membership_store::find(&mut tx, env, organization, user.id).await?;
    membership.ok_or_else(|| Membership::not_found(organization, which))
}

/// A membership that this transaction may change: the user's row is its lock.
struct Held {
    organization: Organization,
    user: User,
    membership: Membership,
}

async fn hold(tx: &mut Tx, ctx: &Ctx, organization: OrganizationId, which: &UserRef) -> Result<Held, Error> {
    let env = ctx.environment().id;
    let user = store::find_for_update(tx, env, which).await?.ok_or_else(|| User::not_found(which))?;
    let found = organizations::find(tx, env, &OrganizationRef::Id(organization)).await?;
    let membership = membership_store::find(tx, env, organization, user.id).await?;
    match found.zip(membership) {
        Some((organization, membership)) => Ok(Held { organization, user, membership }),
        None => Err(Membership::not_found(organization, which)),
    }
}

/// The organization, which stays until this transaction ends. If it has a limit, those who count its members take turns.
pub(super) async fn hold_organization(
    tx: &mut Tx,
    ctx: &Ctx,
    id: OrganizationId,
) -> Result<Organization, Error> {
    let (env, which) = (ctx.environment().id, OrganizationRef::Id(id));
    let mut seen = organizations::find(tx, env, &which).await?;
    // SQLite has one writer, so that what it reads stays as it is.
    if tx.db_kind() == DbKind::Sqlite {
        return seen.ok_or_else(|| Organization::not_found(&which));
    }
    if seen.as_ref().and_then(limit).is_none() {
        // What it answers was read before the lock, which may have waited while somebody set a limit.
        organizations::keep(tx, env, &which).await?;
        seen = organizations::find(tx, env, &which).await?;
    }
    if seen.as_ref().and_then(limit).is_some() {
        seen = organizations::find_for_update(tx, env, &which).await?;
    }
    seen.ok_or_else(|| Organization::not_found(&which))
}

/// Whether the environment takes a user with this address, and invites it.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub(super) fn check_address(ctx: &Ctx, user: &User) -> Result<(), Error> {
    ctx.environment().settings.user_management.check_address("user.email", &user.email)
}

/// Whether the environment lets a user be in this organization besides those that it is in, or invited to. The
/// transaction holds the user.
///
/// # Errors
/// `FAILED_PRECONDITION`
pub(super) async fn check_single(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: OrganizationId,
    user: &User,
) -> Result<(), Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    if ctx.environment().settings.user_management.many_organizations() {
        return Ok(());
    }
    let memberships = membership_store::of_users(tx, env, &[user.id]).await?.remove(&user.id.as_i64());
    let other = memberships.unwrap_or_default().into_iter().find(|membership| {
        membership.organization != organization
            && matches!(membership.status(now), Status::Active | Status::PendingInvite)
    });
    let Some(other) = other else { return Ok(()) };
    Err(Error::new(
        Kind::FailedPrecondition,
        format!(
            "user {} belongs to organization {} already, and in this environment to one only (user management: \
             org_user_relationship, allow_multiple_memberships)",
            user.id, other.organization
        ),
    ))
}

/// Whether the organization may have one more member. The caller holds it.
///
/// # Errors
/// `FAILED_PRECONDITION`
pub(super) async fn check_limit(tx: &mut Tx, ctx: &Ctx, organization: &Organization) -> Result<(), Error> {
    let Some(limit) = limit(organization) else { return Ok(()) };
    let env = ctx.environment().id;
    // Inactive ones and those whose invitation expired do not count: only a list that is long enough is looked through.
    if sizes::of(tx, env, Sized::Members(organization.id)).await? < i64::from(limit)
        || membership_store::count_limited(tx, env, organization.id, ctx.now()).await? < i64::from(limit)
    {
        return Ok(());
    }
    Err(Error::new(
        Kind::FailedPrecondition,
        format!(
            "organization {} has reached its limit of {limit} users; raise max_allowed_users or remove a member first",
            organization.id
        ),
    ))
}

fn limit(organization: &Organization) -> Option<i32> {
    organization.max_allowed_users.filter(|limit| *limit > 0)
}

/// What a new membership needs, made before the transaction.
struct Prepared {
    /// Those that the caller chose; none means the default one.
    roles: Vec<RoleId>,
    invitation: Option<NewInvitation>,
}

impl Prepared {
    async fn new(
        ctx: &Ctx,
        organization: OrganizationId,
        asked: &[RoleRef],
        invite: bool,
    ) -> Result<Self, Error> {
        let env = ctx.environment().id;
        let mut roles = Vec::new();
        if !asked.is_empty() {
            let tx = &mut ctx.db().read();
            let which = OrganizationRef::Id(organization);
            // Before its roles: an unknown organization has the environment's.
            if organizations::find(tx, env, &which).await?.is_none() {
                return Err(Organization::not_found(&which));
            }
            roles = roles::resolve(tx, env, organization, asked).await?;
        }
        let invitation = if invite { Some(NewInvitation::generate(ctx)?) } else { None };
        Ok(Self { roles, invitation })
    }

    /// Stores the membership, of one who has no role there, tells of it, and sends the invitation.
    async fn put(
        self,
        tx: &mut Tx,
        ctx: &Ctx,
        organization: &Organization,
        user: &User,
        new: NewMembership,
    ) -> Result<Membership, Error> {
        let env = ctx.environment().id;
        let now = ctx.now();
        let invited = self.invitation.as_ref();
        let mut membership = Membership {
            organization: organization.id,
            organization_name: organization.display_name.clone(),
            user: user.id,
            stored_status: if invited.is_some() { Status::PendingInvite } else { Status::Active },
            roles: Vec::new(),
            permissions: Vec::new(),
            metadata: new.metadata,
            provisioning: if invited.is_some() { Provisioning::Invitation } else { Provisioning::Direct },
            created_at: now,
            joined_at: invited.is_none().then_some(now),
            inviter_email: new.inviter_email,
            accepted_at: None,
            invitation: invited.map(|invited| invited.invitation.clone()),
        };
        let token = invited.map(|invited| &invited.stored);
        membership_store::put(tx, env, &membership, token).await?;
        membership.roles = self.assign_roles(tx, env, organization.id, user.id).await?;
        let kind = match invited {
            Some(_) => EventType::UserOrganizationInvitation,
            None => EventType::UserOrganizationMembershipCreated,
        };
        ops::tell(tx, ctx, kind, organization, user, &membership).await?;
        if let Some(invited) = invited {
            invited.send(tx, ctx, organization, user, &membership).await?;
        }
        Ok(membership)
    }

    async fn assign_roles(
        &self,
        tx: &mut Tx,
        env: EnvironmentId,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Vec<RoleSummary>, Error> {
        if self.roles.is_empty() {
            return Ok(vec![roles::assign_default(tx, env, organization, user).await?]);
        }
        let mut assigned = Vec::new();
        for role in &self.roles {
            assigned.extend(roles::assign(tx, env, organization, user, *role).await?);
        }
        assigned.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(assigned)
    }
}

async fn tell_update(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: &Organization,
    user: &User,
    mut membership: Membership,
) -> Result<(), Error> {
    membership.roles = roles::assigned_to(tx, ctx.environment().id, organization.id, membership.user).await?;
    let kind = EventType::UserOrganizationMembershipUpdated;
    ops::tell(tx, ctx, kind, organization, user, &membership).await
}

fn ids(membership: &Membership) -> Vec<RoleId> {
    membership.roles.iter().map(|role| role.id).collect()
}

fn sorted(mut roles: Vec<RoleId>) -> Vec<i64> {
    roles.sort_unstable_by_key(|role| role.as_i64());
    roles.into_iter().map(RoleId::as_i64).collect()
}
