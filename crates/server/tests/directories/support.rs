//! What these tests do over and over.
use gatewright::{
    directories::mirror::{self, NewGroup, NewUser},
    ids::{DirectoryGroupId, DirectoryUserId},
    sql,
    time::Timestamp,
};
use gatewright_api::{rpc::directory_service as rpc, scalekit::v1::directories as pb};
use gatewright_testkit::{Api, Failure, Server};
use serde_json::json;

pub fn path(organization: &str) -> String {
    format!("/api/v1/organizations/{organization}/directories")
}

pub async fn create(api: &Api, organization: &str, kind: pb::DirectoryType) -> pb::Directory {
    let request = pb::CreateDirectoryRequest {
        organization_id: organization.to_owned(),
        directory: Some(pb::CreateDirectory {
            directory_type: kind.into(),
            directory_provider: pb::DirectoryProvider::Okta.into(),
        }),
    };
    api.call::<rpc::CreateDirectory>(request).await.unwrap().directory.unwrap()
}

pub async fn get(api: &Api, directory: &pb::Directory) -> pb::Directory {
    let request = pb::GetDirectoryRequest {
        organization_id: directory.organization_id.clone(),
        id: directory.id.clone(),
    };
    api.call::<rpc::GetDirectory>(request).await.unwrap().directory.unwrap()
}

pub fn update(directory: &pb::Directory, new: pb::UpdateDirectory) -> pb::UpdateDirectoryRequest {
    pb::UpdateDirectoryRequest {
        organization_id: directory.organization_id.clone(),
        id: directory.id.clone(),
        directory: Some(new),
    }
}

pub async fn disable(api: &Api, directory: &pb::Directory) -> bool {
    let request = pb::ToggleDirectoryRequest {
        organization_id: directory.organization_id.clone(),
        id: directory.id.clone(),
    };
    api.call::<rpc::DisableDirectory>(request).await.unwrap().enabled
}

pub async fn delete(api: &Api, directory: &pb::Directory) -> Result<(), Failure> {
    let request = pb::DeleteDirectoryRequest {
        organization_id: directory.organization_id.clone(),
        id: directory.id.clone(),
    };
    api.call::<rpc::DeleteDirectory>(request).await
}

pub async fn add_user(t: &Server, directory: &pb::Directory, name: &str) -> DirectoryUserId {
    let new = NewUser {
        external_id: Some(format!("00u-{name}")),
        user_name: name.to_owned(),
        email: format!("{name}@acme.example"),
        given_name: "Mara".to_owned(),
        family_name: "Lund".to_owned(),
        emails: vec![format!("{name}@acme.example"), format!("{name}@mail.example")],
        detail: json!({"userName": name, "active": true}).as_object().unwrap().clone(),
    };
    let mut tx = t.app.db.write().await.unwrap();
    let id = mirror::add_user(&mut tx, &t.operator, directory.id.parse().unwrap(), &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn add_group(t: &Server, directory: &pb::Directory, name: &str) -> DirectoryGroupId {
    let new = NewGroup {
        external_id: Some(format!("g-{name}")),
        display_name: name.to_owned(),
        detail: json!({"displayName": name}).as_object().unwrap().clone(),
    };
    let mut tx = t.app.db.write().await.unwrap();
    let id = mirror::add_group(&mut tx, &t.operator, directory.id.parse().unwrap(), &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn join(
    t: &Server,
    directory: &pb::Directory,
    group: DirectoryGroupId,
    user: DirectoryUserId,
) -> bool {
    let mut tx = t.app.db.write().await.unwrap();
    let id = directory.id.parse().unwrap();
    let added = mirror::add_member(&mut tx, &t.operator, id, group, user).await.unwrap();
    tx.commit().await.unwrap();
    added
}

pub fn users_of(directory: &pb::Directory) -> pb::ListDirectoryUsersRequest {
    pb::ListDirectoryUsersRequest {
        organization_id: directory.organization_id.clone(),
        directory_id: directory.id.clone(),
        ..Default::default()
    }
}

pub fn groups_of(directory: &pb::Directory) -> pb::ListDirectoryGroupsRequest {
    pb::ListDirectoryGroupsRequest {
        organization_id: directory.organization_id.clone(),
        directory_id: directory.id.clone(),
        ..Default::default()
    }
}

pub async fn users(api: &Api, request: pb::ListDirectoryUsersRequest) -> pb::ListDirectoryUsersResponse {
    api.call::<rpc::ListDirectoryUsers>(request).await.unwrap()
}

pub fn names(answer: &pb::ListDirectoryUsersResponse) -> Vec<&str> {
    answer.users.iter().map(|user| user.preferred_username.as_str()).collect()
}

/// Rows of each table of the environment, and its events, to see that a refused call changed nothing.
pub async fn state(t: &Server, api: &Api) -> (Vec<(i64, bool, String, Timestamp)>, Vec<i64>, usize) {
    let tx = &mut t.app.db.read();
    let directories = sql!(
        "SELECT id, enabled, context, updated_at FROM directories WHERE environment_id = $1 ORDER BY id"
    )
    .bind(api.environment)
    .all(tx)
    .await
    .unwrap();
    let mut counts = Vec::new();
    for statement in [
        sql!("SELECT COUNT(*) FROM directory_secrets WHERE environment_id = $1"),
        sql!("SELECT COUNT(*) FROM directory_users WHERE environment_id = $1"),
        sql!("SELECT COUNT(*) FROM directory_groups WHERE environment_id = $1"),
        sql!("SELECT COUNT(*) FROM directory_group_members WHERE environment_id = $1"),
        sql!("SELECT COUNT(role_id) FROM directory_groups WHERE environment_id = $1"),
    ] {
        counts.push(statement.bind(api.environment).one(tx).await.unwrap());
    }
    (directories, counts, api.events().await.len())
}
