//! The one table of methods: slices put their functions in, gRPC and REST both call them, with messages as bytes.
use crate::{
    ctx::Ctx,
    error::{Error, Kind},
};
use futures_util::future::BoxFuture;
use gatewright_api::{METHODS, Rpc, plan::Method};
use prost::Message as _;
use std::collections::HashMap;

type Handler =
    Box<dyn Fn(Ctx, &[u8]) -> Result<BoxFuture<'static, Result<Vec<u8>, Error>>, Error> + Send + Sync>;

/// Which function serves which rpc. An rpc without one answers `UNIMPLEMENTED`.
pub struct Routes {
    handlers: Vec<Option<Handler>>,
    by_path: HashMap<&'static str, &'static Method>,
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Routes({} of {} rpcs)", self.handlers.iter().flatten().count(), METHODS.len())
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            handlers: METHODS.iter().map(|_| None).collect(),
            by_path: METHODS.iter().map(|method| (method.path, method)).collect(),
        }
    }
}

impl Routes {
    /// Serves the rpc `R` with `function`, whose messages are checked against the rpc by the compiler.
    pub fn serve<R, F, Answer>(&mut self, function: F)
    where
        R: Rpc,
        F: Fn(Ctx, R::Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<R::Response, Error>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |ctx, bytes| {
            let request = R::Request::decode(bytes).map_err(|error| {
                Error::new(Kind::InvalidArgument, "the request is not a valid protobuf message")
                    .with_source(error)
            })?;
            let answer = function(ctx, request);
            Ok(Box::pin(async move { Ok(answer.await?.encode_to_vec()) }))
        });
        if let Some(place) = self.handlers.get_mut(R::METHOD.index) {
            let before = place.replace(handler);
            debug_assert!(before.is_none(), "two slices serve {}", R::METHOD.path);
        }
    }

    /// The rpc at a gRPC path.
    pub fn find(&self, path: &str) -> Option<&'static Method> {
        self.by_path.get(path).copied()
    }

    /// Whether the rpc is built.
    pub fn serves(&self, method: &Method) -> bool {
        self.handlers.get(method.index).is_some_and(Option::is_some)
    }

    /// Answers a request that has been validated. Holding `ctx` proves that the gate let the caller in.
    ///
    /// # Errors
    /// Those of the rpc; `UNIMPLEMENTED` if it is not built.
    pub async fn call(&self, method: &'static Method, ctx: Ctx, request: &[u8]) -> Result<Vec<u8>, Error> {
        match self.handlers.get(method.index).and_then(Option::as_ref) {
            Some(handler) => handler(ctx, request)?.await,
            None => {
                let text = format!("{} is not built yet in this version of the server", method.name);
                Err(Error::new(Kind::Unimplemented, text))
            }
        }
    }
}
