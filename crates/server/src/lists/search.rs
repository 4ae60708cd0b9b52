//! Search: what contains a text, newest first, and how much of it there is.
//!
//! The index finds what has the text's rarest grams; whether the text is in it is checked with the key itself. So what the
//! index still has and the list no longer, or has in another form, is not found.
use super::grams::{self, Rarest};
use crate::{
    by_dialect,
    db::{Db, DbKind, Queryable, Sql},
    error::Error,
    ids::{EnvironmentId, OrganizationId},
    paging::{From, Window},
    text,
};

/// How far matches are counted.
pub const MOST_COUNTED: i64 = 1000;
/// How many rows one transaction indexes: others wait for so many on SQLite.
const STEP: i64 = 256;

/// A list that can be searched.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Of the environment, by name, id and external id.
    Organizations,
    /// Of the environment, by e-mail, id and external id.
    Users,
    /// Users of one organization.
    Members(OrganizationId),
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// Numbers of the ids, in the order of the window.
    pub ids: Vec<i64>,
    /// How many there are on all pages, counted up to [`MOST_COUNTED`].
    pub total: i64,
}

/// What is asked of the index, in its own language.
struct Query {
    pattern: String,
    index: String,
    common: bool,
}

/// SQLite: the index, and what is not in it yet. PostgreSQL's index does not know the order, hence all that is found would
/// have to be sorted: what is common is found by looking at the newest rows first.
macro_rules! hits {
    ($table:literal, $compare:literal, $order:literal) => {
        by_dialect!(
            postgres: concat!(
                "WITH recent AS MATERIALIZED (
                     SELECT id, search_key FROM ", $table, "
                     WHERE environment_id = $1 AND id ", $compare, " $2 ORDER BY id ", $order, " LIMIT 1000),
                 near AS MATERIALIZED (
                     SELECT id FROM recent WHERE search_key LIKE $4 ESCAPE '\\' ORDER BY id ", $order, " LIMIT $3),
                 far AS MATERIALIZED (
                     SELECT id FROM ", $table, "
                     WHERE (SELECT COUNT(*) FROM near) < $3 AND environment_id = $1
                       AND search_grams(environment_id, search_key) @> search_grams($1, $5)
                       AND search_key LIKE $4 ESCAPE '\\' AND id ", $compare, " $2)
                 SELECT id FROM near UNION SELECT id FROM far ORDER BY id ", $order, " LIMIT $3"
            ),
            sqlite: concat!(
                "SELECT id FROM (
                     SELECT o.id FROM ", $table, "_search s CROSS JOIN ", $table, " o ON o.id = s.rowid
                     WHERE ", $table, "_search MATCH $5 AND s.rowid ", $compare, " $2
                       AND o.environment_id = $1 AND o.search_key LIKE $4 ESCAPE '\\'
                     ORDER BY s.rowid ", $order, " LIMIT $3)
                 UNION SELECT id FROM (
                     SELECT o.id FROM ", $table, "_unindexed n CROSS JOIN ", $table, " o ON o.id = n.id
                     WHERE n.id ", $compare, " $2 AND o.environment_id = $1 AND o.search_key LIKE $4 ESCAPE '\\'
                     ORDER BY n.id ", $order, " LIMIT $3)
                 ORDER BY id ", $order, " LIMIT $3"
            ),
        )
    };
}

/// Members: the organization is a word of SQLite's index. On PostgreSQL its members are looked at one by one.
macro_rules! member_hits {
    ($compare:literal, $order:literal) => {
        by_dialect!(
            postgres: concat!(
                "SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
                 WHERE m.environment_id = $1 AND m.organization_id = $6 AND m.user_id ", $compare, " $2
                   AND u.search_key LIKE $4 ESCAPE '\\' AND CAST($5 AS TEXT) IS NOT NULL
                 ORDER BY m.user_id ", $order, " LIMIT $3"
            ),
            sqlite: concat!(
                "SELECT user_id FROM (
                     SELECT m.user_id FROM users_search s CROSS JOIN users u ON u.id = s.rowid
                     CROSS JOIN memberships m ON m.user_id = u.id
                     WHERE users_search MATCH $5 AND s.rowid ", $compare, " $2 AND u.search_key LIKE $4 ESCAPE '\\'
                       AND m.environment_id = $1 AND m.organization_id = $6
                     ORDER BY s.rowid ", $order, " LIMIT $3)
                 UNION SELECT user_id FROM (
                     SELECT m.user_id FROM users_unindexed n CROSS JOIN users u ON u.id = n.id
                     CROSS JOIN memberships m ON m.user_id = u.id
                     WHERE n.id ", $compare, " $2 AND u.search_key LIKE $4 ESCAPE '\\'
                       AND m.environment_id = $1 AND m.organization_id = $6
                     ORDER BY n.id ", $order, " LIMIT $3)
                 ORDER BY user_id ", $order, " LIMIT $3"
            ),
        )
    };
}

