//! A guard for routes that need a permission.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::axum::extract::Request;
use ::axum::response::{IntoResponse as _, Response};
use futures_core::future::BoxFuture;
use tower::{Layer, Service};

use super::session::{self, Forbidden};

/// Lets in only who has a permission. Others get 403, and those who are not signed in go to the login. It goes inside
/// the [`SessionLayer`](super::SessionLayer).
///
/// ```
/// use axum::{Router, routing::get};
/// use gatewright_sdk::axum::RequirePermission;
///
/// # fn routes(sessions: gatewright_sdk::axum::Sessions) -> Router {
/// let reports = Router::new()
///     .route("/reports", get(|| async { "reports" }))
///     .route_layer(RequirePermission::new("reports:read"));
/// Router::new().merge(reports).layer(sessions.layer())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RequirePermission {
    permission: Arc<str>,
}

impl RequirePermission {
    /// With the name of the permission, such as `reports:read`.
    pub fn new(permission: impl Into<Arc<str>>) -> Self {
        Self { permission: permission.into() }
    }
}

impl<S> Layer<S> for RequirePermission {
    type Service = RequirePermissionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequirePermissionService { inner, permission: Arc::clone(&self.permission) }
    }
}

/// A service behind a [`RequirePermission`].
#[derive(Clone, Debug)]
pub struct RequirePermissionService<S> {
    inner: S,
    permission: Arc<str>,
}

impl<S> Service<Request> for RequirePermissionService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let permission = Arc::clone(&self.permission);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match session::require(&parts).await {
                Ok(session) if session.has_permission(&permission) => {
                    ready.call(Request::from_parts(parts, body)).await
                }
                Ok(_) => Ok(Forbidden::new(&permission).into_response()),
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}
