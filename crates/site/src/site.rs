//! A site that is up: what its parts share, and what others may ask of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use swell_consensus::log::{Decided, Log, LogError, Look, Standing};
use swell_core::council::acting::Acting;
use swell_core::council::entry::Command;
use swell_core::council::state::State;
use swell_core::council::together::Joined;
use swell_core::council::words::{Epoch, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

use crate::errands::Errands;
use crate::kept::{Kept, KeptError};
use crate::mover::Mover;
use crate::neighbours::Neighbours;
use crate::route::{Route, route};
use crate::settings::{Settings, beat};
use crate::tenancy::Tenancy;
use crate::troubles::{About, Troubles};
use swell_outlook::board::{Board, Card, Contact, NodeCard};
use swell_outlook::monitor::Monitor;
use swell_outlook::naming::{Names, site_id, workload_id};
use swell_outlook::nearness::Nearness;

/// Time stands still in the log for so many beats, and so long more, before a site takes itself to
/// be cut off: a leader may just be elected.
const SILENT_BEATS: u32 = 3;
const SILENT: Duration = Duration::from_secs(6);

/// What a site is made of.
pub struct Parts {
    /// The log it agrees with others through.
    pub log: Arc<dyn Log>,
    /// Who moves workloads.
    pub mover: Arc<dyn Mover>,
    /// The node around it.
    pub neighbours: Arc<dyn Neighbours>,
    /// What it must not forget.
    pub kept: Kept,
    /// What it was told.
    pub settings: Settings,
    /// The wall clock, as time since 1970; only the leader's is told to anybody.
    pub clock: Clock,
}

/// A clock.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A site that is up.
pub struct Site {
    pub(crate) me: SiteId,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) mover: Arc<dyn Mover>,
    pub(crate) neighbours: Arc<dyn Neighbours>,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) kept: Mutex<Kept>,
    pub(crate) monitor: Mutex<Monitor>,
    /// How far other sites are.
    pub(crate) nearness: Mutex<Nearness>,
    pub(crate) errands: Errands,
    pub(crate) tenancy: Tenancy,
    pub(crate) contacts: RwLock<BTreeMap<SiteId, Contact>>,
    pub(crate) cards: RwLock<BTreeMap<String, Card>>,
    pub(crate) told: RwLock<Told>,
    pub(crate) lanes: RwLock<Arc<BTreeMap<WorkloadId, Route>>>,
    /// What the lanes were drawn from: authority, workloads, and steps of moves.
    drawn: Mutex<Option<Drawn>>,
    pub(crate) slot: Mutex<Slot>,
    /// When others were last asked over the resource channel.
    pub(crate) probed: Mutex<Option<tokio::time::Instant>>,
    pub(crate) troubles: Mutex<Troubles>,
    /// Workloads of others that were looked at whether to stand by for them, with who had them, since a
    /// slot was over.
    pub(crate) stood: Mutex<BTreeSet<(WorkloadId, SiteId)>>,
    /// Workloads that the mover was told to keep warm, and when.
    pub(crate) held: Mutex<(BTreeSet<String>, Option<tokio::time::Instant>)>,
}

/// What routes depend on: each step of a move is one more that was passed.
type Drawn = (Epoch, usize, Vec<(ProposalId, usize)>);

/// What other sites told of themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) names: Names,
    /// The workload of each function, by the function's name.
    pub(crate) functions: BTreeMap<String, WorkloadId>,
    /// Sites that answered at the end of the last slot.
    pub(crate) reached: Vec<SiteId>,
    /// How long others took to answer over the resource channel when they were asked last; nothing of
    /// one that did not.
    pub(crate) resource: BTreeMap<SiteId, Option<Duration>>,
    /// Nodes of sites that have several.
    nodes: BTreeMap<SiteId, Vec<NodeCard>>,
    /// Which workloads are joined by flows, by who told so.
    joined: BTreeMap<SiteId, Vec<(WorkloadId, WorkloadId)>>,
}

impl Told {
    /// Which workloads move together.
    pub(crate) fn joined(&self) -> Joined {
        Joined::of(self.joined.values().flatten().copied())
    }
}

