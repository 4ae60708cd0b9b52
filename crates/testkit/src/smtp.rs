//! A mail server for tests: it speaks SMTP (RFC 5321) with STARTTLS and AUTH on a real socket, keeps what it takes, and
//! misbehaves as told.
use crate::mime;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, pki_types::PrivateKeyDer},
};

/// How the server behaves.
#[derive(Clone, Debug, Default)]
pub struct SmtpOptions {
    /// Whether it offers STARTTLS, and takes nothing without.
    pub starttls: bool,
    /// User and password that it wants.
    pub account: Option<(String, String)>,
    /// Before each of its lines.
    pub delay: Duration,
    /// Answers to the end of the next messages, `451 try later`, before it takes any.
    pub answers: Vec<&'static str>,
    /// Ends the connection at the end of this many messages, which it has kept, without an answer.
    pub hang_up_after_taking: usize,
}

/// A mail that the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// All of it, dots unstuffed.
    pub data: String,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Who logged in.
    pub user: Option<String>,
}

impl ReceivedMail {
    /// The value of a header, unfolded and decoded (RFC 2047).
    pub fn header(&self, name: &str) -> Option<String> {
        mime::header(&self.data, name)
    }
    /// The decoded part of this type.
    pub fn part(&self, content_type: &str) -> Option<String> {
        mime::part(&self.data, content_type)
    }
}

#[derive(Debug, Default)]
struct State {
    received: Vec<ReceivedMail>,
    /// Messages that came to their end, taken or not.
    attempts: usize,
    answers: VecDeque<&'static str>,
    hang_ups: usize,
}

/// A running mail server. Stops when dropped.
#[derive(Debug)]
pub struct SmtpSink {
    /// Where it listens.
    pub address: SocketAddr,
    options: SmtpOptions,
    state: Arc<Mutex<State>>,
    authority: Option<(PathBuf, tempfile::TempDir)>,
    task: JoinHandle<()>,
}

impl SmtpSink {
    /// Starts one on a free port.
    pub async fn start(options: SmtpOptions) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), options).await
    }

    /// Starts one at an address, such as that of one that was stopped.
    pub async fn start_at(address: SocketAddr, options: SmtpOptions) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            answers: options.answers.iter().copied().collect(),
            hang_ups: options.hang_up_after_taking,
            ..State::default()
        };
        let state = Arc::new(Mutex::new(state));
        let (acceptor, authority) = if options.starttls {
            let (acceptor, authority) = certificate();
            (Some(acceptor), Some(authority))
        } else {
            (None, None)
        };
        let (its_options, its_state) = (options.clone(), state.clone());
        let task = tokio::spawn(async move {
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (options, state, acceptor) = (its_options.clone(), its_state.clone(), acceptor.clone());
                // A client that goes away is none of a test's business.
                conversations.spawn(async move {
                    let _ = converse(stream, &options, &state, acceptor).await;
                });
            }
        });
        Self { address, options, state, authority, task }
    }

    /// `[mail]` for a server that sends by this one.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("mail.smtp_host", "localhost".to_owned()),
            ("mail.smtp_port", self.address.port().to_string()),
            ("mail.smtp_security", if self.options.starttls { "starttls" } else { "none" }.to_owned()),
            ("mail.from_address", "no-reply@acme.example".to_owned()),
            ("mail.from_name", "Acme".to_owned()),
            ("mail.timeout", "5s".to_owned()),
        ];
        if let Some((user, password)) = &self.options.account {
            settings.push(("mail.smtp_username", user.clone()));
            settings.push(("mail.smtp_password", password.clone()));
        }
        if let Some((file, _)) = &self.authority {
            settings.push(("mail.smtp_ca_file", file.display().to_string()));
        }
        settings
    }

    /// Ends it and all conversations; the address is free then.
    pub async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// What it took, oldest first.
    pub fn received(&self) -> Vec<ReceivedMail> {
        lock(&self.state).received.clone()
    }

    /// How many messages came to their end, taken or not.
    pub fn attempts(&self) -> usize {
        lock(&self.state).attempts
    }

    /// Waits until it has taken `count` mails.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedMail> {
        for _ in 0..1200 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} mails after 30 s, not {count}", self.received().len());
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

/// A certificate for localhost, and the file of what signed it: itself.
fn certificate() -> (TlsAcceptor, (PathBuf, tempfile::TempDir)) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), (file, folder))
}

