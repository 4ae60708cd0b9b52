//! From a proof to an organization (`auth.md` 2.4 to 2.7, 11.18): must the person also pass an organization's single sign-on,
//! is the mailbox theirs, whose account is it, and where do they go.
use super::{
    begin::Visitor,
    enter::{self, Into},
    log::{self, Trace},
    mailing,
    outcome::{Go, Outcome},
    routing,
    sign_in::{Problem, Progress, Proof, SignIn, Step},
    store, upstream,
};
use crate::{
    connections::{Connection, ConnectionType, settings::Settings},
    ctx::Ctx,
    domains,
    email::Email,
    error::{Error, Kind},
    identities::{self, Identity},
    ids::OrganizationId,
    passwordless,
    users::{self, Membership, Provisioning, Status, User, UserRef},
};

/// Goes on with what a provider said of a person.
///
/// # Errors
/// Those of the database.
pub async fn by_provider(
    ctx: &Ctx,
    sign_in: &SignIn,
    connection: &Connection,
    mut proof: Proof,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    if !ctx.environment().settings.features.full_stack_auth {
        let identity = proof.identity.clone().unwrap_or_default();
        return enter::identity_only(ctx, sign_in, &proof, &identity).await;
    }
    let Ok(email) = Email::parse(&proof.email) else {
        return fail(ctx, sign_in, &no_address(&proof.email)).await;
    };
    let subject = proof.identity.as_ref().map(|identity| identity.subject.clone()).unwrap_or_default();
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let linked = identities::user_of(&mut tx, env, connection.id, &subject).await?;
    drop(tx);
    if let Some(user) = linked {
        // Once linked, the provider's name for the person counts, not the address (`security.md` 1.10).
        let which = UserRef::Id(user);
        let found = users::find(&mut ctx.db().read(), env, &which).await?;
        let found = found.ok_or_else(|| User::not_found(&which))?;
        proof.user = Some(user);
        found.email.as_str().clone_into(&mut proof.email);
        proof.owns_mailbox = true;
    } else if connection.kind() == ConnectionType::OAuth {
        proof.owns_mailbox = proof.identity.as_ref().is_some_and(|identity| identity.email_verified);
    } else {
        proof.owns_mailbox = is_of_organization(ctx, connection, &email).await?;
    }
    if !proof.owns_mailbox {
        return mailing::ask_for_mailbox(ctx, sign_in, proof, &email).await;
    }
    settle(ctx, sign_in, proof, visitor).await
}

fn no_address(got: &str) -> Trace {
    Trace {
        code: "mandatory_attribute_missing",
        step: "attributes",
        expected: "an e-mail address".to_owned(),
        got: if got.is_empty() { "none".to_owned() } else { got.chars().take(100).collect() },
        remedy: "let the provider send the e-mail address, or map the attribute that has it to email",
    }
}

/// Whether an address is of a domain of the connection's organization: its provider speaks for those, and no others.
async fn is_of_organization(ctx: &Ctx, connection: &Connection, email: &Email) -> Result<bool, Error> {
    let owner = domains::owner(&mut ctx.db().read(), ctx.environment().id, email.domain()).await?;
    Ok(owner.is_some_and(|(organization, _)| Some(organization) == connection.organization)
        && !is_test_user(ctx, email).await?)
}

/// Test users prove no mailbox: they match no domain (`security.md` T11).
async fn is_test_user(ctx: &Ctx, email: &Email) -> Result<bool, Error> {
    Ok(passwordless::Settings::of(ctx).await?.test_users.code_of(email).is_some())
}

/// Goes on with a proof of who has the mailbox, or a passkey.
///
/// # Errors
/// Those of the database.
pub async fn settle(
    ctx: &Ctx,
    sign_in: &SignIn,
    mut proof: Proof,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Ok(email) = Email::parse(&proof.email) else {
        return fail(ctx, sign_in, &no_address(&proof.email)).await;
    };
    if !ctx.environment().settings.features.full_stack_auth {
        let address = email.as_str().to_owned();
        let identity = Identity {
            subject: address.clone(),
            email: address,
            email_verified: true,
            ..Identity::default()
        };
        return enter::identity_only(ctx, sign_in, &proof, &identity).await;
    }
    let is_test = is_test_user(ctx, &email).await?;
    if proof.of_organization.is_none()
        && !is_test
        && let Some(connection) = routing::home_realm(ctx, &email).await?
        && Some(connection.id) != proof.connection
    {
        return upstream::leave(ctx, sign_in, &connection, visitor.browser_hash).await;
    }
    let found = match proof.user {
        Some(_) => true,
        None => {
            let user = users::find_by_email(&mut ctx.db().read(), ctx, &email).await?;
            proof.user = user.map(|user| user.id);
            proof.user.is_some()
        }
    };
    let user_management = &ctx.environment().settings.user_management;
    if !found && proof.of_organization.is_none() && user_management.check_address("email", &email).is_err() {
        return back(ctx, sign_in, Problem::BlockedEmail).await;
    }
    let choice = choices(ctx, &proof, &email, is_test).await?;
    choose(ctx, sign_in, proof, choice, visitor).await
}

