//! Plain data of resources, and the rules on it.
use crate::{
    ctx::Ctx,
    error::{Error, Violation},
    ids::{ConnectionId, ResourceId},
    text,
    time::Timestamp,
    update::Change,
};
use std::{collections::HashSet, ops::RangeInclusive};
use url::Url;

const MAX_NAME: usize = 128;
const MAX_URI: usize = 512;
/// 1 minute to 30 days.
const ACCESS_SECONDS: RangeInclusive<i64> = 60..=2_592_000;
const DEFAULT_ACCESS_SECONDS: i64 = 3600;
/// 5 minutes to a year.
const REFRESH_SECONDS: RangeInclusive<i64> = 300..=31_536_000;
const DEFAULT_REFRESH_SECONDS: i64 = 86_400;
/// Vendors whose metadata URL the server knows.
const KNOWN_VENDORS: [&str; 1] = ["CLAUDE"];

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// A web application.
    Web,
    /// A mobile application.
    Mobile,
    /// A desktop application.
    Desktop,
    /// An API server.
    Server,
    /// An MCP server.
    McpServer,
}

impl ResourceType {
    const ALL: [Self; 5] = [Self::Web, Self::Mobile, Self::Desktop, Self::Server, Self::McpServer];

    /// As stored, and as the API says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "WEB",
            Self::Mobile => "MOBILE",
            Self::Desktop => "DESKTOP",
            Self::Server => "SERVER",
            Self::McpServer => "MCP_SERVER",
        }
    }

    /// By its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The connection of a resource to the application's own sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPage {
    /// `conn_…`, by which the application names it.
    pub connection: ConnectionId,
    /// Where users are sent to; none until it is set.
    pub authorize_uri: Option<String>,
}

/// A protected resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `res_…`
    pub id: ResourceId,
    /// Never changes.
    pub kind: ResourceType,
    /// For people, 1 to 128 characters.
    pub name: String,
    /// At most 512 characters.
    pub description: String,
    /// Its URL, to the letter, at most 512 characters.
    pub uri: Option<String>,
    /// Of a picture for the consent page.
    pub logo_uri: String,
    /// Marks a sign-in of the application's own.
    pub provider: String,
    /// Seconds that its access tokens last, where a client does not say otherwise.
    pub access_token_seconds: i64,
    /// Seconds that its refresh tokens last.
    pub refresh_token_seconds: i64,
    /// Whether clients may not register themselves (RFC 7591).
    pub registration_disabled: bool,
    /// Whether the URL of a client's metadata is good as its id.
    pub cimd_enabled: bool,
    /// Whether `cimd_allowlist` counts.
    pub cimd_allowlist_enabled: bool,
    /// Type (`PREDEFINED` or `URL`) and value of each entry.
    pub cimd_allowlist: Vec<(String, String)>,
    /// Whether assertions of an enterprise IdP are good for tokens.
    pub xaa_enabled: bool,
    /// Whether a user's token has only scopes that the user has as permissions.
    pub intersect_permissions: bool,
    /// Whether users may leave scopes out.
    pub scope_selection_allowed: bool,
    /// Where users sign in, if not at this server's page.
    pub sign_in_page: Option<SignInPage>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What to change of a resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceUpdate {
    /// Cannot be cleared.
    pub name: Change<String>,
    /// See [`Resource::description`].
    pub description: Change<String>,
    /// See [`Resource::uri`].
    pub uri: Change<String>,
    /// See [`Resource::logo_uri`].
    pub logo_uri: Change<String>,
    /// See [`Resource::provider`].
    pub provider: Change<String>,
    /// See [`Resource::access_token_seconds`].
    pub access_token_seconds: Change<i64>,
    /// See [`Resource::refresh_token_seconds`].
    pub refresh_token_seconds: Change<i64>,
    /// See [`Resource::registration_disabled`].
    pub registration_disabled: Change<bool>,
    /// See [`Resource::cimd_enabled`].
    pub cimd_enabled: Change<bool>,
    /// See [`Resource::cimd_allowlist_enabled`].
    pub cimd_allowlist_enabled: Change<bool>,
    /// See [`Resource::cimd_allowlist`].
    pub cimd_allowlist: Change<Vec<(String, String)>>,
    /// See [`Resource::xaa_enabled`].
    pub xaa_enabled: Change<bool>,
    /// See [`Resource::intersect_permissions`].
    pub intersect_permissions: Change<bool>,
    /// See [`Resource::scope_selection_allowed`].
    pub scope_selection_allowed: Change<bool>,
    /// See [`SignInPage::authorize_uri`].
    pub authorize_uri: Change<String>,
    /// Names of the scopes that belong to it.
    pub scopes: Change<Vec<String>>,
}

