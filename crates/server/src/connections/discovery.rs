//! Reads what an update names: an OpenID provider's discovery document (OpenID Connect Discovery §4), an IdP's metadata.
use super::{
    model::{ConfigurationType, Connection, ConnectionUpdate},
    problems::url_problem,
    saml_metadata::{self, IdpMetadata, Wanted},
    settings::{Discovered, OidcSettings, OidcUpdate, SamlSettings, SamlUpdate, Settings, SettingsUpdate},
};
use crate::{ctx::Ctx, error::Error};
use serde::Deserialize;
use url::Url;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";
/// Documents of large providers have some 10 KiB, metadata of federations more than any connection needs.
const MAX_DISCOVERY: usize = 256 * 1024;
const MAX_METADATA: usize = 1024 * 1024;

/// Decides how the connection is configured, and fetches the document if that is how and the update asks for it.
///
/// # Errors
/// `INVALID_ARGUMENT` with the cause if the document cannot be had or used.
pub async fn import(ctx: &Ctx, connection: &Connection, update: &mut ConnectionUpdate) -> Result<(), Error> {
    let plain_http = update.debug_enabled.unwrap_or(connection.debug_enabled);
    let wish = update.configuration_type;
    // Changed to DISCOVERY without a URL, what is configured already is read again.
    let again = wish == Some(ConfigurationType::Discovery);
    let kind = match (&mut update.settings, &connection.settings) {
        (Some(SettingsUpdate::Oidc(update)), Settings::Oidc(now)) => {
            let source = Source::of_oidc(update, now, again);
            let kind = how(wish, source.is_some(), update.has_endpoints());
            if let (Some(ConfigurationType::Discovery), Some(source)) = (kind, source) {
                update.discovered = Some(read_discovery(ctx, &source, plain_http).await?);
            }
            kind
        }
        (Some(SettingsUpdate::Saml(update)), Settings::Saml(now)) => {
            let url = given(&update.metadata_url).or(now.metadata_url.as_deref().filter(|_| again));
            let kind = how(wish, url.is_some(), update.has_endpoints());
            if let (Some(ConfigurationType::Discovery), Some(url)) = (kind, url) {
                update.metadata = Some(read_metadata(ctx, url, now, update, plain_http).await?);
            }
            kind
        }
        _ => wish,
    };
    update.configuration_type = kind;
    Ok(())
}

