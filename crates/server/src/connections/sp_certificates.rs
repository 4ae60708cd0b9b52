//! Our own certificates towards SAML identity providers: with their keys requests are signed and assertions decrypted.
//! To roll over, make a new one, let the IdP know it, and set it as the connection's `certificate_id`.
use crate::{
    ctx::Ctx, error::Error, ids::SpCertificateId, secret::Secret, sql, time::Timestamp, vault::Place,
};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};
use std::time::Duration;

const SEALED_IN: &str = "sp_certificates.private_key_sealed";
/// IdPs trust the key, not a chain: changing it means work on both sides.
const VALID_FOR: Duration = Duration::from_secs(5 * 365 * 86_400);

/// A certificate of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpCertificate {
    /// `cer_…`
    pub id: SpCertificateId,
    /// PEM.
    pub pem: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Makes a new one, with an RSA key of 2048 bits. Those that are there stay in use where they are configured.
///
/// # Errors
/// Those of the database.
pub async fn generate(ctx: &Ctx) -> Result<SpCertificate, Error> {
    let (id, now): (SpCertificateId, _) = (ctx.new_id(), ctx.now());
    let (expires_at, name) = (now.plus(VALID_FOR), ctx.environment().domain.clone());
    // It takes a tenth of a second.
    let made = tokio::task::spawn_blocking(move || make(&name, now, expires_at)).await;
    let (pem, key) = made.map_err(Error::internal)?.map_err(Error::internal)?;
    let sealed = ctx.app().vault.seal(Place { column: SEALED_IN, row: id.as_i64() }, key.expose())?;
    let mut tx = ctx.db().write().await?;
    sql!(
        "INSERT INTO sp_certificates (environment_id, id, certificate, private_key_sealed, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)"
    )
    .bind(ctx.environment().id)
    .bind(id)
    .bind(&pem)
    .bind(sealed)
    .bind(now)
    .bind(expires_at)
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    Ok(SpCertificate { id, pem, expires_at })
}

fn make(
    name: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(String, Secret<Vec<u8>>), rcgen::Error> {
    let at = |time: Timestamp| {
        let seconds = u64::try_from(time.as_seconds()).unwrap_or_default();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = at(now);
    params.not_after = at(expires_at);
    Ok((params.self_signed(&key)?.pem(), Secret::new(key.serialize_der())))
}
