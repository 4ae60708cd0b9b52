//! Who are you, and the proof that the inbox is yours.
use super::{
    Look, Text,
    page::{Forms, page},
};

/// The first page: an e-mail address, or another way in.
///
/// Its form posts `csrf` and `email`. A passkey posts `csrf`, `ceremony` and `assertion` to [`PasskeyUse::finish`].
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// What is in the field.
    pub email: String,
    /// What was wrong with the last try.
    pub problem: Option<Text>,
    /// Links to identity providers.
    pub providers: Vec<ProviderButton>,
    /// If passkeys are in use.
    pub passkey: Option<PasskeyUse>,
    /// Whether there is a field for the address at all.
    pub show_email: bool,
    /// It says "Sign up" instead of "Sign in".
    pub is_sign_up: bool,
    /// To the other of the two.
    pub other_href: Option<String>,
    /// Whom the person signs in to, once that is known.
    pub organization_name: Option<String>,
}

/// A link to an identity provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderButton {
    /// Its name: the page says "Continue with …" around it.
    pub label: String,
    /// `google`, `microsoft`, …: chooses the mark beside the name. Any case; an unknown one gets a key.
    pub provider: String,
    /// Where it goes.
    pub href: String,
}

/// How passkeys sign in. Script only.
#[derive(Clone, Debug, Default)]
pub struct PasskeyUse {
    /// A button of its own.
    pub show_button: bool,
    /// Passkeys among the suggestions of the address field.
    pub conditional: bool,
    /// `POST` of JSON `{csrf, email?}`, answered by `{ceremony, options}`.
    pub begin: String,
    /// Form `POST` of `csrf`, `ceremony` and `assertion`, which is JSON.
    pub finish: String,
}

impl ProviderButton {
    /// Name of the mark in `templates/pages/marks.html`.
    fn mark(&self) -> &'static str {
        const MARKS: [&str; 6] = ["google", "microsoft", "github", "gitlab", "linkedin", "salesforce"];
        let found = MARKS.into_iter().find(|mark| self.provider.eq_ignore_ascii_case(mark));
        found.unwrap_or("other")
    }
}

page!(SignIn, "sign_in", "pages/sign_in.html", Forms::Leave, script: |page| page.passkey.is_some());

impl SignIn {
    fn heading(&self, look: &Look) -> String {
        let name = self.organization_name.as_deref().or(look.app_name());
        match (self.is_sign_up, name) {
            (false, None) => look.t("sign-in"),
            (false, Some(name)) => look.with("sign-in-to", "name", name),
            (true, None) => look.t("sign-up"),
            (true, Some(name)) => look.with("sign-up-for", "name", name),
        }
    }

    fn is_conditional(&self) -> bool {
        self.passkey.as_ref().is_some_and(|passkey| passkey.conditional)
    }

    fn has_other_ways(&self) -> bool {
        !self.providers.is_empty() || self.passkey.as_ref().is_some_and(|passkey| passkey.show_button)
    }

    fn examples() -> Vec<Self> {
        let provider = |label: &str| ProviderButton {
            label: label.to_owned(),
            provider: label.to_lowercase(),
            href: "/a/auth/provider?request=req_1".to_owned(),
        };
        let passkey = PasskeyUse {
            show_button: true,
            conditional: true,
            begin: "/a/auth/passkey/begin?request=req_1".to_owned(),
            finish: "/a/auth/passkey/finish?request=req_1".to_owned(),
        };
        let plain = Self {
            csrf: "csrf".to_owned(),
            action: "/a/auth/login?request=req_1".to_owned(),
            show_email: true,
            other_href: Some("/a/auth/sign-up?request=req_1".to_owned()),
            ..Self::default()
        };
        let providers = ["Google", "Microsoft", "GitHub", "GitLab", "LinkedIn", "Salesforce"].map(provider);
        vec![
            plain.clone(),
            Self {
                providers: vec![provider("Google"), provider("Microsoft")],
                passkey: Some(passkey.clone()),
                organization_name: Some("Fabrik & Söhne <GmbH>".to_owned()),
                ..plain.clone()
            },
            Self {
                email: "not an address".to_owned(),
                problem: Some(Text::new("problem-email")),
                is_sign_up: true,
                providers: providers.to_vec(),
                ..plain.clone()
            },
            Self {
                show_email: false,
                other_href: None,
                providers: vec![provider("Somebody's own OpenID provider")],
                passkey: Some(PasskeyUse { conditional: false, ..passkey }),
                ..plain
            },
        ]
    }
}

