//! Real sockets, short limits.
use super::*;
use std::{net::SocketAddr, sync::atomic::AtomicUsize, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const GET: &[u8] = b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n";

fn limits() -> Limits {
    Limits {
        max_connections: 8,
        header_timeout: Duration::from_millis(150),
        tls_handshake_timeout: Duration::from_millis(150),
        idle_timeout: Duration::from_millis(600),
        crowded_idle_timeout: Duration::from_millis(100),
        max_header_size: 64 << 10,
        max_concurrent_streams: 256,
        keep_alive_interval: Duration::from_secs(30),
        keep_alive_timeout: Duration::from_secs(20),
        shutdown_grace: Duration::from_secs(5),
    }
}

struct Server {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<bool>,
}

async fn start(limits: Limits, tls: Option<tls::Acceptor>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { drop(stopped.await) };
    let task = tokio::spawn(serve(listener, tls, limits, answer, panicked, shutdown));
    Server { addr, stop, task }
}

/// Says what it sees; `/panic` panics, `/slow` takes a while, `/body` reads all.
async fn answer(request: Request<Incoming>) -> Response<Body> {
    let peer = *request.extensions().get::<Peer>().unwrap();
    match request.uri().path() {
        "/panic" => panic!("asked to"),
        "/slow" => sleep(Duration::from_millis(300)).await,
        "/forever" => std::future::pending().await,
        "/body" => {
            return match read_body(request.into_body(), 1 << 20, Duration::from_secs(2)).await {
                Ok(body) => Response::new(Body::from(body.len().to_string())),
                Err(error) => {
                    Response::builder().status(400).body(Body::from(error.message().to_owned())).unwrap()
                }
            };
        }
        _ => {}
    }
    Response::new(Body::from(format!("{:?} tls={} {}", request.version(), peer.tls, peer.addr.ip())))
}

fn panicked(content_type: Option<&HeaderValue>) -> Response<Body> {
    let seen = content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    Response::builder().status(500).body(Body::from(format!("panicked {seen}"))).unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.addr).await.unwrap()
}

/// Reads one answer's head and short body.
async fn read_some(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4096];
    let length = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// How long it takes the server to close the connection.
async fn closed_after(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut buffer = [0; 1024];
    let end = async { while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {} };
    timeout(Duration::from_secs(5), end).await.expect("the server closes the connection");
    start.elapsed()
}

fn client() -> reqwest::ClientBuilder {
    tls::install_provider();
    reqwest::Client::builder().no_proxy()
}

