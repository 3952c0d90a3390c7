//! Calls from inside the node: the queue's way into the gateway.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};

use swell_sandbox::body::Body;

use crate::gateway::call::Incoming;
use crate::gateway::context::Gateway;
use crate::gateway::service::unknown;
use crate::invoker::{ANSWER_BYTES_MAX, Answering, Invoker};
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::{Reason, Refusal};

/// Calls functions through a gateway.
pub struct Calls(pub Arc<Gateway>);

impl Invoker for Calls {
    fn call<'a>(
        &'a self,
        function: &'a str,
        trigger: TriggerKind,
        request: Request<Bytes>,
    ) -> Answering<'a> {
        Box::pin(async move {
            let found = self.0.registry.get(function).ok_or_else(|| unknown(function))?;
            let source = self.0.observer.source(trigger, &request);
            let request = request.map(Full::new);
            let incoming = Incoming { function: found, request, peer: None, source };
            let answer = self.0.invoke(incoming).await?;
            whole(function, answer).await
        })
    }
}

async fn whole(function: &str, answer: Response<Body>) -> Result<Response<Bytes>, Refusal> {
    let (parts, mut body) = answer.into_parts();
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let title = format!("the answer of `{function}` broke off: {error}");
            Refusal::new(Reason::BadAnswer, title)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            let title = format!("`{function}` answered with more than {ANSWER_BYTES_MAX} bytes");
            return Err(Refusal::new(Reason::BadAnswer, title)
                .hint("let it answer with a reference instead"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Response::from_parts(parts, bytes.freeze()))
}