/// Where a person may go.
#[derive(Debug)]
pub struct Choices {
    /// What they are in organizations.
    pub memberships: Vec<Membership>,
    /// Organizations that they may join by their address.
    pub joinable: Vec<OrganizationId>,
    /// Whether they may make one of their own.
    pub may_create: bool,
}

/// Where a person may go.
///
/// # Errors
/// Those of the database.
pub async fn choices(ctx: &Ctx, proof: &Proof, email: &Email, is_test: bool) -> Result<Choices, Error> {
    let mut tx = ctx.db().read();
    let memberships = match proof.user {
        Some(user) => users::memberships_of(&mut tx, ctx, user).await?,
        None => Vec::new(),
    };
    let mut joinable = if is_test {
        Vec::new()
    } else {
        domains::joinable(&mut tx, ctx.environment().id, email.domain()).await?
    };
    joinable.retain(|id| !memberships.iter().any(|membership| membership.organization == *id));
    let settings = &ctx.environment().settings.user_management;
    let has_one = memberships.iter().any(|one| one.status(ctx.now()) == Status::Active);
    if has_one && !settings.many_organizations() {
        joinable.clear();
    }
    let may_create = settings.allow_organization_signup && (!has_one || settings.many_organizations());
    Ok(Choices { memberships, joinable, may_create })
}

async fn choose(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: Proof,
    choices: Choices,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let now = ctx.now();
    if let Some(organization) = proof.of_organization.or(sign_in.progress.organization) {
        let how = way_in(ctx, &proof, &choices, organization).await?;
        return go_in(ctx, sign_in, &proof, organization, how, visitor).await;
    }
    let with = |status: Status| {
        choices.memberships.iter().filter(move |one| one.status(now) == status).map(|one| one.organization)
    };
    let (active, invited): (Vec<_>, Vec<_>) =
        (with(Status::Active).collect(), with(Status::PendingInvite).collect());
    let others = invited.len() + choices.joinable.len();
    match active.as_slice() {
        [only] if others == 0 => go_in(ctx, sign_in, &proof, *only, None, visitor).await,
        [] if others == 0 => {
            if choices.memberships.iter().any(|one| one.status(now) == Status::Inactive) {
                return fail(ctx, sign_in, &inactive()).await;
            }
            if !choices.may_create {
                return fail(ctx, sign_in, &no_organization()).await;
            }
            go_to(ctx, sign_in, Step::Choose { proof, creates: true }, None).await
        }
        _ => go_to(ctx, sign_in, Step::Choose { proof, creates: false }, None).await,
    }
}

/// How somebody who is no member comes into an organization: none if that cannot be.
async fn way_in(
    ctx: &Ctx,
    proof: &Proof,
    choices: &Choices,
    organization: OrganizationId,
) -> Result<Option<Provisioning>, Error> {
    if proof.of_organization == Some(organization) && may_provision(ctx, proof).await? {
        return Ok(Some(Provisioning::JitUsingSso));
    }
    Ok(choices.joinable.contains(&organization).then_some(Provisioning::AllowedEmailDomain))
}

/// Whether the connection lets new people in: those of the organization's own domains (`auth.md` 2.7).
async fn may_provision(ctx: &Ctx, proof: &Proof) -> Result<bool, Error> {
    let (Some(id), Ok(email)) = (proof.connection, Email::parse(&proof.email)) else { return Ok(false) };
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let Some(connection) = crate::connections::find(&mut tx, env, None, id).await? else { return Ok(false) };
    let jit = match &connection.settings {
        Settings::Oidc(settings) => settings.jit_provisioning,
        Settings::Saml(settings) => settings.jit_provisioning,
        Settings::OAuth(_) | Settings::Passwordless(_) | Settings::WebAuthn(_) => false,
    };
    Ok(jit && is_of_organization(ctx, &connection, &email).await?)
}

