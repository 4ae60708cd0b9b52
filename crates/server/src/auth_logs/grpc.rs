//! `AuditLogsService`.
use super::{
    model::{AuthRequest, AuthStatus, Filter, TakingPart},
    ops,
};
use crate::{ctx::Ctx, error::Error, paging::total_size, rpc::Routes, time::Timestamp};
use gatewright_api::{rpc::audit_logs_service::ListAuthRequests, scalekit::v1::auditlogs as pb};

/// The rpcs that are built.
pub fn routes(routes: &mut Routes) {
    routes.serve::<ListAuthRequests, _, _>(list);
}

async fn list(ctx: Ctx, request: pb::ListAuthLogRequest) -> Result<pb::ListAuthLogResponse, Error> {
    let filter = Filter {
        // There are no agent connectors here.
        nothing: !request.connected_account_identifier.is_empty(),
        email: request.email.trim().to_owned(),
        statuses: statuses(&request.status)?,
        start: request.start_time.map(Timestamp::from),
        end: request.end_time.map(Timestamp::from),
        resource_id: request.resource_id,
        client_id: request.client_id,
    };
    let (page, total) = ops::list(&ctx, &filter, request.page_size, &request.page_token).await?;
    Ok(pb::ListAuthLogResponse {
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
        total_size: total_size(total),
        auth_requests: page.items.into_iter().map(|entry| message(&ctx, entry)).collect(),
    })
}

fn statuses(given: &[String]) -> Result<Vec<&'static str>, Error> {
    let status = |(index, text): (usize, &String)| {
        let known = AuthStatus::parse(&text.to_ascii_uppercase());
        known.map(AuthStatus::as_str).map_err(|_| {
            let description = "must be INITIATED, PENDING, SUCCESS or FAILED";
            Error::invalid(format!("status[{index}]"), "enum.defined_only", description)
        })
    };
    given.iter().enumerate().map(status).collect()
}

fn message(ctx: &Ctx, entry: AuthRequest) -> pb::AuthLogRequest {
    pb::AuthLogRequest {
        organization_id: entry.organization.map(|id| id.to_string()).unwrap_or_default(),
        environment_id: ctx.environment().id.to_string(),
        connection_id: entry.connection.map(|id| id.to_string()).unwrap_or_default(),
        auth_request_id: entry.id.to_string(),
        email: entry.email,
        connection_type: entry.connection_type,
        connection_provider: entry.connection_provider,
        status: entry.status.as_str().to_owned(),
        timestamp: Some(entry.started_at.into()),
        connection_details: entry.connections.into_iter().map(connection).collect(),
        workflow: entry.workflow,
        resource_id: entry.resource_id,
        resource_name: entry.resource_name,
        resource_type: entry.resource_type,
        connected_account_identifier: String::new(),
        client_id: entry.client_id,
        client_name: entry.client_name,
        client_type: entry.client_type,
    }
}

fn connection(connection: TakingPart) -> pb::ConnectionDetails {
    pb::ConnectionDetails {
        connection_id: connection.connection_id,
        organization_id: connection.organization_id,
        connection_type: connection.connection_type,
        connection_provider: connection.connection_provider,
    }
}
