//! An entry of the log: who says what.
//!
//! Who says it is vouched for by the channel it came through, so no command names its own
//! speaker, and nobody can speak for another. Ticks are the leader's alone, rules are said by who
//! founds a cluster, and what a site bears and is called by who admits it and then by itself alone:
//! whoever takes entries of others for the log refuses the rest of that kind. Any member may admit a
//! site, dismiss one or set modes, as people order it there; an entry does not show whether anybody
//! did. What the voter believes itself to weigh is written down and never counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::maintenance::Window;
use crate::council::proposal::{Filing, Trouble};
use crate::council::rules::{Rules, VERSION};
use crate::council::words::{
    Criticality, Epoch, Loads, Metric, Mode, ProposalId, Slot, WorkloadId,
};
use crate::ids::SiteId;
use crate::time::Instant;

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who speaks.
    pub from: SiteId,
    /// Counts the starts of the speaker.
    pub incarnation: u64,
    /// Numbers the speaker's messages since its start, from 1.
    pub sequence: u64,
    /// What it says.
    pub command: Command,
}

/// What names a message for good: who said it, in which life, as which message of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub from: SiteId,
    /// In which life.
    pub incarnation: u64,
    /// As which message of it.
    pub sequence: u64,
}

impl Entry {
    /// What names it.
    pub fn message(&self) -> Message {
        let Self { from, incarnation, sequence, .. } = *self;
        Message { from, incarnation, sequence }
    }
}

/// What can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The leader's clock. Nobody consults another one.
    Tick {
        /// What it shows.
        at: Instant,
    },
    /// Other rules hold from here on.
    AdoptRules(Rules),
    /// A site becomes a member, or its capacity changes.
    Admit {
        /// Which.
        site: SiteId,
        /// What it can bear.
        capacity: Loads,
    },
    /// A site leaves.
    Dismiss {
        /// Which.
        site: SiteId,
    },
    /// A workload exists at the speaker, or its demand or weight for people changed.
    Register {
        /// Which.
        workload: WorkloadId,
        /// How much it matters.
        criticality: Criticality,
        /// What it takes.
        demand: Loads,
    },
    /// A workload of the speaker is no more.
    Retire {
        /// Which.
        workload: WorkloadId,
    },
    /// Whether anything moves, everywhere or for one workload.
    SetMode {
        /// For which; for all.
        workload: Option<WorkloadId>,
        /// The mode.
        mode: Mode,
    },
    /// The speaker commits itself to what a site's utilisation will be.
    Forecast {
        /// Whose utilisation.
        target: SiteId,
        /// In what.
        metric: Metric,
        /// The first slot.
        first: Slot,
        /// One band for each slot from there.
        bands: Vec<Band>,
    },
    /// What the speaker saw of a slot that is over.
    Observe {
        /// Whose utilisation.
        target: SiteId,
        /// In what.
        metric: Metric,
        /// The slot.
        slot: Slot,
        /// The mean utilisation.
        value_ppm: u32,
    },
    /// A resource proposal.
    Propose(Box<Filing>),
    /// Taken back by who filed it.
    Withdraw {
        /// Which.
        proposal: ProposalId,
    },
    /// A vote.
    Vote {
        /// On which.
        proposal: ProposalId,
        /// Yes or no.
        yes: bool,
        /// Why.
        reason: Reason,
        /// What the voter believes itself to weigh.
        claim_ppm: u32,
    },
    /// News of a move.
    Report {
        /// Of which.
        proposal: ProposalId,
        /// Under which epoch it was done.
        epoch: Epoch,
        /// What was done.
        news: News,
        /// What went wrong, in words, where something did.
        why: Option<String>,
    },
    /// The speaker is alive and keeps what it holds.
    Renew,
    /// A vote on a proposal that the voter has in its log and does not know to be committed. It
    /// names the message, as there is no id before; if that message comes to nothing, so does
    /// the vote.
    VoteOn {
        /// The message that files the proposal.
        message: Message,
        /// Yes or no.
        yes: bool,
        /// Why.
        reason: Reason,
        /// What the voter believes itself to weigh.
        claim_ppm: u32,
    },
    /// The speaker knows who has authority now, and acts for nothing that it held before.
    Cede {
        /// It knows all that was granted up to here.
        upto: Epoch,
    },
    /// A workload has no mode of its own any more.
    InheritMode {
        /// Which.
        workload: WorkloadId,
    },
    /// How long round trips between the speaker and other members take.
    Ways {
        /// To whom, in microseconds.
        to: BTreeMap<SiteId, u32>,
    },
    /// Who a member is: what people call it, and the number that it drew when it joined.
    Introduce {
        /// Which.
        site: SiteId,
        /// Its name.
        name: String,
        /// Its number: another machine that uses the same invitation draws another one.
        lot: u64,
    },
    /// When the speaker is maintained: all windows that are not over, instead of those told before.
    Maintain {
        /// The windows.
        windows: Vec<Window>,
    },
}

impl Command {
    /// The version of the rules that this adopts, where this program does not know them. Whoever goes
    /// on by older ones decides otherwise than the rest, so a site stops before such an entry.
    pub fn unknown_rules(&self) -> Option<u16> {
        match self {
            Command::AdoptRules(rules) if rules.version > VERSION => Some(rules.version),
            _ => None,
        }
    }

    /// The message that files the proposal that this votes on, where it names one.
    pub fn votes_on(&self) -> Option<Message> {
        match self {
            Command::VoteOn { message, .. } => Some(*message),
            _ => None,
        }
    }
}

/// What is expected of a slot, in parts per million of the capacity: with this chance it
/// will be less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Band {
    /// One in ten.
    pub low_ppm: u32,
    /// One in two.
    pub middle_ppm: u32,
    /// Nine in ten.
    pub high_ppm: u32,
}

/// Why a vote is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// By the voter's own forecast the source will be overloaded and the destination not.
    Helps,
    /// By the voter's own forecast the source will not be overloaded.
    NotNeeded,
    /// By the voter's own forecast the destination will be overloaded.
    DestinationFull,
    /// An order of people, and nothing speaks against it.
    Ordered,
    /// By the voter's own forecast the source would be as full without it.
    NoRelief,
    /// By the voter's own forecast there is too little of an overload for so long a way.
    TooFar,
}

/// What was done of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum News {
    /// It runs at the destination.
    Started,
    /// It proved healthy there.
    Healthy,
    /// So many parts of the traffic go there.
    Shifted(u8),
    /// The source does nothing more for it, and is kept warm.
    Drained,
    /// All traffic is back at the source.
    Returned,
    /// It cannot go on.
    Trouble(Trouble),
}
