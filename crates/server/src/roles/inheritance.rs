//! Who inherits from whom: no role from itself, and no chain longer than [`MAX_DEPTH`].
use super::model::{MAX_DEPTH, Role};
use crate::{
    db::Queryable,
    error::Error,
    ids::{EnvironmentId, RoleId},
    sql,
};

/// Checks that `role` may inherit from `base`, which the request named in `field`. The environment must be locked, so
/// that no other change comes between.
///
/// # Errors
/// `INVALID_ARGUMENT` for a cycle, or a chain that would be too long.
pub async fn check(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    role: RoleId,
    base: &Role,
    field: &'static str,
) -> Result<(), Error> {
    let above = chain(tx, env, base.id).await?;
    if above.contains(&role) {
        return Err(Error::invalid(field, "role.cycle", "would make a role inherit from itself"));
    }
    let depth = i64::try_from(above.len()).map_err(Error::internal)? + height(tx, env, role).await?;
    if depth > MAX_DEPTH {
        let problem =
            format!("would make a chain of {depth} roles; at most {MAX_DEPTH} may inherit in a row");
        return Err(Error::invalid(field, "role.depth", problem));
    }
    Ok(())
}

/// The role and those that it inherits from.
async fn chain(tx: &mut impl Queryable, env: EnvironmentId, role: RoleId) -> Result<Vec<RoleId>, Error> {
    Ok(sql!(
        "WITH RECURSIVE chain (id, base_role_id) AS (
           SELECT id, base_role_id FROM roles WHERE environment_id = $1 AND id = $2
           UNION
           SELECT r.id, r.base_role_id FROM chain JOIN roles r ON r.id = chain.base_role_id
           WHERE r.environment_id = $1)
         SELECT id FROM chain"
    )
    .bind(env)
    .bind(role)
    .all(tx)
    .await?)
}

/// How many roles the longest chain from this one down to those that inherit from it has, itself included.
async fn height(tx: &mut impl Queryable, env: EnvironmentId, role: RoleId) -> Result<i64, Error> {
    Ok(sql!(
        "WITH RECURSIVE tree (id, depth) AS (
           SELECT CAST($2 AS BIGINT), CAST(1 AS BIGINT)
           UNION ALL
           SELECT r.id, tree.depth + 1 FROM tree JOIN roles r ON r.base_role_id = tree.id
           WHERE r.environment_id = $1 AND tree.depth <= $3)
         SELECT MAX(depth) FROM tree"
    )
    .bind(env)
    .bind(role)
    .bind(MAX_DEPTH)
    .one(tx)
    .await?)
}
