//! `SessionService`: messages to model and back.
use super::{
    model::{Session, Status},
    ops,
    store::Filter,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids,
    paging::total_size,
    rpc::Routes,
    time::Timestamp,
    users::{self, User, UserRef},
};
use gatewright_api::{
    rpc::{environment_service, session_service as api},
    scalekit::v1::{environments, sessions as pb},
};

type Reply<T> = Result<T, Error>;

/// The rpcs that are built: all of the service, and the one of `EnvironmentService` that is about the caller's session.
pub fn routes(routes: &mut Routes) {
    routes.serve::<api::GetSession, _, _>(get);
    routes.serve::<environment_service::GetCurrentSession, _, _>(get_current);
    routes.serve::<api::GetUserSessions, _, _>(list);
    routes.serve::<api::RevokeSession, _, _>(revoke);
    routes.serve::<api::RevokeAllUserSessions, _, _>(revoke_all);
}

async fn get(ctx: Ctx, request: pb::SessionDetailsRequest) -> Reply<pb::SessionDetails> {
    let session = ops::get(&ctx, ids::parse("session_id", &request.session_id)?).await?;
    Ok(details(&session))
}

async fn get_current(
    ctx: Ctx,
    request: environments::GetCurrentSessionRequest,
) -> Reply<environments::GetCurrentSessionResponse> {
    if !request.id.is_empty() && request.id != ctx.environment().id.to_string() {
        return Err(Error::not_found(format!("environment {}", request.id)));
    }
    let person = ctx.require_person()?;
    let session = ops::get(&ctx, person.session).await?;
    let which = UserRef::Id(person.user);
    let user = users::find(&mut ctx.db().read(), ctx.environment().id, &which).await?;
    Ok(environments::GetCurrentSessionResponse {
        session_expiry: Some(session.absolute_expires_at.into()),
        // The cookie is what pages call with: it lasts as long as the session is used.
        access_token_expiry: Some(session.idle_expires_at.into()),
        organization_id: Some(person.organization.to_string()),
        subject: person.user.to_string(),
        email: user.map(|user| user.email.as_str().to_owned()),
        connected_account_id: None,
    })
}

async fn list(ctx: Ctx, request: pb::UserSessionDetailsRequest) -> Reply<pb::UserSessionDetails> {
    let user = ids::parse("user_id", &request.user_id)?;
    if !ctx.reaches(user) {
        return Err(User::not_found(&UserRef::Id(user)));
    }
    let filter = filter(request.filter.unwrap_or_default())?;
    let (page, total) = ops::list(&ctx, user, &filter, request.page_size, &request.page_token).await?;
    Ok(pb::UserSessionDetails {
        sessions: page.items.iter().map(details).collect(),
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
        total_size: total_size(total),
    })
}

async fn revoke(ctx: Ctx, request: pb::RevokeSessionRequest) -> Reply<pb::RevokeSessionResponse> {
    let session = ops::revoke(&ctx, ids::parse("session_id", &request.session_id)?).await?;
    Ok(pb::RevokeSessionResponse { revoked_session: Some(revoked(&session)) })
}

async fn revoke_all(
    ctx: Ctx,
    request: pb::RevokeAllUserSessionsRequest,
) -> Reply<pb::RevokeAllUserSessionsResponse> {
    let sessions = ops::revoke_all(&ctx, ids::parse("user_id", &request.user_id)?).await?;
    Ok(pb::RevokeAllUserSessionsResponse {
        total_revoked: u32::try_from(sessions.len()).unwrap_or(u32::MAX),
        revoked_sessions: sessions.iter().map(revoked).collect(),
    })
}

fn filter(message: pb::UserSessionFilter) -> Reply<Filter> {
    let status = |(index, name): (usize, &String)| {
        Status::parse(&name.to_ascii_uppercase()).map_err(|_| {
            let text = "must be active, expired, revoked or logout";
            Error::invalid(format!("filter.status[{index}]"), "status", text)
        })
    };
    let named = message.status.iter().enumerate().filter(|(_, name)| !name.is_empty());
    Ok(Filter {
        statuses: named.map(status).collect::<Reply<_>>()?,
        start: message.start_time.map(Timestamp::from),
        end: message.end_time.map(Timestamp::from),
    })
}

fn details(session: &Session) -> pb::SessionDetails {
    let clients = session.clients.iter().map(|(client, organization)| pb::AuthenticatedClients {
        client_id: client.to_string(),
        organization_id: organization.to_string(),
    });
    pb::SessionDetails {
        session_id: session.id.to_string(),
        user_id: session.user.to_string(),
        authenticated_organizations: session.organizations.iter().map(ToString::to_string).collect(),
        organization_id: session.organization.to_string(),
        created_at: Some(session.created_at.into()),
        updated_at: Some(session.updated_at.into()),
        idle_expires_at: Some(session.idle_expires_at.into()),
        absolute_expires_at: Some(session.absolute_expires_at.into()),
        expired_at: session.expired_at().map(Into::into),
        logout_at: session.logout_at().map(Into::into),
        status: session.status.wire_name(),
        device: Some(device(session)),
        last_active_at: Some(session.last_active_at.into()),
        authenticated_clients: clients.collect(),
    }
}

fn device(session: &Session) -> pb::DeviceDetails {
    let (agent, location) = (session.device.agent.clone(), session.device.location.clone());
    pb::DeviceDetails {
        user_agent: agent.raw,
        os: agent.os,
        os_version: agent.os_version,
        browser: agent.browser,
        browser_version: agent.browser_version,
        device_type: agent.device_type,
        ip: session.device.ip.clone(),
        location: Some(pb::Location {
            region: location.region,
            region_subdivision: location.region_subdivision,
            city: location.city,
            latitude: location.latitude,
            longitude: location.longitude,
        }),
    }
}

fn revoked(session: &Session) -> pb::RevokedSessionDetails {
    pb::RevokedSessionDetails {
        session_id: session.id.to_string(),
        user_id: session.user.to_string(),
        created_at: Some(session.created_at.into()),
        updated_at: Some(session.updated_at.into()),
        idle_expires_at: Some(session.idle_expires_at.into()),
        absolute_expires_at: Some(session.absolute_expires_at.into()),
        expired_at: session.expired_at().map(Into::into),
        logout_at: session.logout_at().map(Into::into),
        status: session.status.wire_name(),
        last_active_at: Some(session.last_active_at.into()),
    }
}
