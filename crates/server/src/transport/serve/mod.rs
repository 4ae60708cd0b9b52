//! The accept loop: one port for HTTP/1.1 and HTTP/2, in clear or over TLS, with limits that keep slow and idle clients
//! from starving the others.
//!
//! hyper's own header timeout also closes idle HTTP/1.1 connections, so it is off; `connection` keeps both times apart.
mod body;
mod connection;
mod idle;
mod prefixed;

pub use body::{BodyError, read_body};

use crate::{config, transport::tls};
use axum::body::Body;
use connection::{Builders, Shared};
use futures_util::FutureExt as _;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout},
};

/// Who is at the other end of the connection; in the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Address of the socket: the client's, or its proxy's.
    pub addr: SocketAddr,
    /// Whether this server terminates TLS on the connection.
    pub tls: bool,
}

/// The limits of `[limits]`, as the accept loop needs them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at one time, at least 1.
    pub max_connections: usize,
    /// For the head of a request, the first byte included.
    pub header_timeout: Duration,
    /// For the TLS handshake.
    pub tls_handshake_timeout: Duration,
    /// Without a request.
    pub idle_timeout: Duration,
    /// Without a request, while more than three quarters of the connections are in use.
    pub crowded_idle_timeout: Duration,
    /// Bytes of a request's head, at least 8,192.
    pub max_header_size: usize,
    /// On one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// Between the server's HTTP/2 pings.
    pub keep_alive_interval: Duration,
    /// For the answer to a ping.
    pub keep_alive_timeout: Duration,
    /// For requests in flight when the server stops.
    pub shutdown_grace: Duration,
}

impl From<&config::Limits> for Limits {
    /// `max_connections` is lowered to what the system's limit on open files leaves room for.
    fn from(config: &config::Limits) -> Self {
        let wanted = usize::try_from(config.max_connections.0).unwrap_or(usize::MAX);
        let room = open_file_limit().map_or(usize::MAX, room_for_connections);
        Self {
            max_connections: wanted.min(room),
            header_timeout: config.header_timeout.0,
            tls_handshake_timeout: config.tls_handshake_timeout.0,
            idle_timeout: config.idle_timeout.0,
            crowded_idle_timeout: config.crowded_idle_timeout.0,
            max_header_size: config.max_header_size.0,
            max_concurrent_streams: config.max_concurrent_streams.0,
            keep_alive_interval: config.keep_alive_interval.0,
            keep_alive_timeout: config.keep_alive_timeout.0,
            shutdown_grace: config.shutdown_grace.0,
        }
    }
}

/// The soft limit on open files, where the system says.
pub fn open_file_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The database, the log and outgoing calls need files too: a quarter of them, but never more than 128.
fn room_for_connections(files: usize) -> usize {
    files.saturating_sub((files / 4).min(128)).max(1)
}

/// Connections that the system keeps until they are accepted: enough for a burst, in which a full queue would make clients
/// try again only after a second. The system's own limit (`somaxconn`) may be lower.
const BACKLOG: u32 = 4096;

/// A listener for [`serve`].
///
/// # Errors
/// Those of the system: the address is in use, not this machine's, or needs a privilege.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a restart does not wait for connections that are still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Go on.
    Serving,
    /// Answer what is in flight, then close.
    Draining,
    /// Close at once.
    Aborting,
}

/// Serves until `shutdown` is ready, then lets requests in flight finish for at most `limits.shutdown_grace`.
///
/// `on_panic` makes the one answer to a request whose `service` panicked; it gets the request's `content-type`.
/// Returns whether every request in flight was answered.
pub async fn serve<S, F, P>(
    listener: TcpListener,
    tls: Option<tls::Acceptor>,
    limits: Limits,
    service: S,
    on_panic: P,
    shutdown: impl Future<Output = ()>,
) -> bool
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
    P: Fn(Option<&HeaderValue>) -> Response<Body> + Clone + Send + Sync + 'static,
{
    let (phase, watched) = watch::channel(Phase::Serving);
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let grace = limits.shutdown_grace;
    let all = u32::try_from(limits.max_connections).unwrap_or(u32::MAX);
    let shared = Arc::new(Shared {
        builders: Builders::new(&limits),
        limits,
        tls,
        evict: Arc::new(Notify::new()),
        slots: Arc::clone(&slots),
        phase: watched,
        service,
        on_panic,
    });
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            (stream, addr, permit) = next_connection(&listener, &shared.slots, &shared.evict) => {
                tokio::spawn(connection::run(Arc::clone(&shared), stream, addr, permit));
            }
        }
    }
    drop(listener);
    phase.send_replace(Phase::Draining);
    // Every connection holds one permit, so all of them are free when the last one has closed.
    let drained = timeout(grace, slots.acquire_many(all)).await.is_ok();
    phase.send_replace(Phase::Aborting);
    if !drained {
        tracing::warn!("closed connections whose requests were not finished after {} s", grace.as_secs());
        let _ = timeout(Duration::from_secs(1), slots.acquire_many(all)).await;
    }
    drained
}

/// The next connection and its place among the others. When there is no place, the longest idle connection makes room.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    evict: &Notify,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let (stream, addr) = accept(listener).await;
    loop {
        if slots.available_permits() == 0 {
            evict.notify_one();
        }
        // The semaphore is never closed. After a while without a place, another connection is asked to go.
        if let Ok(Ok(permit)) = timeout(Duration::from_millis(500), Arc::clone(slots).acquire_owned()).await {
            // If nobody was idle, the call to make room is still waiting, and would hit the newcomer.
            let _ = evict.notified().now_or_never();
            return (stream, addr, permit);
        }
    }
}

/// Accepts, and survives what accepting can fail with: a client that has gone, and no more files.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut warned: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => return (stream, addr),
            Err(error) if is_clients_fault(&error) => {}
            Err(error) => {
                if warned.is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
                    warned = Some(Instant::now());
                    tracing::warn!(error = %error, "cannot accept connections: {error}; raise the limit on open files?");
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn is_clients_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
