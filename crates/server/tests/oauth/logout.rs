//! `/oidc/logout`: RP-Initiated Logout 1.0, auth.md 5, security.md 1.3.
use super::{application, frozen, logout_url};
use gatewright_testkit::{
    Answer, Api, CALLBACK, Options, Server, SignedIn, api_tests, database_tests, json as send,
};
use serde_json::json;
use std::time::Duration;

const BYE: &str = "https://app.acme.example/bye";

/// Somebody who is signed in, her ID token, and the default application with URIs to go to after logout.
async fn ready(t: &Server) -> (Api, SignedIn, String) {
    let api = t.api().await;
    let who = t.signed_in(&api).await;
    let uris = json!({"post_logout_redirect_uris": [BYE, "https://{{external_id}}.acme.example/bye"]});
    assert_eq!(api.patch(&format!("/api/v1/clients/{}", t.client_id), uris).await.status, 201);
    let answer = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
    let token = answer.text_at("id_token").to_owned();
    (api, who, token)
}

async fn go(t: &Server, query: &[(&str, &str)], cookie: Option<&str>) -> Answer {
    let mut request = t.http.get(logout_url(t, query));
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("gw_session={cookie}"));
    }
    send(request).await
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(
        (&answer.headers["cache-control"], &answer.headers["referrer-policy"]),
        (&"no-store".parse().unwrap(), &"no-referrer".parse().unwrap())
    );
    assert!(answer.headers["set-cookie"].to_str().unwrap().starts_with("gw_session=; Max-Age=0"));
    answer.headers["location"].to_str().unwrap()
}

async fn status(api: &Api, who: &SignedIn) -> String {
    let session = api.get(&format!("/api/v1/sessions/{}", who.session)).await;
    session.json["status"].as_str().unwrap().to_owned()
}

/// Another user of the same organization, signed in.
async fn another(t: &Server, api: &Api, who: &SignedIn) -> SignedIn {
    let user = api.member(&who.organization.id, "eve@acme.example").create().await;
    let (session, cookie) = t.sign_in(&user.id, &who.organization.id).await;
    SignedIn { user, session: session.id, cookie, ..who.clone() }
}