/// PostgreSQL: what is in every tenth of the newest rows is counted by walking, anything else by the index.
macro_rules! count {
    ($table:literal) => {
        by_dialect!(
            postgres: concat!(
                "WITH recent AS MATERIALIZED (
                     SELECT search_key FROM ", $table, " WHERE environment_id = $1 ORDER BY id DESC LIMIT 1000),
                 common AS MATERIALIZED (
                     SELECT COUNT(*) >= 100 AS yes FROM recent WHERE search_key LIKE $3 ESCAPE '\\')
                 SELECT COUNT(*) FROM (
                     SELECT 1 FROM ", $table, "
                     WHERE (SELECT yes FROM common) AND environment_id = $1 AND search_key LIKE $3 ESCAPE '\\'
                     UNION ALL
                     SELECT 1 FROM ", $table, "
                     WHERE NOT (SELECT yes FROM common) AND environment_id = $1
                       AND search_grams(environment_id, search_key) @> search_grams($1, $4)
                       AND search_key LIKE $3 ESCAPE '\\'
                     LIMIT $2) found"
            ),
            sqlite: concat!(
                "SELECT COUNT(*) FROM (
                     SELECT id FROM (
                         SELECT o.id FROM ", $table, "_search s CROSS JOIN ", $table, " o ON o.id = s.rowid
                         WHERE ", $table, "_search MATCH $4 AND o.environment_id = $1
                           AND o.search_key LIKE $3 ESCAPE '\\' LIMIT $2)
                     UNION SELECT id FROM (
                         SELECT o.id FROM ", $table, "_unindexed n CROSS JOIN ", $table, " o ON o.id = n.id
                         WHERE o.environment_id = $1 AND o.search_key LIKE $3 ESCAPE '\\' LIMIT $2)
                     LIMIT $2)"
            ),
        )
    };
}

macro_rules! directed {
    ($from:expr, $older:expr, $newer:expr) => {
        match $from {
            From::Newest => ($older, i64::MAX),
            From::Before(id) => ($older, id),
            From::After(id) => ($newer, id),
        }
    };
}

/// One page of what contains `text`, without regard to case, and how many there are.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    list: List,
    text: &str,
    window: Window,
) -> Result<Found, Error> {
    let Some(query) = Query::new(tx, env, list, text).await? else {
        return Ok(Found { ids: Vec::new(), total: 0 });
    };
    let (statement, from) = match list {
        List::Organizations => {
            directed!(window.from, hits!("organizations", "<", "DESC"), hits!("organizations", ">", "ASC"))
        }
        List::Users => {
            directed!(window.from, hits!("users", "<", "DESC"), hits!("users", ">", "ASC"))
        }
        List::Members(_) => directed!(window.from, member_hits!("<", "DESC"), member_hits!(">", "ASC")),
    };
    let statement =
        statement.bind(env).bind(from).bind(window.limit()).bind(&query.pattern).bind(&query.index);
    let ids: Vec<i64> = query.run(bind_members(statement, list)).all(tx).await?;
    let found = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let is_all = matches!(window.from, From::Newest) && found < window.limit();
    let total = if is_all { found } else { count(tx, env, list, &query).await? };
    Ok(Found { ids, total })
}

async fn count(tx: &mut impl Queryable, env: EnvironmentId, list: List, query: &Query) -> Result<i64, Error> {
    let statement = match list {
        List::Organizations => count!("organizations"),
        List::Users => count!("users"),
        List::Members(_) => by_dialect!(
            postgres: "SELECT COUNT(*) FROM (
                           SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
                           WHERE m.environment_id = $1 AND m.organization_id = $5
                             AND u.search_key LIKE $3 ESCAPE '\\' AND CAST($4 AS TEXT) IS NOT NULL
                           LIMIT $2) found",
            sqlite: "SELECT COUNT(*) FROM (
                         SELECT user_id FROM (
                             SELECT m.user_id FROM users_search s CROSS JOIN users u ON u.id = s.rowid
                             CROSS JOIN memberships m ON m.user_id = u.id
                             WHERE users_search MATCH $4 AND u.search_key LIKE $3 ESCAPE '\\'
                               AND m.environment_id = $1 AND m.organization_id = $5 LIMIT $2)
                         UNION SELECT user_id FROM (
                             SELECT m.user_id FROM users_unindexed n CROSS JOIN users u ON u.id = n.id
                             CROSS JOIN memberships m ON m.user_id = u.id
                             WHERE u.search_key LIKE $3 ESCAPE '\\'
                               AND m.environment_id = $1 AND m.organization_id = $5 LIMIT $2)
                         LIMIT $2)",
        ),
    };
    let statement = statement.bind(env).bind(MOST_COUNTED).bind(&query.pattern).bind(&query.index);
    Ok(query.run(bind_members(statement, list)).one(tx).await?)
}

