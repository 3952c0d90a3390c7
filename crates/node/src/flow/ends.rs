//! The ends of flows that a call may use while it runs: it puts items into those that name
//! its function in `from`, and takes more out of the one it was made for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use swell_fifo::refusal::PushError;
use swell_sandbox::flow::{CallFlows, Doing, FlowError, FlowItem, Pushed};

use crate::flow::end::PutError;
use crate::flow::entry::{Sent, put};
use crate::flow::flows::Flows;

use crate::flow::up::Up;
use crate::inlet::{Ask, Inlet};
use crate::outflow::Caller;

/// The pause before a flow that is being changed is asked again.
const CHANGING: Duration = Duration::from_millis(5);

/// The flows of one call.
pub(crate) struct Ends {
    /// Not held on to: a guest that is slow to end must not keep the node's files open.
    flows: Weak<Flows>,
    function: Arc<str>,
    hops: u32,
    deadline: Instant,
    inlet: Option<Inlet>,
}

impl Ends {
    pub(crate) fn new(flows: &Arc<Flows>, call: Caller<'_>) -> Self {
        let Caller { function, hops, deadline, inlet } = call;
        let flows = Arc::downgrade(flows);
        Self { flows, function: function.clone(), hops, deadline, inlet: inlet.cloned() }
    }

    fn flows(&self) -> Result<Arc<Flows>, FlowError> {
        self.flows.upgrade().ok_or(FlowError::Moved)
    }

    fn find(&self, flow: &str) -> Result<Arc<Up>, FlowError> {
        self.flows()?.get(flow).ok_or(FlowError::NoSuchFlow)
    }

    fn sending(&self, flow: &str) -> Result<Arc<Up>, FlowError> {
        let up = self.find(flow)?;
        let is_named = up.spec.from.iter().any(|from| **from == *self.function);
        let why = || format!("the flow `{flow}` does not name `{}` in `from`", self.function);
        if is_named { Ok(up) } else { Err(FlowError::Denied(why())) }
    }

    fn inlet(&self, flow: &str) -> Result<&Inlet, FlowError> {
        let inlet = self.inlet.as_ref().filter(|inlet| *inlet.flow == *flow);
        if let Some(inlet) = inlet {
            return Ok(inlet);
        }
        let up = self.find(flow)?;
        let spec = &up.spec;
        let mut owners = std::iter::once(&spec.to).chain(&spec.owners);
        let why = if owners.any(|owner| **owner == *self.function) {
            "this call was not made for items of the flow, and only such calls are given more"
        } else {
            "the flow does not name the function in `to` or `owners`"
        };
        Err(FlowError::Denied(format!("`{flow}`, `{}`: {why}", self.function)))
    }

    async fn push(
        &self,
        flow: &str,
        media_type: &str,
        payloads: &[Vec<u8>],
    ) -> Result<Pushed, FlowError> {
        let sent = Sent { hops: self.hops, media_type };
        let mut pushed = Pushed::default();
        loop {
            let up = self.sending(flow)?;
            let rest = &payloads[pushed.count as usize..];
            let until = Some(self.deadline);
            let (did, result) =
                match put(&*self.flows()?, &up, &self.function, &sent, rest, until).await {
                    Ok((did, result)) => (did, result),
                    Err(error) => (Default::default(), Err(error)),
                };
            pushed.count += did.count;
            pushed.dropped += did.dropped;
            match result {
                Ok(()) => return Ok(pushed),
                // Another takes its place, which goes on where this one ended.
                Err(PutError::Closed)
                    if !self.flows()?.stop.is_cancelled() && Instant::now() < self.deadline =>
                {
                    drop(up);
                    tokio::time::sleep(CHANGING).await;
                }
                Err(PutError::Full | PutError::Closed) if pushed.count > 0 => return Ok(pushed),
                Err(error) => return Err(told(error)),
            }
        }
    }
}

fn told(error: PutError) -> FlowError {
    match error {
        PutError::Full => FlowError::Full,
        PutError::Closed => FlowError::Moved,
        PutError::Down => FlowError::Other("the flow is not up".to_string()),
        PutError::OutOfTurn => FlowError::Other("items of the flow are missing".to_string()),
        PutError::Unreached(why) => FlowError::Other(why),
        PutError::InDoubt { item, why } => {
            FlowError::Other(format!("nobody knows whether `{item}` is in the flow: {why}"))
        }
        PutError::Disk(error) => FlowError::Other(format!("the flow's disk failed: {error}")),
        PutError::Ring(PushError::TooLarge { max, .. }) => FlowError::TooLarge(max),
        PutError::Ring(error) => FlowError::Other(error.to_string()),
    }
}

impl CallFlows for Ends {
    fn may_send(&self, flow: &str) -> Result<(), FlowError> {
        self.sending(flow).map(drop)
    }

    fn push<'a>(
        &'a self,
        flow: &'a str,
        media_type: &'a str,
        payloads: Vec<Vec<u8>>,
    ) -> Doing<'a, Result<Pushed, FlowError>> {
        Box::pin(async move { self.push(flow, media_type, &payloads).await })
    }

    fn may_receive(&self, flow: &str) -> Result<(), FlowError> {
        self.inlet(flow).map(drop)
    }

    fn pop<'a>(
        &'a self,
        flow: &'a str,
        most: u32,
        wait: Duration,
    ) -> Doing<'a, Result<Vec<FlowItem>, FlowError>> {
        Box::pin(
            async move { self.inlet(flow)?.ask(|answer| Ask::Pop { most, wait, answer }).await },
        )
    }

    fn done<'a>(&'a self, flow: &'a str) -> Doing<'a, Result<(), FlowError>> {
        Box::pin(async move { self.inlet(flow)?.ask(|answer| Ask::Done { answer }).await })
    }
}
