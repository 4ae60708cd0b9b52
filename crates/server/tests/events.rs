//! The log of what happened: what is written, what the API shows of it, filters and pages.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use gatewright::time::Timestamp;
use gatewright_api::{
    rpc::{events_service as rpc, organization_service as organizations},
    scalekit::v1::{events as pb, organizations as org},
};
use gatewright_testkit::{Api, Database, Options, Server, api_tests};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tonic::Code;

const PATH: &str = "/api/v1/events";

/// Names and organizations' names of the events that pass a filter, newest first, through both listings and both faces.
async fn listed(api: &Api, filter: Json) -> Vec<String> {
    let all = api.post(&format!("{PATH}?page_size=100"), filter.clone()).await;
    assert_eq!(all.status, 200, "{}", all.text);
    let events = all.json["events"].as_array().unwrap();
    assert_eq!(all.json["total_size"], json!(events.len()), "{filter}");
    let paginated = api.post(&format!("{PATH}/paginated?pageSize=100"), filter).await;
    assert_eq!(paginated.json["events"], all.json["events"]);
    assert_eq!(paginated.json.get("total_size"), None);
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    events
        .iter()
        .map(|event| format!("{} {}", text(&event["type"]), text(&event["data"]["display_name"])))
        .collect()
}

async fn page(
    api: &Api,
    filter: Option<pb::EventFilter>,
    page_size: u32,
    token: &str,
) -> pb::ListEventsPaginatedResponse {
    let request = pb::ListEventsPaginatedRequest { filter, page_size, page_token: token.to_owned() };
    api.call::<rpc::ListEventsPaginated>(request).await.unwrap()
}

fn ids(events: &[pb::ScalekitEvent]) -> Vec<String> {
    events.iter().map(|event| event.id.clone()).collect()
}

