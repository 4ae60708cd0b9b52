//! Each method of *Organizations*: which rpc it calls, what it sends, what it returns.

use gatewright_api::scalekit::v1::organizations as pb;
use serde_json::json;

use super::server::{Reply, Seen, Server};
use crate::organization::{
    BrandingSource, OrganizationUserManagementSettings, PortalFeature, RegionCode, SessionPolicySource,
    TimeUnit,
};
use crate::{ErrorKind, Organizations};

const SERVICE: &str = "/scalekit.v1.organizations.OrganizationService/";

/// A server that answers every rpc with this message.
async fn answering(message: &impl prost::Message) -> (Server, Organizations) {
    let message = message.encode_to_vec();
    let server = Server::start(move |seen: &Seen| match seen.path.as_str() {
        "/oauth/token" => Reply::token("t", 60),
        _ => Reply::Grpc(message.clone()),
    })
    .await;
    let organizations = server.client().organization();
    (server, organizations)
}

/// The one call that was made: the rpc's name and its message.
fn sent<M: prost::Message + Default>(server: &Server) -> (String, M) {
    let calls = server.seen(SERVICE);
    assert_eq!(calls.len(), 1);
    (calls[0].path.trim_start_matches(SERVICE).to_owned(), calls[0].message())
}

fn acme() -> Option<pb::Organization> {
    Some(pb::Organization {
        id: "org_1".into(),
        display_name: "Acme".into(),
        region_code: 2,
        create_time: Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 0 }),
        settings: Some(pb::OrganizationSettings {
            features: vec![pb::OrganizationSettingsFeature { name: "sso".into(), enabled: true }],
        }),
        ..Default::default()
    })
}

