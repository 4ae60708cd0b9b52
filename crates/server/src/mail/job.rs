//! Sending, and forgetting what is no longer needed.
use super::{
    mailer::Delivery,
    message::{self, Rendered},
    model::{Mail, UseCase},
    servers::{self, EmailServer},
    smtp::{Problem, Smtp},
    store, templates,
};
use crate::{
    app::App,
    db::Tx,
    error::Error,
    ids::{EnvironmentId, IdSource, MailId},
    jobs::{self, Failure, Job, Registry, Run},
    secret::Secret,
    time::Timestamp,
};
use lettre::message::Mailbox;
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
    let sent = match servers::store::in_use(&mut app.db.read(), env).await? {
        Some(server) => send_by(run, &server, &mail).await?,
        None => match app.mail.delivery() {
            Delivery::Inbox => {
                let mut tx = app.db.write().await?;
                store::kept(&mut tx, env, id, now).await?;
                tx.commit().await?;
                count(&mail, "kept");
                return Ok(());
            }
            Delivery::Off => Err(Problem::retry("mail is off: set mail.smtp_host")),
            Delivery::Smtp(smtp) => {
                let name = servers::store::from_name(&mut app.db.read(), env).await?;
                let from = sender(app.mail.from(), name);
                let rendered = message::render(&from, &mail, now);
                send(smtp, &from, &mail, rendered).await
            }
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

/// By a server of the environment's own, in its own words if there are any.
async fn send_by(run: &Run, server: &EmailServer, mail: &Mail) -> Result<Result<(), Problem>, Error> {
    let (app, env, now) = (run.app(), mail.environment, run.now());
    let mut tx = app.db.read();
    let Some(sealed) = servers::store::password(&mut tx, env, server.id).await? else {
        return Ok(Err(Problem::retry("the mail server was deleted meanwhile")));
    };
    let password = app.vault.open(servers::store::place(server.id), &sealed)?;
    let password = Secret::new(String::from_utf8(password.expose().clone()).map_err(Error::internal)?);
    let from = &server.settings.from;
    let template = templates::store::in_use(&mut tx, env, mail.organization, mail.use_case).await?;
    let rendered = match template {
        None => message::render(from, mail, now),
        Some(template) => {
            let values = templates::values(mail, &message::app_name(from), now);
            template.parts.render(&values).or_else(|problem| {
                // A code is awaited: better in our words than not at all.
                tracing::warn!(template.id = %template.id, mail.id = %mail.id, "a template cannot be used: {problem}");
                message::render(from, mail, now)
            })
        }
    };
    let kind = run.ctx()?.environment().kind;
    Ok(match servers::open(&app.mail, &app.outbound, kind, server, &password).await {
        Ok(smtp) => send(&smtp, from, mail, rendered).await,
        Err(problem) => Err(problem),
    })
}

async fn send(
    smtp: &Smtp,
    from: &Mailbox,
    mail: &Mail,
    rendered: Result<Rendered, Error>,
) -> Result<(), Problem> {
    match rendered.and_then(|rendered| message::build(from, mail, rendered)) {
        Ok(message) => smtp.send(message).await,
        Err(error) => Err(Problem::give_up(format!("it cannot be written: {error}"))),
    }
}

/// The installation's sender, under the environment's name if it has one.
fn sender(installation: &Mailbox, name: Option<String>) -> Mailbox {
    Mailbox::new(name.or_else(|| installation.name.clone()), installation.email.clone())
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
        let (without_content, gone) = (below(CONTENT_KEPT), below(KEPT));
        run.in_steps(|tx| {
            Box::pin(async move {
                let forgotten = store::forget_content(tx, without_content, STEP).await?;
                Ok(forgotten + store::delete_old(tx, gone, STEP).await?)
            })
        })
        .await
    }
}
