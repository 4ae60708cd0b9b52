//! What the proto's rules cannot say of clients.
use super::{
    model::{Client, ClientId, ClientType, GrantType},
    redirect_uri::{Rules, Use},
};
use crate::{
    ctx::{Caller, Ctx},
    environments::EnvironmentType,
    error::{Error, Violation},
    text,
};
use std::{borrow::Cow, collections::HashSet, ops::RangeInclusive};

/// URIs of one list.
pub const MAX_URIS: usize = 25;
const MAX_NAME: usize = 128;
const MAX_SCOPES: usize = 100;
const MAX_SCOPE: usize = 128;
const MAX_AUDIENCES: usize = 20;
const MAX_AUDIENCE: usize = 512;
/// Claims travel in a header with each call: as many as an API key may have.
const MAX_CLAIMS: usize = 20;
const MAX_CLAIM_KEY: usize = 128;
const MAX_CLAIM_VALUE: usize = 256;
/// 1 minute to 30 days, as the environment's own setting has it.
const APPLICATION_SECONDS: RangeInclusive<i64> = 60..=2_592_000;
/// 5 minutes (`auth.md` 3.5.2) to 30 days.
const MACHINE_SECONDS: RangeInclusive<i64> = 300..=2_592_000;

/// Grants that a client of this type may have, in the order in which they are always shown.
///
/// # Errors
/// `INVALID_ARGUMENT` for another word, or a grant that the type cannot have.
pub fn grant_types(kind: ClientType, words: &[String]) -> Result<Vec<GrantType>, Error> {
    let allowed = kind.grant_types();
    for (index, word) in words.iter().enumerate() {
        if !GrantType::parse(word).is_some_and(|grant| allowed.contains(&grant)) {
            let known: Vec<&str> = allowed.iter().map(|grant| grant.as_str()).collect();
            let description =
                format!("must be one of {} for a client of type {}", known.join(", "), kind.as_str());
            return Err(Error::invalid(format!("client.grant_types[{index}]"), "grant_type", description));
        }
    }
    let given = |grant: &&GrantType| words.iter().any(|word| word == grant.as_str());
    Ok(allowed.iter().filter(given).copied().collect())
}

/// Checks every value of a client.
///
/// # Errors
/// `INVALID_ARGUMENT` with each field that is wrong.
pub fn check(client: &Client, ctx: &Ctx) -> Result<(), Error> {
    let mut found = Violations(Vec::new());
    let is_machine = client.kind.is_machine();
    names(&mut found, client, is_machine);
    let (field, range) = if is_machine {
        ("client.expiry", MACHINE_SECONDS)
    } else {
        ("client.access_token_expiry", APPLICATION_SECONDS)
    };
    if client.token_lifetime_seconds.is_some_and(|seconds| !range.contains(&seconds)) {
        let description = format!("must be {} to {} seconds", range.start(), range.end());
        found.add(field, "token_lifetime", description);
    }
    scopes(&mut found, &client.scopes);
    audiences(&mut found, &client.audiences);
    claims(&mut found, &client.custom_claims);
    uris(&mut found, client, ctx.environment().kind == EnvironmentType::Production);
    if !client.kind.is_confidential() && client.ip_allowlist != Default::default() {
        found.add("client.ip_allowlist", "ip_allowlist.type", "is for clients of type ENV and WEB_APP only");
    }
    lock_out(&mut found, client, ctx);
    found.refuse()
}

struct Violations(Vec<Violation>);

impl Violations {
    fn add(
        &mut self,
        field: impl Into<String>,
        constraint: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) {
        self.0.push(Violation {
            field: field.into(),
            description: description.into(),
            constraint: constraint.into(),
        });
    }

    fn at_most(&mut self, field: &str, most: usize, count: usize) {
        if count > most {
            self.add(field, "repeated.max_items", format!("must have at most {most} items"));
        }
    }

    fn refuse(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::violations(self.0)) }
    }
}

fn names(found: &mut Violations, client: &Client, is_machine: bool) {
    let problem = match client.name.chars().count() {
        0 if is_machine => None,
        0 => Some("must have at least one visible character"),
        length if length > MAX_NAME => Some("must be at most 128 characters"),
        _ => text::name_problem(&client.name),
    };
    if let Some(description) = problem {
        found.add("client.name", "name", description);
    }
    // Line breaks and tabs are part of a text for people.
    if let Some(description) = text::control_problem(&client.description.replace(['\n', '\r', '\t'], " ")) {
        found.add("client.description", "description", description);
    }
}

