//! SQL of memberships. Readers join organizations: the memberships of a deleted one do not count, except for those who
//! remove them.
use super::{
    membership::{Invitation, Membership, Provisioning, Status},
    store::{from_json, to_json},
};
use crate::{
    by_dialect,
    db::{FromRow, OnViolation as _, Queryable, Row, Sql, Tx},
    error::Error,
    ids::{EnvironmentId, InvitationId, OrganizationId, RoleId, UserId},
    roles::{self, RoleSummary},
    sql,
    time::Timestamp,
};
use std::collections::HashMap;

/// Reads the columns that every statement here selects, in their order.
impl FromRow for Membership {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        let mut membership = Self {
            organization: row.next()?,
            organization_name: row.next()?,
            user: row.next()?,
            stored_status: Status::parse(&row.next::<String>()?),
            roles: Vec::new(),
            permissions: Vec::new(),
            metadata: from_json(&row.next::<String>()?)?,
            provisioning: Provisioning::parse(&row.next::<String>()?),
            created_at: row.next()?,
            joined_at: row.next()?,
            inviter_email: row.next()?,
            accepted_at: row.next()?,
            invitation: None,
        };
        let (id, expires_at): (Option<InvitationId>, Option<Timestamp>) = (row.next()?, row.next()?);
        let resent_at = row.next()?;
        let resent_count = i32::try_from(row.next::<i64>()?).map_err(Error::internal)?;
        membership.invitation =
            id.zip(expires_at).map(|(id, expires_at)| Invitation { id, expires_at, resent_at, resent_count });
        Ok(membership)
    }
}

macro_rules! text {
    ($scope:literal, $rest:literal) => {
        concat!(
            "SELECT m.organization_id, o.display_name, m.user_id, m.status, m.metadata, m.provisioning_method,
                    m.created_at, m.joined_at, m.inviter_email, m.accepted_at, m.invitation_id, m.expires_at,
                    m.resent_at, m.resent_count
             FROM memberships m JOIN organizations o ON o.id = m.organization_id
             WHERE ",
            $scope,
            $rest
        )
    };
    ($rest:literal) => {
        text!("m.environment_id = $1 AND o.environment_id = $1 ", $rest)
    };
}

/// The membership of a user in an organization, with its roles, but not what they permit.
pub async fn find(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Membership>, Error> {
    let found: Option<Membership> = sql!(text!("AND m.organization_id = $2 AND m.user_id = $3"))
        .bind(env)
        .bind(organization)
        .bind(user)
        .optional(tx)
        .await?;
    let Some(mut membership) = found else { return Ok(None) };
    membership.roles = roles::assigned_to(tx, env, organization, user).await?;
    Ok(Some(membership))
}

/// The memberships of these users, the oldest organization first, with their roles, but not what they permit.
pub async fn of_users(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    users: &[UserId],
) -> Result<HashMap<i64, Vec<Membership>>, Error> {
    let mut found: HashMap<i64, Vec<Membership>> = HashMap::new();
    if users.is_empty() {
        return Ok(found);
    }
    let list = users.iter().map(|id| id.as_i64().to_string()).collect::<Vec<_>>().join(",");
    // The `+` keeps SQLite from walking every membership of the environment: it takes an index's first column to leave
    // ten rows.
    let memberships: Vec<Membership> = by_dialect!(
        postgres: text!("AND m.user_id = ANY (CAST(string_to_array($2, ',') AS BIGINT[])) ORDER BY m.organization_id"),
        sqlite: text!(
            "+m.environment_id = $1 AND +o.environment_id = $1 ",
            "AND m.user_id IN (SELECT value FROM json_each('[' || $2 || ']')) ORDER BY m.organization_id"
        ),
    )
    .bind(env)
    .bind(&list)
    .all(tx)
    .await?;
    let mut assigned: HashMap<(i64, i64), Vec<RoleSummary>> = HashMap::new();
    for role in roles::assigned_to_users(tx, env, users).await? {
        assigned.entry((role.organization.as_i64(), role.user.as_i64())).or_default().push(role.role);
    }
    for mut membership in memberships {
        let key = (membership.organization.as_i64(), membership.user.as_i64());
        membership.roles = assigned.remove(&key).unwrap_or_default();
        found.entry(membership.user.as_i64()).or_default().push(membership);
    }
    Ok(found)
}

/// The token of an invitation, as it is stored.
#[derive(Debug)]
pub struct StoredToken {
    /// SHA-256, to find the membership of a link.
    pub hash: Vec<u8>,
    /// Under the master key, to send the same link again.
    pub sealed: Vec<u8>,
}

/// Adds a membership, or replaces the one that is there, with the token of its open invitation. Roles stay as they are.
pub async fn put(
    tx: &mut Tx,
    env: EnvironmentId,
    membership: &Membership,
    token: Option<&StoredToken>,
) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO memberships (environment_id, organization_id, user_id, status, metadata, provisioning_method,
             created_at, joined_at, inviter_email, accepted_at, invitation_id, expires_at, resent_at, resent_count,
             invitation_hash, invitation_sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (environment_id, organization_id, user_id) DO UPDATE SET status = $4, metadata = $5,
             provisioning_method = $6, created_at = $7, joined_at = $8, inviter_email = $9, accepted_at = $10,
             invitation_id = $11, expires_at = $12, resent_at = $13, resent_count = $14, invitation_hash = $15,
             invitation_sealed = $16"
    );
    let statement = bind_all(statement.bind(env), membership)?;
    let statement = statement.bind(token.map(|token| token.hash.clone()));
    statement
        .bind(token.map(|token| token.sealed.clone()))
        .execute(tx)
        .await
        .on_foreign_key(|| Error::not_found(format!("user {}", membership.user)))?;
    Ok(())
}

