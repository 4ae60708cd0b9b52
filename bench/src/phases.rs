//! The measurements, in the order of the table.
use crate::{
    Plan,
    api::Api,
    exchanges, fill, http1,
    limits::{self, Bare, Signing},
    load::{self, Done, percentile},
    process::{Home, Memory, Server},
    report::{Goal, Report, Row, progress},
};
use anyhow::Result;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Callers at the same time, as the goals say.
const CALLERS: usize = 16;
/// Callers that create users, as the goal says.
const USER_CALLERS: usize = 32;
/// Connections that gRPC callers share, four on each.
const CHANNELS: usize = 4;
/// A limit and what is held against it take turns, so that a machine that changes its pace does not decide.
pub const TURNS: u32 = 3;
/// How long a server without work is left alone before its memory is read.
pub const SETTLE: Duration = Duration::from_secs(3);
/// Numbers of organizations, never used twice.
pub static NUMBERS: AtomicU64 = AtomicU64::new(1000);

/// A server with what it takes to call it.
pub struct Bench<'a> {
    plan: &'a Plan,
    /// Where it lives.
    pub home: Home<'a>,
    /// It runs.
    pub server: Server,
    credentials: (String, String),
    /// An access token for the API.
    pub token: String,
}

/// Creates of one kind, and the server's CPU time for them.
#[derive(Default)]
struct Creates {
    done: Done,
    cpu: Duration,
}

impl Creates {
    fn row(&self, name: &str, callers: usize) -> Row {
        let cpu = self.cpu.as_secs_f64() * 1e6 / self.done.count;
        Row::new(format!("{name} : bare commit loop"), self.done.rate(), "/s")
            .note(format!("{callers} callers; {cpu:.0} µs of CPU each"))
    }
}

/// All measurements.
///
/// # Errors
/// The server fails, or the machine does not tell what must be known.
pub async fn all(plan: &Plan) -> Result<Report> {
    let mut report = Report::default();
    if let (Some(many), true) = (plan.fill, plan.only_fill) {
        fill::compare(plan, u64::from(many), &mut report).await?;
        return Ok(report);
    }
    progress("first start, restarts, memory");
    let home = Home::new(plan, "main")?;
    let first = home.start().await?;
    report.add(
        Row::new("first start to /healthz", millis(first.started.elapsed()), "ms")
            .note("makes a key and a database"),
    );
    let credentials = home.credentials()?;
    first.stop()?;
    restarts(plan, &home, &credentials, &mut report).await?;
    let bench = Bench::new(plan, home, credentials).await?;
    tokio::time::sleep(SETTLE).await;
    let idle = bench.server.memory()?;
    report.add(memory("resident idle", idle).goal(Goal::AtMost(40.0, 20.0)));

    progress("tokens");
    bench.tokens(&mut report).await?;
    progress("organizations");
    let mut bare = Bare::open(plan.folder.path())?;
    bench.creates(&mut bare, &mut report).await?;
    bench.user_creates(&mut bare, &mut report).await?;
    bench.reads(&bare, &mut report).await?;
    progress("codes and refresh tokens");
    exchanges::measure(&bench, &mut bare, &mut report).await?;
    let peak = bench.server.memory()?;
    report.add(Row::new("resident under load, most", peak.peak / 1024.0, "MiB"));
    tokio::time::sleep(SETTLE).await;
    report.add(memory("resident after load", bench.server.memory()?));
    bench.server.stop()?;
    if let Some(many) = plan.fill {
        fill::compare(plan, u64::from(many), &mut report).await?;
    }
    Ok(report)
}

/// From fork and exec to the first answers, on a database that is there already.
async fn restarts(
    plan: &Plan,
    home: &Home<'_>,
    credentials: &(String, String),
    report: &mut Report,
) -> Result<()> {
    let (mut health, mut token, mut killed) = (Vec::new(), Vec::new(), Vec::new());
    let request = http1::token(home.address, &credentials.0, &credentials.1);
    for _ in 0..plan.restarts {
        let mut server = home.spawn()?;
        let mut connection = home.wait(&mut server).await?;
        health.push(server.started.elapsed());
        http1::access_token(&connection.send(request.as_bytes()).await?)?;
        token.push(server.started.elapsed());
        server.stop()?;
    }
    for _ in 0..plan.restarts {
        let mut server = home.spawn()?;
        home.wait(&mut server).await?;
        killed.push(server.started.elapsed());
        drop(server);
    }
    for times in [&mut health, &mut token, &mut killed] {
        times.sort_unstable();
    }
    let note = |times: &[Duration]| {
        format!("{:.1} to {:.1} in {}", percentile(times, 0.0), percentile(times, 1.0), times.len())
    };
    let goal = Goal::AtMost(60.0, 25.0);
    let row = |name, times: &[Duration]| Row::new(name, percentile(times, 0.5), "ms").note(note(times));
    report.add(row("restart to /healthz", &health).goal(goal));
    report.add(row("restart to a token", &token).goal(goal));
    report.add(row("restart after kill -9", &killed));
    Ok(())
}

