//! The part of `EnvironmentService` that is about settings: messages to model and back.
use super::{
    ops,
    session_settings::{
        self, ABSOLUTE, CookiePersistence, CookieSameSite, IDLE, Limit, SessionSettings, TOKEN,
    },
    test_users::TestUsers,
    user_management::UserManagement,
};
use crate::{ctx::Ctx, error::Error, ids, rpc::Routes};
use gatewright_api::{rpc::environment_service as api, scalekit::v1::environments as pb};

type Reply<T> = Result<T, Error>;

/// The rpcs of settings.
pub(super) fn routes(routes: &mut Routes) {
    routes.serve::<api::CreateEnvironmentSessionSettings, _, _>(create_session_settings);
    routes.serve::<api::GetEnvironmentSessionSettings, _, _>(get_session_settings);
    routes.serve::<api::UpdateEnvironmentSessionSettings, _, _>(update_session_settings);
    routes.serve::<api::CreateEnvironmentUserManagement, _, _>(create_user_management);
    routes.serve::<api::GetEnvironmentUserManagement, _, _>(get_user_management);
    routes.serve::<api::UpdateEnvironmentUserManagement, _, _>(update_user_management);
    routes.serve::<api::GetEnvironmentTestUser, _, _>(get_test_user);
    routes.serve::<api::UpdateEnvironmentTestUser, _, _>(update_test_user);
}

async fn create_session_settings(
    ctx: Ctx,
    request: pb::CreateEnvironmentSessionSettingsRequest,
) -> Reply<pb::CreateEnvironmentSessionSettingsResponse> {
    let new = request.session_settings.unwrap_or_default();
    let settings = ops::change(&ctx, ids::parse("id", &request.id)?, |environment, _| {
        with_session(environment, SessionSettings::default(), new)
    });
    let session_settings = Some(session_message(settings.await?));
    Ok(pb::CreateEnvironmentSessionSettingsResponse { environment_id: request.id, session_settings })
}

async fn get_session_settings(
    ctx: Ctx,
    request: pb::GetEnvironmentSessionSettingsRequest,
) -> Reply<pb::GetEnvironmentSessionSettingsResponse> {
    let settings = ops::get(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetEnvironmentSessionSettingsResponse { session_settings: Some(session_message(settings)) })
}

async fn update_session_settings(
    ctx: Ctx,
    request: pb::UpdateEnvironmentSessionSettingsRequest,
) -> Reply<pb::UpdateEnvironmentSessionSettingsResponse> {
    let new = request.session_settings.unwrap_or_default();
    let settings = ops::change(&ctx, ids::parse("id", &request.id)?, |environment, settings| {
        with_session(environment, settings, new)
    });
    let session_settings = Some(session_message(settings.await?));
    Ok(pb::UpdateEnvironmentSessionSettingsResponse { environment_id: request.id, session_settings })
}

async fn create_user_management(
    ctx: Ctx,
    request: pb::CreateEnvironmentUserManagementRequest,
) -> Reply<pb::CreateEnvironmentUserManagementResponse> {
    let new = request.user_management.unwrap_or_default();
    let settings = ops::change(&ctx, ids::parse("id", &request.id)?, |_, _| {
        with_user_management(UserManagement::default(), &new)
    });
    let user_management = Some(user_management_message(&settings.await?));
    Ok(pb::CreateEnvironmentUserManagementResponse { environment_id: request.id, user_management })
}

async fn get_user_management(
    ctx: Ctx,
    request: pb::GetEnvironmentUserManagementRequest,
) -> Reply<pb::GetEnvironmentUserManagementResponse> {
    let settings = ops::get(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetEnvironmentUserManagementResponse { user_management: Some(user_management_message(&settings)) })
}

async fn update_user_management(
    ctx: Ctx,
    request: pb::UpdateEnvironmentUserManagementRequest,
) -> Reply<pb::UpdateEnvironmentUserManagementResponse> {
    let new = request.user_management.unwrap_or_default();
    let id = ids::parse("id", &request.id)?;
    let settings = ops::change(&ctx, id, |_, settings| with_user_management(settings, &new)).await?;
    let user_management = Some(user_management_message(&settings));
    Ok(pb::UpdateEnvironmentUserManagementResponse { environment_id: request.id, user_management })
}

