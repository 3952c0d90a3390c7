//! The council's state at one site, and everybody who waits for news of it.
//!
//! Entries come in the order of the log, from whoever keeps it. The council counts them itself:
//! a log has entries of its own (blank ones, members) that the council never sees.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use swell_core::council::entry::{Command, Entry};
use swell_core::council::machine::apply;
use swell_core::council::refusal::Refusal;
use swell_core::council::rules::VERSION as RULES;
use swell_core::council::state::State;
use swell_core::council::words::ProposalId;
use swell_core::ids::SiteId;
use tokio::sync::{broadcast, oneshot, watch};

use crate::log::{Committed, Decided, ENTRIES_KEPT, LogError, Opinion};
use crate::numbering::{Number, Numbering};

/// Why a site stops that hears itself say what it has not said.
const BEHIND: &str = "the others know of messages of this site that it has not sent: its data folder \
                      is an old copy, or another node runs on a copy of it. Let this site leave \
                      (`swell site leave --forget`), remove it at another one, and invite it anew";

/// What names a message of this site.
type Name = (u64, u64);

/// The state at one site.
pub struct Replica {
    site: SiteId,
    kept: Mutex<Kept>,
    applied: watch::Sender<u64>,
    entries: broadcast::Sender<Arc<Committed>>,
    appended: broadcast::Sender<Arc<Entry>>,
    /// What names the messages of this life.
    numbering: OnceLock<Arc<Numbering>>,
    halted: watch::Sender<Option<String>>,
    opinion: OnceLock<Opinion>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("site", &self.site).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Kept {
    state: State,
    waiting: BTreeMap<Name, oneshot::Sender<Result<Decided, LogError>>>,
}

impl Replica {
    /// A site whose entries begin after those that made this state.
    pub fn new(site: SiteId, state: State) -> Arc<Self> {
        let (applied, _) = watch::channel(state.index);
        let (entries, _) = broadcast::channel(ENTRIES_KEPT);
        let (appended, _) = broadcast::channel(ENTRIES_KEPT);
        let kept = Mutex::new(Kept { state, waiting: BTreeMap::new() });
        let (halted, _) = watch::channel(None);
        let numbering = OnceLock::new();
        Arc::new(Self {
            site,
            kept,
            applied,
            entries,
            appended,
            numbering,
            halted,
            opinion: OnceLock::new(),
        })
    }

    /// This site names its messages so: others are not its own.
    pub fn speak_by(&self, numbering: &Arc<Numbering>) {
        // It is told once.
        let _ = self.numbering.set(Arc::clone(numbering));
    }

    /// Comes back with a reason once nothing more must be applied here.
    pub async fn until_halted(&self) -> String {
        let mut halted = self.halted.subscribe();
        // It has a sender for as long as it is asked.
        let why = halted.wait_for(Option::is_some).await;
        why.ok().and_then(|why| why.clone()).unwrap_or_default()
    }

    /// Why nothing more must be applied here, if so.
    pub fn halted(&self) -> Option<String> {
        self.halted.borrow().clone()
    }

    fn halt(&self, why: String) {
        self.halted.send_if_modified(|halted| {
            let is_first = halted.is_none();
            halted.get_or_insert(why);
            is_first
        });
    }

    /// Whether the next entry can be applied by this program; from the first on that cannot, nothing
    /// is.
    pub fn check_known(&self, entry: &Entry) -> Result<(), String> {
        let Some(version) = entry.command.unknown_rules() else { return Ok(()) };
        let why = format!(
            "the sites go by rules of version {version} from here on, and this program knows up to \
             {RULES}: upgrade Swell at this site"
        );
        self.halt(why.clone());
        Err(why)
    }

    fn check_own(&self, incarnation: u64, sequence: u64) {
        let numbering = self.numbering.get();
        if numbering.is_some_and(|own| !own.may_have_said(incarnation, sequence)) {
            self.halt(BEHIND.to_owned());
        }
    }

