//! One gRPC call: token, headers, deadline, retries, errors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatewright_api::Rpc;
use http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;

use crate::client::Inner;
use crate::error::{self, GrpcStatus, Result, ScalekitError};
use crate::http::check_runtime;
use crate::random;
use crate::retry::{Next, Retries, Step};

/// Version of the API that this SDK was written against.
const API_VERSION: &str = "20260727";
pub(crate) const SDK_VERSION: &str = concat!("Scalekit-Rust/", env!("CARGO_PKG_VERSION"));

/// A page of 100 organizations with all their metadata stays below 1 MiB.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Options of one call; what is None is the client's.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) without_retries: bool,
}

struct Failure {
    step: Step,
    error: ScalekitError,
}

/// Calls an rpc. The deadline covers everything, retries and their waits included.
pub(crate) async fn call<R>(client: &Inner, request: R::Request, options: &CallOptions) -> Result<R::Response>
where
    R: Rpc,
    R::Request: Clone,
{
    // First: without a runtime, timers and sockets would panic.
    check_runtime()?;
    let deadline = options
        .timeout
        .or(client.timeout)
        .and_then(|timeout| Some((timeout, Instant::now().checked_add(timeout)?)));
    let limit = if options.without_retries { 0 } else { client.max_retries };
    let mut retries = Retries::new(limit);
    loop {
        let attempt = attempt::<R>(client, request.clone(), deadline.map(|(_, at)| at));
        let outcome = match deadline {
            Some((timeout, at)) => match tokio::time::timeout_at(at.into(), attempt).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(too_late(timeout)),
            },
            None => attempt.await,
        };
        let Failure { step, error } = match outcome {
            Ok(response) => return Ok(response),
            Err(failure) => failure,
        };
        match retries.next(step, &error, random::fraction()) {
            Next::Fail => return Err(error),
            Next::RenewToken => {}
            Next::Wait(wait) => {
                // An answer now is worth more than "too late" later.
                if deadline.is_some_and(|(_, at)| Instant::now() + wait >= at) {
                    return Err(error);
                }
                tokio::time::sleep(wait).await;
            }
        }
    }
}

fn too_late(timeout: Duration) -> ScalekitError {
    ScalekitError::timeout(format!("no answer within {timeout:?}"))
}

async fn attempt<R>(
    client: &Inner,
    request: R::Request,
    deadline: Option<Instant>,
) -> std::result::Result<R::Response, Failure>
where
    R: Rpc,
{
    let at_call = |error| Failure { step: Step::Call, error };
    let channel = client.connection.channel().map_err(at_call)?;
    let token = client.tokens.get(&client.http, &client.credentials, &client.clock).await;
    let token = token.map_err(|error| Failure { step: Step::Token, error })?;

    let mut request = tonic::Request::new(request);
    let metadata = request.metadata_mut();
    metadata.insert("authorization", token.header.clone());
    metadata.insert("x-sdk-version", MetadataValue::from_static(SDK_VERSION));
    metadata.insert("x-api-version", MetadataValue::from_static(API_VERSION));
    if let Some(deadline) = deadline {
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    let mut grpc = tonic::client::Grpc::new(channel).max_decoding_message_size(MAX_ANSWER);
    grpc.ready().await.map_err(|error| at_call(not_ready(error)))?;
    let codec = tonic_prost::ProstCodec::<R::Request, R::Response>::default();
    let answer = grpc.unary(request, PathAndQuery::from_static(R::PATH), codec).await;
    answer.map(tonic::Response::into_inner).map_err(|status| {
        let error = error::from_status(status);
        if error.grpc_status() == Some(GrpcStatus::Unauthenticated) {
            // Also without retries: the next call shall not use it again.
            client.tokens.reject(&token);
        }
        at_call(error)
    })
}

fn not_ready(error: tonic::transport::Error) -> ScalekitError {
    ScalekitError::transport("the server could not be reached", GrpcStatus::Unavailable).with_source(error)
}

/// What awaiting a request of this crate gives.
pub(crate) type Answer<T> = futures_core::future::BoxFuture<'static, Result<T>>;

/// Sends a message and turns the answer into what the caller sees.
pub(crate) fn send<R, T>(
    client: Arc<Inner>,
    message: R::Request,
    options: CallOptions,
    convert: fn(R::Response) -> Result<T>,
) -> Answer<T>
where
    R: Rpc,
    R::Request: Clone + Sync,
    T: 'static,
{
    Box::pin(async move { convert(call::<R>(&client, message, &options).await?) })
}

/// A request: the message, the client and the call's options, sent when awaited.
macro_rules! request {
    ($(#[$meta:meta])* $name:ident, $rpc:ty => $output:ty, $convert:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[must_use = "a request is sent when it is awaited"]
        pub struct $name {
            client: std::sync::Arc<crate::client::Inner>,
            options: crate::call::CallOptions,
            message: <$rpc as gatewright_api::Rpc>::Request,
        }

        impl $name {
            pub(crate) fn new(
                client: std::sync::Arc<crate::client::Inner>,
                message: <$rpc as gatewright_api::Rpc>::Request,
            ) -> Self {
                Self { client, options: crate::call::CallOptions::default(), message }
            }

            /// Deadline of this call, retries included, in place of the client's.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.options.timeout = Some(timeout);
                self
            }

            /// Sends this call once, whatever the answer.
            pub fn without_retries(mut self) -> Self {
                self.options.without_retries = true;
                self
            }

            /// The protobuf message that awaiting would send.
            pub fn into_message(self) -> <$rpc as gatewright_api::Rpc>::Request {
                self.message
            }
        }

        impl IntoFuture for $name {
            type Output = crate::error::Result<$output>;
            type IntoFuture = crate::call::Answer<$output>;

            fn into_future(self) -> Self::IntoFuture {
                crate::call::send::<$rpc, $output>(self.client, self.message, self.options, $convert)
            }
        }
    };
}
pub(crate) use request;
