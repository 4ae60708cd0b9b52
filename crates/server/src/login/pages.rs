//! The page of a sign-in: where the person is, in words and forms.
use super::{
    consent, log,
    organizations::{self, Offered, Standing},
    outcome::{Trouble, TroubleKind},
    restart,
    sign_in::{Mailed, Problem, Proof, SignIn, Step},
    upstream,
};
use crate::{
    connections::{self, ConnectionType, settings::Settings},
    ctx::Ctx,
    error::Error,
    ids::OrganizationId,
    organizations::{Organization, OrganizationRef},
    pages::{
        self, AddPasskey, ChooseOrganization, CodePurpose, Consent, ConsentScope, CreateOrganization,
        EnterCode, ErrorPage, LinkSent, Look, OrganizationChoice, OrganizationStatus, PasskeyUse,
        ProviderButton, SignIn as SignInPage, Text,
    },
    passwordless::{self, PasswordlessType},
    secret::Secret,
};
use axum::response::Response;
use http::StatusCode;

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// `Accept-Language`
    pub languages: &'a str,
    /// Token of the browser: forms are made for it.
    pub browser: &'a Secret<String>,
}

/// The page of where a sign-in is.
///
/// # Errors
/// Those of the database.
pub async fn show(ctx: &Ctx, sign_in: &SignIn, reader: Reader<'_>) -> Result<Response, Error> {
    let organization = organization(ctx, sign_in.progress.organization).await?;
    // An organization that the request did not name is nobody's to see before the person is known.
    let named = organization.filter(|_| sign_in.request.organization.is_some());
    let locales = sign_in.request.ui_locales.as_deref();
    let look = Look::of(ctx, named.as_ref(), reader.languages, locales).await?;
    let csrf = pages::csrf(reader.browser, &sign_in.id.to_string());
    let status = StatusCode::OK;
    Ok(match &sign_in.progress.step {
        Step::Identify { is_sign_up } => {
            let page = identify(ctx, sign_in, *is_sign_up, csrf, named.as_ref()).await?;
            pages::respond(&look, status, &page)
        }
        Step::Away { .. } => {
            let page = identify(ctx, sign_in, false, csrf, named.as_ref()).await?;
            pages::respond(&look, status, &page)
        }
        Step::Mailed(mailed) if mailed.kind == PasswordlessType::Link.as_str() => {
            pages::respond(&look, status, &link_sent(sign_in, csrf))
        }
        Step::Mailed(mailed) => pages::respond(&look, status, &enter_code(sign_in, mailed, csrf)),
        Step::Choose { proof, creates: false } => {
            let page = choose(ctx, sign_in, proof, csrf).await?;
            pages::respond(&look, status, &page)
        }
        Step::Choose { proof, creates: true } => {
            let page = create(ctx, sign_in, proof, csrf).await?;
            pages::respond(&look, status, &page)
        }
        Step::Consent { proof, organization } => {
            let page = consent(ctx, sign_in, (&proof.email, Some(*organization)), csrf).await?;
            pages::respond(&look, status, &page)
        }
        Step::OfferPasskey { .. } => {
            let page = AddPasskey {
                csrf,
                begin: at("passkey/new", sign_in),
                finish: at("passkey/keep", sign_in),
                skip_action: at("passkey/skip", sign_in),
            };
            pages::respond(&look, status, &page)
        }
        Step::ConsentOfReported { report, .. } => {
            let report: super::ReportedUser = serde_json::from_str(report).map_err(Error::internal)?;
            let mut page = consent(ctx, sign_in, (&report.email, None), csrf).await?;
            page.organization_name = report.organization_external_name;
            pages::respond(&look, status, &page)
        }
    })
}

async fn organization(ctx: &Ctx, id: Option<OrganizationId>) -> Result<Option<Organization>, Error> {
    let Some(id) = id else { return Ok(None) };
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    crate::organizations::find(&mut tx, env, &OrganizationRef::Id(id)).await
}

/// The address of a step.
fn at(step: &str, sign_in: &SignIn) -> String {
    format!("/a/auth/{step}?request={}", sign_in.id)
}