fn bind_members(statement: Sql, list: List) -> Sql {
    match list {
        List::Members(organization) => statement.bind(organization),
        List::Organizations | List::Users => statement,
    }
}

impl Query {
    /// None for a text without a gram, which the interface does not let through.
    async fn new(
        tx: &mut impl Queryable,
        env: EnvironmentId,
        list: List,
        text: &str,
    ) -> Result<Option<Self>, Error> {
        let (folded, pattern) = (text::fold(text), text::contains_pattern(text));
        if tx.db_kind() == DbKind::Postgres {
            let is_long = folded.chars().count() >= 3;
            return Ok(is_long.then_some(Self { pattern, index: folded, common: false }));
        }
        let sample = sample(tx, env, list).await?;
        let Rarest { mut words, common } = grams::rarest(env, &folded, &sample);
        if words.is_empty() {
            return Ok(None);
        }
        if let List::Members(organization) = list {
            words.push(grams::member_of(organization.as_i64()));
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        Ok(Some(Self { pattern, index: quoted.join(" AND "), common }))
    }

    /// A statement that is likely to look at many rows shall not hold up the threads that serve requests.
    fn run(&self, statement: Sql) -> Sql {
        if self.common { statement.scans() } else { statement }
    }
}

/// Keys of the newest items, to see which grams are common.
async fn sample(tx: &mut impl Queryable, env: EnvironmentId, list: List) -> Result<Vec<String>, Error> {
    let statement = match list {
        List::Organizations => crate::sql!(
            "SELECT search_key FROM organizations WHERE environment_id = $1 ORDER BY id DESC LIMIT 32"
        ),
        List::Users | List::Members(_) => {
            crate::sql!("SELECT search_key FROM users WHERE environment_id = $1 ORDER BY id DESC LIMIT 32")
        }
    };
    Ok(statement.bind(env).all(tx).await?)
}

/// A row that is to be indexed: id, environment, key if it is still there, and numbers of organizations.
type Unindexed = (i64, EnvironmentId, Option<String>, Option<String>);

macro_rules! index {
    ($db:expr, $table:literal, $organizations:literal) => {{
        let mut tx = $db.write_alone().await?;
        let rows: Vec<Unindexed> = by_dialect!(only sqlite: concat!(
            "SELECT n.id, n.environment_id, o.search_key, ", $organizations,
            " FROM ", $table, "_unindexed n LEFT JOIN ", $table, " o ON o.id = n.id ORDER BY n.id LIMIT $1"
        ))
        .bind(STEP)
        .all(&mut tx)
        .await?;
        let Some((last, ..)) = rows.last() else { return Ok(0) };
        by_dialect!(only sqlite: concat!("DELETE FROM ", $table, "_unindexed WHERE id <= $1"))
            .bind(*last)
            .execute(&mut tx)
            .await?;
        for (id, env, key, organizations) in &rows {
            let statement = match key {
                None => by_dialect!(only sqlite: concat!("DELETE FROM ", $table, "_search WHERE rowid = $1"))
                    .bind(*id),
                Some(key) => {
                    let of = organizations.as_deref().unwrap_or_default().split(',');
                    let of: Vec<i64> = of.filter_map(|number| number.parse().ok()).collect();
                    by_dialect!(only sqlite: concat!(
                        "INSERT OR REPLACE INTO ", $table, "_search (rowid, grams) VALUES ($1, $2)"
                    ))
                    .bind(*id)
                    .bind(grams::document(*env, key, &of))
                }
            };
            statement.execute(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }};
}

/// SQLite: indexes some of what is not indexed yet. Tells how many rows.
pub async fn index_organizations(db: &Db) -> Result<usize, Error> {
    index!(db, "organizations", "CAST(NULL AS TEXT)")
}

/// SQLite: indexes some of what is not indexed yet. Tells how many rows.
pub async fn index_users(db: &Db) -> Result<usize, Error> {
    index!(
        db,
        "users",
        "(SELECT group_concat(m.organization_id) FROM memberships m
          WHERE m.user_id = o.id AND m.environment_id = o.environment_id)"
    )
}

/// SQLite: how many rows are not indexed yet, as far as `most`.
pub async fn unindexed(db: &Db, most: i64) -> Result<i64, Error> {
    let count = by_dialect!(only sqlite:
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM organizations_unindexed LIMIT $1))
              + (SELECT COUNT(*) FROM (SELECT 1 FROM users_unindexed LIMIT $1))"
    );
    Ok(count.bind(most).one(&mut db.read()).await?)
}
