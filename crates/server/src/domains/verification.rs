//! The search for the TXT record that proves a domain, `management.md` 5.3.
use super::{
    model::{Domain, TxtRecord, VerificationStatus},
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    environments,
    error::Error,
    events::{self, EventType},
};

/// Looks for the record of a domain that waits for it. Whether the domain is verified now: a missing record is no
/// error, nor are DNS servers of the customer's that do not answer.
///
/// # Errors
/// Those of the database.
pub async fn check(ctx: &Ctx, domain: &Domain) -> Result<bool, Error> {
    match (domain.status, &domain.txt_record) {
        (VerificationStatus::Verified | VerificationStatus::AutoVerified, _) => Ok(true),
        (VerificationStatus::Pending, Some(record)) => {
            let found = is_published(ctx, domain, record).await;
            if found {
                succeed(ctx, domain).await
            } else {
                if record.until.is_past(ctx.now()) {
                    fail(ctx, domain).await?;
                }
                Ok(false)
            }
        }
        _ => Ok(false),
    }
}

async fn is_published(ctx: &Ctx, domain: &Domain, record: &TxtRecord) -> bool {
    let name = format!("{}.{}", record.key, domain.name);
    match ctx.app().dns.txt(&name).await {
        Ok(texts) => texts.iter().any(|text| record.is_proved_by(text)),
        Err(error) => {
            tracing::info!(domain.id = %domain.id, "cannot look for the record of domain {}: {error}", domain.id);
            false
        }
    }
}

/// Makes the organization the owner, unless another one was faster or the search has ended.
async fn succeed(ctx: &Ctx, domain: &Domain) -> Result<bool, Error> {
    let env = ctx.environment().id;
    let mut tx = ctx.db().write().await?;
    environments::store::lock(&mut tx, env).await?;
    if store::is_owned(&mut tx, env, &domain.name).await? {
        // Either by this very domain, through a call at the same time, or by another organization.
        let now = store::find(&mut tx, env, domain.organization, domain.id).await?;
        return Ok(now.is_some_and(|domain| domain.status == VerificationStatus::Verified));
    }
    let Some(domain) = store::set_verified(&mut tx, env, domain.id, ctx.now()).await? else {
        return Ok(false);
    };
    let (kind, data) = (EventType::OrganizationDomainDnsVerificationSuccess, domain.event_data(env));
    events::emit(&mut tx, ctx, kind, Some(domain.organization), &data).await?;
    end_search_of_others(&mut tx, ctx, &domain.name).await?;
    tx.commit().await?;
    Ok(true)
}

/// The window is over.
async fn fail(ctx: &Ctx, domain: &Domain) -> Result<(), Error> {
    let mut tx = ctx.db().write().await?;
    if let Some(domain) = store::set_failed(&mut tx, ctx.environment().id, domain.id, ctx.now()).await? {
        tell_failure(&mut tx, ctx, &domain).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// There is an owner now: whoever still waits for the same name has lost. The caller holds the environment's lock.
pub async fn end_search_of_others(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    for loser in store::fail_waiting(tx, ctx.environment().id, name, ctx.now()).await? {
        tell_failure(tx, ctx, &loser).await?;
    }
    Ok(())
}

async fn tell_failure(tx: &mut Tx, ctx: &Ctx, domain: &Domain) -> Result<(), Error> {
    let (kind, data) =
        (EventType::OrganizationDomainDnsVerificationFailed, domain.event_data(ctx.environment().id));
    events::emit(tx, ctx, kind, Some(domain.organization), &data).await
}
