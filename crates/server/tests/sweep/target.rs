//! The server under test, called over the wire where an application's token may, and past the gate elsewhere.
use crate::{message::Maker, world::World};
use futures_util::StreamExt as _;
use gatewright::{bootstrap, rpc::Routes, transport::validate};
use gatewright_api::{
    METHODS,
    plan::{Callers, Method},
};
use gatewright_testkit::{Database, OtherEnvironment, RawGrpc, Server, frame};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

pub const OK: i32 = 0;
pub const INVALID_ARGUMENT: i32 = 3;
pub const NOT_FOUND: i32 = 5;

/// What a call was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: i32,
    pub message: String,
    /// Fields of the violations.
    pub fields: Vec<String>,
}

/// One call to be made.
pub struct Case {
    pub method: &'static Method,
    /// Field and value, for people.
    pub what: String,
    pub request: Vec<u8>,
}

pub struct Target {
    pub server: Server,
    pub other: OtherEnvironment,
    pub token: String,
    pub world: World,
    pub foreign: World,
    routes: Arc<Routes>,
    http: reqwest::Client,
}

impl Target {
    pub async fn start(kind: Database) -> Self {
        let server = Server::start(kind).await;
        let other = server.add_environment("other").await;
        let mut world = World::build(&server.api().await).await;
        world.add_internals(&server).await;
        let foreign = World::build(&server.api_in(&other).await).await;
        let http = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        let (token, routes) = (server.token().await, Arc::new(bootstrap::routes()));
        Self { server, other, token, world, foreign, routes, http }
    }

    /// Every rpc that is built; those that take things away come last.
    pub fn methods(&self) -> Vec<&'static Method> {
        let mut all: Vec<_> = METHODS.iter().filter(|method| self.routes.serves(method)).collect();
        let words = ["Delete", "Remove", "Revoke", "Invalidate"];
        all.sort_by_key(|method| words.iter().any(|word| method.name.starts_with(word)));
        assert!(all.len() > 200, "{}", all.len());
        all
    }

    pub fn maker(&self, method: &'static Method) -> Maker<'_> {
        Maker { world: &self.world, method }
    }

    /// Whether an application's token may call it.
    pub fn is_open(method: &Method) -> bool {
        method.callers.intersects(Callers::CLIENT) || method.callers.intersects(Callers::NONE)
    }

    /// Calls over gRPC with this value of `authorization`; a fault is no answer or one without its detail.
    pub async fn grpc(&self, method: &Method, authorization: &str, request: &[u8]) -> Result<Answer, String> {
        let url = format!("http://{}{}", self.server.address, method.path);
        let mut call =
            self.http.post(url).header("content-type", "application/grpc").header("te", "trailers");
        if !authorization.is_empty() {
            call = call.header("authorization", authorization);
        }
        let answer =
            call.body(frame(request)).send().await.map_err(|error| format!("no answer: {error:?}"))?;
        let (http_status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| format!("half an answer: {error}"))?.to_vec();
        if http_status == 200 && headers.get("grpc-status").is_none_or(|code| code == "0") {
            return Ok(Answer { code: OK, message: String::new(), fields: Vec::new() });
        }
        let raw = RawGrpc { http_status, headers, body };
        let failure = catch_unwind(AssertUnwindSafe(|| raw.failure()))
            .map_err(|_| format!("not the documented envelope: {raw:?}"))?;
        let fields = failure.violations().iter().map(|(field, _)| (*field).to_owned()).collect();
        Ok(Answer { code: failure.code.into(), message: failure.message, fields })
    }

    /// Calls as the one who may.
    pub async fn call(&self, method: &'static Method, request: &[u8]) -> Result<Answer, String> {
        if Self::is_open(method) {
            return self.grpc(method, &format!("Bearer {}", self.token), request).await;
        }
        let (routes, ctx, request) = (self.routes.clone(), self.server.operator.clone(), request.to_vec());
        let answer = tokio::spawn(async move {
            validate::check(method.input, &request)?;
            routes.call(method, ctx, &request).await
        });
        Ok(match answer.await.map_err(|error| format!("panicked: {error}"))? {
            Ok(_) => Answer { code: OK, message: String::new(), fields: Vec::new() },
            Err(error) => Answer {
                code: error.kind().code(),
                message: error.message().to_owned(),
                fields: error.field_violations().iter().map(|one| one.field.clone()).collect(),
            },
        })
    }

    /// Makes the calls, some at a time, and collects what `fault` has to say of the answers.
    pub async fn run(
        &self,
        cases: Vec<Case>,
        fault: impl Fn(&Case, &Answer) -> Option<String>,
    ) -> Vec<String> {
        let fault = &fault;
        let calls = cases.into_iter().map(|case| async move {
            let answer = self.call(case.method, &case.request).await;
            let text = match &answer {
                Ok(answer) => fault(&case, answer),
                Err(text) => Some(text.clone()),
            };
            let start = |text: &str| text.chars().take(300).collect::<String>();
            text.map(|text| format!("{} {}: {}", case.method.name, start(&case.what), start(&text)))
        });
        futures_util::stream::iter(calls)
            .buffer_unordered(8)
            .filter_map(|found| async { found })
            .collect()
            .await
    }
}

/// A field's path as violations name it, without the numbers and keys of items.
pub fn plain(field: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::new();
    for letter in field.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}
