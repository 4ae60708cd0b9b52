//! Passkeys. `auth.md` 4.5
use super::Problems;
use crate::environments::Environment;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Seconds that a ceremony may take.
const TIMEOUT: i64 = 300;
/// Authenticators in such a state are not trusted any more (FIDO Metadata Service §3.1.4).
const REFUSED: [&str; 5] = [
    "ATTESTATION_KEY_COMPROMISE",
    "USER_VERIFICATION_BYPASS",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
    "REVOKED",
];

/// Who the passkeys are for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// Host names, 1 to 10.
    pub ids: Vec<String>,
    /// Origins of pages that may use them, 1 to 10.
    pub origins: Vec<String>,
}

/// What is asked of an authenticator when a passkey is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// `none`, `indirect` or `direct`.
    pub conveyance_preference: String,
    /// Authenticators for enterprise attestation.
    pub enterprise_approved_ids: Vec<String>,
}

/// What the metadata service must say of an authenticator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the interface has these five switches")]
#[expect(missing_docs, reason = "named as in the interface")]
pub struct Authenticators {
    pub validate_entry: bool,
    pub validate_entry_permit_zero_aaguid: bool,
    pub validate_anchors: bool,
    pub validate_status: bool,
    pub validate_attestation_type: bool,
    pub desired_status: Vec<String>,
    pub undesired_status: Vec<String>,
}

/// Which authenticators are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// `required`, `preferred` or `discouraged`.
    pub user_verification: String,
    /// `platform`, `cross-platform`, or any.
    pub attachment: Option<String>,
}

/// Seconds that ceremonies may take, 120 to 1800; `_uvd` where user verification is discouraged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the interface")]
pub struct Timeouts {
    pub registration: i64,
    pub registration_uvd: i64,
    pub login: i64,
    pub login_uvd: i64,
}

/// Settings of passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebAuthnSettings {
    /// Who they are for.
    pub rp: RelyingParty,
    /// What is asked for when one is made.
    pub attestation: Attestation,
    /// What must be known of an authenticator.
    pub authenticators: Authenticators,
    /// Which authenticators are asked for.
    pub selection: Selection,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Whether making one is offered right after a sign-in.
    pub auto_registration: bool,
    /// Whether the login page has a button.
    pub show_button: bool,
    /// Whether the login page offers them as it does addresses.
    pub conditional_login: bool,
}

/// What to change. The parts that the request has are replaced; the switches are always in it.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "see WebAuthnSettings")]
pub struct WebAuthnUpdate {
    pub rp: Option<RelyingParty>,
    pub attestation: Option<Attestation>,
    pub authenticators: Option<Authenticators>,
    pub selection: Option<Selection>,
    pub timeouts: Option<Timeouts>,
    pub auto_registration: bool,
    pub show_button: bool,
    pub conditional_login: bool,
}

impl Default for Attestation {
    fn default() -> Self {
        Self { conveyance_preference: "none".to_owned(), enterprise_approved_ids: Vec::new() }
    }
}
impl Default for Authenticators {
    fn default() -> Self {
        Self {
            validate_entry: false,
            validate_entry_permit_zero_aaguid: false,
            validate_anchors: false,
            validate_status: true,
            validate_attestation_type: false,
            desired_status: Vec::new(),
            undesired_status: REFUSED.map(str::to_owned).into(),
        }
    }
}
impl Default for Selection {
    fn default() -> Self {
        Self { user_verification: "preferred".to_owned(), attachment: None }
    }
}
impl Default for Timeouts {
    fn default() -> Self {
        Self { registration: TIMEOUT, registration_uvd: TIMEOUT, login: TIMEOUT, login_uvd: TIMEOUT }
    }
}

impl WebAuthnSettings {
    /// Passkeys for the environment's own pages.
    pub fn of(environment: &Environment) -> Self {
        let host = environment.domain.split(':').next().unwrap_or_default();
        Self {
            rp: RelyingParty { ids: vec![host.to_owned()], origins: vec![environment.url.clone()] },
            attestation: Attestation::default(),
            authenticators: Authenticators::default(),
            selection: Selection::default(),
            timeouts: Timeouts::default(),
            auto_registration: false,
            show_button: true,
            conditional_login: true,
        }
    }

    pub(super) fn update(&mut self, update: WebAuthnUpdate, problems: &mut Problems) {
        if let Some(rp) = update.rp {
            check_relying_party(&rp, problems);
            self.rp = rp;
        }
        super::set(&mut self.attestation, update.attestation);
        super::set(&mut self.authenticators, update.authenticators);
        super::set(&mut self.selection, update.selection);
        super::set(&mut self.timeouts, update.timeouts);
        self.auto_registration = update.auto_registration;
        self.show_button = update.show_button;
        self.conditional_login = update.conditional_login;
    }
}

/// An id is a host name, and an origin a secure one (WebAuthn §5.1.3; browsers take `localhost` for secure, too).
fn check_relying_party(rp: &RelyingParty, problems: &mut Problems) {
    for (index, id) in rp.ids.iter().enumerate() {
        let is_host = matches!(Host::parse(id), Ok(Host::Domain(name)) if name == *id);
        if !is_host {
            problems.add(&format!("rp.ids[{index}]"), "hostname", "must be a host name in lower case");
        }
    }
    for (index, origin) in rp.origins.iter().enumerate() {
        let url = Url::parse(origin).ok();
        let is_origin = url.as_ref().is_some_and(|url| url.origin().ascii_serialization() == *origin);
        let is_local = url.as_ref().is_some_and(|url| url.host_str() == Some("localhost"));
        if !is_origin || !(origin.starts_with("https://") || (is_local && origin.starts_with("http://"))) {
            let text = "must be an https origin without a path, such as https://app.example";
            problems.add(&format!("rp.origins[{index}]"), "origin", text);
        }
    }
}
