//! The operations on members. The catalogue of events has none for them.
use super::{
    model::{Member, MemberUpdate, NewMember},
    permissions::{CATALOGUE, Tier},
    role::{DashboardRole, FixedRole},
    role_ops, store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    entropy,
    environments::{self, Environment},
    error::{Error, Kind},
    ids::{EnvironmentId, MemberId},
    mail::{self, NewMail, UseCase, Variables},
    paging::{List, Page, Sizes, Window},
    vault,
};
use std::time::Duration;

const LIST_SIZES: Sizes = Sizes { default: 10, max: 100 };
/// How long an invitation can be accepted.
const INVITATION_FOR: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// A member with the role in all environments without another one.
pub type WithRole = (Member, DashboardRole);

/// Makes a member, or invites one by mail. Without a role, it is `member`, or `no_access` if the caller may not give that.
///
/// # Errors
/// `INVALID_ARGUMENT` for a bad value; `ALREADY_EXISTS` for a taken e-mail; `NOT_FOUND` for an unknown role;
/// `PERMISSION_DENIED` for a role that allows more than the caller may do.
pub async fn create(ctx: &Ctx, new: NewMember, invite: bool) -> Result<WithRole, Error> {
    let role = role_of_new(ctx, new.role.as_deref()).await?;
    let member = Member::new(ctx.new_id(), ctx.now(), role.key, new)?;
    let until = ctx.now().plus(INVITATION_FOR);
    let token = if invite { Some(entropy::token()?) } else { None };
    let mut tx = ctx.db().write().await?;
    let hash = token.as_ref().map(|token| (vault::hash(token), until));
    store::insert(&mut tx, &member, hash).await?;
    if let Some(token) = token {
        let link = format!("{}/members/invitations/{token}", ctx.environment().url);
        let mail = NewMail {
            use_case: UseCase::UserInvite,
            recipient: &member.email,
            organization: None,
            variables: Variables { link: Some(link), ..Variables::default() },
            expires_at: until,
        };
        mail::queue(&mut tx, ctx, mail).await?;
    }
    tx.commit().await?;
    Ok((member, role))
}

async fn role_of_new(ctx: &Ctx, named: Option<&str>) -> Result<DashboardRole, Error> {
    if let Some(named) = named {
        let role = role_ops::named(&role_ops::list(&mut ctx.db().read()).await?, named)?;
        role.check_authority(ctx)?;
        return Ok(role);
    }
    let member = DashboardRole::fixed(FixedRole::Member);
    let may_give = member.check_authority(ctx).is_ok();
    Ok(if may_give { member } else { DashboardRole::fixed(FixedRole::NoAccess) })
}

/// A member, and what the member may do in the caller's environment and in the workspace.
///
/// # Errors
/// `NOT_FOUND`
pub async fn get(ctx: &Ctx, id: MemberId) -> Result<(WithRole, Vec<String>), Error> {
    let mut tx = ctx.db().read();
    let member = store::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    let roles = role_ops::list(&mut tx).await?;
    let role = role_ops::with_key(&roles, member.role)?;
    let env = ctx.environment().id;
    let other = store::environment_roles(&mut tx, id).await?.into_iter().find(|(other, _)| *other == env);
    let here = match other {
        Some((_, key)) => role_ops::with_key(&roles, key)?,
        None => role.clone(),
    };
    let allowed = CATALOGUE.iter().filter(|permission| {
        let counts = if permission.tier == Tier::Workspace { &role } else { &here };
        counts.permissions.iter().any(|key| key == permission.key)
    });
    let allowed = allowed.map(|permission| permission.key.to_owned()).collect();
    Ok(((member, role), allowed))
}

/// One page of members, newest first, and how many there are.
///
/// # Errors
/// `INVALID_ARGUMENT` for a token of another list.
pub async fn list(ctx: &Ctx, size: u32, token: &str) -> Result<(Page<WithRole>, i64), Error> {
    let mut tx = ctx.db().read();
    let list = List::named("dashboard-members");
    let window = Window::parse(ctx, &list, LIST_SIZES, size, token)?;
    let rows = store::page(&mut tx, window).await?;
    let total = store::count(&mut tx).await?;
    let roles = role_ops::list(&mut tx).await?;
    let page = window.page(ctx, &list, rows, |member| member.id.as_i64());
    let with_role = |member: Member| {
        let role = role_ops::with_key(&roles, member.role)?;
        Ok((member, role))
    };
    let items = page.items.into_iter().map(with_role).collect::<Result<_, Error>>()?;
    Ok((Page { items, next_token: page.next_token, prev_token: page.prev_token }, total))
}

/// A member that nobody else changes until the transaction ends.
struct Held {
    member: Member,
    role: DashboardRole,
    roles: Vec<DashboardRole>,
}

