//! A site in a schedule: its copy of the state, what it keeps on disk, and its hands.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::council::acting::{Acting, Tenure, acting};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::fence::Fence;
use swell_core::council::image::{restore, save};
use swell_core::council::state::State;
use swell_core::council::words::{Epoch, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

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
    /// What it may count on by its own clock.
    pub(crate) tenure: Option<Tenure>,
    /// Renewals that it sent, by their numbers, with what each is good for.
    renewals: BTreeMap<u64, Tenure>,
    /// How fast its own clock goes, in thousandths of true time. Nobody sets this one.
    speed: u64,
    /// When it began to lead, or ticked last, by its own clock.
    pub(crate) ticked: Option<Instant>,
}

/// Own clocks differ by so many thousandths.
const DRIFT: u64 = 30;

impl Node {
    pub(crate) fn new(site: SiteId, state: State) -> Self {
        // The first is the slowest: it believes in its leases for longest.
        let speed = 1_000 - DRIFT + 2 * DRIFT * u64::from(site.0 % 3) / 2;
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
            tenure: None,
            renewals: BTreeMap::new(),
            speed,
            ticked: None,
        }
    }

    /// Its own clock.
    pub(crate) fn own(&self, now_ms: u64) -> Instant {
        Instant::from_millis(now_ms * self.speed / 1_000)
    }

    /// It says that it keeps what it holds.
    pub(crate) fn renew(&mut self, now_ms: u64) -> Command {
        let tenure = Tenure::asked(&self.state, self.own(now_ms));
        self.renewals.insert(self.sequence + 1, tenure);
        Command::Renew
    }

    /// It has applied an entry, which may be its own.
    pub(crate) fn on_applied(&mut self, entry: &Entry, is_taken: bool) {
        let is_own = entry.from == self.site && entry.incarnation == self.incarnation;
        if is_own
            && is_taken
            && let Some(tenure) = self.renewals.remove(&entry.sequence)
        {
            self.tenure = Some(tenure);
        }
    }

    /// Whether it acts for a workload by the clock.
    pub(crate) fn acting(&self, workload: WorkloadId, now_ms: u64) -> Acting {
        acting(&self.state, self.site, workload, self.tenure, self.own(now_ms))
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
        (self.tenure, self.ticked) = (None, None);
        self.renewals.clear();
        self.is_alive = true;
    }
}
