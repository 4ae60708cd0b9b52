//! Tokens without a browser: a code is given out as the end of a sign-in does it.
use crate::{Answer, Api, Server, http};
use gatewright::{
    clients::ClientId,
    identities::Identity,
    ids::SessionId,
    oauth::{self, Grant, NewCode, Subject},
};
use gatewright_api::scalekit::v1::{organizations, users};

/// `code_verifier` and `code_challenge` of RFC 7636, Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// See [`VERIFIER`].
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// The redirect URI of codes from here.
pub const CALLBACK: &str = "https://app.acme.example/callback";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: users::User,
    /// Where.
    pub organization: organizations::Organization,
    /// In which session.
    pub session: SessionId,
    /// What the browser's cookie holds.
    pub cookie: String,
}

impl Server {
    /// Makes a user and an organization and signs the one in to the other.
    pub async fn signed_in(&self, api: &Api) -> SignedIn {
        let organization = api.organization("Acme").external_id("crm-7").create().await;
        let user = api.member(&organization.id, "dana@acme.example").external_id("u-77").create().await;
        let (session, cookie) = self.sign_in(&user.id, &organization.id).await;
        SignedIn { user, organization, session: session.id, cookie }
    }

    /// What a sign-in of a user gives to the default application.
    pub fn grant(&self, who: &SignedIn) -> Grant {
        let subject = Subject::Member {
            user: who.user.id.parse().unwrap(),
            session: who.session,
            organization: who.organization.id.parse().unwrap(),
        };
        self.grant_to(subject)
    }

    /// What a sign-in of somebody gives whom the environment keeps no user of.
    pub fn external_grant(&self, sub: &str, identity: Identity) -> Grant {
        self.grant_to(Subject::External {
            sub: sub.to_owned(),
            session: self.operator.new_id(),
            organization: None,
            organization_external_id: None,
            roles: Vec::new(),
            identity: Box::new(identity),
        })
    }

    fn grant_to(&self, subject: Subject) -> Grant {
        Grant {
            auth_request: self.operator.new_id(),
            client: ClientId::Application(self.client_id.parse().unwrap()),
            subject,
            connection: None,
            scopes: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            resource: None,
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            auth_time: self.app.clock.now(),
            custom_claims: serde_json::Map::new(),
        }
    }

    /// A code for a grant, without PKCE.
    pub async fn code(&self, grant: &Grant) -> String {
        self.new_code(grant, None).await
    }

    /// A code for a grant, with the challenge of [`VERIFIER`].
    pub async fn code_with_pkce(&self, grant: &Grant) -> String {
        self.new_code(grant, Some(CHALLENGE)).await
    }

    async fn new_code(&self, grant: &Grant, challenge: Option<&str>) -> String {
        let code = NewCode {
            grant: grant.clone(),
            redirect_uri: CALLBACK.to_owned(),
            code_challenge: challenge.map(str::to_owned),
        };
        let mut tx = self.app.db.write().await.unwrap();
        let code = oauth::issue_code(&mut tx, &self.operator, code).await.unwrap();
        tx.commit().await.unwrap();
        code.expose().clone()
    }

    /// Sends a form, to this node.
    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let host = self.url.split_once("://").map_or("", |(_, host)| host);
        let request = self.http.post(format!("http://{}{path}", self.address)).header("host", host);
        http::json(request.form(form)).await
    }

    /// Sends a form to the token endpoint, as the default application with its secret.
    pub async fn ask_token(&self, form: &[(&str, &str)]) -> Answer {
        let own = [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.as_str())];
        self.form("/oauth/token", &[&own, form].concat()).await
    }

    /// Exchanges a code as the default application, with further parameters.
    pub async fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.ask_token(&[&form, more].concat()).await
    }

    /// Refreshes as the default application, with further parameters.
    pub async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.ask_token(&[&form, more].concat()).await
    }
}

impl Answer {
    /// A text in the answer.
    pub fn text_at(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no {name} in {}: {}", self.status, self.text))
    }

    /// Checks an error of RFC 6749 §5.2.
    pub fn oauth_error(&self, status: u16, error: &str) -> &str {
        assert_eq!((self.status, self.json["error"].as_str()), (status, Some(error)), "{}", self.text);
        assert_eq!(self.headers["cache-control"], "no-store");
        self.text_at("error_description")
    }
}