api_tests! {
    async fn each_change_tells_one_event_with_the_organization_as_it_is_then(t: Server) {
        let api = t.api().await;
        let new = api.organization("Nordlicht GmbH").external_id("tenant-419").metadata("plan", "team");
        let made = new.create().await;
        let path = format!("/api/v1/organizations/{}", made.id);
        let updated =
            api.patch(&path, json!({"display_name": "Südlicht", "metadata": {"plan": "gold"}})).await;
        api.patch(&format!("{path}/settings"), json!({"features": [{"name": "sso", "enabled": true}]})).await;
        let last = api.get(&path).await.json["organization"].clone();
        api.delete(&path).await;

        let answer = api.post(PATH, json!({})).await;
        let events = answer.json["events"].as_array().unwrap();
        assert_eq!((events.len(), &answer.json["total_size"]), (4, &json!(4)));
        let expected = [
            ("organization.deleted", "Organization Deleted"),
            ("organization.updated", "Organization Updated"),
            ("organization.updated", "Organization Updated"),
            ("organization.created", "Organization Created"),
        ];
        for (event, (name, label)) in events.iter().zip(expected) {
            let keys: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(
                keys,
                [
                    "spec_version",
                    "id",
                    "type",
                    "occurred_at",
                    "environment_id",
                    "organization_id",
                    "object",
                    "data",
                    "display_name"
                ]
            );
            assert_eq!((&event["type"], &event["display_name"]), (&json!(name), &json!(label)));
            assert_eq!((&event["spec_version"], &event["object"]), (&json!("1"), &json!("Organization")));
            assert_eq!(event["environment_id"], json!(api.environment.to_string()));
            assert_eq!((&event["organization_id"], &event["data"]["id"]), (&json!(made.id), &json!(made.id)));
            assert!(event["id"].as_str().unwrap().starts_with("evt_"));
            assert_eq!(event["data"].get("deleted_at").is_some(), name == "organization.deleted");
        }
        // What the event carries is what the API said at that time.
        for (event, organization) in
            [(&events[0], &last), (&events[1], &last), (&events[2], &updated.json["organization"])]
        {
            for field in [
                "display_name",
                "external_id",
                "region_code",
                "metadata",
                "settings",
                "create_time",
                "update_time",
            ] {
                assert_eq!(event["data"][field], organization[field], "{field} of {}", event["type"]);
            }
        }
        assert_eq!(events[3]["data"]["display_name"], "Nordlicht GmbH");
        assert_eq!(events[3]["data"]["metadata"], json!({"plan": "team"}));
        assert_eq!(events[3]["data"]["external_id"], "tenant-419");
        assert!(events[0]["data"]["deleted_at"].as_str().unwrap().ends_with('Z'));
    }

    async fn an_organization_without_an_external_id_says_null(t: Server) {
        let api = t.api().await;
        api.organization("Acme").create().await;
        let data = &api.told().await[0].data;
        assert_eq!((&data["external_id"], &data["metadata"]), (&Json::Null, &json!({})));
        assert_eq!(api.post(PATH, json!({})).await.json["events"][0]["data"]["external_id"], Json::Null);
    }

    async fn who_did_it_from_where_and_with_which_request_is_stored(t: Server) {
        let mut api = t.api().await;
        let answer = api.post("/api/v1/organizations", json!({"display_name": "Acme"})).await;
        let id = answer.json["organization"]["id"].as_str().unwrap();
        let over_rest = &api.told().await[0];
        assert_eq!(over_rest.request_id, answer.headers["x-request-id"].to_str().unwrap());
        assert!(over_rest.request_id.starts_with("req_"));

        api.grpc.metadata.push(("x-forwarded-for", "203.0.113.9".to_owned()));
        let identities = Some(org::update_organization_request::Identities::Id(id.to_owned()));
        let organization = Some(org::UpdateOrganization { slug: Some("acme".into()), ..Default::default() });
        let request = org::UpdateOrganizationRequest { identities, organization, update_mask: None };
        api.call::<organizations::UpdateOrganization>(request).await.unwrap();
        let over_grpc = &api.told().await[0];
        assert_ne!(over_grpc.request_id, over_rest.request_id);
        for event in [over_rest, over_grpc] {
            assert_eq!((event.actor_type.as_str(), event.actor_id.as_str()), ("API", t.client_id.as_str()));
            assert_eq!(event.ip_address, "127.0.0.1", "a header of the caller's says nothing");
            assert_eq!(event.source, "SCALEKIT");
            assert_eq!(event.organization.unwrap().to_string(), id);
            assert_eq!(event.object, "Organization");
        }
    }

    async fn calls_that_fail_or_only_read_tell_nothing(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").external_id("crm-7").create().await;
        let path = format!("/api/v1/organizations/{}", made.id);
        api.told().await;
        let before = api.state().await;
        api.organization("Acme").external_id("crm-7").try_create().await.unwrap_err();
        api.organization("").try_create().await.unwrap_err();
        api.patch(&path, json!({"slug": "-"})).await.failure(400, 3);
        api.delete("/api/v1/organizations/org_1").await.failure(404, 5);
        api.patch(&format!("{path}/settings"), json!({"features": [{"name": "x"}]})).await.failure(400, 3);
        for part in ["", "/session-policy", "/settings/usermanagement", "/portal_customizations"] {
            assert_eq!(api.get(&format!("{path}{part}")).await.status, 200);
        }
        listed(&api, json!({})).await;
        t.token().await;
        assert!(api.told().await.is_empty());
        assert_eq!(api.state().await, before);
    }

    async fn filters_choose_by_type_organization_and_source(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let other = api.organization("Other").create().await;
        api.patch(&format!("/api/v1/organizations/{}", acme.id), json!({"slug": "acme"})).await;
        api.delete(&format!("/api/v1/organizations/{}", other.id)).await;
        let everything = [
            "organization.deleted Other",
            "organization.updated Acme",
            "organization.created Other",
            "organization.created Acme",
        ];
        for filter in [
            json!({}),
            json!({"event_types": []}),
            json!({"eventTypes": [""]}),
            json!({"source": "SCALEKIT"}),
            json!({"source": "SOURCE_UNSPECIFIED", "organization_id": "", "connection_id": ""}),
        ] {
            assert_eq!(listed(&api, filter).await, everything);
        }
        let both = json!({"event_types": ["organization.deleted", "organization.updated", "user.login"]});
        assert_eq!(listed(&api, both).await, everything[..2]);
        assert_eq!(listed(&api, json!({"organizationId": acme.id})).await, [everything[1], everything[3]]);
        // The log outlives what it tells of.
        assert_eq!(listed(&api, json!({"organization_id": other.id})).await, [everything[0], everything[2]]);
        let one = json!({"organization_id": acme.id, "event_types": ["organization.created"], "source": "SCALEKIT"});
        assert_eq!(listed(&api, one).await, [everything[3]]);
        for filter in [
            json!({"source": "DIR_SYNC"}),
            json!({"organization_id": "org_1"}),
            json!({"event_types": ["organization"]}),
            json!({"event_types": ["organization.%"]}),
            json!({"event_types": ["Organization.Created"]}),
            json!({"auth_request_id": "ar_1"}),
            json!({"interceptor_id": "icp_1"}),
            json!({"interceptor_status": "x"}),
            json!({"interceptor_decision": "x"}),
            json!({"connection_id": "conn_1"}),
            json!({"connected_account_id": "x"}),
        ] {
            assert_eq!(listed(&api, filter.clone()).await, [""; 0], "{filter}");
        }
        for filter in [
            json!({"organization_id": "usr_1"}),
            json!({"organization_id": "org_01"}),
            json!({"source": "MARS"}),
            json!({"event_types": "organization.created"}),
            json!({"event_types": ["a\0"]}),
            json!({"start_time": "yesterday"}),
            json!([]),
        ] {
            api.post(PATH, filter.clone()).await.failure(400, 3);
            api.post(&format!("{PATH}/paginated"), filter).await.failure(400, 3);
        }
    }

    async fn pages_go_forward_and_back(t: Server) {
        let api = t.api().await;
        for number in 0..5 {
            api.organization(&format!("Number {number}")).create().await;
        }
        let mut expected: Vec<String> = api.events().await.iter().map(|event| event.id.to_string()).collect();
        expected.reverse();
        let (mut token, mut pages) = (String::new(), Vec::new());
        loop {
            let got = page(&api, None, 2, &token).await;
            token = got.next_page_token.clone();
            pages.push(got);
            if token.is_empty() {
                break;
            }
        }
        let forward: Vec<String> = pages.iter().flat_map(|page| ids(&page.events)).collect();
        assert_eq!((forward, pages.len()), (expected, 3));
        assert_eq!(pages[0].prev_page_token, "");
        let middle = page(&api, None, 2, &pages[2].prev_page_token).await;
        assert_eq!(ids(&middle.events), ids(&pages[1].events));
        let first = page(&api, None, 2, &middle.prev_page_token).await;
        assert_eq!((ids(&first.events), first.prev_page_token.as_str()), (ids(&pages[0].events), ""));
        // What comes in between does not move the pages.
        api.organization("Later").create().await;
        assert_eq!(ids(&page(&api, None, 2, &pages[0].next_page_token).await.events), ids(&pages[1].events));
        let newer = page(&api, None, 2, &pages[1].prev_page_token).await;
        assert_eq!(ids(&newer.events), ids(&pages[0].events));
        assert_eq!(page(&api, None, 2, &newer.prev_page_token).await.events.len(), 1);
        // With total_size over the other rpc, whose tokens are the same list's.
        let request = pb::ListEventsRequest {
            filter: None,
            page_size: 2,
            page_token: pages[0].next_page_token.clone(),
        };
        let counted = api.call::<rpc::ListEvents>(request).await.unwrap();
        assert_eq!((ids(&counted.events), counted.total_size), (ids(&pages[1].events), 6));
    }

    async fn pages_of_one_organization_have_only_its_events(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        for number in 0..4 {
            api.organization("Other").create().await;
            let body = json!({"display_name": format!("Acme {number}")});
            api.patch(&format!("/api/v1/organizations/{}", acme.id), body).await;
        }
        let filter = Some(pb::EventFilter { organization_id: acme.id.clone(), ..Default::default() });
        let first = page(&api, filter.clone(), 3, "").await;
        let second = page(&api, filter.clone(), 3, &first.next_page_token).await;
        assert_eq!((first.events.len(), second.events.len(), second.next_page_token.as_str()), (3, 2, ""));
        let mut both = first.events.iter().chain(&second.events);
        assert!(both.all(|event| event.organization_id.as_deref() == Some(acme.id.as_str())));
        let back = page(&api, filter, 3, &second.prev_page_token).await;
        assert_eq!(ids(&back.events), ids(&first.events));
    }

    async fn sizes_and_tokens_have_their_limits(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        for _ in 0..101 {
            api.organization("Acme").create().await;
        }
        there.organization("Theirs").create().await;
        there.organization("Theirs").create().await;
        for (size, expected) in [(0, 30), (1, 1), (100, 100), (101, 100), (1_000_000, 100)] {
            assert_eq!(page(&api, None, size, "").await.events.len(), expected, "page_size {size}");
        }
        api.post(&format!("{PATH}?page_size=-1"), json!({})).await.failure(400, 3);
        let token = page(&api, None, 1, "").await.next_page_token;
        let types =
            || pb::EventFilter { event_types: vec!["organization.created".into()], ..Default::default() };
        let of_types = page(&api, Some(types()), 1, "").await.next_page_token;
        let of_there = page(&there, None, 1, "").await.next_page_token;
        let organizations = api.get("/api/v1/organizations?page_size=1").await;
        let of_organizations = organizations.json["next_page_token"].as_str().unwrap().to_owned();
        for (filter, token) in [
            (Some(types()), token.clone()),
            (None, of_types),
            (None, of_there),
            (None, of_organizations),
            (None, "x".into()),
            (None, format!("{token}x")),
            (Some(pb::EventFilter { connection_id: Some("conn_1".into()), ..Default::default() }), token),
        ] {
            let request = pb::ListEventsPaginatedRequest {
                filter: filter.clone(),
                page_size: 1,
                page_token: token.clone(),
            };
            let failure = api.call::<rpc::ListEventsPaginated>(request).await.unwrap_err();
            assert_eq!(
                (failure.code, failure.violations()),
                (Code::InvalidArgument, vec![("page_token", "page_token")])
            );
            let request = pb::ListEventsRequest { filter, page_size: 1, page_token: token };
            assert_eq!(api.call::<rpc::ListEvents>(request).await.unwrap_err().code, Code::InvalidArgument);
        }
    }

    async fn another_environments_events_are_not_seen(t: Server) {
        let other = t.add_environment("other").await;
        let (api, there) = (t.api().await, t.api_in(&other).await);
        let mine = api.organization("Mine").create().await;
        let theirs = there.organization("Theirs").create().await;
        assert_eq!(listed(&api, json!({})).await, ["organization.created Mine"]);
        assert_eq!(listed(&there, json!({})).await, ["organization.created Theirs"]);
        assert_eq!(listed(&api, json!({"organization_id": theirs.id})).await, [""; 0]);
        assert_eq!(listed(&there, json!({"organization_id": mine.id})).await, [""; 0]);
        assert_eq!(there.told().await[0].actor_id, other.client_id);
    }
}

