//! A guest's standard output and error, on their way to whoever listens to its call.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::log::{LogSink, Silence, Stream};

/// Bytes a guest may write at once.
const PERMIT: usize = 64 << 10;

/// Who listens to a guest now. A guest that serves call after call is listened to by one
/// call at a time.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Mutex<Arc<dyn LogSink>>>);

impl Listener {
    pub(crate) fn new(sink: Arc<dyn LogSink>) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    /// From now on `sink` listens.
    pub(crate) fn set(&self, sink: Arc<dyn LogSink>) {
        *self.0.lock() = sink;
    }

    /// From now on nobody does.
    pub(crate) fn clear(&self) {
        self.set(Silence::shared());
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let sink = self.0.lock().clone();
        sink.write(stream, bytes);
    }
}

/// One of the two streams of a guest.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) listener: Listener,
    pub(crate) stream: Stream,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.listener.write(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.listener.write(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
