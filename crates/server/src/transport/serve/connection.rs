//! One connection from its first byte to its last.
use super::{
    Limits, Peer, Phase,
    idle::{Activity, Reason, Rules, Watch},
    prefixed::Prefixed,
};
use crate::transport::tls;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, Response, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

/// First bytes of every HTTP/2 connection (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// First byte of a TLS record that carries a handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// How long a connection that is told to go may take for its goodbye.
const GOODBYE: Duration = Duration::from_millis(250);
/// How long the last answer may take to reach a slow reader when the server stops.
const LAST_ANSWER: Duration = Duration::from_secs(2);
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 36\r\nconnection: close\r\n\r\nthis port speaks TLS: use https://\r\n";

/// What all connections share.
pub(super) struct Shared<S, P> {
    pub(super) builders: Builders,
    pub(super) limits: Limits,
    pub(super) tls: Option<tls::Acceptor>,
    pub(super) evict: Arc<Notify>,
    pub(super) slots: Arc<Semaphore>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) service: S,
    pub(super) on_panic: P,
}

/// One for each version; which one it is, is known before hyper sees the connection.
pub(super) struct Builders {
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
}

impl Builders {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut http1 = auto::Builder::new(TokioExecutor::new()).http1_only();
        http1.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(limits.max_header_size);
        let mut http2 = auto::Builder::new(TokioExecutor::new()).http2_only();
        // Without a timer the keep-alive interval would panic. h2 answers every ping of a client and counts none.
        http2
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.keep_alive_interval)
            .keep_alive_timeout(limits.keep_alive_timeout)
            .max_concurrent_streams(limits.max_concurrent_streams)
            .max_header_list_size(u32::try_from(limits.max_header_size).unwrap_or(u32::MAX));
        Self { http1, http2 }
    }
}

/// A connection of which the version is known.
enum Opened {
    Clear { http2: bool, prefix: Bytes, stream: TcpStream },
    Tls { http2: bool, stream: Box<tls::TlsStream> },
}

/// Serves one connection; the permit is its place among all of them.
pub(super) async fn run<S, F, P>(
    shared: Arc<Shared<S, P>>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: OwnedSemaphorePermit,
) where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
    P: Fn(Option<&HeaderValue>) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let mut phase = shared.phase.clone();
    let opened = tokio::select! {
        biased;
        opened = open(&shared.limits, shared.tls.as_ref(), stream) => opened,
        () = shared.evict.notified() => return,
        () = told(&mut phase, Phase::Draining) => return,
    };
    match opened {
        Ok(Some(Opened::Clear { http2, prefix, stream })) => {
            serve_http(&shared, stream, prefix, Peer { addr, tls: false }, http2).await;
        }
        Ok(Some(Opened::Tls { http2, stream })) => {
            serve_http(&shared, *stream, Bytes::new(), Peer { addr, tls: true }, http2).await;
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(client.address = %addr, "connection failed to open: {error}"),
    }
    drop(permit);
}

/// Finds out what the client speaks. `None` if it went away, was too slow, or had to be told to speak TLS.
async fn open(limits: &Limits, tls: Option<&tls::Acceptor>, stream: TcpStream) -> io::Result<Option<Opened>> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        return Ok(timeout(limits.header_timeout, open_clear(stream)).await.ok().transpose()?.flatten());
    };
    let mut first = [0];
    match timeout(limits.header_timeout, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {}
        Ok(Ok(1)) => return refuse_clear_text(stream).await.map(|()| None),
        Ok(Err(error)) => return Err(error),
        Ok(Ok(_)) | Err(_) => return Ok(None),
    }
    match timeout(limits.tls_handshake_timeout, tls.accept(stream)).await {
        Ok(stream) => {
            let stream = Box::new(stream?);
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Ok(Some(Opened::Tls { http2, stream }))
        }
        Err(_) => Ok(None),
    }
}

/// HTTP/2 with prior knowledge begins with its preface; everything else is HTTP/1.1.
async fn open_clear(mut stream: TcpStream) -> io::Result<Option<Opened>> {
    let mut prefix = BytesMut::with_capacity(4096);
    loop {
        if stream.read_buf(&mut prefix).await? == 0 {
            return Ok(None);
        }
        let http2 = prefix.starts_with(PREFACE);
        if http2 || !PREFACE.starts_with(&prefix) {
            return Ok(Some(Opened::Clear { http2, prefix: prefix.freeze(), stream }));
        }
    }
}

