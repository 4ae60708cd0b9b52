//! Users and what belongs to them as messages.
use super::{
    membership::{Membership, Status},
    ops::Account,
    profile::{Profile, ProfileUpdate},
};
use crate::{
    ctx::Ctx,
    identities::Linked,
    roles::{Permission, RoleSummary},
};
use gatewright_api::scalekit::v1::{commons, users as pb};

/// A user with its memberships. Persons see of others what their organization knows: neither other organizations, nor what
/// the application keeps.
pub fn user(ctx: &Ctx, account: Account) -> pb::User {
    let Account { mut user, mut memberships, mut identities } = account;
    if let Some(person) = ctx.person().filter(|person| person.user != user.id) {
        memberships.retain(|membership| membership.organization == person.organization);
        memberships.iter_mut().for_each(|membership| membership.metadata.clear());
        (user.external_id, user.metadata, user.profile.metadata) = Default::default();
        identities.clear();
    }
    let external_identities = identities.into_iter().map(identity).collect();
    pb::User {
        id: user.id.to_string(),
        environment_id: ctx.environment().id.to_string(),
        create_time: Some(user.created_at.into()),
        update_time: Some(user.updated_at.into()),
        email: user.email.as_str().to_owned(),
        external_id: user.external_id,
        memberships: memberships.into_iter().map(|each| membership(ctx, each)).collect(),
        user_profile: Some(commons::UserProfile { external_identities, ..profile(user.profile) }),
        metadata: user.metadata,
        last_login_time: user.last_login_at.map(Into::into),
    }
}

fn identity(linked: Linked) -> commons::ExternalIdentity {
    let provider = commons::IdentityProviderType::from_str_name(&linked.provider);
    commons::ExternalIdentity {
        connection_id: linked.connection.to_string(),
        connection_type: linked.connection_type,
        connection_provider: provider.unwrap_or(commons::IdentityProviderType::Custom).into(),
        connection_user_id: linked.subject,
        is_social: linked.is_social,
        last_login_time: Some(linked.last_login_at.into()),
        created_time: Some(linked.created_at.into()),
        last_synced_time: linked.last_synced_at.map(Into::into),
    }
}

fn membership(ctx: &Ctx, membership: Membership) -> commons::OrganizationMembership {
    let status = match membership.status(ctx.now()) {
        Status::Active => commons::MembershipStatus::Active,
        Status::Inactive => commons::MembershipStatus::Inactive,
        Status::PendingInvite => commons::MembershipStatus::PendingInvite,
        Status::InviteExpired => commons::MembershipStatus::InviteExpired,
    };
    let invitation = membership.invitation;
    commons::OrganizationMembership {
        organization_id: membership.organization.to_string(),
        join_time: membership.joined_at.map(Into::into),
        membership_status: status.into(),
        roles: membership.roles.into_iter().map(role).collect(),
        name: Some(membership.organization_name.clone()),
        metadata: membership.metadata,
        display_name: Some(membership.organization_name),
        inviter_email: membership.inviter_email,
        created_at: invitation.as_ref().map(|_| membership.created_at.into()),
        accepted_at: membership.accepted_at.map(Into::into),
        expires_at: invitation.map(|invitation| invitation.expires_at.into()),
        provisioning_method: Some(membership.provisioning.as_str().to_owned()),
        permissions: membership.permissions,
    }
}

/// The invitation of a membership.
pub fn invite(ctx: &Ctx, membership: Membership) -> pb::Invite {
    let status = membership.status(ctx.now());
    let invitation = membership.invitation;
    pb::Invite {
        organization_id: membership.organization.to_string(),
        user_id: membership.user.to_string(),
        inviter_email: membership.inviter_email,
        status: status.as_str().to_owned(),
        created_at: Some(membership.created_at.into()),
        expires_at: invitation.as_ref().map(|invitation| invitation.expires_at.into()),
        resent_at: invitation.as_ref().and_then(|invitation| invitation.resent_at).map(Into::into),
        resent_count: invitation.map_or(0, |invitation| invitation.resent_count),
    }
}

/// A role in short.
pub fn role(role: RoleSummary) -> commons::Role {
    commons::Role { id: role.id.to_string(), name: role.name, display_name: role.display_name }
}

/// A permission. There are no tags.
pub fn permission(permission: Permission) -> pb::Permission {
    pb::Permission {
        id: permission.id.to_string(),
        name: permission.name,
        description: permission.description,
        tags: Vec::new(),
    }
}

/// Given and family name go by their older names, too.
#[expect(deprecated, reason = "older clients read the older names")]
pub fn profile(profile: Profile) -> commons::UserProfile {
    commons::UserProfile {
        id: profile.id.to_string(),
        first_name: profile.given_name.clone(),
        last_name: profile.family_name.clone(),
        given_name: profile.given_name,
        family_name: profile.family_name,
        name: profile.name,
        locale: profile.locale,
        email_verified: profile.email_verified,
        phone_number: profile.phone_number,
        metadata: profile.metadata,
        custom_attributes: profile.custom_attributes,
        // None before somebody signs in through a connection.
        external_identities: Vec::new(),
        preferred_username: profile.preferred_username,
        phone_number_verified: profile.phone_number_verified,
        picture: profile.picture,
        groups: profile.groups,
        gender: profile.gender,
    }
}

/// The profile of a new user: without presence, empty means nothing.
#[expect(deprecated, reason = "older clients write the older names")]
pub fn new_profile(new: pb::CreateUserProfile) -> ProfileUpdate {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    ProfileUpdate {
        given_name: some(new.given_name).or_else(|| some(new.first_name)),
        family_name: some(new.family_name).or_else(|| some(new.last_name)),
        name: some(new.name),
        locale: some(new.locale),
        phone_number: some(new.phone_number),
        preferred_username: some(new.preferred_username),
        picture: new.picture,
        gender: new.gender,
        groups: new.groups,
        metadata: new.metadata,
        custom_attributes: new.custom_attributes,
    }
}

/// A change of a profile.
#[expect(deprecated, reason = "older clients write the older names")]
pub fn profile_update(new: pb::UpdateUserProfile) -> ProfileUpdate {
    ProfileUpdate {
        given_name: new.given_name.or(new.first_name),
        family_name: new.family_name.or(new.last_name),
        name: new.name,
        locale: new.locale,
        phone_number: new.phone_number,
        preferred_username: new.preferred_username,
        picture: new.picture,
        gender: new.gender,
        groups: new.groups,
        metadata: new.metadata,
        custom_attributes: new.custom_attributes,
    }
}
