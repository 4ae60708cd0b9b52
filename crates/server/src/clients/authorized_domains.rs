//! `DomainService.ListAuthorizedDomains`: whether pages of an origin may embed the hosted pages. Those may that are the
//! environment's own applications: whose host is that of a redirect URI (`management.md` 5.2). Anybody may ask, so that
//! the answer tells of the host that is asked for, and of no other.
use super::redirect_uri;
use crate::{
    ctx::Ctx,
    error::Error,
    hostname,
    ids::PortalLinkId,
    organizations::{self, Organization},
    sql,
};
use gatewright_api::scalekit::v1::domains as pb;

/// What portal links' ids may end with, by the kind of link.
const SUFFIXES: [&str; 2] = ["_pc", "_p"];

/// The host of the origin, if its pages may.
///
/// # Errors
/// Those of the database.
pub async fn list(
    ctx: Ctx,
    request: pb::ListAuthorizedDomainRequest,
) -> Result<pb::ListAuthorizedDomainResponse, Error> {
    let host = host_of_origin(&request.origin);
    let organization = organization_of(&ctx, &request.link_id).await?;
    let lists: Vec<String> =
        sql!("SELECT post_login_uris FROM clients WHERE environment_id = $1 AND organization_id IS NULL ORDER BY id")
            .bind(ctx.environment().id)
            .all(&mut ctx.db().read())
            .await?;
    let mut is_authorized = false;
    for list in lists {
        let uris: Vec<String> = serde_json::from_str(&list).map_err(Error::internal)?;
        is_authorized |= uris.iter().any(|uri| is_at(uri, &host, organization.as_ref()));
    }
    Ok(pb::ListAuthorizedDomainResponse {
        domains: Some(host).filter(|_| is_authorized).into_iter().collect(),
    })
}

/// Of `https://app.example:8443`, or a host alone.
fn host_of_origin(origin: &str) -> String {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    redirect_uri::host_of(authority).to_ascii_lowercase()
}

/// The organization of a portal link, which templates in redirect URIs are filled with.
async fn organization_of(ctx: &Ctx, link: &str) -> Result<Option<Organization>, Error> {
    let id = SUFFIXES.iter().find_map(|suffix| link.strip_suffix(suffix)).unwrap_or(link);
    match id.parse::<PortalLinkId>() {
        Ok(id) => organizations::of_link(ctx, id).await,
        Err(_) => Ok(None),
    }
}

/// Whether a redirect URI of an application leads to the host.
fn is_at(uri: &str, host: &str, organization: Option<&Organization>) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) || host.is_empty() {
        return false;
    }
    let pattern = redirect_uri::host_of(rest.split('/').next().unwrap_or_default()).to_ascii_lowercase();
    if pattern.contains("{{") {
        return fill(&pattern, organization).is_some_and(|filled| filled == host);
    }
    // A wildcard stands in the first label, for a part of one label (`auth.md` 9.2.2).
    match (pattern.split_once('*'), host.split_once('.')) {
        (None, _) => pattern == host,
        (Some((start, end)), Some((label, _))) => {
            let end_of_label = end.split('.').next().unwrap_or_default();
            host.starts_with(start)
                && host.ends_with(end)
                && label.len() > start.len() + end_of_label.len()
                && host.len() == label.len() + end.len() - end_of_label.len()
        }
        (Some(_), None) => false,
    }
}

/// A host with the organization's values in the place of its templates (`management.md` 1.4.1); none if one is missing,
/// or if what comes out is no host name.
fn fill(pattern: &str, organization: Option<&Organization>) -> Option<String> {
    let organization = organization?;
    let value = |name: &str| match name {
        "org_slug" => organization.slug.as_deref(),
        "external_id" => organization.external_id.as_deref(),
        key => {
            let pair = organization.metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            pair.map(|(_, value)| value.as_str())
        }
    };
    let whole = pattern.starts_with("{{") && pattern.find("}}") == Some(pattern.len().checked_sub(2)?);
    let mut labels = Vec::new();
    for label in pattern.split('.') {
        let name = label.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let filled = match name {
            Some(name) => value(name)?,
            None => label,
        };
        // A template that is a label gives one label, so that no value leads to another domain.
        if filled.contains('.') && !whole {
            return None;
        }
        labels.push(filled);
    }
    hostname::parse(&labels.join(".")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_that_of_a_redirect_uri() {
        for (uri, host, expected) in [
            ("https://app.acme.example/cb", "app.acme.example", true),
            ("https://APP.acme.example:8443/cb", "app.acme.example", true),
            ("http://localhost:3000/cb", "localhost", true),
            ("https://app.acme.example/cb", "acme.example", false),
            ("https://app.acme.example/cb", "xapp.acme.example", false),
            ("https://app.acme.example/cb", "", false),
            ("https://*.acme.example/cb", "a.acme.example", true),
            ("https://*.acme.example/cb", "a.b.acme.example", false),
            ("https://*.acme.example/cb", "acme.example", false),
            ("https://*.acme.example/cb", ".acme.example", false),
            ("https://auth-*.acme.example/cb", "auth-1.acme.example", true),
            ("https://auth-*.acme.example/cb", "auth-.acme.example", false),
            ("https://auth-*.acme.example/cb", "auth-1.evil.example", false),
            ("https://auth-*.acme.example/cb", "auth-1.x.acme.example", false),
            ("https://{{org_slug}}.acme.example/cb", "{{org_slug}}.acme.example", false),
            ("com.acme.app://cb", "cb", false),
        ] {
            assert_eq!(is_at(uri, host, None), expected, "{uri} {host}");
        }
    }

    #[test]
    fn an_origin_has_a_host() {
        for origin in
            ["app.example", "https://app.example", "https://APP.example:8443", "https://app.example/"]
        {
            assert_eq!(host_of_origin(origin), "app.example", "{origin}");
        }
    }
}
