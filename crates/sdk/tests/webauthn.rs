//! *WebAuthn* against the real server. The testkit registers the passkeys, as the hosted pages do.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use gatewright_sdk::{ScalekitClient, WebAuthnCredential};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

async fn user(client: &ScalekitClient) -> String {
    let acme = client.organization().create_organization("Acme").await.unwrap().id;
    let user =
        client.user().create_user_and_membership(&acme, "dana@acme.example").send_invitation_email(false);
    user.await.unwrap().id
}

api_tests! {
    async fn passkeys_are_listed_renamed_and_deleted(t: Server) {
        let client = client(&t);
        let dana = user(&client).await;
        let none = client.webauthn().list_credentials(&dana).await.unwrap();
        assert!(none.credentials.is_empty() && none.all_accepted_credentials_options.all_accepted_credential_ids.is_empty());
        let id = t.passkey(&dana, &[0xfb, 0xff, 0x00]).await.id.to_string();
        let listed = client.webauthn().list_credentials(&dana).await.unwrap();
        let options = &listed.all_accepted_credentials_options;
        assert_eq!((options.rp_id.as_str(), options.all_accepted_credential_ids.as_slice()), ("localhost", ["-_8A".to_owned()].as_slice()));
        let [passkey] = listed.credentials.as_slice() else { panic!("{listed:?}") };
        assert_eq!((&passkey.id, &passkey.user_id, &passkey.display_name), (&id, &dana, &None));
        assert_eq!(passkey.credential_id, [0xfb, 0xff, 0x00]);
        assert_eq!(passkey.transports, ["internal", "hybrid"]);
        assert!(passkey.authenticator_flags.user_verified && !passkey.authenticator_flags.backup_state);
        assert_eq!((passkey.authenticator.attachment.as_str(), passkey.user_agent.browser.as_str(), passkey.client_info.region.as_str()), ("platform", "Firefox", "DE"));
        assert_eq!(&WebAuthnCredential::from(passkey.clone().into_message()), passkey);

        let renamed = client.webauthn().update_credential(&id, "My YubiKey").await.unwrap();
        assert_eq!(renamed.display_name.as_deref(), Some("My YubiKey"));
        assert_eq!(client.webauthn().list_credentials(&dana).await.unwrap().credentials, [renamed]);
        let gone = client.webauthn().delete_credential(&id).await.unwrap();
        assert_eq!((gone.rp_id.as_str(), gone.credential_id.as_str()), ("localhost", "-_8A"));
        assert!(client.webauthn().delete_credential(&id).await.unwrap_err().is_not_found());
        assert!(client.webauthn().list_credentials(&dana).await.unwrap().credentials.is_empty());
    }

    async fn what_is_no_passkey_says_so(t: Server) {
        let client = client(&t);
        let dana = user(&client).await;
        let id = t.passkey(&dana, b"raw").await.id.to_string();
        for name in ["", " ", &"x".repeat(121)] {
            let error = client.webauthn().update_credential(&id, name).await.unwrap_err();
            assert!(error.is_bad_request());
            assert_eq!(error.field_violations().first().unwrap().field, "display_name");
        }
        assert!(client.webauthn().update_credential("cred_1", "x").await.unwrap_err().is_not_found());
        assert!(client.webauthn().list_credentials("usr_1").await.unwrap_err().is_not_found());
        assert!(client.webauthn().list_credentials("").await.unwrap_err().is_bad_request());
        assert!(client.webauthn().delete_credential("").await.unwrap_err().is_bad_request());
    }
}
