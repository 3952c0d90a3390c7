//! Whether instances live: those that wait for a call are asked for a sign, and what says by its
//! label `health` at which path it answers is called there.
//!
//! Such a call is nobody's: it is not counted, and no instance is taken from others for it, so that
//! it may run beside the first call that the instance is given.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderValue, USER_AGENT};
use http::{Request, Response};
use http_body_util::BodyExt;
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::pool::instance::State;
use swell_sandbox::backend::Instance;
use swell_sandbox::body::{Body, empty};
use swell_sandbox::call::{Call, EndSignal};
use swell_sandbox::log::Silence;

use crate::deploy::bounds::HEALTH;
use crate::live::mind::Probe;
use crate::live::world::Live;
use crate::registry::Version;

/// Longest an instance that waits may take to show that it lives.
const PROBE_MAX: Duration = Duration::from_secs(5);

impl Live {
    /// Asks all idle instances of a version whether they could serve; how many there were, or what is
    /// wrong with one.
    ///
    /// # Errors
    ///
    /// What the instance says, or that it says nothing.
    pub async fn probe_idle(&self, function: FunctionId) -> Result<usize, String> {
        let idle: Vec<Arc<dyn Instance>> = {
            let mut mind = self.mind.lock();
            let pool = mind.site.pool();
            let is_idle = |of: &swell_core::pool::instance::Instance| {
                of.function() == function && of.state() == State::Idle
            };
            let idle = pool.instances().filter(|(_, instance)| is_idle(instance));
            let ids: Vec<_> = idle.map(|(slot, _)| pool.id(slot)).collect();
            ids.into_iter().filter_map(|id| mind.instances.get(id).cloned()).collect()
        };
        let many = idle.len();
        for instance in idle {
            in_time(instance.probe()).await?;
        }
        Ok(many)
    }

    /// Asks an instance that waits whether it is well, and tells the mind.
    pub(crate) async fn probe(self: Arc<Self>, probe: Probe) {
        let Probe { instance, sandbox, version } = probe;
        let told = match sandbox {
            Some(sandbox) => in_time(is_well(sandbox, version.as_deref())).await,
            None => Err("it is not there".to_string()),
        };
        if let Err(why) = &told {
            let id = format!("{}.{}", instance.slot, instance.generation);
            let function = version.as_ref().map_or("", |version| &*version.name);
            tracing::warn!(function, instance = %id, %why, "an instance that waits is not well and is replaced");
        }
        self.tell(Event::CloneProbed { instance, healthy: told.is_ok() });
    }
}

async fn in_time(asked: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = || Err(format!("it gave no sign within {} s", PROBE_MAX.as_secs()));
    tokio::time::timeout(PROBE_MAX, asked).await.unwrap_or_else(|_| late())
}

/// Whether an instance is well by its own word, where it has one, and could serve.
async fn is_well(sandbox: Arc<dyn Instance>, version: Option<&Version>) -> Result<(), String> {
    if let Some(version) = version
        && let Some(path) = version.spec.labels.get(HEALTH)
    {
        let asked = ask(sandbox.clone(), version, path, EndSignal::unheard()).await;
        asked.map_err(|why| format!("by its `{path}`: {why}"))?;
    }
    // What the call used up is made ready again.
    sandbox.probe().await
}

/// Calls an instance at the path where it tells of its health: 2xx and 3xx is well.
///
/// # Errors
///
/// What it answered instead, or why it did not.
pub(crate) async fn ask(
    sandbox: Arc<dyn Instance>,
    version: &Version,
    path: &str,
    end: EndSignal,
) -> Result<(), String> {
    let host = HeaderValue::from_str(&version.name).map_err(|error| error.to_string())?;
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, "swell-health")
        .body(empty())
        .map_err(|error| error.to_string())?;
    let call = Call { request, log: Silence::shared(), flows: None, end };
    let answer: Response<Body> = sandbox.invoke(call).await.map_err(|error| error.to_string())?;
    let (head, mut body) = answer.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| error.to_string())?;
    }
    let is_well = head.status.is_success() || head.status.is_redirection();
    if is_well { Ok(()) } else { Err(format!("it answered {}", head.status)) }
}