/// RFC 6749 §3.3.
fn scopes(found: &mut Violations, scopes: &[String]) {
    found.at_most("client.scopes", MAX_SCOPES, scopes.len());
    let mut seen = HashSet::new();
    for (index, scope) in scopes.iter().enumerate() {
        let is_token = scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if scope.is_empty() || scope.len() > MAX_SCOPE || !is_token {
            let description = "must be 1 to 128 printable ASCII characters without spaces, \" and \\";
            found.add(format!("client.scopes[{index}]"), "scope", description);
        } else if !seen.insert(scope) {
            found.add(format!("client.scopes[{index}]"), "repeated.unique", "is there twice");
        }
    }
}

fn audiences(found: &mut Violations, audiences: &[String]) {
    found.at_most("client.audience", MAX_AUDIENCES, audiences.len());
    let mut seen = HashSet::new();
    for (index, audience) in audiences.iter().enumerate() {
        let field = || format!("client.audience[{index}]");
        if audience.is_empty() || audience.chars().count() > MAX_AUDIENCE {
            found.add(field(), "audience", "must be 1 to 512 characters");
        } else if let Some(description) = text::control_problem(audience) {
            found.add(field(), "audience", description);
        } else if !seen.insert(audience) {
            found.add(field(), "repeated.unique", "is there twice");
        }
    }
}

fn claims(found: &mut Violations, claims: &[(String, String)]) {
    found.at_most("client.custom_claims", MAX_CLAIMS, claims.len());
    let mut seen = HashSet::new();
    for (index, (key, value)) in claims.iter().enumerate() {
        let at = |name| format!("client.custom_claims[{index}].{name}");
        if key.is_empty() || key.chars().count() > MAX_CLAIM_KEY {
            found.add(at("key"), "custom_claim", "must be 1 to 128 characters");
        } else if let Some(description) = text::control_problem(key) {
            found.add(at("key"), "custom_claim", description);
        } else if !seen.insert(key) {
            found.add(at("key"), "repeated.unique", "is there twice");
        }
        if value.chars().count() > MAX_CLAIM_VALUE {
            found.add(at("value"), "custom_claim", "must be at most 256 characters");
        }
    }
}

fn uris(found: &mut Violations, client: &Client, production: bool) {
    let is_of_resource = matches!(client.kind, ClientType::Resource(_));
    // MCP clients listen on the loopback interface, as apps on devices do (RFC 8252 §7.3).
    let rules = Rules { production, native: client.kind == ClientType::Native || is_of_resource };
    let post_login = if is_of_resource { "client.redirect_uris" } else { "client.post_login_uris" };
    let lists = [
        (post_login, &client.uris.post_login, Use::PostLogin),
        ("client.post_logout_redirect_uris", &client.uris.post_logout, Use::PostLogout),
        ("client.back_channel_logout_uris", &client.uris.back_channel_logout, Use::BackChannelLogout),
    ];
    for (field, list, purpose) in lists {
        found.at_most(field, MAX_URIS, list.len());
        for (index, uri) in list.iter().enumerate() {
            if let Some(description) = rules.problem(uri, purpose) {
                found.add(format!("{field}[{index}]"), "redirect_uri", description);
            } else if is_of_resource && uri.contains(['*', '{']) {
                found.add(
                    format!("{field}[{index}]"),
                    "redirect_uri",
                    "must not have a wildcard or a template",
                );
            }
        }
    }
    if let Some(uri) = &client.uris.initiate_login
        && let Some(description) = rules.problem(uri, Use::InitiateLogin)
    {
        found.add("client.initiate_login_uri", "redirect_uri", description);
    }
    if !client.kind.is_confidential() && !client.uris.back_channel_logout.is_empty() {
        let description = "is not for clients of type SPA and NTV";
        found.add("client.back_channel_logout_uris", "back_channel_logout", description);
    }
}

/// Nobody shall lock the environment's own application, or itself, out of the API: no key would open it again.
fn lock_out(found: &mut Violations, client: &Client, ctx: &Ctx) {
    if client.kind == ClientType::Environment {
        if !client.management_access {
            let description = "cannot be true for the environment's own application";
            found.add("client.disallow_scalekit_api_access", "environment_application", description);
        }
        if !client.allows(GrantType::ClientCredentials) {
            let description = "must have client_credentials for the environment's own application";
            found.add("client.grant_types", "environment_application", description);
        }
    }
    let is_caller =
        matches!((ctx.caller(), client.id), (Caller::Client(a), ClientId::Application(b)) if *a == b);
    if is_caller && !client.ip_allowlist.allows(ctx.ip()) {
        let description = "must have the address of this request, or the client locks itself out";
        found.add("client.ip_allowlist.cidrs", "ip_allowlist.caller", description);
    }
}
