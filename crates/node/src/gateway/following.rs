//! Calls that follow the end of a call: their body is the answer, which is therefore
//! copied on its way to the client, where somebody wants it.
//!
//! The client gets the end of the answer when the calls that follow are on disk, so that
//! whoever saw a call end knows that what follows will happen.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use swell_sandbox::body::{Body, BodyError};

use crate::gateway::answer::problem;
use crate::gateway::context::Gateway;
use crate::invoker::ANSWER_BYTES_MAX;
use crate::later::Ended;
use crate::refusal::{Reason, Refusal};

/// The answer of `function` with what follows it, if anything does. `depth` is how many
/// calls led to it.
pub(crate) fn follow(
    gateway: &Arc<Gateway>,
    function: &str,
    depth: u32,
    response: Response<Body>,
) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    if !gateway.followers.wanted(function, status) {
        return Response::from_parts(parts, body);
    }
    let end = End {
        gateway: gateway.clone(),
        function: function.to_string(),
        status,
        headers: parts.headers.clone(),
        depth,
    };
    // With a known length the server would not ask for the end, which is what it waits for.
    parts.headers.remove(CONTENT_LENGTH);
    let copied = Copied { inner: body, copy: BytesMut::new(), end: Some(end), telling: None };
    Response::from_parts(parts, copied.boxed_unsync())
}

/// Lets what follows a failed call happen. A call that was never made has no end.
pub(crate) async fn follow_failure(
    gateway: &Arc<Gateway>,
    function: &str,
    depth: u32,
    refusal: &Refusal,
) {
    let status = refusal.reason.status();
    let ended =
        matches!(refusal.reason, Reason::FunctionFailed | Reason::BadAnswer | Reason::TimedOut);
    if !ended || !gateway.followers.wanted(function, status) {
        return;
    }
    let (parts, body) = problem(refusal, None).into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let (gateway, function) = (gateway.clone(), function.to_string());
    End { gateway, function, status, headers: parts.headers, depth }.tell(body).await;
}

struct End {
    gateway: Arc<Gateway>,
    function: String,
    status: u16,
    headers: HeaderMap,
    depth: u32,
}

impl End {
    async fn tell(self, body: Bytes) {
        let Self { gateway, function, status, headers, depth } = self;
        let ended = Ended { function: &function, status, headers: &headers, body, depth };
        for call in gateway.followers.after(&ended) {
            let name = call.function.clone();
            if let Err(refusal) = gateway.later.accept(call).await {
                let why = refusal.title;
                tracing::warn!(%function, follower = %name, %why, "a call does not follow");
            }
        }
    }
}

/// A body that is copied while it passes.
struct Copied {
    inner: Body,
    copy: BytesMut,
    end: Option<End>,
    telling: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl HttpBody for Copied {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(telling) = &mut self.telling {
            ready!(telling.as_mut().poll(context));
            self.telling = None;
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.inner).poll_frame(context)) {
            Some(Ok(frame)) => {
                let data = frame.data_ref().cloned().unwrap_or_default();
                if self.copy.len() + data.len() <= ANSWER_BYTES_MAX {
                    self.copy.extend_from_slice(&data);
                } else if let Some(end) = self.end.take() {
                    let function = end.function;
                    tracing::warn!(%function, "its answer is too long for calls that follow it");
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => match self.end.take() {
                Some(end) => {
                    let body = std::mem::take(&mut self.copy).freeze();
                    self.telling = Some(Box::pin(end.tell(body)));
                    self.poll_frame(context)
                }
                None => Poll::Ready(None),
            },
        }
    }

    /// Never known beforehand, else nobody would ask for the end.
    fn is_end_stream(&self) -> bool {
        self.end.is_none() && self.telling.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