#[tokio::test]
async fn create_organization() {
    let (server, organizations) = answering(&pb::CreateOrganizationResponse { organization: acme() }).await;
    let acme = organizations
        .create_organization("Acme")
        .external_id("crm-7")
        .metadata([("plan", "pro")])
        .slug("acme")
        .logo_url("https://a.test/l.png")
        .region_code(RegionCode::Eu)
        .await
        .unwrap();
    assert_eq!((acme.id.as_str(), acme.region_code), ("org_1", RegionCode::Eu));
    assert_eq!(acme.create_time.unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert!(acme.feature_enabled("sso"));
    let expected = pb::CreateOrganization {
        display_name: "Acme".into(),
        region_code: 2,
        external_id: Some("crm-7".into()),
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
        slug: Some("acme".into()),
        logo_url: Some("https://a.test/l.png".into()),
    };
    let message = pb::CreateOrganizationRequest { organization: Some(expected) };
    assert_eq!(sent(&server), ("CreateOrganization".into(), message));
}

#[tokio::test]
async fn get_organization_by_both_ids() {
    use pb::get_organization_request::Identities;
    let (server, organizations) = answering(&pb::GetOrganizationResponse { organization: acme() }).await;
    assert_eq!(organizations.get_organization("org_1").await.unwrap().display_name, "Acme");
    let message = pb::GetOrganizationRequest { identities: Some(Identities::Id("org_1".into())) };
    assert_eq!(sent(&server), ("GetOrganization".into(), message));

    let (server, organizations) = answering(&pb::GetOrganizationResponse { organization: acme() }).await;
    assert_eq!(organizations.get_organization_by_external_id("crm-7").await.unwrap().id, "org_1");
    let message = pb::GetOrganizationRequest { identities: Some(Identities::ExternalId("crm-7".into())) };
    assert_eq!(sent(&server), ("GetOrganizationByExternalId".into(), message));
}

#[tokio::test]
async fn update_organization_by_both_ids() {
    use pb::update_organization_request::Identities;
    let (server, organizations) = answering(&pb::UpdateOrganizationResponse { organization: acme() }).await;
    assert_eq!(organizations.update_organization("org_1").display_name("Acme").await.unwrap().id, "org_1");
    let organization =
        Some(pb::UpdateOrganization { display_name: Some("Acme".into()), ..Default::default() });
    let message = pb::UpdateOrganizationRequest {
        organization: organization.clone(),
        update_mask: None,
        identities: Some(Identities::Id("org_1".into())),
    };
    assert_eq!(sent(&server), ("UpdateOrganization".into(), message));

    let (server, organizations) = answering(&pb::UpdateOrganizationResponse { organization: acme() }).await;
    organizations.update_organization_by_external_id("crm-7").display_name("Acme").await.unwrap();
    let message = pb::UpdateOrganizationRequest {
        organization,
        update_mask: None,
        identities: Some(Identities::ExternalId("crm-7".into())),
    };
    assert_eq!(sent(&server), ("UpdateOrganization".into(), message));
}

#[tokio::test]
async fn delete_organization_by_both_ids() {
    use pb::delete_organization_request::Identities;
    let (server, organizations) = answering(&()).await;
    organizations.delete_organization("org_1").await.unwrap();
    let message = pb::DeleteOrganizationRequest { identities: Some(Identities::Id("org_1".into())) };
    assert_eq!(sent(&server), ("DeleteOrganization".into(), message));

    let (server, organizations) = answering(&()).await;
    organizations.delete_organization_by_external_id("crm-7").await.unwrap();
    let message = pb::DeleteOrganizationRequest { identities: Some(Identities::ExternalId("crm-7".into())) };
    assert_eq!(sent(&server), ("DeleteOrganization".into(), message));
}

#[tokio::test]
async fn list_organization_gives_one_page() {
    let answer = pb::ListOrganizationsResponse {
        next_page_token: "n".into(),
        total_size: 12,
        organizations: acme().into_iter().collect(),
        prev_page_token: String::new(),
    };
    let (server, organizations) = answering(&answer).await;
    let page =
        organizations.list_organization().page_size(1).page_token("p").external_id("crm-7").await.unwrap();
    assert_eq!((page.organizations.len(), page.total_size), (1, 12));
    assert_eq!((page.next_page_token.as_deref(), page.prev_page_token.as_deref()), (Some("n"), None));
    assert_eq!(page.into_message(), answer);
    let message = pb::ListOrganizationsRequest {
        page_size: 1,
        page_token: "p".into(),
        external_id: Some("crm-7".into()),
    };
    assert_eq!(sent(&server), ("ListOrganization".into(), message));
}

/// Three pages of two, one and no organizations.
fn paged(seen: &Seen) -> Reply {
    if seen.path == "/oauth/token" {
        return Reply::token("t", 60);
    }
    let request: pb::ListOrganizationsRequest = seen.message();
    let (ids, next): (&[&str], &str) = match request.page_token.as_str() {
        "" => (&["org_3", "org_2"], "second"),
        "second" => (&["org_1"], "third"),
        "third" => (&[], ""),
        other => panic!("{other}"),
    };
    let organizations = ids.iter().map(|id| pb::Organization { id: (*id).into(), ..Default::default() });
    Reply::message(&pb::ListOrganizationsResponse {
        organizations: organizations.collect(),
        next_page_token: next.into(),
        ..Default::default()
    })
}

#[tokio::test]
async fn a_stream_goes_through_all_pages_and_fetches_them_when_needed() {
    let server = Server::start(paged).await;
    let list = server.client().organization().list_organization();
    let mut stream = list.clone().stream();
    assert_eq!(stream.try_next().await.unwrap().unwrap().id, "org_3");
    assert_eq!(stream.try_next().await.unwrap().unwrap().id, "org_2");
    assert_eq!(server.seen(SERVICE).len(), 1);
    assert_eq!(stream.try_next().await.unwrap().unwrap().id, "org_1");
    assert!(stream.try_next().await.unwrap().is_none());
    assert!(stream.try_next().await.unwrap().is_none());
    assert_eq!(server.seen(SERVICE).len(), 3);
    assert_eq!(server.seen(SERVICE)[0].message::<pb::ListOrganizationsRequest>().page_size, 100);

    let ids = list.clone().page_size(2).stream().try_collect().await.unwrap();
    assert_eq!(
        ids.iter().map(|organization| organization.id.as_str()).collect::<Vec<_>>(),
        ["org_3", "org_2", "org_1"]
    );
    assert_eq!(server.seen(SERVICE)[3].message::<pb::ListOrganizationsRequest>().page_size, 2);
    let pages = list.page_token("second").pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.organizations.len()).collect::<Vec<_>>(), [1, 0]);
}

#[tokio::test]
async fn a_list_that_goes_in_circles_ends() {
    let answer = pb::ListOrganizationsResponse { next_page_token: "again".into(), ..Default::default() };
    let (server, organizations) = answering(&answer).await;
    let error = organizations.list_organization().stream().try_collect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(server.seen(SERVICE).len(), 2);
}

