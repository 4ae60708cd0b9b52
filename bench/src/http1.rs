//! The lightest HTTP/1.1 client that will do: it shares the cores with the server that it measures.
use anyhow::{Context as _, Result, bail};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A kept-alive connection with one request at a time.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a whole request and reads the whole answer, which must say its length.
    ///
    /// # Errors
    /// The connection ends, or the answer is not understood.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (status, start, length) = loop {
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
            self.more().await?;
        };
        while self.buffer.len() < start + length {
            self.more().await?;
        }
        let body = self.buffer.get(start..start + length).unwrap_or_default().to_vec();
        Ok(Answer { status, body })
    }

    /// The values of a header of the last answer.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let end = self.buffer.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or_default();
        let head = str::from_utf8(self.buffer.get(..end).unwrap_or_default()).unwrap_or_default();
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The first value of a header of the last answer.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Status, where the body begins, and its length, once the whole head is there.
fn head(buffer: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let head = str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let status = head.get(9..12).context("an answer without a status")?.parse()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    let length = length.context("an answer without content-length")?.parse()?;
    Ok(Some((status, end + 4, length)))
}

/// A GET.
pub fn get(address: SocketAddr, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost:{}\r\n\r\n", address.port())
}

/// A GET with a token.
pub fn get_with_token(address: SocketAddr, path: &str, token: &str) -> String {
    let port = address.port();
    format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// The request that creates an organization of the usual size.
pub fn create(address: SocketAddr, token: &str, number: u64) -> String {
    let body = format!(
        r#"{{"display_name":"Organization {number} of the bench","external_id":"bench-{number}","metadata":{{"plan":"enterprise"}}}}"#
    );
    post(address, token, "/api/v1/organizations", &body)
}

/// The request that creates a user as a member of an organization, invited by mail or active at once.
pub fn create_user(
    address: SocketAddr,
    token: &str,
    organization: &str,
    number: u64,
    invite: bool,
) -> String {
    let path = format!("/api/v1/organizations/{organization}/users?send_invitation_email={invite}");
    let body = format!(
        r#"{{"email":"person{number}@bench.example.com","external_id":"person-{number}","user_profile":{{"given_name":"Person","family_name":"Number {number}"}}}}"#
    );
    post(address, token, &path, &body)
}

/// A POST of JSON.
pub fn post(address: SocketAddr, token: &str, path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost:{}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        address.port(),
        body.len()
    )
}

/// The request of a token (RFC 6749 §4.4.2), with the client's secret in the body as SDKs send it.
pub fn token(address: SocketAddr, id: &str, secret: &str) -> String {
    TokenForm::new(address, id, secret).with("grant_type=client_credentials")
}

/// What all token requests of a client have.
#[derive(Clone, Debug)]
pub struct TokenForm {
    port: u16,
    client: String,
}

impl TokenForm {
    /// Of a client with its secret.
    pub fn new(address: SocketAddr, id: &str, secret: &str) -> Self {
        Self { port: address.port(), client: format!("client_id={id}&client_secret={secret}") }
    }

    /// The request with these parameters.
    pub fn with(&self, parameters: &str) -> String {
        let (port, body) = (self.port, format!("{parameters}&{}", self.client));
        format!(
            "POST /oauth/token HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// The token in the answer to [`token`].
///
/// # Errors
/// It is none.
pub fn access_token(answer: &Answer) -> Result<String> {
    let json: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let token = json.get("access_token").and_then(serde_json::Value::as_str);
    token.map(str::to_owned).with_context(|| format!("no token, but {}: {json}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_in_pieces() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
        for cut in 0..37 {
            assert_eq!(head(&whole[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(head(whole).unwrap(), Some((200, 38, 3)));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
