//! Plain data of a sign-in under way.
use super::target::RedirectTarget;
use crate::{
    clients::ClientId,
    identities::Identity,
    ids::{AuthRequestId, ConnectionId, OrganizationId, ResourceId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a person may take.
pub const VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// `prompt` of the request (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// Nothing may be shown.
    None,
    /// The person must authenticate, whether or not there is a session.
    Login,
    /// The person signs up.
    Create,
    /// The person chooses the organization.
    SelectAccount,
    /// The person is asked for consent, whether or not they gave it before.
    Consent,
}

/// What an application asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Where the answer goes.
    pub target: RedirectTarget,
    /// `client_id` as it was given.
    pub client_id: String,
    /// What may be granted of what was asked for.
    pub scopes: Vec<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `code_challenge`, S256.
    pub code_challenge: Option<String>,
    /// `prompt`
    pub prompts: Vec<Prompt>,
    /// `max_age`, seconds.
    pub max_age: Option<i64>,
    /// `ui_locales`
    pub ui_locales: Option<String>,
    /// `organization_id`; the text that is none of an organization's ids fails where it counts.
    pub organization: Option<String>,
    /// `connection_id`, or the key of one.
    pub connection: Option<String>,
    /// `domain` or `domain_hint`
    pub domain: Option<String>,
    /// `login_hint`
    pub login_hint: Option<String>,
    /// `provider`
    pub provider: Option<String>,
    /// The protected resource that the tokens are for.
    pub resource: Option<ResourceId>,
}

impl Request {
    /// Whether the request has this prompt.
    pub fn asks(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }
}

/// That a person has proved something, before the account and the organization are settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The user, if that is known already.
    pub user: Option<UserId>,
    /// The address.
    pub email: String,
    /// By which connection: `amr[0]`.
    pub connection: Option<ConnectionId>,
    /// What the provider said, if there is one.
    pub identity: Option<Box<Identity>>,
    /// The organization whose single sign-on it was: the only one that it is good for.
    pub of_organization: Option<OrganizationId>,
    /// Whether the person has proved that the mailbox is theirs.
    pub owns_mailbox: bool,
    /// When.
    pub at: Timestamp,
}

/// A mail that the person is to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    /// `auth_request_id` of the passwordless request.
    pub request: String,
    /// What the mail has: `OTP`, `LINK` or `LINK_OTP`.
    pub kind: String,
    /// Characters of the code.
    pub code_length: usize,
    /// Whether it has letters.
    pub alphanumeric: bool,
    /// Whether the person is new.
    pub is_sign_up: bool,
    /// Wrong codes so far.
    pub wrong: i64,
    /// The proof that only lacks the mailbox.
    pub proof: Option<Box<Proof>>,
}

/// Where the person is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// At the first page.
    Identify {
        /// To sign up, rather than in.
        is_sign_up: bool,
    },
    /// Reading mail.
    Mailed(Mailed),
    /// At an identity provider, or an application's own login page.
    Away {
        /// Which.
        connection: ConnectionId,
    },
    /// Choosing an organization, or making one.
    Choose {
        /// Who it is.
        proof: Proof,
        /// Making one.
        creates: bool,
    },
    /// Deciding what a client of a resource may do.
    Consent {
        /// Who it is.
        proof: Proof,
        /// In which organization.
        organization: OrganizationId,
    },
    /// The same for somebody whom an application reported.
    ConsentOfReported {
        /// Who it is, as JSON.
        report: String,
        /// The application's connection.
        connection: ConnectionId,
    },
    /// Being offered a passkey.
    OfferPasskey {
        /// Who it is.
        proof: Proof,
        /// In which organization.
        organization: OrganizationId,
    },
}

/// What went wrong with the last thing that the person did, for the page to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// No e-mail address.
    BadEmail,
    /// An address that the environment does not take.
    BlockedEmail,
    /// Too many mails; seconds to wait.
    TooManyMails(u64),
    /// A wrong code; tries that are left.
    WrongCode(i64),
    /// Too many wrong codes; seconds to wait.
    TooManyCodes(u64),
    /// The code or link expired.
    ExpiredCode,
    /// The passkey was not accepted.
    Passkey,
    /// The provider of this name did not sign the person in.
    Provider(String),
    /// No name for an organization.
    BadName,
    /// The organization takes nobody else.
    OrganizationFull,
    /// The organization is not to be chosen.
    NotAMember,
}

/// How far a sign-in is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Where the person is.
    pub step: Step,
    /// The address that was typed or hinted at.
    pub email: String,
    /// The organization in context: asked for, or found by the address.
    pub organization: Option<OrganizationId>,
    /// For the next page.
    pub problem: Option<Problem>,
    /// Whether a mail was just sent again.
    pub resent: bool,
    /// Whether the person went on in another browser than the one where the application waits: it starts again there.
    pub moved: bool,
}

/// A sign-in under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// `req_…`
    pub id: AuthRequestId,
    /// SHA-256 of its browser's token.
    pub browser_hash: Vec<u8>,
    /// Whose it is.
    pub client: ClientId,
    /// What was asked for.
    pub request: Request,
    /// How far it is.
    pub progress: Progress,
    /// Of the progress.
    pub version: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
}

impl SignIn {
    /// Whether the person may go on.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.finished_at.is_none() && !self.expires_at.is_past(now)
    }
}
