//! Why an entry of the log changed nothing: a reason for whoever wrote it.

use std::fmt;

use crate::council::entry::Message;
use crate::council::words::{Epoch, Metric, ProposalId, WorkloadId};
use crate::ids::SiteId;
use crate::time::Instant;

/// Why an entry was refused. What was committed before it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The entry is not the next of the log.
    NotNext {
        /// The next one.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// The speaker is no member.
    NotMember(SiteId),
    /// The same message was there before, or is too old to tell.
    Replayed {
        /// Its number.
        sequence: u64,
    },
    /// The message is from before the speaker's last start.
    EarlierLife {
        /// The life it is from.
        incarnation: u64,
        /// What holds now.
        current: u64,
    },
    /// The rules make no sense, as told.
    BadRules(&'static str),
    /// A number is outside what makes sense.
    OutOfRange(&'static str),
    /// There can be no more of these.
    TooMany(&'static str),
    /// The site still holds workloads.
    StillHolds(SiteId, WorkloadId),
    /// The site takes part in a move or an open proposal.
    StillParty(SiteId, ProposalId),
    /// The last site cannot leave.
    LastSite,
    /// Another machine has joined in the name of this site.
    AnotherJoined(SiteId),
    /// Only the site itself says what it is called.
    NotItsWord(SiteId),
    /// Nobody registered the workload.
    UnknownWorkload(WorkloadId),
    /// The site does not hold the workload.
    NotHolder {
        /// Which.
        workload: WorkloadId,
        /// Who holds it.
        holder: SiteId,
    },
    /// The authority has changed since.
    StaleEpoch {
        /// Which.
        workload: WorkloadId,
        /// What holds now.
        current: Epoch,
    },
    /// Source and destination are the same.
    SameSite,
    /// The deadline has passed or is now.
    DeadlinePassed {
        /// What the time is.
        now: Instant,
    },
    /// The deadline is too far away.
    DeadlineTooFar {
        /// The furthest.
        latest: Instant,
    },
    /// The workload is on its way already.
    InTransit(WorkloadId, ProposalId),
    /// The workload moved a short time ago.
    Resting {
        /// Which.
        workload: WorkloadId,
        /// Until when.
        until: Instant,
    },
    /// The same move was rolled back, and what caused it is as it was.
    CauseUnchanged {
        /// Which.
        workload: WorkloadId,
        /// What was predicted.
        predicted_ppm: u32,
    },
    /// The same move from where nothing can stay came to nothing a moment ago.
    FailedLately(WorkloadId),
    /// The proposer committed no forecast of that slot.
    NoForecast,
    /// The proposer's committed forecast shows no overload.
    NoOverload {
        /// What was predicted.
        predicted_ppm: u32,
    },
    /// The destination has no room.
    DestinationFull {
        /// In what.
        metric: Metric,
        /// How full it would be.
        would_be_ppm: u32,
    },
    /// The destination will be down for maintenance.
    DestinationDown(SiteId),
    /// Another move relieves the source already, and its traffic has not left yet.
    BeingRelieved(SiteId, ProposalId),
    /// The site announced no maintenance from that slot on that is not over.
    NotMaintained(SiteId),
    /// The holder's lease runs still.
    LeaseRuns {
        /// Which.
        workload: WorkloadId,
        /// Until when.
        until: Instant,
    },
    /// Nothing is proposed while the mode is off.
    ModeOff,
    /// The criterion cannot be checked.
    BadCriterion(&'static str),
    /// No such proposal is remembered.
    UnknownProposal(ProposalId),
    /// The message filed no proposal that is remembered: it was refused, or has not come.
    NothingFiled(Message),
    /// The proposal was decided already.
    Closed(ProposalId),
    /// The voter was no member when the proposal was filed.
    NotInElectorate(SiteId),
    /// The site voted already; a vote does not change.
    AlreadyVoted(SiteId),
    /// Only who filed it can withdraw it.
    NotProposer(SiteId),
    /// The site has no part in this step of the move.
    NotParty(SiteId),
    /// The move is not at that step.
    NotAtThatStep,
    /// The report speaks of an epoch that is over.
    StaleReport {
        /// What holds now.
        current: Epoch,
    },
    /// A forecast came too late to be one.
    ForecastOfPast {
        /// The first slot that can be forecast.
        earliest: u64,
    },
    /// A forecast reaches too far.
    ForecastTooFar {
        /// The furthest.
        latest: u64,
    },
    /// The quantiles of a forecast are out of order.
    QuantilesCross,
    /// An observation of what is not over yet.
    NotOver,
    /// An observation came after the book was closed.
    BookClosed,
    /// The observer told it already.
    AlreadyObserved,
    /// The clock of a tick has not been set.
    NoTime,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Refusal::NotNext { expected, got } => write!(
                f,
                "entry {got} is not the next of the log, which is {expected}: fetch what lies between"
            ),
            Refusal::NotMember(site) => {
                write!(f, "site {} is no member: admit it first", site.0)
            }
            Refusal::Replayed { sequence } => write!(
                f,
                "message {sequence} was there before or is too old to tell: number a new one"
            ),
            Refusal::EarlierLife { incarnation, current } => write!(
                f,
                "the message is from life {incarnation} of its site, which is in its life {current}"
            ),
            Refusal::BadRules(problem) => write!(f, "these rules cannot be followed: {problem}"),
            Refusal::OutOfRange(what) => write!(f, "{what}"),
            Refusal::TooMany(what) => write!(f, "there can be no more {what}"),
            Refusal::StillHolds(site, workload) => {
                write!(
                    f,
                    "site {} still holds workload {}: move it away first, or let it be \
                     forgotten",
                    site.0, workload.0
                )
            }
            Refusal::StillParty(site, proposal) => write!(
                f,
                "site {} takes part in proposal {}: wait for its end, or withdraw it",
                site.0, proposal.0
            ),
            Refusal::LastSite => write!(f, "the last site cannot leave"),
            Refusal::AnotherJoined(site) => write!(
                f,
                "another machine has joined as site {} with this invitation: invite this one by \
                 another name, or remove that one first",
                site.0
            ),
            Refusal::NotItsWord(site) => write!(
                f,
                "site {} was called otherwise before: only it can change that, at its own node",
                site.0
            ),
            Refusal::UnknownWorkload(workload) => {
                write!(f, "nobody registered workload {}", workload.0)
            }
            Refusal::NotHolder { workload, holder } => write!(
                f,
                "workload {} is held by site {}: propose from there",
                workload.0, holder.0
            ),
            Refusal::StaleEpoch { workload, current } => write!(
                f,
                "the authority over workload {} has changed, to epoch {}: look again and propose anew",
                workload.0, current.0
            ),
            Refusal::SameSite => write!(f, "source and destination are the same site"),
            Refusal::DeadlinePassed { now } => {
                write!(f, "the deadline has passed: it is second {}", seconds(now))
            }
            Refusal::DeadlineTooFar { latest } => {
                write!(f, "the deadline is too far away: the latest is second {}", seconds(latest))
            }
            Refusal::InTransit(workload, proposal) => {
                write!(f, "workload {} is moved by proposal {} already", workload.0, proposal.0)
            }
            Refusal::Resting { workload, until } => write!(
                f,
                "workload {} moved a short time ago and rests until second {}",
                workload.0,
                seconds(until)
            ),
            Refusal::CauseUnchanged { workload, predicted_ppm } => write!(
                f,
                "this move of workload {} was rolled back, and its cause is as it was \
                 ({} % predicted): propose another one",
                workload.0,
                predicted_ppm / 10_000
            ),
            Refusal::FailedLately(workload) => write!(
                f,
                "the same move of workload {} came to nothing a moment ago, and can be tried again \
                 soon",
                workload.0
            ),
            Refusal::NoForecast => write!(
                f,
                "the proposer committed no forecast of that slot: commit one before proposing"
            ),
            Refusal::NoOverload { predicted_ppm } => write!(
                f,
                "the proposer's committed forecast shows no overload ({} %)",
                predicted_ppm / 10_000
            ),
            Refusal::DestinationFull { metric, would_be_ppm } => write!(
                f,
                "the destination has no room: its {} would be at {} %",
                metric.name(),
                would_be_ppm / 10_000
            ),
            Refusal::DestinationDown(site) => write!(
                f,
                "site {} will be down for maintenance: choose another destination",
                site.0
            ),
            Refusal::BeingRelieved(site, proposal) => write!(
                f,
                "site {} is being relieved by proposal {}: look again once its traffic has left",
                site.0, proposal.0
            ),
            Refusal::NotMaintained(site) => {
                write!(f, "site {} has announced no maintenance that begins then", site.0)
            }
            Refusal::LeaseRuns { workload, until } => write!(
                f,
                "the lease of workload {} runs until second {}: its holder may be alive",
                workload.0,
                seconds(until)
            ),
            Refusal::ModeOff => write!(f, "the mode is off: set it to shadow or on"),
            Refusal::BadCriterion(problem) => {
                write!(f, "the criterion cannot be checked: {problem}")
            }
            Refusal::NothingFiled(message) => write!(
                f,
                "message {}.{} of site {} filed no proposal that is remembered",
                message.incarnation, message.sequence, message.from.0
            ),
            Refusal::UnknownProposal(proposal) => {
                write!(f, "no proposal {} is remembered", proposal.0)
            }
            Refusal::Closed(proposal) => write!(f, "proposal {} was decided already", proposal.0),
            Refusal::NotInElectorate(site) => write!(
                f,
                "site {} was no member when the proposal was filed, so it has no vote in it",
                site.0
            ),
            Refusal::AlreadyVoted(site) => {
                write!(f, "site {} voted already, and a vote does not change", site.0)
            }
            Refusal::NotProposer(site) => {
                write!(f, "only site {}, who filed it, can withdraw it", site.0)
            }
            Refusal::NotParty(site) => {
                write!(f, "site {} has no part in this step of the move", site.0)
            }
            Refusal::NotAtThatStep => write!(f, "the move is not at that step"),
            Refusal::StaleReport { current } => write!(
                f,
                "the report speaks of an epoch that is over: the current one is {}",
                current.0
            ),
            Refusal::ForecastOfPast { earliest } => {
                write!(f, "it is too late to forecast that slot: the earliest is {earliest}")
            }
            Refusal::ForecastTooFar { latest } => {
                write!(f, "the forecast reaches too far: the latest slot is {latest}")
            }
            Refusal::QuantilesCross => {
                write!(f, "the quantiles of a forecast must not fall from low to high")
            }
            Refusal::NotOver => write!(f, "that slot is not over yet"),
            Refusal::BookClosed => write!(f, "that slot was closed: the observation came too late"),
            Refusal::AlreadyObserved => write!(f, "the observer told that slot already"),
            Refusal::NoTime => write!(f, "the council has no time yet: wait for the first tick"),
        }
    }
}

impl std::error::Error for Refusal {}

fn seconds(at: Instant) -> u64 {
    at.nanos() / 1_000_000_000
}
