//! What the keeper and the processes say to each other.

use serde::{Deserialize, Serialize};

/// To a process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// To a producer, first of all: the lane; control, page, account, and the regions.
    Produce { lane: usize },
    /// To a producer or an owner: another region of the lane.
    Region { lane: usize },
    /// To a producer: the page of a coming epoch.
    Page,
    /// To an owner: control, account, page, the page before if there is one, and the
    /// regions of all lanes, so many of each.
    Own { has_before: bool, regions: Vec<usize> },
    /// To the daemon, first of all: control, regions (so many of each lane), pages.
    Keep { regions: Vec<usize> },
    /// To the daemon: prepare the next epoch on this page.
    Prepare,
    /// To the daemon: raise the epoch prepared last.
    Raise { owner: u32 },
    /// To the daemon: give the positions.
    TakeOver,
    /// To the daemon: this lane will go on in this region.
    Extend { lane: usize },
}

/// From the daemon: done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) epoch: u32,
    pub(crate) has_begun: bool,
    pub(crate) is_released: bool,
}