async fn identify(
    ctx: &Ctx,
    sign_in: &SignIn,
    is_sign_up: bool,
    csrf: String,
    organization: Option<&Organization>,
) -> Result<SignInPage, Error> {
    let (mut tx, env) = (ctx.db().read(), ctx.environment().id);
    let offered = connections::enabled_of_environment(&mut tx, env).await?;
    let may_sign_up = ctx.environment().settings.user_management.allow_organization_signup;
    let other = if is_sign_up { "sign-in" } else { "sign-up" };
    let mut page = SignInPage {
        csrf,
        action: at("email", sign_in),
        email: sign_in.progress.email.clone(),
        problem: sign_in.progress.problem.as_ref().map(problem),
        providers: Vec::new(),
        passkey: None,
        show_email: passwordless::Settings::of(ctx).await?.enabled,
        is_sign_up,
        other_href: may_sign_up.then(|| at(other, sign_in)),
        organization_name: organization.map(|organization| organization.display_name.clone()),
    };
    for connection in offered {
        match (&connection.settings, connection.kind()) {
            (_, ConnectionType::OAuth) if connection.is_usable() => page.providers.push(ProviderButton {
                label: upstream::name_of(&connection),
                provider: connection.provider.as_str().to_ascii_lowercase(),
                href: format!("{}&connection={}", at("provider", sign_in), connection.id),
            }),
            (Settings::WebAuthn(settings), _) if !is_sign_up => {
                page.passkey = Some(PasskeyUse {
                    show_button: settings.show_button,
                    conditional: settings.conditional_login,
                    begin: at("passkey/begin", sign_in),
                    finish: at("passkey/finish", sign_in),
                });
            }
            _ => {}
        }
    }
    Ok(page)
}

fn problem(problem: &Problem) -> Text {
    let minutes = |seconds: &u64| i64::try_from(seconds.div_ceil(60)).unwrap_or(60);
    match problem {
        Problem::BadEmail => Text::new("problem-email"),
        Problem::BlockedEmail => Text::new("problem-email-not-allowed"),
        Problem::TooManyMails(seconds) => {
            Text::new("problem-too-many-mails").with("minutes", minutes(seconds))
        }
        Problem::WrongCode(left) => Text::new("problem-code-wrong").with("left", *left),
        Problem::TooManyCodes(seconds) => {
            Text::new("problem-too-many-tries").with("minutes", minutes(seconds))
        }
        Problem::ExpiredCode => Text::new("problem-code-expired"),
        Problem::Passkey => Text::new("problem-passkey"),
        Problem::Provider(name) => Text::new("problem-provider").with("provider", name.as_str()),
        Problem::BadName => Text::new("problem-organization-name"),
        Problem::OrganizationFull => Text::new("problem-organization-full"),
        Problem::NotAMember => Text::new("problem-organization-gone"),
    }
}

fn link_sent(sign_in: &SignIn, csrf: String) -> LinkSent {
    LinkSent {
        csrf,
        resend_action: at("resend", sign_in),
        back_href: at("back", sign_in),
        email: sign_in.progress.email.clone(),
        notice: notice(sign_in),
    }
}

fn notice(sign_in: &SignIn) -> Option<Text> {
    sign_in.progress.resent.then(|| Text::new("notice-sent-again"))
}

fn enter_code(sign_in: &SignIn, mailed: &Mailed, csrf: String) -> EnterCode {
    EnterCode {
        csrf,
        action: at("code", sign_in),
        resend_action: at("resend", sign_in),
        back_href: at("back", sign_in),
        email: sign_in.progress.email.clone(),
        length: mailed.code_length,
        alphanumeric: mailed.alphanumeric,
        has_link: mailed.kind == PasswordlessType::LinkOtp.as_str(),
        purpose: match (&mailed.proof, mailed.is_sign_up) {
            (Some(_), _) => CodePurpose::VerifyEmail,
            (None, true) => CodePurpose::SignUp,
            (None, false) => CodePurpose::SignIn,
        },
        problem: sign_in.progress.problem.as_ref().map(problem),
        notice: notice(sign_in),
    }
}

async fn choose(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    csrf: String,
) -> Result<ChooseOrganization, Error> {
    let (offered, can_create) = organizations::offered(ctx, proof).await?;
    Ok(ChooseOrganization {
        csrf,
        action: at("organizations", sign_in),
        email: proof.email.clone(),
        problem: sign_in.progress.problem.as_ref().map(problem),
        organizations: offered.into_iter().map(choice).collect(),
        can_create,
        sign_out_href: at("back", sign_in),
    })
}

