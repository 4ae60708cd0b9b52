//! The Scalekit-compatible API: messages, one marker type per rpc, and the compact [`plan`] that transports work from.
//! All of it is generated from `proto/`; there is no logic here.
#![expect(clippy::all, reason = "generated from proto/")]

pub mod plan;

#[expect(missing_docs, rustdoc::all, reason = "generated; the documentation is in the protos")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}
pub use generated::scalekit;

/// An rpc: its messages, and its plan.
pub trait Rpc: Send + Sync + 'static {
    /// Request message.
    type Request: prost::Message + Default + Send + 'static;
    /// Response message.
    type Response: prost::Message + Default + Send + 'static;
    /// gRPC path, `/package.Service/Method`.
    const PATH: &'static str;
    /// The plan.
    const METHOD: &'static plan::Method;
}

include!(concat!(env!("OUT_DIR"), "/plan.rs"));
