//! Codes and refresh tokens: what an exchange costs beside the two signatures in it, and how many refreshes a second are
//! durable.
use crate::{
    api::Api,
    browser::{Browser, CALLBACK, between},
    http1::{self, Connection},
    limits::{self, Bare, Signing},
    load::{self, Done},
    phases::{Bench, NUMBERS, TURNS},
    report::{Goal, Report, Row},
};
use anyhow::{Context as _, Result};
use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

/// Callers at the same time, as the goal says. Each is a user with a session of her own.
const CALLERS: usize = 32;
/// Codes that are made for each second of measuring: about as many as two cores exchange.
const CODES_PER_SECOND: f64 = 1500.0;

/// Somebody who is signed in, with a refresh token.
struct Caller {
    connection: Connection,
    refresh_token: String,
}

#[derive(Default)]
struct Load {
    done: Done,
    cpu: Duration,
}

impl Load {
    fn micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.done.count
    }
}

/// All rows.
///
/// # Errors
/// The server does not do what it should.
pub async fn measure(bench: &Bench<'_>, bare: &mut Bare, report: &mut Report) -> Result<()> {
    let mut browsers = sign_in(bench).await?;
    let key = limits::signing_key()?;
    let (mut signing, mut commits) = (Signing::default(), 0.0);
    let (mut exchanges, mut refreshes) = (Load::default(), Load::default());
    for turn in 0..=TURNS {
        signing.add(limits::sign(&key, bench.turn() / 2)?);
        commits += bare.commits(bench.turn() / 2)? / f64::from(TURNS + 1);
        if turn == TURNS {
            break;
        }
        let callers = exchange(bench, &mut browsers, &mut exchanges).await?;
        refresh(bench, callers, &mut refreshes).await?;
    }
    add_rows(bench, report, (&exchanges, &refreshes), (signing.micros() * 2.0, commits));
    Ok(())
}

fn add_rows(
    bench: &Bench<'_>,
    report: &mut Report,
    (exchanges, refreshes): (&Load, &Load),
    (two_signatures, commits): (f64, f64),
) {
    let row = |name: &str, load: &Load| {
        let row = Row::new(format!("CPU per {name} : CPU of two signatures"), load.micros(), "µs");
        row.beside(two_signatures).goal(Goal::AtMost(1.3, 1.15)).note(format!("{:.0} /s", load.done.rate()))
    };
    report.add(row("code exchange", exchanges));
    report.add(row("refresh", refreshes));
    let cores = thread::available_parallelism()
        .map_or(1.0, |cores| f64::from(u16::try_from(cores.get()).unwrap_or(1)));
    let signed = cores * 1e6 / two_signatures;
    let rate = refreshes.done.rate();
    let beside_loop =
        Row::new("durable refreshes : bare commit loop", rate, "/s").note(format!("{CALLERS} callers"));
    let beside_signatures =
        Row::new("durable refreshes : two signatures, all cores", rate, "/s").beside(signed);
    // The loop counts until the signatures are the limit.
    let by_signatures = Goal::AtLeast(0.7, 0.85);
    if bench.is_on_postgres() {
        report.add(beside_signatures);
    } else if commits * 1.5 < signed {
        report.add(beside_loop.beside(commits).goal(Goal::AtLeast(1.5, 2.0)));
        report.add(beside_signatures);
    } else {
        report.add(beside_loop.beside(commits));
        report.add(beside_signatures.goal(by_signatures));
    }
}

/// As many users as callers, each in a browser of her own.
async fn sign_in(bench: &Bench<'_>) -> Result<Vec<Browser>> {
    let (address, token) = (bench.home.address, &bench.token);
    let mut connection = Connection::open(address).await?;
    let uri = format!(r#"{{"redirect_uri":"{CALLBACK}"}}"#);
    let request = http1::post(address, token, "/api/v1/environment/redirect-uris", &uri);
    let answer = connection.send(request.as_bytes()).await?;
    anyhow::ensure!(answer.status == 200, "registering a redirect URI answers {}", answer.status);
    let api = Api::connect(&bench.home.url(), token).await?;
    let organization = api.create(NUMBERS.fetch_add(1, Ordering::Relaxed)).await?;
    let mut browsers = Vec::new();
    for _ in 0..CALLERS {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let request = http1::create_user(address, token, &organization, number, false);
        let answer = connection.send(request.as_bytes()).await?;
        anyhow::ensure!(answer.status == 201, "POST of a user answers {}", answer.status);
        let mut browser = Browser::open(&bench.home, bench.client()).await?;
        browser.sign_in(&bench.home, &format!("person{number}@bench.example.com")).await?;
        browsers.push(browser);
    }
    Ok(browsers)
}

/// Makes codes, and then exchanges them. Each caller keeps its last refresh token.
async fn exchange(bench: &Bench<'_>, browsers: &mut [Browser], load: &mut Load) -> Result<Vec<Caller>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let each = (bench.turn().as_secs_f64() * CODES_PER_SECOND) as usize / CALLERS + 1;
    let mut queues = Vec::new();
    for browser in browsers {
        let mut codes = Vec::new();
        for _ in 0..each {
            codes.push(browser.another_code().await?);
        }
        queues.push((Connection::open(bench.home.address).await?, codes));
    }
    let (begun, before) = (Instant::now(), bench.server.cpu()?);
    let exchanging = queues.into_iter().map(|(mut connection, codes)| async move {
        let (form, mut refresh_token) = (bench.token_form(), String::new());
        for code in codes {
            let more = format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}");
            refresh_token = token_in(&connection.send(form.with(&more).as_bytes()).await?)?;
        }
        anyhow::Ok(Caller { connection, refresh_token })
    });
    let callers = load::join(exchanging.collect()).await?;
    load.cpu += bench.server.cpu()?.saturating_sub(before);
    let count = f64::from(u32::try_from(each * CALLERS)?);
    load.done.add(Done { count, time: begun.elapsed() });
    Ok(callers)
}

async fn refresh(bench: &Bench<'_>, callers: Vec<Caller>, load: &mut Load) -> Result<()> {
    let (form, before) = (bench.token_form(), bench.server.cpu()?);
    let call = async move |caller: &mut Caller, _| {
        let more = format!("grant_type=refresh_token&refresh_token={}", caller.refresh_token);
        let answer = caller.connection.send(form.with(&more).as_bytes()).await?;
        caller.refresh_token = token_in(&answer)?;
        Ok(())
    };
    load.done.add(load::run(callers, &NUMBERS, bench.turn(), call).await?);
    load.cpu += bench.server.cpu()?.saturating_sub(before);
    Ok(())
}

/// The refresh token of an answer.
///
/// # Errors
/// There is none.
pub fn token_in(answer: &http1::Answer) -> Result<String> {
    let text = str::from_utf8(&answer.body)?;
    let token = between(text, r#""refresh_token":""#, "\"").map(str::to_owned);
    token.with_context(|| format!("no refresh token, but {}: {text}", answer.status))
}
