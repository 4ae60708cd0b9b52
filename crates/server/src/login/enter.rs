//! The end of a sign-in: account, membership, identity, session and code, in one transaction. It is decided by one guarded
//! statement, so that however often the last step is taken, one code comes of it.
use super::{
    begin::Visitor,
    consent,
    log::{self, News, Trace},
    outcome::{Go, Outcome},
    passkey_offer,
    sign_in::{Progress, Proof, SignIn, Step},
    store,
};
use crate::{
    auth_logs::AuthStatus,
    clients::{Client, ClientId},
    connections::{self, Connection, settings::Settings},
    ctx::Ctx,
    db::Tx,
    email::Email,
    error::Error,
    identities::{self, Identity},
    ids::{ApplicationId, ConnectionId, OrganizationId, SessionId},
    oauth::{self, Grant, NewCode, Subject},
    organizations,
    secret::Secret,
    sessions::{self, Authenticated, Authentication, Device, Session},
    time::Timestamp,
    users::{self, ProfileUpdate, Provisioning, User},
};
use serde_json::{Map, Value as Json};

/// Into what somebody goes.
#[derive(Clone, Debug)]
pub enum Into {
    /// An organization that is there. Who is no member is let in as `how` says.
    Existing {
        /// Which.
        organization: OrganizationId,
        /// How; none: only members and those who are invited.
        how: Option<Provisioning>,
    },
    /// An organization of their own.
    New {
        /// Its name.
        name: String,
        /// What the person says of themselves.
        profile: Box<ProfileUpdate>,
    },
}

/// Whether the environment keeps users and their sessions.
pub fn keeps_sessions(ctx: &Ctx) -> bool {
    let settings = &ctx.environment().settings;
    settings.features.full_stack_auth && settings.session.management_enabled
}

/// The session of a browser, unless it has ended.
///
/// # Errors
/// Those of the database.
pub async fn session_of(ctx: &Ctx, token: Option<&str>) -> Result<Option<Session>, Error> {
    match token {
        Some(token) => sessions::find_by_token(&mut ctx.db().read(), ctx, token).await,
        None => Ok(None),
    }
}

/// Lets a person into an organization, and ends the sign-in with a code, or goes on to the consent page.
///
/// # Errors
/// Those of [`users::join`]; nothing is changed then.
pub async fn enter(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    into: Into,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let client = log::client_of(ctx, sign_in).await?;
    let connection = connection_of(ctx, proof).await?;
    let mut tx = ctx.db().write().await?;
    // First: who comes at the same time waits here, and is then too late.
    if !store::finish(&mut tx, ctx.environment().id, sign_in, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    let (user, organization) = settle(&mut tx, ctx, proof, connection.as_ref(), into).await?;
    let authentication = Authentication {
        user: user.id,
        organization,
        client: application(&client),
        connection: proof.connection,
        at: proof.at,
    };
    let (session, token) = begin_session(&mut tx, ctx, authentication, visitor).await?;
    let news = News {
        status: Some(AuthStatus::Pending),
        email: user.email.as_str(),
        organization: Some(organization),
        connection: connection.as_ref(),
    };
    log::update(&mut tx, ctx, sign_in.id, &news).await?;
    let session_cookie = Some((token, session.absolute_expires_at));
    let entered = Entered {
        user: &user,
        session: session.id,
        organization,
        connection: proof.connection,
        at: proof.at,
    };
    let go = if sign_in.progress.moved {
        Go::Away(start_again(ctx, &client, organization).await?)
    } else if consent::is_needed(&mut tx, ctx, sign_in, &client, &user.id.to_string()).await? {
        let proof = Proof { user: Some(user.id), ..proof.clone() };
        reopen(&mut tx, ctx, sign_in, Step::Consent { proof, organization }).await?;
        Go::Page(sign_in.id)
    } else if passkey_offer::is_due(&mut tx, ctx, sign_in, proof, user.id).await? {
        let proof = Proof { user: Some(user.id), ..proof.clone() };
        reopen(&mut tx, ctx, sign_in, Step::OfferPasskey { proof, organization }).await?;
        Go::Page(sign_in.id)
    } else {
        let scopes = sign_in.request.scopes.clone();
        Go::Away(give_code(&mut tx, ctx, sign_in, &client, &entered, scopes).await?)
    };
    tx.commit().await?;
    Ok(Outcome { go, session: session_cookie })
}

/// Who is in which organization, in which session.
pub struct Entered<'a> {
    /// Who.
    pub user: &'a User,
    /// In which session.
    pub session: SessionId,
    /// In which organization.
    pub organization: OrganizationId,
    /// How they signed in.
    pub connection: Option<ConnectionId>,
    /// When.
    pub at: Timestamp,
}

