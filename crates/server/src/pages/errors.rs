//! Errors of a sign-in in words for people.
use super::Text;

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It took too long, or cookies are off.
    Expired,
    /// The application's developers.
    Application,
    /// Whoever set up the organization's single sign-on.
    Connection,
    /// The identity provider answered something that we cannot take.
    Provider,
    /// The person gave up there.
    GaveUp,
    /// The person may not come in with this address.
    Domain,
    /// The account is off.
    Inactive,
    /// Somebody said no.
    Denied,
    /// The person must sign in.
    SignIn,
    /// Ours.
    Server,
}

/// `auth.md` 2.12, and whose fault each is.
const CODES: &[(&str, Fault)] = &[
    ("invalid_redirect_uri", Fault::Application),
    ("invalid_connection_selector", Fault::Application),
    ("no_active_connections", Fault::Connection),
    ("connection_not_active", Fault::Connection),
    ("no_configured_connections", Fault::Connection),
    ("invalid_organization_id", Fault::Application),
    ("invalid_connection_id", Fault::Application),
    ("domain_not_found", Fault::Connection),
    ("invalid_user_domain", Fault::Domain),
    ("invalid_client", Fault::Application),
    ("application_not_active", Fault::Application),
    ("invalid_request", Fault::Application),
    ("unauthorized", Fault::Denied),
    ("user_not_active", Fault::Inactive),
    ("access_denied", Fault::Denied),
    ("server_error", Fault::Server),
    ("mandatory_attribute_missing", Fault::Provider),
    ("invalid_id_token", Fault::Provider),
    ("failed_to_exchange_token", Fault::Provider),
    ("user_info_retrieve_failed", Fault::Provider),
    ("invalid_saml_metadata", Fault::Provider),
    ("invalid_saml_request", Fault::Provider),
    ("invalid_saml_response", Fault::Provider),
    ("malformed_saml_response", Fault::Provider),
    ("invalid_saml_form_params", Fault::Provider),
    ("signature_validation_failed", Fault::Provider),
    ("invalid_acs_url", Fault::Provider),
    ("invalid_assertion_url", Fault::Provider),
    ("invalid_status", Fault::Provider),
    ("assertion_expired", Fault::Provider),
    ("response_expired", Fault::Provider),
    ("authentication_not_completed", Fault::GaveUp),
    ("user_login_required", Fault::SignIn),
    ("invalid_state", Fault::Expired),
    ("invalid_client_metadata_url", Fault::Application),
];

/// A code for each kind of words.
pub(super) fn examples() -> Vec<&'static str> {
    let is_first = |&(at, (_, fault)): &(usize, &(&str, Fault))| {
        CODES.iter().position(|(_, other)| other == fault) == Some(at)
    };
    CODES.iter().enumerate().filter(is_first).map(|(_, (code, _))| *code).collect()
}

/// What happened, and what the person can do.
pub(super) fn words(code: &str) -> (Text, Text) {
    let found = CODES.iter().find(|(other, _)| *other == code);
    match found.map_or(Fault::Server, |(_, fault)| *fault) {
        Fault::Expired => (Text::new("error-expired-what"), Text::new("error-expired-remedy")),
        Fault::Application => (Text::new("error-application-what"), Text::new("error-application-remedy")),
        Fault::Connection => (Text::new("error-connection-what"), Text::new("error-connection-remedy")),
        Fault::Provider => (Text::new("error-provider-what"), Text::new("error-provider-remedy")),
        Fault::GaveUp => (Text::new("error-gave-up-what"), Text::new("error-gave-up-remedy")),
        Fault::Domain => (Text::new("error-domain-what"), Text::new("error-domain-remedy")),
        Fault::Inactive => (Text::new("error-inactive-what"), Text::new("error-inactive-remedy")),
        Fault::Denied => (Text::new("error-denied-what"), Text::new("error-denied-remedy")),
        Fault::SignIn => (Text::new("error-sign-in-what"), Text::new("error-sign-in-remedy")),
        Fault::Server => (Text::new("error-server-what"), Text::new("error-server-remedy")),
    }
}
