//! To an identity provider and back.
use super::{
    begin::{self, Visitor},
    log::{self, Trace},
    outcome::{Go, Outcome, Trouble, TroubleKind},
    proof,
    sign_in::{Problem, Progress, Prompt, Proof, SignIn, Step},
    store,
};
use crate::{
    connections::{Connection, ConnectionType, Provider},
    ctx::Ctx,
    error::Error,
    identities::Identity,
    ids::AuthRequestId,
    relying_party::{self, Hints, Purpose, UpstreamError},
    vault,
};

/// Sends the browser to the provider of a connection.
///
/// # Errors
/// Those of the database.
pub async fn leave(
    ctx: &Ctx,
    sign_in: &SignIn,
    connection: &Connection,
    browser_hash: &[u8],
) -> Result<Outcome, Error> {
    if connection.kind() == ConnectionType::Saml {
        return proof::fail(ctx, sign_in, &no_saml()).await;
    }
    let hints = Hints {
        login_hint: Some(sign_in.progress.email.clone()).filter(|email| !email.is_empty()),
        prompt: None,
        force_login: sign_in.request.asks(Prompt::Login),
    };
    let purpose = Purpose::Login(sign_in.id);
    let url = match relying_party::start(ctx, connection, purpose, browser_hash, hints).await {
        Ok(url) => url,
        Err(error) => return failed(ctx, sign_in, connection, error).await,
    };
    let next = Progress {
        step: Step::Away { connection: connection.id },
        organization: connection.organization.or(sign_in.progress.organization),
        problem: None,
        ..sign_in.progress.clone()
    };
    let mut tx = ctx.db().write().await?;
    if !store::advance(&mut tx, ctx.environment().id, sign_in, &next, ctx.now()).await? {
        return Ok(Go::Page(sign_in.id).into());
    }
    log::update(&mut tx, ctx, sign_in.id, &begin::leaving(connection)).await?;
    tx.commit().await?;
    Ok(Go::Away(url).into())
}

/// Goes on when the browser comes back from a provider.
///
/// # Errors
/// Those of the database.
pub async fn came_back(
    ctx: &Ctx,
    request: AuthRequestId,
    connection: &Connection,
    answer: Result<Identity, UpstreamError>,
    visitor: Visitor<'_>,
) -> Result<Outcome, Error> {
    let found = store::find(&mut ctx.db().read(), ctx.environment().id, request).await?;
    let open = found.filter(|sign_in| {
        sign_in.is_open(ctx.now()) && vault::equal(&sign_in.browser_hash, visitor.browser_hash)
    });
    let Some(sign_in) = open else {
        return Ok(Go::Stop(Trouble::new(TroubleKind::Expired, "authentication_not_completed", "")).into());
    };
    match answer {
        Err(error) => failed(ctx, &sign_in, connection, error).await,
        Ok(identity) => {
            let waiting = Proof {
                user: None,
                email: identity.email.clone(),
                connection: Some(connection.id),
                of_organization: connection.organization,
                owns_mailbox: false,
                at: ctx.now(),
                identity: Some(Box::new(identity)),
            };
            proof::by_provider(ctx, &sign_in, connection, waiting, visitor).await
        }
    }
}

/// What a provider says no to, the person may try otherwise: back to the page for social ones; an organization's own is
/// the only way for its people, so that the application is told.
async fn failed(
    ctx: &Ctx,
    sign_in: &SignIn,
    connection: &Connection,
    error: UpstreamError,
) -> Result<Outcome, Error> {
    let trace = Trace {
        code: error.code,
        step: error.step,
        expected: error.expected.clone(),
        got: error.got.clone(),
        remedy: "see what was expected and what came; test the connection from its page",
    };
    let is_chosen_by_request = sign_in.request.provider.is_some() || sign_in.request.connection.is_some();
    if connection.kind() == ConnectionType::OAuth && !is_chosen_by_request {
        let mut tx = ctx.db().write().await?;
        log::note(&mut tx, ctx, sign_in, &trace).await?;
        tx.commit().await?;
        return proof::back(ctx, sign_in, Problem::Provider(name_of(connection))).await;
    }
    proof::fail(ctx, sign_in, &trace).await
}

/// What people call a provider.
pub fn name_of(connection: &Connection) -> String {
    if !connection.ui_button_title.is_empty() {
        return connection.ui_button_title.clone();
    }
    match connection.provider {
        Provider::Google => "Google",
        Provider::Microsoft => "Microsoft",
        Provider::GitHub => "GitHub",
        Provider::GitLab => "GitLab",
        Provider::LinkedIn => "LinkedIn",
        Provider::Salesforce => "Salesforce",
        _ => &connection.provider_key,
    }
    .to_owned()
}

fn no_saml() -> Trace {
    Trace {
        code: "connection_not_active",
        step: "routing",
        expected: "a connection of type OIDC or a social one".to_owned(),
        got: "SAML".to_owned(),
        remedy: "this version signs people in by OpenID Connect and social providers; SAML follows",
    }
}
