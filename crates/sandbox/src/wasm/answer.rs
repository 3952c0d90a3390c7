//! An answer that streams while its guest still runs.
//!
//! The guest has no task of its own: it runs when its answer is read. So a reader that
//! goes away stops it by dropping the answer, and a slow reader slows it down.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::body::BodyError;
use crate::call::CallError;

/// How long a guest may go on after its whole answer was read.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// A guest's run; whoever hears of its end hears it from inside.
pub(crate) type Run = Pin<Box<dyn Future<Output = Result<(), CallError>> + Send>>;

/// The body of an answer, and the guest that writes it.
pub(crate) struct Streaming {
    body: HyperOutgoingBody,
    run: Option<Run>,
    /// Bytes still to come, where the answer said how many.
    left: Option<u64>,
    ended: bool,
}

impl Streaming {
    pub(crate) fn new(body: HyperOutgoingBody, run: Run) -> Self {
        let left = body.size_hint().exact();
        Self { body, run: Some(run), left, ended: false }
    }

    /// Lets the guest run; an error is what it died of.
    fn advance(&mut self, context: &mut Context<'_>) -> Result<(), CallError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        match run.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(ended) => {
                self.run = None;
                ended
            }
        }
    }

    fn is_through(&self) -> bool {
        self.ended || self.left == Some(0)
    }
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Err(why) = self.advance(context) {
            // An answer that is all there is good, whatever its guest did afterwards.
            if !self.is_through() {
                self.ended = true;
                return Poll::Ready(Some(Err(why.into())));
            }
        }
        if self.ended {
            return if self.run.is_none() { Poll::Ready(None) } else { Poll::Pending };
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(length));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.ended = true;
                Poll::Ready(Some(Err(Box::new(error))))
            }
            Poll::Ready(None) => {
                self.ended = true;
                if self.run.is_none() { Poll::Ready(None) } else { Poll::Pending }
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.run.is_none() && (self.ended || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        // The reader has all of it: the guest may tidy up. Otherwise it is stopped here.
        if self.is_through()
            && let Some(run) = self.run.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(AFTERWARDS, run));
        }
    }
}
