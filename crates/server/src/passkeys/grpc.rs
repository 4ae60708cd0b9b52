//! `WebAuthnService`: messages to model and back.
use super::{
    ceremony_grpc,
    model::{Passkey, user_handle},
    ops,
    relying_party::RelyingParty,
};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright_api::{
    rpc::web_authn_service as api,
    scalekit::v1::auth::webauthn::{self as pb, web_authn_credential as part},
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::ListCredentials, _, _>(list);
    routes.serve::<api::UpdateCredential, _, _>(update);
    routes.serve::<api::DeleteCredential, _, _>(delete);
    ceremony_grpc::routes(routes);
    routes.serve::<api::GetRelatedOrigins, _, _>(related_origins);
}

async fn list(ctx: Ctx, request: pb::ListCredentialsRequest) -> Reply<pb::ListCredentialsResponse> {
    let user = match ctx.person() {
        Some(person) => person.user,
        None if request.user_id.is_empty() => {
            let text = "is required: an application has no user of its own";
            return Err(Error::invalid("user_id", "required", text));
        }
        None => ids::parse("user_id", &request.user_id)?,
    };
    let passkeys = ops::list(&ctx, user).await?;
    let raw_ids = passkeys.iter().map(|passkey| BASE64URL.encode(&passkey.credential.raw_id));
    Ok(pb::ListCredentialsResponse {
        all_accepted_credentials_options: Some(pb::AllAcceptedCredentialsOptions {
            rp_id: relying_party(&ctx).await?.id,
            user_id: BASE64URL.encode(user_handle(user)),
            all_accepted_credential_ids: raw_ids.collect(),
        }),
        credentials: passkeys.into_iter().map(message).collect(),
    })
}

async fn update(ctx: Ctx, request: pb::UpdateCredentialRequest) -> Reply<pb::UpdateCredentialResponse> {
    let id = ids::parse("credential_id", &request.credential_id)?;
    let passkey = ops::rename(&ctx, id, &request.display_name).await?;
    Ok(pb::UpdateCredentialResponse { credential: Some(message(passkey)) })
}

async fn delete(ctx: Ctx, request: pb::DeleteCredentialRequest) -> Reply<pb::DeleteCredentialResponse> {
    let passkey = ops::delete(&ctx, ids::parse("credential_id", &request.credential_id)?).await?;
    Ok(pb::DeleteCredentialResponse {
        success: true,
        unknown_credential_options: Some(pb::UnknownCredentialOptions {
            rp_id: relying_party(&ctx).await?.id,
            credential_id: BASE64URL.encode(passkey.credential.raw_id),
        }),
    })
}

async fn related_origins(
    ctx: Ctx,
    _request: pb::GetRelatedOriginsRequest,
) -> Reply<pb::GetRelatedOriginsResponse> {
    Ok(pb::GetRelatedOriginsResponse { origins: relying_party(&ctx).await?.origins })
}

async fn relying_party(ctx: &Ctx) -> Result<RelyingParty, Error> {
    RelyingParty::of(&mut ctx.db().read(), ctx.environment()).await
}

fn message(passkey: Passkey) -> pb::WebAuthnCredential {
    let credential = passkey.credential;
    let (flags, device) = (credential.flags, credential.device);
    let (agent, location) = (device.agent, device.location);
    pb::WebAuthnCredential {
        id: passkey.id.to_string(),
        user_id: credential.user.to_string(),
        credential_id: credential.raw_id,
        attestation_type: credential.attestation_type,
        authenticator: Some(part::Authenticator {
            aaguid: credential.aaguid,
            attachment: credential.attachment,
            ..Default::default()
        }),
        transports: credential.transports,
        authenticator_flags: Some(part::AuthenticatorFlags {
            user_present: flags.user_present,
            user_verified: flags.user_verified,
            backup_eligible: flags.backup_eligible,
            backup_state: flags.backup_state,
        }),
        created_at: Some(passkey.created_at.into()),
        updated_at: Some(passkey.updated_at.into()),
        user_agent: Some(part::UserAgent {
            raw: agent.raw,
            browser: agent.browser,
            browser_version: agent.browser_version,
            os: agent.os,
            os_version: agent.os_version,
            device_type: agent.device_type,
            ..Default::default()
        }),
        client_info: Some(part::ClientInfo {
            ip: device.ip,
            region: location.region,
            region_subdivision: location.region_subdivision,
            city: location.city,
        }),
        display_name: passkey.display_name,
    }
}
