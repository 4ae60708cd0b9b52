//! The server: a function from request to reply, and a record of what was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::{ScalekitClient, ScalekitClientBuilder};

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The message of a gRPC request, without its five bytes of framing.
    pub(super) fn message<M: prost::Message + Default>(&self) -> M {
        M::decode(&self.body[5..]).unwrap()
    }
}

pub(super) enum Reply {
    /// Status, headers, body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// A message and status OK.
    Grpc(Vec<u8>),
    /// A gRPC status, its message, and `grpc-status-details-bin`.
    Status(i32, &'static str, Vec<u8>),
    /// No answer.
    Hang,
}

impl Reply {
    pub(super) fn json(status: u16, body: impl ToString) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::Http(status, headers, body.to_string())
    }

    pub(super) fn message(message: &impl prost::Message) -> Self {
        Self::Grpc(message.encode_to_vec())
    }

    /// A token that is valid for so many seconds.
    pub(super) fn token(token: &str, expires_in: u64) -> Self {
        Self::json(
            200,
            serde_json::json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in}),
        )
    }
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

pub(super) struct Server {
    pub(super) address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), handler).await
    }

    pub(super) async fn start_at(
        address: SocketAddr,
        handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(address, None, Arc::new(handler)).await
    }

    pub(super) async fn start_tls(
        acceptor: TlsAcceptor,
        handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen("127.0.0.1:0".parse().unwrap(), Some(acceptor), Arc::new(handler)).await
    }

    async fn listen(address: SocketAddr, tls: Option<TlsAcceptor>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, tls, handler, Arc::clone(&seen)));
        Self { address, scheme, seen, connections }
    }

    pub(super) fn url(&self) -> String {
        let host =
            if self.scheme == "https" { "localhost".to_owned() } else { self.address.ip().to_string() };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    pub(super) fn builder(&self) -> ScalekitClientBuilder {
        ScalekitClient::builder().env_url(self.url()).client_id("skc_1").client_secret("s3cr3t")
    }

    pub(super) fn client(&self) -> ScalekitClient {
        self.builder().build().unwrap()
    }

    /// Requests to paths that contain this text, oldest first.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path.contains(path)).cloned().collect()
    }

    /// Closes the port and every connection.
    pub(super) async fn stop(mut self) -> SocketAddr {
        self.connections.shutdown().await;
        self.address
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    handler: Arc<Handler>,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    // Dropped with this task, which closes all connections.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, handler, seen) = (tls.clone(), Arc::clone(&handler), Arc::clone(&seen));
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                answer(request, Arc::clone(&handler), Arc::clone(&seen))
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            // Errors are the client's business: it went away, or did not trust us.
            let _ = match tls {
                None => builder.serve_connection(TokioIo::new(stream), service).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => builder.serve_connection(TokioIo::new(stream), service).await,
                    Err(_) => Ok(()),
                },
            };
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    handler: Arc<Handler>,
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked = Seen { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    seen.lock().unwrap().push(asked.clone());
    let reply = handler(&asked);
    Ok(match reply {
        Reply::Hang => std::future::pending().await,
        Reply::Http(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Full::new(Bytes::from(body)).boxed()).unwrap()
        }
        Reply::Grpc(message) => grpc(Some(message), 0, "", &[]),
        Reply::Status(code, message, details) => grpc(None, code, message, &details),
    })
}

fn grpc(
    message: Option<Vec<u8>>,
    status: i32,
    text: &str,
    details: &[u8],
) -> Response<BoxBody<Bytes, Infallible>> {
    use base64::Engine as _;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.into());
    trailers.insert("grpc-message", text.parse().unwrap());
    if !details.is_empty() {
        let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(details);
        trailers.insert("grpc-status-details-bin", details.parse().unwrap());
    }
    let mut frames = Vec::new();
    if let Some(message) = message {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).unwrap());
        framed.put_slice(&message);
        frames.push(Ok(Frame::data(framed.freeze())));
    }
    frames.push(Ok(Frame::trailers(trailers)));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    Response::builder().header("content-type", "application/grpc").body(body.boxed()).unwrap()
}