/// Lets a person in, or says why not.
///
/// # Errors
/// Those of the database.
pub async fn go_in(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    organization: OrganizationId,
    how: Option<Provisioning>,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let into = Into::Existing { organization, how };
    match enter::enter(ctx, sign_in, proof, into, visitor).await {
        Err(error) if error.code() == "USER_NOT_ACTIVE" => fail(ctx, sign_in, &inactive()).await,
        Err(error) if error.kind() == Kind::PermissionDenied => {
            let is_sso = proof.of_organization.is_some();
            fail(ctx, sign_in, &not_a_member(is_sso, &error)).await
        }
        Err(error) if error.kind() == Kind::FailedPrecondition => fail(ctx, sign_in, &refused(&error)).await,
        other => other,
    }
}

fn inactive() -> Trace {
    Trace {
        code: "user_not_active",
        step: "membership",
        expected: "an active membership".to_owned(),
        got: "the user is deactivated".to_owned(),
        remedy: "activate the membership, or let the person sign in to another organization",
    }
}

fn no_organization() -> Trace {
    Trace {
        code: "access_denied",
        step: "organization",
        expected: "a membership, an invitation or an organization that the address may join".to_owned(),
        got: "none, and people may not make organizations here".to_owned(),
        remedy: "invite the person, or allow sign-up (user management: allow_organization_signup)",
    }
}

fn not_a_member(is_sso: bool, error: &Error) -> Trace {
    Trace {
        code: if is_sso { "invalid_user_domain" } else { "access_denied" },
        step: "membership",
        expected: "a membership, or an address by which the person may join".to_owned(),
        got: error.message().to_owned(),
        remedy: "invite the person, or add the domain of the address to the organization",
    }
}

fn refused(error: &Error) -> Trace {
    Trace {
        code: "access_denied",
        step: "membership",
        expected: "room for one more member".to_owned(),
        got: error.message().to_owned(),
        remedy: "raise the organization's limit of users, or remove a member",
    }
}

/// Goes to another step.
///
/// # Errors
/// Those of the database.
pub async fn go_to(
    ctx: &Ctx,
    sign_in: &SignIn,
    step: Step,
    problem: Option<Problem>,
) -> Result<Outcome, Error> {
    let next = Progress { step, problem, resent: false, ..sign_in.progress.clone() };
    let mut tx = ctx.db().write().await?;
    // Whoever comes second sees where the first one went.
    if store::advance(&mut tx, ctx.environment().id, sign_in, &next, ctx.now()).await? {
        tx.commit().await?;
    }
    Ok(Go::Page(sign_in.id).into())
}

/// Stays at the step, with something to say.
///
/// # Errors
/// Those of the database.
pub async fn stay(ctx: &Ctx, sign_in: &SignIn, problem: Problem) -> Result<Outcome, Error> {
    let next = Progress { problem: Some(problem), resent: false, ..sign_in.progress.clone() };
    note(ctx, sign_in, &next).await
}

/// Stores what the page shall say without counting it as a step: it must not get in the way of somebody who takes one.
///
/// # Errors
/// Those of the database.
pub async fn note(ctx: &Ctx, sign_in: &SignIn, next: &Progress) -> Result<Outcome, Error> {
    let mut tx = ctx.db().write().await?;
    store::note(&mut tx, ctx.environment().id, sign_in, next, ctx.now()).await?;
    tx.commit().await?;
    Ok(Go::Page(sign_in.id).into())
}

/// Goes back to the first page, with something to say.
///
/// # Errors
/// Those of the database.
pub async fn back(ctx: &Ctx, sign_in: &SignIn, problem: Problem) -> Result<Outcome, Error> {
    go_to(ctx, sign_in, Step::Identify { is_sign_up: false }, Some(problem)).await
}

/// Ends a sign-in without success: the application is told, and the log says why.
///
/// # Errors
/// Those of the database.
pub async fn fail(ctx: &Ctx, sign_in: &SignIn, trace: &Trace) -> Result<Outcome, Error> {
    let mut tx = ctx.db().write().await?;
    if !store::finish(&mut tx, ctx.environment().id, sign_in, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    log::fail(&mut tx, ctx, sign_in, trace).await?;
    tx.commit().await?;
    let description = format!("{}: expected {}, got {}", trace.step, trace.expected, trace.got);
    Ok(Go::Away(sign_in.request.target.error(trace.code, &description)).into())
}