impl<'a> Bench<'a> {
    /// Starts a server on a database that is there, and gets a token.
    ///
    /// # Errors
    /// It does not start.
    pub async fn new(plan: &'a Plan, home: Home<'a>, credentials: (String, String)) -> Result<Self> {
        let mut server = home.spawn()?;
        let mut connection = home.wait(&mut server).await?;
        let request = http1::token(home.address, &credentials.0, &credentials.1);
        let token = http1::access_token(&connection.send(request.as_bytes()).await?)?;
        Ok(Self { plan, home, server, credentials, token })
    }

    /// The length of one of the turns.
    pub fn turn(&self) -> Duration {
        self.plan.per_measurement / TURNS
    }

    /// Whether the server's data is in PostgreSQL.
    pub const fn is_on_postgres(&self) -> bool {
        self.plan.postgres.is_some()
    }

    /// The id of the default application.
    pub fn client(&self) -> &str {
        &self.credentials.0
    }

    /// What token requests of the default application have.
    pub fn token_form(&self) -> http1::TokenForm {
        http1::TokenForm::new(self.home.address, &self.credentials.0, &self.credentials.1)
    }

    async fn connections(&self, callers: usize) -> Result<Vec<http1::Connection>> {
        let mut all = Vec::new();
        for _ in 0..callers {
            all.push(http1::Connection::open(self.home.address).await?);
        }
        Ok(all)
    }