/// The sign-in goes on at another page after all.
async fn reopen(tx: &mut Tx, ctx: &Ctx, sign_in: &SignIn, step: Step) -> Result<(), Error> {
    let next = Progress { step, problem: None, ..sign_in.progress.clone() };
    store::reopen(tx, ctx.environment().id, sign_in, &next).await
}

/// The connection of a proof. None for one that is gone.
async fn connection_of(ctx: &Ctx, proof: &Proof) -> Result<Option<Connection>, Error> {
    match proof.connection {
        Some(id) => connections::find(&mut ctx.db().read(), ctx.environment().id, None, id).await,
        None => Ok(None),
    }
}

/// Account, membership and identity.
async fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    proof: &Proof,
    connection: Option<&Connection>,
    into: Into,
) -> Result<(User, OrganizationId), Error> {
    let email = Email::parse(&proof.email).map_err(|problem| Error::invalid("email", "email", problem))?;
    let given = match &into {
        Into::New { profile, .. } => (**profile).clone(),
        Into::Existing { .. } => proof.identity.as_deref().map(Identity::profile).unwrap_or_default(),
    };
    let (mut user, is_new) = users::sign_up(tx, ctx, &email, given).await?;
    let (organization, how) = match into {
        Into::Existing { organization, how } => (organization, how),
        Into::New { name, .. } => {
            let organization = organizations::create_for_sign_up(tx, ctx, &name).await?;
            (organization.id, Some(Provisioning::OrgCreator))
        }
    };
    users::join(tx, ctx, organization, user.id, how).await?;
    let identity = proof.identity.as_deref();
    let syncs = !is_new && connection.is_some_and(|connection| syncs_profile(ctx, connection));
    let update = identity.filter(|_| syncs).map(Identity::profile).unwrap_or_default();
    users::sync_profile(tx, ctx, &mut user, update, proof.owns_mailbox).await?;
    if let Some((connection, identity)) = connection.zip(identity) {
        let now = (ctx.now(), syncs || is_new);
        identities::link(tx, ctx.environment().id, connection.id, &identity.subject, user.id, now).await?;
    }
    Ok((user, organization))
}

fn syncs_profile(ctx: &Ctx, connection: &Connection) -> bool {
    ctx.environment().settings.user_management.sync_user_profile_on_signin
        || match &connection.settings {
            Settings::Oidc(settings) => settings.sync_user_profile_on_login,
            Settings::Saml(settings) => settings.sync_user_profile_on_login,
            Settings::OAuth(settings) => settings.sync_user_profile_on_login,
            Settings::Passwordless(_) | Settings::WebAuthn(_) => false,
        }
}

/// Starts a session, or goes on with the browser's if it is the same person's. Another person's ends.
///
/// # Errors
/// Those of [`sessions::start`].
pub async fn begin_session(
    tx: &mut Tx,
    ctx: &Ctx,
    proof: Authentication,
    visitor: Visitor<'_>,
) -> Result<(Session, Secret<String>), Error> {
    let present = match visitor.session {
        Some(token) => sessions::find_by_token(tx, ctx, token).await?,
        None => None,
    };
    match present {
        Some(session) if session.user == proof.user => sessions::enter(tx, ctx, session.id, proof).await,
        present => {
            if let Some(other) = present {
                sessions::log_out(tx, ctx, other.id).await?;
            }
            let device = Device::of(ctx, visitor.user_agent);
            sessions::start(tx, ctx, proof, device).await
        }
    }
}

