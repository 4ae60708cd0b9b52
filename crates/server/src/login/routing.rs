//! Where a sign-in goes (`auth.md` 2.2 and 11.17): straight to an identity provider, to the hosted page, or, where there is
//! a session that will do, back to the application.
use super::sign_in::{Prompt, Request};
use crate::{
    connections::{self, Connection, ConnectionType},
    ctx::Ctx,
    domains,
    email::Email,
    error::Error,
    hostname,
    ids::{ConnectionId, OrganizationId},
    organizations::{self, OrganizationRef},
};

/// Where to.
#[derive(Debug)]
pub enum Route {
    /// To the provider of this connection.
    Connection(Box<Connection>),
    /// To the hosted page, in the context of an organization.
    Hosted {
        /// Whose.
        organization: Option<OrganizationId>,
    },
}

/// Why a request leads nowhere, in the words of `auth.md` 2.12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoute(pub &'static str, pub &'static str);

/// What routing found.
pub type Routed = Result<Route, NoRoute>;

/// Follows the selectors of a request, in their order.
///
/// # Errors
/// Those of the database.
pub async fn route(ctx: &Ctx, request: &Request) -> Result<Routed, Error> {
    if let Some(provider) = &request.provider {
        return by_provider(ctx, provider).await;
    }
    if let Some(connection) = &request.connection {
        return by_connection(ctx, connection).await;
    }
    if let Some(organization) = &request.organization {
        return by_organization(ctx, organization).await;
    }
    let modular = !ctx.environment().settings.features.full_stack_auth;
    let hint = request.login_hint.as_deref().and_then(|hint| hint.rsplit_once('@'));
    let domain = request.domain.as_deref().or(hint.map(|(_, domain)| domain));
    if let Some(domain) = domain {
        match by_domain(ctx, domain).await? {
            Ok(Some(connection)) => return Ok(Ok(Route::Connection(Box::new(connection)))),
            Err(none) if modular => return Ok(Err(none)),
            Ok(None) if modular => {
                return Ok(Err(NoRoute("domain_not_found", "no organization has this domain")));
            }
            _ => {}
        }
    } else if modular && !request.asks(Prompt::None) {
        let text = "one of organization_id, connection_id, domain, provider or login_hint is needed";
        return Ok(Err(NoRoute("invalid_connection_selector", text)));
    }
    Ok(Ok(Route::Hosted { organization: None }))
}

async fn by_provider(ctx: &Ctx, provider: &str) -> Result<Routed, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = connections::social(&mut tx, env, &provider.to_ascii_lowercase()).await?;
    Ok(match found {
        None => Err(NoRoute("no_configured_connections", "this provider is not configured")),
        Some(connection) => active(connection),
    })
}

async fn by_connection(ctx: &Ctx, text: &str) -> Result<Routed, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = match text.parse::<ConnectionId>() {
        Ok(id) => connections::find(&mut tx, env, None, id).await?,
        Err(_) => connections::with_key(&mut tx, env, text).await?,
    };
    Ok(match found {
        None => Err(NoRoute("invalid_connection_id", "there is no such connection")),
        Some(connection) => active(connection),
    })
}

/// A connection that people can sign in through.
fn active(connection: Connection) -> Routed {
    if !connection.is_usable() {
        return Err(NoRoute("connection_not_active", "The configured connection is not active"));
    }
    match connection.kind() {
        ConnectionType::Oidc | ConnectionType::Saml | ConnectionType::OAuth => {
            Ok(Route::Connection(Box::new(connection)))
        }
        ConnectionType::Passwordless | ConnectionType::WebAuthn => Ok(Route::Hosted { organization: None }),
    }
}

async fn by_organization(ctx: &Ctx, text: &str) -> Result<Routed, Error> {
    let unknown = NoRoute("invalid_organization_id", "there is no such organization");
    let Ok(id) = text.parse::<OrganizationId>() else { return Ok(Err(unknown)) };
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    if organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await?.is_none() {
        return Ok(Err(unknown));
    }
    let all = connections::of_organization(&mut tx, env, id).await?;
    let any = !all.is_empty();
    if let Some(first) = all.into_iter().find(Connection::is_usable) {
        return Ok(Ok(Route::Connection(Box::new(first))));
    }
    if ctx.environment().settings.features.full_stack_auth {
        return Ok(Ok(Route::Hosted { organization: Some(id) }));
    }
    Ok(Err(if any {
        NoRoute("no_active_connections", "the organization's connections are not active")
    } else {
        NoRoute("no_configured_connections", "the organization has no connection")
    }))
}

/// The connection of the organization that owns a domain, as far as people can sign in through it: the one that the domain
/// is assigned to, or else the organization's first.
///
/// # Errors
/// Those of the database; inside, that the domain's owner has no connection in use.
pub async fn by_domain(ctx: &Ctx, domain: &str) -> Result<Result<Option<Connection>, NoRoute>, Error> {
    let Ok(name) = hostname::parse(domain) else { return Ok(Ok(None)) };
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let Some((organization, assigned)) = domains::owner(&mut tx, env, &name).await? else {
        return Ok(Ok(None));
    };
    let usable: Vec<Connection> = connections::of_organization(&mut tx, env, organization)
        .await?
        .into_iter()
        .filter(Connection::is_usable)
        .collect();
    let wanted = usable.iter().position(|connection| Some(connection.id) == assigned).unwrap_or_default();
    match usable.into_iter().nth(wanted) {
        Some(connection) => Ok(Ok(Some(connection))),
        None => {
            Ok(Err(NoRoute("no_active_connections", "the domain's organization has no active connection")))
        }
    }
}

/// Whether people with this address must sign in through their organization, and how (`management.md` 5.4).
///
/// # Errors
/// Those of the database.
pub async fn home_realm(ctx: &Ctx, email: &Email) -> Result<Option<Connection>, Error> {
    Ok(by_domain(ctx, email.domain()).await?.ok().flatten())
}
