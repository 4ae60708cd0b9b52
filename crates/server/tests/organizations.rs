//! Organizations through the API: create, get, update and delete, over gRPC and over REST.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use gatewright_api::{
    Rpc,
    rpc::organization_service as rpc,
    scalekit::v1::{commons::RegionCode, organizations as pb},
};
use gatewright_testkit::{Api, api_tests};
use pb::{
    delete_organization_request::Identities as Deleted, get_organization_request::Identities as Got,
    update_organization_request::Identities as Updated,
};
use prost_types::FieldMask;
use serde_json::{Value as Json, json};
use tonic::Code;

const PATH: &str = "/api/v1/organizations";

fn update(id: &str, organization: pb::UpdateOrganization) -> pb::UpdateOrganizationRequest {
    pb::UpdateOrganizationRequest {
        identities: Some(Updated::Id(id.to_owned())),
        organization: Some(organization),
        update_mask: None,
    }
}

fn masked(id: &str, paths: &[&str], organization: pb::UpdateOrganization) -> pb::UpdateOrganizationRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    pb::UpdateOrganizationRequest { update_mask: Some(FieldMask { paths }), ..update(id, organization) }
}

async fn change(api: &Api, request: pb::UpdateOrganizationRequest) -> pb::Organization {
    api.call::<rpc::UpdateOrganization>(request).await.unwrap().organization.unwrap()
}

async fn delete(api: &Api, identity: Deleted) -> Result<(), gatewright_testkit::Failure> {
    api.call::<rpc::DeleteOrganization>(pb::DeleteOrganizationRequest { identities: Some(identity) }).await
}

fn features() -> Json {
    json!([{"name": "sso", "enabled": false}, {"name": "dir_sync", "enabled": false},
        {"name": "domain_verification", "enabled": false}, {"name": "session_policy", "enabled": false}])
}

/// An organization with a value in every field.
async fn full(api: &Api) -> pb::Organization {
    let new = api.organization("Nordlicht GmbH").external_id("tenant-419").slug("nordlicht.shop");
    new.logo_url("https://cdn.vendor.example/nl.png").metadata("plan", "team").create().await
}

