//! What a signed-in person does with her own account.
use super::page::{Forms, page};
use crate::time::Timestamp;

/// Offers a passkey after a sign-in. Script posts JSON `{csrf}` to `begin`, then the form `csrf`, `ceremony` and
/// `assertion` to `finish`; skipping posts `csrf`.
#[derive(Clone, Debug, Default)]
pub struct AddPasskey {
    /// [`super::csrf`]
    pub csrf: String,
    /// Answers `{ceremony, options}`.
    pub begin: String,
    /// Takes the form.
    pub finish: String,
    /// Goes on without.
    pub skip_action: String,
}

page!(AddPasskey, "add_passkey", "pages/add_passkey.html", Forms::Leave, script: |_| true);

impl AddPasskey {
    fn examples() -> Vec<Self> {
        let [csrf, begin, finish, skip_action] =
            ["csrf", "/a/auth/passkey/new", "/a/auth/passkey/keep", "/a/auth/passkey/skip"]
                .map(str::to_owned);
        vec![Self { csrf, begin, finish, skip_action }]
    }
}

/// A person's passkeys. A passkey's own form posts to the page's own address `csrf`, `passkey_id`, and `do=rename` with
/// `display_name`, or `do=delete`. A new one is made as in [`AddPasskey`].
#[derive(Clone, Debug, Default)]
pub struct Passkeys {
    /// [`super::csrf`]
    pub csrf: String,
    /// In the order in which they are shown.
    pub passkeys: Vec<PasskeyRow>,
    /// Answers `{ceremony, options}`.
    pub begin: String,
    /// Takes the form.
    pub finish: String,
    /// The person must sign in again before she changes anything: where.
    pub needs_fresh_login: Option<String>,
}

/// One passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// `wac_…` or whatever its kind of id is.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used.
    pub last: Option<Timestamp>,
    /// Where it was made: `Firefox on Linux`. May be empty.
    pub device: String,
}

page!(Passkeys, "passkeys", "pages/passkeys.html", Forms::Stay, script: |page| page.needs_fresh_login.is_none());

impl Passkeys {
    fn examples() -> Vec<Self> {
        let [csrf, begin, finish] =
            ["csrf", "/ui/profile/passkeys/new", "/ui/profile/passkeys/keep"].map(str::to_owned);
        let row = |id: u32, name: &str, last| PasskeyRow {
            id: format!("pk_{id}"),
            name: name.to_owned(),
            created: Timestamp::from_micros(1_700_000_000_000_000),
            last,
            device: "Firefox, Linux".to_owned(),
        };
        let used = Some(Timestamp::from_micros(1_764_000_000_000_000));
        let passkeys =
            vec![row(1, "Laptop", used), row(2, "<i>Telephone</i> with a name that is rather long", None)];
        let some = Self { csrf, passkeys, begin, finish, needs_fresh_login: None };
        let old = Self { needs_fresh_login: Some("/ui/profile/passkeys?fresh=1".to_owned()), ..some.clone() };
        vec![Self { passkeys: Vec::new(), ..some.clone() }, some, old]
    }
}

/// A person's sessions. Its forms post `csrf`, and `session_id` or `others=1`.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the forms go.
    pub action: String,
    /// In the order in which they are shown.
    pub sessions: Vec<SessionRow>,
}

/// One session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// `ses_…`
    pub id: String,
    /// `Firefox on Linux`; may be empty.
    pub device: String,
    /// May be empty.
    pub ip: String,
    /// `Vienna, Austria`; may be empty.
    pub location: String,
    /// When it was last used.
    pub last_active: Timestamp,
    /// The one of this browser.
    pub is_current: bool,
}

impl SessionRow {
    fn place(&self) -> String {
        let parts = [&self.location, &self.ip].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }
}

page!(Sessions, "sessions", "pages/sessions.html", Forms::Leave);

impl Sessions {
    fn examples() -> Vec<Self> {
        let row = |id: u32, is_current| SessionRow {
            id: format!("ses_{id}"),
            device: "Firefox, Linux".to_owned(),
            ip: "2001:db8:1234:5678:9abc:def0:1234:5678".to_owned(),
            location: if is_current { "Vienna, Austria".to_owned() } else { String::new() },
            last_active: Timestamp::from_micros(1_764_000_000_000_000),
            is_current,
        };
        let [csrf, action] = ["csrf", "/ui/profile/sessions"].map(str::to_owned);
        let one = Self { csrf, action, sessions: vec![row(1, true)] };
        let three = Self { sessions: vec![row(1, true), row(2, false), row(3, false)], ..one.clone() };
        vec![one, three]
    }
}
