//! What boards tell of calls that were passed on and of what was used, as the council's witness
//! takes it.

use std::collections::BTreeMap;

use swell_core::council::claim::{Claim, Seen};
use swell_core::ids::SiteId;

use crate::board::Board;
use crate::naming::{site_id, workload_id};
use crate::sums::Sums;

/// What each gateway whose board was read has passed on.
pub fn heard(boards: &BTreeMap<SiteId, Option<Board>>) -> BTreeMap<SiteId, Seen> {
    let read = boards.iter().filter_map(|(by, board)| Some((*by, board.as_ref()?)));
    read.map(|(by, board)| (by, seen(board))).collect()
}

fn seen(board: &Board) -> Seen {
    let each = board.passed.iter().flat_map(|(site, workloads)| {
        let to = site_id(site);
        workloads.iter().map(move |(name, passed)| ((to, workload_id(name)), *passed))
    });
    each.collect()
}

/// What a site claims of a workload that took this since the last slot.
pub fn claim(since: &Sums) -> Claim {
    Claim {
        calls: since.calls,
        cpu_us: since.cpu_us,
        memory_bytes: since.memory_bytes,
        network_bytes: since.network_bytes,
        io: since.io,
    }
}

/// What was taken, by what is believed.
pub fn taken(believed: &Claim) -> Sums {
    Sums {
        cpu_us: believed.cpu_us,
        memory_bytes: believed.memory_bytes,
        network_bytes: believed.network_bytes,
        io: believed.io,
        ..Sums::default()
    }
}
