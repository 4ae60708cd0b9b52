//! Plain data of passkeys.
use crate::{
    error::Error,
    ids::{CredentialId, UserId},
    sessions::Device,
    time::Timestamp,
};

/// What the authenticator said at registration (WebAuthn §6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The user was there.
    pub user_present: bool,
    /// The authenticator knew the user by PIN or body.
    pub user_verified: bool,
    /// The passkey can be synced.
    pub backup_eligible: bool,
    /// The passkey is synced.
    pub backup_state: bool,
}

/// A passkey whose registration was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// Whose it is.
    pub user: UserId,
    /// The credential id of WebAuthn.
    pub raw_id: Vec<u8>,
    /// JSON: public key, counter and what else checks an assertion.
    pub verifier: String,
    /// `none`, `self`, `basic`, …
    pub attestation_type: String,
    /// Model of the authenticator, a UUID.
    pub aaguid: String,
    /// `platform` or `cross-platform`.
    pub attachment: String,
    /// `internal`, `hybrid`, `usb`, …
    pub transports: Vec<String>,
    /// What the authenticator said.
    pub flags: Flags,
    /// What it was registered with.
    pub device: Device,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// `cred_…`
    pub id: CredentialId,
    /// What its registration gave.
    pub credential: NewPasskey,
    /// For its user, 1 to 120 characters.
    pub display_name: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its record was last changed.
    pub updated_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_used_at: Option<Timestamp>,
}

impl Passkey {
    /// The error of a passkey that is not there.
    pub fn not_found(id: CredentialId) -> Error {
        Error::not_found(format!("passkey {id}"))
    }
}

/// The user handle (WebAuthn §5.4.3) of a user: 16 bytes that say nothing about the person.
pub fn user_handle(user: UserId) -> [u8; 16] {
    i128::from(user.as_i64()).to_be_bytes()
}
