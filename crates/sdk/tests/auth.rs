//! *Auth* against the real server. The test opens the login requests, as the authorization endpoint does.
#![expect(clippy::unwrap_used, reason = "tests")]

use gatewright::ids::{ApplicationId, AuthRequestId, ConnectionId};
use gatewright::login::{self, NewLoginRequest, ReportedUser, Resource};
use gatewright_sdk::ScalekitClient;
use gatewright_sdk::auth::LoginUser;
use gatewright_testkit::{Server, api_tests};

const CONNECTION: ConnectionId = ConnectionId::from_i64(731_209_900_777_001);
const SIGN_IN: AuthRequestId = AuthRequestId::from_i64(731_209_902_000_002);

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

/// A login request and its state. The server's own application stands in for a client of a resource.
async fn open(t: &Server) -> (String, String) {
    let application: ApplicationId = t.client_id.parse().unwrap();
    let request = NewLoginRequest {
        auth_request: SIGN_IN,
        connection: CONNECTION,
        client: application.as_i64(),
        sk_client_id: "m2m_1".to_owned(),
        requested_client_id: "m2m_1".to_owned(),
        is_dcr: true,
        is_cimd: false,
        scopes: vec!["todo:read".to_owned()],
        resource: Resource { id: "res_1".to_owned(), name: "Globex Todo".to_owned() },
    };
    let mut tx = t.app.db.write().await.unwrap();
    let (login, state) = login::open(&mut tx, &t.operator, request).await.unwrap();
    tx.commit().await.unwrap();
    (login.id.to_string(), state.expose().clone())
}

async fn take(t: &Server, state: &str) -> ReportedUser {
    let mut tx = t.app.db.write().await.unwrap();
    let (request, user) = login::take(&mut tx, &t.operator, CONNECTION, state).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(request, SIGN_IN);
    user
}

api_tests! {
    async fn a_user_who_signed_in_elsewhere_is_reported(t: Server) {
        let client = client(&t);
        let (id, state) = open(&t).await;
        let details = client.auth().get_login_request_details(&id).await.unwrap();
        assert_eq!((&details.auth_request_id, details.scopes.as_slice()), (&SIGN_IN.to_string(), ["todo:read".to_owned()].as_slice()));
        assert_eq!((details.client_id.as_str(), details.sk_client_id.as_str(), details.is_dcr, details.is_cimd), ("m2m_1", "m2m_1", true, false));
        assert!(!details.client_name.is_empty());
        assert_eq!((details.resource_id.as_str(), details.resource_name.as_str()), ("res_1", "Globex Todo"));

        let attributes = serde_json::json!({"tier": "gold", "limits": {"rows": 500}});
        let user = LoginUser::new("u-4471", "dana@globex.example")
            .given_name("Dana").family_name("Reyes").name("Dana Reyes").email_verified(true)
            .phone_number("+4930123456", true).preferred_username("dana").picture("https://globex.example/dana.png")
            .gender("female").locale("de-AT").groups(["staff"]).roles(["support"])
            .organization_external_id("t-77").organization_external_name("Globex")
            .custom_attributes(attributes.as_object().unwrap().clone());
        let connection = CONNECTION.to_string();
        for _ in 0..2 {
            let reported = client.auth().update_login_user_details(&connection, &id, user.clone()).await.unwrap();
            assert_eq!(reported, SIGN_IN.to_string());
        }
        let taken = take(&t, &state).await;
        assert_eq!(taken, ReportedUser {
            sub: "u-4471".into(), email: "dana@globex.example".into(), given_name: "Dana".into(), family_name: "Reyes".into(),
            email_verified: true, phone_number: "+4930123456".into(), phone_number_verified: true, name: "Dana Reyes".into(),
            preferred_username: "dana".into(), picture: "https://globex.example/dana.png".into(), gender: "female".into(),
            locale: "de-AT".into(), groups: vec!["staff".into()], custom_attributes: attributes,
            organization_external_id: Some("t-77".into()), organization_external_name: Some("Globex".into()),
            roles: vec!["support".into()], login_failed: false,
        });

        let (id, state) = open(&t).await;
        client.auth().update_login_user_details(&connection, &id, LoginUser::failed()).await.unwrap();
        assert!(take(&t, &state).await.login_failed);
    }

    async fn a_bad_report_says_why(t: Server) {
        let client = client(&t);
        let (id, _) = open(&t).await;
        let connection = CONNECTION.to_string();
        for user in [LoginUser::new("", "dana@globex.example"), LoginUser::new("u-1", ""), LoginUser::new("u-1", "dana"), LoginUser::default()] {
            let error = client.auth().update_login_user_details(&connection, &id, user).await.unwrap_err();
            assert!(error.is_bad_request() && !error.field_violations().is_empty(), "{error}");
        }
        let dana = LoginUser::new("u-1", "dana@globex.example");
        assert!(client.auth().update_login_user_details("conn_1", &id, dana.clone()).await.unwrap_err().is_not_found());
        assert!(client.auth().update_login_user_details(&connection, "lri_1", dana.clone()).await.unwrap_err().is_bad_request());
        assert!(client.auth().update_login_user_details("res_1", &id, dana).await.unwrap_err().is_bad_request());
        assert!(client.auth().get_login_request_details("lri_1").await.unwrap_err().is_bad_request());
    }
}
