//! What tests of the API use over and over: both faces with one token, builders, and what the database holds.
use crate::{Answer, Failure, Grpc, OtherEnvironment, Server, http};
use gatewright::{
    app::App,
    bootstrap,
    db::{FromRow, Row},
    error::Error,
    ids::{EnvironmentId, EventId, OrganizationId, PortalLinkId},
    sql,
    time::Timestamp,
};
use gatewright_api::{
    Rpc,
    rpc::organization_service as rpc,
    scalekit::v1::{commons::RegionCode, organizations as pb},
};
use prost::Message as _;
use serde_json::Value as Json;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// An environment as its application sees it, and as its tables hold it.
#[derive(Debug)]
pub struct Api {
    /// gRPC with the token.
    pub grpc: Grpc,
    /// The application's token.
    pub token: String,
    /// `env_…`
    pub environment: EnvironmentId,
    base: String,
    host: Option<String>,
    http: reqwest::Client,
    app: Arc<App>,
    told: AtomicI64,
}

/// A row of `events`, with what the API does not show.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// `evt_…`
    pub id: EventId,
    /// `organization.created`
    pub name: String,
    /// `Organization`
    pub object: String,
    /// Which organization it concerns.
    pub organization: Option<OrganizationId>,
    /// When.
    pub occurred_at: Timestamp,
    /// The object.
    pub data: Json,
    /// `SCALEKIT` or `DIR_SYNC`
    pub source: String,
    /// `API`, `HUMAN` or `MACHINE`
    pub actor_type: String,
    /// `skc_…`
    pub actor_id: String,
    /// Address of the caller.
    pub ip_address: String,
    /// `req_…`
    pub request_id: String,
}

impl FromRow for StoredEvent {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.next()?,
            name: row.next()?,
            object: row.next()?,
            organization: row.next()?,
            occurred_at: row.next()?,
            data: serde_json::from_str(&row.next::<String>()?).unwrap(),
            source: row.next()?,
            actor_type: row.next()?,
            actor_id: row.next()?,
            ip_address: row.next()?,
            request_id: row.next()?,
        })
    }
}

/// The columns of an organization that lists do not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Whose.
    pub organization: OrganizationId,
    /// Limit on members.
    pub max_allowed_users: Option<i64>,
    /// `APPLICATION` or `CUSTOM`
    pub source: String,
    /// Absolute limit of sessions.
    pub absolute_minutes: Option<i64>,
    /// Idle limit of sessions.
    pub idle_minutes: Option<i64>,
    /// Whether idle sessions end.
    pub idle_enabled: Option<bool>,
}

impl FromRow for StoredPolicy {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        Ok(Self {
            organization: row.next()?,
            max_allowed_users: row.next()?,
            source: row.next()?,
            absolute_minutes: row.next()?,
            idle_minutes: row.next()?,
            idle_enabled: row.next()?,
        })
    }
}

/// All that an environment holds of organizations, to see that a refused call changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Through the API, newest first.
    pub organizations: Vec<pb::Organization>,
    /// Oldest first.
    pub events: Vec<StoredEvent>,
    /// Id, organization, and when it expires.
    pub portal_links: Vec<(PortalLinkId, OrganizationId, Timestamp)>,
    /// Organization, source, settings, and when they were saved.
    pub brandings: Vec<(OrganizationId, String, Option<String>, Timestamp)>,
    /// What the API shows of an organization only by itself.
    pub policies: Vec<StoredPolicy>,
}

impl Server {
    /// The default environment.
    pub async fn api(&self) -> Api {
        let token = self.token().await;
        let base = format!("http://{}", self.address);
        Api {
            grpc: Grpc::connect(&base, &token).await,
            token,
            environment: self.operator.environment().id,
            base,
            host: None,
            http: self.http.clone(),
            app: self.app.clone(),
            told: AtomicI64::new(0),
        }
    }

    /// Calls an rpc as the operator, who may call those that applications may not. It passes neither gate nor
    /// validation.
    pub async fn as_operator<R: Rpc>(&self, request: &R::Request) -> Result<R::Response, Error> {
        let bytes = request.encode_to_vec();
        let answer = bootstrap::routes().call(R::METHOD, self.operator.clone(), &bytes).await?;
        Ok(R::Response::decode(answer.as_slice()).expect("the response"))
    }

    /// Another environment of the same server.
    pub async fn api_in(&self, other: &OtherEnvironment) -> Api {
        let token = self.token_in(other).await;
        let base = format!("http://{}", self.address);
        Api {
            grpc: Grpc::connect_as(&base, &format!("http://{}", other.host), &token).await,
            token,
            environment: self.app.environments.at(&other.host).expect("the environment").id,
            base,
            host: Some(other.host.clone()),
            http: self.http.clone(),
            app: self.app.clone(),
            told: AtomicI64::new(0),
        }
    }
}

impl Api {
    /// What the server's requests share.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Calls an rpc over gRPC.
    pub async fn call<R: Rpc>(&self, request: R::Request) -> Result<R::Response, Failure> {
        self.grpc.call::<R>(request).await
    }

