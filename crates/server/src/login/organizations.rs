//! The organization that a person chooses, joins or makes (`auth.md` 2.5).
use super::{
    begin::Visitor,
    enter::{self, Into},
    outcome::{Go, Outcome},
    proof::{self, Choices},
    sign_in::{Problem, Proof, SignIn, Step},
};
use crate::{
    ctx::Ctx,
    email::Email,
    error::{Error, Kind},
    ids::OrganizationId,
    organizations::{self, OrganizationRef},
    passwordless,
    users::{ProfileUpdate, Provisioning, Status},
};

/// An organization on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// `org_…`
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo_url: Option<String>,
    /// What the person is there.
    pub standing: Standing,
}

/// What a person is in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member,
    /// Invited, by whom.
    Invited(Option<String>),
    /// May join.
    Joinable,
}

/// What a person who has proved who they are may choose from.
///
/// # Errors
/// Those of the database.
pub async fn offered(ctx: &Ctx, proof: &Proof) -> Result<(Vec<Offered>, bool), Error> {
    let choices = choices(ctx, proof).await?;
    let now = ctx.now();
    let mut offered = Vec::new();
    for membership in &choices.memberships {
        let standing = match membership.status(now) {
            Status::Active => Standing::Member,
            Status::PendingInvite => Standing::Invited(membership.inviter_email.clone()),
            Status::Inactive | Status::InviteExpired => continue,
        };
        offered.extend(offer(ctx, membership.organization, standing).await?);
    }
    for id in &choices.joinable {
        offered.extend(offer(ctx, *id, Standing::Joinable).await?);
    }
    Ok((offered, choices.may_create))
}

async fn offer(ctx: &Ctx, id: OrganizationId, standing: Standing) -> Result<Option<Offered>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await?;
    Ok(found.map(|organization| Offered {
        id,
        name: organization.display_name,
        logo_url: organization.logo_url,
        standing,
    }))
}

async fn choices(ctx: &Ctx, proof: &Proof) -> Result<Choices, Error> {
    let email = Email::parse(&proof.email).map_err(|problem| Error::invalid("email", "email", problem))?;
    let is_test = passwordless::Settings::of(ctx).await?.test_users.code_of(&email).is_some();
    proof::choices(ctx, proof, &email, is_test).await
}

/// Goes into the organization that the person chose: one that was offered.
///
/// # Errors
/// Those of the database.
pub async fn choose(
    ctx: &Ctx,
    sign_in: &SignIn,
    chosen: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Step::Choose { proof, .. } = &sign_in.progress.step else { return Ok(Go::Page(sign_in.id).into()) };
    let choices = choices(ctx, proof).await?;
    let Ok(id) = chosen.parse::<OrganizationId>() else {
        return proof::stay(ctx, sign_in, Problem::NotAMember).await;
    };
    let is_joinable = choices.joinable.contains(&id);
    let is_theirs = choices.memberships.iter().any(|membership| {
        membership.organization == id
            && matches!(membership.status(ctx.now()), Status::Active | Status::PendingInvite)
    });
    if !is_joinable && !is_theirs {
        return proof::stay(ctx, sign_in, Problem::NotAMember).await;
    }
    let into =
        Into::Existing { organization: id, how: is_joinable.then_some(Provisioning::AllowedEmailDomain) };
    match enter::enter(ctx, sign_in, proof, into, visitor).await {
        Err(error) if error.kind() == Kind::FailedPrecondition => {
            proof::stay(ctx, sign_in, Problem::OrganizationFull).await
        }
        Err(error) if error.kind() == Kind::PermissionDenied => {
            proof::stay(ctx, sign_in, Problem::NotAMember).await
        }
        other => other,
    }
}

/// Shows the page for making an organization, or goes back from there.
///
/// # Errors
/// Those of the database.
pub async fn to_creation(ctx: &Ctx, sign_in: &SignIn, creates: bool) -> Result<Outcome, Error> {
    let Step::Choose { proof, .. } = &sign_in.progress.step else { return Ok(Go::Page(sign_in.id).into()) };
    let may = choices(ctx, proof).await?.may_create;
    let step = Step::Choose { proof: proof.clone(), creates: creates && may };
    proof::go_to(ctx, sign_in, step, None).await
}

/// Makes the person's own organization, and goes into it.
///
/// # Errors
/// Those of the database.
pub async fn create(
    ctx: &Ctx,
    sign_in: &SignIn,
    name: &str,
    (given_name, family_name): (&str, &str),
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Step::Choose { proof, .. } = &sign_in.progress.step else { return Ok(Go::Page(sign_in.id).into()) };
    if !choices(ctx, proof).await?.may_create {
        return proof::stay(ctx, sign_in, Problem::NotAMember).await;
    }
    let text = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    let Some(name) = text(name) else { return proof::stay(ctx, sign_in, Problem::BadName).await };
    let profile = ProfileUpdate {
        given_name: text(given_name),
        family_name: text(family_name),
        ..proof.identity.as_deref().map(ProfileUpdate::from).unwrap_or_default()
    };
    let into = Into::New { name, profile: Box::new(profile.without_invalid()) };
    match enter::enter(ctx, sign_in, proof, into, visitor).await {
        Err(error) if error.kind() == Kind::InvalidArgument => {
            proof::stay(ctx, sign_in, Problem::BadName).await
        }
        other => other,
    }
}