fn choice(offered: Offered) -> OrganizationChoice {
    OrganizationChoice {
        id: offered.id.to_string(),
        name: offered.name,
        logo_url: offered.logo_url,
        status: match offered.standing {
            Standing::Member => OrganizationStatus::Member,
            Standing::Invited(inviter) => OrganizationStatus::Invited { inviter },
            Standing::Joinable => OrganizationStatus::Joinable,
        },
    }
}

async fn create(
    ctx: &Ctx,
    sign_in: &SignIn,
    proof: &Proof,
    csrf: String,
) -> Result<CreateOrganization, Error> {
    let (offered, _) = organizations::offered(ctx, proof).await?;
    let identity = proof.identity.as_deref();
    let given =
        |name: fn(&crate::identities::Identity) -> &String| identity.map(name).cloned().unwrap_or_default();
    Ok(CreateOrganization {
        csrf,
        action: at("create", sign_in),
        name: String::new(),
        given_name: given(|identity| &identity.given_name),
        family_name: given(|identity| &identity.family_name),
        ask_names: proof.user.is_none(),
        problem: sign_in.progress.problem.as_ref().map(problem),
        back_href: (!offered.is_empty()).then(|| format!("{}&back=1", at("organizations", sign_in))),
    })
}

async fn consent(
    ctx: &Ctx,
    sign_in: &SignIn,
    (email, organization_id): (&str, Option<OrganizationId>),
    csrf: String,
) -> Result<Consent, Error> {
    let client = log::client_of(ctx, sign_in).await?;
    let resource = consent::resource_of(ctx, sign_in.request.resource).await?;
    let scopes = consent::grantable(ctx, sign_in, &resource).await?;
    let described = crate::resources::descriptions(ctx, &scopes).await?;
    let redirect = sign_in.request.target.uri();
    let host = url::Url::parse(redirect).ok().and_then(|url| url.host_str().map(str::to_owned));
    let registration = client.registration.clone().unwrap_or_default();
    let text = |value: String| Some(value).filter(|value| !value.is_empty());
    let name = organization(ctx, organization_id).await?.map(|organization| organization.display_name);
    Ok(Consent {
        csrf,
        action: at("consent", sign_in),
        client_name: client.name.clone(),
        client_uri: text(registration.client_uri),
        redirect_host: host.unwrap_or_else(|| redirect.split(':').next().unwrap_or_default().to_owned()),
        is_local: consent::is_local(redirect),
        logo_uri: text(registration.logo_uri),
        tos_uri: text(registration.tos_uri),
        policy_uri: text(registration.policy_uri),
        resource_name: resource.name.clone(),
        user_email: email.to_owned(),
        organization_name: name,
        scopes: described
            .into_iter()
            .map(|(name, description)| ConsentScope {
                fixed: consent::ALWAYS.contains(&name.as_str()),
                checked: true,
                name,
                description,
            })
            .collect(),
        may_select: resource.scope_selection_allowed,
    })
}

/// The page that says why a sign-in stops.
///
/// # Errors
/// Those of the database.
pub async fn stop(ctx: &Ctx, trouble: &Trouble, languages: &str) -> Result<Response, Error> {
    let look = Look::of(ctx, None, languages, None).await?;
    let retry = match &trouble.retry {
        Some(retry) => Some(retry.clone()),
        None => restart::initiate_login(ctx, None, None).await?,
    };
    let code = match trouble.kind {
        TroubleKind::Expired | TroubleKind::Forged => "invalid_state",
        _ => trouble.code,
    };
    let (what, remedy) = match trouble.kind {
        TroubleKind::LinkExpired => (Text::new("link-expired-what"), Text::new("link-expired-remedy")),
        TroubleKind::OtherBrowser => (Text::new("other-browser-what"), Text::new("other-browser-remedy")),
        _ => {
            let page = ErrorPage::of(code, "");
            (page.what, page.remedy)
        }
    };
    let page = ErrorPage {
        what,
        remedy,
        details: Some(trouble.details.clone()).filter(|details| !details.is_empty()),
        retry_href: retry,
        ..ErrorPage::of(trouble.code, ctx.request_id())
    };
    let status = match trouble.kind {
        TroubleKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        TroubleKind::Forged => StatusCode::FORBIDDEN,
        TroubleKind::LinkExpired | TroubleKind::Expired => StatusCode::GONE,
        TroubleKind::BadRequest | TroubleKind::OtherBrowser | TroubleKind::InvalidState => {
            StatusCode::BAD_REQUEST
        }
    };
    Ok(pages::respond(&look, status, &page))
}
