//! How long the lists of one request may be.
use super::support::*;
use gatewright::sql;
use gatewright_api::{rpc::directory_service as rpc, scalekit::v1::directories as pb};
use gatewright_testkit::{Api, Failure, Server, api_tests};
use serde_json::{Value as Json, json};
use tonic::Code;

/// The field that is too long.
fn too_long(failure: &Failure) -> &str {
    assert_eq!(failure.code, Code::InvalidArgument, "{failure:?}");
    let violations = failure.violations();
    assert_eq!((violations.len(), violations[0].1), (1, "repeated.max_items"), "{failure:?}");
    violations[0].0
}

async fn tracked_groups(t: &Server, api: &Api) -> Vec<Json> {
    let stored: String = sql!("SELECT tracked_groups FROM directories WHERE environment_id = $1")
        .bind(api.environment)
        .one(&mut t.app.db.read())
        .await
        .unwrap();
    serde_json::from_str(&stored).unwrap()
}

fn groups(count: usize) -> Vec<pb::ExternalGroup> {
    let group = |number| pb::ExternalGroup {
        external_id: format!("g{number}"),
        display_name: format!("Group {number}"),
        email: "all@acme.example".into(),
    };
    (0..count).map(group).collect()
}

fn mappings(count: usize) -> Vec<pb::DirectoryMapping> {
    let mapping = |number| pb::DirectoryMapping {
        key: format!("key{number}"),
        map_to: "title".into(),
        display_name: String::new(),
    };
    (0..count).map(mapping).collect()
}

api_tests! {
    async fn a_thousand_groups_are_chosen_and_keep_their_names(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Poll).await;
        let call = async |groups| {
            let new = pb::UpdateDirectory { name: "Workforce".into(), groups, ..Default::default() };
            api.call::<rpc::UpdateDirectory>(update(&made, new)).await
        };
        let choose = async |external_ids| {
            let request = pb::AssignGroupsForDirectoryRequest {
                id: made.id.clone(),
                organization_id: acme.id.clone(),
                external_ids,
            };
            api.call::<rpc::AssignGroupsForDirectory>(request).await
        };
        call(groups(1000)).await.unwrap();
        let chosen = (1..=1000).rev().map(|number| format!("g{number}")).collect::<Vec<_>>();
        choose(chosen.clone()).await.unwrap();
        let stored = tracked_groups(&t, &api).await;
        assert_eq!(stored.len(), 1000);
        assert_eq!(stored[0], json!({"external_id": "g1000"}), "nothing is known of a new one");
        let known = json!({"external_id": "g999", "display_name": "Group 999", "email": "all@acme.example"});
        assert_eq!(stored[1], known);

        let before = state(&t, &api).await;
        assert_eq!(too_long(&call(groups(1001)).await.unwrap_err()), "directory.groups");
        let more = [chosen, vec!["g1".to_owned()]].concat();
        assert_eq!(too_long(&choose(more).await.unwrap_err()), "external_ids", "also with one twice");
        assert_eq!(state(&t, &api).await, before);
        assert_eq!(tracked_groups(&t, &api).await, stored);
    }

    async fn a_thousand_attributes_are_mapped(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let call = async |mappings| {
            let new = pb::UpdateDirectory { name: "Workforce".into(), mappings, ..Default::default() };
            api.call::<rpc::UpdateDirectory>(update(&made, new)).await
        };
        let map = async |count| {
            let attributes = mappings(count).into_iter();
            let attributes = attributes.map(|one| pb::AttributeMapping { key: one.key, map_to: one.map_to });
            let request = pb::UpdateAttributesRequest {
                id: made.id.clone(),
                organization_id: acme.id.clone(),
                attribute_mapping: Some(pb::AttributeMappings { attributes: attributes.collect() }),
            };
            api.call::<rpc::UpdateAttributes>(request).await
        };
        let count = |mappings: Option<pb::AttributeMappings>| mappings.unwrap().attributes.len();
        assert_eq!(count(map(1000).await.unwrap().attribute_mappings), 1000);
        map(1).await.unwrap();
        let changed = call(mappings(1000)).await.unwrap().directory.unwrap();
        assert_eq!(count(changed.attribute_mappings), 1000);

        let before = state(&t, &api).await;
        assert_eq!(too_long(&map(1001).await.unwrap_err()), "attribute_mapping.attributes");
        assert_eq!(too_long(&call(mappings(1001)).await.unwrap_err()), "directory.mappings");
        assert_eq!(state(&t, &api).await, before);
        assert_eq!(count(get(&api, &made).await.attribute_mappings), 1000);
    }

    async fn a_thousand_groups_get_their_roles(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, pb::DirectoryType::Scim).await;
        let mut assignments = Vec::new();
        for (name, role) in [("A", "admin"), ("B", "member"), ("C", "admin"), ("D", "member")] {
            let group_id = add_group(&t, &made, name).await.to_string();
            let (role_name, role_id) = (role.to_owned(), String::new());
            assignments.push(pb::RoleAssignment { group_id, role_name, role_id });
        }
        let assign = async |assignments| {
            let request = pb::AssignRolesRequest {
                organization_id: acme.id.clone(),
                id: made.id.clone(),
                role_assignments: Some(pb::RoleAssignments { assignments }),
            };
            api.call::<rpc::AssignRoles>(request).await
        };
        let assigned = assign(assignments.clone()).await.unwrap().role_assignments.unwrap().assignments;
        let roles = assigned.iter().map(|one| one.role_name.as_str()).collect::<Vec<_>>();
        assert_eq!(roles, ["admin", "member", "admin", "member"]);

        let before = state(&t, &api).await;
        let unknown = |number| pb::RoleAssignment {
            group_id: format!("dirgroup_{number}"),
            role_name: "member".into(),
            role_id: String::new(),
        };
        assignments.extend((1..=996).map(unknown));
        assert_eq!(assign(assignments.clone()).await.unwrap_err().code, Code::NotFound, "not too many");
        assignments.push(unknown(997));
        assert_eq!(too_long(&assign(assignments).await.unwrap_err()), "role_assignments.assignments");
        assert_eq!(state(&t, &api).await, before);
        assert_eq!(get(&api, &made).await.role_assignments.unwrap().assignments, assigned);
    }
}
