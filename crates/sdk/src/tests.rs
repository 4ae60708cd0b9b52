//! The client against a small server on a real socket that speaks HTTP/1.1 and HTTP/2.

mod calls;
mod keys;
mod oauth;
mod organizations;
mod server;
mod tls;
mod untrusted;