    /// A client for each of the callers.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn apis(&self) -> Result<Vec<Api>> {
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            channels.push(Api::connect(&self.home.url(), &self.token).await?);
        }
        Ok(channels.into_iter().cycle().take(CALLERS).collect())
    }

    async fn tokens(&self, report: &mut Report) -> Result<()> {
        let key = limits::signing_key()?;
        let request = http1::token(self.home.address, &self.credentials.0, &self.credentials.1);
        let (mut signing, mut done, mut cpu) = (Signing::default(), Done::default(), Duration::ZERO);
        for turn in 0..=TURNS {
            signing.add(limits::sign(&key, self.turn() / 2)?);
            if turn == TURNS {
                break;
            }
            let (request, before) = (request.clone(), self.server.cpu()?);
            let call = async move |connection: &mut http1::Connection, _| {
                let answer = connection.send(request.as_bytes()).await?;
                anyhow::ensure!(answer.status == 200, "/oauth/token answers {}", answer.status);
                Ok(())
            };
            done.add(load::run(self.connections(CALLERS).await?, &NUMBERS, self.turn(), call).await?);
            cpu += self.server.cpu()?.saturating_sub(before);
        }
        let micros = cpu.as_secs_f64() * 1e6 / done.count;
        report.add(Row::new("/oauth/token", done.rate(), "/s").note(format!("{CALLERS} connections")));
        report.add(
            Row::new("CPU per token : CPU per RSA-2048 signature", micros, "µs")
                .beside(signing.micros())
                .goal(Goal::AtMost(1.25, 1.1)),
        );
        Ok(())
    }

    async fn creates(&self, bare: &mut Bare, report: &mut Report) -> Result<()> {
        let transactions = self.commit_counters().await?;
        let (mut rest, mut grpc, mut commits) = (Creates::default(), Creates::default(), 0.0);
        for turn in 0..=TURNS {
            commits += bare.commits(self.turn() / 2)? / f64::from(TURNS + 1);
            if turn == TURNS {
                break;
            }
            let (address, token) = (self.home.address, self.token.clone());
            let call = async move |connection: &mut http1::Connection, number| {
                let request = http1::create(address, &token, number);
                let answer = connection.send(request.as_bytes()).await?;
                anyhow::ensure!(answer.status == 201, "POST answers {}", answer.status);
                Ok(())
            };
            let before = self.server.cpu()?;
            rest.done.add(load::run(self.connections(CALLERS).await?, &NUMBERS, self.turn(), call).await?);
            rest.cpu += self.server.cpu()?.saturating_sub(before);
            let call = async |api: &mut Api, number| api.create(number).await.map(drop);
            let before = self.server.cpu()?;
            grpc.done.add(load::run(self.apis().await?, &NUMBERS, self.turn(), call).await?);
            grpc.cpu += self.server.cpu()?.saturating_sub(before);
        }
        let (rest, grpc) =
            (rest.row("durable creates, REST", CALLERS), grpc.row("durable creates, gRPC", CALLERS));
        if self.plan.postgres.is_some() {
            report.add(rest);
            report.add(grpc);
        } else {
            report.add(rest.beside(commits).goal(Goal::AtLeast(2.0, 4.0)));
            report.add(grpc.beside(commits));
        }
        report.add(match (transactions, self.commit_counters().await?) {
            (Some((t0, c0)), Some((t1, c1))) if c1 > c0 => {
                Row::new("transactions per sync", (t1 - t0) / (c1 - c0), "").goal(Goal::AimAtLeast(6.0))
            }
            _ if self.plan.postgres.is_some() => {
                Row::missing("transactions per sync", "PostgreSQL commits by itself")
            }
            _ => Row::missing("transactions per sync", "the server's metrics do not have it")
                .goal(Goal::AimAtLeast(6.0)),
        });
        Ok(())
    }

    /// Users with their membership and event, with and without an invitation.
    async fn user_creates(&self, bare: &mut Bare, report: &mut Report) -> Result<()> {
        let api = Api::connect(&self.home.url(), &self.token).await?;
        let organization = api.create(NUMBERS.fetch_add(1, Ordering::Relaxed)).await?;
        let (mut active, mut invited, mut commits) = (Creates::default(), Creates::default(), 0.0);
        for turn in 0..=TURNS {
            commits += bare.commits(self.turn() / 2)? / f64::from(TURNS + 1);
            if turn == TURNS {
                break;
            }
            for (invite, creates) in [(false, &mut active), (true, &mut invited)] {
                let (address, token, organization) =
                    (self.home.address, self.token.clone(), organization.clone());
                let call = async move |connection: &mut http1::Connection, number| {
                    let request = http1::create_user(address, &token, &organization, number, invite);
                    let answer = connection.send(request.as_bytes()).await?;
                    anyhow::ensure!(answer.status == 201, "POST of a user answers {}", answer.status);
                    Ok(())
                };
                let (callers, before) = (self.connections(USER_CALLERS).await?, self.server.cpu()?);
                creates.done.add(load::run(callers, &NUMBERS, self.turn(), call).await?);
                creates.cpu += self.server.cpu()?.saturating_sub(before);
            }
        }
        let active = active.row("durable users, active", USER_CALLERS);
        let invited = invited.row("durable users, invited", USER_CALLERS);
        if self.plan.postgres.is_some() {
            report.add(active);
            report.add(invited);
        } else {
            report.add(active.beside(commits));
            report.add(invited.beside(commits).goal(Goal::AtLeast(2.0, 4.0)));
        }
        Ok(())
    }

    /// Transactions and the commits that made them durable.
    async fn commit_counters(&self) -> Result<Option<(f64, f64)>> {
        let transactions = self.home.metric("gatewright_db_transactions_total").await?;
        let commits = self.home.metric("gatewright_db_commits_total").await?;
        Ok(transactions.zip(commits))
    }

    async fn reads(&self, bare: &Bare, report: &mut Report) -> Result<()> {
        let first = self.apis().await?.pop();
        let first = first.ok_or_else(|| anyhow::anyhow!("no channel"))?;
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let id = first.create(number).await?;
        let path = format!("/api/v1/organizations/{id}");
        let request = http1::get_with_token(self.home.address, &path, &self.token);

        let selects = bare.selects(self.turn())?;
        let before = self.server.cpu()?;
        let call = async move |api: &mut Api, _| api.get(&id).await;
        let gets = load::run(self.apis().await?, &NUMBERS, self.turn() * 2, call).await?;
        report.add(self.read("get, gRPC : bare SQLite select", gets, before)?.beside(selects));
        let before = self.server.cpu()?;
        let call = async move |connection: &mut http1::Connection, _| {
            let answer = connection.send(request.as_bytes()).await?;
            anyhow::ensure!(answer.status == 200, "GET answers {}", answer.status);
            Ok(())
        };
        let gets = load::run(self.connections(CALLERS).await?, &NUMBERS, self.turn() * 2, call).await?;
        report.add(self.read("get, REST : bare SQLite select", gets, before)?.beside(selects));
        let before = self.server.cpu()?;
        let call = async |api: &mut Api, _| api.list().await;
        let lists = load::run(self.apis().await?, &NUMBERS, self.turn(), call).await?;
        report.add(self.read("list, ten a page, gRPC", lists, before)?);
        let before = self.server.cpu()?;
        let call = async move |api: &mut Api, _| api.search(number).await;
        let searches = load::run(self.apis().await?, &NUMBERS, self.turn(), call).await?;
        report.add(self.read("search, gRPC", searches, before)?);
        Ok(())
    }

    fn read(&self, name: &str, done: Done, before: Duration) -> Result<Row> {
        let cpu = self.server.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / done.count;
        Ok(Row::new(name, done.rate(), "/s").note(format!("{cpu:.0} µs of CPU each")))
    }
}

/// A row of what is resident.
pub fn memory(name: &str, memory: Memory) -> Row {
    Row::new(name, memory.resident / 1024.0, "MiB")
        .note(format!("{:.1} MiB proportional", memory.proportional / 1024.0))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
