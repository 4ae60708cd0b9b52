//! What a session that the browser already has can do for a request: answer it without the person, or let the person
//! choose another organization (`auth.md` 2.3, 11.17).
use super::{
    begin::{self, Visitor},
    enter,
    outcome::{Go, Outcome},
    routing::Route,
    sign_in::{Progress, Prompt, Proof, SignIn, Step},
};
use crate::{
    clients::Client,
    connections,
    ctx::Ctx,
    error::Error,
    ids::OrganizationId,
    sessions::{self, Authenticated, Session},
    users::{self, User, UserRef},
};

/// Answers a request with the session, if it will do.
///
/// # Errors
/// Those of the database.
pub async fn with_session(
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    route: &Route,
    session: &Session,
    visitor: Visitor<'_>,
) -> Result<Option<Outcome>, Error> {
    let authenticated = sessions::proofs(&mut ctx.db().read(), ctx, session.id).await?;
    let young =
        authenticated.into_iter().filter(|one| is_young_enough(ctx, sign_in, *one)).collect::<Vec<_>>();
    match route {
        Route::Connection(connection) => {
            let by_this = |one: &&Authenticated| one.connection == Some(connection.id);
            let fits = |one: &&Authenticated| match connection.organization {
                // The request named the connection, or the organization whose single sign-on it is.
                Some(organization) => {
                    one.organization == organization && (sign_in.request.connection.is_none() || by_this(one))
                }
                None => by_this(one),
            };
            match young.iter().find(fits) {
                Some(one) => enter::silently(ctx, sign_in, client, session, *one).await,
                None => Ok(None),
            }
        }
        Route::Hosted { organization: Some(organization) } => {
            let one = young.iter().find(|one| one.organization == *organization);
            match one {
                Some(one) => enter::silently(ctx, sign_in, client, session, *one).await,
                None => switch(ctx, sign_in, client, session, (&young, Some(*organization)), visitor).await,
            }
        }
        Route::Hosted { organization: None } => {
            if sign_in.request.asks(Prompt::SelectAccount) && is_choice(ctx, session).await? {
                return switch(ctx, sign_in, client, session, (&young, None), visitor).await;
            }
            let active = young.iter().find(|one| one.organization == session.organization).or(young.first());
            match active {
                Some(one) => enter::silently(ctx, sign_in, client, session, *one).await,
                None => Ok(None),
            }
        }
    }
}

/// `max_age` (OpenID Connect Core §3.1.2.1).
fn is_young_enough(ctx: &Ctx, sign_in: &SignIn, one: Authenticated) -> bool {
    let age = ctx.now().as_seconds() - one.at.as_seconds();
    sign_in.request.max_age.is_none_or(|max| age <= max)
}

/// Whether there is more than one organization to choose from.
async fn is_choice(ctx: &Ctx, session: &Session) -> Result<bool, Error> {
    Ok(users::memberships_of(&mut ctx.db().read(), ctx, session.user).await?.len() > 1)
}

/// Goes on to another organization on the strength of an earlier proof, if that is the person's own: what an
/// organization's provider said counts in that organization only.
async fn switch(
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    session: &Session,
    (authenticated, into): (&[Authenticated], Option<OrganizationId>),
    visitor: Visitor<'_>,
) -> Result<Option<Outcome>, Error> {
    let Some(own) = own_proof(ctx, authenticated).await? else { return Ok(None) };
    if sign_in.request.asks(Prompt::None) {
        return Ok(None);
    }
    let which = UserRef::Id(session.user);
    let user = users::find(&mut ctx.db().read(), ctx.environment().id, &which).await?;
    let user = user.ok_or_else(|| User::not_found(&which))?;
    let proof = Proof {
        user: Some(user.id),
        email: user.email.as_str().to_owned(),
        connection: own.connection,
        identity: None,
        of_organization: None,
        owns_mailbox: true,
        at: own.at,
    };
    let step = Step::Choose { proof: proof.clone(), creates: false };
    let progress = Progress { step, organization: into, ..sign_in.progress.clone() };
    let sign_in = SignIn { progress, ..sign_in.clone() };
    begin::insert(ctx, &sign_in, client).await?;
    match into {
        Some(_) => super::proof::settle(ctx, &sign_in, proof, visitor).await.map(Some),
        None => Ok(Some(Go::Page(sign_in.id).into())),
    }
}

/// The latest proof that did not come from an organization's own provider.
async fn own_proof(ctx: &Ctx, authenticated: &[Authenticated]) -> Result<Option<Authenticated>, Error> {
    for one in authenticated {
        let Some(id) = one.connection else { continue };
        let found = connections::find(&mut ctx.db().read(), ctx.environment().id, None, id).await?;
        if found.is_some_and(|connection| connection.organization.is_none()) {
            return Ok(Some(*one));
        }
    }
    Ok(None)
}
