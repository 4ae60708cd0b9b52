//! Plain data of memberships, and the rules on it.
use crate::{
    email::Email,
    error::{Error, Kind},
    ids::{InvitationId, OrganizationId, UserId},
    roles::{RoleRef, RoleSummary},
    time::Timestamp,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// What a user is in one organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// `org_…`
    pub organization: OrganizationId,
    /// The organization's name for people.
    pub organization_name: String,
    /// `usr_…`
    pub user: UserId,
    /// Asked through [`Membership::status`]: an invitation expires by the clock.
    pub stored_status: Status,
    /// The roles that were given directly, by name.
    pub roles: Vec<RoleSummary>,
    /// Names of all that these roles permit, with what they inherit.
    pub permissions: Vec<String>,
    /// At most 20 pairs.
    pub metadata: BTreeMap<String, String>,
    /// How it came to be.
    pub provisioning: Provisioning,
    /// When it was made, or last invited.
    pub created_at: Timestamp,
    /// When it became active.
    pub joined_at: Option<Timestamp>,
    /// Who invited.
    pub inviter_email: Option<String>,
    /// When the invitation was accepted.
    pub accepted_at: Option<Timestamp>,
    /// The last invitation, accepted or not.
    pub invitation: Option<Invitation>,
}

/// The invitation of a membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// `inv_…`
    pub id: InvitationId,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
    /// When it was last sent again.
    pub resent_at: Option<Timestamp>,
    /// How many times it was sent again, over all invitations of this membership.
    pub resent_count: i32,
}

/// State of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `ACTIVE`
    Active,
    /// `INACTIVE`: may not sign in to the organization.
    Inactive,
    /// `PENDING_INVITE`
    PendingInvite,
    /// `INVITE_EXPIRED`: never stored.
    InviteExpired,
}

impl Status {
    /// As printed, and as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::PendingInvite => "PENDING_INVITE",
            Self::InviteExpired => "INVITE_EXPIRED",
        }
    }
    /// From what is stored. What this version does not know gives no access.
    pub fn parse(text: &str) -> Self {
        match text {
            "ACTIVE" => Self::Active,
            "PENDING_INVITE" => Self::PendingInvite,
            _ => Self::Inactive,
        }
    }
}

/// How a membership came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// Invited by mail.
    Invitation,
    /// Added without an invitation, by the API or SCIM.
    Direct,
    /// Made the organization at sign-up.
    OrgCreator,
    /// At the first login through the organization's single sign-on.
    JitUsingSso,
    /// Joined because of the e-mail's domain.
    AllowedEmailDomain,
}

impl Provisioning {
    const ALL: [Self; 5] =
        [Self::Invitation, Self::Direct, Self::OrgCreator, Self::JitUsingSso, Self::AllowedEmailDomain];

    /// As printed, and as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Direct => "direct_provision",
            Self::OrgCreator => "org_creator",
            Self::JitUsingSso => "jit_using_sso",
            Self::AllowedEmailDomain => "allowed_email_domain",
        }
    }
    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|method| method.as_str() == text).unwrap_or(Self::Direct)
    }
}

/// A membership to be made.
#[derive(Clone, Debug, Default)]
pub struct NewMembership {
    /// Names or ids; none means the default for members.
    pub roles: Vec<RoleRef>,
    /// Lengths have been checked by the proto's rules.
    pub metadata: BTreeMap<String, String>,
    /// Who invites; shown in the mail.
    pub inviter_email: Option<String>,
}

/// What to change of a membership. Empty means unchanged.
#[derive(Clone, Debug, Default)]
pub struct MembershipUpdate {
    /// Replaces all direct roles.
    pub roles: Vec<RoleRef>,
    /// Replaces all pairs.
    pub metadata: BTreeMap<String, String>,
}

impl NewMembership {
    /// Checks what the proto's rules cannot say.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn check(&self, field: &str) -> Result<(), Error> {
        if let Some(inviter) = &self.inviter_email {
            Email::parse(inviter).map_err(|problem| {
                Error::invalid(format!("{field}.inviter_email"), "string.email", problem)
            })?;
        }
        Ok(())
    }
}

impl Membership {
    /// The state at this moment.
    pub fn status(&self, now: Timestamp) -> Status {
        let expired = self.invitation.as_ref().is_none_or(|invitation| invitation.expires_at.is_past(now));
        match self.stored_status {
            Status::PendingInvite if expired => Status::InviteExpired,
            status => status,
        }
    }

    /// `membership` in the data of events.
    pub fn event_data(&self, now: Timestamp) -> EventData<'_> {
        EventData {
            membership_status: self.status(now).as_str(),
            roles: self.roles.iter().map(|role| role.name.as_str()).collect(),
            metadata: &self.metadata,
        }
    }

    /// The error of a user that is no member.
    pub fn not_found(organization: OrganizationId, user: impl fmt::Display) -> Error {
        Error::new(Kind::NotFound, format!("{user} is not a member of organization {organization}"))
    }
}

/// A membership as events carry it.
#[derive(Debug, Serialize)]
pub struct EventData<'a> {
    membership_status: &'static str,
    roles: Vec<&'a str>,
    metadata: &'a BTreeMap<String, String>,
}
