//! The server as a process: starting, stopping, and what Linux says of it.
use crate::{Plan, http1};
use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Linux counts a process's CPU time in hundredths of a second (`proc(5)`, USER_HZ).
const TICK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a server lives: what stays from one start to the next.
#[derive(Debug)]
pub struct Home<'a> {
    plan: &'a Plan,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    metrics: SocketAddr,
}

/// A running server. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// When it was started.
    pub started: Instant,
}

/// Kilobytes of memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident, `VmRSS`.
    pub resident: f64,
    /// Proportional share: pages that others map too count in part.
    pub proportional: f64,
    /// Most that was ever resident, `VmHWM`.
    pub peak: f64,
}

impl<'a> Home<'a> {
    /// A folder of this name, and ports that are free.
    ///
    /// # Errors
    /// No port is free.
    pub fn new(plan: &'a Plan, name: &str) -> Result<Self> {
        let free = |first| {
            // Not one of the ports that the system gives to clients: it must stay free between two starts.
            let mut ports = (first..first + 500).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            ports.find(|&address| TcpListener::bind(address).is_ok()).context("no free port")
        };
        let folder = plan.folder.path().join(name);
        Ok(Self { plan, folder, address: free(18_000)?, metrics: free(18_500)? })
    }

    /// The environment URL.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Starts the server, with everything as it is by default. Its log, a line for each request, goes to a file.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self) -> Result<Server> {
        fs::create_dir_all(&self.folder)?;
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = Command::new(&self.plan.server);
        command.arg("serve").arg("--listen").arg(self.address.to_string());
        command.arg("--data-dir").arg(self.folder.join("data"));
        if let Some(url) = &self.plan.postgres {
            command.arg("--database-url").arg(url);
        }
        command.env("GATEWRIGHT_TELEMETRY__METRICS_LISTEN", self.metrics.to_string());
        command.env("GATEWRIGHT_DEVELOPMENT__TEST_ORGANIZATION", "false");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("starting {}", self.plan.server.display()))?;
        Ok(Server { child, started })
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// It ends, or does not answer within a minute.
    pub async fn start(&self) -> Result<Server> {
        let mut server = self.spawn()?;
        self.wait(&mut server).await?;
        Ok(server)
    }

    /// Waits for the first answer, on a connection that can be used further.
    ///
    /// # Errors
    /// The server ends, or does not answer within a minute.
    pub async fn wait(&self, server: &mut Server) -> Result<http1::Connection> {
        loop {
            // Nothing listens yet: connections are refused at once.
            if let Ok(mut connection) = http1::Connection::open(self.address).await {
                let answer = connection.send(http1::get(self.address, "/healthz").as_bytes()).await?;
                anyhow::ensure!(answer.status == 200, "/healthz answers {}", answer.status);
                return Ok(connection);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended ({status}); its log:\n{}", fs::read_to_string(self.log())?);
            }
            anyhow::ensure!(server.started.elapsed() < PATIENCE, "the server does not answer");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }

    /// Id and secret of the default application.
    ///
    /// # Errors
    /// The file is not there or not as it should be.
    pub fn credentials(&self) -> Result<(String, String)> {
        let text = fs::read_to_string(self.folder.join("data/credentials.env"))?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(str::to_owned).with_context(|| format!("credentials.env has no {name}"))
        };
        Ok((value("SCALEKIT_CLIENT_ID")?, value("SCALEKIT_CLIENT_SECRET")?))
    }

    /// A metric of the server, if it has it.
    ///
    /// # Errors
    /// The metrics cannot be read.
    pub async fn metric(&self, name: &str) -> Result<Option<f64>> {
        let mut connection = http1::Connection::open(self.metrics).await?;
        let answer = connection.send(http1::get(self.metrics, "/metrics").as_bytes()).await?;
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| value.parse().context("a metric that is no number")).transpose()
    }

    /// The code in the newest mail to an address, from the inbox for developers.
    ///
    /// # Errors
    /// There is none.
    pub async fn mailed_code(&self, email: &str) -> Result<String> {
        let mut connection = http1::Connection::open(self.metrics).await?;
        let mut page = async |path: &str| {
            let answer = connection.send(http1::get(self.metrics, path).as_bytes()).await?;
            anyhow::Ok(String::from_utf8(answer.body)?)
        };
        let list = page("/mail").await?;
        let entry = list.split("href=\"").find(|entry| entry.contains(&format!(">{email}<")));
        let path =
            entry.and_then(|entry| entry.split('"').next()).with_context(|| format!("no mail to {email}"))?;
        let text = page(&format!("{path}/text")).await?;
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let code = text.lines().map(str::trim).find(is_code).map(str::to_owned);
        code.with_context(|| format!("no code in {text}"))
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Server {
    fn read(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// CPU time since the start, of all threads, user and system.
    ///
    /// # Errors
    /// The server has ended.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = self.read("stat")?;
        // The second field is a name that may have spaces in it; 14 and 15 are the times.
        let (_, rest) = stat.rsplit_once(')').context("stat")?;
        let mut fields = rest.split_whitespace().skip(11);
        let mut ticks = || -> Result<u32> { Ok(fields.next().context("stat")?.parse()?) };
        Ok(TICK * (ticks()? + ticks()?))
    }

    /// Memory now.
    ///
    /// # Errors
    /// The server has ended.
    pub fn memory(&self) -> Result<Memory> {
        let (status, rollup) = (self.read("status")?, self.read("smaps_rollup")?);
        Ok(Memory {
            resident: kilobytes(&status, "VmRSS:")?,
            peak: kilobytes(&status, "VmHWM:")?,
            proportional: kilobytes(&rollup, "Pss:")?,
        })
    }

    /// Asks the server to stop, and waits until it has.
    ///
    /// # Errors
    /// It does not stop.
    pub fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status()?;
        anyhow::ensure!(asked.success(), "the server had ended");
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the server does not stop");
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kilobytes(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| name.to_owned())?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
