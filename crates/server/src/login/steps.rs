//! The steps that forms and links of a sign-in take.
use super::{
    begin::Visitor,
    consent, log, mailing, organizations,
    outcome::{Go, Outcome, Trouble, TroubleKind},
    passkey_offer, proof, restart,
    sign_in::{Problem, Proof, SignIn, Step},
    store, upstream,
};
use crate::{
    connections::{self, ConnectionType},
    ctx::Ctx,
    error::{Error, Kind},
    ids::{AuthRequestId, ConnectionId},
    passkeys,
    users::{self, User, UserRef},
    vault,
};

/// What the person did.
#[derive(Clone, Debug)]
pub enum Form {
    /// Typed an address.
    Email(String),
    /// Chose a provider.
    Provider(String),
    /// Went to the page for signing up, or back from there.
    Intent {
        /// To sign up.
        is_sign_up: bool,
    },
    /// Went back to the first page.
    Back,
    /// Typed the code of a mail.
    Code(String),
    /// Asked for another mail.
    Resend,
    /// Used a passkey.
    Passkey {
        /// Which ceremony.
        ceremony: String,
        /// What the authenticator said.
        assertion: String,
    },
    /// Chose an organization.
    Organization(String),
    /// Went to the page for making one, or back from there.
    Creation(bool),
    /// Made an organization.
    Create {
        /// Its name.
        name: String,
        /// Given name of the person.
        given_name: String,
        /// Family name of the person.
        family_name: String,
    },
    /// Made a passkey.
    KeepPasskey {
        /// Which ceremony.
        ceremony: String,
        /// What the authenticator said.
        response: String,
    },
    /// Went on without a passkey.
    SkipPasskey,
    /// Decided what a client may do.
    Consent {
        /// Whether it may.
        allows: bool,
        /// Which scopes.
        scopes: Vec<String>,
    },
}

/// A sign-in of this browser that is under way, or what to do instead: the application starts again (`auth.md` 2.10).
///
/// # Errors
/// Those of the database.
pub async fn find(
    ctx: &Ctx,
    id: Option<AuthRequestId>,
    browser_hash: Option<&[u8]>,
) -> Result<Result<SignIn, Outcome>, Error> {
    let found = match id {
        Some(id) => store::find(&mut ctx.db().read(), ctx.environment().id, id).await?,
        None => None,
    };
    let is_this_browsers =
        |sign_in: &SignIn| browser_hash.is_some_and(|hash| vault::equal(&sign_in.browser_hash, hash));
    if let Some(sign_in) = &found
        && is_this_browsers(sign_in)
        && sign_in.is_open(ctx.now())
    {
        return Ok(Ok(sign_in.clone()));
    }
    let client = match &found {
        Some(sign_in) => log::client_of(ctx, sign_in).await.ok(),
        None => None,
    };
    let trouble = Trouble::new(TroubleKind::Expired, "authentication_not_completed", "");
    Ok(Err(match restart::initiate_login(ctx, client.as_ref(), None).await? {
        Some(url) => Go::Away(url).into(),
        None => Go::Stop(trouble).into(),
    }))
}

/// The sign-in of a mailed link, whatever browser opens it.
///
/// # Errors
/// Those of the database.
pub async fn find_link(ctx: &Ctx, id: Option<AuthRequestId>) -> Result<Option<SignIn>, Error> {
    let Some(id) = id else { return Ok(None) };
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, id).await?;
    Ok(found.filter(|sign_in| sign_in.is_open(ctx.now()) && matches!(sign_in.progress.step, Step::Mailed(_))))
}

impl SignIn {
    /// Takes the link of a mail.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn answer_link(&self, ctx: &Ctx, token: &str, visitor: Visitor<'_>) -> Result<Outcome, Error> {
        mailing::answer_link(ctx, self, token, visitor).await
    }

    /// The address that its mail went to.
    pub fn email(&self) -> &str {
        &self.progress.email
    }
}

