//! gRPC as a plain client: what goes over the wire, and nothing that an SDK would hide.
use gatewright_api::{Rpc, scalekit::v1::errdetails::ErrorInfo};
use prost::Message as _;
use tonic::{
    Code, Status,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

/// A channel with a token.
#[derive(Clone, Debug)]
pub struct Grpc {
    channel: Channel,
    /// Values of `authorization`, in the order in which they are sent.
    pub authorization: Vec<String>,
    /// Further metadata.
    pub metadata: Vec<(&'static str, String)>,
    /// Whether requests are compressed with gzip.
    pub gzip: bool,
}

/// A failed call, with its one detail decoded.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Status code.
    pub code: Code,
    /// Message.
    pub message: String,
    /// The detail.
    pub info: ErrorInfo,
    /// Metadata of the answer.
    pub metadata: MetadataMap,
}

impl Failure {
    /// The fields that broke rules, with the rules' ids.
    pub fn violations(&self) -> Vec<(&str, &str)> {
        let info = self.info.validation_error_info.as_ref();
        let all = info.map(|info| info.field_violations.as_slice()).unwrap_or_default();
        all.iter().map(|violation| (violation.field.as_str(), violation.constraint.as_str())).collect()
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

impl Grpc {
    /// Connects with HTTP/2 in clear.
    pub async fn connect(url: &str, token: &str) -> Self {
        let channel = Endpoint::from_shared(url.to_owned()).unwrap().connect().await.expect("a connection");
        Self { channel, authorization: vec![format!("Bearer {token}")], metadata: Vec::new(), gzip: false }
    }

    /// Connects to `url` and calls it `origin`, which may be another environment's.
    pub async fn connect_as(url: &str, origin: &str, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).unwrap().origin(origin.parse().unwrap());
        let channel = endpoint.connect().await.expect("a connection");
        Self { channel, authorization: vec![format!("Bearer {token}")], metadata: Vec::new(), gzip: false }
    }

    /// The same channel with other values of `authorization`.
    pub fn with_authorization(&self, values: &[&str]) -> Self {
        Self { authorization: values.iter().map(|&value| value.to_owned()).collect(), ..self.clone() }
    }

    /// Calls an rpc.
    pub async fn call<R: Rpc>(&self, request: R::Request) -> Result<R::Response, Failure> {
        let codec = tonic_prost::ProstCodec::<R::Request, R::Response>::default();
        self.unary(R::PATH, request, codec).await
    }

    /// Calls any path with an empty message.
    pub async fn call_path(&self, path: &'static str) -> Result<(), Failure> {
        self.unary(path, (), tonic_prost::ProstCodec::<(), ()>::default()).await
    }

    async fn unary<Q, A, C>(&self, path: &'static str, request: Q, codec: C) -> Result<A, Failure>
    where
        Q: Send + Sync + 'static,
        A: Send + Sync + 'static,
        C: tonic::codec::Codec<Encode = Q, Decode = A>,
    {
        let mut request = tonic::Request::new(request);
        for value in &self.authorization {
            request.metadata_mut().append("authorization", value.parse().expect("ASCII"));
        }
        for (name, value) in &self.metadata {
            request.metadata_mut().append(*name, value.parse().expect("ASCII"));
        }
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        if self.gzip {
            client = client.send_compressed(tonic::codec::CompressionEncoding::Gzip);
        }
        client.ready().await.expect("a ready channel");
        let path = http::uri::PathAndQuery::from_static(path);
        client
            .unary(request, path, codec)
            .await
            .map(tonic::Response::into_inner)
            .map_err(|status| failure(&status))
    }
}

/// Checks what every error must have: exactly one detail of the one type, which agrees with the status.
pub(crate) fn failure(status: &Status) -> Failure {
    assert!(!status.details().is_empty(), "an error without grpc-status-details-bin: {status:?}");
    let decoded = RpcStatus::decode(status.details()).expect("google.rpc.Status");
    assert_eq!(decoded.code, i32::from(status.code()));
    assert_eq!(decoded.message, status.message());
    assert_eq!(decoded.details.len(), 1, "{decoded:?}");
    assert_eq!(decoded.details[0].type_url, "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo");
    let info = ErrorInfo::decode(decoded.details[0].value.as_slice()).expect("ErrorInfo");
    assert!(!info.error_code.is_empty());
    let id = info.request_info.as_ref().map(|info| info.request_id.as_str()).unwrap_or_default();
    assert!(id.starts_with("req_"), "{info:?}");
    assert!(info.debug_info.is_none(), "internals on the wire: {info:?}");
    Failure {
        code: status.code(),
        message: status.message().to_owned(),
        info,
        metadata: status.metadata().clone(),
    }
}