    /// Sends `body` as it is.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        let mut request = request.bearer_auth(&self.token);
        if let Some(host) = &self.host {
            request = request.header("host", host);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        http::json(request).await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }
    /// `POST`
    pub async fn post(&self, path: &str, body: Json) -> Answer {
        self.send("POST", path, &body.to_string()).await
    }
    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Json) -> Answer {
        self.send("PATCH", path, &body.to_string()).await
    }
    /// `PUT`
    pub async fn put(&self, path: &str, body: Json) -> Answer {
        self.send("PUT", path, &body.to_string()).await
    }
    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "").await
    }

    /// Starts an organization that is created over gRPC.
    pub fn organization(&self, display_name: &str) -> Builder<'_> {
        let new = pb::CreateOrganization { display_name: display_name.to_owned(), ..Default::default() };
        Builder { api: self, new }
    }

    /// The organization, if it is there.
    pub async fn find(&self, id: &str) -> Option<pb::Organization> {
        let identities = Some(pb::get_organization_request::Identities::Id(id.to_owned()));
        match self.call::<rpc::GetOrganization>(pb::GetOrganizationRequest { identities }).await {
            Ok(answer) => answer.organization,
            Err(failure) => {
                assert_eq!(failure.code, tonic::Code::NotFound, "{failure:?}");
                None
            }
        }
    }

    /// Every organization, newest first.
    pub async fn organizations(&self) -> Vec<pb::Organization> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListOrganizationsRequest { page_size: 100, page_token, external_id: None };
            let page = self.call::<rpc::ListOrganization>(request).await.unwrap();
            all.extend(page.organizations);
            if page.next_page_token.is_empty() {
                return all;
            }
            page_token = page.next_page_token;
        }
    }

    /// Every event of the environment, oldest first.
    pub async fn events(&self) -> Vec<StoredEvent> {
        self.events_after(0).await
    }

    /// The events since this was last called.
    pub async fn told(&self) -> Vec<StoredEvent> {
        let events = self.events_after(self.told.load(Ordering::Relaxed)).await;
        if let Some(last) = events.last() {
            self.told.store(last.id.as_i64(), Ordering::Relaxed);
        }
        events
    }

    async fn events_after(&self, id: i64) -> Vec<StoredEvent> {
        sql!(
            "SELECT id, type, object, organization_id, occurred_at, data, source, actor_type, actor_id, ip_address,
                    request_id
             FROM events WHERE environment_id = $1 AND id > $2 ORDER BY id"
        )
        .bind(self.environment)
        .bind(id)
        .all(&mut self.app.db.read())
        .await
        .unwrap()
    }

    /// All that the environment holds of organizations.
    pub async fn state(&self) -> State {
        let tx = &mut self.app.db.read();
        State {
            portal_links: sql!(
                "SELECT id, organization_id, expires_at FROM portal_links WHERE environment_id = $1 ORDER BY id"
            )
            .bind(self.environment)
            .all(tx)
            .await
            .unwrap(),
            brandings: sql!(
                "SELECT organization_id, source, settings, updated_at FROM organization_branding
                 WHERE environment_id = $1 ORDER BY organization_id"
            )
            .bind(self.environment)
            .all(tx)
            .await
            .unwrap(),
            policies: sql!(
                "SELECT id, max_allowed_users, session_policy_source, absolute_session_minutes,
                        idle_session_minutes, idle_session_enabled
                 FROM organizations WHERE environment_id = $1 ORDER BY id"
            )
            .bind(self.environment)
            .all(tx)
            .await
            .unwrap(),
            events: self.events().await,
            organizations: self.organizations().await,
        }
    }
}

/// An organization to be created.
#[derive(Debug)]
#[must_use = "nothing happens before create()"]
pub struct Builder<'a> {
    api: &'a Api,
    new: pb::CreateOrganization,
}

impl Builder<'_> {
    /// The application's own key.
    pub fn external_id(mut self, id: &str) -> Self {
        self.new.external_id = Some(id.to_owned());
        self
    }
    /// DNS labels.
    pub fn slug(mut self, slug: &str) -> Self {
        self.new.slug = Some(slug.to_owned());
        self
    }
    /// An https URL.
    pub fn logo_url(mut self, url: &str) -> Self {
        self.new.logo_url = Some(url.to_owned());
        self
    }
    /// One more pair.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.new.metadata.insert(key.to_owned(), value.to_owned());
        self
    }
    /// The region that it is expected in.
    pub fn region(mut self, region: RegionCode) -> Self {
        self.new.region_code = region.into();
        self
    }
    /// Creates it.
    pub async fn create(self) -> pb::Organization {
        self.try_create().await.unwrap()
    }
    /// Tries to.
    pub async fn try_create(self) -> Result<pb::Organization, Failure> {
        let request = pb::CreateOrganizationRequest { organization: Some(self.new) };
        let answer = self.api.call::<rpc::CreateOrganization>(request).await?;
        Ok(answer.organization.expect("an organization"))
    }
}
