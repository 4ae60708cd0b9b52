//! As much of a browser as it takes to sign in on the hosted pages: cookies, one form after the other.
use crate::{http1::Connection, process::Home};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;

/// Where codes are sent; nobody listens.
pub const CALLBACK: &str = "https://app.bench.example/callback";
const ESCAPED: &str = "https%3A%2F%2Fapp.bench.example%2Fcallback";

/// A browser with its cookies, on one connection.
#[derive(Debug)]
pub struct Browser {
    /// To send other requests, too.
    pub connection: Connection,
    host: String,
    authorize: String,
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// One that signs in for this application.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn open(home: &Home<'_>, client: &str) -> Result<Self> {
        let authorize = format!(
            "/oauth/authorize?response_type=code&client_id={client}&redirect_uri={ESCAPED}\
             &scope=openid+profile+email+offline_access&state=bench"
        );
        let connection = Connection::open(home.address).await?;
        let host = format!("localhost:{}", home.address.port());
        Ok(Self { connection, host, authorize, cookies: Vec::new() })
    }

    /// Signs in with the code in the mail, and answers with the authorization code.
    ///
    /// # Errors
    /// A page is not as it should be.
    pub async fn sign_in(&mut self, home: &Home<'_>, email: &str) -> Result<String> {
        let authorize = self.authorize.clone();
        let page = self.get(&authorize).await?;
        let fields = format!("email={}", email.replace('@', "%40"));
        let page = self.submit(&page, "/a/auth/email", &fields).await?;
        let code = home.mailed_code(email).await?;
        self.submit(&page, "/a/auth/code", &format!("code={code}")).await?;
        self.code()
    }

    /// A further code, with the session that there is.
    ///
    /// # Errors
    /// It is not given.
    pub async fn another_code(&mut self) -> Result<String> {
        let authorize = self.authorize.clone();
        self.get(&authorize).await?;
        self.code()
    }

    /// The code in the address that the last answer leads to.
    fn code(&self) -> Result<String> {
        let location = self.connection.header("location").context("the browser was not sent on")?;
        let query = location.strip_prefix(CALLBACK).with_context(|| format!("sent to {location}"))?;
        let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        let code = pairs.find(|(name, _)| *name == "code").map(|(_, value)| value.to_owned());
        code.with_context(|| format!("no code in {location}"))
    }

    /// Opens an address, and follows redirects to others of the server.
    async fn get(&mut self, path: &str) -> Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n", self.host, self.cookie());
        self.send(request).await
    }

    /// Sends the form of a page whose action begins so.
    async fn submit(&mut self, page: &str, action: &str, fields: &str) -> Result<String> {
        let form = page.split("<form").find(|form| form.contains(&format!(r#"action="{action}"#)));
        let form = form.with_context(|| format!("no form to {action} in {page}"))?;
        let action = between(form, r#"action=""#, "\"").context("an action")?.replace("&amp;", "&");
        let csrf = between(form, r#"name="csrf" value=""#, "\"").context("a form without csrf")?;
        let body = format!("csrf={csrf}&{fields}");
        let request = format!(
            "POST {action} HTTP/1.1\r\nhost: {}\r\n{}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            self.cookie(),
            body.len()
        );
        self.send(request).await
    }

    async fn send(&mut self, mut request: String) -> Result<String> {
        loop {
            let answer = self.connection.send(request.as_bytes()).await?;
            let set: Vec<String> = self.connection.headers("set-cookie").map(str::to_owned).collect();
            for cookie in set {
                self.keep(&cookie);
            }
            let location = self.connection.header("location").filter(|to| to.starts_with('/'));
            let Some(location) = location else { return Ok(String::from_utf8(answer.body)?) };
            request = format!("GET {location} HTTP/1.1\r\nhost: {}\r\n{}\r\n", self.host, self.cookie());
        }
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
        if let Some((name, value)) = pair {
            self.cookies.retain(|(other, _)| other != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    fn cookie(&self) -> String {
        let mut line = String::new();
        for (name, value) in &self.cookies {
            let before = if line.is_empty() { "cookie: " } else { "; " };
            // Writing to a String does not fail.
            let _ = write!(line, "{before}{name}={value}");
        }
        if line.is_empty() { line } else { line + "\r\n" }
    }
}

/// What stands between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
