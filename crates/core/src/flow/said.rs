//! What a journal says of one flow, in words: what was decided about it and why, and what came of
//! it. The reasons are those of the analyzer that decides it again.

use crate::flow::entry::Entry;
use crate::flow::replay::FlowReplay;
use crate::flow::view::{FifoId, OwnerId};

impl FlowReplay {
    /// What an entry that was just fed says of a flow, a line for each decision and outcome.
    pub fn said(&self, entry: &Entry, flow: &str) -> Vec<String> {
        let is_it = |fifo: FifoId| self.named(fifo).is_some_and(|name| name.name == flow);
        let owner = |fifo: FifoId, owner: OwnerId| self.owner(fifo, owner);
        match entry {
            Entry::Looked { orders, .. } => {
                let orders = orders.iter().filter(|order| is_it(order.fifo));
                orders.map(|order| self.reasoned(order)).collect()
            }
            Entry::Relieved { close, .. } if is_it(close.fifo) => {
                self.explain(close.fifo).into_iter().collect()
            }
            Entry::Moved { fifo, pause, items, .. } if is_it(*fifo) => {
                let pause = pause.millis_f64();
                vec![format!("it changed hands in {pause:.2} ms, with {items} items in it")]
            }
            Entry::Given { fifo, from, to, .. } if is_it(*fifo) => {
                let (from, to) = (owner(*fifo, *from), owner(*fifo, *to));
                vec![format!("somebody else gave it from {from} to {to}")]
            }
            Entry::Came { fifo, returns: 0, .. } if is_it(*fifo) => {
                vec!["it came from another node".to_string()]
            }
            Entry::Came { fifo, returns, .. } if is_it(*fifo) => {
                vec![format!("it came from another node, and went back {returns} times of late")]
            }
            Entry::Seated { places, .. } => {
                let places = places.iter().filter(|(fifo, _)| is_it(*fifo));
                places.map(|place| self.seat_words(place)).collect()
            }
            Entry::Refused { fifo, why } if is_it(*fifo) => {
                vec![format!("that came to nothing: {why}")]
            }
            Entry::Kept { fifo, why } if is_it(*fifo) => vec![why.clone()],
            _ => Vec::new(),
        }
    }
}
