//! What has arrived of flows that come from other nodes, and is not all here yet.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use crate::flow::keep::Keep;
use crate::flow::wire::Offer;

/// What a peer is told that asked for what cannot be: a status and a reason.
pub(crate) type Refused = (u16, String);

/// Flows of which some has arrived, by name.
#[derive(Default)]
pub(crate) struct Arrivals(pub(crate) Mutex<HashMap<String, Arriving>>);

/// A flow of which some has arrived.
pub(crate) struct Arriving {
    /// The node it comes from.
    pub(crate) peer: String,
    pub(crate) offer: Offer,
    /// By the lane's name here.
    pub(crate) keeps: BTreeMap<String, Keep>,
}

impl Arriving {
    /// Whether it comes from that node, by that move.
    pub(crate) fn is_of(&self, peer: &str, term: u32) -> bool {
        self.peer == peer && self.offer.term == term
    }
}
