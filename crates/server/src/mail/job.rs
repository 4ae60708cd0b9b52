//! Sending, and forgetting what is no longer needed.
use super::{
    mailer::Delivery,
    message,
    model::{Mail, UseCase},
    smtp::Problem,
    store,
};
use crate::{
    app::App,
    db::Tx,
    error::Error,
    ids::{EnvironmentId, IdSource, MailId},
    jobs::{self, Failure, Job, Registry, Run},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long the inbox keeps what mails say.
const CONTENT_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// How long it is known that there was a mail.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Rows in one transaction: other writers wait for milliseconds only.
const STEP: i64 = 500;

/// The jobs of this slice.
pub fn jobs(registry: &mut Registry) {
    registry.job::<SendCode>();
    registry.job::<SendInvitation>();
    registry.every::<Forget>(Duration::from_secs(3600));
}

/// Somebody waits for this mail: it has workers of its own, so that a thousand invitations are not before it.
#[derive(Debug, Serialize, Deserialize)]
struct SendCode {
    mail: i64,
}

impl Job for SendCode {
    const NAME: &'static str = "mail.send_code";
    async fn run(self, run: &Run) -> Result<(), Failure> {
        deliver(run, MailId::from_i64(self.mail)).await
    }
}

/// This one may take its time.
#[derive(Debug, Serialize, Deserialize)]
struct SendInvitation {
    mail: i64,
}

impl Job for SendInvitation {
    const NAME: &'static str = "mail.send_invitation";
    // Longer than a mail is tried, so that it is always the mail that is given up.
    const GIVE_UP_AFTER: Duration = Duration::from_secs(48 * 3600);
    async fn run(self, run: &Run) -> Result<(), Failure> {
        deliver(run, MailId::from_i64(self.mail)).await
    }
}

/// Has the mail sent once `tx` is committed.
pub async fn enqueue(
    tx: &mut Tx,
    app: &App,
    env: EnvironmentId,
    id: MailId,
    use_case: UseCase,
    now: Timestamp,
) -> Result<(), Error> {
    let mail = id.as_i64();
    match use_case {
        UseCase::UserInvite => jobs::enqueue(tx, app, Some(env), &SendInvitation { mail }, now).await?,
        _ => jobs::enqueue(tx, app, Some(env), &SendCode { mail }, now).await?,
    };
    Ok(())
}

async fn deliver(run: &Run, id: MailId) -> Result<(), Failure> {
    let (app, env) = (run.app(), run.ctx()?.environment().id);
    // None: an earlier attempt sent it, and died before it could say so.
    let Some(mail) = store::waiting(&mut app.db.read(), env, id).await? else { return Ok(()) };
    let mail = mail.open(app)?;
    let now = run.now();
    if mail.give_up_at().is_past(now) {
        return give_up(app, &mail, None, "expired").await;
    }
    let sent = match app.mail.delivery() {
        Delivery::Inbox => {
            let mut tx = app.db.write().await?;
            store::kept(&mut tx, env, id, now).await?;
            tx.commit().await?;
            count(&mail, "kept");
            return Ok(());
        }
        Delivery::Off => Err(Problem::retry("mail is off: set mail.smtp_host")),
        Delivery::Smtp(smtp) => match message::build(&app.mail, &mail, now) {
            Ok(message) => smtp.send(message).await,
            Err(error) => Err(Problem::give_up(format!("it cannot be written: {error}"))),
        },
    };
    match sent {
        Ok(()) => {
            let mut tx = app.db.write().await?;
            store::sent(&mut tx, env, id, run.now()).await?;
            tx.commit().await?;
            count(&mail, "sent");
            Ok(())
        }
        Err(problem) if problem.permanent => give_up(app, &mail, Some(&problem), "refused").await,
        Err(problem) => {
            let mut tx = app.db.write().await?;
            store::failed(&mut tx, env, id, &problem.detail).await?;
            tx.commit().await?;
            count(&mail, "retried");
            Err(Failure::Retry(problem.log))
        }
    }
}

async fn give_up(
    app: &App,
    mail: &Mail,
    problem: Option<&Problem>,
    outcome: &'static str,
) -> Result<(), Failure> {
    let mut tx = app.db.write().await?;
    let detail = problem.map(|problem| problem.detail.as_str());
    store::given_up(&mut tx, mail.environment, mail.id, app.clock.now(), detail).await?;
    tx.commit().await?;
    count(mail, outcome);
    let why = problem.map_or("it expired before it could be sent", |problem| problem.log.as_str());
    tracing::warn!(
        mail.id = %mail.id, mail.use_case = mail.use_case.name(), environment.id = %mail.environment,
        "a mail is given up: {why}"
    );
    Ok(())
}

fn count(mail: &Mail, outcome: &'static str) {
    let use_case = mail.use_case.name();
    metrics::counter!("gatewright_mails_total", "use_case" => use_case, "outcome" => outcome).increment(1);
}

/// Deletes what mails said after a week, if it is still there, and mails after a month.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Forget {}

impl Job for Forget {
    const NAME: &'static str = "mail.forget";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let below = |age| IdSource::first_at(run.now().minus(age));
        loop {
            let mut tx = run.app().db.write().await?;
            let forgotten = store::forget_content(&mut tx, below(CONTENT_KEPT), STEP).await?;
            let deleted = store::delete_old(&mut tx, below(KEPT), STEP).await?;
            tx.commit().await?;
            if forgotten + deleted == 0 {
                return Ok(());
            }
        }
    }
}
