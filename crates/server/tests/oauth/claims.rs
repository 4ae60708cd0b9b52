//! What tokens say: auth.md 3.1 to 3.3, 7.8.
use super::{START_SECONDS, application, frozen, part, payload};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use gatewright::{
    identities::Identity,
    oauth::{Grant, Subject},
};
use gatewright_testkit::{Api, VERIFIER, database_tests};
use serde_json::{Value as Json, json};

/// The left half of the SHA-256.
fn half_hash(text: &str) -> String {
    BASE64URL.encode(&gatewright::vault::hash(text)[..16])
}

/// Without what is new each time; the id of a token is one.
fn settled(mut claims: Json) -> Json {
    let object = claims.as_object_mut().unwrap();
    if let Some(id) = object.remove("jti") {
        assert!(id.as_str().unwrap().starts_with("tkn_"));
    }
    claims
}

fn identity() -> Identity {
    Identity {
        subject: "00u1".to_owned(),
        email: "dana@globex.example".to_owned(),
        email_verified: true,
        name: "Dana Reyes".to_owned(),
        given_name: "Dana".to_owned(),
        ..Identity::default()
    }
}

async fn resource(api: &Api, more: Json) -> (String, String, String) {
    for name in ["todo:read", "todo:write"] {
        api.post("/api/v1/permissions", json!({"name": name, "description": name})).await;
    }
    let mut body = json!({"resource_type": "MCP_SERVER", "name": "Todo", "resource_uri": "https://mcp.globex.test/mcp",
        "access_token_expiry": "300", "refresh_token_expiry": "3600", "scopes": ["todo:read", "todo:write"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = api.post("/api/v1/resources", body).await;
    let id = made.json["resource"]["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "Agent", "scopes": ["todo:read", "todo:write"], "redirect_uris": ["https://agent.test/cb"],
        "custom_claims": [{"key": "tier", "value": "gold"}]});
    let client = api.post(&format!("/api/v1/resources/{id}/clients"), body).await;
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    (id, text(&client.json["client"]["client_id"]), text(&client.json["plain_secret"]))
}

database_tests! {
    async fn tokens_of_a_member_say_who_where_and_what_she_may_do(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        api.post("/api/v1/permissions", json!({"name": "orders:read", "description": "Orders"})).await;
        api.post("/api/v1/roles", json!({"name": "buyer", "display_name": "Buyer", "extends": "member",
            "permissions": ["orders:read"]})).await;
        let organization = api.organization("Acme").external_id("crm-7").create().await;
        let user = api.member(&organization.id, "dana@acme.example").external_id("u-77").role("buyer").create().await;
        let profile = json!({"user_profile": {"given_name": "Dana", "family_name": "Reyes", "locale": "de-AT",
            "phone_number": "+4930901820", "custom_attributes": {"team": "blue", "roles": "x"}}});
        assert_eq!(api.patch(&format!("/api/v1/users/{}", user.id), profile).await.status, 200);
        let (session, _) = t.sign_in(&user.id, &organization.id).await;
        let subject = Subject::Member { user: user.id.parse().unwrap(), session: session.id,
            organization: organization.id.parse().unwrap() };
        let grant = Grant { subject, connection: Some("conn_77".parse().unwrap()),
            custom_claims: json!({"plan": "pro", "seats": 5}).as_object().unwrap().clone(),
            ..t.external_grant("x", Identity::default()) };
        let code = t.code(&grant).await;
        let answer = t.exchange(&code, &[]).await;
        assert_eq!(answer.json["expires_in"], 300);
        let (access, id) = (answer.text_at("access_token"), answer.text_at("id_token"));
        for token in [access, id] {
            let header = part(token, 0);
            let names: Vec<&String> = header.as_object().unwrap().keys().collect();
            assert_eq!(names, ["alg", "kid", "typ"]);
            assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
        }
        assert_eq!(settled(payload(access)), json!({
            "iss": t.url, "sub": user.id, "aud": [t.client_id], "client_id": t.client_id,
            "oid": organization.id, "sid": session.id.to_string(),
            "roles": ["buyer"], "permissions": ["orders:read", "sk_org_settings_read", "sk_org_users_read"],
            "scope": "openid profile email offline_access", "scopes": ["openid", "profile", "email", "offline_access"],
            "xoid": "crm-7", "xuid": "u-77", "custom_claims": {"plan": "pro", "seats": 5},
            "iat": START_SECONDS, "nbf": START_SECONDS, "exp": START_SECONDS + 300,
        }));
        assert_eq!(payload(id), json!({
            "iss": t.url, "sub": user.id, "aud": [t.client_id], "azp": t.client_id, "client_id": t.client_id,
            "oid": organization.id, "sid": session.id.to_string(), "amr": ["conn_77"], "auth_time": START_SECONDS,
            "nonce": "n-0S6_WzA2Mj", "at_hash": half_hash(access), "c_hash": half_hash(&code),
            "email": "dana@acme.example", "email_verified": true, "name": "Dana Reyes", "given_name": "Dana",
            "family_name": "Reyes", "locale": "de-AT", "team": "blue",
            "iat": START_SECONDS, "exp": START_SECONDS + 3600,
        }));
        // Claims are made anew with each refresh.
        api.put("/api/v1/roles/buyer", json!({"extends": ""})).await;
        assert_eq!(api.patch(&format!("/api/v1/users/{}", user.id), json!({"external_id": "u-78"})).await.status, 200);
        let answer = t.refresh(answer.text_at("refresh_token"), &[]).await;
        let claims = payload(answer.text_at("access_token"));
        assert_eq!((&claims["xuid"], &claims["custom_claims"]), (&json!("u-78"), &json!({"plan": "pro", "seats": 5})));
        assert_eq!(payload(answer.text_at("id_token"))["amr"], json!(["conn_77"]));
    }

    async fn tokens_of_modular_mode_say_little(kind: Database) {
        let t = frozen(kind).await;
        let grant = t.external_grant("conn_77;00u1", identity());
        let answer = t.exchange(&t.code(&grant).await, &[]).await;
        assert_eq!(answer.json["expires_in"], 900);
        assert_eq!(settled(payload(answer.text_at("access_token"))), json!({
            "iss": t.url, "sub": "conn_77;00u1", "aud": [t.client_id], "client_id": t.client_id,
            "scope": "openid profile email offline_access", "scopes": ["openid", "profile", "email", "offline_access"],
            "iat": START_SECONDS, "nbf": START_SECONDS, "exp": START_SECONDS + 900,
        }));
        let id = payload(answer.text_at("id_token"));
        assert_eq!((&id["sub"], &id["email"], &id["name"]),
            (&json!("conn_77;00u1"), &json!("dana@globex.example"), &json!("Dana Reyes")));
        assert!(id["sid"].as_str().unwrap().starts_with("ses_") && id.get("oid").is_none());
        assert_eq!(t.refresh(answer.text_at("refresh_token"), &[]).await.status, 200);
    }

    async fn an_applications_own_lifetime_outweighs_the_environments(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (client, _) = application(&api, "SPA").await;
        let id = client.to_string();
        assert_eq!(api.patch(&format!("/api/v1/clients/{id}"), json!({"access_token_expiry": 1200})).await.status, 201);
        let who = t.signed_in(&api).await;
        let code = t.code_with_pkce(&Grant { client, ..t.grant(&who) }).await;
        let form = [("grant_type", "authorization_code"), ("client_id", id.as_str()), ("code", &code),
            ("redirect_uri", gatewright_testkit::CALLBACK), ("code_verifier", VERIFIER)];
        let answer = t.form("/oauth/token", &form).await;
        assert_eq!(answer.json["expires_in"], 1200, "{}", answer.text);
    }

    async fn a_token_for_a_resource_names_it_and_no_scope_that_it_has_not(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (resource, client, secret) = resource(&api, json!({})).await;
        let who = t.signed_in(&api).await;
        let grant = Grant {
            client: client.parse().unwrap(),
            resource: Some(resource.parse().unwrap()),
            scopes: ["openid", "todo:read", "gone"].map(str::to_owned).to_vec(),
            ..t.grant(&who)
        };
        let code = t.code_with_pkce(&grant).await;
        let path = format!("/resources/{resource}/oauth/token");
        let form = [("grant_type", "authorization_code"), ("client_id", client.as_str()), ("client_secret", &secret),
            ("code", &code), ("redirect_uri", gatewright_testkit::CALLBACK), ("code_verifier", VERIFIER),
            ("resource", "https://mcp.globex.test/mcp")];
        let answer = t.form(&path, &form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["expires_in"], 300);
        assert_eq!(settled(payload(answer.text_at("access_token"))), json!({
            "iss": t.url, "sub": who.user.id, "aud": ["https://mcp.globex.test/mcp", resource], "client_id": client,
            "oid": who.organization.id, "sid": who.session.to_string(), "resid": resource,
            "roles": ["member"], "permissions": ["sk_org_settings_read", "sk_org_users_read"],
            "scope": "openid todo:read offline_access", "scopes": ["openid", "todo:read", "offline_access"],
            "xoid": "crm-7", "xuid": "u-77", "custom_claims": {"tier": "gold"},
            "iat": START_SECONDS, "nbf": START_SECONDS, "exp": START_SECONDS + 300,
        }));
        let refresh = |token: &str, resource: &str| {
            let form = [("grant_type", "refresh_token"), ("client_id", &client), ("client_secret", &secret),
                ("refresh_token", token), ("resource", resource)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            let request = t.http.post(format!("{}/oauth/token", t.url)).form(&form);
            gatewright_testkit::json(request)
        };
        let token = answer.text_at("refresh_token").to_owned();
        refresh(&token, "https://other.test/mcp").await.oauth_error(400, "invalid_target");
        let answer = refresh(&token, &resource).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // Its refresh tokens last as long as the resource says.
        t.advance(std::time::Duration::from_secs(3600));
        refresh(answer.text_at("refresh_token"), &resource).await.oauth_error(400, "invalid_grant");
    }

    async fn a_resource_can_want_scopes_to_be_permissions(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (resource, client, secret) = resource(&api, json!({"intersect_scopes_user_permission": true})).await;
        let who = t.signed_in(&api).await;
        let grant = Grant { client: client.parse().unwrap(), resource: Some(resource.parse().unwrap()),
            scopes: ["openid", "todo:read"].map(str::to_owned).to_vec(), ..t.grant(&who) };
        let code = t.code_with_pkce(&grant).await;
        let form = [("grant_type", "authorization_code"), ("client_id", client.as_str()), ("client_secret", &secret),
            ("code", &code), ("redirect_uri", gatewright_testkit::CALLBACK), ("code_verifier", VERIFIER)];
        let answer = t.form("/oauth/token", &form).await;
        assert_eq!(answer.json["scope"], "openid offline_access", "{}", answer.text);
        api.post("/api/v1/roles/member/permissions", json!({"permission_names": ["todo:read"]})).await;
        let form = [("grant_type", "refresh_token"), ("client_id", client.as_str()), ("client_secret", &secret),
            ("refresh_token", answer.text_at("refresh_token"))];
        let answer = t.form("/oauth/token", &form).await;
        assert_eq!(answer.json["scope"], "openid todo:read offline_access", "{}", answer.text);
    }

    async fn what_an_application_reported_of_somebody_is_in_the_token_for_its_resource(kind: Database) {
        let t = frozen(kind).await;
        let api = t.api().await;
        let (resource, client, secret) = resource(&api, json!({})).await;
        let subject = Subject::External { sub: "person-7".to_owned(), session: t.operator.new_id(), organization: None,
            organization_external_id: Some("their-org".to_owned()), roles: vec!["editor".to_owned()],
            identity: Box::new(identity()) };
        let grant = Grant { client: client.parse().unwrap(), resource: Some(resource.parse().unwrap()), subject,
            scopes: vec!["todo:read".to_owned()], connection: Some("conn_5".parse().unwrap()),
            custom_claims: json!({"org_id": 7}).as_object().unwrap().clone(),
            ..t.external_grant("x", Identity::default()) };
        let code = t.code_with_pkce(&grant).await;
        let form = [("grant_type", "authorization_code"), ("client_id", client.as_str()), ("client_secret", &secret),
            ("code", &code), ("redirect_uri", gatewright_testkit::CALLBACK), ("code_verifier", VERIFIER)];
        let answer = t.form("/oauth/token", &form).await;
        let claims = payload(answer.text_at("access_token"));
        assert_eq!((&claims["sub"], &claims["roles"], &claims["xoid"], &claims["email"], &claims["custom_claims"]),
            (&json!("person-7"), &json!(["editor"]), &json!("their-org"), &json!("dana@globex.example"),
             &json!({"tier": "gold", "org_id": 7})));
        assert!(claims.get("oid").is_none());
    }
}
