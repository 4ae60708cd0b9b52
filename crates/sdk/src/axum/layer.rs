//! The tower layer that gives each request its session.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use http::{Request, Response};
use tower::{Layer, Service};

use super::config::Sessions;
use super::visit::Visit;

/// Gives the handlers inside it the session of each request; made by [`Sessions::layer`].
///
/// It does nothing until a handler or a guard asks for the session. Only then is the cookie decrypted, and the access
/// token renewed if it has less than ten seconds left.
#[derive(Clone, Debug)]
pub struct SessionLayer {
    sessions: Sessions,
}

impl SessionLayer {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { inner, sessions: self.sessions.clone() }
    }
}

/// A service inside a [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    sessions: Sessions,
}

impl<S, B, C> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<C>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.sessions.shared);
        let visit = Arc::new(Visit::new(shared, request.uri().clone(), request.headers()));
        request.extensions_mut().insert(Arc::clone(&visit));
        // The one that is ready answers; a clone of it may not be.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let mut response = ready.call(request).await?;
            visit.finish(response.headers_mut());
            Ok(response)
        })
    }
}