/// One connection: in clear, and after STARTTLS once more over TLS.
async fn converse(
    stream: TcpStream,
    options: &SmtpOptions,
    state: &Mutex<State>,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<()> {
    let mut session = Session { stream: BufReader::new(stream), options, state, tls: false, user: None };
    session.say("220 sink.test ESMTP").await?;
    if let (End::StartTls, Some(acceptor)) = (session.talk(acceptor.is_some()).await?, acceptor) {
        let stream = acceptor.accept(session.stream.into_inner()).await?;
        let mut session = Session { stream: BufReader::new(stream), options, state, tls: true, user: None };
        session.talk(false).await?;
    }
    Ok(())
}

enum End {
    Quit,
    StartTls,
}

struct Session<'a, S> {
    stream: BufReader<S>,
    options: &'a SmtpOptions,
    state: &'a Mutex<State>,
    tls: bool,
    user: Option<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn say(&mut self, line: &str) -> io::Result<()> {
        tokio::time::sleep(self.options.delay).await;
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.get_mut().flush().await
    }

    async fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with("\r\n"), "RFC 5321 §2.3.8: {line:?}");
        Ok(line.trim_end_matches("\r\n").to_owned())
    }

    async fn talk(&mut self, offer_tls: bool) -> io::Result<End> {
        let (mut from, mut to) = (String::new(), Vec::new());
        let may_send = |session: &Self| session.options.account.is_none() || session.user.is_some();
        loop {
            let line = self.hear().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.greet(offer_tls).await?,
                "STARTTLS" if offer_tls => {
                    self.say("220 go ahead").await?;
                    return Ok(End::StartTls);
                }
                _ if offer_tls && !matches!(verb, "QUIT" | "NOOP" | "RSET") => {
                    self.say("530 5.7.0 STARTTLS first").await?;
                }
                "AUTH" => self.log_in(rest).await?,
                "MAIL" if !may_send(self) => self.say("530 5.7.0 log in first").await?,
                "MAIL" => {
                    from = address(rest);
                    to.clear();
                    self.say("250 ok").await?;
                }
                "RCPT" if address(rest).starts_with("nobody@") => {
                    self.say("550 5.1.1 no such user here").await?;
                }
                "RCPT" => {
                    to.push(address(rest));
                    self.say("250 ok").await?;
                }
                "DATA" => self.take(&from, &to).await?,
                "RSET" | "NOOP" => self.say("250 ok").await?,
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Ok(End::Quit);
                }
                _ => self.say("500 what?").await?,
            }
        }
    }

    async fn greet(&mut self, offer_tls: bool) -> io::Result<()> {
        let mut lines = vec!["sink.test", "8BITMIME"];
        if offer_tls {
            lines.push("STARTTLS");
        } else if self.options.account.is_some() {
            lines.push("AUTH PLAIN");
        }
        let last = lines.len() - 1;
        for (number, line) in lines.into_iter().enumerate() {
            let sign = if number == last { ' ' } else { '-' };
            self.say(&format!("250{sign}{line}")).await?;
        }
        Ok(())
    }

    /// RFC 4616.
    async fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let response = rest.strip_prefix("PLAIN ").and_then(|text| BASE64.decode(text).ok());
        let text = String::from_utf8(response.unwrap_or_default()).unwrap_or_default();
        let mut parts = text.split('\0').skip(1).map(str::to_owned);
        let given = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if self.options.account.as_ref() == Some(&given) {
            self.user = Some(given.0);
            self.say("235 welcome").await
        } else {
            self.say("535 5.7.8 wrong").await
        }
    }

    async fn take(&mut self, from: &str, to: &[String]) -> io::Result<()> {
        self.say("354 go ahead").await?;
        let mut data = String::new();
        loop {
            let line = self.hear().await?;
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        let (answer, hang_up) = {
            let mut state = lock(self.state);
            state.attempts += 1;
            let answer = state.answers.pop_front();
            let hang_up = answer.is_none() && state.hang_ups > 0;
            if hang_up {
                state.hang_ups -= 1;
            }
            if answer.is_none() {
                let (from, to) = (from.to_owned(), to.to_vec());
                state.received.push(ReceivedMail { from, to, data, tls: self.tls, user: self.user.clone() });
            }
            (answer, hang_up)
        };
        if hang_up {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.say(answer.unwrap_or("250 taken")).await
    }
}

/// `FROM:<a@b> SIZE=1` is `a@b`.
fn address(rest: &str) -> String {
    let inside = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