fn csrf(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    let (_, rest) = page.text.split_once(r#"name="csrf" value=""#).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

api_tests! {
    async fn it_ends_the_session_and_goes_where_the_application_wants(t: Server) {
        let (api, who, hint) = ready(&t).await;
        api.told().await;
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b&c=é")];
        let answer = go(&t, &query, Some(&who.cookie)).await;
        assert_eq!(location(&answer), "https://app.acme.example/bye?state=a+b%26c%3D%C3%A9");
        assert_eq!(status(&api, &who).await, "logout");
        let told = api.told().await;
        assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["user.logout"]);
        // Once more there is nothing to end, and no error.
        assert_eq!(location(&go(&t, &query, Some(&who.cookie)).await), "https://app.acme.example/bye?state=a+b%26c%3D%C3%A9");
        assert!(api.told().await.is_empty());
    }

    async fn without_a_uri_it_says_so(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let answer = go(&t, &[("id_token_hint", &hint)], Some(&who.cookie)).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(status(&api, &who).await, "logout");
    }

    async fn a_uri_that_is_not_the_clients_ends_nothing(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let (other, _) = application(&api, "WEB_APP").await;
        let of_other = "https://shop.acme.example/bye";
        let uris = json!({"post_logout_redirect_uris": [of_other]});
        assert_eq!(api.patch(&format!("/api/v1/clients/{other}"), uris).await.status, 201);
        for uri in [
            "https://evil.example/", "/bye", "//app.acme.example/bye", "https://app.acme.example/bye/",
            "https://app.acme.example/bye?x=1", "https://app.acme.example/bye#x", "HTTPS://app.acme.example/bye",
            "https://app.acme.example:443/bye", "https://app.acme.example/./bye", "https://user@app.acme.example/bye",
            "https://app.acme.example/bye\\", "javascript:alert(1)", CALLBACK, of_other,
            "https://{{external_id}}.acme.example/bye", "https://crm-8.acme.example/bye",
            "https://crm-7.acme.example.evil.example/bye", "https://app.acme.example%2fbye", " https://app.acme.example/bye",
            "https://app.acme.example/bye ",
            "https://app.acme.example/bye%00",
            "https://app.acme.example/bye\n",
            "https://app.acme.example/%62ye",
            "https://app.acme.example/bye;x",
            "https://app.acme.example./bye",
            "https://app.acme.example@evil.example/bye",
            "https://evil.example/?https://app.acme.example/bye",
            "https://evil.example/#https://app.acme.example/bye",
            "https://evil.example\\@app.acme.example/bye",
            "https:\\\\app.acme.example\\bye",
            "https:///app.acme.example/bye",
            "http://app.acme.example/bye",
            "ftp://app.acme.example/bye",
            "app.acme.example/bye",
            "data:text/html,x",
            "javascript://app.acme.example/bye%0aalert(1)",
            "https://xn--pp-bka.acme.example/bye",
            "https://\u{ff41}pp.acme.example/bye",
            "https://*.acme.example/bye",
            "https://[::1]/bye",
            "https://127.0.0.1/bye",
            "about:blank",
            "https://app.acme.example/bye/..",
            "https://app.acme.example/x/../bye",
            "https://app.acme.example//bye",
            "https://app.acme.example/Bye",
            "https://app.acme.example/bye?",
            "https://app.acme.example/bye#",
            "https:app.acme.example/bye",
        ] {
            let answer = go(&t, &[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)], Some(&who.cookie)).await;
            let description = answer.oauth_error(400, "invalid_request");
            assert_eq!(description, "post_logout_redirect_uri invalid", "{uri}");
            assert!(!answer.headers.contains_key("location") && !answer.headers.contains_key("set-cookie"));
        }
        assert_eq!(status(&api, &who).await, "active");
        let page = t.http.get(logout_url(&t, &[("post_logout_redirect_uri", "https://evil.example/")])).header("accept", "text/html,*/*");
        let page = send(page).await;
        assert_eq!(page.status, 400);
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(!page.text.contains("evil.example"));
    }

    async fn a_template_is_filled_from_the_live_session(t: Server) {
        let (_, who, hint) = ready(&t).await;
        let uri = "https://crm-7.acme.example/bye";
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)];
        assert_eq!(location(&go(&t, &query, Some(&who.cookie)).await), uri);
        go(&t, &query, Some(&who.cookie)).await.oauth_error(400, "invalid_request");
    }

    async fn a_hint_that_is_no_id_token_of_ours_ends_nothing(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let answer = t.exchange(&t.code(&t.grant(&who)).await, &[]).await;
        let changed = format!("{}x{}", &hint[..40], &hint[41..]);
        let other = t.add_environment("other").await;
        for wrong in [answer.text_at("access_token"), answer.text_at("refresh_token"), &t.token().await, &changed, "x"] {
            let query = [("id_token_hint", wrong), ("post_logout_redirect_uri", BYE)];
            go(&t, &query, Some(&who.cookie)).await.oauth_error(400, "invalid_request");
        }
        let elsewhere = t.http.get(logout_url(&t, &[("id_token_hint", &hint)])).header("host", &other.host);
        send(elsewhere).await.oauth_error(400, "invalid_request");
        let query = [("id_token_hint", hint.as_str()), ("client_id", &other.client_id)];
        go(&t, &query, Some(&who.cookie)).await.oauth_error(400, "invalid_request");
        go(&t, &[("client_id", "skc_1")], Some(&who.cookie)).await.oauth_error(400, "invalid_request");
        let twice = [("id_token_hint", hint.as_str()), ("state", "1"), ("state", "2")];
        go(&t, &twice, Some(&who.cookie)).await.oauth_error(400, "invalid_request");
        assert_eq!(status(&api, &who).await, "active");
    }

    async fn without_the_cookie_the_hint_names_the_session(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
        assert_eq!(location(&go(&t, &query, None).await), BYE);
        assert_eq!(status(&api, &who).await, "logout");
    }

    async fn a_newer_session_of_the_same_person_ends_as_well(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let (newer, cookie) = t.sign_in(&who.user.id, &who.organization.id).await;
        go(&t, &[("id_token_hint", &hint)], Some(&cookie)).await;
        let newer = SignedIn { session: newer.id, ..who.clone() };
        assert_eq!((status(&api, &who).await, status(&api, &newer).await), ("logout".to_owned(), "logout".to_owned()));
    }

    async fn anothers_session_ends_only_if_she_says_so(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let eve = another(&t, &api, &who).await;
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
        let page = go(&t, &query, Some(&eve.cookie)).await;
        let csrf = csrf(&page);
        assert!(page.text.contains("eve@acme.example") && !page.headers.contains_key("set-cookie"));
        assert_eq!((status(&api, &who).await, status(&api, &eve).await), ("active".to_owned(), "active".to_owned()));
        let post = async |csrf: &str, cookie: &str| {
            let request = t.http.post(logout_url(&t, &query)).form(&[("csrf", csrf)]);
            send(request.header("cookie", format!("gw_session={cookie}"))).await
        };
        // The form of one browser is worth nothing in another.
        let third = another_of(&t, &api, &who).await;
        for (csrf, cookie) in [("", &eve.cookie), ("wrong", &eve.cookie), (csrf.as_str(), &third.cookie)] {
            assert_eq!(post(csrf, cookie).await.status, 200);
        }
        assert_eq!((status(&api, &eve).await, status(&api, &third).await), ("active".to_owned(), "active".to_owned()));
        let answer = post(&csrf, &eve.cookie).await;
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "https://app.acme.example/bye?state=s"));
        assert_eq!((status(&api, &who).await, status(&api, &eve).await), ("active".to_owned(), "logout".to_owned()));
    }

    async fn a_form_of_the_application_does_the_same(t: Server) {
        let (api, who, hint) = ready(&t).await;
        let form = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
        let request = t.http.post(format!("{}/oidc/logout", t.url)).form(&form);
        let answer = send(request).await;
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, BYE));
        assert_eq!(status(&api, &who).await, "logout");
    }

    async fn in_development_the_bare_address_is_enough(t: Server) {
        let (api, who, _) = ready(&t).await;
        // Without a client, the URI of any will do.
        let answer = go(&t, &[("post_logout_redirect_uri", BYE)], Some(&who.cookie)).await;
        assert_eq!(location(&answer), BYE);
        assert_eq!(status(&api, &who).await, "logout");
        assert_eq!(go(&t, &[], None).await.status, 200);
    }
}

