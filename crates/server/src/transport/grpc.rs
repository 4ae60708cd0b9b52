//! gRPC: framing, compression and trailers are tonic's; what is called comes from the table of methods.
use super::{Server, errors, gate};
use crate::{
    ctx::Arrival,
    error::{Error, Kind},
    ids::RequestId,
};
use axum::body::Body;
use bytes::{Buf as _, BufMut as _, Bytes};
use http::{HeaderMap, Request, Response};
use std::{sync::Arc, time::Duration};
use tonic::{
    Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service},
};

/// Whether a request speaks gRPC.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value == "application/grpc"
            || value.starts_with("application/grpc+")
            || value.starts_with("application/grpc;")
    })
}

/// Answers a gRPC request, always with HTTP status 200 and, on failure, with the status detail.
pub async fn handle(
    server: &Arc<Server>,
    arrival: Result<Arrival, Error>,
    request_id: &Arc<str>,
    request: Request<Body>,
) -> Response<Body> {
    let deadline = deadline(request.headers(), server.limits.request_timeout);
    let answer = tokio::time::timeout(deadline, answer(server, arrival, request_id, request));
    let response = match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => failure(&error, request_id),
        Err(_) => failure(&Error::new(Kind::DeadlineExceeded, "the call's deadline passed"), request_id),
    };
    with_detail(response, request_id)
}

async fn answer(
    server: &Arc<Server>,
    arrival: Result<Arrival, Error>,
    request_id: &Arc<str>,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let arrival = arrival?;
    let path = request.uri().path();
    let method = server.routes.find(path).ok_or_else(|| {
        let shown: String = path.chars().take(200).collect();
        Error::new(Kind::Unimplemented, format!("no rpc {shown}"))
    })?;
    let verb = request.method();
    let ctx = gate::enter(&server.app, &arrival, request.headers(), (verb, method)).await?;
    let unary = Unary { server: server.clone(), request_id: request_id.clone(), call: Some((method, ctx)) };
    let mut grpc = tonic::server::Grpc::new(BytesCodec)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(server.limits.max_body_bytes);
    Ok(grpc.unary(unary, request).await.map(Body::new))
}

/// One call, as tonic wants it: a service of one request.
struct Unary {
    server: Arc<Server>,
    request_id: Arc<str>,
    call: Option<(&'static gatewright_api::plan::Method, crate::ctx::Ctx)>,
}

impl Service<tonic::Request<Bytes>> for Unary {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = BoxFuture<Self::Response, Status>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (server, request_id) = (self.server.clone(), self.request_id.clone());
        let call = self.call.take();
        Box::pin(async move {
            let Some((method, ctx)) = call else { return Err(Status::internal("called twice")) };
            match server.call(method, ctx, &request.into_inner()).await {
                Ok(answer) => Ok(tonic::Response::new(answer.into())),
                Err(error) => {
                    errors::report(&error);
                    Err(errors::status(&error, &request_id))
                }
            }
        })
    }
}

/// Passes messages through as bytes.
#[derive(Clone, Copy, Debug)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// A failure that the call never got to.
pub fn failure(error: &Error, request_id: &str) -> Response<Body> {
    errors::report(error);
    errors::status(error, request_id).into_http()
}

/// Adds the detail to a status that tonic made itself, for a message that is too large or not framed rightly.
fn with_detail(response: Response<Body>, request_id: &str) -> Response<Body> {
    let headers = response.headers();
    let failed = headers.get("grpc-status").is_some_and(|status| status != "0");
    if !failed || headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let Some(status) = Status::from_header_map(headers) else { return response };
    let kind = match status.code() {
        tonic::Code::ResourceExhausted | tonic::Code::OutOfRange => Kind::InvalidArgument,
        tonic::Code::Unimplemented => Kind::Unimplemented,
        tonic::Code::Cancelled => Kind::Unavailable,
        _ => Kind::InvalidArgument,
    };
    errors::status(&Error::new(kind, status.message().to_owned()), request_id).into_http()
}

/// `grpc-timeout`: up to eight digits and a unit. tonic does not enforce it outside its own server.
fn deadline(headers: &HeaderMap, longest: Duration) -> Duration {
    let parse = || {
        let text = headers.get("grpc-timeout")?.to_str().ok()?;
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if digits.is_empty() || digits.len() > 8 {
            return None;
        }
        let amount: u64 = digits.parse().ok()?;
        Some(match unit {
            "H" => Duration::from_secs(amount.saturating_mul(3600)),
            "M" => Duration::from_secs(amount.saturating_mul(60)),
            "S" => Duration::from_secs(amount),
            "m" => Duration::from_millis(amount),
            "u" => Duration::from_micros(amount),
            "n" => Duration::from_nanos(amount),
            _ => return None,
        })
    };
    parse().unwrap_or(longest).min(longest)
}

/// Id of a request, for its answer and the log.
pub fn new_request_id(app: &crate::app::App) -> Arc<str> {
    let id: RequestId = app.ids.next(app.clock.now());
    id.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_deadline_and_never_waits_longer_than_the_server_wants() {
        let longest = Duration::from_secs(60);
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            deadline(&headers, longest)
        };
        assert_eq!(read("20S"), Duration::from_secs(20));
        assert_eq!(read("1500m"), Duration::from_millis(1500));
        for text in ["1H", "", "S", "-1S", "1x", "123456789S", "é"] {
            assert_eq!(read(text), longest, "{text}");
        }
    }
}
