//! Plain data of users, and the rules on it.
use super::profile::{Profile, ProfileUpdate};
use crate::{
    ctx::Ctx,
    email::Email,
    error::{Error, Violation},
    ids::UserId,
    text,
    time::Timestamp,
    update::Change,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// A person who uses the application.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// `usr_…`
    pub id: UserId,
    /// Unique in the environment without regard to case; never changes.
    pub email: Email,
    /// The application's own key: 1 to 510 characters, unique in the environment.
    pub external_id: Option<String>,
    /// Name and other personal data.
    pub profile: Profile,
    /// At most 20 pairs.
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When the user last signed in.
    pub last_login_at: Option<Timestamp>,
}

/// How a request names a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// By our id.
    Id(UserId),
    /// By the application's.
    ExternalId(String),
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "user {id}"),
            Self::ExternalId(id) => write!(f, "user with external_id \"{id}\""),
        }
    }
}

/// A user to be made.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// See [`User::email`].
    pub email: String,
    /// Empty counts as absent.
    pub external_id: Option<String>,
    /// See [`User::profile`].
    pub profile: ProfileUpdate,
    /// Lengths have been checked by the proto's rules.
    pub metadata: BTreeMap<String, String>,
}

/// What to change of a user.
#[derive(Clone, Debug, Default)]
pub struct UserUpdate {
    /// See [`User::external_id`].
    pub external_id: Change<String>,
    /// See [`User::profile`].
    pub profile: ProfileUpdate,
    /// Replaces all pairs, unless it is empty.
    pub metadata: BTreeMap<String, String>,
}

impl User {
    /// Checks what the proto's rules cannot say, and makes the user. `email_verified` says whether the application
    /// vouches for the address.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn new(ctx: &Ctx, new: NewUser, email_verified: bool) -> Result<Self, Error> {
        let email = Email::parse(&new.email)
            .map_err(|problem| Error::invalid("user.email", "string.email", problem))?;
        let mut profile = Profile::empty(ctx.new_id());
        profile.update(new.profile);
        profile.email_verified = email_verified;
        let now = ctx.now();
        let user = Self {
            id: ctx.new_id(),
            email,
            external_id: new.external_id.filter(|text| !text.is_empty()),
            profile,
            metadata: new.metadata,
            created_at: now,
            updated_at: now,
            last_login_at: None,
        };
        user.check()?;
        Ok(user)
    }

    /// Applies a change. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn update(&mut self, now: Timestamp, update: UserUpdate) -> Result<bool, Error> {
        let before = self.clone();
        update.external_id.apply(&mut self.external_id);
        self.profile.update(update.profile);
        if !update.metadata.is_empty() {
            self.metadata = update.metadata;
        }
        self.check()?;
        let changed = *self != before;
        if changed {
            self.updated_at = now;
        }
        Ok(changed)
    }

    fn check(&self) -> Result<(), Error> {
        let mut violations = self.profile.violations();
        if let Some(id) = &self.external_id {
            let problem = if id.chars().count() > 510 {
                Some("must be at most 510 characters")
            } else {
                text::control_problem(id)
            };
            violations.extend(problem.map(|description| Violation {
                field: "user.external_id".to_owned(),
                description: description.into(),
                constraint: "external_id".into(),
            }));
        }
        if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
    }

    /// What search looks in: e-mail, id and external id, case-folded.
    pub fn search_key(&self) -> String {
        let external_id = self.external_id.as_deref().unwrap_or_default();
        text::fold(&format!("{}\n{}\n{external_id}", self.email.as_str(), self.id))
    }

    /// `user` in the data of events, `management.md` 13.4.8.
    pub fn event_data(&self) -> EventData<'_> {
        let profile = &self.profile;
        EventData {
            id: self.id.to_string(),
            email: self.email.as_str(),
            external_id: self.external_id.as_deref().unwrap_or_default(),
            metadata: &self.metadata,
            create_time: self.created_at.to_string(),
            update_time: self.updated_at.to_string(),
            user_profile: EventProfile {
                id: profile.id.to_string(),
                name: &profile.name,
                given_name: &profile.given_name,
                family_name: &profile.family_name,
                gender: &profile.gender,
                locale: &profile.locale,
                picture: &profile.picture,
                phone_number: &profile.phone_number,
                phone_number_verified: profile.phone_number_verified,
                email_verified: profile.email_verified,
                preferred_username: &profile.preferred_username,
                groups: Some(&profile.groups).filter(|groups| !groups.is_empty()),
                custom_attributes: Some(&profile.custom_attributes).filter(|values| !values.is_empty()),
                metadata: &profile.metadata,
                external_identities: (),
            },
        }
    }

    /// The error of a user that is not there.
    pub fn not_found(which: &UserRef) -> Error {
        Error::not_found(which)
    }
}

/// A user as events carry it.
#[derive(Debug, Serialize)]
pub struct EventData<'a> {
    id: String,
    email: &'a str,
    external_id: &'a str,
    metadata: &'a BTreeMap<String, String>,
    create_time: String,
    update_time: String,
    user_profile: EventProfile<'a>,
}

#[derive(Debug, Serialize)]
struct EventProfile<'a> {
    id: String,
    name: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    gender: &'a str,
    locale: &'a str,
    picture: &'a str,
    phone_number: &'a str,
    phone_number_verified: bool,
    email_verified: bool,
    preferred_username: &'a str,
    groups: Option<&'a Vec<String>>,
    custom_attributes: Option<&'a BTreeMap<String, String>>,
    metadata: &'a BTreeMap<String, String>,
    /// `null`: there are none.
    external_identities: (),
}
