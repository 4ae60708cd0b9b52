//! Members.
use super::role::RoleKey;
use crate::{
    email::Email,
    error::Error,
    ids::{MemberId, UserProfileId},
    time::Timestamp,
    users::{Profile, ProfileUpdate},
};
use std::collections::BTreeMap;

/// Somebody who works in the dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// `mem_…`
    pub id: MemberId,
    /// Unique.
    pub email: Email,
    /// The role in all environments without another one.
    pub role: RoleKey,
    /// Personal data.
    pub profile: Profile,
    /// At most 20 pairs.
    pub metadata: BTreeMap<String, String>,
    /// When the member was made.
    pub created_at: Timestamp,
    /// When the member was last changed.
    pub updated_at: Timestamp,
}

/// What a member is made of.
#[derive(Debug, Default)]
pub struct NewMember {
    /// E-mail address.
    pub email: String,
    /// Name of the dashboard role, or its id; none for the default.
    pub role: Option<String>,
    /// Personal data.
    pub profile: ProfileUpdate,
    /// Labels.
    pub metadata: BTreeMap<String, String>,
}

/// What to change of a member. An empty map stays.
#[derive(Debug, Default)]
pub struct MemberUpdate {
    /// Personal data.
    pub profile: ProfileUpdate,
    /// Replaces all labels.
    pub metadata: BTreeMap<String, String>,
}

impl Member {
    /// A new member.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn new(id: MemberId, now: Timestamp, role: RoleKey, new: NewMember) -> Result<Self, Error> {
        let email = Email::parse(&new.email)
            .map_err(|problem| Error::invalid("member.email", "string.email", problem))?;
        let profile = Profile::empty(profile_id(id));
        let (metadata, created_at, updated_at) = (new.metadata, now, now);
        let mut member = Self { id, email, role, profile, metadata, created_at, updated_at };
        member.set_profile(new.profile)?;
        Ok(member)
    }

    /// Changes the member.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub fn update(&mut self, now: Timestamp, update: MemberUpdate) -> Result<(), Error> {
        self.set_profile(update.profile)?;
        if !update.metadata.is_empty() {
            self.metadata = update.metadata;
        }
        self.updated_at = now;
        Ok(())
    }

    fn set_profile(&mut self, update: ProfileUpdate) -> Result<(), Error> {
        self.profile.update(update);
        let mut violations = self.profile.violations();
        for violation in &mut violations {
            violation.field = violation.field.replacen("user.", "member.", 1);
        }
        if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
    }
}

/// A member has one profile, with the member's number.
pub fn profile_id(id: MemberId) -> UserProfileId {
    UserProfileId::from_i64(id.as_i64())
}
