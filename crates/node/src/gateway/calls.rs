//! Calls from inside the node: the queue's way into the gateway.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::Full;
use swell_api::problem::Problem;
use swell_sandbox::body::full;

use crate::api::reply::PROBLEM;
use crate::gateway::call::Incoming;
use crate::gateway::context::Gateway;
use crate::gateway::flowing::{flow_inside, whole};
use crate::gateway::here::unknown;
use crate::gateway::nearby::pass_whole;
use crate::grouping::passing::Whole;
use crate::invoker::{Answering, Invoker, Reached};
use crate::later::depth;
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::Refusal;

/// Calls functions through a gateway.
pub struct Calls(pub Arc<Gateway>);

/// An answer of another site, or what its node refused: that did not reach the function either.
fn refused_there(answer: Response<Bytes>) -> Result<Response<Bytes>, Refusal> {
    let is_problem = answer.headers().get(CONTENT_TYPE).is_some_and(|it| it == PROBLEM);
    let problem = is_problem.then(|| serde_json::from_slice::<Problem>(answer.body()).ok());
    let refusal = problem.flatten().as_ref().and_then(Refusal::of_problem);
    match refusal.filter(|it| it.reason.status() == answer.status().as_u16()) {
        Some(refusal) => Err(refusal),
        None => Ok(answer),
    }
}

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
                return refused_there(whole(function, answer).await?);
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
                let passed = pass_whole(&self.0, way, function, function_here, None, &call).await;
                if let Some(answer) = passed {
                    return whole(function, answer?).await;
                }
            }
            let found = found.ok_or_else(|| unknown(function, elsewhere))?;
            let source = self.0.observer.source(trigger, &request);
            let hops = depth(request.headers());
            let reached = request.extensions().get::<Reached>().cloned();
            let request = request.map(Full::new);
            let incoming = Incoming { function: found, request, peer: None, source };
            let answer = self.0.invoke(incoming).await?;
            let answer = whole(function, answer).await?;
            // What it puts into flows is carried out to the end, whoever waits for it.
            if let Some(reached) = reached {
                reached.answer();
            }
            flow_inside(&self.0, function, hops, &answer).await?;
            Ok(answer)
        })
    }
}