api_tests! {
    async fn a_name_is_enough_to_create(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").create().await;
        assert!(made.id.strip_prefix("org_").unwrap().parse::<i64>().unwrap() > 0);
        assert_eq!(
            (made.external_id.as_deref(), made.slug.as_deref(), made.logo_url.as_deref()),
            (None, None, None)
        );
        assert_eq!(made.region_code(), RegionCode::Us);
        assert_eq!(made.create_time, made.update_time);
        assert!(made.metadata.is_empty());
        assert_eq!(
            made.settings.as_ref().unwrap().features.iter().filter(|feature| feature.enabled).count(),
            0
        );
        assert_eq!(api.organizations().await, [made]);
        assert_eq!(api.told().await.len(), 1);
    }

    async fn everything_that_is_created_comes_back(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        assert_eq!(made.display_name, "Nordlicht GmbH");
        assert_eq!(made.external_id.as_deref(), Some("tenant-419"));
        assert_eq!(made.slug.as_deref(), Some("nordlicht.shop"));
        assert_eq!(made.logo_url.as_deref(), Some("https://cdn.vendor.example/nl.png"));
        assert_eq!(made.metadata.get("plan").map(String::as_str), Some("team"));
        assert_eq!(api.find(&made.id).await, Some(made.clone()));
        for identities in [Got::Id(made.id.clone()), Got::ExternalId("tenant-419".to_owned())] {
            let request = pb::GetOrganizationRequest { identities: Some(identities) };
            assert_eq!(
                api.call::<rpc::GetOrganization>(request).await.unwrap().organization,
                Some(made.clone())
            );
        }
        let request =
            pb::GetOrganizationRequest { identities: Some(Got::ExternalId("tenant-419".to_owned())) };
        let found = api.call::<rpc::GetOrganizationByExternalId>(request).await.unwrap();
        assert_eq!(found.organization, Some(made));
        assert_eq!(api.told().await.len(), 1, "reading tells nothing");
    }

    async fn rest_creates_with_201_and_speaks_snake_case(t: Server) {
        let api = t.api().await;
        let body = json!({"displayName": "Nordlicht GmbH", "externalId": "tenant 4/19", "slug": "nordlicht",
            "logo_url": "https://cdn.vendor.example/nl.png", "metadata": {"plan": "team"}, "regionCode": "US",
            "id": "org_1", "nobodyKnowsThis": {"a": [1, null]}});
        let answer = api.post(PATH, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let made = &api.organizations().await[0];
        let time = |name: &str| answer.json["organization"][name].as_str().unwrap().to_owned();
        assert!(time("create_time").ends_with('Z'));
        let expected = json!({"organization": {"id": made.id, "create_time": time("create_time"),
            "update_time": time("create_time"), "display_name": "Nordlicht GmbH", "region_code": "US",
            "external_id": "tenant 4/19", "metadata": {"plan": "team"}, "settings": {"features": features()},
            "slug": "nordlicht", "logo_url": "https://cdn.vendor.example/nl.png"}});
        assert_eq!(answer.json, expected);
        assert_eq!(api.told().await.len(), 1);

        let got = api.get(&format!("{PATH}/{}", made.id)).await;
        assert_eq!((got.status, &got.json), (200, &expected));
        let got = api.get(&format!("{PATH}:external/tenant%204%2F19")).await;
        assert_eq!((got.status, &got.json), (200, &expected));
    }

    async fn rest_leaves_out_what_is_not_set(t: Server) {
        let api = t.api().await;
        let answer = api.post(PATH, json!({"display_name": "Acme", "external_id": ""})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let organization = answer.json["organization"].as_object().unwrap();
        let names: Vec<&str> = organization.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["id", "create_time", "update_time", "display_name", "region_code", "metadata", "settings"]
        );
        assert_eq!(organization["metadata"], json!({}));
    }

    async fn rest_updates_and_deletes(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        let path = format!("{PATH}/{}", made.id);
        api.told().await;
        let answer =
            api.patch(&path, json!({"displayName": "Südlicht", "createTime": "2020-01-01T00:00:00Z"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["organization"]["display_name"], "Südlicht");
        assert_eq!(answer.json["organization"]["slug"], "nordlicht.shop");
        let stored = api.find(&made.id).await.unwrap();
        assert_eq!(stored.create_time, made.create_time);
        assert_ne!(stored.update_time, made.update_time);
        assert_eq!(api.told().await[0].name, "organization.updated");

        let answer = api.delete(&path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
        assert_eq!(api.find(&made.id).await, None);
        assert_eq!(api.told().await[0].name, "organization.deleted");
        api.delete(&path).await.failure(404, 5);
        api.patch(&path, json!({"display_name": "Again"})).await.failure(404, 5);
        assert!(api.told().await.is_empty());
    }

    async fn a_taken_external_id_or_slug_is_refused_by_name(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").external_id("crm-7").slug("acme").create().await;
        let other = api.organization("Other").external_id("crm-8").slug("other").create().await;
        let before = api.state().await;
        let external = api.organization("Acme 2").external_id("crm-7").try_create().await.unwrap_err();
        assert_eq!(
            (external.code, external.info.error_code.as_str()),
            (Code::AlreadyExists, "ALREADY_EXISTS")
        );
        assert!(external.message.contains("external_id") && external.message.contains("already exists"));
        let slug = api.organization("Acme 2").slug("acme").try_create().await.unwrap_err();
        assert_eq!(slug.code, Code::AlreadyExists);
        assert!(slug.message.contains("slug"), "{}", slug.message);
        let path = format!("{PATH}/{}", other.id);
        let answer = api.patch(&path, json!({"display_name": "X", "external_id": "crm-7"})).await;
        assert!(answer.failure(409, 6).contains("external_id"));
        assert!(api.patch(&path, json!({"slug": "acme"})).await.failure(409, 6).contains("slug"));
        assert!(
            api.post(PATH, json!({"display_name": "X", "slug": "acme"}))
                .await
                .failure(409, 6)
                .contains("slug")
        );
        assert_eq!(api.state().await, before);
        // Its own values are no obstacle.
        assert_eq!(
            change(
                &api,
                update(
                    &acme.id,
                    pb::UpdateOrganization {
                        external_id: Some("crm-7".into()),
                        slug: Some("acme".into()),
                        ..Default::default()
                    }
                )
            )
            .await,
            acme
        );
    }

    async fn an_external_id_is_free_again_after_deletion_or_change(t: Server) {
        let api = t.api().await;
        let first = api.organization("First").external_id("crm-7").slug("acme").create().await;
        delete(&api, Deleted::ExternalId("crm-7".to_owned())).await.unwrap();
        let second = api.organization("Second").external_id("crm-7").slug("acme").create().await;
        assert_ne!(first.id, second.id);
        change(
            &api,
            update(
                &second.id,
                pb::UpdateOrganization {
                    external_id: Some("crm-8".into()),
                    slug: Some("acme2".into()),
                    ..Default::default()
                },
            ),
        )
        .await;
        api.organization("Third").external_id("crm-7").slug("acme").create().await;
        assert_eq!(
            api.get(&format!("{PATH}:external/crm-7")).await.json["organization"]["display_name"],
            "Third"
        );
        let names: Vec<String> = api.told().await.into_iter().map(|event| event.name).collect();
        assert_eq!(
            names,
            [
                "organization.created",
                "organization.deleted",
                "organization.created",
                "organization.updated",
                "organization.created"
            ]
        );
    }

    async fn two_environments_may_use_the_same_external_id_and_slug(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.api().await, t.api_in(&other).await);
        let mine = here.organization("Acme").external_id("crm-7").slug("acme").create().await;
        let theirs = there.organization("Acme").external_id("crm-7").slug("acme").create().await;
        assert_eq!(here.find(&theirs.id).await, None);
        assert_eq!(there.find(&mine.id).await, None);
        let before = (here.state().await, there.state().await);
        let request = update(
            &theirs.id,
            pb::UpdateOrganization { display_name: Some("X".into()), ..Default::default() },
        );
        assert_eq!(here.call::<rpc::UpdateOrganization>(request).await.unwrap_err().code, Code::NotFound);
        assert_eq!(delete(&here, Deleted::Id(theirs.id.clone())).await.unwrap_err().code, Code::NotFound);
        assert_eq!((here.state().await, there.state().await), before);
        delete(&here, Deleted::ExternalId("crm-7".to_owned())).await.unwrap();
        assert_eq!(there.organizations().await, [theirs]);
    }

    async fn an_update_by_id_or_external_id_changes_only_what_is_present(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        api.told().await;
        let request = update(
            &made.id,
            pb::UpdateOrganization { display_name: Some("Südlicht".into()), ..Default::default() },
        );
        let changed = change(&api, request).await;
        assert_eq!(
            changed,
            pb::Organization {
                display_name: "Südlicht".into(),
                update_time: changed.update_time,
                ..made.clone()
            }
        );
        assert_ne!(changed.update_time, made.update_time);
        let changed = change(
            &api,
            pb::UpdateOrganizationRequest {
                identities: Some(Updated::ExternalId("tenant-419".into())),
                ..update(
                    "",
                    pb::UpdateOrganization { external_id: Some("tenant-420".into()), ..Default::default() },
                )
            },
        )
        .await;
        assert_eq!(changed.external_id.as_deref(), Some("tenant-420"));
        assert_eq!(api.organizations().await, [changed]);
        let told = api.told().await;
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].data["external_id"], "tenant-420");
        let gone = pb::UpdateOrganizationRequest {
            identities: Some(Updated::ExternalId("tenant-419".into())),
            ..update("", Default::default())
        };
        assert_eq!(api.call::<rpc::UpdateOrganization>(gone).await.unwrap_err().code, Code::NotFound);
    }

    async fn an_empty_string_clears_what_can_be_cleared(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        let empty = || Some(String::new());
        let changed = change(
            &api,
            update(
                &made.id,
                pb::UpdateOrganization {
                    external_id: empty(),
                    slug: empty(),
                    logo_url: empty(),
                    ..Default::default()
                },
            ),
        )
        .await;
        assert_eq!((changed.external_id, changed.slug, changed.logo_url), (None, None, None));
        assert_eq!(changed.metadata, made.metadata);
        api.get(&format!("{PATH}:external/tenant-419")).await.failure(404, 5);
        let before = api.state().await;
        let request =
            update(&made.id, pb::UpdateOrganization { display_name: empty(), ..Default::default() });
        let failure = api.call::<rpc::UpdateOrganization>(request).await.unwrap_err();
        assert_eq!(failure.violations(), [("organization.display_name", "string.min_len")]);
        assert_eq!(api.state().await, before);
    }

    async fn metadata_is_replaced_as_a_whole_and_kept_when_empty(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").metadata("plan", "team").metadata("seat", "10").create().await;
        let path = format!("{PATH}/{}", made.id);
        let answer = api.patch(&path, json!({"metadata": {"tier": "gold"}})).await;
        assert_eq!(answer.json["organization"]["metadata"], json!({"tier": "gold"}));
        let before = api.state().await;
        let answer = api.patch(&path, json!({"metadata": {}})).await;
        assert_eq!(answer.json["organization"]["metadata"], json!({"tier": "gold"}));
        assert_eq!(api.state().await, before);
        let answer = api.patch(&format!("{path}?update_mask=metadata"), json!({})).await;
        assert_eq!(answer.json["organization"]["metadata"], json!({}));
    }

    async fn a_mask_names_exactly_what_changes(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        let everything = pb::UpdateOrganization {
            display_name: Some("New".into()),
            slug: Some("new".into()),
            external_id: Some("new".into()),
            ..Default::default()
        };
        let changed = change(&api, masked(&made.id, &["displayName"], everything.clone())).await;
        assert_eq!((changed.display_name.as_str(), &changed.slug), ("New", &made.slug));
        let changed =
            change(&api, masked(&made.id, &["organization.logo_url", "slug"], everything.clone())).await;
        assert_eq!(
            (changed.slug.as_deref(), changed.logo_url),
            (Some("new"), None),
            "masked and absent is cleared"
        );
        assert_eq!(changed.external_id, made.external_id);
        let path = format!("{PATH}/{}?updateMask=organization.externalId,metadata", made.id);
        let answer = api.patch(&path, json!({"displayName": "Not this"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let changed = api.find(&made.id).await.unwrap();
        assert_eq!((changed.external_id, changed.metadata.len()), (None, 0));
        assert_eq!(changed.display_name, "New");
        let told = api.told().await;
        assert_eq!(told.len(), 4);

        let before = api.state().await;
        for paths in [&["nothing_like_it"][..], &["metadata.plan"], &["slug", "Slug"], &[""]] {
            let request = masked(&made.id, paths, everything.clone());
            let failure = api.call::<rpc::UpdateOrganization>(request).await.unwrap_err();
            assert_eq!(failure.violations(), [("update_mask", "field_mask.path")], "{paths:?}");
        }
        let request = masked(&made.id, &["display_name"], Default::default());
        assert_eq!(
            api.call::<rpc::UpdateOrganization>(request).await.unwrap_err().code,
            Code::InvalidArgument
        );
        // Output-only fields may be named, and do nothing.
        change(&api, masked(&made.id, &["id", "create_time", "settings", "region_code"], everything)).await;
        assert_eq!(api.state().await, before);
    }

    async fn an_update_without_a_difference_stores_and_tells_nothing(t: Server) {
        let api = t.api().await;
        let made = full(&api).await;
        let before = api.state().await;
        let same = pb::UpdateOrganization {
            display_name: Some(made.display_name.clone()),
            external_id: made.external_id.clone(),
            metadata: made.metadata.clone(),
            slug: made.slug.clone(),
            logo_url: made.logo_url.clone(),
        };
        assert_eq!(change(&api, update(&made.id, same)).await, made);
        assert_eq!(change(&api, update(&made.id, Default::default())).await, made);
        assert_eq!(api.patch(&format!("{PATH}/{}", made.id), json!({})).await.status, 200);
        assert_eq!(api.state().await, before);
    }

    async fn a_second_delete_finds_nothing(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").external_id("crm-7").create().await;
        delete(&api, Deleted::Id(made.id.clone())).await.unwrap();
        let before = api.state().await;
        for identity in [Deleted::Id(made.id.clone()), Deleted::ExternalId("crm-7".into())] {
            assert_eq!(delete(&api, identity).await.unwrap_err().code, Code::NotFound);
        }
        assert_eq!(api.state().await, before);
        let nobody = pb::DeleteOrganizationRequest { identities: None };
        assert_eq!(
            api.call::<rpc::DeleteOrganization>(nobody).await.unwrap_err().code,
            Code::InvalidArgument
        );
    }

    async fn ids_of_other_kinds_and_malformed_ids_are_refused(t: Server) {
        let api = t.api().await;
        api.organization("Acme").create().await;
        let before = api.state().await;
        let long = format!("org_{}", "1".repeat(40));
        for id in ["usr_1", "org_", "org_01", "org_x", "ORG_1", "org_-1", "org_9223372036854775808", &long] {
            let get = api.get(&format!("{PATH}/{id}")).await;
            get.failure(400, 3);
            assert_eq!(get.violations()[0].0, "id", "{id}");
            api.patch(&format!("{PATH}/{id}"), json!({"display_name": "X"})).await.failure(400, 3);
            api.delete(&format!("{PATH}/{id}")).await.failure(400, 3);
            for method in ["settings", "session-policy", "settings/usermanagement"] {
                api.patch(
                    &format!("{PATH}/{id}/{method}"),
                    json!({"policy_source": "APPLICATION", "settings": {}}),
                )
                .await
                .failure(400, 3);
            }
        }
        api.get(&format!("{PATH}/org_1")).await.failure(404, 5);
        assert_eq!(api.state().await, before);
    }

    async fn by_external_id_needs_an_external_id(t: Server) {
        let api = t.api().await;
        let made = api.organization("Acme").external_id("crm-7").create().await;
        for identities in [Some(Got::Id(made.id.clone())), None] {
            let request = pb::GetOrganizationRequest { identities };
            let failure = api.call::<rpc::GetOrganizationByExternalId>(request).await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument);
            assert!(failure.message.contains("ExternalId is required"), "{}", failure.message);
        }
        let request = pb::GetOrganizationRequest { identities: Some(Got::ExternalId(String::new())) };
        let failure = api.call::<rpc::GetOrganizationByExternalId>(request).await.unwrap_err();
        assert_eq!(failure.violations(), [("external_id", "string.min_len")]);
        let request = pb::GetOrganizationRequest { identities: Some(Got::ExternalId("a\0b".into())) };
        assert_eq!(api.call::<rpc::GetOrganization>(request).await.unwrap_err().code, Code::InvalidArgument);
        let nobody = pb::GetOrganizationRequest { identities: None };
        assert_eq!(api.call::<rpc::GetOrganization>(nobody).await.unwrap_err().code, Code::InvalidArgument);
    }

    async fn names_of_people_are_fine_and_disguises_are_not(t: Server) {
        let api = t.api().await;
        let (longest, emoji) = ("ü".repeat(200), "👩‍💻".repeat(40));
        let fine = [
            "Zoë & Söhne",
            "شركة النيل",
            "日本電気",
            "क्‍ष",
            "👩‍💻 Labs",
            " x ",
            "'; DROP TABLE x --",
            &longest,
            &emoji,
        ];
        for name in fine {
            let made = api.organization(name).create().await;
            assert_eq!(api.find(&made.id).await.unwrap().display_name, name);
        }
        let target = api.organizations().await[0].id.clone();
        let before = api.state().await;
        let too_long = "ü".repeat(201);
        for name in [
            "",
            " ",
            "a\0b",
            "a\nb",
            "\u{7f}x",
            "\u{202e}gnp.exe",
            "\u{2066}x",
            "\u{200b}\u{200d}",
            "\u{feff}",
            &too_long,
        ] {
            let failure = api.organization(name).try_create().await.unwrap_err();
            assert_eq!(failure.code, Code::InvalidArgument, "{name:?}");
            assert_eq!(failure.violations()[0].0, "organization.display_name", "{name:?}");
            let answer = api.patch(&format!("{PATH}/{target}"), json!({"display_name": name})).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, "organization.display_name", "{name:?}");
        }
        assert_eq!(api.state().await, before);
    }

    async fn the_other_fields_have_their_limits_too(t: Server) {
        let api = t.api().await;
        let before = api.state().await;
        let invalid = async |body: Json, field: &str| {
            let mut with_name = json!({"display_name": "Acme"});
            with_name.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            let answer = api.post(PATH, with_name).await;
            answer.failure(400, 3);
            let fields = answer.violations();
            assert!(fields[0].0.starts_with(field), "{fields:?} instead of {field} for {body}");
        };
        for slug in ["", "Acme", "-a", "a-", "a..b", "a_b", ".a", "ä", &"a".repeat(64), &["a"; 128].join(".")]
        {
            invalid(json!({"slug": slug}), "organization.slug").await;
        }
        let long = format!("https://cdn.example/{}", "a".repeat(1005));
        for url in [
            "http://cdn.example/l.png",
            "javascript:alert(1)",
            "https://",
            "//x",
            "l.png",
            "https://u:p@x.example/",
            &long,
        ] {
            invalid(json!({"logo_url": url}), "organization.logo_url").await;
        }
        for id in ["a\0b", "a\u{202e}b", &"x".repeat(256)] {
            invalid(json!({"external_id": id}), "organization.external_id").await;
        }
        let eleven: serde_json::Map<_, _> = (0..11).map(|n| (format!("key{n}"), json!("v"))).collect();
        for metadata in [
            json!(eleven),
            json!({"ab": "v"}),
            json!({"a".repeat(26): "v"}),
            json!({"abc": ""}),
            json!({"abc": "v".repeat(257)}),
        ] {
            invalid(json!({"metadata": metadata}), "organization.metadata").await;
        }
        invalid(json!({"region_code": "EU"}), "organization.region_code").await;
        for body in [
            json!({"display_name": 7}),
            json!({"display_name": "A", "metadata": []}),
            json!([]),
            json!("x"),
            json!({"display_name": "A", "region_code": "MARS"}),
            json!({"display_name": "A", "metadata": {"abc": 1}}),
        ] {
            api.post(PATH, body).await.failure(400, 3);
        }
        for body in ["", "{", "null", "{\"display_name\":\"A\"}}", "\u{feff}{}"] {
            api.send("POST", PATH, body).await.failure(400, 3);
        }
        assert_eq!(api.state().await, before);

        let ten: serde_json::Map<_, _> =
            (0..10).map(|n| (format!("{n:x>25}"), json!("ü".repeat(256)))).collect();
        let slug = [["a"; 50].join("."), "b".repeat(63), "c".repeat(63), "d".repeat(25)].join(".");
        let widest = json!({"display_name": "Acme", "external_id": "ü".repeat(255), "metadata": ten, "region_code": "US",
            "slug": slug,
            "logo_url": &long[..1024]});
        let answer = api.post(PATH, widest.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        for name in ["external_id", "metadata", "slug", "logo_url"] {
            assert_eq!(answer.json["organization"][name], widest[name]);
        }
    }

    async fn text_that_is_not_utf_8_is_refused(t: Server) {
        #[derive(Clone, PartialEq, prost::Message)]
        struct Inner {
            #[prost(bytes = "vec", tag = "4")]
            display_name: Vec<u8>,
        }
        #[derive(Clone, PartialEq, prost::Message)]
        struct Outer {
            #[prost(message, optional, tag = "1")]
            organization: Option<Inner>,
        }
        struct Raw;
        impl Rpc for Raw {
            type Request = Outer;
            type Response = pb::CreateOrganizationResponse;
            const PATH: &'static str = rpc::CreateOrganization::PATH;
            const METHOD: &'static gatewright_api::plan::Method = rpc::CreateOrganization::METHOD;
        }
        let api = t.api().await;
        let before = api.state().await;
        let request = |name: &[u8]| Outer { organization: Some(Inner { display_name: name.to_vec() }) };
        for name in [&b"\xff\xfe"[..], b"Acme \xc3", b"\xed\xa0\x80"] {
            assert_eq!(api.call::<Raw>(request(name)).await.unwrap_err().code, Code::InvalidArgument);
        }
        api.get(&format!("{PATH}:external/%ff")).await.failure(400, 3);
        api.get(&format!("{PATH}:search?query=abc%ff")).await.failure(400, 3);
        assert_eq!(api.state().await, before);
        api.call::<Raw>(request(b"Acme")).await.unwrap();
    }
}
