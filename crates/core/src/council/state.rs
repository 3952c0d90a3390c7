//! What every site knows after the same entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::ballot::Ballot;
use crate::council::book::Book;
use crate::council::early::Early;
use crate::council::entry::Message;
use crate::council::ledger::Ledger;
use crate::council::maintenance::Maintenance;
use crate::council::member::Member;
use crate::council::movement::{Movement, Phase};
use crate::council::proposal::{Filing, Outcome};
use crate::council::repeat::TakenBack;
use crate::council::rules::Rules;
use crate::council::ways::Ways;
use crate::council::words::{Criticality, Epoch, Mode, ProposalId, Slot, WorkloadId};
use crate::council::workload::Workload;
use crate::ids::SiteId;
use crate::time::Instant;

/// The most proposals that are open at a time.
pub const OPEN_MAX: usize = 256;

/// The most ended proposals that are kept to be looked at.
pub const ENDED_MAX: usize = 1_024;

/// What every site knows after the same entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The index of the last entry.
    pub index: u64,
    /// What the leaders' clocks told, never going back.
    pub now: Instant,
    /// What decisions go by.
    pub rules: Rules,
    /// Whether anything moves.
    pub mode: Mode,
    /// The member sites.
    pub members: BTreeMap<SiteId, Member>,
    /// Sites that left, so that leaving wipes no slate.
    pub former: BTreeMap<SiteId, Member>,
    /// The last entry by which a site left that is not remembered any more; none is 0.
    pub forgotten: u64,
    /// The workloads.
    pub workloads: BTreeMap<WorkloadId, Workload>,
    /// Forecasts, observations and what came.
    pub book: Book,
    /// How good forecasts have been.
    pub ledger: Ledger,
    /// The ledger's word when the present round began: weights of this round come from it.
    pub weighed: Ledger,
    /// Proposals that are voted on or carried out.
    pub open: BTreeMap<ProposalId, Proposal>,
    /// The latest that have ended.
    pub ended: BTreeMap<ProposalId, Ended>,
    /// Moves that were taken back.
    pub taken_back: Vec<TakenBack>,
    /// Moves that arrived, while forecasts do not know of them.
    pub settling: Vec<Settling>,
    /// The last epoch that was granted.
    pub epoch: Epoch,
    /// Slots before this one are closed.
    pub closed: Slot,
    /// Forecasts as they stood before the lead.
    pub early: Early,
    /// How far sites are from each other.
    pub ways: Ways,
    /// When sites are maintained.
    pub maintenance: Maintenance,
}

/// A proposal that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who filed it.
    pub proposer: SiteId,
    /// By which message.
    pub message: Message,
    /// What was filed.
    pub filing: Filing,
    /// When.
    pub filed: Instant,
    /// How much its most critical workload matters.
    pub criticality: Criticality,
    /// What the source was predicted to be at.
    pub predicted_ppm: u32,
    /// Criticality and impact in one number: who goes first, and who gives way.
    pub priority: u64,
    /// The votes.
    pub ballot: Ballot,
    /// How far the move is, once it was approved.
    pub movement: Option<Movement>,
    /// The steps of the move so far, with the present one.
    pub passed: Vec<Passed>,
    /// What went wrong with the move, as the party put it whose step it was. For people: nothing is
    /// decided by it.
    pub why: Option<String>,
}

/// A step of a move that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// When.
    pub at: Instant,
    /// Under which epoch.
    pub epoch: Epoch,
    /// Which.
    pub phase: Phase,
}

/// A proposal that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// As it was.
    pub proposal: Proposal,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Instant,
}

/// A workload that arrived at a site whose forecasts were made without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// What arrived.
    pub workload: WorkloadId,
    /// Where.
    pub destination: SiteId,
    /// It counts extra up to this slot.
    pub until: Slot,
}

impl State {
    /// Nobody is a member, nothing happened.
    pub fn new(rules: Rules) -> Self {
        Self {
            index: 0,
            now: Instant::ZERO,
            rules,
            mode: Mode::On,
            members: BTreeMap::new(),
            former: BTreeMap::new(),
            forgotten: 0,
            workloads: BTreeMap::new(),
            book: Book::default(),
            ledger: Ledger::default(),
            weighed: Ledger::default(),
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            taken_back: Vec::new(),
            settling: Vec::new(),
            epoch: Epoch(0),
            closed: Slot(0),
            early: Early::default(),
            ways: Ways::default(),
            maintenance: Maintenance::default(),
        }
    }

    /// The slot that is now.
    pub fn slot(&self) -> Slot {
        Slot::of(self.now, self.rules.slot)
    }

    /// The mode that holds for a workload: the stricter of its own and that of all.
    pub fn mode_of(&self, workload: WorkloadId) -> Mode {
        let own = self.workloads.get(&workload).and_then(|workload| workload.mode);
        match own {
            Some(own) if self.rules.takes_stricter_mode() => own.min(self.mode),
            own => own.unwrap_or(self.mode),
        }
    }

    /// The move of a workload that is under way.
    pub fn transit(&self, workload: WorkloadId) -> Option<ProposalId> {
        let moves = |proposal: &Proposal| {
            proposal.movement.is_some() && proposal.filing.workloads.contains_key(&workload)
        };
        self.open.iter().find(|(_, proposal)| moves(proposal)).map(|(id, _)| *id)
    }
}
