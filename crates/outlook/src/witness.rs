//! What boards tell of calls that were passed on, as the council's witness takes it.

use std::collections::BTreeMap;

use swell_core::council::witness::Seen;
use swell_core::ids::SiteId;

use crate::board::Board;
use crate::naming::{site_id, workload_id};

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
