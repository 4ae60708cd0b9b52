//! Queueing mails.
use super::{
    job,
    model::{NewMail, check_link},
    store,
};
use crate::{app::App, ctx::Ctx, db::Tx, environments::Environment, error::Error, ids::MailId};

/// Has a mail sent if and when `tx` is committed. Whether that goes well is nothing that the caller's operation depends on.
///
/// # Errors
/// Those of the database; `INTERNAL` for a link that is no http or https URL.
pub async fn queue(tx: &mut Tx, ctx: &Ctx, mail: NewMail<'_>) -> Result<MailId, Error> {
    queue_in(tx, ctx.app(), ctx.environment(), mail).await
}

/// As [`queue`], for a job of the installation.
///
/// # Errors
/// As [`queue`].
pub async fn queue_in(
    tx: &mut Tx,
    app: &App,
    environment: &Environment,
    mail: NewMail<'_>,
) -> Result<MailId, Error> {
    if let Some(link) = &mail.variables.link {
        check_link(link)?;
    }
    let now = app.clock.now();
    let id = app.ids.next(now);
    let content = serde_json::to_vec(&mail.variables).map_err(Error::internal)?;
    let sealed = app.vault.seal(store::place(id), &content)?;
    store::insert(tx, environment.id, id, &mail, &sealed, now).await?;
    job::enqueue(tx, app, environment.id, id, mail.use_case, now).await?;
    Ok(id)
}