/// The application of a client; none for the client of a resource.
fn application(client: &Client) -> Option<ApplicationId> {
    match client.id {
        ClientId::Application(id) => Some(id),
        ClientId::Organization(_) | ClientId::Resource(_) => None,
    }
}

/// Makes the code of a sign-in, and says where it goes.
///
/// # Errors
/// Those of the database.
pub async fn give_code(
    tx: &mut Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    entered: &Entered<'_>,
    scopes: Vec<String>,
) -> Result<String, Error> {
    let subject = Subject::Member {
        user: entered.user.id,
        session: entered.session,
        organization: entered.organization,
    };
    code_for(tx, ctx, sign_in, client, subject, proven(entered.connection, entered.at), scopes).await
}

/// How a person proved who they are, as far as tokens say so.
pub struct Proven {
    /// By which connection.
    pub connection: Option<ConnectionId>,
    /// When.
    pub at: Timestamp,
    /// What the access token says besides.
    pub custom_claims: Map<String, Json>,
}

/// Makes the code of a sign-in for whomever it is about, and says where it goes.
///
/// # Errors
/// Those of the database.
pub async fn code_for(
    tx: &mut Tx,
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    subject: Subject,
    proven: Proven,
    scopes: Vec<String>,
) -> Result<String, Error> {
    let request = &sign_in.request;
    let grant = Grant {
        auth_request: sign_in.id,
        client: client.id,
        subject,
        connection: proven.connection,
        scopes,
        resource: request.resource,
        nonce: request.nonce.clone(),
        auth_time: proven.at,
        custom_claims: proven.custom_claims,
    };
    let code = NewCode {
        grant,
        redirect_uri: request.target.uri().to_owned(),
        code_challenge: request.code_challenge.clone(),
    };
    let code = oauth::issue_code(tx, ctx, code).await?;
    Ok(request.target.success(code.expose()))
}

fn proven(connection: Option<ConnectionId>, at: Timestamp) -> Proven {
    Proven { connection, at, custom_claims: Map::new() }
}

/// A sign-in that goes on in the session that its last page was shown in.
pub struct Resumed {
    user: User,
    session: SessionId,
    connection: Option<ConnectionId>,
    at: Timestamp,
}

/// The person of a proof, if the browser still has their session.
///
/// # Errors
/// Those of the database.
pub async fn resumed(ctx: &Ctx, proof: &Proof, visitor: Visitor<'_>) -> Result<Option<Resumed>, Error> {
    let session = session_of(ctx, visitor.session).await?;
    let Some(session) = session.filter(|session| Some(session.user) == proof.user) else { return Ok(None) };
    let which = users::UserRef::Id(session.user);
    let user = users::find(&mut ctx.db().read(), ctx.environment().id, &which).await?;
    let (connection, at) = (proof.connection, proof.at);
    Ok(user.map(|user| Resumed { user, session: session.id, connection, at }))
}

impl Resumed {
    /// `sub` of the tokens.
    pub fn subject(&self) -> String {
        self.user.id.to_string()
    }

    /// Ends the sign-in with a code, in the transaction of whatever else is stored with it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn give_code(
        &self,
        mut tx: Tx,
        ctx: &Ctx,
        sign_in: &SignIn,
        client: &Client,
        organization: OrganizationId,
        scopes: Vec<String>,
    ) -> Result<Outcome, Error> {
        if !store::finish(&mut tx, ctx.environment().id, sign_in, ctx.now()).await? {
            return Ok(Go::Page(sign_in.id).into());
        }
        let entered = Entered {
            user: &self.user,
            session: self.session,
            organization,
            connection: self.connection,
            at: self.at,
        };
        let url = give_code(&mut tx, ctx, sign_in, client, &entered, scopes).await?;
        tx.commit().await?;
        Ok(Go::Away(url).into())
    }
}

/// Why a sign-in cannot go on whose session ended meanwhile.
pub fn session_ended() -> Trace {
    Trace {
        code: "login_required",
        step: "session",
        expected: "the session in which the page was shown".to_owned(),
        got: "none".to_owned(),
        remedy: "let the person sign in again",
    }
}