async fn get_test_user(
    ctx: Ctx,
    request: pb::GetEnvironmentTestUserRequest,
) -> Reply<pb::GetEnvironmentTestUserResponse> {
    let users = ops::get(&ctx, ids::parse("id", &request.id)?).await?;
    Ok(pb::GetEnvironmentTestUserResponse { test_user: Some(test_user_message(users)) })
}

async fn update_test_user(
    ctx: Ctx,
    request: pb::UpdateEnvironmentTestUserRequest,
) -> Reply<pb::UpdateEnvironmentTestUserResponse> {
    let new = request.test_user.unwrap_or_default();
    let users = ops::change(&ctx, ids::parse("id", &request.id)?, |_, users| with_test_user(users, new));
    let test_user = Some(test_user_message(users.await?));
    Ok(pb::UpdateEnvironmentTestUserResponse { environment_id: request.id, test_user })
}

/// What is present changes.
fn with_session(
    environment: &super::Environment,
    mut settings: SessionSettings,
    new: pb::SessionSettings,
) -> Reply<SessionSettings> {
    set(
        &mut settings.access_token_minutes,
        time(
            new.access_token_expiry,
            ("session_settings.access_token_expiry", new.access_token_expiry_unit),
            TOKEN,
        )?,
    );
    set(&mut settings.client_access_token_minutes, new.client_access_token_expiry);
    set(
        &mut settings.absolute_minutes,
        time(
            new.absolute_session_timeout,
            ("session_settings.absolute_session_timeout", new.absolute_session_timeout_unit),
            ABSOLUTE,
        )?,
    );
    set(
        &mut settings.idle_minutes,
        time(
            new.idle_session_timeout,
            ("session_settings.idle_session_timeout", new.idle_session_timeout_unit),
            IDLE,
        )?,
    );
    set(&mut settings.management_enabled, new.session_management_enabled);
    set(&mut settings.idle_enabled, new.idle_session_enabled);
    set(
        &mut settings.cookie_persistence,
        match pb::CookiePersistenceType::try_from(new.cookie_persistence_type) {
            Ok(pb::CookiePersistenceType::Unspecified) => None,
            Ok(pb::CookiePersistenceType::Persistent) => Some(CookiePersistence::Persistent),
            Ok(pb::CookiePersistenceType::Session) => Some(CookiePersistence::Session),
            Err(_) => return Err(undefined("session_settings.cookie_persistence_type")),
        },
    );
    set(
        &mut settings.cookie_same_site,
        match pb::CookieSameSiteSetting::try_from(new.cookie_same_site_setting) {
            Ok(pb::CookieSameSiteSetting::Unspecified) => None,
            Ok(pb::CookieSameSiteSetting::LaxMode) => Some(CookieSameSite::Lax),
            Ok(pb::CookieSameSiteSetting::NoneMode) => Some(CookieSameSite::None),
            Err(_) => return Err(undefined("session_settings.cookie_same_site_setting")),
        },
    );
    if let Some(domain) = new.cookie_custom_domain {
        settings.cookie_domain = session_settings::cookie_domain(environment, &domain)?;
    }
    settings.check()?;
    Ok(settings)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn time(
    amount: Option<i32>,
    (field, unit): (&'static str, i32),
    range: std::ops::RangeInclusive<i64>,
) -> Reply<Option<i32>> {
    let unit_minutes = match pb::TimeUnit::try_from(unit) {
        Ok(pb::TimeUnit::SessionTimeUnitUnspecified | pb::TimeUnit::Minutes) => 1,
        Ok(pb::TimeUnit::Hours) => 60,
        Ok(pb::TimeUnit::Days) => 24 * 60,
        Err(_) => return Err(undefined(format!("{field}_unit"))),
    };
    amount.map(|amount| Limit { amount, unit_minutes }.minutes(field, range)).transpose()
}

fn undefined(field: impl Into<String>) -> Error {
    Error::invalid(field, "enum.defined_only", "must be one of the listed values")
}

/// Times are always in minutes.
fn session_message(settings: SessionSettings) -> pb::SessionSettings {
    let minutes = pb::TimeUnit::Minutes.into();
    pb::SessionSettings {
        access_token_expiry: Some(settings.access_token_minutes),
        client_access_token_expiry: Some(settings.client_access_token_minutes),
        absolute_session_timeout: Some(settings.absolute_minutes),
        session_management_enabled: Some(settings.management_enabled),
        idle_session_timeout: Some(settings.idle_minutes),
        idle_session_enabled: Some(settings.idle_enabled),
        cookie_persistence_type: match settings.cookie_persistence {
            CookiePersistence::Persistent => pb::CookiePersistenceType::Persistent.into(),
            CookiePersistence::Session => pb::CookiePersistenceType::Session.into(),
        },
        cookie_same_site_setting: match settings.cookie_same_site {
            CookieSameSite::Lax => pb::CookieSameSiteSetting::LaxMode.into(),
            CookieSameSite::None => pb::CookieSameSiteSetting::NoneMode.into(),
        },
        cookie_custom_domain: settings.cookie_domain,
        access_token_expiry_unit: minutes,
        absolute_session_timeout_unit: minutes,
        idle_session_timeout_unit: minutes,
    }
}

/// What is present changes.
fn with_user_management(mut settings: UserManagement, new: &pb::UserManagement) -> Reply<UserManagement> {
    set(&mut settings.allow_duplicate_identities, new.allow_duplicate_user_identities);
    set(&mut settings.allow_multiple_memberships, new.allow_multiple_memberships);
    set(&mut settings.allow_organization_signup, new.allow_organization_signup);
    set(
        &mut settings.single_organization,
        match pb::OrgUserRelationshipType::try_from(new.org_user_relationship) {
            Ok(pb::OrgUserRelationshipType::Unspecified) => None,
            Ok(pb::OrgUserRelationshipType::SingleOrganization) => Some(true),
            Ok(pb::OrgUserRelationshipType::MultipleOrganizations) => Some(false),
            Err(_) => return Err(undefined("user_management.org_user_relationship")),
        },
    );
    set(&mut settings.max_users_limit_enabled, new.enable_max_users_limit);
    settings.max_users_limit = new.max_users_limit.or(settings.max_users_limit);
    set(&mut settings.invitation_minutes, new.invitation_expiry);
    set(&mut settings.block_disposable_email_domains, new.block_disposable_email_domains);
    set(&mut settings.block_public_email_domains, new.block_public_email_domains);
    set(&mut settings.sync_user_profile_on_signin, new.sync_user_profile_on_signin);
    settings.bot_detection = new.enable_bot_detection.or(settings.bot_detection);
    settings.fail_open = new.enable_fail_open.or(settings.fail_open);
    if settings.max_users_limit_enabled && settings.max_users_limit.is_none() {
        let field = "user_management.max_users_limit";
        return Err(Error::invalid(field, "required", "is required with enable_max_users_limit"));
    }
    Ok(settings)
}

fn user_management_message(settings: &UserManagement) -> pb::UserManagement {
    let relationship = if settings.single_organization {
        pb::OrgUserRelationshipType::SingleOrganization
    } else {
        pb::OrgUserRelationshipType::MultipleOrganizations
    };
    pb::UserManagement {
        allow_duplicate_user_identities: Some(settings.allow_duplicate_identities),
        allow_multiple_memberships: Some(settings.allow_multiple_memberships),
        allow_organization_signup: Some(settings.allow_organization_signup),
        org_user_relationship: relationship.into(),
        enable_max_users_limit: Some(settings.max_users_limit_enabled),
        max_users_limit: settings.max_users_limit,
        invitation_expiry: Some(settings.invitation_minutes),
        block_disposable_email_domains: Some(settings.block_disposable_email_domains),
        block_public_email_domains: Some(settings.block_public_email_domains),
        sync_user_profile_on_signin: Some(settings.sync_user_profile_on_signin),
        enable_bot_detection: settings.bot_detection,
        enable_fail_open: settings.fail_open,
    }
}

/// What is present changes; a list without addresses is no change.
fn with_test_user(mut users: TestUsers, new: pb::TestUser) -> Reply<TestUsers> {
    set(&mut users.enabled, new.enabled);
    if let Some(code) = new.static_confirmation_code {
        users.set_code(code)?;
    }
    if !new.emails.is_empty() {
        users.set_emails(&new.emails)?;
    }
    Ok(users)
}

fn test_user_message(users: TestUsers) -> pb::TestUser {
    pb::TestUser {
        enabled: Some(users.enabled),
        static_confirmation_code: Some(users.code),
        emails: users.emails,
    }
}
