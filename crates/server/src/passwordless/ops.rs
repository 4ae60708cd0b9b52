//! Asking for a proof, and giving it.
use super::{
    credentials::{self, Credentials, Hashes},
    limits::{self, REST},
    link,
    model::{
        NewRequest, Presented, Request, Sent, Verified, check_expires_in, check_variables, too_early,
        use_case,
    },
    settings::Settings,
    store,
};
use crate::{
    ctx::Ctx,
    db::Tx,
    email::Email,
    entropy,
    error::{Error, Kind},
    ids::PasswordlessRequestId,
    mail::{self, NewMail, Variables},
    time::Timestamp,
    vault,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// What the mail of a request is made of.
#[derive(Serialize, Deserialize)]
struct Content {
    link_uri: Option<String>,
    variables: BTreeMap<String, String>,
    /// Where sending again does not make new ones.
    credentials: Option<Credentials>,
}

/// Sends a mail that proves to whoever reads it that they do.
///
/// # Errors
/// `FAILED_PRECONDITION` where it is switched off; `INVALID_ARGUMENT` for a bad address, time, variable or URI, or none
/// where there is to be a link; `RESOURCE_EXHAUSTED` above the limits of mails to an address.
pub async fn send(ctx: &Ctx, settings: &Settings, new: NewRequest) -> Result<Sent, Error> {
    check_enabled(settings)?;
    let email = Email::parse(&new.email).map_err(|problem| Error::invalid("email", "email", problem))?;
    let valid_seconds = check_expires_in(new.expires_in.unwrap_or(settings.valid_seconds))?;
    check_variables(&new.template_variables)?;
    let needed_by = use_case(new.template, settings.kind);
    mail::check_variables(ctx, needed_by, &new.template_variables).await?;
    let link_uri = check_link(ctx, settings, new.magiclink_auth_uri).await?;
    let request = Request { email, kind: settings.kind, template: new.template, valid_seconds };
    let mut content = Content { link_uri, variables: new.template_variables, credentials: None };
    let (id, auth_request_id) = (ctx.new_id(), entropy::token()?);
    let issued = Issued::new(ctx, settings, id, &request, &mut content)?;
    let row = store::NewRow {
        id,
        request_hash: &vault::hash(&auth_request_id),
        request: &request,
        state: new.state.as_deref(),
        same_browser: settings.same_browser,
        hashes: &issued.hashes,
        content_sealed: &issued.sealed,
        now: ctx.now(),
        expires_at: issued.expires_at,
    };
    let mut tx = ctx.db().write().await?;
    issued.mail(&mut tx, ctx, &request, content).await?;
    store::insert(&mut tx, ctx.environment().id, &row).await?;
    tx.commit().await?;
    Ok(issued.sent(auth_request_id, &request))
}

/// Sends the mail of a request again, with another time and, where that is set, with another code and link.
///
/// # Errors
/// `INVALID_ARGUMENT` for a request that is unknown, used or expired; else as [`send`].
pub async fn resend(ctx: &Ctx, settings: &Settings, auth_request_id: &str) -> Result<Sent, Error> {
    check_enabled(settings)?;
    let env = ctx.environment().id;
    let gone = || Error::invalid("auth_request_id", "passwordless.request", "is unknown, used or expired");
    let hash = vault::hash(auth_request_id);
    let open = store::find_open(&mut ctx.db().read(), env, &hash, ctx.now()).await?.ok_or_else(gone)?;
    let content = ctx.app().vault.open(store::place(open.id), &open.content_sealed)?;
    let mut content: Content = serde_json::from_slice(content.expose()).map_err(Error::internal)?;
    let issued = Issued::new(ctx, settings, open.id, &open.request, &mut content)?;
    let times = (ctx.now(), issued.expires_at);
    let mut tx = ctx.db().write().await?;
    issued.mail(&mut tx, ctx, &open.request, content).await?;
    if !store::renew(&mut tx, env, open.id, times, (&issued.hashes, &issued.sealed)).await? {
        return Err(gone());
    }
    tx.commit().await?;
    Ok(issued.sent(auth_request_id.to_owned(), &open.request))
}

/// Checks what a person presented. That succeeds once, and neither code nor link count afterwards.
///
/// # Errors
/// `FAILED_PRECONDITION` where it is switched off; `INVALID_ARGUMENT` if it is wrong, used or expired, or the request's
/// id is missing or another one's; `RESOURCE_EXHAUSTED` after too many wrong codes.
pub async fn verify(
    ctx: &Ctx,
    settings: &Settings,
    presented: Presented<'_>,
    auth_request_id: Option<&str>,
) -> Result<Verified, Error> {
    check_enabled(settings)?;
    let request_hash = auth_request_id.filter(|id| !id.is_empty()).map(vault::hash);
    match presented {
        Presented::Code(code) => {
            let Some(hash) = request_hash else {
                return Err(Error::invalid("auth_request_id", "required", "is needed with a code"));
            };
            verify_code(ctx, code, &hash).await
        }
        Presented::LinkToken(token) => verify_link(ctx, token, request_hash).await,
    }
}

async fn verify_code(ctx: &Ctx, code: &str, request_hash: &[u8]) -> Result<Verified, Error> {
    let (env, now) = (ctx.environment().id, ctx.now());
    let wrong = || Error::invalid("code", "passwordless.code", "is wrong, used or expired");
    let mut tx = ctx.db().write().await?;
    let Some((id, tag)) = store::count_try(&mut tx, env, request_hash, now).await? else {
        let last_try = store::last_try(&mut tx, env, request_hash, now).await?;
        let wait = last_try.and_then(|time| limits::seconds_until(time.plus(REST), now));
        return Err(wait.map_or_else(wrong, |seconds| too_early("too many wrong codes", seconds)));
    };
    let verified = if vault::equal(&tag, &credentials::tag(ctx.app(), id, code)) {
        store::verify(&mut tx, env, id, now).await?
    } else {
        None
    };
    // The try counts, too, if the code was wrong.
    tx.commit().await?;
    verified.ok_or_else(wrong)
}

async fn verify_link(ctx: &Ctx, token: &str, request_hash: Option<Vec<u8>>) -> Result<Verified, Error> {
    let (env, now, hash) = (ctx.environment().id, ctx.now(), vault::hash(token));
    let mut tx = ctx.db().write().await?;
    if let Some(verified) = store::verify_link(&mut tx, env, &hash, request_hash, now).await? {
        tx.commit().await?;
        return Ok(verified);
    }
    if store::is_open_link(&mut tx, env, &hash, now).await? {
        let problem =
            "must be the one that sending the mail answered with: this link counts in the same browser only";
        return Err(Error::invalid("auth_request_id", "passwordless.same_browser", problem));
    }
    Err(Error::invalid("link_token", "passwordless.link_token", "is wrong, used or expired"))
}

fn check_enabled(settings: &Settings) -> Result<(), Error> {
    if settings.enabled {
        return Ok(());
    }
    Err(Error::new(Kind::FailedPrecondition, "passwordless sign-in is switched off in this environment"))
}

/// Where the link shall lead, if there is to be one.
async fn check_link(ctx: &Ctx, settings: &Settings, uri: Option<String>) -> Result<Option<String>, Error> {
    match uri {
        _ if !settings.kind.has_link() => Ok(None),
        Some(uri) => {
            link::check(ctx, &uri).await?;
            Ok(Some(uri))
        }
        None => {
            let problem = "is needed because mails of this environment have a link";
            Err(Error::invalid("magiclink_auth_uri", "required", problem))
        }
    }
}

/// One mail's code and link, made before the transaction that stores them.
struct Issued {
    credentials: Credentials,
    hashes: Hashes,
    sealed: Vec<u8>,
    expires_at: Timestamp,
    mails_a_minute: usize,
    /// Nothing is sent to test users.
    silent: bool,
}

impl Issued {
    /// Takes those that `content` has, or makes new ones.
    fn new(
        ctx: &Ctx,
        settings: &Settings,
        id: PasswordlessRequestId,
        request: &Request,
        content: &mut Content,
    ) -> Result<Self, Error> {
        let test_code = settings.test_code(&request.email, request.kind);
        let kept = content.credentials.take().filter(|_| !settings.new_credentials_on_resend);
        let credentials = match kept {
            Some(kept) => kept,
            None => Credentials::generate(settings, request.kind, test_code)?,
        };
        if !settings.new_credentials_on_resend {
            content.credentials = Some(credentials.clone());
        }
        let sealed = serde_json::to_vec(content).map_err(Error::internal)?;
        Ok(Self {
            hashes: credentials.hashes(ctx.app(), id),
            sealed: ctx.app().vault.seal(store::place(id), &sealed)?,
            credentials,
            expires_at: ctx.now().plus(Duration::from_secs(u64::from(request.valid_seconds))),
            mails_a_minute: settings.mails_a_minute,
            silent: test_code.is_some(),
        })
    }

    /// Queues the mail, if the address may get one now.
    async fn mail(&self, tx: &mut Tx, ctx: &Ctx, request: &Request, content: Content) -> Result<(), Error> {
        if self.silent {
            return Ok(());
        }
        limits::count_mail(tx, ctx.environment().id, &request.email, self.mails_a_minute, ctx.now()).await?;
        let link_uri = content.link_uri.as_deref();
        let link = link_uri.zip(self.credentials.link_token.as_deref());
        let mail = NewMail {
            use_case: use_case(request.template, request.kind),
            recipient: &request.email,
            organization: None,
            variables: Variables {
                app_name: content.variables.get("app_name").cloned(),
                link: link.map(|(uri, token)| link::with_token(uri, token)),
                otp: self.credentials.code.clone(),
                custom: content.variables,
                ..Variables::default()
            },
            expires_at: self.expires_at,
        };
        mail::queue(tx, ctx, mail).await?;
        Ok(())
    }

    fn sent(&self, auth_request_id: String, request: &Request) -> Sent {
        Sent {
            auth_request_id,
            expires_at: self.expires_at,
            expires_in: request.valid_seconds,
            kind: request.kind,
        }
    }
}
