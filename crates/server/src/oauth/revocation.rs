//! Taking tokens back before their time.
use super::{
    grant::{Grant, Subject},
    store,
};
use crate::{ctx::Ctx, db::Tx, error::Error, keys::PUBLISH_AFTER_SIGNING};

/// Notes that the access tokens are dead that were made for a grant until now.
pub async fn all_of(tx: &mut Tx, ctx: &Ctx, grant: &Grant) -> Result<(), Error> {
    revoke(tx, ctx, grant.client.as_i64(), &holder(grant)).await
}

async fn revoke(tx: &mut Tx, ctx: &Ctx, client: i64, holder: &str) -> Result<(), Error> {
    let now = ctx.now();
    // No token lives longer than its key is published.
    let expires_at = now.plus(PUBLISH_AFTER_SIGNING);
    store::revoke(tx, ctx.environment().id, (client, holder), (now, expires_at)).await
}

/// By what access tokens tell whose they are: `sid`, or the subject where they have none.
fn holder(grant: &Grant) -> String {
    match &grant.subject {
        Subject::External { sub, .. } if grant.resource.is_none() => sub.clone(),
        Subject::Member { session, .. } | Subject::External { session, .. } => session.to_string(),
    }
}