/// `$2` to `$14`.
fn bind_all(statement: Sql, membership: &Membership) -> Result<Sql, Error> {
    let invitation = membership.invitation.as_ref();
    Ok(statement
        .bind(membership.organization)
        .bind(membership.user)
        .bind(membership.stored_status.as_str())
        .bind(to_json(&membership.metadata)?)
        .bind(membership.provisioning.as_str())
        .bind(membership.created_at)
        .bind(membership.joined_at)
        .bind(&membership.inviter_email)
        .bind(membership.accepted_at)
        .bind(invitation.map(|invitation| invitation.id))
        .bind(invitation.map(|invitation| invitation.expires_at))
        .bind(invitation.and_then(|invitation| invitation.resent_at))
        .bind(invitation.map_or(0, |invitation| invitation.resent_count)))
}

/// Stores the metadata of a membership.
pub async fn set_metadata(tx: &mut Tx, env: EnvironmentId, membership: &Membership) -> Result<(), Error> {
    sql!(
        "UPDATE memberships SET metadata = $4 WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3"
    )
    .bind(env)
    .bind(membership.organization)
    .bind(membership.user)
    .bind(to_json(&membership.metadata)?)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores that an open invitation was sent again.
pub async fn set_resent(tx: &mut Tx, env: EnvironmentId, membership: &Membership) -> Result<(), Error> {
    let invitation = membership.invitation.as_ref();
    sql!(
        "UPDATE memberships SET resent_at = $4, resent_count = $5
         WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3"
    )
    .bind(env)
    .bind(membership.organization)
    .bind(membership.user)
    .bind(invitation.and_then(|invitation| invitation.resent_at))
    .bind(invitation.map_or(0, |invitation| invitation.resent_count))
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes all roles from a membership.
pub async fn remove_roles(tx: &mut Tx, env: EnvironmentId, membership: &Membership) -> Result<(), Error> {
    sql!("DELETE FROM membership_roles WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3")
        .bind(env)
        .bind(membership.organization)
        .bind(membership.user)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes one role from a membership. Tells whether it had it.
pub async fn remove_role(
    tx: &mut Tx,
    env: EnvironmentId,
    membership: &Membership,
    role: RoleId,
) -> Result<bool, Error> {
    let removed = sql!(
        "DELETE FROM membership_roles
         WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3 AND role_id = $4"
    )
    .bind(env)
    .bind(membership.organization)
    .bind(membership.user)
    .bind(role)
    .execute(tx)
    .await?;
    Ok(removed > 0)
}

/// The sealed token of a membership's open invitation.
pub async fn sealed_token(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Vec<u8>>, Error> {
    let found: Option<Option<Vec<u8>>> = sql!(
        "SELECT invitation_sealed FROM memberships
         WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3"
    )
    .bind(env)
    .bind(organization)
    .bind(user)
    .optional(tx)
    .await?;
    Ok(found.flatten())
}

/// Whose open invitation has this token.
pub async fn find_by_invitation(
    tx: &mut impl Queryable,
    env: EnvironmentId,
    hash: Vec<u8>,
) -> Result<Option<(OrganizationId, UserId)>, Error> {
    Ok(sql!(
        "SELECT organization_id, user_id FROM memberships
         WHERE environment_id = $1 AND invitation_hash = $2 AND status = 'PENDING_INVITE'"
    )
    .bind(env)
    .bind(hash)
    .optional(tx)
    .await?)
}

/// How many members of an organization count against its limit: active ones, and invitations that are open at `now`.
pub async fn count_limited(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<i64, Error> {
    Ok(sql!(
        "SELECT COUNT(*) FROM memberships WHERE environment_id = $1 AND organization_id = $2
             AND (status = 'ACTIVE' OR (status = 'PENDING_INVITE' AND expires_at > $3))"
    )
    .bind(env)
    .bind(organization)
    .bind(now)
    .one(tx)
    .await?)
}

/// Deletes a membership. Tells whether it was there.
pub async fn delete(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    user: UserId,
) -> Result<bool, Error> {
    let deleted =
        sql!("DELETE FROM memberships WHERE environment_id = $1 AND organization_id = $2 AND user_id = $3")
            .bind(env)
            .bind(organization)
            .bind(user)
            .execute(tx)
            .await?;
    Ok(deleted > 0)
}

/// Some users that are left in a deleted organization.
pub async fn left_in(
    tx: &mut Tx,
    env: EnvironmentId,
    organization: OrganizationId,
    most: i64,
) -> Result<Vec<UserId>, Error> {
    Ok(sql!(
        "SELECT user_id FROM memberships WHERE environment_id = $1 AND organization_id = $2
         ORDER BY user_id LIMIT $3"
    )
    .bind(env)
    .bind(organization)
    .bind(most)
    .all(tx)
    .await?)
}

/// The organizations that a user has a membership of, the deleted ones included, the oldest first. The caller holds the
/// user's row.
pub async fn all_organizations_of(
    tx: &mut Tx,
    env: EnvironmentId,
    user: UserId,
) -> Result<Vec<OrganizationId>, Error> {
    Ok(sql!(
        "SELECT organization_id FROM memberships WHERE environment_id = $1 AND user_id = $2
         ORDER BY organization_id"
    )
    .bind(env)
    .bind(user)
    .all(tx)
    .await?)
}
