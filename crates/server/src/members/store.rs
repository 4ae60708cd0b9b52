//! SQL of members and dashboard roles. They are the installation's: no statement is of one environment, but for roles in
//! single environments.
use super::{
    model::{self, Member},
    role::{self, DashboardRole, FixedRole, RoleKey},
};
use crate::{
    db::{FromRow, OnViolation as _, Queryable, ReadTx, Row, Tx},
    email::Email,
    error::{Error, Kind},
    ids::{DashboardRoleId, EnvironmentId, MemberId},
    paging, sql, text,
    time::Timestamp,
    users::{Profile, ProfileUpdate},
};

impl FromRow for Member {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let id: MemberId = row.next()?;
        let email = Email::from_stored(row.next()?, row.next()?);
        let role = role_key(row.next()?, row.next()?)?;
        let mut profile = Profile::empty(model::profile_id(id));
        let stored: ProfileUpdate = serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?;
        profile.update(stored);
        let metadata = serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?;
        Ok(Self { id, email, role, profile, metadata, created_at: row.next()?, updated_at: row.next()? })
    }
}

impl FromRow for DashboardRole {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            key: RoleKey::Custom(row.next()?),
            name: row.next()?,
            description: row.next()?,
            permissions: serde_json::from_str(&row.next::<String>()?).map_err(Error::internal)?,
        })
    }
}

fn role_key(fixed: Option<String>, custom: Option<DashboardRoleId>) -> Result<RoleKey, Error> {
    match (fixed, custom) {
        (_, Some(id)) => Ok(RoleKey::Custom(id)),
        (Some(name), None) => Ok(RoleKey::Fixed(FixedRole::parse(&name)?)),
        (None, None) => Err(Error::internal("a member without a role")),
    }
}

/// The two columns of a role.
fn columns(key: RoleKey) -> (Option<&'static str>, Option<DashboardRoleId>) {
    match key {
        RoleKey::Fixed(role) => (Some(role.as_str()), None),
        RoleKey::Custom(id) => (None, Some(id)),
    }
}

/// Changes of who may do what happen one after the other, so that the last administrator is not taken twice.
pub async fn lock(tx: &mut Tx) -> Result<(), Error> {
    sql!(
        "INSERT INTO installation (name, value) VALUES ('members', 1)
         ON CONFLICT (name) DO UPDATE SET value = installation.value + 1"
    )
    .execute(tx)
    .await?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT id, email, email_key, fixed_role, custom_role_id, profile, metadata, created_at, updated_at
             FROM members ",
            $rest
        ))
    };
}

/// The member with this id.
pub async fn find(tx: &mut impl Queryable, id: MemberId) -> Result<Option<Member>, Error> {
    Ok(select!("WHERE id = $1").bind(id).optional(tx).await?)
}

/// One page of all members, in the order of the window.
pub async fn page(tx: &mut ReadTx, window: paging::Window) -> Result<Vec<Member>, Error> {
    let (statement, from) = match window.from {
        paging::From::After(id) => (select!("WHERE id > $1 ORDER BY id LIMIT $2"), id),
        paging::From::Before(id) => (select!("WHERE id < $1 ORDER BY id DESC LIMIT $2"), id),
        paging::From::Newest => (select!("WHERE id < $1 ORDER BY id DESC LIMIT $2"), i64::MAX),
    };
    Ok(statement.bind(from).bind(window.limit()).all(tx).await?)
}

/// How many members there are.
pub async fn count(tx: &mut ReadTx) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM members").one(tx).await?)
}

/// How many administrators there are.
pub async fn count_admins(tx: &mut Tx) -> Result<i64, Error> {
    Ok(sql!("SELECT COUNT(*) FROM members WHERE fixed_role = 'admin'").one(tx).await?)
}

/// Adds a member, with the token of an invitation.
pub async fn insert(
    tx: &mut Tx,
    member: &Member,
    invitation: Option<(Vec<u8>, Timestamp)>,
) -> Result<(), Error> {
    let (fixed, custom) = columns(member.role);
    let (hash, until) = invitation.unzip();
    sql!(
        "INSERT INTO members (id, email, email_key, fixed_role, custom_role_id, profile, metadata, invitation_hash,
             invitation_until, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
    )
    .bind(member.id)
    .bind(member.email.as_str())
    .bind(member.email.key())
    .bind(fixed)
    .bind(custom)
    .bind(json(&ProfileUpdate::from(&member.profile))?)
    .bind(json(&member.metadata)?)
    .bind(hash)
    .bind(until)
    .bind(member.created_at)
    .execute(tx)
    .await
    .on_unique("members_email_key_key", || {
        Error::already_exists("email: a member with this e-mail address exists already")
    })
    .on_foreign_key(|| Error::not_found("dashboard role"))?;
    Ok(())
}

