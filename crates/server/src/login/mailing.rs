//! Codes and links by mail on the hosted pages (`auth.md` 4.4.3): asking for one, answering it, and proving that a mailbox
//! belongs to who came from a provider.
use super::{
    begin::Visitor,
    outcome::{Go, Outcome, Trouble, TroubleKind},
    proof, routing,
    sign_in::{Mailed, Problem, Progress, Proof, SignIn, Step},
    store, upstream,
};
use crate::{
    connections::{self, settings::CodeType},
    ctx::Ctx,
    email::Email,
    error::{Error, Kind},
    passwordless::{self, NewRequest, Presented, Template},
    users,
};
use std::collections::BTreeMap;

/// Takes the address that a person types: to the organization's provider if the address is one of its people's, or else
/// to a mail. The answer is the same whether or not there is an account.
///
/// # Errors
/// Those of the database.
pub async fn identify(
    ctx: &Ctx,
    sign_in: &SignIn,
    typed: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Step::Identify { is_sign_up } = sign_in.progress.step else {
        return Ok(Go::Page(sign_in.id).into());
    };
    let typed = typed.trim();
    let sign_in = with_email(sign_in, typed);
    let Ok(email) = Email::parse(typed) else { return proof::stay(ctx, &sign_in, Problem::BadEmail).await };
    if let Some(connection) = routing::home_realm(ctx, &email).await? {
        return upstream::leave(ctx, &sign_in, &connection, visitor.browser_hash).await;
    }
    let is_known = users::find_by_email(&mut ctx.db().read(), ctx, &email).await?.is_some();
    if !is_known && ctx.environment().settings.user_management.check_address("email", &email).is_err() {
        return proof::stay(ctx, &sign_in, Problem::BlockedEmail).await;
    }
    send(ctx, &sign_in, &email, is_sign_up, None).await
}

fn with_email(sign_in: &SignIn, email: &str) -> SignIn {
    let email: String = email.chars().take(254).collect();
    SignIn { progress: Progress { email, ..sign_in.progress.clone() }, ..sign_in.clone() }
}

/// Asks who came from a provider to prove that the mailbox is theirs (`auth.md` 2.6).
///
/// # Errors
/// Those of the database.
pub async fn ask_for_mailbox(
    ctx: &Ctx,
    sign_in: &SignIn,
    waiting: Proof,
    email: &Email,
) -> Result<Outcome, Error> {
    send(ctx, sign_in, email, false, Some(Box::new(waiting))).await
}

async fn send(
    ctx: &Ctx,
    sign_in: &SignIn,
    email: &Email,
    is_sign_up: bool,
    waiting: Option<Box<Proof>>,
) -> Result<Outcome, Error> {
    let settings = passwordless::Settings::of(ctx).await?;
    let request = NewRequest {
        email: email.as_str().to_owned(),
        template: if is_sign_up { Template::Signup } else { Template::Signin },
        magiclink_auth_uri: Some(link(ctx, sign_in)),
        state: None,
        expires_in: None,
        template_variables: BTreeMap::new(),
    };
    let sent = match passwordless::send(ctx, &settings, request).await {
        Ok(sent) => sent,
        Err(error) => return could_not_send(ctx, sign_in, error).await,
    };
    let mailed = Mailed {
        request: sent.auth_request_id,
        kind: sent.kind.as_str().to_owned(),
        code_length: settings.code_length,
        alphanumeric: settings.code_type == CodeType::Alphanumeric,
        is_sign_up,
        wrong: 0,
        proof: waiting,
    };
    let sign_in = with_email(sign_in, email.as_str());
    proof::go_to(ctx, &sign_in, Step::Mailed(mailed), None).await
}

/// Where a mailed link leads: a page of this server's own, which asks before it counts.
fn link(ctx: &Ctx, sign_in: &SignIn) -> String {
    format!("{}/a/auth/link?request={}", ctx.environment().url, sign_in.id)
}

async fn could_not_send(ctx: &Ctx, sign_in: &SignIn, error: Error) -> Result<Outcome, Error> {
    match (error.kind(), error.retry_after_seconds()) {
        (Kind::ResourceExhausted, Some(seconds)) => {
            proof::stay(ctx, sign_in, Problem::TooManyMails(seconds)).await
        }
        (Kind::InvalidArgument, _) => proof::stay(ctx, sign_in, Problem::BadEmail).await,
        _ => Err(error),
    }
}

