//! Connections that are closed while their client still sends.
//!
//! A request that is refused by its head or in the middle is answered before all of it has
//! come. A socket that is closed with bytes unread is reset, and the client, still writing,
//! sees a broken connection in place of the reason. So after our half is closed we read on for
//! a while, as RFC 9112, section 9.6, asks.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;

/// How long a client may go on sending after its connection was closed here.
const LINGER_MAX: Duration = Duration::from_secs(10);

/// How long it may pause meanwhile.
const SILENCE_MAX: Duration = Duration::from_secs(2);

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Both halves are open.
    Open,
    /// We have said all; the client may still be sending.
    Closed,
    /// The client has said all, or the connection is broken.
    Ended,
}

/// A connection whose end waits until its client has said all, within limits.
pub(crate) struct Lingering<S: AsyncRead + Unpin + Send + 'static> {
    /// Taken when it is dropped.
    stream: Option<S>,
    state: State,
}

impl<S: AsyncRead + Unpin + Send + 'static> Lingering<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: Some(stream), state: State::Open }
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(self.stream.as_mut().expect("it is taken by drop only"))
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> Drop for Lingering<S> {
    fn drop(&mut self) {
        let (Some(stream), Ok(runtime)) = (self.stream.take(), Handle::try_current()) else {
            return;
        };
        if mem::replace(&mut self.state, State::Ended) == State::Closed {
            runtime.spawn(tokio::time::timeout(LINGER_MAX, read_away(stream)));
        }
    }
}

/// Reads what nobody wants until the client ends or falls silent.
async fn read_away<S: AsyncRead + Unpin>(mut stream: S) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(Ok(1..)) = tokio::time::timeout(SILENCE_MAX, stream.read(&mut bytes)).await {}
}

impl<S: AsyncRead + Unpin + Send + 'static> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.stream().poll_read(context, buffer));
        if read.is_err() || (buffer.filled().len() == before && buffer.remaining() > 0) {
            self.state = State::Ended;
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = ready!(self.stream().poll_shutdown(context));
        self.state = match self.state {
            State::Open if closed.is_ok() => State::Closed,
            State::Closed => State::Closed,
            _ => State::Ended,
        };
        Poll::Ready(closed)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_still_sends_is_heard_out() {
        let (ours, mut client) = duplex(10);
        let mut ours = Lingering::new(ours);
        ours.write_all(b"too long").await.expect("there is room");
        ours.shutdown().await.expect("it is open");
        drop(ours);
        client.write_all(&[0; 1000]).await.expect("somebody reads");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("it was said");
        assert_eq!(answer, "too long");
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_ends_is_let_go() {
        for pause in [SILENCE_MAX / 2, SILENCE_MAX * 2] {
            let (ours, mut client) = duplex(10);
            let mut ours = Lingering::new(ours);
            ours.shutdown().await.expect("it is open");
            drop(ours);
            let began = Instant::now();
            while client.write_all(&[0; 10]).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
            assert!(began.elapsed() <= LINGER_MAX + pause, "{pause:?}: {:?}", began.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_broke_or_has_ended_is_not_waited_for() {
        // Not closed by us in order: dropped as a whole, for instance at a time limit.
        let (ours, mut client) = duplex(10);
        drop(Lingering::new(ours));
        client.write_all(b"x").await.expect_err("nobody reads");

        let (ours, client) = duplex(10);
        let mut ours = Lingering::new(ours);
        drop(client);
        assert_eq!(ours.read(&mut [0; 10]).await.expect("it ended in order"), 0);
        let _ = ours.shutdown().await;
        assert_eq!(ours.state, State::Ended);
    }
}
