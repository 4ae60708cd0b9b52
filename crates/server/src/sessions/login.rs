//! What signing in does with sessions. Each function works in the caller's transaction, so that a session changes together
//! with what is given out for it.
use super::{
    model::{Device, Session, Status},
    ops,
    policy::Limits,
    store::{self, Key},
};
use crate::{
    ctx::Ctx,
    db::{Queryable, Tx},
    entropy,
    error::{Error, Kind},
    events::EventType,
    ids::{ApplicationId, ConnectionId, OrganizationId, SessionId, UserId},
    organizations::{self, Organization, OrganizationRef},
    secret::Secret,
    time::Timestamp,
    users::{self, User, UserRef},
    vault,
};

/// That somebody has proved who they are.
#[derive(Clone, Copy, Debug)]
pub struct Authentication {
    /// Who.
    pub user: UserId,
    /// For which organization: an active membership.
    pub organization: OrganizationId,
    /// For which application; none for the client of a resource, which takes no part in the session.
    pub client: Option<ApplicationId>,
    /// By which connection.
    pub connection: Option<ConnectionId>,
    /// When. Earlier than now for one that a session enters on the strength of an earlier proof.
    pub at: Timestamp,
}

/// Begins a session. Answers with its token too, 256 random bits for the browser's cookie, of which a hash is stored.
///
/// # Errors
/// `NOT_FOUND` for an unknown user, organization or application; `FAILED_PRECONDITION` for one who is no active member.
pub async fn start(
    tx: &mut Tx,
    ctx: &Ctx,
    proof: Authentication,
    device: Device,
) -> Result<(Session, Secret<String>), Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    if !users::signed_in(tx, env, proof.user, now).await? {
        return Err(User::not_found(&UserRef::Id(proof.user)));
    }
    let organization = find_organization(tx, ctx, proof.organization).await?;
    let token = Secret::new(entropy::token()?);
    let mut session = Session {
        id: ctx.new_id(),
        user: proof.user,
        organization: organization.id,
        organizations: vec![organization.id],
        clients: proof.client.map(|client| (client, organization.id)).into_iter().collect(),
        created_at: now,
        updated_at: now,
        authenticated_at: proof.at,
        last_active_at: now,
        idle_minutes: None,
        idle_expires_at: now,
        absolute_expires_at: Timestamp::from_micros(i64::MAX),
        ended_at: None,
        status: Status::Active,
        device,
    };
    Limits::of(ctx, &organization).tighten(&mut session, now);
    store::insert(tx, env, &session, vault::hash(token.expose())).await?;
    join(tx, ctx, &session, &proof).await?;
    ops::tell(tx, ctx, EventType::UserLogin, session.id).await?;
    Ok((session, token))
}

/// Lets a session into a further organization, or into one again after a new authentication. The limits of the stricter
/// organization count from now on, and the session gets a new token: the old one stops (session fixation).
///
/// # Errors
/// `NOT_FOUND` for a session that has ended or is somebody else's, and for an unknown organization or application;
/// `FAILED_PRECONDITION` for one who is no active member there.
pub async fn enter(
    tx: &mut Tx,
    ctx: &Ctx,
    id: SessionId,
    proof: Authentication,
) -> Result<(Session, Secret<String>), Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let found = store::find_for_update(tx, env, id, now).await?;
    let found = found.filter(|session| session.status == Status::Active && session.user == proof.user);
    let mut session = found.ok_or_else(|| Session::not_found(id))?;
    let organization = find_organization(tx, ctx, proof.organization).await?;
    session.organization = organization.id;
    (session.last_active_at, session.updated_at) = (now, now);
    session.authenticated_at = session.authenticated_at.max(proof.at);
    Limits::of(ctx, &organization).tighten(&mut session, now);
    let token = Secret::new(entropy::token()?);
    store::update(tx, env, &session, vault::hash(token.expose())).await?;
    join(tx, ctx, &session, &proof).await?;
    let session = store::find(tx, env, Key::Id(id), now).await?;
    let session = session.ok_or_else(|| Error::internal("a session is not there in its own transaction"))?;
    Ok((session, token))
}

async fn find_organization(tx: &mut Tx, ctx: &Ctx, id: OrganizationId) -> Result<Organization, Error> {
    let which = OrganizationRef::Id(id);
    let found = organizations::find(tx, ctx.environment().id, &which).await?;
    found.ok_or_else(|| Organization::not_found(&which))
}