async fn text(answer: reqwest::Response) -> (u16, String) {
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn one_port_speaks_both_versions_and_says_who_calls() {
    let server = start(limits(), None).await;
    let url = format!("http://{}/x", server.addr);
    let h1 = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(text(h1).await, (200, "HTTP/1.1 tls=false 127.0.0.1".into()));
    let h2 = client().http2_prior_knowledge().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(text(h2).await, (200, "HTTP/2.0 tls=false 127.0.0.1".into()));
}

#[tokio::test]
async fn a_preface_in_pieces_is_still_http_2() {
    let server = start(limits(), None).await;
    let mut stream = connect(&server).await;
    stream.set_nodelay(true).unwrap();
    for part in PREFACE.chunks(7) {
        stream.write_all(part).await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    stream.write_all(SETTINGS).await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the server's SETTINGS come first");
}

#[tokio::test]
async fn slow_heads_are_cut_off_and_idle_connections_are_not() {
    let server = start(limits(), None).await;
    // Nothing at all, the beginning of a head, and the beginning of a second head.
    for (first, second) in [(&b""[..], &b""[..]), (b"GET /x HT", b""), (GET, b"GET /y HT"), (PREFACE, b"")] {
        let http2 = first == PREFACE;
        let mut stream = connect(&server).await;
        stream.write_all(first).await.unwrap();
        if first == GET {
            assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 200"));
        }
        stream.write_all(second).await.unwrap();
        let took = closed_after(&mut stream).await;
        let limit = if http2 { limits().idle_timeout } else { limits().header_timeout };
        assert!(took >= limit - Duration::from_millis(50), "{first:?}: {took:?}");
        assert!(took < limit + Duration::from_millis(400), "{first:?}: {took:?}");
    }
    // An idle connection outlives the header timeout, and is closed after the idle timeout.
    let mut stream = connect(&server).await;
    stream.write_all(GET).await.unwrap();
    read_some(&mut stream).await;
    sleep(Duration::from_millis(300)).await;
    stream.write_all(GET).await.unwrap();
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 200"), "still open after 300 ms");
    let took = closed_after(&mut stream).await;
    assert!(took >= Duration::from_millis(550) && took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_dripping_head_is_cut_off() {
    let server = start(limits(), None).await;
    let mut stream = connect(&server).await;
    let start = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    while start.elapsed() < Duration::from_secs(3) && stream.write_all(b"a: b\r\n").await.is_ok() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn idle_and_slow_connections_do_not_block_a_new_one() {
    let limits = Limits {
        idle_timeout: Duration::from_secs(60),
        crowded_idle_timeout: Duration::from_secs(60),
        header_timeout: Duration::from_secs(60),
        ..limits()
    };
    let server = start(limits, None).await;
    let mut held = Vec::new();
    for number in 0..100 {
        let mut stream = connect(&server).await;
        let begin: &[u8] = match number % 4 {
            0 => b"",
            1 => b"POST / HTTP/1.1\r\nhost",
            2 => PREFACE,
            _ => GET,
        };
        stream.write_all(begin).await.unwrap();
        held.push(stream);
    }
    let start = Instant::now();
    let mut stream = connect(&server).await;
    stream.write_all(GET).await.unwrap();
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn busy_connections_are_never_evicted() {
    let limits = Limits { max_connections: 2, ..limits() };
    let server = start(limits, None).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        busy.push(stream);
    }
    sleep(Duration::from_millis(50)).await;
    let mut third = connect(&server).await;
    third.write_all(GET).await.unwrap();
    for stream in &mut busy {
        assert!(read_some(stream).await.starts_with("HTTP/1.1 200"));
    }
    assert!(read_some(&mut third).await.starts_with("HTTP/1.1 200"), "served when one of them became idle");
}

#[tokio::test]
async fn a_newcomer_is_not_evicted_by_the_call_that_made_its_place() {
    let limits = Limits { max_connections: 1, header_timeout: Duration::from_secs(5), ..limits() };
    let server = start(limits, None).await;
    let mut busy = connect(&server).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let mut newcomer = connect(&server).await;
    assert!(read_some(&mut busy).await.starts_with("HTTP/1.1 200"));
    sleep(Duration::from_millis(100)).await;
    newcomer.write_all(GET).await.unwrap();
    assert!(read_some(&mut newcomer).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_crowd_shortens_the_idle_time() {
    let limits =
        Limits { idle_timeout: Duration::from_secs(60), header_timeout: Duration::from_secs(60), ..limits() };
    let server = start(limits, None).await;
    let mut streams = Vec::new();
    for _ in 0..7 {
        let mut stream = connect(&server).await;
        stream.write_all(GET).await.unwrap();
        read_some(&mut stream).await;
        streams.push(stream);
    }
    // Seven of eight are more than three quarters: the first to be closed end the crowd, the others stay.
    let took = closed_after(&mut streams[0]).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
    let last = streams.last_mut().unwrap();
    sleep(Duration::from_millis(300)).await;
    last.write_all(GET).await.unwrap();
    assert!(read_some(last).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_panic_is_one_500_and_the_connection_lives() {
    let server = start(limits(), None).await;
    for client in [client().build().unwrap(), client().http2_prior_knowledge().build().unwrap()] {
        let url = format!("http://{}/panic", server.addr);
        let answer = client.get(url).header("content-type", "application/grpc").send().await.unwrap();
        assert_eq!(text(answer).await, (500, "panicked application/grpc".into()));
        let answer = client.get(format!("http://{}/x", server.addr)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn a_graceful_stop_finishes_what_is_in_flight() {
    let server = start(limits(), None).await;
    let url = format!("http://{}/slow", server.addr);
    let mut idle = connect(&server).await;
    idle.write_all(GET).await.unwrap();
    read_some(&mut idle).await;
    let [h1, h2] = [client().build().unwrap(), client().http2_prior_knowledge().build().unwrap()]
        .map(|client| tokio::spawn(client.get(&url).send()));
    sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    assert!(closed_after(&mut idle).await < Duration::from_millis(200));
    assert_eq!(h1.await.unwrap().unwrap().status(), 200);
    assert_eq!(h2.await.unwrap().unwrap().status(), 200);
    assert!(server.task.await.unwrap());
    assert!(TcpStream::connect(server.addr).await.is_err(), "no new connections");
}

#[tokio::test]
async fn a_client_that_is_asleep_does_not_hold_up_the_stop() {
    let server = start(Limits { idle_timeout: Duration::from_secs(60), ..limits() }, None).await;
    let mut stream = connect(&server).await;
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(SETTINGS).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let start = Instant::now();
    server.stop.send(()).unwrap();
    assert!(server.task.await.unwrap(), "nothing was cut off");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_stop_the_stop() {
    let server = start(Limits { shutdown_grace: Duration::from_millis(200), ..limits() }, None).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /forever HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let start = Instant::now();
    server.stop.send(()).unwrap();
    assert!(!server.task.await.unwrap(), "says that it cut something off");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn client_pings_without_streams_are_answered() {
    let server = start(limits(), None).await;
    let mut stream = connect(&server).await;
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(SETTINGS).await.unwrap();
    let mut acknowledged = 0_u8;
    for number in 0..20_u8 {
        stream.write_all(&[0, 0, 8, 6, 0, 0, 0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; usize::from(head[2])];
            stream.read_exact(&mut payload).await.unwrap();
            assert_ne!(head[3], 7, "GOAWAY");
            if head[3] == 6 && head[4] == 1 {
                assert_eq!(payload[0], number);
                acknowledged += 1;
                break;
            }
        }
    }
    assert_eq!(acknowledged, 20);
}

#[tokio::test]
async fn large_heads_and_bodies_are_refused_with_an_answer() {
    let server = start(limits(), None).await;
    let url = format!("http://{}/body", server.addr);
    for client in [client().build().unwrap(), client().http2_prior_knowledge().build().unwrap()] {
        let answer = client.post(&url).body(vec![b'x'; 20 << 20]).send().await.unwrap();
        assert_eq!(text(answer).await, (400, "the request body is larger than 1 MiB".into()));
        let answer = client.post(&url).body(vec![b'x'; 1 << 20]).send().await.unwrap();
        assert_eq!(text(answer).await, (200, "1048576".into()));
        let answer = client.get(&url).header("x", "y".repeat(80 << 10)).send().await;
        assert!(answer.as_ref().map_or(true, |a| a.status() == 431), "{answer:?}");
    }
    let mut stream = connect(&server).await;
    let head = format!("GET /x HTTP/1.1\r\nhost: x\r\nbig: {}\r\n\r\n", "y".repeat(80 << 10));
    let _ = stream.write_all(head.as_bytes()).await;
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn requests_given_up_do_not_count_as_in_flight() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let server = start(Limits { max_connections: 1, ..limits() }, None).await;
    let client = client().http2_prior_knowledge().build().unwrap();
    for _ in 0..50 {
        let request = client.get(format!("http://{}/forever", server.addr)).send();
        assert!(timeout(Duration::from_millis(2), request).await.is_err());
        SEEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    // The one connection is idle now, so it makes room.
    let mut stream = connect(&server).await;
    stream.write_all(GET).await.unwrap();
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[test]
fn leaves_files_for_the_rest_of_the_process() {
    assert_eq!(room_for_connections(256), 192);
    assert_eq!(room_for_connections(1024), 896);
    assert_eq!(room_for_connections(1), 1);
    assert!(open_file_limit().is_none_or(|limit| limit > 0));
}

#[tokio::test]
async fn tls_negotiates_the_version_and_refuses_clear_text_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let now = crate::time::Clock::System.now();
    let authority = tls::LocalAuthority::new(folder.path().join("tls"), "localhost");
    authority.ensure(now).unwrap();
    let acceptor =
        tls::Acceptor::from_files(&authority.certificate_file(), &authority.key_file(), now).unwrap();
    let server = start(limits(), Some(acceptor)).await;
    let pem = std::fs::read(authority.authority_file()).unwrap();
    let ca = reqwest::Certificate::from_pem(&pem).unwrap();
    let url = format!("https://localhost:{}/x", server.addr.port());
    for (builder, version) in [(client(), "HTTP/2.0"), (client().http1_only(), "HTTP/1.1")] {
        let client = builder.tls_certs_only([ca.clone()]).resolve("localhost", server.addr).build().unwrap();
        let answer = client.get(&url).send().await.unwrap();
        assert_eq!(text(answer).await, (200, format!("{version} tls=true 127.0.0.1")));
    }
    let clear = client().build().unwrap().get(format!("http://{}/x", server.addr)).send().await.unwrap();
    assert_eq!(text(clear).await, (400, "this port speaks TLS: use https://\r\n".into()));
    // A handshake that does not go on is cut off.
    let mut stream = connect(&server).await;
    stream.write_all(&[0x16, 3, 1]).await.unwrap();
    assert!(closed_after(&mut stream).await < Duration::from_secs(1));
}