async fn another_of(t: &Server, api: &Api, who: &SignedIn) -> SignedIn {
    let user = api.member(&who.organization.id, "kim@acme.example").create().await;
    let (session, cookie) = t.sign_in(&user.id, &who.organization.id).await;
    SignedIn { user, session: session.id, cookie, ..who.clone() }
}

database_tests! {
    async fn an_expired_hint_will_do(kind: Database) {
        let t = frozen(kind).await;
        let (_, who, hint) = ready(&t).await;
        t.advance(Duration::from_secs(2 * 86_400));
        let answer = go(&t, &[("id_token_hint", &hint)], Some(&who.cookie)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(status(&t.api().await, &who).await, "logout");
    }

    async fn in_production_nobody_is_logged_out_without_a_word(kind: Database) {
        let settings = vec![("security.environment_type", "production".to_owned())];
        let t = Server::start_with(kind, Options { settings, ..Options::default() }).await;
        let (api, who, hint) = ready(&t).await;
        let page = go(&t, &[("post_logout_redirect_uri", BYE)], Some(&who.cookie)).await;
        let csrf = csrf(&page);
        assert_eq!(status(&api, &who).await, "active");
        let request = t.http.post(logout_url(&t, &[("post_logout_redirect_uri", BYE)]));
        let request = request.form(&[("csrf", csrf)]).header("cookie", format!("gw_session={}", who.cookie));
        assert_eq!(send(request).await.headers["location"], BYE);
        assert_eq!(status(&api, &who).await, "logout");
        assert!(hint.contains('.'));
    }
}