/// 2026-03-07T12:00:00.25Z
const NOON: Timestamp = Timestamp::from_micros(1_772_884_800_250_000);

async fn a_span_of_time_includes_both_its_ends(database: Database) {
    let t = Server::start_with(database, Options { frozen_at: Some(NOON), ..Options::default() }).await;
    let api = t.api().await;
    for name in ["noon", "a second later", "two seconds later"] {
        api.organization(name).create().await;
        t.advance(Duration::from_secs(1));
    }
    t.advance(Duration::from_secs(7200));
    api.organization("two hours later").create().await;
    let first = &api.events().await[0];
    assert_eq!((first.occurred_at, &first.data["create_time"]), (NOON, &json!("2026-03-07T12:00:00.250Z")));
    let names = async |filter: Json| -> Vec<String> {
        let strip = |name: String| name.strip_prefix("organization.created ").unwrap().to_owned();
        listed(&api, filter).await.into_iter().map(strip).collect()
    };
    let all = ["two hours later", "two seconds later", "a second later", "noon"];
    let (noon, second) = ("2026-03-07T12:00:00.25Z", "2026-03-07T12:00:01.250Z");
    assert_eq!(names(json!({"start_time": noon, "endTime": second})).await, all[2..]);
    assert_eq!(names(json!({"start_time": second, "end_time": second})).await, all[2..3]);
    assert_eq!(names(json!({"startTime": "2026-03-07T12:00:00.250001Z"})).await, all[..3]);
    assert_eq!(names(json!({"end_time": "2026-03-07T12:00:01.249999Z"})).await, all[3..]);
    assert_eq!(names(json!({"start_time": "2026-03-07T13:00:01.25+01:00"})).await, all[..3]);
    assert_eq!(
        names(json!({"start_time": "0001-01-01T00:00:00Z", "end_time": "9999-12-31T23:59:59.999999999Z"}))
            .await,
        all
    );
    assert_eq!(names(json!({"start_time": "2100-01-01T00:00:00Z"})).await, [""; 0]);
    assert_eq!(names(json!({"start_time": "9999-12-31T00:00:00Z"})).await, [""; 0]);
    assert_eq!(names(json!({"end_time": "1999-12-31T23:59:59Z"})).await, [""; 0]);

    let backwards = json!({"start_time": second, "end_time": noon});
    for path in [PATH.to_owned(), format!("{PATH}/paginated")] {
        let answer = api.post(&path, backwards.clone()).await;
        answer.failure(400, 3);
        assert_eq!(answer.violations()[0].0, "filter.start_time");
        let nothing = json!({"start_time": second, "end_time": noon, "connection_id": "conn_1"});
        api.post(&path, nothing).await.failure(400, 3);
    }
    // Pages keep to the span.
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 250_000_000 });
    let span =
        pb::EventFilter { start_time: at(1_772_884_800), end_time: at(1_772_884_802), ..Default::default() };
    let first = page(&api, Some(span.clone()), 2, "").await;
    let second = page(&api, Some(span.clone()), 2, &first.next_page_token).await;
    assert_eq!((first.events.len(), second.events.len()), (2, 1));
    let back = page(&api, Some(span), 2, &second.prev_page_token).await;
    assert_eq!((ids(&back.events), back.prev_page_token.as_str()), (ids(&first.events), ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_of_time_includes_both_its_ends_on_sqlite() {
    a_span_of_time_includes_both_its_ends(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_of_time_includes_both_its_ends_on_postgres() {
    a_span_of_time_includes_both_its_ends(Database::Postgres).await;
}
