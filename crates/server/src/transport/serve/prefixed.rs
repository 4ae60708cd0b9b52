//! A stream whose first bytes were already read, and which counts the rest.
use bytes::{Buf as _, Bytes};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives `prefix` back before it reads on.
pub(super) struct Prefixed<IO> {
    prefix: Bytes,
    io: IO,
    /// How often bytes came in, for the timeout of a request's head.
    reads: Arc<AtomicU64>,
}

impl<IO> Prefixed<IO> {
    pub(super) fn new(prefix: Bytes, io: IO, reads: Arc<AtomicU64>) -> Self {
        Self { prefix, io, reads }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Prefixed<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.prefix.is_empty() {
            let before = buf.filled().len();
            let result = Pin::new(&mut this.io).poll_read(cx, buf);
            if buf.filled().len() > before {
                this.reads.fetch_add(1, Ordering::Relaxed);
            }
            return result;
        }
        let length = this.prefix.len().min(buf.remaining());
        buf.put_slice(&this.prefix.split_to(length));
        if !this.prefix.has_remaining() {
            this.prefix = Bytes::new();
        }
        this.reads.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Prefixed<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
    }
}
