//! `PasswordlessService`: messages to model and back.
use super::{
    model::{NewRequest, PasswordlessType, Presented, Sent, Template},
    ops,
    settings::Settings,
};
use crate::{ctx::Ctx, error::Error, rpc::Routes};
use gatewright_api::{rpc::passwordless_service as api, scalekit::v1::auth::passwordless as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::SendPasswordlessEmail, _, _>(send);
    routes.serve::<api::VerifyPasswordlessEmail, _, _>(verify);
    routes.serve::<api::ResendPasswordlessEmail, _, _>(resend);
}

async fn send(ctx: Ctx, request: pb::SendPasswordlessRequest) -> Reply<pb::SendPasswordlessResponse> {
    let template = match request.template() {
        pb::TemplateType::Signup => Template::Signup,
        pb::TemplateType::Signin | pb::TemplateType::Unspecified => Template::Signin,
    };
    let new = NewRequest {
        email: request.email,
        template,
        magiclink_auth_uri: request.magiclink_auth_uri,
        state: request.state,
        expires_in: request.expires_in,
        template_variables: request.template_variables,
    };
    let settings = Settings::of(&ctx).await?;
    Ok(message(ops::send(&ctx, &settings, new).await?))
}

async fn verify(ctx: Ctx, request: pb::VerifyPasswordLessRequest) -> Reply<pb::VerifyPasswordLessResponse> {
    use pb::verify_password_less_request::AuthCredential;
    let presented = match &request.auth_credential {
        Some(AuthCredential::Code(code)) => Presented::Code(code),
        Some(AuthCredential::LinkToken(token)) => Presented::LinkToken(token),
        None => return Err(Error::invalid("auth_credential", "required", "code or link_token is required")),
    };
    let settings = Settings::of(&ctx).await?;
    let verified = ops::verify(&ctx, &settings, presented, request.auth_request_id.as_deref()).await?;
    let template = match verified.template {
        Template::Signin => pb::TemplateType::Signin,
        Template::Signup => pb::TemplateType::Signup,
    };
    Ok(pb::VerifyPasswordLessResponse {
        email: verified.email,
        state: verified.state,
        template: Some(template.into()),
        passwordless_type: kind(verified.kind).into(),
    })
}

async fn resend(ctx: Ctx, request: pb::ResendPasswordlessRequest) -> Reply<pb::SendPasswordlessResponse> {
    let settings = Settings::of(&ctx).await?;
    Ok(message(ops::resend(&ctx, &settings, &request.auth_request_id).await?))
}

fn message(sent: Sent) -> pb::SendPasswordlessResponse {
    pb::SendPasswordlessResponse {
        auth_request_id: sent.auth_request_id,
        expires_at: sent.expires_at.as_seconds(),
        expires_in: sent.expires_in,
        passwordless_type: kind(sent.kind).into(),
    }
}

const fn kind(kind: PasswordlessType) -> pb::PasswordlessType {
    match kind {
        PasswordlessType::Otp => pb::PasswordlessType::Otp,
        PasswordlessType::Link => pb::PasswordlessType::Link,
        PasswordlessType::LinkOtp => pb::PasswordlessType::LinkOtp,
    }
}
