//! What came of it: errors, results, and the end of a session.
use super::{
    Look, Text, errors,
    page::{Forms, page},
};

/// Something cannot go on; says what, and what the person can do.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// For who helps: `auth.md` 2.12.
    pub code: String,
    /// What happened.
    pub what: Text,
    /// What the person can do.
    pub remedy: Text,
    /// For who helps, in English.
    pub details: Option<String>,
    /// `req_…`: finds the request in the logs.
    pub request_id: String,
    /// To try again.
    pub retry_href: Option<String>,
    /// Whom to ask; by default the branding's.
    pub support_email: Option<String>,
}

page!(ErrorPage, "error", "pages/error.html", Forms::None);

impl ErrorPage {
    /// The page for an error of `auth.md` 2.12, in words for people. What we have no words for is our own fault.
    pub fn of(code: &str, request_id: &str) -> Self {
        let (what, remedy) = errors::words(code);
        Self {
            code: code.to_owned(),
            what,
            remedy,
            details: None,
            request_id: request_id.to_owned(),
            retry_href: None,
            support_email: None,
        }
    }

    fn support<'a>(&'a self, look: &'a Look) -> Option<&'a str> {
        self.support_email.as_deref().or(look.brand.support_email.as_deref())
    }

    fn examples() -> Vec<Self> {
        let page = |code: &str| Self::of(code, "req_264905529753604096");
        let mut pages: Vec<Self> = errors::examples().into_iter().map(page).collect();
        pages.extend([
            Self { retry_href: Some("https://app.example/login".to_owned()), ..page("invalid_request") },
            Self {
                details: Some("redirect_uri <https://evil.example> is not one of the client's".to_owned()),
                support_email: Some("help@example.com".to_owned()),
                ..page("invalid_redirect_uri")
            },
        ]);
        pages
    }
}

/// The person is signed out, and no application waits.
#[derive(Clone, Debug, Default)]
pub struct SignedOut {
    /// To sign in again.
    pub sign_in_href: Option<String>,
}

page!(SignedOut, "signed_out", "pages/signed_out.html", Forms::None);

impl SignedOut {
    fn examples() -> Vec<Self> {
        vec![Self::default(), Self { sign_in_href: Some("https://app.example/login".to_owned()) }]
    }
}

/// Somebody sent the browser here to sign out without a proof that the person wants it. Posts `csrf`.
#[derive(Clone, Debug, Default)]
pub struct ConfirmLogout {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the form goes.
    pub action: String,
    /// Who is signed in.
    pub email: String,
}

page!(ConfirmLogout, "confirm_logout", "pages/confirm_logout.html", Forms::Leave);

impl ConfirmLogout {
    fn examples() -> Vec<Self> {
        let [csrf, action, email] = ["csrf", "/oidc/logout", "ada@example.com"].map(str::to_owned);
        vec![Self { csrf, action, email }]
    }
}

/// The simulated identity provider. Posts `csrf`, and `do=sign_in` with `email` and a field for each attribute's key, or
/// `do=fail` with `error`.
#[derive(Clone, Debug, Default)]
pub struct Simulator {
    /// [`super::csrf`]
    pub csrf: String,
    /// Where the forms go.
    pub action: String,
    /// What is in the field.
    pub email: String,
    /// Whose provider it plays.
    pub organization_name: String,
    /// Key and label of what can be said of the person besides.
    pub attributes: Vec<(String, String)>,
    /// Code and text of what can go wrong.
    pub errors: Vec<(String, String)>,
}

page!(Simulator, "simulator", "pages/simulator.html", Forms::Leave);

impl Simulator {
    fn examples() -> Vec<Self> {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        let plain = Self {
            csrf: "csrf".to_owned(),
            action: "/simulator/conn_1".to_owned(),
            email: "ada@example.com".to_owned(),
            organization_name: "Test Organization".to_owned(),
            attributes: vec![pair("given_name", "Given name"), pair("family_name", "Family name")],
            errors: vec![
                pair("access_denied", "The person refuses"),
                pair("invalid_id_token", "The ID token is not valid"),
            ],
        };
        vec![plain]
    }
}

/// What a test of a connection found.
#[derive(Clone, Debug, Default)]
pub struct TestResult {
    /// It works.
    pub success: bool,
    /// What the provider said of the person.
    pub attributes: Vec<(String, String)>,
    /// `auth.md` 2.12
    pub code: String,
    /// What happened, in English.
    pub description: String,
    /// What was expected and what came, in English.
    pub details: String,
    /// What to do, in English.
    pub fix: String,
}

page!(TestResult, "test_result", "pages/test_result.html", Forms::None);

impl TestResult {
    fn examples() -> Vec<Self> {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        let good = Self {
            success: true,
            attributes: vec![
                pair("email", "ada@example.com"),
                pair("sub", "248289761001"),
                pair("groups", "engineering, mathematicians-of-the-nineteenth-century"),
            ],
            ..Self::default()
        };
        let bad = Self {
            code: "invalid_id_token".to_owned(),
            description: "the ID token is of another issuer".to_owned(),
            details: "step: id_token\nexpected: https://idp.example\ngot: https://other.example".to_owned(),
            fix: "set the connection's issuer to https://other.example".to_owned(),
            ..Self::default()
        };
        vec![good, bad]
    }
}
