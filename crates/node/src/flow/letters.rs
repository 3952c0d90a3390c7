//! What people are told when a flow does not come about.

use std::io;

use swell_fifo::fault::Fault;
use swell_fifo::pool::PoolError;

use crate::refusal::{Reason, Refusal};
use crate::store::error::StoreError;

/// Why a flow does not come up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// There is no region for a lane.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The kernel gave no memory for a page.
    #[error("the kernel gave no memory for a FIFO: {0}")]
    Memory(io::Error),
    /// No region holds its items.
    #[error("its items fit into no size class")]
    Classless,
    /// A native process does not listen.
    #[error("the process `{0}` does not take what it is sent")]
    Unheard(String),
    /// What a lane kept on disk cannot be read.
    #[error("what is kept of it on disk cannot be read: {0}")]
    Keep(io::Error),
    /// The ring is not sound, which would be a mistake of this program.
    #[error("its ring is not sound: {0}")]
    Ring(#[from] Fault),
}

/// One letter for all problems of a flow.
pub(crate) fn refuse(name: &str, problems: Vec<String>) -> Result<(), Refusal> {
    let title = match &problems[..] {
        [] => return Ok(()),
        [one] => format!("the flow `{name}` cannot be deployed: {one}"),
        many => {
            let count = many.len();
            let title = format!("the flow `{name}` cannot be deployed: it has {count} problems");
            return Err(Refusal::new(Reason::BadRequest, title).detail(many.join("\n")));
        }
    };
    Err(Refusal::new(Reason::BadRequest, title))
}

/// No flow has that name.
pub(crate) fn unknown(name: &str) -> Refusal {
    let name: String = name.chars().take(80).collect();
    Refusal::new(Reason::NotFound, format!("no flow `{name}` is deployed here"))
        .hint("`swell flow list` shows those that are")
}

/// The flow is at another node.
pub(crate) fn elsewhere(flow: &str, node: &str) -> Refusal {
    Refusal::new(Reason::Conflict, format!("the flow `{flow}` is at the node `{node}`")).hint(
        format!(
            "ask that node, or let it come back with `swell flow migrate {flow} --to-node` there"
        ),
    )
}

/// Work inside the node ended by itself.
pub(crate) fn broke(error: tokio::task::JoinError) -> Refusal {
    Refusal::new(Reason::Internal, format!("the work broke off: {error}"))
}

/// The store does not keep.
pub(crate) fn unkept(error: &StoreError) -> Refusal {
    Refusal::new(Reason::Storage, "the node could not write it down, so nothing was changed")
        .detail(error.to_string())
}
