//! Which rpc a path means, and what its request is.
mod request;
mod router;

use super::{Match, Route, Router};
use gatewright_api::METHODS;
use std::sync::OnceLock;

fn router() -> &'static Router {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    ROUTER.get_or_init(|| Router::new(&METHODS).unwrap())
}

fn found(verb: &str, path: &str) -> Match {
    match router().find(verb, path).unwrap() {
        Route::Found(found) => found,
        other => panic!("{verb} {path}: {other:?}"),
    }
}