/// Stores the session's active organization and the application that uses it there.
async fn join(tx: &mut Tx, ctx: &Ctx, session: &Session, proof: &Authentication) -> Result<(), Error> {
    let (env, organization) = (ctx.environment().id, session.organization);
    if !store::put_organization(tx, env, session, proof, ctx.now()).await? {
        let text = format!("user {} is no active member of organization {organization}", session.user);
        return Err(Error::new(Kind::FailedPrecondition, text));
    }
    match proof.client {
        Some(client) => store::put_client(tx, env, session, client, organization).await,
        None => Ok(()),
    }
}

/// How a session was authenticated for one of its organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// For which.
    pub organization: OrganizationId,
    /// By which connection, if that is known.
    pub connection: Option<ConnectionId>,
    /// When.
    pub at: Timestamp,
}

/// How a session was authenticated for each organization whose member the user still is, the latest first.
///
/// # Errors
/// Those of the database.
pub async fn proofs(tx: &mut impl Queryable, ctx: &Ctx, id: SessionId) -> Result<Vec<Authenticated>, Error> {
    store::proofs(tx, ctx.environment().id, id).await
}

/// Lets an application take part in a session, in an organization that it was authenticated for, without a new
/// authentication. Tells whether the session may still be used there, as [`touch`] does.
///
/// # Errors
/// Those of the database.
pub async fn use_in(
    tx: &mut Tx,
    ctx: &Ctx,
    session: &Session,
    organization: OrganizationId,
    client: Option<ApplicationId>,
) -> Result<bool, Error> {
    let usable = touch(tx, ctx, session.id, organization).await?;
    if let (true, Some(client)) = (usable, client) {
        store::put_client(tx, ctx.environment().id, session, client, organization).await?;
    }
    Ok(usable)
}

/// The session that a browser's cookie holds the token of, unless it has ended.
///
/// # Errors
/// Those of the database.
pub async fn find_by_token(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    token: &str,
) -> Result<Option<Session>, Error> {
    let key = Key::Token(vault::hash(token));
    let found = store::find(tx, ctx.environment().id, key, ctx.now()).await?;
    Ok(found.filter(|session| session.status == Status::Active))
}

/// A session, whether or not it has ended.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut impl Queryable, ctx: &Ctx, id: SessionId) -> Result<Option<Session>, Error> {
    store::find(tx, ctx.environment().id, Key::Id(id), ctx.now()).await
}

/// A session, unless it has ended.
///
/// # Errors
/// Those of the database.
pub async fn find_active(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    id: SessionId,
) -> Result<Option<Session>, Error> {
    let found = store::find(tx, ctx.environment().id, Key::Id(id), ctx.now()).await?;
    Ok(found.filter(|session| session.status == Status::Active))
}

/// Whoever has a stolen session shall not make it last: what gives further ways in, or takes them away, needs a
/// person who has proved in the last ten minutes who she is. Other callers are none of its business.
///
/// # Errors
/// `FAILED_PRECONDITION`
pub async fn require_fresh(ctx: &Ctx) -> Result<(), Error> {
    let Some(person) = ctx.person() else { return Ok(()) };
    let session = find_active(&mut ctx.db().read(), ctx, person.session).await?;
    if session.is_some_and(|session| session.is_fresh(ctx.now())) {
        return Ok(());
    }
    let text = "the last sign-in is more than ten minutes ago; sign in again";
    Err(Error::new(Kind::FailedPrecondition, text))
}

/// Counts a use of the session in an organization: a refresh, a switch, a page. Tells whether it may be used there: it
/// has not ended, and its user is an active member. Until the transaction ends the session cannot end, so tokens given
/// out in it are given out in time.
///
/// # Errors
/// Those of the database.
pub async fn touch(
    tx: &mut Tx,
    ctx: &Ctx,
    id: SessionId,
    organization: OrganizationId,
) -> Result<bool, Error> {
    store::touch(tx, ctx.environment().id, id, organization, ctx.now()).await
}

/// Whether a session can be used in an organization at this moment, without using it.
///
/// # Errors
/// Those of the database.
pub async fn goes_on(
    tx: &mut impl Queryable,
    ctx: &Ctx,
    id: SessionId,
    organization: OrganizationId,
) -> Result<bool, Error> {
    store::goes_on(tx, ctx.environment().id, id, organization, ctx.now()).await
}

/// Ends a session because its user says so. Tells whether this did it.
///
/// # Errors
/// Those of the database.
pub async fn log_out(tx: &mut Tx, ctx: &Ctx, id: SessionId) -> Result<bool, Error> {
    ops::end(tx, ctx, id, Status::Logout).await
}
