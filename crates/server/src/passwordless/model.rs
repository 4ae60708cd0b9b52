//! Plain data of proofs.
use crate::{
    email::Email,
    error::{Error, Kind},
    mail::UseCase,
    stored::stored_enum,
    time::Timestamp,
};
use std::collections::BTreeMap;

stored_enum! {
    /// What a mail contains.
    PasswordlessType {
        /// A code.
        Otp = "OTP",
        /// A link.
        Link = "LINK",
        /// Both.
        LinkOtp = "LINK_OTP",
    }
}

impl PasswordlessType {
    /// Whether there is a code.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Otp | Self::LinkOtp)
    }
    /// Whether there is a link.
    pub const fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::LinkOtp)
    }
}

stored_enum! {
    /// Why the person proves it.
    Template {
        /// To sign in.
        Signin = "SIGNIN",
        /// To sign up.
        Signup = "SIGNUP",
    }
}

/// The mail that goes with it.
pub const fn use_case(template: Template, kind: PasswordlessType) -> UseCase {
    match (template, kind) {
        (Template::Signin, PasswordlessType::Otp) => UseCase::UserLoginOtp,
        (Template::Signin, PasswordlessType::Link) => UseCase::UserLoginLink,
        (Template::Signin, PasswordlessType::LinkOtp) => UseCase::UserLoginLinkOtp,
        (Template::Signup, PasswordlessType::Otp) => UseCase::UserSignupOtp,
        (Template::Signup, PasswordlessType::Link) => UseCase::UserSignupLink,
        (Template::Signup, PasswordlessType::LinkOtp) => UseCase::UserSignupLinkOtp,
    }
}

/// A proof to be asked for. The proto's rules have been checked.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Whose address it is about.
    pub email: String,
    /// Why.
    pub template: Template,
    /// Where a link leads.
    pub magiclink_auth_uri: Option<String>,
    /// The application's own, for [`Verified`].
    pub state: Option<String>,
    /// Seconds.
    pub expires_in: Option<u32>,
    /// For templates of the customer's.
    pub template_variables: BTreeMap<String, String>,
}

/// A proof that has been asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// By which the application refers to it: 256 random bits.
    pub auth_request_id: String,
    /// When code and link stop being valid.
    pub expires_at: Timestamp,
    /// Seconds until then.
    pub expires_in: u32,
    /// What the mail contains.
    pub kind: PasswordlessType,
}

/// What the person presented.
#[derive(Clone, Copy, Debug)]
pub enum Presented<'a> {
    /// The code.
    Code(&'a str),
    /// The link's token.
    LinkToken(&'a str),
}

/// A proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The proven address, as it was given.
    pub email: String,
    /// The application's own.
    pub state: Option<String>,
    /// Why it was proven.
    pub template: Template,
    /// What the mail contained.
    pub kind: PasswordlessType,
}

/// What a stored request is made of beside its credentials.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose address.
    pub email: Email,
    /// What the mail contains.
    pub kind: PasswordlessType,
    /// Why.
    pub template: Template,
    /// Seconds that code and link are valid after each mail.
    pub valid_seconds: u32,
}

const VALID: std::ops::RangeInclusive<u32> = 60..=3600;
/// What the server itself fills in.
const RESERVED: [&str; 5] = ["otp", "link", "expire_time", "expiry_time", "expiry_time_relative"];

/// Seconds of validity that a request may ask for.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub fn check_expires_in(seconds: u32) -> Result<u32, Error> {
    if VALID.contains(&seconds) {
        return Ok(seconds);
    }
    Err(Error::invalid("expires_in", "passwordless.expires_in", "must be 60 to 3600 seconds"))
}

/// Variables of the customer's templates must not pass for what the server fills in.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), Error> {
    match variables.keys().find(|name| RESERVED.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let field = format!("template_variables[{name}]");
            Err(Error::invalid(field, "passwordless.reserved_variable", "is filled in by the server"))
        }
    }
}

/// It is too early; `seconds` later it is not.
pub fn too_early(what: &str, seconds: u64) -> Error {
    Error::new(Kind::ResourceExhausted, format!("{what}; try again in {seconds} s"))
        .with_code("RATE_LIMITED")
        .with_retry_after(seconds)
}
