//! Reads the metadata of SAML identity providers again and again, so that a roll-over of their certificates is followed.
use super::{discovery, model::Connection, ops, saml_metadata::Wanted, settings::Settings, store};
use crate::{
    ctx::Ctx,
    db::Tx,
    error::Error,
    ids::ConnectionId,
    jobs::{self, Failure, Job, Registry, Run},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `management.md` 6.2.2
const INTERVAL: Duration = Duration::from_secs(6 * 3600);

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.job::<ReadMetadata>();
}

/// Reads the metadata of one connection once, and plans the next time.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadMetadata {
    connection: i64,
    /// As the connection has it; another configuration makes another job.
    due_at: i64,
}

impl Job for ReadMetadata {
    const NAME: &'static str = "connections.read_metadata";
    /// Longer than a database may be away: a job that is given up would end the following.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 86_400);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let (ctx, id) = (run.ctx()?, ConnectionId::from_i64(self.connection));
        let (env, due) = (ctx.environment().id, Timestamp::from_micros(self.due_at));
        let found = store::find(&mut ctx.db().read(), env, None, id).await?;
        let Some(connection) = found.filter(|connection| connection.metadata_due_at == Some(due)) else {
            return Ok(());
        };
        if let Err(why) = follow(ctx, &connection).await? {
            // What is known stays in use; the next time it may go well.
            tracing::warn!(connection.id = %id, "the metadata of connection {id} cannot be followed: {why}");
        }
        let mut tx = ctx.db().write().await?;
        let next = ctx.now().plus(INTERVAL);
        // Of two runs only one plans the next.
        if store::postpone_metadata(&mut tx, env, id, (due, next)).await? {
            plan(&mut tx, ctx, &Connection { metadata_due_at: Some(next), ..connection }).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Takes over what the metadata says now, or says why not.
async fn follow(ctx: &Ctx, connection: &Connection) -> Result<Result<(), String>, Error> {
    let (Settings::Saml(saml), Some(url)) = (&connection.settings, connection.followed_metadata()) else {
        return Ok(Ok(()));
    };
    let wanted = Wanted {
        entity_id: saml.entity_id.as_deref(),
        binding: saml.sso_binding,
        plain_http: connection.debug_enabled,
        now: ctx.now(),
    };
    let metadata = match discovery::fetch_metadata(ctx, url, wanted).await {
        Ok(metadata) => metadata,
        Err(why) => return Ok(Err(why)),
    };
    // Only a person may decide that people sign in somewhere else.
    if saml.entity_id.as_deref() != Some(&metadata.entity_id) {
        return Ok(Err("it is that of another entity now".to_owned()));
    }
    let tx = ctx.db().write().await?;
    ops::change(ctx, tx, None, connection.id, async |_, now| {
        // Meanwhile somebody may have configured it otherwise.
        if now.metadata_due_at != connection.metadata_due_at {
            return Ok(false);
        }
        let Settings::Saml(saml) = &mut now.settings else { return Ok(false) };
        let before = saml.clone();
        saml.take_over(metadata);
        if *saml == before {
            return Ok(false);
        }
        now.updated_at = ctx.now();
        Ok(true)
    })
    .await?;
    Ok(Ok(()))
}

/// When the metadata of a connection that was read just now is read again; none if it is not followed.
pub fn next_reading(ctx: &Ctx, connection: &Connection) -> Option<Timestamp> {
    connection.followed_metadata().map(|_| ctx.now().plus(INTERVAL))
}

/// Plans the reading that the connection says, if there is one.
///
/// # Errors
/// Those of the database.
pub async fn plan(tx: &mut Tx, ctx: &Ctx, connection: &Connection) -> Result<(), Error> {
    let Some(due) = connection.metadata_due_at else { return Ok(()) };
    let job = ReadMetadata { connection: connection.id.as_i64(), due_at: due.as_micros() };
    jobs::enqueue(tx, ctx.app(), Some(ctx.environment().id), &job, due).await?;
    Ok(())
}
