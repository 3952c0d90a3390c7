//! Calls from inside the node: the queue's way into the gateway.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::uri::PathAndQuery;
use http_body_util::Full;
use swell_sandbox::body::full;

use crate::gateway::call::Incoming;
use crate::gateway::context::Gateway;
use crate::gateway::flowing::{flow_inside, whole};
use crate::gateway::here::unknown;
use crate::gateway::nearby::pass_whole;
use crate::grouping::passing::Whole;
use crate::invoker::{Answering, Invoker};
use crate::later::depth;
use crate::observe::function_metrics::TriggerKind;

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
            let found = self.0.registry.get(function);
            let elsewhere = &self.0.elsewhere;
            if let Some(way) = elsewhere.way(function, found.as_deref(), request.headers()) {
                let asked = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
                let path = format!("/function/{function}{asked}");
                let request = request.map(full);
                let answer = elsewhere.pass_on(&way, &path, None, request).await?;
                return whole(function, answer).await;
            }
            // Items of a flow go to who owns it.
            if trigger != TriggerKind::Flow
                && let Some(way) = self.0.nearer(function, found.as_deref())
            {
                let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
                let call = Whole {
                    method: request.method().clone(),
                    path: path.to_string(),
                    headers: request.headers().clone(),
                    body: request.body().clone(),
                };
                let function_here = found.as_deref();
                let passed = pass_whole(&self.0, &way, function, function_here, None, &call).await;
                if let Some(answer) = passed {
                    return whole(function, answer?).await;
                }
            }
            let found = found.ok_or_else(|| unknown(function))?;
            let source = self.0.observer.source(trigger, &request);
            let hops = depth(request.headers());
            let request = request.map(Full::new);
            let incoming = Incoming { function: found, request, peer: None, source };
            let answer = self.0.invoke(incoming).await?;
            let answer = whole(function, answer).await?;
            flow_inside(&self.0, function, hops, &answer).await?;
            Ok(answer)
        })
    }
}
