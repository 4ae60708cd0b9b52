//! `[limits]`: what one client may take before the server says no.
use super::{
    section::section,
    units::{Count, Size, Span},
};

section! {
    /// What a client may take before the server says no.
    Limits = "limits" {
        /// Connections at one time. Above, the longest idle one makes room. Never more than the system's file limit allows.
        max_connections: Count = "8192";
        /// How long the head of a request may take to arrive.
        header_timeout: Span = "10s";
        /// How long a TLS handshake may take.
        tls_handshake_timeout: Span = "10s";
        /// How long the body of a request may take to arrive.
        body_timeout: Span = "30s";
        /// How long a request may take in all; a client's own deadline may be shorter.
        request_timeout: Span = "60s";
        /// How long a connection without a request stays open.
        idle_timeout: Span = "5m";
        /// The same, while more than three quarters of `max_connections` are in use.
        crowded_idle_timeout: Span = "5s";
        /// Size of a request's head, at least 8KiB.
        max_header_size: Size = "64KiB";
        /// Size of a request's body.
        max_body_size: Size = "4MiB";
        /// Requests at one time on one HTTP/2 connection.
        max_concurrent_streams: Count = "256";
        /// How often HTTP/2 connections are probed.
        keep_alive_interval: Span = "30s";
        /// How long the answer to a probe may take.
        keep_alive_timeout: Span = "20s";
        /// How long requests may go on after the server was told to stop.
        shutdown_grace: Span = "25s";
    }
}
