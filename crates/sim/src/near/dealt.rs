//! Functions dealt to nodes: where people call each.

use swell_core::ids::FunctionId;
use swell_trace::arrival::{Arrival, ArrivalStream};
use swell_trace::error::TraceError;

/// The node at which a function is called: by turns.
pub fn node_of(function: FunctionId, nodes: usize) -> usize {
    function.index() % nodes.max(1)
}

/// The calls that come to one node.
pub struct Dealt {
    /// The calls that come to all.
    pub whole: Box<dyn ArrivalStream>,
    /// The node.
    pub node: usize,
    /// How many nodes there are.
    pub nodes: usize,
}

impl ArrivalStream for Dealt {
    fn fill(&mut self, chunk: &mut Vec<Arrival>) -> Result<(), TraceError> {
        loop {
            self.whole.fill(chunk)?;
            if chunk.is_empty() {
                return Ok(());
            }
            chunk.retain(|call| node_of(call.function, self.nodes) == self.node);
            if !chunk.is_empty() {
                return Ok(());
            }
        }
    }
}