#[tokio::test]
async fn search_organization() {
    let answer = pb::SearchOrganizationsResponse {
        organizations: acme().into_iter().collect(),
        total_size: 1,
        ..Default::default()
    };
    let (server, organizations) = answering(&answer).await;
    let found = organizations.search_organization("acme").page_size(5).page_token("p").await.unwrap();
    assert_eq!(found.organizations[0].id, "org_1");
    let message =
        pb::SearchOrganizationsRequest { query: "acme".into(), page_size: 5, page_token: "p".into() };
    assert_eq!(sent(&server), ("SearchOrganization".into(), message));

    let (server, organizations) = answering(&answer).await;
    assert_eq!(organizations.search_organization("acme").stream().try_collect().await.unwrap().len(), 1);
    assert_eq!(sent::<pb::SearchOrganizationsRequest>(&server).1.page_size, 30);
}

#[tokio::test]
async fn generate_portal_link() {
    let link = pb::Link {
        id: "lnk_1".into(),
        location: "https://a.test/magicLink/1".into(),
        expire_time: Some(prost_types::Timestamp { seconds: 1_767_225_660, nanos: 0 }),
    };
    let (server, organizations) =
        answering(&pb::GeneratePortalLinkResponse { link: Some(link.clone()) }).await;
    let answer = organizations
        .generate_portal_link("org_1")
        .features([PortalFeature::Sso, PortalFeature::DirSync])
        .await
        .unwrap();
    assert_eq!(answer.location, "https://a.test/magicLink/1");
    assert_eq!(answer.into_message(), link);
    let (rpc, message) = sent::<pb::GeneratePortalLinkRequest>(&server);
    assert_eq!((rpc.as_str(), message.id.as_str()), ("GeneratePortalLink", "org_1"));
    assert_eq!(message.features, [2, 1]);

    let (_server, organizations) = answering(&pb::GeneratePortalLinkResponse::default()).await;
    let error = organizations.generate_portal_link("org_1").await.unwrap_err();
    assert_eq!(error.message(), "the answer has no link");
}

#[tokio::test]
async fn portal_links_are_listed_and_deleted() {
    let link = pb::Link { id: "lnk_1".into(), ..Default::default() };
    let (server, organizations) = answering(&pb::GetPortalLinksResponse { links: vec![link] }).await;
    assert_eq!(organizations.get_portal_links("org_1").await.unwrap()[0].id, "lnk_1");
    let message = pb::GetPortalLinkRequest { id: "org_1".into() };
    assert_eq!(sent(&server), ("GetPortalLinks".into(), message));

    let (server, organizations) = answering(&()).await;
    organizations.delete_portal_link("org_1").await.unwrap();
    let message = pb::DeletePortalLinkRequest { id: "org_1".into() };
    assert_eq!(sent(&server), ("DeletePortalLink".into(), message));

    let (server, organizations) = answering(&()).await;
    organizations.delete_portal_link_by_id("org_1", "lnk_1").await.unwrap();
    let message = pb::DeletePortalLinkByIdRequest { id: "org_1".into(), link_id: "lnk_1".into() };
    assert_eq!(sent(&server), ("DeletePortalLinkByID".into(), message));
}

#[tokio::test]
async fn update_organization_settings() {
    let (server, organizations) = answering(&pb::GetOrganizationResponse { organization: acme() }).await;
    let settings = [("sso", true), ("dir_sync", false)];
    let organization = organizations.update_organization_settings("org_1", settings).await.unwrap();
    assert!(organization.feature_enabled("sso"));
    let feature = |name: &str, enabled| pb::OrganizationSettingsFeature { name: name.into(), enabled };
    let message = pb::UpdateOrganizationSettingsRequest {
        id: "org_1".into(),
        settings: Some(pb::OrganizationSettings {
            features: vec![feature("sso", true), feature("dir_sync", false)],
        }),
    };
    assert_eq!(sent(&server), ("UpdateOrganizationSettings".into(), message));
}