/// Gives a code for a session that does without a new authentication. None if the session cannot be used there any more.
///
/// # Errors
/// Those of the database.
pub async fn silently(
    ctx: &Ctx,
    sign_in: &SignIn,
    client: &Client,
    session: &Session,
    authenticated: Authenticated,
) -> Result<Option<Outcome>, Error> {
    let (env, organization) = (ctx.environment().id, authenticated.organization);
    let which = users::UserRef::Id(session.user);
    let Some(user) = users::find(&mut ctx.db().read(), env, &which).await? else { return Ok(None) };
    let mut tx = ctx.db().write().await?;
    if !sessions::use_in(&mut tx, ctx, session, organization, application(client)).await? {
        return Ok(None);
    }
    log::begin(&mut tx, ctx, sign_in.id, client, &sign_in.request.client_id).await?;
    let news = News {
        status: Some(AuthStatus::Pending),
        email: user.email.as_str(),
        organization: Some(organization),
        connection: None,
    };
    log::update(&mut tx, ctx, sign_in.id, &news).await?;
    let (connection, at) = (authenticated.connection, authenticated.at);
    let go = if consent::is_needed(&mut tx, ctx, sign_in, client, &user.id.to_string()).await? {
        if sign_in.request.asks(super::sign_in::Prompt::None) {
            let text = "the person must be asked for consent, and prompt=none forbids to ask";
            return Ok(Some(Go::Away(sign_in.request.target.error("consent_required", text)).into()));
        }
        let proof = Proof {
            user: Some(user.id),
            email: user.email.as_str().to_owned(),
            connection,
            identity: None,
            of_organization: None,
            owns_mailbox: true,
            at,
        };
        let progress = Progress { step: Step::Consent { proof, organization }, ..sign_in.progress.clone() };
        store::insert(&mut tx, env, &SignIn { progress, ..sign_in.clone() }).await?;
        Go::Page(sign_in.id)
    } else {
        let entered = Entered { user: &user, session: session.id, organization, connection, at };
        let scopes = sign_in.request.scopes.clone();
        Go::Away(give_code(&mut tx, ctx, sign_in, client, &entered, scopes).await?)
    };
    tx.commit().await?;
    Ok(Some(go.into()))
}

/// Ends a sign-in of an environment that keeps no users: the application gets what the provider said (`auth.md` 2.2.2).
///
/// # Errors
/// Those of the database.
pub async fn identity_only(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    identity: &Identity,
) -> Result<Outcome, Error> {
    let client = log::client_of(ctx, sign_in).await?;
    let connection = connection_of(ctx, proof).await?;
    let mut tx = ctx.db().write().await?;
    if !store::finish(&mut tx, ctx.environment().id, sign_in, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    let organization = connection.as_ref().and_then(|connection| connection.organization);
    let news = News {
        status: Some(AuthStatus::Pending),
        email: &proof.email,
        organization,
        connection: connection.as_ref(),
    };
    log::update(&mut tx, ctx, sign_in.id, &news).await?;
    let prefix = proof.connection.map(|id| format!("{id};")).unwrap_or_default();
    let subject = Subject::External {
        sub: format!("{prefix}{}", identity.subject),
        session: ctx.new_id(),
        organization,
        organization_external_id: None,
        roles: Vec::new(),
        identity: Box::new(identity.clone()),
    };
    let scopes = sign_in.request.scopes.clone();
    let url =
        code_for(&mut tx, ctx, sign_in, &client, subject, proven(proof.connection, proof.at), scopes).await?;
    tx.commit().await?;
    Ok(Go::Away(url).into())
}

/// Where a person goes who cannot go back to where the application waits: the application starts again (`auth.md` 2.10).
///
/// # Errors
/// Those of the database.
pub async fn start_again(ctx: &Ctx, client: &Client, organization: OrganizationId) -> Result<String, Error> {
    let found = super::restart::initiate_login(ctx, Some(client), Some(organization)).await?;
    Ok(found.unwrap_or_else(|| format!("{}/a/auth/signed-in", ctx.environment().url)))
}
