//! The authorization endpoint: a list of checks in the order of RFC 6749 §4.1.1 and OpenID Connect Core §3.1.2. The first
//! ones show their failure to the person; from the moment that the redirect URI is known to be the client's, failures
//! go to the client.
use super::{
    params::Params,
    sign_in::{Prompt, Request},
    target::RedirectTarget,
};
use crate::{
    clients::{self, Client, ClientId, ClientType, GrantType, Registered},
    ctx::Ctx,
    error::Error,
    ids::{OrganizationId, ResourceId},
    organizations::{self, Organization, OrganizationRef},
    resources::{self, Target},
};

/// Scopes that anybody may ask for (OpenID Connect Core §5.4, §11).
const STANDARD: [&str; 6] = ["openid", "profile", "email", "phone", "address", "offline_access"];

/// Why a request is not answered with a sign-in.
#[derive(Debug)]
pub enum Refusal {
    /// To be shown: there is nobody to tell it to.
    Shown {
        /// The code of `auth.md` 2.12.
        code: &'static str,
        /// For the developer.
        description: String,
    },
    /// To be told to the client.
    Told {
        /// Where.
        target: RedirectTarget,
        /// The code of RFC 6749 §4.1.2.1 or `auth.md` 2.12.
        code: &'static str,
        /// For the developer.
        description: String,
    },
    /// A fault of ours.
    Fault(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// A request that may become a sign-in.
#[derive(Debug)]
pub struct Authorized {
    /// Who asks.
    pub client: Client,
    /// For what.
    pub request: Request,
}

/// Checks a request. At the endpoint of a resource only its own clients are served.
///
/// # Errors
/// [`Refusal`]
pub async fn check(ctx: &Ctx, resource: Option<ResourceId>, params: &Params) -> Result<Authorized, Refusal> {
    let client = check_client(ctx, resource, params).await?;
    let target = check_redirect_uri(ctx, &client, resource, params).await?;
    let told = |(code, description): (&'static str, String)| Refusal::Told {
        target: target.clone(),
        code,
        description,
    };
    if let Some(problem) = params.problem() {
        return Err(told(("invalid_request", problem)));
    }
    check_response(params).map_err(told)?;
    check_grant(&client).map_err(told)?;
    let prompts = check_prompt(params).map_err(told)?;
    let code_challenge = check_pkce(&client, params).map_err(told)?;
    let audience = resources::target_of(ctx.app(), ctx.environment(), &client).await?;
    check_resource(params, audience.as_ref()).map_err(told)?;
    let scopes = check_scope(ctx, &client, audience.as_ref(), params).map_err(told)?;
    let max_age = check_max_age(params).map_err(told)?;
    let text = |name: &str| params.get(name).map(str::to_owned);
    let request = Request {
        client_id: params.get("client_id").unwrap_or_default().to_owned(),
        scopes,
        nonce: text("nonce"),
        code_challenge,
        prompts,
        max_age,
        ui_locales: text("ui_locales"),
        organization: text("organization_id"),
        connection: text("connection_id"),
        domain: check_domain(params).map_err(told)?,
        login_hint: text("login_hint"),
        provider: text("provider"),
        resource: audience.map(|target| target.resource),
        target,
    };
    Ok(Authorized { client, request })
}

fn shown(code: &'static str, description: impl Into<String>) -> Refusal {
    Refusal::Shown { code, description: description.into() }
}

async fn check_client(ctx: &Ctx, resource: Option<ResourceId>, params: &Params) -> Result<Client, Refusal> {
    let Some(text) = params.get("client_id") else {
        return Err(shown("invalid_request", "client_id is required"));
    };
    // The words that the vendor's service answers with.
    let unknown = || shown("invalid_client", "unable to retrieve client by id");
    let id: ClientId = text.parse().map_err(|_| unknown())?;
    let known = clients::known(ctx.app(), ctx.environment().id, id, ctx.now()).await?;
    let client = known.client.clone().ok_or_else(unknown)?;
    match resource {
        Some(resource) if client.kind != ClientType::Resource(resource) => Err(unknown()),
        _ => Ok(client),
    }
}

/// RFC 9700 §2.1: the same string as a registered one, with the exceptions of [`Registered`].
async fn check_redirect_uri(
    ctx: &Ctx,
    client: &Client,
    resource: Option<ResourceId>,
    params: &Params,
) -> Result<RedirectTarget, Refusal> {
    if params.problem().is_some_and(|problem| problem.starts_with("redirect_uri ")) {
        return Err(shown("invalid_request", params.problem().unwrap_or_default()));
    }
    let Some(uri) = params.get("redirect_uri") else {
        return Err(shown("invalid_request", "redirect_uri is required"));
    };
    let organization = organization_of_templates(ctx, client, params).await?;
    let registered = Registered {
        uris: &client.uris.post_login,
        kind: client.kind,
        environment: ctx.environment(),
        organization: organization.as_ref(),
    };
    if !registered.contains(uri) {
        let text = "redirect_uri is not one that this application has registered";
        return Err(shown("invalid_redirect_uri", text));
    }
    let url = &ctx.environment().url;
    let issuer = resource.map_or_else(|| url.clone(), |id| resources::issuer(url, id));
    Ok(RedirectTarget::new(uri.to_owned(), params.get("state").map(str::to_owned), issuer))
}

/// The organization that templates of redirect URIs are filled from (`auth.md` 9.2.4).
async fn organization_of_templates(
    ctx: &Ctx,
    client: &Client,
    params: &Params,
) -> Result<Option<Organization>, Error> {
    if !client.uris.post_login.iter().any(|uri| uri.contains("{{")) {
        return Ok(None);
    }
    let id = params.get("organization_id").and_then(|text| text.parse::<OrganizationId>().ok());
    let Some(id) = id else { return Ok(None) };
    organizations::find(&mut ctx.db().read(), ctx.environment().id, &OrganizationRef::Id(id)).await
}

type Checked<T> = Result<T, (&'static str, String)>;

fn fails<T>(code: &'static str, text: impl Into<String>) -> Checked<T> {
    Err((code, text.into()))
}

/// RFC 6749 §3.1.1; request objects are not taken (OpenID Connect Core §3.1.2.6).
fn check_response(params: &Params) -> Checked<()> {
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return fails("unsupported_response_type", "response_type must be code"),
        None => return fails("invalid_request", "response_type is required: code"),
    }
    if params.get("request").is_some() {
        return fails("request_not_supported", "request objects are not supported: send the parameters");
    }
    if params.get("request_uri").is_some() {
        return fails("request_uri_not_supported", "request_uri is not supported: send the parameters");
    }
    match params.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => fails("invalid_request", "response_mode must be query"),
    }
}

fn check_grant(client: &Client) -> Checked<()> {
    if client.allows(GrantType::AuthorizationCode) && !matches!(client.kind, ClientType::Organization(_)) {
        Ok(())
    } else {
        fails("unauthorized_client", "this client may not use authorization_code")
    }
}

/// Words that OpenID Connect does not know are ignored, as others may (Core §3.1.2.1).
fn check_prompt(params: &Params) -> Checked<Vec<Prompt>> {
    let words = params.get("prompt").unwrap_or_default().split_ascii_whitespace();
    let prompts: Vec<Prompt> = words
        .filter_map(|word| match word {
            "none" => Some(Prompt::None),
            "login" => Some(Prompt::Login),
            "create" => Some(Prompt::Create),
            "select_account" => Some(Prompt::SelectAccount),
            "consent" => Some(Prompt::Consent),
            _ => None,
        })
        .collect();
    let is_alone = params.get("prompt").is_none_or(|text| text.split_ascii_whitespace().count() == 1);
    if prompts.contains(&Prompt::None) && !is_alone {
        return fails("invalid_request", "prompt=none must be alone");
    }
    Ok(prompts)
}

/// RFC 7636 §4.3, of which only S256 is taken. Who cannot keep a secret must, and whoever is told to.
fn check_pkce(client: &Client, params: &Params) -> Checked<Option<String>> {
    let Some(challenge) = params.get("code_challenge") else {
        if params.get("code_challenge_method").is_some() {
            return fails("invalid_request", "code_challenge_method is of no use without code_challenge");
        }
        let must = client.enforce_pkce || !client.kind.is_confidential() || client.registration.is_some();
        return match must {
            true => fails("invalid_request", "code_challenge is required of this client (PKCE, S256)"),
            false => Ok(None),
        };
    };
    if params.get("code_challenge_method") != Some("S256") {
        return fails("invalid_request", "code_challenge_method must be S256");
    }
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if challenge.len() != 43 || !challenge.bytes().all(is_unreserved) {
        return fails("invalid_request", "code_challenge must be the base64url of a SHA-256, 43 characters");
    }
    Ok(Some(challenge.to_owned()))
}

/// RFC 8707 §2: a client of a resource asks for that, by its URL or its id; an application for none.
fn check_resource(params: &Params, audience: Option<&Target>) -> Checked<()> {
    let Some(asked) = params.get("resource") else { return Ok(()) };
    match audience {
        Some(target) if target.audiences.iter().any(|audience| audience == asked) => Ok(()),
        _ => fails("invalid_target", "resource is not one that this client gets tokens for"),
    }
}

/// What may be granted of what is asked for. Unknown scopes are dropped (RFC 6749 §3.3).
fn check_scope(
    ctx: &Ctx,
    client: &Client,
    audience: Option<&Target>,
    params: &Params,
) -> Checked<Vec<String>> {
    let asked = params.get("scope").unwrap_or_default();
    if asked.trim().is_empty() {
        return fails("invalid_request", "scope is required, such as openid profile email");
    }
    let may = |scope: &str| {
        STANDARD.contains(&scope)
            || match audience {
                Some(target) => {
                    let of_client = client.scopes.is_empty() || client.scopes.iter().any(|own| own == scope);
                    of_client && target.scopes.iter().any(|known| known == scope)
                }
                None => client.scopes.iter().any(|own| own == scope),
            }
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.split_ascii_whitespace().filter(|scope| may(scope)) {
        if !scopes.iter().any(|other| other == scope) {
            scopes.push(scope.to_owned());
        }
    }
    // Agents do not ask for it and rely on it (`auth.md` 3.4).
    if audience.is_some() && !scopes.iter().any(|scope| scope == "offline_access") {
        scopes.push("offline_access".to_owned());
    }
    if !ctx.environment().settings.features.full_stack_auth && audience.is_none() {
        scopes.retain(|scope| scope != "offline_access");
    }
    if !client.allows(GrantType::RefreshToken) {
        scopes.retain(|scope| scope != "offline_access");
    }
    Ok(scopes)
}

fn check_max_age(params: &Params) -> Checked<Option<i64>> {
    match params.get("max_age").map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(seconds)) if seconds >= 0 => Ok(Some(seconds)),
        Some(_) => fails("invalid_request", "max_age must be a number of seconds"),
    }
}

/// One value under two names; some send an address.
fn check_domain(params: &Params) -> Checked<Option<String>> {
    let part = |text: &str| text.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    match (params.get("domain").map(part), params.get("domain_hint").map(part)) {
        (Some(one), Some(other)) if one != other => {
            fails("invalid_request", "domain and domain_hint must be the same")
        }
        (one, other) => Ok(one.or(other)),
    }
}
