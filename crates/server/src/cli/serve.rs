//! `gatewright serve`
use super::{Banner, Common, Failure, Serving, runtime, settings};
use crate::{
    app::App,
    bootstrap::{self, Opened},
    config::{Config, TlsMode},
    jobs::Runner,
    lists,
    mail::Delivery,
    telemetry,
    time::Clock,
    transport::{RequestLimits, Server, serve, tls},
};
use http::Request;
use hyper::body::Incoming;
use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// Start the server.
///
/// At its first start it makes everything that is missing, and says what to do next. SIGTERM and Ctrl-C let requests
/// in flight finish; a second one stops at once. SIGHUP reads the TLS certificate again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serving: Serving,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let config = settings::load(&args.common, Some(&args.serving))?;
    let runtime = runtime()?;
    let result = runtime.block_on(start_and_serve(config, started));
    // Work on blocking threads that nobody waits for any more must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result.map(|()| ExitCode::SUCCESS)
}

async fn start_and_serve(mut config: Config, started: Instant) -> Result<(), Failure> {
    let stop = Stop::on_signals()?;
    let telemetry = telemetry::init(&config)?;
    // First the listener: nothing is made on disk if the port is taken, and early clients wait instead of failing.
    let listener = bind(&config)?;
    config.set_listen(listener.local_addr().map_err(|error| Failure::new(error.to_string()))?);
    let clock = Clock::System;
    let opened = bootstrap::open(&config, clock.clone(), bootstrap::Purpose::Serve).await?;
    for migration in &opened.applied {
        tracing::info!("applied migration {:04}_{}", migration.version, migration.name);
    }
    let acceptor = tls::Acceptor::from_config(&config, &clock)?;
    let renewal = acceptor.clone().map(|acceptor| tokio::spawn(acceptor.keep_current(clock)));
    let metrics = telemetry::bind_metrics(&config).await?;
    banner(&config, &opened, metrics.as_ref().and_then(|listener| listener.local_addr().ok()), started)
        .print();

    let server = server(&config, &opened)?;
    let on_panic = Arc::clone(&server);
    let service = move |request: Request<Incoming>| Arc::clone(&server).handle(request);
    let limits = serve::Limits::from(&config.limits);
    let answers = serve::serve(
        listener,
        acceptor,
        limits,
        service,
        move |content_type| on_panic.after_panic(content_type),
        stop.told(),
    );
    let scrapes = async {
        if let Some(listener) = metrics {
            telemetry.serve_metrics(listener, Arc::clone(&opened.app), stop.told()).await;
        }
    };
    let jobs = Runner::new(Arc::clone(&opened.app), bootstrap::jobs());
    let upkeep = lists::upkeep::run_until(opened.app.db.clone(), stop.told());
    let (drained, (), (), ()) = tokio::join!(answers, scrapes, jobs.run_until(stop.told()), upkeep);
    if let Some(renewal) = renewal {
        renewal.abort();
    }
    opened.app.db.close().await;
    tracing::info!(
        "stopped; {}",
        if drained { "every request was answered" } else { "some requests were cut off" }
    );
    telemetry.shutdown().await;
    Ok(())
}

fn bind(config: &Config) -> Result<TcpListener, Failure> {
    let address = config.server.listen;
    serve::listen(address).map_err(|error| {
        let failure = Failure::new(format!("cannot listen on {address}: {error}"));
        failure.with_help(match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program, perhaps another gatewright, has this port; choose one with --listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a privilege; choose another with --listen"
            }
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address; 0.0.0.0 stands for all it has"
            }
            _ => "choose another address with --listen",
        })
    })
}

fn server(config: &Config, opened: &Opened) -> Result<Arc<Server>, Failure> {
    let limits = RequestLimits {
        max_body_bytes: config.limits.max_body_size.0,
        body_timeout: config.limits.body_timeout.0,
        request_timeout: config.limits.request_timeout.0,
    };
    Server::new(Arc::clone(&opened.app), bootstrap::routes(), limits).map_err(Failure::new)
}

fn banner(config: &Config, opened: &Opened, metrics: Option<SocketAddr>, started: Instant) -> Banner {
    let url = config.public_url();
    let authority = tls::LocalAuthority::new(config.local_tls_dir(), url.host()).authority_file();
    let local = config.tls.mode == TlsMode::Local;
    Banner {
        listen: config.server.listen,
        credentials_path: config.credentials_file(),
        created: opened.credentials.is_some(),
        data_dir: config.server.data_dir.clone(),
        database: config.database_url().to_string(),
        tls: match config.tls.mode {
            TlsMode::Off if url.is_https() => "clear text; a proxy in front must speak TLS".to_owned(),
            TlsMode::Off => "clear text".to_owned(),
            TlsMode::Files => "TLS".to_owned(),
            TlsMode::Local => "TLS with a local certificate".to_owned(),
        },
        local_authority: local.then_some(authority),
        environment_url: url,
        mail: mail(&opened.app, metrics),
        metrics,
        startup: started.elapsed(),
    }
}

/// What becomes of mails, in words. In production it is said in the log, too, if they are not sent.
fn mail(app: &App, metrics: Option<SocketAddr>) -> String {
    match app.mail.delivery() {
        Delivery::Smtp(smtp) => format!("sent by {}", smtp.place()),
        Delivery::Inbox => match metrics {
            Some(listener) => {
                format!("http://{}/mail (nothing is sent: no mail.smtp_host)", loopback(listener))
            }
            None => {
                "kept, not sent; with telemetry.metrics_listen they can be read in the browser".to_owned()
            }
        },
        Delivery::Off => {
            tracing::warn!("mail is off: invitations and codes do not reach anybody; set mail.smtp_host");
            "OFF: set mail.smtp_host, or invitations and codes do not reach anybody".to_owned()
        }
    }
}

/// The inbox answers to this machine only, wherever it listens.
fn loopback(listener: SocketAddr) -> SocketAddr {
    if listener.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], listener.port()))
    } else {
        listener
    }
}

/// Whether the process was told to stop.
struct Stop {
    told: watch::Receiver<bool>,
    _task: JoinHandle<()>,
}

impl Stop {
    /// The first signal asks, the second one ends the process at once.
    fn on_signals() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::new(format!("cannot wait for signals: {error}"));
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let (sender, told) = watch::channel(false);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if sender.send_replace(true) {
                    tracing::warn!("told to stop twice: stopping at once");
                    std::process::exit(1);
                }
                tracing::info!("stopping: requests in flight may finish");
            }
        });
        Ok(Self { told, _task: task })
    }

    async fn told(&self) {
        // An error means that nobody listens for signals any more, which happens only at the end.
        let _ = self.told.clone().wait_for(|told| *told).await;
    }
}
