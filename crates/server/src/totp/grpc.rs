//! `TOTPService`: messages to model and back.
use super::{
    model::{Account, Registration},
    ops,
};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes};
use gatewright_api::{
    rpc::totp_service as api,
    scalekit::v1::auth::totp::{self as pb, totp_registration::UserIdOrAccountName as Whose},
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::RegisterTOTP, _, _>(register);
    routes.serve::<api::EnableTOTP, _, _>(enable);
    routes.serve::<api::VerifyUserCode, _, _>(verify_user);
    routes.serve::<api::VerifyRegistrationCode, _, _>(verify);
    routes.serve::<api::DisableTOTP, _, _>(disable);
}

async fn register(ctx: Ctx, request: pb::TotpRegistrationRequest) -> Reply<pb::TotpRegistrationResponse> {
    let account = match request.totp_registration.and_then(|new| new.user_id_or_account_name) {
        Some(Whose::UserId(id)) => Account::User(ids::parse("totp_registration.user_id", &id)?),
        Some(Whose::AccountName(name)) => Account::Named(name),
        None => {
            let text = "user_id or account_name is required";
            return Err(Error::invalid("totp_registration", "required", text));
        }
    };
    let (registration, uri) = ops::register(&ctx, account).await?;
    Ok(pb::TotpRegistrationResponse { totp_registration: Some(message(registration, uri)) })
}

async fn enable(
    ctx: Ctx,
    request: pb::EnableRegistrationTotpRequest,
) -> Reply<pb::EnableRegistrationTotpResponse> {
    let id = ids::parse("registration_id", &request.registration_id)?;
    let backup_codes = ops::enable(&ctx, id, &request.code).await?;
    Ok(pb::EnableRegistrationTotpResponse { id: id.to_string(), backup_codes })
}

async fn verify_user(ctx: Ctx, request: pb::VerifyUserCodeRequest) -> Reply<pb::VerifyCodeResponse> {
    let user = ids::parse("user_id", &request.user_id)?;
    Ok(pb::VerifyCodeResponse { valid: ops::verify_user(&ctx, user, &request.code).await? })
}

async fn verify(ctx: Ctx, request: pb::VerifyRegistrationCodeRequest) -> Reply<pb::VerifyCodeResponse> {
    let id = ids::parse("registration_id", &request.registration_id)?;
    Ok(pb::VerifyCodeResponse { valid: ops::verify(&ctx, id, &request.code).await? })
}

async fn disable(ctx: Ctx, request: pb::DisableRegistrationTotpRequest) -> Reply<()> {
    let id = ids::parse("registration_id", &request.registration_id)?;
    ops::disable(&ctx, id, &request.code).await
}

fn message(registration: Registration, uri: String) -> pb::TotpRegistration {
    pb::TotpRegistration {
        id: registration.id.to_string(),
        create_time: Some(registration.created_at.into()),
        update_time: Some(registration.updated_at.into()),
        user_id_or_account_name: Some(match registration.account {
            Account::User(user) => Whose::UserId(user.to_string()),
            Account::Named(name) => Whose::AccountName(name),
        }),
        qr_code_uri: Some(uri),
    }
}
