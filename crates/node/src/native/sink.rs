//! Where the items of a native producer go: into its lane of a flow that is here, or on to the
//! node that has the flow.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use swell_api::flow::FlowSpec;
use swell_fifo::class::Class;

use crate::flow::away::Away;
use crate::flow::end::PutError;
use crate::flow::lane::Put;
use crate::flow::launch;
use crate::flow::line::Line;
use crate::flow::natives::Natives;
use crate::flow::up::Up;

/// Where items of one producer go.
pub(crate) struct Sink {
    pub(crate) spec: Arc<FlowSpec>,
    /// The producer, as `native:NAME`.
    name: String,
    to: To,
}

enum To {
    /// The lane with this number.
    Here(Arc<Line>, usize),
    Away(Arc<Away>),
}

impl Sink {
    /// Where items of the process `name` go; nothing if the flow does not name it in `from`, or
    /// is neither here nor anywhere else just now.
    pub(crate) fn of(up: &Up, name: &str) -> Option<Self> {
        let spec = up.spec.clone();
        let lane = spec.from.iter().position(|from| from == name)?;
        let to = match (&up.line, &up.away) {
            (Ok(line), _) => To::Here(line.clone(), lane),
            (Err(_), Some(away)) => To::Away(away.clone()),
            (Err(_), None) => return None,
        };
        Some(Self { spec, name: name.to_string(), to })
    }

    /// The processes that take part beside it.
    pub(crate) fn natives(&self) -> &Natives {
        match &self.to {
            To::Here(line, _) => &line.natives,
            To::Away(away) => &away.natives,
        }
    }

    /// The size class of its own FIFO.
    pub(crate) fn class(&self) -> Option<Class> {
        match &self.to {
            To::Here(line, lane) => Some(line.lane_state(*lane).0),
            To::Away(_) => launch::hinted(&self.spec),
        }
    }

    /// The number of the item that is due; an error says why nobody knows.
    pub(crate) async fn next(&self) -> Result<u64, String> {
        match &self.to {
            To::Here(line, lane) => Ok(line.lanes[*lane].due()),
            To::Away(away) => away.next(&self.name).await,
        }
    }

    /// Puts items in, in this order: what it was done with by the end, and why it went no
    /// further. They may be lost until they are [kept](Self::keep).
    pub(crate) async fn put(
        &self,
        items: &[Vec<u8>],
        stop: &CancellationToken,
    ) -> (Put, Result<(), PutError>) {
        match &self.to {
            To::Here(line, lane) => line.lanes[*lane].put_unkept(items, stop, &line.stir).await,
            To::Away(away) => away.put(&self.name, items, (None, stop)).await,
        }
    }

    /// Waits until all items up to this one are kept as was promised.
    pub(crate) async fn keep(&self, sequence: u64) -> Result<(), PutError> {
        match &self.to {
            To::Here(line, lane) => line.lanes[*lane].keep(sequence).await,
            // The other node answers when they are.
            To::Away(_) => Ok(()),
        }
    }
}
