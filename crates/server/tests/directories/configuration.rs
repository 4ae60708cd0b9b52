//! The directory itself: create, change, switch, delete; secrets, attributes, context.
use super::support::*;
use gatewright::{sql, time::Timestamp};
use gatewright_api::{rpc::directory_service as rpc, scalekit::v1::directories as pb};
use gatewright_testkit::{Options, Server, api_tests, database_tests};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tonic::Code;

api_tests! {
    async fn a_directory_is_enabled_from_the_start(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        api.told().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        assert!(made.id.starts_with("dir_"));
        assert_eq!((made.name.as_str(), made.status.as_str(), made.enabled), ("Okta", "IN_PROGRESS", true));
        assert_eq!(
            (made.directory_type(), made.directory_provider()),
            (pb::DirectoryType::Scim, pb::DirectoryProvider::Okta)
        );
        assert_eq!(made.directory_endpoint, format!("{}/api/v1/directories/{}/scim/v2", t.url, made.id));
        assert!(made.secrets.is_empty() && made.last_synced_at.is_none());
        assert_eq!((made.groups_tracked.as_str(), made.email.as_str()), ("ALL", ""));
        assert_eq!(get(&api, &made).await, made);
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].name.as_str(), told[0].object.as_str()),
            ("organization.directory_enabled", "Directory")
        );
        assert_eq!(told[0].organization.unwrap().to_string(), acme.id);
        assert_eq!(
            told[0].data,
            json!({"id": made.id, "organization_id": acme.id, "directory_type": "SCIM",
            "provider": "OKTA", "enabled": true, "status": "IN_PROGRESS", "last_sync_at": null,
            "updated_at": told[0].data["updated_at"]})
        );
    }

    async fn rest_creates_with_201_and_speaks_snake_case(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let body = json!({"directoryType": "SCIM", "directory_provider": "MICROSOFT_AD"});
        let answer = api.post(&path(&acme.id), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id = answer.json["directory"]["id"].as_str().unwrap();
        let expected = json!({"id": id, "name": "Microsoft Entra ID", "directory_type": "SCIM",
            "organization_id": acme.id, "enabled": true, "directory_provider": "MICROSOFT_AD",
            "directory_endpoint": format!("{}/api/v1/directories/{id}/scim/v2", t.url), "total_users": 0,
            "total_groups": 0, "secrets": [], "stats": {"total_users": 0, "total_groups": 0},
            "role_assignments": {"assignments": []}, "attribute_mappings": {"attributes": []},
            "status": "IN_PROGRESS", "email": "", "groups_tracked": "ALL"});
        assert_eq!(answer.json["directory"], expected);
        assert_eq!(api.get(&format!("{}/{id}", path(&acme.id))).await.json["directory"], expected);
        assert_eq!(api.get(&path(&acme.id)).await.json, json!({"directories": [expected]}));
        let disabled = api.send("PATCH", &format!("{}/{id}:disable", path(&acme.id)), "").await;
        assert_eq!((disabled.status, &disabled.json), (200, &json!({"enabled": false})));
        let enabled = api.send("PATCH", &format!("{}/{id}:enable", path(&acme.id)), "").await;
        assert_eq!((enabled.status, &enabled.json), (200, &json!({"enabled": true})));
        let secret = api.send("POST", &format!("{}/{id}/secrets", path(&acme.id)), "").await;
        assert_eq!(secret.status, 201, "{}", secret.text);
        assert_eq!(
            api.get(&format!("{}/{id}/groups/summary", path(&acme.id))).await.json["groups"],
            json!([])
        );
        api.get(&format!("{}/{id}:sync", path(&acme.id))).await.failure(400, 9);
    }

    async fn what_a_directory_is_made_from_is_checked(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let before = state(&t, &api).await;
        for body in [
            json!({}),
            json!({"directory_type": "DIRECTORY_TYPE_UNSPECIFIED"}),
            json!({"directory_type": 9}),
            json!({"directory_type": "FTP"}),
            json!({"directory_type": "SCIM", "directory_provider": 99}),
            json!({"directory_provider": "OKTA"}),
        ] {
            api.post(&path(&acme.id), body).await.failure(400, 3);
        }
        let body = json!({"directory_type": "SCIM"});
        api.post(&path("org_1"), body.clone()).await.failure(404, 5);
        api.post(&path("usr_1"), body).await.failure(400, 3);
        assert_eq!(state(&t, &api).await, before);
    }

    async fn directories_are_listed_oldest_first(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let other = api.organization("Other").create().await;
        let mut ids = Vec::new();
        for kind in [pb::DirectoryType::Scim, pb::DirectoryType::Poll, pb::DirectoryType::Ldap] {
            ids.push(create(&api, &acme.id, kind).await.id);
        }
        create(&api, &other.id, pb::DirectoryType::Scim).await;
        let request = pb::ListDirectoriesRequest { organization_id: acme.id.clone() };
        let listed = api.call::<rpc::ListDirectories>(request).await.unwrap().directories;
        assert_eq!(listed.iter().map(|directory| directory.id.clone()).collect::<Vec<_>>(), ids);
        api.get(&path("org_1")).await.failure(404, 5);
    }

    async fn enabling_and_disabling_tell_once(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        api.told().await;
        let toggle = pb::ToggleDirectoryRequest { organization_id: acme.id.clone(), id: made.id.clone() };
        assert!(api.call::<rpc::EnableDirectory>(toggle.clone()).await.unwrap().enabled);
        assert!(api.told().await.is_empty(), "it was enabled already");
        assert!(!disable(&api, &made).await);
        assert!(!disable(&api, &made).await);
        assert!(!get(&api, &made).await.enabled);
        assert!(api.call::<rpc::EnableDirectory>(toggle).await.unwrap().enabled);
        let told = api.told().await;
        let told: Vec<_> = told.iter().map(|event| (event.name.as_str(), &event.data["enabled"])).collect();
        assert_eq!(
            told,
            [
                ("organization.directory_disabled", &json!(false)),
                ("organization.directory_enabled", &json!(true))
            ]
        );
    }

    async fn an_update_changes_what_is_present(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        disable(&api, &made).await;
        api.told().await;
        let new = |name: &str| pb::UpdateDirectory { name: name.to_owned(), ..Default::default() };
        let call = async |new| api.call::<rpc::UpdateDirectory>(update(&made, new)).await;
        let renamed = call(new("Workforce")).await.unwrap().directory.unwrap();
        assert_eq!(renamed, pb::Directory { name: "Workforce".into(), enabled: false, ..made.clone() });
        assert!(api.told().await.is_empty());
        let mapping =
            pb::DirectoryMapping { key: "desk".into(), map_to: "title".into(), display_name: "Desk".into() };
        let mut all = pb::UpdateDirectory { enabled: true, mappings: vec![mapping], ..new("Workforce") };
        all.set_status(pb::DirectoryStatus::Completed);
        all.set_directory_provider(pb::DirectoryProvider::Google);
        all.set_directory_type(pb::DirectoryType::Poll);
        let changed = call(all).await.unwrap().directory.unwrap();
        assert_eq!((changed.status.as_str(), changed.enabled), ("COMPLETED", true));
        assert_eq!(
            (changed.directory_type(), changed.directory_provider()),
            (pb::DirectoryType::Poll, pb::DirectoryProvider::Google)
        );
        assert_eq!(changed.attribute_mappings.as_ref().unwrap().attributes[0].map_to, "title");
        assert_eq!(api.told().await[0].name, "organization.directory_enabled");
        assert_eq!(get(&api, &made).await, changed);
        // Groups are chosen in polled directories, as this one is now.
        let group = pb::ExternalGroup {
            external_id: "g1".into(),
            display_name: "All".into(),
            email: "all@acme.example".into(),
        };
        let chosen = call(pb::UpdateDirectory { groups: vec![group], ..new("Workforce") }).await.unwrap();
        assert_eq!(chosen.directory.unwrap().groups_tracked, "SELECTED");
        let before = state(&t, &api).await;
        for bad in [
            new("\u{200b}"),
            new("a\nb"),
            new(&"x".repeat(257)),
            pb::UpdateDirectory { status: 9, ..new("x") },
            pb::UpdateDirectory { directory_type: 9, ..new("x") },
            pb::UpdateDirectory { directory_provider: 99, ..new("x") },
            pb::UpdateDirectory { mappings: vec![pb::DirectoryMapping::default()], ..new("x") },
        ] {
            assert_eq!(call(bad.clone()).await.unwrap_err().code, Code::InvalidArgument, "{bad:?}");
        }
        assert_eq!(state(&t, &api).await, before);
        let rest = api.patch(&format!("{}/{}", path(&acme.id), made.id), json!({"name": "Again"})).await;
        assert_eq!((rest.status, &rest.json["directory"]["name"]), (200, &json!("Again")));
        // The declared rule of the name counts for an absent one, too.
        let rest =
            api.patch(&format!("{}/{}", path(&acme.id), made.id), json!({"status": "IN_PROGRESS"})).await;
        assert!(rest.failure(400, 3).contains("directory.name"));
    }

    async fn only_a_disabled_directory_is_deleted_with_all_that_is_in_it(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (made, kept) = (
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
        );
        for directory in [&made, &kept] {
            let (user, group) =
                (add_user(&t, directory, "mara").await, add_group(&t, directory, "Buyers").await);
            assert!(join(&t, directory, group, user).await);
            assert!(!join(&t, directory, group, user).await);
            api.send("POST", &format!("{}/{}/secrets", path(&acme.id), directory.id), "").await;
        }
        let before = state(&t, &api).await;
        assert_eq!(before.1, [2, 2, 2, 2, 0]);
        let failure = delete(&api, &made).await.unwrap_err();
        assert_eq!(failure.code, Code::FailedPrecondition);
        assert!(
            failure.message.contains("directory is enabled") && failure.message.contains("disable"),
            "{failure:?}"
        );
        assert_eq!(state(&t, &api).await, before);
        disable(&api, &made).await;
        api.told().await;
        delete(&api, &made).await.unwrap();
        assert!(api.told().await.is_empty(), "the catalogue has no such event");
        assert_eq!(state(&t, &api).await.1, [1, 1, 1, 1, 0]);
        assert_eq!(delete(&api, &made).await.unwrap_err().code, Code::NotFound);
        let answer = api.delete(&format!("/api/v1/organizations/{}", acme.id)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(state(&t, &api).await.1, [0; 5]);
    }

    async fn secrets_are_shown_once_and_replaced(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let (organization_id, directory_id) = (acme.id.clone(), made.id.clone());
        let request = pb::CreateDirectorySecretRequest { organization_id, directory_id };
        let first = api.call::<rpc::CreateDirectorySecret>(request.clone()).await.unwrap();
        let second = api.call::<rpc::CreateDirectorySecret>(request).await.unwrap();
        let (record, plain) = (first.secret.unwrap(), first.plain_secret);
        assert!(
            plain.len() >= 43 && plain.ends_with(&record.secret_suffix) && record.secret_suffix.len() == 4
        );
        assert!(record.id.starts_with("sks_"));
        assert_eq!(
            (record.directory_id.as_str(), record.status()),
            (made.id.as_str(), pb::SecretStatus::Active)
        );
        let year = record.expire_time.unwrap().seconds - record.create_time.unwrap().seconds;
        assert_eq!((year, record.last_used_time), (365 * 86_400, None));
        assert_ne!(plain, second.plain_secret);

        let request = pb::RegenerateDirectorySecretRequest {
            organization_id: acme.id.clone(),
            directory_id: made.id.clone(),
        };
        let third = api.call::<rpc::RegenerateDirectorySecret>(request).await.unwrap();
        let answer = api.get(&format!("{}/{}", path(&acme.id), made.id)).await;
        let states: Vec<_> = answer.json["directory"]["secrets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|secret| (secret["id"].as_str().unwrap(), secret["status"].as_str().unwrap()))
            .collect();
        assert_eq!(
            states,
            [
                (third.secret.as_ref().unwrap().id.as_str(), "ACTIVE"),
                (second.secret.as_ref().unwrap().id.as_str(), "INACTIVE"),
                (record.id.as_str(), "INACTIVE"),
            ]
        );
        for secret in [&plain, &second.plain_secret, &third.plain_secret] {
            assert!(!answer.text.contains(secret.as_str()));
        }
        let hashes: Vec<Vec<u8>> =
            sql!("SELECT secret_hash FROM directory_secrets WHERE environment_id = $1 ORDER BY id")
                .bind(api.environment)
                .all(&mut t.app.db.read())
                .await
                .unwrap();
        assert_eq!(hashes[0], gatewright::vault::hash(&plain), "what is stored is the hash");
        assert!(api.events().await.iter().all(|event| !event.data.to_string().contains(&plain)));
    }

    async fn attributes_are_mapped_once_and_replaced_as_a_whole(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let path = format!("{}/{}/attributes", path(&acme.id), made.id);
        let two =
            json!({"attributes": [{"key": "desk", "map_to": "title"}, {"key": "floor", "map_to": "title"}]});
        let answer = api.put(&path, two.clone()).await;
        assert_eq!((answer.status, &answer.json["attribute_mappings"]), (200, &two));
        assert_eq!(get(&api, &made).await.attribute_mappings.unwrap().attributes.len(), 2);
        let before = state(&t, &api).await;
        for bad in [
            json!([{"key": "desk", "map_to": "title"}, {"key": "desk", "map_to": "nickName"}]),
            json!([{"key": "", "map_to": "title"}]),
            json!([{"key": "desk"}]),
            json!([{"key": "d".repeat(33), "map_to": "title"}]),
            json!([{"key": "de\nsk", "map_to": "title"}]),
            json!([{"key": "desk", "map_to": "\u{202e}title"}]),
        ] {
            api.put(&path, json!({"attributes": bad})).await.failure(400, 3);
        }
        assert_eq!(state(&t, &api).await, before);
        let none = api.put(&path, json!({"attributes": []})).await;
        assert_eq!(none.json, json!({"attribute_mappings": {"attributes": []}}));
    }

    async fn groups_of_a_polled_directory_are_chosen_and_nothing_else_is_polled(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let (scim, poll) = (
            create(&api, &acme.id, pb::DirectoryType::Scim).await,
            create(&api, &acme.id, pb::DirectoryType::Poll).await,
        );
        let choose = |directory: &pb::Directory, ids: &[&str]| pb::AssignGroupsForDirectoryRequest {
            id: directory.id.clone(),
            organization_id: acme.id.clone(),
            external_ids: ids.iter().map(|&id| id.to_owned()).collect(),
        };
        api.call::<rpc::AssignGroupsForDirectory>(choose(&poll, &["g1", "g2", "g1"])).await.unwrap();
        assert_eq!(get(&api, &poll).await.groups_tracked, "SELECTED");
        let refused = api.call::<rpc::AssignGroupsForDirectory>(choose(&scim, &["g1"])).await.unwrap_err();
        assert_eq!(refused.code, Code::FailedPrecondition);
        let none = api.call::<rpc::AssignGroupsForDirectory>(choose(&poll, &[])).await.unwrap_err();
        assert_eq!(none.code, Code::InvalidArgument);
        for directory in [&scim, &poll] {
            let request = pb::TriggerDirectorySyncRequest {
                directory_id: directory.id.clone(),
                organization_id: acme.id.clone(),
            };
            let failure = api.call::<rpc::TriggerDirectorySync>(request).await.unwrap_err();
            assert_eq!(failure.code, Code::FailedPrecondition, "{failure:?}");
        }
        let external =
            pb::ListDirectoryGroupsRequest { include_external_groups: Some(true), ..groups_of(&poll) };
        assert_eq!(
            api.call::<rpc::ListDirectoryGroups>(external).await.unwrap_err().code,
            Code::FailedPrecondition
        );
    }

    async fn the_context_is_for_pages_not_for_clients(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let context = |step: &str| {
            Some(prost_types::Struct {
                fields: [(
                    "step".to_owned(),
                    prost_types::Value { kind: Some(prost_types::value::Kind::StringValue(step.to_owned())) },
                )]
                .into(),
            })
        };
        let read = pb::GetDirectoryContextRequest {
            directory_id: made.id.clone(),
            organization_id: acme.id.clone(),
        };
        let write = |step: &str| pb::UpdateDirectoryContextRequest {
            directory_id: made.id.clone(),
            organization_id: acme.id.clone(),
            context: context(step),
        };
        assert_eq!(
            api.call::<rpc::GetDirectoryContext>(read.clone()).await.unwrap_err().code,
            Code::PermissionDenied
        );
        assert_eq!(
            api.call::<rpc::UpdateDirectoryContext>(write("a")).await.unwrap_err().code,
            Code::PermissionDenied
        );
        let empty = t.as_operator::<rpc::GetDirectoryContext>(&read).await.unwrap();
        assert!(empty.context.unwrap().fields.is_empty());
        t.as_operator::<rpc::UpdateDirectoryContext>(&write("secrets")).await.unwrap();
        assert_eq!(
            t.as_operator::<rpc::GetDirectoryContext>(&read).await.unwrap().context,
            context("secrets")
        );
        let large =
            t.as_operator::<rpc::UpdateDirectoryContext>(&write(&"x".repeat(65_536))).await.unwrap_err();
        assert_eq!(large.code(), "INVALID_ARGUMENT");
        let nowhere = pb::GetDirectoryContextRequest { directory_id: "dir_1".into(), ..read };
        assert_eq!(
            t.as_operator::<rpc::GetDirectoryContext>(&nowhere).await.unwrap_err().code(),
            "NOT_FOUND"
        );
    }

    async fn directories_of_others_do_not_exist(t: Server) {
        let other = t.add_environment("other").await;
        let (here, there) = (t.api().await, t.api_in(&other).await);
        let (mine, second) =
            (here.organization("Mine").create().await, here.organization("Second").create().await);
        let theirs = there.organization("Theirs").create().await;
        let (directory, foreign) = (
            create(&here, &mine.id, pb::DirectoryType::Scim).await,
            create(&there, &theirs.id, pb::DirectoryType::Scim).await,
        );
        let before = (state(&t, &here).await, state(&t, &there).await);
        for (organization, id, status) in [
            (&mine.id, &foreign.id, 404),
            (&second.id, &directory.id, 404),
            (&theirs.id, &foreign.id, 404),
            (&mine.id, &"dir_1".to_owned(), 404),
            (&mine.id, &"dom_1".to_owned(), 400),
            (&mine.id, &"dir_01".to_owned(), 400),
            (&"usr_1".to_owned(), &directory.id, 400),
        ] {
            let path = format!("{}/{id}", path(organization));
            let code = if status == 404 { 5 } else { 3 };
            here.get(&path).await.failure(status, code);
            here.delete(&path).await.failure(status, code);
            here.patch(&path, json!({"name": "X"})).await.failure(status, code);
            for part in [":enable", ":disable"] {
                here.send("PATCH", &format!("{path}{part}"), "").await.failure(status, code);
            }
            for part in ["/users", "/groups", "/groups/summary", ":sync"] {
                here.get(&format!("{path}{part}")).await.failure(status, code);
            }
            for part in ["/secrets", "/secrets:regenerate"] {
                here.send("POST", &format!("{path}{part}"), "").await.failure(status, code);
            }
            here.put(&format!("{path}/attributes"), json!({"attributes": []})).await.failure(status, code);
            here.put(&format!("{path}/groups:assign"), json!({"external_ids": ["g"]}))
                .await
                .failure(status, code);
            here.put(&format!("{path}/groups/-/roles:assign"), json!({"assignments": []}))
                .await
                .failure(status, code);
        }
        here.get(&path(&theirs.id)).await.failure(404, 5);
        assert_eq!((state(&t, &here).await, state(&t, &there).await), before);
    }

    async fn of_ten_deletions_one_wins_and_ten_secrets_all_survive(t: Server) {
        let api = Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await;
        let made = Arc::new(create(&api, &acme.id, pb::DirectoryType::Scim).await);
        let tasks = (0..10).map(|_| {
            let (api, made) = (api.clone(), made.clone());
            tokio::spawn(async move {
                let request = pb::CreateDirectorySecretRequest {
                    organization_id: made.organization_id.clone(),
                    directory_id: made.id.clone(),
                };
                api.call::<rpc::CreateDirectorySecret>(request).await.unwrap().plain_secret
            })
        });
        let mut secrets = std::collections::HashSet::new();
        for task in tasks.collect::<Vec<_>>() {
            secrets.insert(task.await.unwrap());
        }
        assert_eq!((secrets.len(), get(&api, &made).await.secrets.len()), (10, 10));
        disable(&api, &made).await;
        let tasks = (0..10).map(|_| {
            let (api, made) = (api.clone(), made.clone());
            tokio::spawn(async move { delete(&api, &made).await })
        });
        let mut deleted = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(()) => deleted += 1,
                Err(failure) => assert_eq!(failure.code, Code::NotFound, "{failure:?}"),
            }
        }
        assert_eq!(deleted, 1);
    }
}

database_tests! {
    async fn a_secret_is_inactive_after_a_year(kind: Database) {
        let start = Timestamp::from_micros(1_772_884_800_000_000);
        let t = Server::start_with(kind, Options { frozen_at: Some(start), ..Options::default() }).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        api.send("POST", &format!("{}/{}/secrets", path(&acme.id), made.id), "").await;
        t.advance(Duration::from_secs(365 * 86_400 - 1));
        let api = t.api().await;
        assert_eq!(get(&api, &made).await.secrets[0].status(), pb::SecretStatus::Active);
        t.advance(Duration::from_secs(1));
        assert_eq!(get(&api, &made).await.secrets[0].status(), pb::SecretStatus::Inactive);
    }
}
