//! `EventsService`.
use super::{
    model::{self, Event},
    ops,
    store::Filter,
};
use crate::{
    ctx::Ctx,
    error::Error,
    ids::{AuthRequestId, OrganizationId},
    paging::total_size,
    rpc::Routes,
    structs,
    time::Timestamp,
};
use gatewright_api::{
    rpc::events_service::{ListEvents, ListEventsPaginated},
    scalekit::v1::events as pb,
};

/// The rpcs that are built.
pub fn routes(routes: &mut Routes) {
    routes.serve::<ListEvents, _, _>(list);
    routes.serve::<ListEventsPaginated, _, _>(list_paginated);
}

async fn list(ctx: Ctx, request: pb::ListEventsRequest) -> Result<pb::ListEventsResponse, Error> {
    let filter = filter(request.filter)?;
    let (page, total) = ops::list(&ctx, &filter, request.page_size, &request.page_token, true).await?;
    Ok(pb::ListEventsResponse {
        events: page.items.iter().map(|event| message(&ctx, event)).collect::<Result<_, _>>()?,
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
        total_size: total_size(total),
    })
}

async fn list_paginated(
    ctx: Ctx,
    request: pb::ListEventsPaginatedRequest,
) -> Result<pb::ListEventsPaginatedResponse, Error> {
    let filter = filter(request.filter)?;
    let (page, _) = ops::list(&ctx, &filter, request.page_size, &request.page_token, false).await?;
    Ok(pb::ListEventsPaginatedResponse {
        events: page.items.iter().map(|event| message(&ctx, event)).collect::<Result<_, _>>()?,
        next_page_token: page.next_token,
        prev_page_token: page.prev_token,
    })
}

fn filter(message: Option<pb::EventFilter>) -> Result<Filter, Error> {
    let message = message.unwrap_or_default();
    let asks = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
    // No event carries the values that a filter by interceptor or account asks for yet.
    let nothing = asks(&message.interceptor_id)
        || asks(&message.interceptor_status)
        || asks(&message.interceptor_decision)
        || asks(&message.connection_id)
        || asks(&message.connected_account_id);
    let organization = match message.organization_id.as_str() {
        "" => None,
        text => Some(
            text.parse::<OrganizationId>()
                .map_err(|error| Error::invalid("filter.organization_id", "id", error.to_string()))?,
        ),
    };
    // Who sends another kind of id looks for the steps of something that is no sign-in.
    let sign_in = message.auth_request_id.parse::<AuthRequestId>().ok();
    let nothing = nothing || (sign_in.is_none() && !message.auth_request_id.is_empty());
    let source = match message.source() {
        pb::Source::Unspecified => None,
        pb::Source::Scalekit => Some("SCALEKIT"),
        pb::Source::DirSync => Some("DIR_SYNC"),
    };
    Ok(Filter {
        nothing,
        types: message.event_types.into_iter().filter(|name| !name.is_empty()).collect(),
        organization,
        start: message.start_time.map(Timestamp::from),
        end: message.end_time.map(Timestamp::from),
        source,
        sign_in,
    })
}

fn message(ctx: &Ctx, event: &Event) -> Result<pb::ScalekitEvent, Error> {
    Ok(pb::ScalekitEvent {
        spec_version: "1".to_owned(),
        id: event.id.to_string(),
        r#type: event.name.clone(),
        occurred_at: Some(event.occurred_at.into()),
        environment_id: ctx.environment().id.to_string(),
        organization_id: event.organization.map(|id| id.to_string()),
        object: pb::ObjectType::from_str_name(&event.object).unwrap_or_default().into(),
        data: Some(structs::from_json_text(&event.data)?),
        display_name: model::label(&event.name).to_owned(),
    })
}