impl Resource {
    /// A new resource.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn new(ctx: &Ctx, kind: ResourceType, values: ResourceUpdate) -> Result<Self, Error> {
        let now = ctx.now();
        let mut resource = Self {
            id: ctx.new_id(),
            kind,
            name: String::new(),
            description: String::new(),
            uri: None,
            logo_uri: String::new(),
            provider: String::new(),
            access_token_seconds: DEFAULT_ACCESS_SECONDS,
            refresh_token_seconds: DEFAULT_REFRESH_SECONDS,
            registration_disabled: false,
            cimd_enabled: false,
            cimd_allowlist_enabled: false,
            cimd_allowlist: Vec::new(),
            xaa_enabled: false,
            intersect_permissions: false,
            scope_selection_allowed: false,
            sign_in_page: None,
            created_at: now,
            updated_at: now,
        };
        resource.update(ctx, values)?;
        resource.updated_at = now;
        Ok(resource)
    }

    /// Changes what `update` says, apart from the scopes. Tells whether anything is different now.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with each field that is wrong.
    pub fn update(&mut self, ctx: &Ctx, update: ResourceUpdate) -> Result<bool, Error> {
        let before = self.clone();
        set(&mut self.name, update.name, String::new());
        set(&mut self.description, update.description, String::new());
        update.uri.apply(&mut self.uri);
        set(&mut self.logo_uri, update.logo_uri, String::new());
        set(&mut self.provider, update.provider, String::new());
        set(&mut self.access_token_seconds, update.access_token_seconds, DEFAULT_ACCESS_SECONDS);
        set(&mut self.refresh_token_seconds, update.refresh_token_seconds, DEFAULT_REFRESH_SECONDS);
        set(&mut self.registration_disabled, update.registration_disabled, false);
        set(&mut self.cimd_enabled, update.cimd_enabled, false);
        set(&mut self.cimd_allowlist_enabled, update.cimd_allowlist_enabled, false);
        set(&mut self.cimd_allowlist, update.cimd_allowlist, Vec::new());
        set(&mut self.xaa_enabled, update.xaa_enabled, false);
        set(&mut self.intersect_permissions, update.intersect_permissions, false);
        set(&mut self.scope_selection_allowed, update.scope_selection_allowed, false);
        if update.authorize_uri != Change::Keep {
            let page = self.sign_in_page(ctx);
            update.authorize_uri.apply(&mut page.authorize_uri);
        }
        self.check()?;
        let changed = *self != before;
        if changed {
            self.updated_at = ctx.now();
        }
        Ok(changed)
    }

    /// Its connection to the application's own sign-in page, which is made if it is missing.
    pub fn sign_in_page(&mut self, ctx: &Ctx) -> &mut SignInPage {
        let new = || SignInPage { connection: ctx.new_id(), authorize_uri: None };
        self.sign_in_page.get_or_insert_with(new)
    }

    /// Audience of its tokens (`auth.md` 7.8).
    pub fn audiences(&self) -> Vec<String> {
        self.uri.iter().cloned().chain([self.id.to_string()]).collect()
    }

    /// Where an MCP server publishes its metadata: the well-known part goes between host and path (RFC 9728 §3.1).
    pub fn metadata_uri(&self) -> Option<String> {
        let url = Url::parse(self.uri.as_deref()?).ok()?;
        let path = if url.path() == "/" { "" } else { url.path() };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        Some(format!("{origin}/.well-known/oauth-protected-resource{path}{query}"))
    }

    /// The error for one that does not exist.
    pub fn not_found(id: ResourceId) -> Error {
        Error::not_found(format!("resource {id}"))
    }

    fn check(&self) -> Result<(), Error> {
        let mut found = Vec::new();
        let mut add = |field: String, constraint: &'static str, description: String| {
            found.push(Violation { field, description: description.into(), constraint: constraint.into() });
        };
        let name = match self.name.chars().count() {
            0 => Some("must have at least one visible character"),
            length if length > MAX_NAME => Some("must be at most 128 characters"),
            _ => text::name_problem(&self.name),
        };
        // Line breaks and tabs are part of a text for people.
        let description = text::control_problem(&self.description.replace(['\n', '\r', '\t'], " "));
        let authorize_uri = self.sign_in_page.as_ref().and_then(|page| page.authorize_uri.as_deref());
        let problems = [
            ("name", name),
            ("description", description),
            ("resource_uri", self.uri.as_deref().and_then(uri_problem)),
            ("logo_uri", Some(self.logo_uri.as_str()).filter(|uri| !uri.is_empty()).and_then(uri_problem)),
            ("provider", text::control_problem(&self.provider)),
            ("custom_connection_settings.authorize_uri", authorize_uri.and_then(uri_problem)),
        ];
        for (field, problem) in problems {
            if let Some(problem) = problem {
                add(format!("resource.{field}"), field_rule(field), problem.to_owned());
            }
        }
        let lifetimes = [
            ("access_token_expiry", self.access_token_seconds, ACCESS_SECONDS),
            ("refresh_token_expiry", self.refresh_token_seconds, REFRESH_SECONDS),
        ];
        for (field, seconds, range) in lifetimes {
            if !range.contains(&seconds) {
                let text = format!("must be {} to {} seconds", range.start(), range.end());
                add(format!("resource.{field}"), "token_lifetime", text);
            }
        }
        let mut seen = HashSet::new();
        for (index, entry) in self.cimd_allowlist.iter().enumerate() {
            let problem = if seen.insert(entry) { allowlist_problem(entry) } else { Some("is there twice") };
            if let Some(problem) = problem {
                let field = format!("resource.cimd_client_allowlist[{index}].value");
                add(field, "cimd_client_allowlist", problem.to_owned());
            }
        }
        if found.is_empty() { Ok(()) } else { Err(Error::violations(found)) }
    }
}

