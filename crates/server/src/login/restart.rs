//! Where the browser is sent when the application must begin a sign-in: its initiate-login URL (`auth.md` 2.10).
use crate::{
    clients::{self, Client, ClientId, ClientType, Registered},
    ctx::Ctx,
    error::Error,
    ids::OrganizationId,
    organizations::{self, OrganizationRef},
};

/// The initiate-login URL of a client, or else of the environment's own application, with the organization's values in the
/// places of its templates. None if none is set, or it cannot be filled.
///
/// # Errors
/// Those of the database.
pub async fn initiate_login(
    ctx: &Ctx,
    client: Option<&Client>,
    organization: Option<OrganizationId>,
) -> Result<Option<String>, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let own = client.and_then(|client| client.uris.initiate_login.clone());
    let uri = match own {
        Some(uri) => Some(uri),
        None => match clients::store::default_of(&mut tx, env).await? {
            Some(id) => {
                let known = clients::known(ctx.app(), env, ClientId::Application(id), ctx.now()).await?;
                known.client.as_ref().and_then(|client| client.uris.initiate_login.clone())
            }
            None => None,
        },
    };
    let Some(uri) = uri else { return Ok(None) };
    if !uri.contains("{{") {
        return Ok(Some(uri));
    }
    let organization = match organization {
        Some(id) => organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await?,
        None => None,
    };
    let registered = Registered {
        uris: &[],
        kind: client.map_or(ClientType::Environment, |client| client.kind),
        environment: ctx.environment(),
        organization: organization.as_ref(),
    };
    Ok(registered.expand(&uri))
}
