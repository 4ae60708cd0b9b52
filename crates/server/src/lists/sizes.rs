//! How many items lists have. Triggers keep the numbers in the transaction of each change.
use crate::{
    by_dialect,
    db::{Db, Queryable},
    error::Error,
    ids::{EnvironmentId, OrganizationId},
};

/// A list whose size is kept.
#[derive(Clone, Copy, Debug)]
pub enum Sized {
    /// Organizations of the environment.
    Organizations,
    /// Users of the environment.
    Users,
    /// Members of one organization, invited and inactive ones included.
    Members(OrganizationId),
}

/// How many items the list has.
pub async fn of(tx: &mut impl Queryable, env: EnvironmentId, list: Sized) -> Result<i64, Error> {
    let (name, scope) = match list {
        Sized::Organizations => ("organizations", 0),
        Sized::Users => ("users", 0),
        Sized::Members(organization) => ("members", organization.as_i64()),
    };
    let size: Option<i64> = by_dialect!(
        postgres: "SELECT CAST(SUM(size) AS BIGINT) FROM (
                       SELECT size FROM list_sizes WHERE environment_id = $1 AND list = $2 AND scope = $3
                       UNION ALL
                       SELECT change FROM list_size_changes WHERE environment_id = $1 AND list = $2 AND scope = $3
                   ) parts",
        sqlite: "SELECT SUM(size) FROM list_sizes WHERE environment_id = $1 AND list = $2 AND scope = $3",
    )
    .bind(env)
    .bind(name)
    .bind(scope)
    .one(tx)
    .await?;
    Ok(size.unwrap_or(0))
}

/// PostgreSQL: adds some of the changes up, oldest lists first so that two nodes cannot wait for each other. Tells how
/// many.
pub async fn add_up(db: &Db) -> Result<i64, Error> {
    let is_any: bool = by_dialect!(only postgres: "SELECT EXISTS (SELECT 1 FROM list_size_changes)")
        .one(&mut db.read())
        .await?;
    if !is_any {
        return Ok(0);
    }
    let mut tx = db.write().await?;
    let added = by_dialect!(only postgres:
        "WITH taken AS (
             DELETE FROM list_size_changes WHERE ctid = ANY (ARRAY (
                 SELECT ctid FROM list_size_changes LIMIT 10000 FOR UPDATE SKIP LOCKED))
             RETURNING environment_id, list, scope, change),
         added AS (
             INSERT INTO list_sizes (environment_id, list, scope, size)
             SELECT environment_id, list, scope, CAST(SUM(change) AS BIGINT) FROM taken
             GROUP BY environment_id, list, scope ORDER BY environment_id, list, scope
             ON CONFLICT (environment_id, list, scope) DO UPDATE SET size = list_sizes.size + EXCLUDED.size
             RETURNING 1)
         SELECT COUNT(*), (SELECT COUNT(*) FROM added) FROM taken"
    );
    let (taken, _): (i64, i64) = added.one(&mut tx).await?;
    by_dialect!(only postgres: "DELETE FROM list_sizes WHERE list = 'members' AND size = 0")
        .execute(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(taken)
}