fn set<T>(place: &mut T, change: Change<T>, cleared: T) {
    match change {
        Change::Keep => {}
        Change::Set(value) => *place = value,
        Change::Clear => *place = cleared,
    }
}

fn field_rule(field: &str) -> &'static str {
    match field {
        "name" => "name",
        "description" | "provider" => "text",
        _ => "web_uri",
    }
}

/// An audience is compared as a string, so that it must be written as it is meant (RFC 8707 §2: absolute, no fragment).
fn uri_problem(uri: &str) -> Option<&'static str> {
    if uri.len() > MAX_URI {
        return Some("must be at most 512 characters");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("must be written in ASCII without spaces: percent-encode other characters");
    }
    if uri.contains('#') {
        return Some("must not have a fragment");
    }
    match Url::parse(uri) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Some("must be an http or https URL"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Some("must not have a user name or password")
        }
        Ok(_) => None,
        Err(_) => Some("must be an absolute URL, such as https://mcp.example/mcp"),
    }
}

/// `auth.md` 7.4.
fn allowlist_problem((kind, value): &(String, String)) -> Option<&'static str> {
    if kind == "PREDEFINED" {
        return (!KNOWN_VENDORS.contains(&value.as_str()))
            .then_some("must be CLAUDE; list other clients by URL");
    }
    let prefix = value.strip_suffix('*').unwrap_or(value);
    if prefix.contains('*') {
        return Some("must have no * but one at its end");
    }
    // What follows a host must be of the path: `https://good.example*` would let `https://good.example.evil.test` in.
    if !prefix.starts_with("https://") || prefix.get(8..).is_none_or(|rest| !rest.contains('/')) {
        return Some("must be an https URL with a path, which may end with one *");
    }
    uri_problem(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_absolute_web_addresses() {
        for good in [
            "https://mcp.example/mcp",
            "https://mcp.example/mcp/",
            "http://localhost:3000",
            "https://a.b?c=d",
        ] {
            assert_eq!(uri_problem(good), None, "{good}");
        }
        for bad in [
            "",
            "mcp",
            "/mcp",
            "ftp://a.b",
            "https://a.b#c",
            "https://u:p@a.b",
            "https://a b",
            "https://é.fr",
        ] {
            assert!(uri_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn allow_lists_name_a_vendor_or_a_prefix_of_paths() {
        let problem = |kind: &str, value: &str| allowlist_problem(&(kind.to_owned(), value.to_owned()));
        for good in ["https://agent.test/oauth/client.json", "https://agent.test/*", "https://agent.test/a*"]
        {
            assert_eq!(problem("URL", good), None, "{good}");
        }
        for bad in ["https://agent.test*", "https://agent.test", "http://agent.test/", "https://*/a", "*", ""]
        {
            assert!(problem("URL", bad).is_some(), "{bad}");
        }
        assert_eq!(problem("PREDEFINED", "CLAUDE"), None);
        assert!(problem("PREDEFINED", "NOBODY").is_some());
    }
}
