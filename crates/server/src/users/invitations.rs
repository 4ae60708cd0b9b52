//! Invitations by mail: the token of the link, and sending it again. Accepting one follows with the hosted pages.
use super::{
    members::{check_address, check_limit, check_single, hold_organization},
    membership::{Invitation, Membership, Status},
    membership_store::{self, StoredToken},
    model::{User, UserRef},
    ops, store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    entropy,
    error::{Error, Kind},
    events::EventType,
    ids::{InvitationId, OrganizationId, UserId},
    mail::{self, NewMail, UseCase, Variables},
    organizations::Organization,
    secret::Secret,
    vault::{self, Place},
};

const SEALED_IN: &str = "memberships.invitation_sealed";

/// A new invitation, made before the transaction that stores it.
#[derive(Debug)]
pub struct NewInvitation {
    /// As the membership shows it.
    pub invitation: Invitation,
    /// As it is stored.
    pub stored: StoredToken,
    token: Secret<String>,
}

impl NewInvitation {
    /// An invitation that can be accepted once, within the time that the environment says.
    ///
    /// # Errors
    /// `INTERNAL` if there is no randomness.
    pub fn generate(ctx: &Ctx) -> Result<Self, Error> {
        let id: InvitationId = ctx.new_id();
        let token = Secret::new(entropy::token()?);
        let sealed = ctx.app().vault.seal(place(id), token.expose().as_bytes())?;
        let stored = StoredToken { hash: vault::hash(token.expose()), sealed };
        let expires_at = ctx.now().plus(ctx.environment().invitation_valid_for());
        Ok(Self {
            invitation: Invitation { id, expires_at, resent_at: None, resent_count: 0 },
            stored,
            token,
        })
    }

    /// Queues the mail with its link in `tx`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn send(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        organization: &Organization,
        user: &User,
        membership: &Membership,
    ) -> Result<(), Error> {
        send(tx, ctx, organization, user, membership, &self.token).await
    }
}

fn place(id: InvitationId) -> Place {
    Place { column: SEALED_IN, row: id.as_i64() }
}

async fn send(
    tx: &mut Tx,
    ctx: &Ctx,
    organization: &Organization,
    user: &User,
    membership: &Membership,
    token: &Secret<String>,
) -> Result<(), Error> {
    let Some(invitation) = &membership.invitation else {
        return Err(Error::internal("an invitation is sent that the membership does not have"));
    };
    let name = Some(user.profile.name.clone()).filter(|name| !name.is_empty());
    let mail = NewMail {
        use_case: UseCase::UserInvite,
        recipient: &user.email,
        organization: Some(organization.id),
        variables: Variables {
            organization_name: Some(organization.display_name.clone()),
            user_name: name,
            link: Some(format!("{}/invitations/{}", ctx.environment().url, token.expose())),
            inviter_name: membership.inviter_email.clone(),
            ..Variables::default()
        },
        expires_at: invitation.expires_at,
    };
    mail::queue(tx, ctx, mail).await?;
    Ok(())
}

/// Sends an invitation again: an open one as it is, an expired one as a new one.
///
/// # Errors
/// `NOT_FOUND` for an unknown user, organization, membership or invitation; `FAILED_PRECONDITION` for one that was
/// accepted, without full-stack authentication, or at the organization's limit; and as a new membership would be, if it expired.
pub async fn resend(ctx: &Ctx, organization: OrganizationId, user: UserId) -> Result<Membership, Error> {
    let env = ctx.environment().id;
    let (which, now) = (UserRef::Id(user), ctx.now());
    ctx.environment().settings.features.require_full_stack_auth()?;
    let new = NewInvitation::generate(ctx)?;
    let mut tx = ctx.db().write().await?;
    let held = hold_organization(&mut tx, ctx, organization).await?;
    let user = store::find_for_update(&mut tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let mut membership = membership_store::find(&mut tx, env, organization, user.id)
        .await?
        .ok_or_else(|| Membership::not_found(organization, &which))?;
    let Some(last) = membership.invitation.clone() else {
        return Err(Error::not_found(format!("an invitation of {which} into organization {organization}")));
    };
    match membership.status(now) {
        Status::PendingInvite => {
            let token = stored_token(&mut tx, ctx, &membership, last.id).await?;
            membership.invitation = Some(Invitation {
                resent_at: Some(now),
                resent_count: last.resent_count.saturating_add(1),
                ..last
            });
            membership_store::set_resent(&mut tx, env, &membership).await?;
            send(&mut tx, ctx, &held, &user, &membership, &token).await?;
        }
        Status::InviteExpired => {
            check_address(ctx, &user)?;
            check_single(&mut tx, ctx, organization, &user).await?;
            check_limit(&mut tx, ctx, &held).await?;
            membership.created_at = now;
            membership.invitation = Some(Invitation {
                resent_at: Some(now),
                resent_count: last.resent_count.saturating_add(1),
                ..new.invitation.clone()
            });
            membership_store::put(&mut tx, env, &membership, Some(&new.stored)).await?;
            new.send(&mut tx, ctx, &held, &user, &membership).await?;
        }
        Status::Active | Status::Inactive => {
            return Err(Error::new(
                Kind::FailedPrecondition,
                format!("the invitation of {which} into organization {organization} was accepted already"),
            ));
        }
    }
    ops::tell(&mut tx, ctx, EventType::UserOrganizationInvitation, &held, &user, &membership).await?;
    tx.commit().await?;
    Ok(membership)
}

async fn stored_token(
    tx: &mut Tx,
    ctx: &Ctx,
    membership: &Membership,
    id: InvitationId,
) -> Result<Secret<String>, Error> {
    let env = ctx.environment().id;
    let sealed = membership_store::sealed_token(tx, env, membership.organization, membership.user)
        .await?
        .ok_or_else(|| Error::internal("an open invitation has no token"))?;
    let token = ctx.app().vault.open(place(id), &sealed)?;
    Ok(Secret::new(String::from_utf8_lossy(token.expose()).into_owned()))
}
