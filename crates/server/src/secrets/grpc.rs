//! `SecretService`: messages to model and back.
use super::{model::StoredSecret, ops};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes, secret::Secret};
use gatewright_api::{rpc::secret_service as api, scalekit::v1::secrets as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateSecret, _, _>(create);
    routes.serve::<api::RotateSecret, _, _>(rotate);
    routes.serve::<api::GetSecret, _, _>(get);
    routes.serve::<api::ListSecrets, _, _>(list);
    routes.serve::<api::DeleteSecret, _, _>(delete);
}

async fn create(ctx: Ctx, request: pb::CreateSecretRequest) -> Reply<pb::CreateSecretResponse> {
    let new = request.secret.unwrap_or_default();
    if new.secret_type() != pb::SecretType::InterceptorHmac {
        let description =
            "must be INTERCEPTOR_HMAC: the token of a directory is made with CreateDirectorySecret";
        return Err(Error::invalid("secret.secret_type", "secret_type", description));
    }
    if new.tenant_type() != pb::TenantType::Interceptor {
        return Err(Error::invalid("secret.tenant_type", "tenant_type", "must be INTERCEPTOR"));
    }
    Ok(pb::CreateSecretResponse { secret: Some(message(ops::create(&ctx).await?)) })
}

async fn rotate(ctx: Ctx, request: pb::RotateSecretRequest) -> Reply<pb::RotateSecretResponse> {
    let secret = ops::rotate(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::RotateSecretResponse { secret: Some(message(secret)) })
}

async fn get(ctx: Ctx, request: pb::GetSecretRequest) -> Reply<pb::GetSecretResponse> {
    let secret = ops::get(&ctx, ids::parse("id", &request.id)?, request.include_plaintext_secret).await?;
    Ok(pb::GetSecretResponse { secret: Some(message(secret)) })
}

async fn list(ctx: Ctx, request: pb::ListSecretsRequest) -> Reply<pb::ListSecretsResponse> {
    let stored = match request.secret_type() {
        pb::SecretType::DirectoryToken => Vec::new(),
        pb::SecretType::Unspecified | pb::SecretType::InterceptorHmac => ops::list(&ctx).await?,
    };
    Ok(pb::ListSecretsResponse { secret: stored.into_iter().map(|stored| message((stored, None))).collect() })
}

async fn delete(ctx: Ctx, request: pb::DeleteSecretRequest) -> Reply<()> {
    ops::delete(&ctx, ids::parse("id", &request.id)?).await
}

fn message((stored, plain): (StoredSecret, Option<Secret<String>>)) -> pb::Secret {
    pb::Secret {
        id: stored.id.to_string(),
        secret_type: pb::SecretType::InterceptorHmac.into(),
        tenant_type: pb::TenantType::Interceptor.into(),
        secret_suffix: stored.suffix,
        plaintext_secret: plain.map(|plain| plain.expose().clone()),
        created_at: Some(stored.created_at.into()),
        last_used_at: None,
        expires_at: None,
    }
}
