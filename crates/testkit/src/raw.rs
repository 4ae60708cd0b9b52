//! What no client library would send: gRPC frames of any content, and bytes on a socket.
use crate::{Failure, Server, grpc};
use http::HeaderMap;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The answer to a gRPC request as HTTP shows it.
#[derive(Debug)]
pub struct RawGrpc {
    /// Must be 200 whatever happened: SDKs drop the details of any other.
    pub http_status: u16,
    /// Headers; those of a failure hold the status too.
    pub headers: HeaderMap,
    /// Frames.
    pub body: Vec<u8>,
}

impl RawGrpc {
    /// Checks that this is a failure with its detail, and gives it.
    pub fn failure(&self) -> Failure {
        assert_eq!(self.http_status, 200, "{:?}", self.headers);
        let status = tonic::Status::from_header_map(&self.headers);
        let failure = grpc::failure(&status.unwrap_or_else(|| panic!("no status in {:?}", self.headers)));
        let id = &failure.info.request_info.as_ref().unwrap().request_id;
        assert_eq!(self.headers["x-request-id"], id.as_str());
        failure
    }
}

/// A message as gRPC frames it, not compressed.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

impl Server {
    /// Sends a body to a path as gRPC over HTTP/2 in clear. `headers` replace those that belong to gRPC.
    pub async fn raw_grpc(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> RawGrpc {
        self.raw_grpc_to("127.0.0.1", path, headers, body).await
    }

    /// As [`Server::raw_grpc`], to the server under another name.
    pub async fn raw_grpc_to(
        &self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> RawGrpc {
        let client = reqwest::Client::builder().http2_prior_knowledge().resolve(host, self.address);
        let client = client.build().unwrap();
        let url = format!("http://{host}:{}{path}", self.address.port());
        let mut all = HeaderMap::new();
        all.insert("content-type", "application/grpc".parse().unwrap());
        all.insert("te", "trailers".parse().unwrap());
        for (name, value) in headers {
            all.insert(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
        }
        let request = client.post(url).headers(all).body(body);
        let answer = request.send().await.expect("an answer, not a reset");
        let (http_status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default();
        RawGrpc { http_status, headers, body }
    }
}

/// Writes bytes to the server's port and reads what comes back until it closes, at most for two seconds.
pub async fn socket(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut reading, mut writing) = stream.into_split();
    let bytes = bytes.to_vec();
    // The server may stop reading in the middle: its answer counts, not that everything could be written.
    let writer = tokio::spawn(async move {
        let _ = writing.write_all(&bytes).await;
        writing
    });
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(2), reading.read_to_end(&mut answer)).await;
    writer.abort();
    answer
}