/// Stores what can change of a member.
pub async fn update(tx: &mut Tx, member: &Member) -> Result<(), Error> {
    let (fixed, custom) = columns(member.role);
    sql!(
        "UPDATE members SET fixed_role = $2, custom_role_id = $3, profile = $4, metadata = $5, updated_at = $6
         WHERE id = $1"
    )
    .bind(member.id)
    .bind(fixed)
    .bind(custom)
    .bind(json(&ProfileUpdate::from(&member.profile))?)
    .bind(json(&member.metadata)?)
    .bind(member.updated_at)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found("dashboard role"))?;
    Ok(())
}

/// Deletes a member with all roles.
pub async fn delete(tx: &mut Tx, id: MemberId) -> Result<(), Error> {
    sql!("DELETE FROM members WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// The roles that a member has in single environments.
pub async fn environment_roles(
    tx: &mut impl Queryable,
    member: MemberId,
) -> Result<Vec<(EnvironmentId, RoleKey)>, Error> {
    let rows: Vec<(EnvironmentId, Option<String>, Option<DashboardRoleId>)> = sql!(
        "SELECT environment_id, fixed_role, custom_role_id FROM member_environment_roles WHERE member_id = $1"
    )
    .bind(member)
    .all(tx)
    .await?;
    rows.into_iter().map(|(environment, fixed, custom)| Ok((environment, role_key(fixed, custom)?))).collect()
}

/// Gives a member a role in one environment.
pub async fn put_environment_role(
    tx: &mut Tx,
    env: EnvironmentId,
    member: MemberId,
    role: RoleKey,
) -> Result<(), Error> {
    let (fixed, custom) = columns(role);
    sql!(
        "INSERT INTO member_environment_roles (environment_id, member_id, fixed_role, custom_role_id)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (environment_id, member_id) DO UPDATE SET fixed_role = $3, custom_role_id = $4"
    )
    .bind(env)
    .bind(member)
    .bind(fixed)
    .bind(custom)
    .execute(tx)
    .await
    .on_foreign_key(|| Error::not_found("dashboard role"))?;
    Ok(())
}

/// Takes a member's role in one environment away, if there is one.
pub async fn delete_environment_role(tx: &mut Tx, env: EnvironmentId, member: MemberId) -> Result<(), Error> {
    sql!("DELETE FROM member_environment_roles WHERE environment_id = $1 AND member_id = $2")
        .bind(env)
        .bind(member)
        .execute(tx)
        .await?;
    Ok(())
}

/// The workspace's own roles, by name.
pub async fn custom_roles(tx: &mut impl Queryable) -> Result<Vec<DashboardRole>, Error> {
    Ok(sql!("SELECT id, name, description, permissions FROM dashboard_roles ORDER BY name_key")
        .all(tx)
        .await?)
}

/// Adds a role of the workspace's.
pub async fn insert_role(
    tx: &mut Tx,
    id: DashboardRoleId,
    role: &DashboardRole,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "INSERT INTO dashboard_roles (id, name, name_key, description, permissions, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)"
    )
    .bind(id)
    .bind(&role.name)
    .bind(text::fold(&role.name))
    .bind(&role.description)
    .bind(json(&role.permissions)?)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("dashboard_roles_name_key_key", role::name_taken)?;
    Ok(())
}

/// Replaces what a role of the workspace's says.
pub async fn update_role(
    tx: &mut Tx,
    id: DashboardRoleId,
    role: &DashboardRole,
    now: Timestamp,
) -> Result<(), Error> {
    sql!(
        "UPDATE dashboard_roles SET name = $2, name_key = $3, description = $4, permissions = $5, updated_at = $6
         WHERE id = $1"
    )
    .bind(id)
    .bind(&role.name)
    .bind(text::fold(&role.name))
    .bind(&role.description)
    .bind(json(&role.permissions)?)
    .bind(now)
    .execute(tx)
    .await
    .on_unique("dashboard_roles_name_key_key", role::name_taken)?;
    Ok(())
}

/// Deletes a role that nobody has.
pub async fn delete_role(tx: &mut Tx, id: DashboardRoleId) -> Result<(), Error> {
    sql!("DELETE FROM dashboard_roles WHERE id = $1").bind(id).execute(tx).await.on_foreign_key(|| {
        Error::new(Kind::Aborted, "members have this role; give them another one first")
    })?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}