#[tokio::test]
async fn user_management_settings() {
    let settings = Some(pb::OrganizationUserManagementSettings { max_allowed_users: Some(100) });
    let (server, organizations) = answering(&pb::UpsertUserManagementSettingsResponse { settings }).await;
    let limit = OrganizationUserManagementSettings::with_max_allowed_users(100);
    assert_eq!(organizations.upsert_user_management_settings("org_1", limit).await.unwrap(), limit);
    let message = pb::UpsertUserManagementSettingsRequest { organization_id: "org_1".into(), settings };
    assert_eq!(sent(&server), ("UpsertUserManagementSettings".into(), message));

    let (server, organizations) =
        answering(&pb::GetOrganizationUserManagementSettingsResponse { settings: None }).await;
    let none = organizations.get_organization_user_management_setting("org_1").await.unwrap();
    assert_eq!(none.max_allowed_users, None);
    let message = pb::GetOrganizationUserManagementSettingsRequest { organization_id: "org_1".into() };
    assert_eq!(sent(&server), ("GetOrganizationUserManagementSetting".into(), message));
}

#[tokio::test]
async fn session_policies() {
    let policy = Some(pb::OrganizationSessionPolicySettings {
        policy_source: 2,
        absolute_session_timeout: Some(480),
        absolute_session_timeout_unit: Some(1),
        idle_session_timeout_enabled: Some(false),
        idle_session_timeout: Some(30),
        idle_session_timeout_unit: Some(1),
    });
    let (server, organizations) = answering(&pb::GetOrganizationSessionPolicyResponse { policy }).await;
    let read = organizations.get_organization_session_policy("org_1").await.unwrap();
    assert_eq!((read.policy_source, read.absolute_session_timeout), (SessionPolicySource::Custom, Some(480)));
    assert_eq!(read.idle_session_timeout_unit, Some(TimeUnit::Minutes));
    assert_eq!(Some(read.into_message()), policy);
    let message = pb::GetOrganizationSessionPolicyRequest { organization_id: "org_1".into() };
    assert_eq!(sent(&server), ("GetOrganizationSessionPolicy".into(), message));

    let (server, organizations) = answering(&pb::UpdateOrganizationSessionPolicyResponse { policy }).await;
    organizations
        .update_organization_session_policy("org_1", SessionPolicySource::Custom)
        .absolute_session_timeout(8, TimeUnit::Hours)
        .idle_session_timeout_enabled(true)
        .idle_session_timeout(30, TimeUnit::Minutes)
        .await
        .unwrap();
    let message = pb::UpdateOrganizationSessionPolicyRequest {
        organization_id: "org_1".into(),
        policy_source: 2,
        absolute_session_timeout: Some(8),
        absolute_session_timeout_unit: Some(2),
        idle_session_timeout_enabled: Some(true),
        idle_session_timeout: Some(30),
        idle_session_timeout_unit: Some(1),
    };
    assert_eq!(sent(&server), ("UpdateOrganizationSessionPolicy".into(), message));

    let application = pb::ApplicationSessionPolicySettings {
        absolute_session_timeout: 1440,
        access_token_expiry: 5,
        absolute_session_timeout_unit: Some(1),
        idle_session_timeout_unit: Some(1),
        ..Default::default()
    };
    let answer = pb::GetApplicationSessionPolicyResponse { application_policy: Some(application) };
    let (server, organizations) = answering(&answer).await;
    let limits = organizations.get_application_session_policy("org_1").await.unwrap();
    assert_eq!((limits.absolute_session_timeout, limits.access_token_expiry), (1440, 5));
    assert_eq!(limits.into_message(), application);
    assert_eq!(sent::<pb::GetApplicationSessionPolicyRequest>(&server).0, "GetApplicationSessionPolicy");
}

#[tokio::test]
async fn branding() {
    let answer = pb::OrganizationBranding { source: 2, ..Default::default() };
    let (server, organizations) =
        answering(&pb::GetOrganizationBrandingResponse { branding: Some(answer.clone()) }).await;
    let read = organizations.get_organization_branding("org_1").await.unwrap();
    assert_eq!((read.source, read.update_time), (BrandingSource::Custom, None));
    assert_eq!(sent::<pb::GetOrganizationBrandingRequest>(&server).0, "GetOrganizationBranding");

    let (server, organizations) =
        answering(&pb::UpdateOrganizationBrandingResponse { branding: Some(answer) }).await;
    let serde_json::Value::Object(settings) = json!({"primary_color": "#102030"}) else {
        panic!("an object")
    };
    organizations
        .update_organization_branding("org_1", BrandingSource::Custom)
        .customization_settings(settings.clone())
        .await
        .unwrap();
    let (rpc, message) = sent::<pb::UpdateOrganizationBrandingRequest>(&server);
    assert_eq!((rpc.as_str(), message.source), ("UpdateOrganizationBranding", 2));
    assert_eq!(crate::convert::json(message.customization_settings.unwrap()), settings);
}