/// Sends the mail again.
///
/// # Errors
/// Those of the database.
pub async fn resend(ctx: &Ctx, sign_in: &SignIn) -> Result<Outcome, Error> {
    let Step::Mailed(mailed) = &sign_in.progress.step else { return Ok(Go::Page(sign_in.id).into()) };
    let settings = passwordless::Settings::of(ctx).await?;
    match passwordless::resend(ctx, &settings, &mailed.request).await {
        Ok(_) => {
            let next = Progress { problem: None, resent: true, ..sign_in.progress.clone() };
            proof::note(ctx, sign_in, &next).await
        }
        Err(error) if error.kind() == Kind::InvalidArgument => {
            proof::stay(ctx, sign_in, Problem::ExpiredCode).await
        }
        Err(error) => could_not_send(ctx, sign_in, error).await,
    }
}

/// Checks the code that a person types.
///
/// # Errors
/// Those of the database.
pub async fn answer_code(
    ctx: &Ctx,
    sign_in: &SignIn,
    code: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Step::Mailed(mailed) = &sign_in.progress.step else { return Ok(Go::Page(sign_in.id).into()) };
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(20).collect();
    let settings = passwordless::Settings::of(ctx).await?;
    let presented = Presented::Code(&code);
    match passwordless::verify(ctx, &settings, presented, Some(&mailed.request)).await {
        Ok(_) => proven(ctx, sign_in, mailed, visitor).await,
        Err(error) => could_not_verify(ctx, sign_in, mailed, error).await,
    }
}

async fn could_not_verify(
    ctx: &Ctx,
    sign_in: &SignIn,
    mailed: &Mailed,
    error: Error,
) -> Result<Outcome, Error> {
    match (error.kind(), error.retry_after_seconds()) {
        (Kind::ResourceExhausted, seconds) => {
            proof::stay(ctx, sign_in, Problem::TooManyCodes(seconds.unwrap_or(60))).await
        }
        (Kind::InvalidArgument, _) => {
            let wrong = mailed.wrong + 1;
            let left = (passwordless::TRIES - wrong).max(0);
            let problem = if left == 0 { Problem::ExpiredCode } else { Problem::WrongCode(left) };
            let step = Step::Mailed(Mailed { wrong, ..mailed.clone() });
            let next = Progress { step, problem: Some(problem), resent: false, ..sign_in.progress.clone() };
            proof::note(ctx, sign_in, &next).await
        }
        _ => Err(error),
    }
}

/// Checks the link of a mail, after the person has said so on its page: opening it does nothing. In another browser than
/// the one that asked for it, the sign-in goes on there, and the application starts again; what waits in the first
/// browser is over, so that nobody is signed in by somebody else's click.
///
/// # Errors
/// Those of the database.
pub async fn answer_link(
    ctx: &Ctx,
    sign_in: &SignIn,
    token: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let Step::Mailed(mailed) = &sign_in.progress.step else {
        return Ok(Go::Stop(Trouble::new(TroubleKind::LinkExpired, "link_expired", "")).into());
    };
    let settings = passwordless::Settings::of(ctx).await?;
    let same = crate::vault::equal(&sign_in.browser_hash, visitor.browser_hash);
    if !same && (settings.same_browser || mailed.proof.is_some()) {
        return Ok(Go::Stop(Trouble::new(TroubleKind::OtherBrowser, "other_browser", "")).into());
    }
    let presented = Presented::LinkToken(token);
    let request = same.then_some(mailed.request.as_str());
    if let Err(error) = passwordless::verify(ctx, &settings, presented, request).await {
        return match error.kind() {
            Kind::InvalidArgument => {
                Ok(Go::Stop(Trouble::new(TroubleKind::LinkExpired, "link_expired", "")).into())
            }
            _ => Err(error),
        };
    }
    if same {
        return proven(ctx, sign_in, mailed, visitor).await;
    }
    let mut moved = sign_in.clone();
    moved.browser_hash = visitor.browser_hash.to_vec();
    moved.progress.moved = true;
    let mut tx = ctx.db().write().await?;
    if !store::move_to(&mut tx, ctx.environment().id, sign_in, visitor.browser_hash.to_vec()).await?
        || !store::advance(&mut tx, ctx.environment().id, &moved, &moved.progress, ctx.now()).await?
    {
        return Ok(Go::Stop(Trouble::new(TroubleKind::LinkExpired, "link_expired", "")).into());
    }
    tx.commit().await?;
    moved.version += 1;
    let mailed = mailed.clone();
    proven(ctx, &moved, &mailed, visitor).await
}

/// The person has the mailbox.
async fn proven(
    ctx: &Ctx,
    sign_in: &SignIn,
    mailed: &Mailed,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let proof = match &mailed.proof {
        Some(waiting) => Proof { owns_mailbox: true, ..(**waiting).clone() },
        None => {
            let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
            let connection = connections::passwordless(&mut tx, env).await?;
            Proof {
                user: None,
                email: sign_in.progress.email.clone(),
                connection: connection.map(|connection| connection.id),
                identity: None,
                of_organization: None,
                owns_mailbox: true,
                at: ctx.now(),
            }
        }
    };
    proof::settle(ctx, sign_in, proof, visitor).await
}