/// What a code is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodePurpose {
    /// Signing in.
    #[default]
    SignIn,
    /// The first sign-in.
    SignUp,
    /// A proof that the inbox is the person's, besides another one.
    VerifyEmail,
}

/// A code was sent: enter it. Posts `csrf` and `code`; the second form posts `csrf`.
#[derive(Clone, Debug, Default)]
pub struct EnterCode {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the code goes.
    pub action: String,
    /// Where the wish for another mail goes.
    pub resend_action: String,
    /// To the address.
    pub back_href: String,
    /// Where the mail went.
    pub email: String,
    /// Characters of a code.
    pub length: usize,
    /// Not only digits.
    pub alphanumeric: bool,
    /// The mail has a link, too.
    pub has_link: bool,
    /// What it is for.
    pub purpose: CodePurpose,
    /// What was wrong with the last try.
    pub problem: Option<Text>,
    /// Something that went well, such as another mail sent.
    pub notice: Option<Text>,
}

page!(EnterCode, "enter_code", "pages/enter_code.html", Forms::Leave, script: |_| true);

impl EnterCode {
    /// What the script calls a box; it puts the number where `#` is.
    fn box_label(&self) -> Text {
        Text::new("code-digit").with("number", "#").with("count", self.length.to_string())
    }

    const fn introduction(&self) -> &'static str {
        match self.purpose {
            CodePurpose::SignIn => "code-sent-sign-in",
            CodePurpose::SignUp => "code-sent-sign-up",
            CodePurpose::VerifyEmail => "code-sent-verify",
        }
    }

    fn examples() -> Vec<Self> {
        let plain = Self {
            csrf: "csrf".to_owned(),
            action: "/a/auth/code?request=req_1".to_owned(),
            resend_action: "/a/auth/resend?request=req_1".to_owned(),
            back_href: "/a/auth/login?request=req_1".to_owned(),
            email: "ada@example.com".to_owned(),
            length: 6,
            ..Self::default()
        };
        let wrong = Text::new("problem-code-wrong").with("left", 3_u32);
        vec![
            plain.clone(),
            Self { has_link: true, problem: Some(wrong), purpose: CodePurpose::SignUp, ..plain.clone() },
            Self {
                notice: Some(Text::new("notice-sent-again")),
                purpose: CodePurpose::VerifyEmail,
                alphanumeric: true,
                ..plain.clone()
            },
            Self { problem: Some(Text::new("problem-code-expired")), ..plain.clone() },
            Self { problem: Some(Text::new("problem-too-many-mails").with("minutes", 1_u32)), ..plain },
        ]
    }
}

/// A link was sent: it is to be opened in this browser. Its form posts `csrf` for another mail.
#[derive(Clone, Debug, Default)]
pub struct LinkSent {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the wish for another mail goes.
    pub resend_action: String,
    /// To the address.
    pub back_href: String,
    /// Where the mail went.
    pub email: String,
    /// Something that went well, such as another mail sent.
    pub notice: Option<Text>,
}

page!(LinkSent, "link_sent", "pages/link_sent.html", Forms::Leave);

impl LinkSent {
    fn examples() -> Vec<Self> {
        let plain = Self {
            csrf: "csrf".to_owned(),
            resend_action: "/a/auth/resend?request=req_1".to_owned(),
            back_href: "/a/auth/login?request=req_1".to_owned(),
            email: "ada@example.com".to_owned(),
            notice: None,
        };
        vec![plain.clone(), Self { notice: Some(Text::new("notice-sent-again")), ..plain }]
    }
}

/// A link was opened, by a person or by a scanner of mails: only the button uses it. Posts `csrf`.
#[derive(Clone, Debug, Default)]
pub struct ConfirmLink {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// Whose link it is.
    pub email: String,
}

page!(ConfirmLink, "confirm_link", "pages/confirm_link.html", Forms::Leave);

impl ConfirmLink {
    fn examples() -> Vec<Self> {
        let [csrf, action, email] =
            ["csrf", "/magicLink/abc", "ada.lovelace.of.a.very.long.name@subdomain.example.com"]
                .map(str::to_owned);
        vec![Self { csrf, action, email }]
    }
}

/// A link was used; the sign-in goes on in the window where it began.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkDone {}

page!(LinkDone, "link_done", "pages/link_done.html", Forms::None);

impl LinkDone {
    fn examples() -> Vec<Self> {
        vec![Self {}]
    }
}