impl Site {
    /// Puts a site together; [`Site::run`] brings it to life.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { log, mover, neighbours, kept, settings, clock } = parts;
        let me = log.site();
        let rules = log.look(|state| state.rules);
        let mut monitor = Monitor::new(&rules, settings.method);
        if let Some(Err(error)) = kept.memory().map(|memory| monitor.recall(&memory)) {
            tracing::warn!(%error, "the monitor of this site learns anew");
        }
        let known = kept.contacts().iter().cloned();
        let contacts: BTreeMap<SiteId, Contact> =
            known.map(|contact| (site_id(&contact.name), contact)).collect();
        let own = neighbours.own(Vec::new());
        let site = Self {
            me,
            log,
            mover,
            neighbours,
            settings,
            clock,
            kept: Mutex::new(kept),
            monitor: Mutex::new(monitor),
            nearness: Mutex::default(),
            errands: Errands::default(),
            tenancy: Tenancy::new(),
            contacts: RwLock::new(contacts),
            cards: RwLock::new(own.cards.clone()),
            told: RwLock::default(),
            lanes: RwLock::default(),
            drawn: Mutex::new(None),
            slot: Mutex::new(Slot(0)),
            probed: Mutex::default(),
            troubles: Mutex::default(),
            stood: Mutex::default(),
            held: Mutex::default(),
        };
        let named = site.contacts.read().iter().map(|(id, of)| (*id, of.name.clone())).collect();
        site.told.write().names.sites = named;
        site.hear(me, &own);
        site.neighbours.know(&site.contacts.read());
        let site = Arc::new(site);
        let of = Arc::downgrade(&site);
        site.log.vote_along(Box::new(move |proposal| of.upgrade()?.early_vote(proposal)));
        site
    }

    /// Which site.
    pub fn me(&self) -> SiteId {
        self.me
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// Shows the state and what the monitor makes of it.
    pub fn look<T>(&self, look: impl FnOnce(&State, &Monitor) -> T) -> T {
        // In this order, so that the log never waits for the monitor.
        let monitor = self.monitor.lock();
        self.log.look(|state| look(state, &monitor))
    }

    /// What numbers are called, as far as is known here: sites as they were introduced in the log,
    /// so that one that has just joined has its name everywhere, and workloads of this site as they
    /// are, so that one that was just deployed has.
    pub fn names(&self) -> Names {
        let mut names = self.told.read().names.clone();
        let own = self.board().cards.into_keys();
        names.workloads.extend(own.map(|name| (workload_id(&name), name)));
        self.log.look(|state| {
            let introduced = state.former.iter().chain(&state.members);
            let introduced = introduced.filter(|(_, member)| !member.name.is_empty());
            names.sites.extend(introduced.map(|(id, member)| (*id, member.name.clone())));
        });
        names
    }

    /// The nodes of a site that has several, as it told last; of this one, as they are.
    pub fn nodes_of(&self, site: SiteId) -> Vec<NodeCard> {
        if site == self.me {
            return self.board().nodes;
        }
        self.told.read().nodes.get(&site).cloned().unwrap_or_default()
    }

    /// How long another site took to answer over the resource channel when it was asked last, or that
    /// it did not; nothing where it was not asked.
    pub fn resource_trip(&self, site: SiteId) -> Option<Option<Duration>> {
        self.told.read().resource.get(&site).copied()
    }

    /// Where other sites are, by their numbers.
    pub fn contacts(&self) -> BTreeMap<SiteId, Contact> {
        self.contacts.read().clone()
    }

    /// Whether a site is there: by gossip, or where there is none, as it answered at the end of
    /// the last slot.
    pub fn is_reached(&self, site: SiteId) -> bool {
        let has_answered = || self.told.read().reached.contains(&site);
        let is_there = self.neighbours.there().map(|there| there.contains(&site));
        site == self.me || is_there.unwrap_or_else(has_answered)
    }

    /// What is wrong, if anything is: what was noticed last comes first.
    pub fn trouble(&self) -> Option<String> {
        if let Standing::Stopped(why) = self.log.standing() {
            return Some(format!("the log of this site has stopped: {why}"));
        }
        let forgetful = self.log.forgetful();
        if let Some(site) = forgetful.first() {
            return Some(format!(
                "`{}` has lost what it had confirmed: its disk forgets, or an old copy of its data \
                 was put in place; let it leave and join anew",
                self.names().site(*site)
            ));
        }
        self.troubles.lock().told()
    }

    /// Whether anything can be decided, as far as this site can know: the log answers, and time
    /// goes on in it, for which it takes a majority.
    pub fn standing(&self) -> Standing {
        let beat = self.log.look(|state| beat(&state.rules));
        match self.log.standing() {
            Standing::Deciding if self.tenancy.silence() > beat * SILENT_BEATS + SILENT => {
                Standing::CutOff
            }
            standing => standing,
        }
    }

    /// The board of this site, as others read it.
    pub fn board(&self) -> Board {
        self.neighbours.own(self.contacts.read().values().cloned().collect())
    }

    /// Takes in what a site tells of itself.
    pub fn hear(&self, site: SiteId, board: &Board) {
        let mut told = self.told.write();
        told.names.sites.insert(site, board.contact.name.clone());
        for (name, card) in &board.cards {
            let id = workload_id(name);
            told.names.workloads.insert(id, name.clone());
            told.functions.extend(card.functions.iter().map(|function| (function.clone(), id)));
        }
        let joined = board.cards.iter().flat_map(|(name, card)| {
            card.joined.iter().map(|other| (workload_id(name), workload_id(other)))
        });
        told.joined.insert(site, joined.collect());
        told.nodes.insert(site, board.nodes.clone());
        drop(told);
        let heard = std::iter::once(&board.contact).chain(&board.contacts);
        for contact in heard.filter(|contact| site_id(&contact.name) != self.me) {
            // What a site says of itself counts more than what others say of it.
            let is_own = contact.name == board.contact.name;
            self.meet(contact, is_own);
        }
    }

    /// Another site was heard of; one that is known is replaced only by its own word.
    pub fn meet(&self, contact: &Contact, is_own_word: bool) {
        let id = site_id(&contact.name);
        let known = self.contacts.read().get(&id).cloned();
        if known.as_ref() == Some(contact) || (known.is_some() && !is_own_word) {
            return;
        }
        self.contacts.write().insert(id, contact.clone());
        self.neighbours.know(&self.contacts.read());
        self.told.write().names.sites.insert(id, contact.name.clone());
        if let Err(error) = self.kept.lock().meet(contact) {
            self.note(About::Disk, &error.to_string());
        }
    }

    /// Says something in the log and waits until it is decided.
    pub async fn say(&self, command: Command, within: Duration) -> Result<Decided, LogError> {
        let decided = self.log.propose(command, within).await?;
        self.is_well(About::Log);
        Ok(decided)
    }

    /// The route of a function that is called here, by its name and, where it is deployed here,
    /// the name of its workload.
    pub fn route_of(&self, function: &str, workload: Option<&str>) -> Route {
        let lanes = self.lanes.read();
        lanes.get(&self.id_of(function, workload)).copied().unwrap_or(Route::Here)
    }

    /// Whether this site acts for a function by itself, such as by the clock: whoever has
    /// authority over its workload does, as long as it is sure that it still has it.
    pub fn acts_for(&self, function: &str, workload: Option<&str>) -> Acting {
        let id = self.id_of(function, workload);
        self.log.look(|state| self.tenancy.acting(state, self.me, id))
    }

    /// The name of the workload of a function, as far as it is known here.
    pub fn workload_of(&self, function: &str, workload: Option<&str>) -> Option<String> {
        if let Some(workload) = workload {
            return Some(workload.to_string());
        }
        let told = self.told.read();
        let id = told.functions.get(function)?;
        told.names.workloads.get(id).cloned()
    }

    fn id_of(&self, function: &str, workload: Option<&str>) -> WorkloadId {
        match workload {
            Some(workload) => workload_id(workload),
            None => {
                let known = self.told.read().functions.get(function).copied();
                known.unwrap_or_else(|| workload_id(function))
            }
        }
    }

    /// Works out where traffic goes, if anything changed that it depends on.
    pub(crate) fn reroute(&self, state: &State) {
        let moving = state.open.iter().filter(|(_, open)| open.movement.is_some());
        let moving = moving.map(|(id, open)| (*id, open.passed.len())).collect();
        let drawn = Some((state.epoch, state.workloads.len(), moving));
        if std::mem::replace(&mut *self.drawn.lock(), drawn.clone()) == drawn {
            return;
        }
        let lanes = state.workloads.keys().map(|id| (*id, route(state, self.me, *id))).collect();
        *self.lanes.write() = Arc::new(lanes);
    }

    /// Keeps what the monitor has learned. What is lost of it is learned again.
    pub(crate) fn remember(&self) {
        let (bytes, place) = (self.monitor.lock().to_bytes(), self.kept.lock().memory_place());
        let beside = place.with_extension("new");
        let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &place));
        match written {
            Ok(()) => self.is_well(About::Disk),
            Err(error) => {
                self.note(About::Disk, &format!("what the monitor learned is not kept: {error}"));
            }
        }
    }

    /// Something is wrong that a person should see; the same is told once.
    pub fn note(&self, about: About, what: &str) {
        if self.troubles.lock().note(about, what) {
            tracing::warn!(site = self.me.0, "{what}");
        }
    }

    /// What was wrong about it is not any more.
    pub(crate) fn is_well(&self, about: About) {
        self.troubles.lock().clear(about);
    }

    /// Passes the fence for each workload, on disk.
    pub(crate) fn pass(
        &self,
        workloads: &[WorkloadId],
        epoch: Epoch,
        owns: bool,
    ) -> Result<(), KeptError> {
        let mut kept = self.kept.lock();
        for workload in workloads {
            kept.pass(*workload, epoch)?;
            if owns {
                kept.own(*workload)?;
            }
        }
        self.is_well(About::Disk);
        Ok(())
    }
}
