//! `/metrics` in Prometheus' text format, on a listener of its own; and the inbox for developers.
use super::inbox;
use crate::{
    app::App,
    transport::serve::{Limits, Peer, serve as serve_http},
};
use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{fmt::Write as _, fs, future::Future, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::interval};

/// How often the recorder's histograms are tidied up if nobody scrapes them.
const UPKEEP: Duration = Duration::from_secs(10);

/// Few connections and short times: one scraper comes here, and nobody else.
fn limits() -> Limits {
    Limits {
        max_connections: 16,
        header_timeout: Duration::from_secs(5),
        tls_handshake_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(120),
        crowded_idle_timeout: Duration::from_secs(5),
        max_header_size: 16 << 10,
        max_concurrent_streams: 16,
        keep_alive_interval: Duration::from_secs(30),
        keep_alive_timeout: Duration::from_secs(20),
        shutdown_grace: Duration::from_secs(1),
    }
}

pub(super) async fn serve(
    handle: PrometheusHandle,
    listener: TcpListener,
    app: Option<Arc<App>>,
    shutdown: impl Future<Output = ()>,
) {
    let tidy = handle.clone();
    let upkeep = async move {
        let mut ticks = interval(UPKEEP);
        loop {
            ticks.tick().await;
            tidy.run_upkeep();
        }
    };
    let service = move |request: Request<Incoming>| {
        let (handle, app) = (handle.clone(), app.clone());
        async move {
            match &app {
                Some(app) => match inbox::answer(app, &request).await {
                    Some(page) => page,
                    None => answer(&handle, &request),
                },
                None => answer(&handle, &request),
            }
        }
    };
    tokio::select! {
        _ = serve_http(listener, None, limits(), service, failed, shutdown) => {}
        () = upkeep => {}
    }
}

fn failed(_: Option<&HeaderValue>) -> Response<Body> {
    text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n".to_owned())
}

fn answer(handle: &PrometheusHandle, request: &Request<Incoming>) -> Response<Body> {
    debug_assert!(request.extensions().get::<Peer>().is_some(), "serve() says who is calling");
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            let mut page = handle.render();
            process_metrics(&mut page);
            text(StatusCode::OK, page)
        }
        _ => text(StatusCode::NOT_FOUND, "metrics are at /metrics\n".to_owned()),
    }
}

fn text(status: StatusCode, page: String) -> Response<Body> {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What every Prometheus client reports about its process, read when it is asked for.
fn process_metrics(page: &mut String) {
    let mut gauge = |name: &str, help: &str, kind: &str, value: Option<f64>| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    };
    gauge("process_resident_memory_bytes", "Resident memory.", "gauge", resident_bytes());
    gauge("process_open_fds", "Open file descriptors.", "gauge", open_files());
    let limit = crate::transport::serve::open_file_limit().map(|limit| limit as f64);
    gauge("process_max_fds", "Limit on open file descriptors.", "gauge", limit);
    gauge(
        "process_start_time_seconds",
        "Start of the process, seconds since 1970.",
        "gauge",
        start_seconds(),
    );
    gauge("process_cpu_seconds_total", "CPU time, user and system.", "counter", cpu_seconds());
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

fn open_files() -> Option<f64> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}

/// Linux counts in hundredths of a second for programs, whatever the kernel's own tick (`proc(5)`, USER_HZ).
const TICKS: f64 = 100.0;

/// A field of `/proc/self/stat`, numbered as in `proc(5)`; the second one is a name that can have spaces in it.
fn stat(field: usize) -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(field.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    Some((stat(14)? + stat(15)?) / TICKS)
}

fn start_seconds() -> Option<f64> {
    let system = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + stat(22)? / TICKS)
}