    /// Which site.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// Applies the next entry and tells everybody.
    pub fn apply(&self, entry: Entry) -> Decided {
        let mut kept = self.kept.lock();
        let index = kept.state.index + 1;
        let outcome = apply(&mut kept.state, index, &entry);
        let decided = Decided { index, outcome };
        if entry.from == self.site {
            self.check_own(entry.incarnation, entry.sequence);
            let waiting = kept.waiting.remove(&(entry.incarnation, entry.sequence));
            if let Some(waiting) = waiting {
                // Whoever was told stops waiting, so a repetition here is one whose first was
                // applied before anybody waited: in a snapshot.
                let is_again = matches!(outcome, Err(Refusal::Replayed { .. }));
                let _ = waiting.send(if is_again { Err(LogError::Overtaken) } else { Ok(decided) });
            }
        }
        drop(kept);
        let _ = self.entries.send(Arc::new(Committed { index, entry, outcome }));
        self.applied.send_replace(index);
        decided
    }

    /// Goes on from a state that somebody else made of the same log. Only forwards.
    pub fn replace(&self, state: State) {
        let index = state.index;
        if let Some(member) = state.members.get(&self.site) {
            let (incarnation, sequence) = member.sender.last();
            self.check_own(incarnation, sequence);
        }
        {
            let mut kept = self.kept.lock();
            if index < kept.state.index {
                return;
            }
            kept.state = state;
        }
        self.applied.send_replace(index);
    }

    /// Entries were put into the log here; whether they stay is not known.
    pub fn note_appended(&self, entries: &[&Entry]) {
        let is_proposal = |entry: &&&Entry| matches!(entry.command, Command::Propose(_));
        for proposal in entries.iter().filter(is_proposal) {
            let is_on_it = |other: &&&Entry| other.command.votes_on() == Some(proposal.message());
            let votes: Vec<&Entry> = entries.iter().filter(is_on_it).copied().collect();
            let is_voted_on = votes.iter().any(|vote| vote.from == self.site);
            if !is_voted_on && !self.is_decided_by(proposal, &votes) {
                // Nobody needs to listen.
                let _ = self.appended.send(Arc::new((*proposal).clone()));
            }
        }
    }

    /// Whether the votes that came with a proposal would decide it, were it applied now: another
    /// one would come too late, and be in the way of the news that it is decided.
    fn is_decided_by(&self, proposal: &Entry, votes: &[&Entry]) -> bool {
        if votes.is_empty() {
            return false;
        }
        let mut next = self.kept.lock().state.clone();
        let id = ProposalId(next.index + 1);
        for entry in std::iter::once(proposal).chain(votes.iter().copied()) {
            let index = next.index + 1;
            if apply(&mut next, index, entry).is_err() {
                return false;
            }
        }
        next.open.get(&id).is_none_or(|open| open.movement.is_some())
    }

    /// How this site votes on proposals that it puts into the log; it is told once.
    pub fn vote_along(&self, opinion: Opinion) {
        let _ = self.opinion.set(opinion);
    }

    /// The vote of this site on a proposal that is about to be put into the log, if it has one and
    /// there is a number for it.
    pub fn own_vote(
        &self,
        proposal: &Entry,
        numbering: &Arc<Numbering>,
    ) -> Option<(Entry, Number)> {
        if !matches!(proposal.command, Command::Propose(_)) {
            return None;
        }
        let command = self.opinion.get()?(proposal)?;
        let number = numbering.try_take()?;
        let (incarnation, sequence) = (numbering.incarnation(), number.sequence());
        Some((Entry { from: self.site, incarnation, sequence, command }, number))
    }

    /// Proposals that are put into the log from now on.
    pub fn appended(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.appended.subscribe()
    }

    /// Waits for what comes of a message of this site.
    pub fn expect(
        &self,
        incarnation: u64,
        sequence: u64,
    ) -> oneshot::Receiver<Result<Decided, LogError>> {
        let (sender, receiver) = oneshot::channel();
        let mut kept = self.kept.lock();
        kept.waiting.retain(|_, waiting| !waiting.is_closed());
        kept.waiting.insert((incarnation, sequence), sender);
        receiver
    }

    /// Shows the state.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.kept.lock().state)
    }

    /// The index of the last entry, and its changes.
    pub fn applied(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// Every entry from now on.
    pub fn entries(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.entries.subscribe()
    }
}
