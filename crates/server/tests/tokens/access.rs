//! Which tokens are accepted: security.md 1.9, auth.md 3.1.
use super::{
    BASE64URL, START, frozen,
    odd::{Forge, mac, sign},
    refusal,
};
use base64::Engine as _;
use gatewright_jose::SigningKey;
use gatewright_testkit::{Server, api_tests, database_tests};
use serde_json::json;
use std::time::Duration;

api_tests! {
    async fn a_token_with_the_right_claims_under_the_right_key_is_accepted(t: Server) {
        let forge = Forge::of(&t).await;
        assert_eq!(refusal(&t, &forge.sign(&forge.header(), &forge.claims)).await, None);
        let claims = forge.claims_with("aud", json!(["a", t.client_id]));
        assert_eq!(refusal(&t, &forge.sign(&forge.header(), &claims)).await, None);
    }

    async fn a_token_for_another_audience_is_refused(t: Server) {
        let forge = Forge::of(&t).await;
        for (aud, expected) in [
            (json!(["a", "b"]), "token is for another audience"),
            (json!([]), "token is for another audience"),
            (json!("somebody"), "token is not a client's access token"),
            (json!(null), "token is for another audience"),
        ] {
            let claims = forge.claims_with("aud", aud.clone());
            let text = refusal(&t, &forge.sign(&forge.header(), &claims)).await;
            assert_eq!(text.as_deref(), Some(expected), "{aud}");
        }
    }

    async fn another_issuer_is_refused(t: Server) {
        let forge = Forge::of(&t).await;
        for issuer in ["https://elsewhere.test".to_owned(), format!("{}/", t.url), String::new()] {
            let claims = forge.claims_with("iss", json!(issuer));
            let text = refusal(&t, &forge.sign(&forge.header(), &claims)).await.unwrap();
            assert_eq!(text, "token was issued by another environment", "{issuer}");
        }
    }

    async fn times_are_required_integers_and_bind(t: Server) {
        let forge = Forge::of(&t).await;
        let now = t.app.clock.now().as_seconds();
        let cases = [
            ("exp", json!(now), "token is expired"),
            ("exp", json!(now - 3600), "token is expired"),
            ("exp", json!(-1), "token is expired"),
            ("nbf", json!(now + 3600), "token is not valid yet"),
            ("nbf", json!(now + 60), "token is not valid yet"),
            ("iat", json!(now + 3600), "token is not valid yet"),
            ("exp", json!((now + 60).to_string()), "token is not a client's access token"),
            ("exp", json!(1e300), "token is not a client's access token"),
            ("exp", json!(true), "token is not a client's access token"),
            ("exp", json!(null), "token is not a client's access token"),
            ("exp", json!([now + 60]), "token is not a client's access token"),
            ("nbf", json!(null), "token is not a client's access token"),
            ("iat", json!("now"), "token is not a client's access token"),
        ];
        for (name, value, expected) in cases {
            let claims = forge.claims_with(name, value.clone());
            let text = refusal(&t, &forge.sign(&forge.header(), &claims)).await;
            assert_eq!(text.as_deref(), Some(expected), "{name}: {value}");
        }
        // The clock of another node may be ahead a little.
        let mut claims = forge.claims_with("nbf", json!(now + 20));
        claims["iat"] = json!(now + 20);
        assert_eq!(refusal(&t, &forge.sign(&forge.header(), &claims)).await, None);
    }

    async fn a_token_whose_subject_is_not_its_client_is_not_a_clients(t: Server) {
        let forge = Forge::of(&t).await;
        let cases = [
            ("sub", json!("usr_264905529753604096")),
            ("sub", json!("skc_264905529753604096")),
            ("sub", json!("")),
            ("sub", json!(null)),
            ("sub", json!(7)),
            ("sub", json!([t.client_id])),
            ("client_id", json!("skc_264905529753604096")),
            ("client_id", json!(null)),
        ];
        for (name, value) in cases {
            let claims = forge.claims_with(name, value.clone());
            let text = refusal(&t, &forge.sign(&forge.header(), &claims)).await;
            // A user's needs claims that this one has not.
            let kind = if value == "usr_264905529753604096" { "an access token" } else { "a client's access token" };
            assert_eq!(text, Some(format!("token is not {kind}")), "{name}: {value}");
        }
        for id in ["skc_264905529753604096", "m2morg_264905529753604096"] {
            let mut claims = forge.claims_with("sub", json!(id));
            claims["client_id"] = json!(id);
            let text = refusal(&t, &forge.sign(&forge.header(), &claims)).await;
            assert_eq!(text.as_deref(), Some("the client of this token does not exist"), "{id}");
        }
        // The number of the application under the prefix of the other kind: security.md T8.
        let id = t.client_id.replace("skc_", "m2morg_");
        let mut claims = forge.claims_with("sub", json!(id));
        claims["client_id"] = json!(id);
        assert!(refusal(&t, &forge.sign(&forge.header(), &claims)).await.is_some());
    }

    async fn the_algorithm_is_the_keys_and_not_the_tokens(t: Server) {
        let forge = Forge::of(&t).await;
        let mut header = forge.header();
        let body = BASE64URL.encode(forge.claims.to_string());
        let signature = forge.sign(&forge.header(), &forge.claims);
        let signature = signature.rsplit('.').next().unwrap();
        for alg in ["none", "None", "NONE", "", "rs256", "RS384", "RS512", "PS256", "ES256", "HS256"] {
            header["alg"] = json!(alg);
            let head = BASE64URL.encode(header.to_string());
            for token in [format!("{head}.{body}."), format!("{head}.{body}.{signature}")] {
                let text = refusal(&t, &token).await;
                assert_eq!(text.as_deref(), Some("token is not signed with RS256"), "{alg}");
            }
        }
        // The public key as a secret, in the shapes in which it can be had.
        let jwks = t.http.get(format!("{}/keys", t.url)).send().await.unwrap().text().await.unwrap();
        let keys: serde_json::Value = serde_json::from_str(&jwks).unwrap();
        let n = keys["keys"][0]["n"].as_str().unwrap();
        header["alg"] = json!("HS256");
        for secret in [n.as_bytes().to_vec(), BASE64URL.decode(n).unwrap(), jwks.into_bytes()] {
            let text = refusal(&t, &mac(&secret, &header, &forge.claims)).await;
            assert_eq!(text.as_deref(), Some("token is not signed with RS256"));
        }
    }

    async fn the_key_is_the_environments_and_named_by_the_token(t: Server) {
        let forge = Forge::of(&t).await;
        let stranger = SigningKey::generate().unwrap();
        let token = sign(&stranger, &forge.header().to_string(), &forge.claims.to_string());
        assert_eq!(refusal(&t, &token).await.as_deref(), Some("token signature is not valid"));

        let unknown = "token is signed with a key that is not this environment's";
        for kid in
            [json!("snk_1"), json!(""), json!(forge.kid.to_uppercase()), json!(format!("{} ", forge.kid))]
        {
            let token = forge.sign(&json!({"alg": "RS256", "kid": kid, "typ": "JWT"}), &forge.claims);
            assert_eq!(refusal(&t, &token).await.as_deref(), Some(unknown), "{kid}");
        }
        let without = forge.sign(&json!({"alg": "RS256", "typ": "JWT"}), &forge.claims);
        assert_eq!(refusal(&t, &without).await.as_deref(), Some(unknown));

        // A key that the token brings along or points at is never looked at (RFC 8725 §3.10).
        let brought = SigningKey::from_pkcs8(&forge.kid, &stranger).unwrap().jwk();
        for (name, value) in [
            ("jwk", serde_json::to_value(&brought).unwrap()),
            ("jku", json!("http://127.0.0.1:9/keys")),
            ("x5u", json!("http://127.0.0.1:9/certificate")),
            ("x5c", json!(["AAAA"])),
        ] {
            let mut header = forge.header();
            header[name] = value;
            let token = sign(&stranger, &header.to_string(), &forge.claims.to_string());
            assert_eq!(refusal(&t, &token).await.as_deref(), Some("token signature is not valid"), "{name}");
        }
    }

    async fn a_critical_header_is_refused_even_when_signed(t: Server) {
        let forge = Forge::of(&t).await;
        for crit in [json!(["b64"]), json!([]), json!("exp")] {
            let mut header = forge.header();
            header["crit"] = crit.clone();
            header["b64"] = json!(true);
            let text = refusal(&t, &forge.sign(&header, &forge.claims)).await;
            assert_eq!(text.as_deref(), Some("token has a critical header that is not supported"), "{crit}");
        }
    }

    async fn a_damaged_token_is_refused(t: Server) {
        let token = t.token().await;
        assert_eq!(refusal(&t, &token).await, None);
        let parts: Vec<&str> = token.split('.').collect();
        let (head, body, signature) = (parts[0], parts[1], parts[2]);
        let damaged = [
            token[..token.len() - 1].to_owned(),
            token[..token.len() / 2].to_owned(),
            format!("{token}A"),
            format!("{token}="),
            format!("{token}."),
            format!("{token}.{signature}"),
            format!(".{token}"),
            format!("{head}.{body}."),
            format!("{head}.{body}"),
            format!("{head}..{signature}"),
            format!(".{body}.{signature}"),
            format!("{head}.{body}x.{signature}"),
            format!("{head}.{}.{signature}", BASE64URL.encode("{}")),
            format!("{body}.{head}.{signature}"),
            token.replace('.', " "),
            "x".to_owned(),
            "...".to_owned(),
        ];
        for token in damaged {
            assert!(refusal(&t, &token).await.is_some(), "{token}");
        }
        for at in (0..token.len()).step_by(37) {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(refusal(&t, &changed).await.is_some(), "byte {at}");
        }
    }

    async fn a_header_of_a_hundred_kilobytes_does_no_harm(t: Server) {
        let request = t.http.get(format!("{}/api/v1/organizations", t.url)).bearer_auth("x".repeat(100_000));
        // Either the head is too large for the server, or the token is: in no case is it an error of the server's.
        match request.send().await {
            Ok(answer) => assert!([401, 431].contains(&answer.status().as_u16()), "{}", answer.status()),
            Err(error) => assert!(error.is_request(), "{error}"),
        }
        let long = format!("{}.{}.{}", "e".repeat(6000), "e".repeat(6000), "e".repeat(6000));
        assert_eq!(refusal(&t, &long).await.as_deref(), Some("token is malformed"));
        assert_eq!(refusal(&t, &t.token().await).await, None);
    }
}

database_tests! {
    async fn a_token_dies_when_it_says_so(kind: Database) {
        let t = Server::start_with(kind, frozen()).await;
        let token = t.token().await;
        assert_eq!(super::part(&token, 1)["exp"], START.as_seconds() + 86_400);
        t.advance(Duration::from_secs(86_399));
        assert_eq!(refusal(&t, &token).await, None);
        t.advance(Duration::from_secs(1));
        assert_eq!(refusal(&t, &token).await.as_deref(), Some("token is expired"));
        assert_eq!(refusal(&t, &t.token().await).await, None);
    }
}
