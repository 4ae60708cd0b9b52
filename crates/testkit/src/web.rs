//! A web server that gives the answers that a test has prepared, good and bad ones. It speaks just enough HTTP/1.1.
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is answered at a path.
#[derive(Clone, Debug)]
pub enum WebAnswer {
    /// 200 with this body.
    Ok(Vec<u8>),
    /// Another status, with this `location`.
    Status(u16, String),
    /// Another status with this body.
    Refusal(u16, Vec<u8>),
    /// 200 and a body that does not end.
    Endless,
    /// 200 and a body of which a byte comes each second.
    Dripping,
    /// Nothing at all.
    Silent,
}

/// Listens at a port of its own on the loopback address. Stops when dropped.
#[derive(Debug)]
pub struct WebServer {
    /// Where it listens.
    pub address: SocketAddr,
    answers: Arc<Mutex<HashMap<String, WebAnswer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// With the query.
    pub path: String,
    /// Request line and headers, as they came.
    pub head: String,
    /// What was sent.
    pub body: String,
}

impl WebServer {
    /// Starts it; every path answers 404.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answers, asked) =
            (Arc::<Mutex<HashMap<String, WebAnswer>>>::default(), Arc::<Mutex<Vec<Asked>>>::default());
        let (known, seen) = (answers.clone(), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, known.clone(), seen.clone()));
            }
        });
        Self { address, answers, asked, task }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on a path answers so.
    pub fn answer(&self, path: &str, answer: WebAnswer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// The paths that were asked for since this was last called.
    pub fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|asked| asked.path).collect()
    }

    /// The requests that came since this or [`WebServer::asked`] was last called.
    pub fn requests(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut socket: TcpStream,
    answers: Arc<Mutex<HashMap<String, WebAnswer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    if socket.read_exact(&mut body).await.is_err() {
        return;
    }
    let answer = answers.lock().unwrap().get(&path).cloned();
    let body = String::from_utf8_lossy(&body).into_owned();
    asked.lock().unwrap().push(Asked { path, head, body });
    let open = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    // A client that has gone away is no failure of the server's.
    let _ = match answer.unwrap_or(WebAnswer::Status(404, String::new())) {
        WebAnswer::Ok(body) => {
            let start =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            socket.write_all(&[start.as_bytes(), &body].concat()).await
        }
        WebAnswer::Status(status, location) => {
            let text = format!(
                "HTTP/1.1 {status} Odd\r\nlocation: {location}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            socket.write_all(text.as_bytes()).await
        }
        WebAnswer::Refusal(status, body) => {
            let start = format!(
                "HTTP/1.1 {status} Odd\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            socket.write_all(&[start.as_bytes(), &body].concat()).await
        }
        WebAnswer::Endless => {
            let _ = socket.write_all(open).await;
            while socket.write_all(&[b' '; 8192]).await.is_ok() {}
            Ok(())
        }
        WebAnswer::Dripping => {
            let _ = socket.write_all(open).await;
            while socket.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        WebAnswer::Silent => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
    };
    let _ = socket.shutdown().await;
}
