//! The log as the rest of a site sees it, whatever keeps it.
//!
//! Narrow on purpose: what is proposed, what was committed, who leads, who takes part. What a
//! decision is stays with the council's state machine; what order and durability are stays with
//! the tenant. Tenants are the memory of one process and openraft on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::refusal::Refusal;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::sync::{broadcast, watch};

/// An answer that takes time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'a>>;

/// The vote of a site on the proposal of an entry, as [`Command::VoteOn`]; none where it is not
/// clear yet. Asked by whoever is about to wait for the log, so it does not wait itself.
pub type Opinion = Box<dyn Fn(&Entry) -> Option<Command> + Send + Sync>;

/// The log of a cluster, at one of its sites.
pub trait Log: Send + Sync + 'static {
    /// Which site this is.
    fn site(&self) -> SiteId;

    /// Says a command as this site and waits until it has been decided and applied here. The
    /// message is numbered once and sent again until then, so it is decided at most once. After
    /// [`LogError::TimedOut`] it may still be decided: look at the state, do not say it anew
    /// without asking.
    ///
    /// [`Command::Tick`] is taken at the leader alone and never sent on.
    fn propose(&self, command: Command, within: Duration) -> Answer<'_, Decided>;

    /// Waits until everything that was decided anywhere before this call has been applied here
    /// (ReadIndex: Ongaro, dissertation, section 6.4), and gives the council's index. What is
    /// read after it is linearizable. There are no reads by lease.
    fn barrier(&self, within: Duration) -> Answer<'_, u64>;

    /// Shows the state as it is here, which may be behind. No waiting inside: the log waits.
    fn read(&self, look: &mut dyn FnMut(&State));

    /// The council's index up to which entries were applied here; changes with each.
    fn applied(&self) -> watch::Receiver<u64>;

    /// Every entry from now on, in order, with what came of it. Who falls behind by more than
    /// [`ENTRIES_KEPT`], or whose site was brought up to date by a snapshot, misses some and
    /// looks at the state instead.
    fn entries(&self) -> broadcast::Receiver<Arc<Committed>>;

    /// Proposals that were put into the log here, before it is known whether they are committed:
    /// what a site thinks of them, it can say at once. Each may still come to nothing. Those that
    /// came with this site's vote on them, or with votes that decide them, are not told.
    fn appended(&self) -> broadcast::Receiver<Arc<Entry>>;

    /// How this site votes on a proposal from now on where it says one, or leads and is told one:
    /// such a vote goes into the log together with the proposal, right behind it, and needs no way
    /// of its own.
    fn vote_along(&self, opinion: Opinion);

    /// Who leads; changes with it.
    fn leadership(&self) -> watch::Receiver<Leadership>;

    /// Hands leadership over. Only the leader can; refused while members change.
    fn transfer(&self, to: SiteId) -> Answer<'_, ()>;

    /// Who keeps the log.
    fn membership(&self) -> Membership;

    /// Changes who keeps the log, one change at a time. Whoever leads does it.
    fn change(&self, change: Change, within: Duration) -> Answer<'_, ()>;

    /// Takes a snapshot now and lets go of the entries that it covers.
    fn compact(&self) -> Answer<'_, ()>;

    /// Whether anything can be decided through it.
    fn standing(&self) -> Standing;

    /// Sites that were found, while this one led, not to have what they had confirmed: their
    /// disks forgot, or were set back.
    fn forgetful(&self) -> BTreeSet<SiteId>;

    /// How it is.
    fn metrics(&self) -> Metrics;

    /// Stops it, with everything on disk.
    fn close(&self) -> Answer<'_, ()>;
}

/// Looking at the state with a value as the answer.
pub trait Look: Log {
    /// What `look` makes of the state as it is here.
    fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T;
}

impl<L: Log + ?Sized> Look for L {
    fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let (mut look, mut seen) = (Some(look), None);
        self.read(&mut |state| seen = look.take().map(|look| look(state)));
        seen.expect("a log shows its state once")
    }
}

/// How many committed entries a subscriber may be behind.
pub const ENTRIES_KEPT: usize = 1_024;

/// What came of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The council's index of the entry; a proposal that it filed has this id.
    pub index: u64,
    /// Done, or why it changed nothing.
    pub outcome: Result<(), Refusal>,
}

/// An entry that all sites have in this place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The council's index.
    pub index: u64,
    /// Who said what.
    pub entry: Entry,
    /// What came of it.
    pub outcome: Result<(), Refusal>,
}

/// Who leads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leadership {
    /// The term; grows with each election.
    pub term: u64,
    /// Who leads, if this site knows of anybody.
    pub leader: Option<SiteId>,
    /// Whether this site does.
    pub is_ours: bool,
}

/// Whether anything can be decided through a log, as far as a site can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A majority answers who leads; or, at who does not lead, the leader was heard of late.
    Deciding,
    /// Not so, for longer than it takes to elect a leader.
    CutOff,
    /// It has stopped here, as told, until the site is started again.
    Stopped(String),
}

/// Who keeps the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// Those whose majority decides what is committed.
    pub voters: BTreeSet<SiteId>,
    /// All who have it, with the addresses of their resource channels.
    pub sites: BTreeMap<SiteId, String>,
}

/// A change of who keeps the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A site gets the log and catches up; its word does not count for commitment yet.
    Join {
        /// Which.
        site: SiteId,
        /// Where its resource channel is reached, as `host:port`.
        address: String,
    },
    /// These are the voters; all of them have joined.
    Voters(BTreeSet<SiteId>),
    /// A site does not get the log any more.
    Leave {
        /// Which.
        site: SiteId,
    },
}

/// How a log is, at one site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Who leads.
    pub leadership: Leadership,
    /// The log's own index of its last entry here; it also counts entries that the council
    /// does not see.
    pub last: u64,
    /// The log's index up to which entries are known to be committed.
    pub committed: u64,
    /// The log's index that the snapshot stands for.
    pub snapshot: u64,
    /// The log's index up to which entries were let go of.
    pub purged: u64,
    /// Times that the disk was waited for since the start.
    pub syncs: u64,
    /// Messages sent to other sites since the start.
    pub sent: u64,
}

/// Why the log could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogError {
    /// Only the leader does this; ask it.
    NotLeader {
        /// Who leads, if known.
        leader: Option<SiteId>,
    },
    /// No majority answered in time. A proposal may still be decided later.
    TimedOut,
    /// It was decided, and this site learned so from a snapshot, without what came of it: look
    /// at the state.
    Overtaken,
    /// The others say that this site is no member: it was removed, or has not joined yet.
    NotMember,
    /// It cannot be done, as told; trying again does not help.
    Refused(String),
    /// The log has stopped at this site, as told; nothing goes on until it is started again.
    Stopped(String),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::NotLeader { leader: Some(leader) } => {
                write!(f, "only the leader can do this: ask site {}", leader.0)
            }
            LogError::NotLeader { leader: None } => write!(
                f,
                "only the leader can do this, and there is none now: try again when one is elected"
            ),
            LogError::TimedOut => write!(
                f,
                "no majority of the sites answered in time, and it may still be decided: see that \
                 the sites reach each other, and look at the state before trying again"
            ),
            LogError::Overtaken => write!(
                f,
                "it was decided, and this site learned so from a snapshot: look at the state to \
                 see what came of it"
            ),
            LogError::NotMember => write!(
                f,
                "this site is no member of the cluster: let it join, or leave if it was removed"
            ),
            LogError::Refused(why) => write!(f, "{why}"),
            LogError::Stopped(why) => write!(f, "the log of this site has stopped: {why}"),
        }
    }
}

impl std::error::Error for LogError {}
