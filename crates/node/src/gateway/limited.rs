//! Bodies with bounds: a longest length on the way in, a deadline on the way out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep_until};

use swell_sandbox::body::{Body, BodyError};

/// The body is longer than allowed.
#[derive(Debug, thiserror::Error)]
#[error("the body is longer than {0} bytes")]
pub struct TooLong(pub u64);

/// The answer took longer than its function may take.
#[derive(Debug, thiserror::Error)]
#[error("the function did not finish its answer in time")]
pub struct TooLate;

/// A body that breaks off when it gets too long.
pub struct Limited<B> {
    inner: B,
    left: u64,
    limit: u64,
}

impl<B> Limited<B> {
    /// At most `limit` bytes of `inner`.
    pub fn new(inner: B, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<B> HttpBody for Limited<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Some(Err(TooLong(self.limit).into()))),
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Bytes after which it is possible that the reader no longer asks for more.
const UNWATCHED: usize = 16 << 10;

/// A body that breaks off when its time is up, even if nobody reads it: a client that does
/// not take its answer must not keep an instance busy. The clock is only asked when the body
/// has nothing to give or is long, so a short body that is there already costs nothing.
pub struct Timed<G> {
    /// The body and what is held as long as it is, until the time is up.
    inner: Arc<Mutex<Option<(Body, G)>>>,
    deadline: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    sent: usize,
    watch: Option<AbortHandle>,
}

impl<G: Send + Unpin + 'static> Timed<G> {
    /// What of `inner` comes before `deadline`; `held` goes with it.
    pub fn new(inner: Body, deadline: Instant, held: G) -> Self {
        let inner = Arc::new(Mutex::new(Some((inner, held))));
        Self { inner, deadline, sleep: None, sent: 0, watch: None }
    }

    /// Looks at the clock on the side, whether the body is read or not.
    pub fn watch(&mut self) {
        if self.watch.is_some() || self.is_end_stream() {
            return;
        }
        let (inner, deadline) = (self.inner.clone(), self.deadline);
        let watch = tokio::spawn(async move {
            sleep_until(deadline).await;
            // Dropping what is left stops the guest; not under the lock.
            let left = inner.lock().take();
            drop(left);
        });
        self.watch = Some(watch.abort_handle());
    }
}

impl<G: Send + Unpin + 'static> HttpBody for Timed<G> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = match &mut *self.inner.lock() {
            Some((body, _)) => Pin::new(body).poll_frame(context),
            None => return Poll::Ready(Some(Err(TooLate.into()))),
        };
        if let Poll::Ready(frame) = polled {
            if let Some(Ok(frame)) = &frame {
                self.sent += frame.data_ref().map_or(0, Bytes::len);
                if self.sent >= UNWATCHED {
                    self.watch();
                }
            }
            return Poll::Ready(frame);
        }
        let deadline = self.deadline;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(sleep.as_mut().poll(context));
        let left = self.inner.lock().take();
        drop(left);
        Poll::Ready(Some(Err(TooLate.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.lock().as_ref().is_some_and(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.lock().as_ref().map(|(body, _)| body.size_hint()).unwrap_or_default()
    }
}

impl<G> Drop for Timed<G> {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}
