//! `AuthService`: messages to model and back.
use super::handoff::{self, LoginRequest, ReportedUser};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{self, LoginRequestId},
    rpc::Routes,
    structs,
};
use gatewright_api::{rpc::auth_service as api, scalekit::v1::auth as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: those of applications with a login page of their own. The others are for the hosted pages.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::UpdateLoginUserDetails, _, _>(report);
    routes.serve::<api::GetLoginRequestDetails, _, _>(get);
}

async fn report(
    ctx: Ctx,
    request: pb::UpdateLoginUserDetailsRequest,
) -> Reply<pb::UpdateLoginUserDetailsResponse> {
    let connection = ids::parse("connection_id", &request.connection_id)?;
    let user = reported(request.user.unwrap_or_default());
    let auth_request = handoff::report(&ctx, connection, login_id(&request.login_request_id)?, &user).await?;
    Ok(pb::UpdateLoginUserDetailsResponse { auth_request_id: auth_request.to_string() })
}

async fn get(
    ctx: Ctx,
    request: pb::GetLoginRequestDetailsRequest,
) -> Reply<pb::GetLoginRequestDetailsResponse> {
    let login = handoff::get(&ctx, login_id(&request.login_request_id)?).await?;
    Ok(details(login))
}

fn login_id(text: &str) -> Reply<LoginRequestId> {
    ids::parse("login_request_id", text)
}

fn details(login: LoginRequest) -> pb::GetLoginRequestDetailsResponse {
    let request = login.request;
    pb::GetLoginRequestDetailsResponse {
        auth_request: Some(pb::AuthRequestDetails {
            id: request.auth_request.to_string(),
            scopes: request.scopes,
        }),
        client: Some(pb::AuthRequestClient {
            client_id: request.requested_client_id,
            sk_client_id: request.sk_client_id,
            client_name: login.client_name.unwrap_or_default(),
            is_dcr: request.is_dcr,
            is_cimd: request.is_cimd,
        }),
        resource: Some(pb::AuthRequestResource { id: request.resource.id, name: request.resource.name }),
    }
}

fn reported(user: pb::User) -> ReportedUser {
    ReportedUser {
        sub: user.sub,
        email: user.email,
        given_name: user.given_name,
        family_name: user.family_name,
        email_verified: user.email_verified,
        phone_number: user.phone_number,
        phone_number_verified: user.phone_number_verified,
        name: user.name,
        preferred_username: user.preferred_username,
        picture: user.picture,
        gender: user.gender,
        locale: user.locale,
        groups: user.groups,
        custom_attributes: structs::to_json(user.custom_attributes.unwrap_or_default()),
        organization_external_id: user.organization_external_id,
        organization_external_name: user.organization_external_name,
        roles: user.roles,
        login_failed: user.login_failed,
    }
}
