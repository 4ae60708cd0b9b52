//! *ApiTokens* against the real server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::error::Error as _;

use gatewright_sdk::{ErrorKind, ScalekitClient, ScalekitError, Timestamp};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn organization(client: &ScalekitClient) -> String {
    client.organization().create_organization("Acme").external_id("crm-7").await.unwrap().id
}

fn server_error(error: &ScalekitError) -> &ScalekitError {
    assert_eq!(error.kind(), ErrorKind::TokenValidation, "{error:?}");
    error.source().unwrap().downcast_ref::<ScalekitError>().unwrap()
}

api_tests! {
    async fn a_key_lives_from_creation_to_invalidation(t: Server) {
        let client = client(&t);
        let (keys, org) = (client.token(), organization(&client).await);
        let expiry = Timestamp::from_second(4_102_444_800).unwrap();
        let new = keys.create_token(&org).custom_claims([("team", "ops")]).description("CI").expiry(expiry).await.unwrap();
        assert!(!format!("{new:?}").contains(&new.token));
        let info = new.token_info;
        assert_eq!((info.organization_id.as_str(), info.organization_external_id.as_deref()), (org.as_str(), Some("crm-7")));
        assert_eq!((info.custom_claims["team"].as_str(), info.description.as_deref(), info.expiry), ("ops", Some("CI"), Some(expiry)));
        assert_eq!((&info.user_id, info.roles.len(), info.token_id == new.token_id), (&None, 0, true));
        assert!(new.token.ends_with(&info.token_suffix));
        assert_eq!(keys.validate_token(&new.token).await.unwrap(), info);

        let changed = keys.update_token(&new.token_id).custom_claims([("a", "1")]).description("").await.unwrap();
        assert_eq!((changed.custom_claims.len(), changed.custom_claims["a"].as_str(), &changed.description), (1, "1", &None));
        assert_eq!(keys.validate_token(&new.token).await.unwrap(), changed);

        keys.invalidate_token(&new.token).await.unwrap();
        keys.invalidate_token(&new.token_id).await.unwrap();
        let error = keys.validate_token(&new.token).await.unwrap_err();
        assert!(server_error(&error).is_not_found());
        assert!(keys.update_token(&new.token).description("x").await.unwrap_err().is_not_found());
        assert!(keys.invalidate_token("never").await.unwrap_err().is_not_found());
    }

    async fn what_is_no_key_fails_validation(t: Server) {
        let keys = client(&t).token();
        let error = keys.validate_token("").await.unwrap_err();
        assert_eq!((error.kind(), error.source().is_none()), (ErrorKind::TokenValidation, true));
        assert!(server_error(&keys.validate_token("gwt_nonsense").await.unwrap_err()).is_not_found());
        // That the caller's own credentials are wrong is also told as a failed validation, as the vendor's SDKs do.
        let stranger = ScalekitClient::new(&t.url, &t.client_id, "wrong").unwrap();
        assert_eq!(stranger.token().validate_token("x").await.unwrap_err().kind(), ErrorKind::TokenValidation);
        let error = keys.create_token("org_1").await.unwrap_err();
        assert!(error.is_not_found());
    }

    async fn keys_come_in_pages_and_streams(t: Server) {
        let client = client(&t);
        let (keys, org) = (client.token(), organization(&client).await);
        let user = client.user().create_user_and_membership(&org, "dana@acme.test").await.unwrap().id;
        let of_user = keys.create_token(&org).user_id(&user).await.unwrap().token_info;
        assert_eq!((of_user.user_id.as_deref(), of_user.email.as_deref()), (Some(user.as_str()), Some("dana@acme.test")));
        for _ in 0..2 {
            keys.create_token(&org).await.unwrap();
        }
        let page = keys.list_tokens(&org).page_size(2).await.unwrap();
        assert_eq!((page.total_count, page.tokens.len()), (3, 2));
        let last = keys.list_tokens(&org).page_size(2).page_token(page.next_page_token.unwrap()).await.unwrap();
        assert_eq!((last.tokens, last.next_page_token), (vec![of_user.clone()], None));
        assert_eq!(keys.list_tokens(&org).page_size(2).stream().try_collect().await.unwrap().len(), 3);
        assert_eq!(keys.list_tokens(&org).user_id(&user).await.unwrap().tokens, [of_user]);
        assert!(keys.list_tokens("org_1").await.unwrap_err().is_not_found());
        assert!(keys.list_tokens(&org).page_size(31).await.unwrap_err().is_bad_request());
    }
}
