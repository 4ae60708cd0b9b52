//! *Directories* against the real server.
#![expect(clippy::unwrap_used, reason = "tests")]

use gatewright::directories::mirror::{self, NewGroup, NewUser};
use gatewright_sdk::ScalekitClient;
use gatewright_sdk::directory::{DirectoryProvider, DirectoryType};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn organization(client: &ScalekitClient) -> String {
    client.organization().create_organization("Acme").await.unwrap().id
}

/// A directory with 35 users, the even ones in a group.
async fn filled(t: &Server, client: &ScalekitClient, organization: &str) -> (String, String) {
    let made =
        client.directory().create_directory(organization, DirectoryType::Scim, DirectoryProvider::Okta);
    let directory = made.await.unwrap().id;
    let id = directory.parse().unwrap();
    let mut tx = t.app.db.write().await.unwrap();
    let group = NewGroup { display_name: "Even".to_owned(), ..NewGroup::default() };
    let group = mirror::add_group(&mut tx, &t.operator, id, &group).await.unwrap();
    for number in 0..35 {
        let email = format!("u{number}@acme.example");
        let detail = [("nickName".to_owned(), serde_json::json!(number))].into_iter().collect();
        let user = NewUser {
            user_name: email.clone(),
            emails: vec![email.clone()],
            email,
            detail,
            ..NewUser::default()
        };
        let user = mirror::add_user(&mut tx, &t.operator, id, &user).await.unwrap();
        if number % 2 == 0 {
            mirror::add_member(&mut tx, &t.operator, id, group, user).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    (directory, group.to_string())
}

api_tests! {
    async fn a_directory_lives_from_creation_to_deletion(t: Server) {
        let client = client(&t);
        let acme = organization(&client).await;
        let missing = client.directory().get_primary_directory_by_organization_id(&acme).await.unwrap_err();
        assert!(missing.is_not_found());
        assert_eq!(missing.message(), "Directory does not exist for organization");
        assert!(client.directory().list_directories(&acme).await.unwrap().is_empty());

        let make = |provider| client.directory().create_directory(&acme, DirectoryType::Scim, provider);
        let first = make(DirectoryProvider::Okta).await.unwrap();
        let second = make(DirectoryProvider::Unspecified).await.unwrap();
        assert!(first.id.starts_with("dir_") && first.enabled);
        assert_eq!((first.name.as_str(), first.status.as_str()), ("Okta", "IN_PROGRESS"));
        assert_eq!(first.directory_endpoint, format!("{}/api/v1/directories/{}/scim/v2", t.url, first.id));
        assert_eq!((first.total_users, first.total_groups, first.last_synced_at), (0, 0, None));
        assert_eq!(client.directory().get_directory(&acme, &first.id).await.unwrap(), first);
        assert_eq!(client.directory().list_directories(&acme).await.unwrap(), [first.clone(), second]);
        let primary = client.directory().get_primary_directory_by_organization_id(&acme).await.unwrap();
        assert_eq!(primary, first);

        let error = client.directory().delete_directory(&acme, &first.id).await.unwrap_err();
        assert!(error.is_bad_request() && error.message().contains("directory is enabled"), "{error}");
        let toggled = client.directory().disable_directory(&acme, &first.id).await.unwrap();
        assert_eq!((toggled.enabled, toggled.error_message), (false, None));
        assert!(client.directory().enable_directory(&acme, &first.id).await.unwrap().enabled);
        client.directory().disable_directory(&acme, &first.id).await.unwrap();
        client.directory().delete_directory(&acme, &first.id).await.unwrap();
        assert!(client.directory().get_directory(&acme, &first.id).await.unwrap_err().is_not_found());
    }

    async fn users_and_groups_come_in_pages_and_streams(t: Server) {
        let client = client(&t);
        let acme = organization(&client).await;
        let (directory, group) = filled(&t, &client, &acme).await;
        let page = client.directory().list_directory_users(&acme, &directory).await.unwrap();
        assert_eq!((page.users.len(), page.total_size), (10, 35));
        let newest = page.users.first().unwrap();
        assert_eq!(newest.email, "u34@acme.example");
        assert_eq!((newest.emails.len(), newest.groups.len(), &newest.user_detail), (1, 1, &None));
        let next = client.directory().list_directory_users(&acme, &directory);
        let next = next.page_token(page.next_page_token.unwrap()).await.unwrap();
        assert_eq!(next.users.first().unwrap().email, "u24@acme.example");
        let all =
            client.directory().list_directory_users(&acme, &directory).stream().try_collect().await.unwrap();
        assert_eq!(all.len(), 35);

        let members = client.directory().list_directory_users(&acme, &directory).directory_group_id(&group);
        let members = members.include_detail(true).page_size(30).await.unwrap();
        assert_eq!((members.users.len(), members.total_size), (18, 18));
        let detail = members.users.first().unwrap().user_detail.clone().unwrap();
        assert_eq!(detail.get("nickName"), Some(&serde_json::json!(34)));
        let last = members.users.first().unwrap().updated_at.unwrap();
        let later =
            client.directory().list_directory_users(&acme, &directory).updated_after(last).await.unwrap();
        assert!(later.total_size >= 1 && later.users.iter().all(|user| user.updated_at.unwrap() >= last));

        let groups =
            client.directory().list_directory_groups(&acme, &directory).include_detail(true).await.unwrap();
        assert_eq!((groups.groups.len(), groups.total_size), (1, 1));
        let even = groups.groups.first().unwrap();
        assert_eq!(
            (even.display_name.as_str(), even.total_users, even.group_detail.is_some()),
            ("Even", 18, true)
        );
        let streamed =
            client.directory().list_directory_groups(&acme, &directory).stream().try_collect().await.unwrap();
        assert_eq!(streamed.len(), 1);
        let error =
            client.directory().list_directory_users(&acme, &directory).page_size(31).await.unwrap_err();
        assert!(error.is_bad_request());
    }

    async fn a_directory_has_secrets_and_roles(t: Server) {
        let client = client(&t);
        let acme = organization(&client).await;
        let (directory, group) = filled(&t, &client, &acme).await;
        let first = client.directory().create_directory_secret(&acme, &directory).await.unwrap();
        assert!(first.id.starts_with("sks_") && first.plain_secret.ends_with(&first.secret_suffix));
        assert!(!format!("{first:?}").contains(&first.plain_secret));
        let second = client.directory().regenerate_directory_secret(&acme, &directory).await.unwrap();
        assert_ne!(first.plain_secret, second.plain_secret);
        let secrets =
            client.directory().get_directory(&acme, &directory).await.unwrap().into_message().secrets;
        let states: Vec<_> = secrets.iter().map(|secret| (secret.id.as_str(), secret.status)).collect();
        assert_eq!(states, [(second.id.as_str(), 0), (first.id.as_str(), 1)]);

        let assigned = client.directory().assign_roles(&acme, &directory, [(&group, "admin")]).await.unwrap();
        assert_eq!(assigned, [(group.clone(), "admin".to_owned())]);
        let unknown =
            client.directory().assign_roles(&acme, &directory, [(&group, "nobody")]).await.unwrap_err();
        assert!(unknown.is_not_found());
        let message = client.directory().get_directory(&acme, &directory).await.unwrap().into_message();
        assert_eq!(message.role_assignments.unwrap().assignments.len(), 1);
    }
}
