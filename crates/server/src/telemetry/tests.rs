use super::*;
use crate::config::Sources;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

fn config(flags: Vec<(&'static str, String)>) -> Config {
    Config::load(&Sources { flags, ..Sources::default() }).unwrap()
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn serves_what_was_counted_and_the_process() {
    let handle = recorder().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(metrics::serve(handle, listener, None, std::future::pending()));
    ::metrics::counter!("gatewright_test_total", "kind" => "x").increment(3);
    ::metrics::histogram!("gatewright_test_duration_seconds").record(0.003);
    let page = get(address, "/metrics").await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(page.contains("gatewright_test_total{kind=\"x\"} 3"), "{page}");
    assert!(page.contains("gatewright_test_duration_seconds_bucket{le=\"0.005\"} 1"), "{page}");
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"] {
        let line = page.lines().find(|line| line.starts_with(name)).expect(name);
        let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(value > 0.0, "{line}");
    }
    assert!(get(address, "/").await.starts_with("HTTP/1.1 404 "));
    server.abort();
}

#[tokio::test]
async fn an_explicit_metrics_address_must_be_free() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let explicit = config(vec![("telemetry.metrics_listen", address.clone())]);
    let error = bind_metrics(&explicit).await.unwrap_err();
    assert!(error.to_string().contains(&address), "{error}");
    let mut default = config(vec![]);
    default.telemetry.metrics_listen = explicit.telemetry.metrics_listen;
    assert!(bind_metrics(&default).await.unwrap().is_none());
    assert!(bind_metrics(&config(vec![("telemetry.metrics_listen", "off".into())])).await.unwrap().is_none());
}

/// A collector that takes one request, and says what it got.
#[cfg(feature = "otlp")]
async fn collector() -> (String, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // The span's name comes near the end of the body.
        while !request.windows(9).any(|part| part == b"span name") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    (endpoint, task)
}

#[cfg(feature = "otlp")]
#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_are_sent_at_shutdown() {
    let (endpoint, collected) = collector().await;
    let config = config(vec![("telemetry.otlp_endpoint", endpoint)]);
    let endpoint = config.telemetry.otlp_endpoint.as_ref().unwrap();
    let (traces, layer) = traces::Traces::start(endpoint, "localhost").unwrap();
    let subscriber = tracing_subscriber::registry().with(vec![layer]);
    tracing::subscriber::with_default(subscriber, || tracing::info_span!("span name").in_scope(|| {}));
    traces.shutdown().await;
    let request = String::from_utf8_lossy(&collected.await.unwrap()).into_owned();
    assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("application/x-protobuf"));
    assert!(request.contains("service.name") && request.contains("gatewright"));
}

#[test]
fn clients_cannot_fill_the_log_through_libraries() {
    let lines = |filter: &str| {
        let written = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).unwrap();
        let writer = std::sync::Arc::clone(&written);
        let layer =
            tracing_subscriber::fmt::layer().with_writer(move || Sink(std::sync::Arc::clone(&writer)));
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(layer.with_filter(filter)),
            || {
                tracing::warn!(target: "h2::proto", "of h2");
                tracing::info!(target: "gatewright::x", "of ours");
            },
        );
        String::from_utf8(written.lock().unwrap().clone()).unwrap()
    };
    let usual = lines("info");
    assert!(usual.contains("of ours") && !usual.contains("of h2"), "{usual}");
    assert!(lines("info,h2=debug").contains("of h2"));
}

struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
