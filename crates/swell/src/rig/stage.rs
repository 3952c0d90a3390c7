//! The functions of a trace, deployed on a node.

use bytes::Bytes;
use http::Method;

use swell_api::function::Code;
use swell_api::spec::{BackendName, FunctionSpec, Model};
use swell_core::time::Span;
use swell_trace::trace::Trace;

use crate::error::Letter;
use crate::rig::client::Client;

/// What stands for the functions of a trace.
#[derive(Debug, Clone, Copy)]
pub enum Cast {
    /// WebAssembly that waits as long as the recorded call ran.
    Wasm(&'static [u8]),
    /// Nothing: starts take this long, calls as long as recorded.
    Modelled(Span),
}

/// Longest that a played call may take; nothing recorded comes near.
const TIMEOUT_MS: u64 = 3_600_000;

/// Calls of one function that may wait; the policy has its own bound.
const QUEUE_MAX: u32 = 1_000_000;

/// The name under which a function of the trace is deployed.
pub fn name(function: usize) -> String {
    format!("f{function:05}")
}

/// Deploys all functions of a trace.
pub async fn deploy(client: &Client, trace: &Trace, cast: Cast) -> Result<(), Letter> {
    let code = match cast {
        Cast::Wasm(bytes) => {
            let uploaded = client.api(Method::POST, "/v1/code", Bytes::from_static(bytes)).await?;
            let uploaded: Code = serde_json::from_slice(&uploaded)
                .map_err(|error| Letter::failed(format!("the node answers oddly: {error}")))?;
            uploaded.digest
        }
        Cast::Modelled(_) => String::new(),
    };
    for (number, function) in trace.functions().iter().enumerate() {
        let mut spec = FunctionSpec::plain(name(number), BackendName::Wasm);
        spec.memory_bytes = function.memory.get();
        spec.timeout_ms = TIMEOUT_MS;
        spec.queue_max = QUEUE_MAX;
        spec.code.clone_from(&code);
        if let Cast::Modelled(start) = cast {
            spec.backend = BackendName::Modelled;
            let run_us = function.warm.nanos() / 1_000;
            spec.model = Some(Model { start_us: start.nanos() / 1_000, run_us });
        }
        let body = serde_json::to_vec(&spec).expect("a specification is JSON");
        client.api(Method::PUT, &format!("/v1/functions/{}", spec.name), body).await?;
    }
    Ok(())
}
