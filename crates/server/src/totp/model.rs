//! Plain data of registrations.
use crate::{
    error::Error,
    ids::{TotpRegistrationId, UserId},
    time::Timestamp,
};

/// For whom an app is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// A user.
    User(UserId),
    /// An account that the application names itself, 1 to 355 characters.
    Named(String),
}

/// A registration of an app.
#[derive(Clone, Debug)]
pub struct Registration {
    /// `totp_…`
    pub id: TotpRegistrationId,
    /// For whom it is.
    pub account: Account,
    /// The app's secret, sealed.
    pub secret_sealed: Vec<u8>,
    /// When a right code proved that the app has the secret.
    pub enabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Registration {
    /// The error of a registration that is not there.
    pub fn not_found(id: TotpRegistrationId) -> Error {
        Error::not_found(format!("registration {id}"))
    }
}
