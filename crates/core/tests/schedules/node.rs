//! A site in a schedule: its copy of the state, what it keeps on disk, and its hands.

use std::collections::BTreeSet;

use swell_core::council::entry::{Command, Entry};
use swell_core::council::fence::Fence;
use swell_core::council::image::{restore, save};
use swell_core::council::state::State;
use swell_core::council::words::{Epoch, WorkloadId};
use swell_core::ids::SiteId;

/// A site.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) site: SiteId,
    pub(crate) is_alive: bool,
    /// What it has applied so far.
    pub(crate) state: State,
    /// Its snapshot on disk.
    snapshot: Vec<u8>,
    pub(crate) incarnation: u64,
    sequence: u64,
    /// How far its clock is ahead, in milliseconds.
    pub(crate) clock_ms: u64,
    /// Kept on disk.
    pub(crate) fence: Fence,
    /// Workloads that run here.
    pub(crate) running: BTreeSet<WorkloadId>,
    /// Something it set out to do and has not done yet.
    pub(crate) frozen: Option<(WorkloadId, Epoch)>,
    /// The last that it said, which may be said again.
    pub(crate) said: Option<Entry>,
}

impl Node {
    pub(crate) fn new(site: SiteId, state: State) -> Self {
        Self {
            site,
            is_alive: true,
            snapshot: save(&state),
            state,
            incarnation: 1,
            sequence: 0,
            clock_ms: 0,
            fence: Fence::default(),
            running: BTreeSet::new(),
            frozen: None,
            said: None,
        }
    }

    /// Numbers what it has to say.
    pub(crate) fn say(&mut self, command: Command) -> Entry {
        self.sequence += 1;
        let (from, incarnation, sequence) = (self.site, self.incarnation, self.sequence);
        let entry = Entry { from, incarnation, sequence, command };
        self.said = Some(entry.clone());
        entry
    }

    pub(crate) fn take_snapshot(&mut self) {
        self.snapshot = save(&self.state);
    }

    /// It starts again from what is on its disk: its state goes back to the snapshot.
    pub(crate) fn restart(&mut self) {
        self.state = restore(&self.snapshot).expect("an undamaged snapshot is taken");
        self.incarnation += 1;
        self.sequence = 0;
        self.is_alive = true;
    }
}
