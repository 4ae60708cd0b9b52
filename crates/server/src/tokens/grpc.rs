//! `ApiTokenService`: messages to model and back.
use super::{
    model::{ApiToken, NewApiToken},
    ops,
};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes, update::Change};
use gatewright_api::{rpc::api_token_service as api, scalekit::v1::tokens as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service but `FetchToken`, which nobody may call.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateToken, _, _>(create);
    routes.serve::<api::ValidateToken, _, _>(validate);
    routes.serve::<api::InvalidateToken, _, _>(invalidate);
    routes.serve::<api::ListTokens, _, _>(list);
    routes.serve::<api::UpdateToken, _, _>(update);
}

async fn create(ctx: Ctx, request: pb::CreateTokenRequest) -> Reply<pb::CreateTokenResponse> {
    let new = request.token.unwrap_or_default();
    let user = Some(new.user_id).filter(|id| !id.is_empty());
    let new = NewApiToken {
        organization: ids::parse("token.organization_id", &new.organization_id)?,
        user: user.map(|id| ids::parse("token.user_id", &id)).transpose()?,
        custom_claims: new.custom_claims,
        description: new.description,
        expires_at: new.expiry.map(Into::into),
    };
    let (plain, token) = ops::create(&ctx, new).await?;
    Ok(pb::CreateTokenResponse {
        token: plain.expose().clone(),
        token_id: token.id.to_string(),
        token_info: Some(message(&token)),
    })
}

async fn validate(ctx: Ctx, request: pb::ValidateTokenRequest) -> Reply<pb::ValidateTokenResponse> {
    let token = ops::validate(&ctx, given(&request.token)?).await?;
    Ok(pb::ValidateTokenResponse { token_info: Some(message(&token)) })
}

async fn invalidate(ctx: Ctx, request: pb::InvalidateTokenRequest) -> Reply<()> {
    ops::invalidate(&ctx, given(&request.token)?).await
}

async fn list(ctx: Ctx, request: pb::ListTokensRequest) -> Reply<pb::ListTokensResponse> {
    let organization = ids::parse("organization_id", &request.organization_id)?;
    let user = request.user_id.filter(|id| !id.is_empty());
    let user = user.map(|id| ids::parse("user_id", &id)).transpose()?;
    let size = u32::try_from(request.page_size).unwrap_or_default();
    let (page, total) = ops::list(&ctx, organization, user, size, &request.page_token).await?;
    Ok(pb::ListTokensResponse {
        tokens: page.items.iter().map(message).collect(),
        total_count: i32::try_from(total).unwrap_or(i32::MAX),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
    })
}

async fn update(ctx: Ctx, request: pb::UpdateTokenRequest) -> Reply<pb::UpdateTokenResponse> {
    let description = match request.description {
        None => Change::Keep,
        Some(text) if text.is_empty() => Change::Clear,
        Some(text) => Change::Set(text),
    };
    let token = ops::update(&ctx, given(&request.token)?, description, request.custom_claims).await?;
    Ok(pb::UpdateTokenResponse { token_info: Some(message(&token)) })
}

/// The key or id that a request must have.
fn given(token: &str) -> Reply<&str> {
    if token.is_empty() { Err(Error::invalid("token", "required", "value is required")) } else { Ok(token) }
}

fn message(token: &ApiToken) -> pb::Token {
    let user = token.user.as_ref();
    pb::Token {
        token_id: token.id.to_string(),
        organization_id: token.organization.to_string(),
        organization_external_id: token.organization_external_id.clone().unwrap_or_default(),
        user_id: user.map(|user| user.id.to_string()),
        user_external_id: user.and_then(|user| user.external_id.clone()),
        custom_claims: token.custom_claims.clone(),
        expiry: token.expires_at.map(Into::into),
        created_at: Some(token.created_at.into()),
        description: token.description.clone(),
        token_suffix: token.suffix.clone(),
        email: user.map(|user| user.email.clone()),
        roles: user.map(|user| user.roles.clone()).unwrap_or_default(),
    }
}
