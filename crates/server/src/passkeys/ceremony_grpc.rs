//! The ceremonies of `WebAuthnService`: messages to what browsers say, and back.
use super::ceremony;
use crate::{
    ctx::Ctx,
    error::Error,
    rpc::Routes,
    sessions::{self, Device},
    structs,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright_api::{rpc::web_authn_service as api, scalekit::v1::auth::webauthn as pb};
use prost_types::Struct;
use serde_json::{Value as Json, json};

type Reply<T> = Result<T, Error>;

/// Callers of rpcs have no browser's cookie: a sign-in belongs to whoever knows its id, and to no browser.
const NO_BROWSER: &[u8] = b"";

/// The rpcs of both ceremonies.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::BeginRegistration, _, _>(begin_registration);
    routes.serve::<api::FinishRegistration, _, _>(finish_registration);
    routes.serve::<api::BeginAuthentication, _, _>(begin_authentication);
    routes.serve::<api::FinishAuthentication, _, _>(finish_authentication);
}

async fn begin_registration(
    ctx: Ctx,
    _request: pb::BeginRegistrationRequest,
) -> Reply<pb::BeginRegistrationResponse> {
    let person = ctx.require_person()?;
    sessions::require_fresh(&ctx).await?;
    let (_, options) = ceremony::begin_registration(&ctx, person.user).await?;
    Ok(pb::BeginRegistrationResponse { options: Some(argument(options)?) })
}

async fn finish_registration(
    ctx: Ctx,
    request: pb::FinishRegistrationRequest,
) -> Reply<pb::FinishRegistrationResponse> {
    let person = ctx.require_person()?;
    sessions::require_fresh(&ctx).await?;
    let response = json!({
        "attestationObject": BASE64URL.encode(request.attestation_object),
        "clientDataJSON": BASE64URL.encode(request.client_data_json),
        "transports": request.transports,
    });
    let kind = (request.r#type, request.authenticator_attachment, request.client_extension_results);
    let answer = credential(&request.credential_id, kind, response);
    let device = Device::of(&ctx, "");
    ceremony::finish_registration(&ctx, person.user, None, answer, device).await?;
    Ok(pb::FinishRegistrationResponse { success: true })
}

async fn begin_authentication(
    ctx: Ctx,
    request: pb::BeginAuthenticationRequest,
) -> Reply<pb::BeginAuthenticationResponse> {
    let (session_id, options) =
        ceremony::begin_authentication(&ctx, NO_BROWSER, request.email.as_deref()).await?;
    Ok(pb::BeginAuthenticationResponse { session_id, options: Some(argument(options)?) })
}

/// Says who has proved to have the passkey. It starts no session: there is neither application nor organization yet, and
/// the hosted pages of this server go on by themselves.
async fn finish_authentication(
    ctx: Ctx,
    request: pb::FinishAuthenticationRequest,
) -> Reply<pb::FinishAuthenticationResponse> {
    let assertion = request.response.unwrap_or_default();
    let response = json!({
        "authenticatorData": BASE64URL.encode(assertion.authenticator_data),
        "clientDataJSON": BASE64URL.encode(assertion.client_data_json),
        "signature": BASE64URL.encode(assertion.signature),
        "userHandle": BASE64URL.encode(assertion.user_handle),
    });
    let kind = (request.r#type, request.authenticator_attachment, request.client_extension_results);
    let answer = credential(&request.credential_id, kind, response);
    let user = ceremony::finish_authentication(&ctx, NO_BROWSER, &request.session_id, answer).await?;
    Ok(pb::FinishAuthenticationResponse {
        success: true,
        user_id: user.to_string(),
        session_token: String::new(),
    })
}

/// The argument of `navigator.credentials.create()` and `.get()`.
fn argument(options: Json) -> Reply<Struct> {
    structs::from_json_object(json!({"publicKey": options}))
}

fn credential(
    raw_id: &[u8],
    (kind, attachment, extensions): (String, String, Option<Struct>),
    response: Json,
) -> Json {
    let id = BASE64URL.encode(raw_id);
    json!({
        "id": id,
        "rawId": id,
        "type": if kind.is_empty() { "public-key" } else { &kind },
        "authenticatorAttachment": attachment,
        "clientExtensionResults": extensions.map_or(json!({}), structs::to_json),
        "response": response,
    })
}