/// A browser or an SDK with the wrong scheme gets an answer that it can show.
async fn refuse_clear_text(mut stream: TcpStream) -> io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.try_read(&mut request);
    stream.write_all(SPEAK_TLS).await?;
    stream.shutdown().await?;
    // Closing with unread bytes would reset the connection before the client has read the answer.
    let _ = timeout(GOODBYE, async { while stream.read(&mut request).await.is_ok_and(|n| n > 0) {} }).await;
    Ok(())
}

async fn serve_http<IO, S, F, P>(shared: &Arc<Shared<S, P>>, io: IO, prefix: Bytes, peer: Peer, http2: bool)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
    P: Fn(Option<&HeaderValue>) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let activity = Arc::new(Activity::default());
    let reads = Arc::new(AtomicU64::new(0));
    let io = TokioIo::new(Prefixed::new(prefix, io, Arc::clone(&reads)));
    let builder = if http2 { &shared.builders.http2 } else { &shared.builders.http1 };
    let mut watch = Watch::new(rules(shared, http2), Arc::clone(&activity), reads);
    let service = service_fn(|mut request: Request<Incoming>| {
        let in_flight = activity.begin();
        request.extensions_mut().insert(peer);
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let (service, on_panic) = (shared.service.clone(), shared.on_panic.clone());
        async move {
            // The call is inside, so that a panic before the first await is caught as well.
            let answer = AssertUnwindSafe(async { service(request).await }).catch_unwind().await;
            drop(in_flight);
            Ok::<_, Infallible>(answer.unwrap_or_else(|_| {
                // The panic hook has logged where and why.
                tracing::error!(client.address = %peer.addr, "a request panicked; it was answered with an internal error");
                on_panic(content_type.as_ref())
            }))
        }
    });
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    let (mut draining, mut aborting) = (shared.phase.clone(), shared.phase.clone());
    tokio::select! {
        biased;
        result = connection.as_mut() => return log_end(result, peer),
        () = told(&mut draining, Phase::Draining) => {
            connection.as_mut().graceful_shutdown();
        }
        reason = poll_fn(|cx| watch.poll(cx)) => {
            connection.as_mut().graceful_shutdown();
            if reason == Reason::Evicted {
                // One poll sends HTTP/2's GOAWAY; whoever waits for the place does not wait for this client.
                let _ = connection.as_mut().now_or_never();
            }
            // A request that came in at the last moment is answered; a client that is silent is not waited for.
            while !(reason == Reason::Evicted && activity.is_idle()) && *aborting.borrow() != Phase::Aborting {
                if timeout(GOODBYE, connection.as_mut()).await.is_ok() || activity.is_idle() {
                    break;
                }
            }
            return;
        }
    }
    tokio::select! {
        result = connection.as_mut() => log_end(result, peer),
        () = told(&mut aborting, Phase::Aborting) => {}
        () = answered(&activity) => {}
    }
}

/// Ready when there was no request for a while. HTTP/2 waits for the client to confirm the goodbye (RFC 9113 §6.8); one
/// that is asleep would hold up the stop.
async fn answered(activity: &Activity) {
    let mut quiet = Duration::ZERO;
    while quiet < LAST_ANSWER {
        sleep(GOODBYE).await;
        quiet = if activity.is_idle() { quiet + GOODBYE } else { Duration::ZERO };
    }
}

/// Ready when the server has come to this phase.
async fn told(phase: &mut watch::Receiver<Phase>, at_least: Phase) {
    // The guard that `wait_for` returns must not live on: it would block the sender. An error means: the server is gone.
    let _ = phase.wait_for(|phase| *phase >= at_least).await;
}

fn rules<S, P>(shared: &Shared<S, P>, http2: bool) -> Rules {
    Rules {
        idle: shared.limits.idle_timeout,
        crowded: shared.limits.crowded_idle_timeout,
        header: (!http2).then_some(shared.limits.header_timeout),
        slots: Arc::clone(&shared.slots),
        total: shared.limits.max_connections,
        evict: Arc::clone(&shared.evict),
    }
}

/// Clients that go away are no news.
fn log_end<E: std::fmt::Display>(result: Result<(), E>, peer: Peer) {
    if let Err(error) = result {
        tracing::debug!(client.address = %peer.addr, "connection ended: {error}");
    }
}
