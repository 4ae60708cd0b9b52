//! What is entered field by field.
use super::support::*;
use gatewright_api::scalekit::v1::connections as pb;
use gatewright_testkit::api_tests;
use pb::{
    ConnectionProvider as Provider, ConnectionStatus as Status, ConnectionType as Type,
    update_connection::Settings,
};
use serde_json::json;

api_tests! {
    async fn saml_is_entered_by_hand(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Saml, Provider::Adfs).await;
        let (one, other) = (certificate(), certificate());
        let config = pb::SamlConnectionConfigRequest {
            idp_entity_id: text("urn:acme:idp"),
            idp_sso_url: text("https://10.0.0.7:8443/adfs/ls"),
            idp_slo_url: text("https://10.0.0.7:8443/adfs/ls?logout"),
            idp_certificate: Some(one.clone()),
            idp_name_id_format: pb::NameIdFormat::Persistent.into(),
            idp_sso_request_binding: pb::RequestBinding::HttpPost.into(),
            saml_signing_option: pb::SamlSigningOptions::SamlOnlyAssertionSigning.into(),
            force_authn: Some(true),
            sp_entity_id: text("urn:old-vendor:sp"),
            sp_assertion_url: text("https://auth.old-vendor.example/saml/acs"),
            jit_provisioning_with_sso_enabled: Some(false),
            ui_button_title: text("Acme"),
            ..Default::default()
        };
        let whole = update(&api, &made, settings(&made, Settings::SamlConfig(config))).await.unwrap();
        assert_eq!((whole.status(), whole.configuration_type()), (Status::Completed, pb::ConfigurationType::Manual));
        assert_eq!(whole.ui_button_title, "Acme");
        let found = saml(&whole);
        assert_eq!(found.sp_entity_id, "urn:old-vendor:sp");
        assert_eq!(found.sp_assertion_url, "https://auth.old-vendor.example/saml/acs");
        assert_eq!((found.idp_sso_request_binding(), found.idp_slo_request_binding()), (pb::RequestBinding::HttpPost, pb::RequestBinding::HttpRedirect));
        assert_eq!((found.force_authn, found.jit_provisioning_with_sso_enabled), (Some(true), Some(false)));
        let [first] = found.idp_certificates.as_slice() else { panic!("{found:?}") };
        assert!(first.id.starts_with("cert_") && first.certificate == one && !first.issuer.is_empty());
        assert!(first.expiry_time.unwrap().seconds > first.create_time.unwrap().seconds);

        // A roll-over: both for a while, and the one that was there keeps its id.
        let pem = |der: &str| format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        let both = pb::SamlConnectionConfigRequest { idp_certificate: Some(pem(&one) + &pem(&other)), ..Default::default() };
        let both = saml(&update(&api, &made, settings(&made, Settings::SamlConfig(both))).await.unwrap());
        assert_eq!(both.idp_certificates.len(), 2);
        assert_eq!(both.idp_certificates[0], *first);
        assert_eq!((both.idp_entity_id.as_deref(), both.force_authn), (Some("urn:acme:idp"), Some(true)));
        let back = pb::SamlConnectionConfigRequest {
            sp_entity_id: text(""), idp_certificate: text(""), ..Default::default()
        };
        let back = update(&api, &made, settings(&made, Settings::SamlConfig(back))).await.unwrap();
        assert_eq!((back.status(), saml(&back).sp_entity_id), (Status::InProgress, format!("{}/sso/v1/saml/{}", t.url, made.id)));
    }

    async fn what_is_entered_of_saml_is_checked(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Saml, Provider::Okta).await;
        let before = state(&t, &api).await;
        for (config, field) in [
            (json!({"saml_signing_option": "NO_SIGNING"}), "saml_signing_option"),
            (json!({"saml_signing_option": 9}), "saml_signing_option"),
            (json!({"idp_name_id_format": 9}), "idp_name_id_format"),
            (json!({"idp_sso_request_binding": 9}), "idp_sso_request_binding"),
            (json!({"idp_certificate": "no certificate"}), "idp_certificate"),
            (json!({"idp_certificate": "x".repeat(70_000)}), "idp_certificate"),
            (json!({"idp_sso_url": "http://idp.example/sso"}), "idp_sso_url"),
            (json!({"idp_sso_url": "javascript:alert(1)"}), "idp_sso_url"),
            (json!({"idp_sso_url": "https://u:p@idp.example/"}), "idp_sso_url"),
            (json!({"idp_slo_url": "https://idp.example/#x"}), "idp_slo_url"),
            (json!({"idp_entity_id": "x".repeat(1025)}), "idp_entity_id"),
            (json!({"idp_entity_id": "a\u{0}b"}), "idp_entity_id"),
            (json!({"sp_assertion_url": "x"}), "sp_assertion_url"),
            (json!({"default_redirect_uri": "data:text/html,x"}), "default_redirect_uri"),
            (json!({"ui_button_title": "\u{202e}x"}), "ui_button_title"),
            (json!({"certificate_id": "cer_1"}), "certificate_id"),
        ] {
            let body = json!({"provider": "OKTA", "saml_config": config});
            let answer = api.patch(&format!("{}/{}", path(&acme.id), made.id), body).await;
            answer.failure(400, 3);
            assert_eq!(answer.violations()[0].0, format!("connection.saml_config.{field}"));
        }
        assert_eq!(state(&t, &api).await, before);
    }

    async fn all_that_is_wrong_is_said_at_once(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let config = json!({"token_uri": "x", "jwks_uri": "y", "client_id": "ok"});
        let body = json!({"provider": "OKTA", "oidc_config": config});
        let answer = api.patch(&format!("{}/{}", path(&acme.id), made.id), body).await;
        answer.failure(400, 3);
        assert_eq!(
            answer.violations(),
            [("connection.oidc_config.token_uri", "url"), ("connection.oidc_config.jwks_uri", "url")]
        );
    }

    async fn openid_is_always_asked_for(t: Server) {
        let api = t.api().await;
        let acme = api.organization("Acme").create().await;
        let made = create(&api, &acme.id, Type::Oidc, Provider::Okta).await;
        let config = pb::OidcConnectionConfig {
            scopes: vec![3, 5, 3],
            token_auth_type: pb::TokenAuthType::UrlParams.into(),
            pkce_enabled: Some(false),
            ..Default::default()
        };
        let changed = oidc(&update(&api, &made, settings(&made, Settings::OidcConfig(config))).await.unwrap());
        assert_eq!(changed.scopes, [1, 3, 5]);
        assert_eq!((changed.token_auth_type(), changed.pkce_enabled), (pb::TokenAuthType::UrlParams, Some(false)));
    }
}