/// Said by the request, or else by what it brings: a document's URL alone, or endpoints.
fn how(wish: Option<ConfigurationType>, has_source: bool, has_endpoints: bool) -> Option<ConfigurationType> {
    wish.or(match (has_source, has_endpoints) {
        (_, true) => Some(ConfigurationType::Manual),
        (true, false) => Some(ConfigurationType::Discovery),
        (false, false) => None,
    })
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Where a discovery document is, and for which issuer.
struct Source {
    field: &'static str,
    endpoint: String,
    issuer: Option<String>,
}

impl Source {
    fn of_oidc(update: &OidcUpdate, now: &OidcSettings, again: bool) -> Option<Self> {
        let (issuer, endpoint) = (given(&update.issuer), given(&update.discovery_endpoint));
        let (issuer, endpoint) = match (issuer, endpoint) {
            (None, None) if again => (now.issuer.as_deref(), now.discovery_endpoint.as_deref()),
            given => given,
        };
        // A URL of the document passes for an issuer (`auth.md` 4.2).
        let issuer = issuer.map(|issuer| issuer.strip_suffix(WELL_KNOWN).unwrap_or(issuer));
        let field = if issuer.is_some() { "issuer" } else { "discovery_endpoint" };
        let of_issuer = issuer.map(|issuer| format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/')));
        Some(Self {
            field,
            endpoint: endpoint.map(str::to_owned).or(of_issuer)?,
            issuer: issuer.map(str::to_owned),
        })
    }

    fn error(&self, why: &str) -> Error {
        let field = format!("connection.oidc_config.{}", self.field);
        let text = format!(
            "the discovery document {why}; correct it, or enter the endpoints with configuration_type MANUAL"
        );
        Error::invalid(field, "discovery", text)
    }
}

/// The members that count, OpenID Connect Discovery §3.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
}

async fn read_discovery(ctx: &Ctx, source: &Source, plain_http: bool) -> Result<Discovered, Error> {
    if let Some(problem) = url_problem(&source.endpoint, plain_http) {
        return Err(source.error(&format!("cannot be there: its URL {problem}")));
    }
    let url = Url::parse(&source.endpoint).map_err(|_| source.error("has a bad URL"))?;
    let body = ctx.app().outbound.get(&url, plain_http, MAX_DISCOVERY).await;
    let body = body.map_err(|error| source.error(&format!("cannot be fetched: its URL {error}")))?;
    let document: Document = serde_json::from_slice(&body).map_err(|_| {
        source.error("is not JSON with issuer, authorization_endpoint, token_endpoint and jwks_uri")
    })?;
    check_issuer(source, &document.issuer)?;
    let user_info = document.userinfo_endpoint.iter().map(|uri| ("userinfo_endpoint", uri));
    let endpoints = [
        ("authorization_endpoint", &document.authorization_endpoint),
        ("token_endpoint", &document.token_endpoint),
        ("jwks_uri", &document.jwks_uri),
    ];
    for (name, uri) in endpoints.into_iter().chain(user_info) {
        if let Some(problem) = url_problem(uri, plain_http) {
            return Err(source.error(&format!("has a {name} that {problem}")));
        }
    }
    Ok(Discovered {
        endpoint: source.endpoint.clone(),
        issuer: document.issuer,
        authorize_uri: document.authorization_endpoint,
        token_uri: document.token_endpoint,
        user_info_uri: document.userinfo_endpoint,
        jwks_uri: document.jwks_uri,
    })
}

/// A document speaks for the issuer whose URL leads to it and for no other (Discovery §4.3). The slash at the end, which
/// that URL does not show, may differ; tokens are compared with the document's spelling.
fn check_issuer(source: &Source, found: &str) -> Result<(), Error> {
    let wanted = source.issuer.as_deref().or_else(|| source.endpoint.strip_suffix(WELL_KNOWN));
    let bare = |issuer: &str| issuer.strip_suffix('/').unwrap_or(issuer).to_owned();
    match wanted {
        Some(wanted) if bare(wanted) == bare(found) => Ok(()),
        Some(wanted) => {
            Err(source.error(&format!("is that of another issuer, {found:?} instead of {wanted:?}")))
        }
        None => Err(source.error("must be at a URL that ends in /.well-known/openid-configuration")),
    }
}

/// The metadata at a URL that an update names.
async fn read_metadata(
    ctx: &Ctx,
    url: &str,
    now: &SamlSettings,
    update: &SamlUpdate,
    plain_http: bool,
) -> Result<IdpMetadata, Error> {
    let wanted = Wanted {
        entity_id: given(&update.entity_id).or(now.entity_id.as_deref()),
        binding: update.sso_binding.unwrap_or(now.sso_binding),
        plain_http,
        now: ctx.now(),
    };
    fetch_metadata(ctx, url, wanted).await.map_err(|why| {
        let text = format!("{why}; correct it, or enter idp_entity_id, idp_sso_url and idp_certificate with configuration_type MANUAL");
        Error::invalid("connection.saml_config.idp_metadata_url", "metadata", text)
    })
}

/// The metadata at a URL.
///
/// # Errors
/// Why there is none, to follow the name of a field.
pub async fn fetch_metadata(ctx: &Ctx, url: &str, wanted: Wanted<'_>) -> Result<IdpMetadata, String> {
    if let Some(problem) = url_problem(url, wanted.plain_http) {
        return Err(problem.to_owned());
    }
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let body = ctx.app().outbound.get(&url, wanted.plain_http, MAX_METADATA).await;
    let body = body.map_err(|error| error.to_string())?;
    saml_metadata::parse(&body, wanted, || ctx.new_id())
        .map_err(|why| format!("leads to metadata that {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(issuer: &str, endpoint: &str) -> Source {
        let text = |text: &str| Some(text.to_owned());
        let update =
            OidcUpdate { issuer: text(issuer), discovery_endpoint: text(endpoint), ..Default::default() };
        Source::of_oidc(&update, &OidcSettings::default(), false).unwrap()
    }

    #[test]
    fn an_issuer_leads_to_its_document() {
        for issuer in [
            "https://a.example/t",
            "https://a.example/t/",
            "https://a.example/t/.well-known/openid-configuration",
        ] {
            let source = source(issuer, "");
            assert_eq!(source.endpoint, "https://a.example/t/.well-known/openid-configuration", "{issuer}");
            assert!(check_issuer(&source, "https://a.example/t").is_ok(), "{issuer}");
            assert!(check_issuer(&source, "https://a.example/t/").is_ok(), "{issuer}");
            assert!(check_issuer(&source, "https://a.example/u").is_err(), "{issuer}");
        }
        assert_eq!(source("https://a.example", "https://b.example/d").endpoint, "https://b.example/d");
        assert!(check_issuer(&source("", "https://b.example/d"), "https://b.example").is_err());
        let alone = source("", "https://b.example/.well-known/openid-configuration");
        assert!(check_issuer(&alone, "https://b.example/").is_ok());
    }

    #[test]
    fn what_a_request_brings_says_how_it_is_configured() {
        use ConfigurationType::{Discovery, Manual};
        for (wish, source, endpoints, kind) in [
            (None, true, false, Some(Discovery)),
            (None, true, true, Some(Manual)),
            (None, false, true, Some(Manual)),
            (None, false, false, None),
            (Some(Manual), true, false, Some(Manual)),
            (Some(Discovery), true, true, Some(Discovery)),
        ] {
            assert_eq!(how(wish, source, endpoints), kind, "{source} {endpoints}");
        }
    }
}
