//! Sessions and passkeys without a browser: what signing in and registering do at their end.
use crate::{Api, Server};
use gatewright::{
    ids::{OrganizationId, UserId},
    passkeys::{self, Flags, NewPasskey, Passkey},
    sessions::{self, Authentication, Device, Location, Session},
};
use serde_json::json;

/// Firefox on Linux.
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Firefox in Hamburg.
fn device() -> Device {
    let location = Location {
        region: "DE".to_owned(),
        region_subdivision: "DEHH".to_owned(),
        city: "Hamburg".to_owned(),
        latitude: "53.55".to_owned(),
        longitude: "9.99".to_owned(),
    };
    Device::new(FIREFOX, "198.51.100.23".parse().ok(), location)
}

impl Server {
    /// Begins a session of an active member in the default environment, from Hamburg; its token too.
    pub async fn sign_in(&self, user: &str, organization: &str) -> (Session, String) {
        let (user, organization): (UserId, OrganizationId) =
            (user.parse().unwrap(), organization.parse().unwrap());
        let client = Some(self.client_id.parse().unwrap());
        let at = self.operator.now();
        let proof = Authentication { user, organization, client, connection: None, at };
        let mut tx = self.app.db.write().await.unwrap();
        let (session, token) = sessions::start(&mut tx, &self.operator, proof, device()).await.unwrap();
        tx.commit().await.unwrap();
        (session, token.expose().clone())
    }

    /// Switches passkeys on in the default environment, as most environments have them.
    pub async fn enable_passkeys(&self, api: &Api) -> String {
        let new = json!({"provider": "SCALEKIT", "type": "WEBAUTHN", "provider_key": "SCALEKIT", "key_id": "WEBAUTHN"});
        let made = api.post("/api/v1/connections", new).await;
        let id = made.json["connection"]["id"].as_str().expect("a connection").to_owned();
        let enabled = api.patch(&format!("/api/v1/connections/{id}:enable"), json!({})).await;
        assert_eq!(enabled.status, 200, "{}", enabled.text);
        id
    }

    /// Keeps a passkey of a user of the default environment.
    pub async fn passkey(&self, user: &str, raw_id: &[u8]) -> Passkey {
        let mut tx = self.app.db.write().await.unwrap();
        let passkey = passkeys::add(&mut tx, &self.operator, new_passkey(user, raw_id)).await.unwrap();
        tx.commit().await.unwrap();
        passkey
    }
}

/// A passkey as a browser's registration gives it.
pub fn new_passkey(user: &str, raw_id: &[u8]) -> NewPasskey {
    NewPasskey {
        user: user.parse().unwrap(),
        raw_id: raw_id.to_vec(),
        verifier: r#"{"test": "verifier-of-an-assertion"}"#.to_owned(),
        attestation_type: "none".to_owned(),
        aaguid: "08987058-cadc-4b81-b6e1-30de50dcbe96".to_owned(),
        attachment: "platform".to_owned(),
        transports: vec!["internal".to_owned(), "hybrid".to_owned()],
        flags: Flags { user_present: true, user_verified: true, backup_eligible: true, backup_state: false },
        device: device(),
    }
}
