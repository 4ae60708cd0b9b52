//! *Organizations* against the real server.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use gatewright_sdk::organization::{
    BrandingSource, OrganizationUserManagementSettings, PortalFeature, SessionPolicySource, TimeUnit,
};
use gatewright_sdk::{Organizations, ScalekitClient, ScalekitError};
use gatewright_testkit::{Server, api_tests};

fn organizations(t: &Server) -> Organizations {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap().organization()
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Every error of the server has a code and a request id.
fn checked(error: ScalekitError) -> ScalekitError {
    assert!(error.error_code().is_some_and(|code| !code.is_empty()), "{error:?}");
    assert!(error.request_id().is_some_and(|id| !id.is_empty()), "{error:?}");
    error
}

api_tests! {
    async fn an_organization_lives_from_creation_to_deletion(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations
            .create_organization("Acme")
            .external_id("crm-7")
            .slug("acme")
            .logo_url("https://cdn.test/acme.png")
            .metadata([("plan", "enterprise")])
            .await
            .unwrap();
        assert!(acme.id.starts_with("org_"));
        assert_eq!(acme.display_name, "Acme");
        assert_eq!(acme.external_id.as_deref(), Some("crm-7"));
        assert_eq!(acme.slug.as_deref(), Some("acme"));
        assert_eq!(acme.logo_url.as_deref(), Some("https://cdn.test/acme.png"));
        assert_eq!(acme.metadata, labels(&[("plan", "enterprise")]));
        assert!(acme.create_time.is_some());

        assert_eq!(organizations.get_organization(&acme.id).await.unwrap(), acme);
        assert_eq!(organizations.get_organization_by_external_id("crm-7").await.unwrap(), acme);

        organizations.delete_organization(&acme.id).await.unwrap();
        assert!(checked(organizations.get_organization(&acme.id).await.unwrap_err()).is_not_found());
        assert!(checked(organizations.delete_organization(&acme.id).await.unwrap_err()).is_not_found());

        organizations.create_organization("Acme").external_id("crm-7").await.unwrap();
        organizations.delete_organization_by_external_id("crm-7").await.unwrap();
        let error = organizations.get_organization_by_external_id("crm-7").await.unwrap_err();
        assert!(checked(error).is_not_found());
    }

    async fn bad_input_names_field_and_rule(t: Server) {
        let organizations = organizations(&t);
        let error = checked(organizations.create_organization("").await.unwrap_err());
        assert!(error.is_bad_request());
        assert_eq!((error.http_status(), error.grpc_status().unwrap().as_str()), (Some(400), "INVALID_ARGUMENT"));
        let violations = error.field_violations();
        assert_eq!(violations.len(), 1, "{violations:?}");
        let violation = violations.first().unwrap();
        assert_eq!(violation.field, "organization.display_name");
        assert_eq!(violation.constraint, "string.min_len");
        assert!(checked(organizations.get_organization("usr_1").await.unwrap_err()).is_bad_request());
        assert!(checked(organizations.list_organization().page_token("nonsense").await.unwrap_err()).is_bad_request());
        assert!(checked(organizations.search_organization("ac").await.unwrap_err()).is_bad_request());
        assert!(checked(organizations.search_organization("acme").page_size(31).await.unwrap_err()).is_bad_request());
    }

    async fn a_taken_external_id_or_slug_is_a_conflict(t: Server) {
        let organizations = organizations(&t);
        organizations.create_organization("Acme").external_id("crm-7").slug("acme").await.unwrap();
        let twice = checked(organizations.create_organization("B").external_id("crm-7").await.unwrap_err());
        assert!(twice.is_conflict());
        assert!(checked(organizations.create_organization("B").slug("acme").await.unwrap_err()).is_conflict());
        let other = organizations.create_organization("B").await.unwrap();
        let error = organizations.update_organization(&other.id).external_id("crm-7").await.unwrap_err();
        assert!(checked(error).is_conflict());
    }

    async fn an_update_keeps_sets_and_clears(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations
            .create_organization("Acme")
            .external_id("crm-7")
            .slug("acme")
            .logo_url("https://cdn.test/acme.png")
            .metadata([("plan", "pro"), ("size", "big")])
            .await
            .unwrap();

        let kept = organizations.update_organization(&acme.id).display_name("Acme 2").await.unwrap();
        assert_eq!(kept.display_name, "Acme 2");
        assert_eq!((&kept.external_id, &kept.slug), (&acme.external_id, &acme.slug));
        assert_eq!((&kept.logo_url, &kept.metadata), (&acme.logo_url, &acme.metadata));

        let replaced = organizations.update_organization_by_external_id("crm-7").metadata([("tier", "one")]).await;
        assert_eq!(replaced.unwrap().metadata, labels(&[("tier", "one")]));

        let without = organizations.update_organization(&acme.id).clear_slug().clear_logo_url().await.unwrap();
        assert_eq!(without.slug.unwrap_or_default(), "");
        assert_eq!(without.logo_url.unwrap_or_default(), "");
        assert_eq!(without.metadata, labels(&[("tier", "one")]));

        let bare = organizations.update_organization(&acme.id).clear_metadata().clear_external_id();
        let bare = bare.display_name("Acme 3").await.unwrap();
        assert_eq!(bare.display_name, "Acme 3");
        assert_eq!(bare.metadata, BTreeMap::new());
        assert_eq!(bare.external_id.unwrap_or_default(), "");

        let masked = organizations.update_organization(&acme.id).display_name("ignored").slug("acme-3");
        let masked = masked.update_mask(["slug"]).await.unwrap();
        assert_eq!((masked.display_name.as_str(), masked.slug.as_deref()), ("Acme 3", Some("acme-3")));
        let error = organizations.update_organization(&acme.id).update_mask(["no_such_field"]).await.unwrap_err();
        assert!(checked(error).is_bad_request());
    }

    async fn lists_come_in_pages_and_streams_newest_first(t: Server) {
        let organizations = organizations(&t);
        let mut ids = Vec::new();
        for number in 0..5 {
            let name = format!("Page {number}");
            let made = organizations.create_organization(name).external_id(format!("crm-{number}")).await;
            ids.insert(0, made.unwrap().id);
        }
        let first = organizations.list_organization().page_size(2).await.unwrap();
        assert_eq!((first.organizations.len(), first.total_size), (2, 5));
        assert_eq!(first.prev_page_token, None);
        let token = first.next_page_token.clone().unwrap();
        let second = organizations.list_organization().page_size(2).page_token(token).await.unwrap();
        let back = second.prev_page_token.unwrap();
        let again = organizations.list_organization().page_size(2).page_token(back).await.unwrap();
        assert_eq!(again.organizations, first.organizations);

        let streamed = organizations.list_organization().page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(streamed.into_iter().map(|one| one.id).collect::<Vec<_>>(), ids);
        let pages = organizations.list_organization().page_size(2).pages().try_collect().await.unwrap();
        assert_eq!(pages.iter().map(|page| page.organizations.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(organizations.list_organization().stream().try_collect().await.unwrap().len(), 5);

        let one = organizations.list_organization().external_id("crm-3").await.unwrap();
        assert_eq!(one.organizations.iter().map(|one| one.display_name.as_str()).collect::<Vec<_>>(), ["Page 3"]);
        let found = organizations.search_organization("PAGE 3").await.unwrap();
        assert_eq!((found.total_size, found.organizations.len()), (1, 1));
        let all = organizations.search_organization("page").page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(all.len(), 5);
    }

    async fn features_open_the_portal(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations.create_organization("Acme").await.unwrap();
        let refused = organizations.generate_portal_link(&acme.id).features([PortalFeature::DirSync]).await;
        assert!(checked(refused.unwrap_err()).is_bad_request());
        let changed = organizations
            .update_organization_settings(&acme.id, [("sso", true), ("directory_sync", true)])
            .await
            .unwrap();
        assert!(changed.feature_enabled("sso") && changed.feature_enabled("dir_sync"));
        let unknown = organizations.update_organization_settings(&acme.id, [("teleport", true)]).await;
        assert!(checked(unknown.unwrap_err()).is_bad_request());

        let both = [PortalFeature::Sso, PortalFeature::DirSync];
        let link = organizations.generate_portal_link(&acme.id).features(both).await.unwrap();
        assert!(link.location.starts_with(&format!("{}/", t.url)));
        assert!(link.expire_time.is_some());
        let missing = organizations.generate_portal_link("org_1").await.unwrap_err();
        assert!(checked(missing).is_not_found());
        // Dashboard users only.
        assert!(checked(organizations.get_portal_links(&acme.id).await.unwrap_err()).is_forbidden());
        assert!(checked(organizations.delete_portal_link(&acme.id).await.unwrap_err()).is_forbidden());
        let unknown = organizations.delete_portal_link_by_id(&acme.id, "lnk_1").await.unwrap_err();
        assert!(checked(unknown).is_not_found());
    }

    async fn the_number_of_users_has_a_limit(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations.create_organization("Acme").await.unwrap();
        let none = organizations.get_organization_user_management_setting(&acme.id).await.unwrap();
        assert_eq!(none.max_allowed_users, None);
        let limit = OrganizationUserManagementSettings::with_max_allowed_users(100);
        assert_eq!(organizations.upsert_user_management_settings(&acme.id, limit).await.unwrap(), limit);
        assert_eq!(organizations.get_organization_user_management_setting(&acme.id).await.unwrap(), limit);
    }

    async fn sessions_have_a_policy(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations.create_organization("Acme").await.unwrap();
        let policy = organizations.get_organization_session_policy(&acme.id).await.unwrap();
        assert_eq!(policy.policy_source, SessionPolicySource::Application);
        let custom = organizations
            .update_organization_session_policy(&acme.id, SessionPolicySource::Custom)
            .absolute_session_timeout(8, TimeUnit::Hours)
            .idle_session_timeout_enabled(true)
            .idle_session_timeout(30, TimeUnit::Minutes)
            .await
            .unwrap();
        assert_eq!(custom.policy_source, SessionPolicySource::Custom);
        assert_eq!((custom.absolute_session_timeout, custom.idle_session_timeout), (Some(480), Some(30)));
        assert_eq!(custom.absolute_session_timeout_unit, Some(TimeUnit::Minutes));
        assert_eq!(organizations.get_organization_session_policy(&acme.id).await.unwrap(), custom);
        let refused =
            organizations.update_organization_session_policy(&acme.id, SessionPolicySource::Unspecified).await;
        assert!(checked(refused.unwrap_err()).is_bad_request());
        let limits = organizations.get_application_session_policy(&acme.id).await.unwrap();
        assert!(limits.absolute_session_timeout > 0 && limits.access_token_expiry > 0);
    }

    async fn branding_is_inherited_or_own(t: Server) {
        let organizations = organizations(&t);
        let acme = organizations.create_organization("Acme").await.unwrap();
        let inherited = organizations.get_organization_branding(&acme.id).await.unwrap();
        assert_eq!((inherited.source, inherited.update_time), (BrandingSource::Environment, None));
        let nothing = organizations.update_organization_branding(&acme.id, BrandingSource::Custom).await;
        assert!(checked(nothing.unwrap_err()).is_bad_request());
    }

    async fn another_environments_organizations_do_not_exist(t: Server) {
        let other = t.add_environment("other").await;
        let theirs = t.api_in(&other).await.organization("Theirs").external_id("crm-7").create().await;
        let organizations = organizations(&t);
        assert!(checked(organizations.get_organization(&theirs.id).await.unwrap_err()).is_not_found());
        let by_external_id = organizations.get_organization_by_external_id("crm-7").await;
        assert!(checked(by_external_id.unwrap_err()).is_not_found());
        let update = organizations.update_organization(&theirs.id).display_name("Ours").await;
        assert!(checked(update.unwrap_err()).is_not_found());
        assert!(checked(organizations.delete_organization(&theirs.id).await.unwrap_err()).is_not_found());
        assert_eq!(organizations.list_organization().await.unwrap().total_size, 0);
        assert_eq!(organizations.search_organization("Theirs").await.unwrap().total_size, 0);
        // The same external id is free here.
        organizations.create_organization("Ours").external_id("crm-7").await.unwrap();
    }

    async fn twenty_creations_with_one_external_id_make_one(t: Server) {
        let organizations = organizations(&t);
        let tries = (0..20).map(|_| organizations.create_organization("Acme").external_id("crm-7").into_future());
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert!(checked(error).is_conflict());
        }
        assert_eq!(organizations.list_organization().await.unwrap().total_size, 1);
    }
}