/// # Errors
/// `NOT_FOUND`; `PERMISSION_DENIED` if one of the member's roles allows more than the caller may do.
async fn hold(tx: &mut Tx, ctx: &Ctx, id: MemberId) -> Result<Held, Error> {
    store::lock(tx).await?;
    let member = store::find(tx, id).await?.ok_or_else(|| not_found(id))?;
    let roles = role_ops::list(tx).await?;
    let role = role_ops::with_key(&roles, member.role)?;
    role.check_authority(ctx)?;
    for (_, key) in store::environment_roles(tx, id).await? {
        role_ops::with_key(&roles, key)?.check_authority(ctx)?;
    }
    Ok(Held { member, role, roles })
}

/// # Errors
/// `FAILED_PRECONDITION` if there is no other administrator.
async fn check_not_last_admin(tx: &mut Tx, role: &DashboardRole) -> Result<(), Error> {
    if role.is_admin() && store::count_admins(tx).await? <= 1 {
        let text = "this is the last administrator; make another one first";
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    Ok(())
}

/// Changes a member.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_ARGUMENT` for a bad value; `PERMISSION_DENIED` for one who may do more than the caller.
pub async fn update(ctx: &Ctx, id: MemberId, update: MemberUpdate) -> Result<WithRole, Error> {
    let mut tx = ctx.db().write().await?;
    let Held { mut member, role, .. } = hold(&mut tx, ctx, id).await?;
    member.update(ctx.now(), update)?;
    store::update(&mut tx, &member).await?;
    tx.commit().await?;
    Ok((member, role))
}

/// Removes a member.
///
/// # Errors
/// `NOT_FOUND`, also the second time; `PERMISSION_DENIED` for one who may do more than the caller;
/// `FAILED_PRECONDITION` for the last administrator.
pub async fn delete(ctx: &Ctx, id: MemberId) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let Held { role, .. } = hold(&mut tx, ctx, id).await?;
    check_not_last_admin(&mut tx, &role).await?;
    store::delete(&mut tx, id).await?;
    tx.commit().await
}

/// Gives a member another role in all environments without one of their own.
///
/// # Errors
/// `NOT_FOUND` for an unknown member or role; `PERMISSION_DENIED` for a role, present or new, that allows more than the
/// caller may do; `FAILED_PRECONDITION` for the last administrator.
pub async fn assign_role(ctx: &Ctx, id: MemberId, name: &str) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    let Held { mut member, role, roles } = hold(&mut tx, ctx, id).await?;
    let new = role_ops::named(&roles, name)?;
    new.check_authority(ctx)?;
    if !new.is_admin() {
        check_not_last_admin(&mut tx, &role).await?;
    }
    member.role = new.key;
    member.updated_at = ctx.now();
    store::update(&mut tx, &member).await?;
    tx.commit().await
}

/// Gives a member another role in one environment, or takes it away.
///
/// # Errors
/// `NOT_FOUND` for an unknown member, environment or role; `PERMISSION_DENIED` for a role, present or new, that allows
/// more than the caller may do.
pub async fn set_environment_role(
    ctx: &Ctx,
    id: MemberId,
    environment: EnvironmentId,
    name: Option<&str>,
) -> Result<(), Error> {
    let known = ctx.app().environments.with_id(ctx.app(), environment).await?;
    let env = known.ok_or_else(|| Error::not_found(format!("environment {environment}")))?.id;
    let mut tx = ctx.db().write().await?;
    let Held { roles, .. } = hold(&mut tx, ctx, id).await?;
    match name {
        Some(name) => {
            let role = role_ops::named(&roles, name)?;
            role.check_authority(ctx)?;
            store::put_environment_role(&mut tx, env, id, role.key).await?;
        }
        None => store::delete_environment_role(&mut tx, env, id).await?,
    }
    tx.commit().await
}

/// Each environment with the role that a member has there, and whether it is another than in the workspace.
///
/// # Errors
/// `NOT_FOUND`
pub async fn list_environment_roles(
    ctx: &Ctx,
    id: MemberId,
) -> Result<Vec<(Environment, DashboardRole, bool)>, Error> {
    let mut tx = ctx.db().read();
    let member = store::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    let roles = role_ops::list(&mut tx).await?;
    let others = store::environment_roles(&mut tx, id).await?;
    let all = environments::store::all(&mut tx).await?;
    all.into_iter()
        .map(|environment| {
            let other = others.iter().find(|(other, _)| *other == environment.id).map(|(_, key)| *key);
            let role = role_ops::with_key(&roles, other.unwrap_or(member.role))?;
            Ok((environment, role, other.is_some()))
        })
        .collect()
}

fn not_found(id: MemberId) -> Error {
    Error::not_found(format!("member {id}"))
}
