//! Bodies with bounds: a longest length on the way in, a deadline on the way out.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
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

/// A body that breaks off when its time is up. The clock is only asked when the body has
/// nothing to give, so a body that is there already costs nothing.
pub struct Timed {
    inner: Body,
    deadline: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    /// What of `inner` comes before `deadline`.
    pub fn new(inner: Body, deadline: Instant) -> Self {
        Self { inner, deadline, sleep: None }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let deadline = self.deadline;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(sleep.as_mut().poll(context));
        // Dropping what is left stops the guest.
        self.inner = swell_sandbox::body::empty();
        Poll::Ready(Some(Err(TooLate.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