/// Takes a step. One that does not fit where the person is leads to the page that shows where that is.
///
/// # Errors
/// Those of the database.
pub async fn take_step(
    ctx: &Ctx,
    sign_in: &SignIn,
    form: Form,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let is_settled = matches!(
        sign_in.progress.step,
        Step::Consent { .. } | Step::ConsentOfReported { .. } | Step::OfferPasskey { .. }
    );
    match form {
        Form::Email(email) => mailing::identify(ctx, &restarted(sign_in), &email, visitor).await,
        Form::Provider(text) => by_provider(ctx, sign_in, &text, visitor).await,
        Form::Intent { is_sign_up } if !is_settled => {
            proof::go_to(ctx, sign_in, Step::Identify { is_sign_up }, None).await
        }
        Form::Back if !is_settled => {
            proof::go_to(ctx, sign_in, Step::Identify { is_sign_up: false }, None).await
        }
        Form::Intent { .. } | Form::Back => Ok(Go::Page(sign_in.id).into()),
        Form::Code(code) => mailing::answer_code(ctx, sign_in, &code, visitor).await,
        Form::Resend => mailing::resend(ctx, sign_in).await,
        Form::Passkey { ceremony, assertion } => {
            by_passkey(ctx, sign_in, &ceremony, &assertion, visitor).await
        }
        Form::Organization(id) => organizations::choose(ctx, sign_in, &id, visitor).await,
        Form::Creation(creates) => organizations::to_creation(ctx, sign_in, creates).await,
        Form::Create { name, given_name, family_name } => {
            organizations::create(ctx, sign_in, &name, (&given_name, &family_name), visitor).await
        }
        Form::KeepPasskey { ceremony, response } => {
            passkey_offer::keep(ctx, sign_in, (&ceremony, &response), visitor).await
        }
        Form::SkipPasskey => passkey_offer::skip(ctx, sign_in, visitor).await,
        Form::Consent { allows, scopes } => consent::decide(ctx, sign_in, allows, &scopes, visitor).await,
    }
}

/// Who comes back from a provider by the browser's button sees the first page, and may use it.
fn restarted(sign_in: &SignIn) -> SignIn {
    let mut sign_in = sign_in.clone();
    if matches!(sign_in.progress.step, Step::Away { .. }) {
        sign_in.progress.step = Step::Identify { is_sign_up: false };
    }
    sign_in
}

async fn by_provider(
    ctx: &Ctx,
    sign_in: &SignIn,
    text: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    if !matches!(sign_in.progress.step, Step::Identify { .. } | Step::Away { .. }) {
        return Ok(Go::Page(sign_in.id).into());
    }
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = match text.parse::<ConnectionId>() {
        Ok(id) => connections::find(&mut tx, env, None, id).await?,
        Err(_) => None,
    };
    let social = found.filter(|found| found.kind() == ConnectionType::OAuth && found.is_usable());
    match social {
        Some(connection) => upstream::leave(ctx, sign_in, &connection, visitor.browser_hash).await,
        None => Ok(Go::Page(sign_in.id).into()),
    }
}

async fn by_passkey(
    ctx: &Ctx,
    sign_in: &SignIn,
    ceremony: &str,
    assertion: &str,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    if !matches!(sign_in.progress.step, Step::Identify { .. } | Step::Away { .. }) {
        return Ok(Go::Page(sign_in.id).into());
    }
    let Ok(assertion) = serde_json::from_str(assertion) else {
        return proof::back(ctx, sign_in, Problem::Passkey).await;
    };
    let verified = passkeys::finish_authentication(ctx, visitor.browser_hash, ceremony, assertion).await;
    let user = match verified {
        Ok(user) => user,
        Err(error) if error.kind() == Kind::Internal || error.kind() == Kind::Unavailable => {
            return Err(error);
        }
        Err(_) => return proof::back(ctx, sign_in, Problem::Passkey).await,
    };
    let which = UserRef::Id(user);
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let found = users::find(&mut tx, env, &which).await?.ok_or_else(|| User::not_found(&which))?;
    let connection = connections::enabled_of_environment(&mut tx, env)
        .await?
        .into_iter()
        .find(|connection| connection.kind() == ConnectionType::WebAuthn);
    let proven = Proof {
        user: Some(user),
        email: found.email.as_str().to_owned(),
        connection: connection.map(|connection| connection.id),
        identity: None,
        of_organization: None,
        owns_mailbox: found.profile.email_verified,
        at: ctx.now(),
    };
    proof::settle(ctx, sign_in, proven, visitor).await
}
