//! `ClientService`'s scopes: messages to model and back.
use super::scopes::{self, Scope};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes};
use gatewright_api::{rpc::client_service as api, scalekit::v1::clients as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateScope, _, _>(create);
    routes.serve::<api::ListScopes, _, _>(list);
    routes.serve::<api::UpdateScope, _, _>(update);
    routes.serve::<api::DeleteScope, _, _>(delete);
}

/// Some paths name the environment, which the host has selected already.
fn check_environment(ctx: &Ctx, env_id: &str) -> Result<(), Error> {
    if env_id.is_empty() || ids::parse("env_id", env_id)? == ctx.environment().id {
        Ok(())
    } else {
        Err(Error::not_found(format!("environment {env_id}")))
    }
}

async fn create(ctx: Ctx, request: pb::CreateScopeRequest) -> Reply<pb::CreateScopeResponse> {
    check_environment(&ctx, &request.env_id)?;
    let new = request.scope.unwrap_or_default();
    let scope = scopes::create(&ctx, new.name, new.description).await?;
    Ok(pb::CreateScopeResponse { scope: Some(message(scope)) })
}

async fn list(ctx: Ctx, request: pb::ListScopesRequest) -> Reply<pb::ListScopesResponse> {
    check_environment(&ctx, &request.env_id)?;
    let scopes = scopes::list(&ctx).await?.into_iter().map(message).collect();
    Ok(pb::ListScopesResponse { scopes })
}

async fn update(ctx: Ctx, request: pb::UpdateScopeRequest) -> Reply<pb::UpdateScopeResponse> {
    let id = ids::parse("id", &request.id)?;
    let new = request.scope.unwrap_or_default();
    let description = Some(new.description).filter(|text| !text.is_empty());
    let scope = scopes::update(&ctx, id, description, new.enabled).await?;
    Ok(pb::UpdateScopeResponse { scope: Some(message(scope)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteScopeRequest) -> Reply<()> {
    scopes::delete(&ctx, ids::parse("id", &request.id)?).await
}

/// A scope as the API shows it.
pub fn message(scope: Scope) -> pb::Scope {
    pb::Scope {
        id: scope.id.to_string(),
        name: scope.name,
        description: scope.description,
        enabled: scope.enabled,
    }
}
