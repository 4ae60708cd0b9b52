//! Work of users that is done later.
use super::{membership_store, model::UserRef, ops, store};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::OrganizationId,
    jobs::{self, Failure, Job, Registry, Run},
    organizations::OrganizationDeleted,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::time::Duration;

/// How many members one transaction removes: on SQLite, others wait for so many.
const STEP: i64 = 50;

/// The jobs that nodes run.
pub fn jobs(registry: &mut Registry) {
    registry.job::<OrganizationDeleted>();
}

/// The job of ending what users had by memberships that are gone. It is queued in the transaction that removes them;
/// `sessions`, which knows about that, says how it is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MembershipsEnded {
    /// Numbers of the users.
    pub users: Vec<i64>,
}

/// Removes the memberships of a deleted organization, and the users who belong to no other one.
impl Job for OrganizationDeleted {
    const NAME: &'static str = "users.remove_members";
    // Members that stay are invisible, but not gone.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let ctx = run.ctx()?;
        let organization = OrganizationId::from_i64(self.organization);
        let data = ops::data_of_deleted(ctx, organization).await?;
        while remove_some(ctx, organization, &data).await? {}
        Ok(())
    }
}

/// Removes a few members. Tells whether there may be more.
async fn remove_some(ctx: &Ctx, organization: OrganizationId, data: &Json) -> Result<bool, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    let members = membership_store::left_in(&mut tx, env, organization, STEP).await?;
    if members.is_empty() {
        return Ok(false);
    }
    let mut staying = Vec::new();
    for id in members {
        let user = store::find_for_update(&mut tx, env, &UserRef::Id(id)).await?;
        if !membership_store::delete(&mut tx, env, organization, id).await? {
            continue;
        }
        let Some(user) = user else { continue };
        ops::tell_of_deleted(&mut tx, ctx, organization, data, &user).await?;
        if !store::delete_without_membership(&mut tx, env, id).await? {
            staying.push(id.as_i64());
        }
    }
    if !staying.is_empty() {
        let ended = MembershipsEnded { users: staying };
        jobs::enqueue(&mut tx, ctx.app(), Some(env), &ended, ctx.now()).await?;
    }
    tx.commit().await?;
    Ok(true)
}
