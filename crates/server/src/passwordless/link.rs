//! Magic links: the application's URI with the token in its query.
use crate::{clients, ctx::Ctx, environments::EnvironmentType, error::Error};
use url::{Origin, Url};

/// Where the hosted page of links is.
pub const HOSTED: &str = "/a/auth/link?";
const FIELD: &str = "magiclink_auth_uri";

/// Checks where a link shall lead: to the page of this server's own, which asks before it counts, or, in production, to where
/// the environment's applications are: a mail of ours must not carry a link of somebody who merely got hold of a token.
///
/// # Errors
/// `INVALID_ARGUMENT`
pub async fn check(ctx: &Ctx, uri: &str) -> Result<(), Error> {
    let origin = parse(uri).map_err(|problem| Error::invalid(FIELD, "passwordless.link", problem))?;
    let is_own = uri.strip_prefix(&ctx.environment().url).is_some_and(|path| path.starts_with(HOSTED));
    if is_own || ctx.environment().kind == EnvironmentType::Development {
        return Ok(());
    }
    let registered = clients::store::post_login_uris(&mut ctx.db().read(), ctx.environment().id).await?;
    // Templates in a host are of no known origin.
    if registered.iter().filter_map(|uri| Url::parse(uri).ok()).any(|uri| uri.origin() == origin) {
        return Ok(());
    }
    let problem = "must be on scheme, host and port of a redirect URI that an application has registered";
    Err(Error::invalid(FIELD, "passwordless.link_origin", problem))
}

fn parse(uri: &str) -> Result<Origin, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#"<>"\^`{|}"#.contains(&byte);
    if !uri.bytes().all(is_plain) {
        return Err("must be written in ASCII without spaces: percent-encode other characters");
    }
    let web = "must be an http or https URL, such as https://app.example/verify";
    let url = Url::parse(uri).map_err(|_| web)?;
    if !matches!(url.scheme(), "http" | "https") || !uri.contains("://") {
        return Err(web);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user name");
    }
    if url.query_pairs().any(|(name, _)| name == "link_token") {
        return Err("must not have link_token in its query: that is added");
    }
    Ok(url.origin())
}

/// The link: what is there stays as it is, and the token is added to the query.
pub fn with_token(uri: &str, token: &str) -> String {
    let (rest, fragment) = uri.split_once('#').map_or((uri, None), |(rest, fragment)| (rest, Some(fragment)));
    let separator = match rest.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{rest}{separator}link_token={token}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_joins_the_query() {
        for (uri, link) in [
            ("https://app.example/pl", "https://app.example/pl?link_token=t_l"),
            ("https://app.example", "https://app.example?link_token=t_l"),
            ("https://app.example/pl?x=1", "https://app.example/pl?x=1&link_token=t_l"),
            ("https://app.example/pl?", "https://app.example/pl?link_token=t_l"),
            ("https://app.example/pl?x=a%26b&", "https://app.example/pl?x=a%26b&link_token=t_l"),
            ("https://app.example/#/login?a", "https://app.example/?link_token=t_l#/login?a"),
        ] {
            assert_eq!(with_token(uri, "t_l"), link);
        }
    }

    #[test]
    fn links_lead_to_web_pages_only() {
        for uri in ["https://app.example/pl?x=1", "http://localhost:3000/pl", "https://app.example/#/pl"] {
            assert!(parse(uri).is_ok(), "{uri}");
        }
        for uri in [
            "app.example/pl",
            "/pl",
            "javascript:alert(1)",
            "https:app.example",
            "https://",
            "myapp://pl",
            "https://me@app.example/",
            "https://app.example\\@evil.example/",
            "https://app.example/a b",
            "https://app.example/\r\nX: y",
            "https://bücher.example/",
            "https://app.example/?link_token=mine",
            "https://app.example/?link%5Ftoken=mine",
            "https://{{org_slug}}.app.example/",
        ] {
            assert!(parse(uri).is_err(), "{uri}");
        }
    }
}
