//! The node that has the seat of a site: it hears how the others are, tells them what to serve, and
//! adds up what all of them bear and used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::StatusCode;
use parking_lot::{Mutex, RwLock};
use swell_api::site_joining::SiteContact;
use swell_consensus::log::{Look, Standing};
use swell_core::council::entry::Command;
use swell_core::council::words::Loads;
use swell_core::time::Instant;
use swell_link::client::Client;
use swell_outlook::board::Passes;
use swell_outlook::sums::Reading;
use swell_site::roll::{Entry, Report, Roll, SILENT};
use swell_site::site::Site;
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::deploy::deployer::Deployer;
use crate::grouping::power;
use crate::live::world::Live;
use crate::nodes::bound::Bound;
use crate::nodes::fellows::Fellows;
use crate::nodes::kept::{Kept, SeatKept};
use crate::nodes::ordering::{Current, compose};
use crate::nodes::wire::{EVERY, Fellow, Reported, Told, node_name, node_of, seat_name};
use crate::registry::Registry;
use crate::sites::contact::loads;

/// How often it looks what the others are to serve, and who is there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a change of the site's capacity may take to be decided.
const DECIDED_MAX: Duration = Duration::from_secs(5);

/// What the seat is made of.
pub struct Parts {
    /// The site.
    pub site: Weak<Site>,
    /// Where the site is found.
    pub contact: SiteContact,
    /// What calls between sites are sealed with.
    pub key: String,
    /// What this node can bear.
    pub own: Loads,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// Knows how functions stand.
    pub deployer: Arc<Deployer>,
    /// What runs.
    pub live: Arc<Live>,
    /// What stays here.
    pub bound: Bound,
    /// Who carries calls to the others.
    pub client: Client,
    /// The data folder.
    pub data: PathBuf,
}

/// What is known of another node.
struct Known {
    reported: Reported,
    is_ready: bool,
    /// What it passed on when it was heard of before.
    passed: Passes,
}

/// The node that has the seat.
pub struct Seat {
    /// What it is made of.
    pub parts: Parts,
    /// The others, as ones that calls may be passed to.
    pub fellows: Arc<Fellows>,
    began: Instant,
    kept: Mutex<SeatKept>,
    roll: Mutex<Roll>,
    known: Mutex<BTreeMap<String, Known>>,
    /// What the others passed on to other sites since this node heard of them.
    passed: Mutex<Passes>,
    current: RwLock<Arc<Current>>,
    own_used: Mutex<OwnUse>,
}

/// What this node itself used of late.
#[derive(Default)]
struct OwnUse {
    at_ms: u64,
    cpu_us: u64,
    used_milli: u64,
}

/// Why a node is not heard.
pub type Unheard = (StatusCode, String);

pub(crate) fn now() -> Instant {
    Instant::from_millis(wall_ms())
}

impl Seat {
    /// The seat of a site whose nodes are these.
    pub fn new(parts: Parts, kept: SeatKept) -> Arc<Self> {
        let current = RwLock::new(Arc::new(Current::nothing(parts.contact.clone())));
        let (fellows, roll, known, passed, own_used) = Default::default();
        let kept = Mutex::new(kept);
        let began = now();
        Arc::new(Self { parts, fellows, began, kept, roll, known, passed, current, own_used })
    }

    /// Where other nodes reach it.
    pub fn at(&self) -> String {
        self.kept.lock().at.clone()
    }

    /// Those that were invited.
    pub fn invited(&self) -> Vec<String> {
        self.kept.lock().nodes.keys().cloned().collect()
    }

    /// Another node is invited.
    pub fn invite(&self, node: &str) -> std::io::Result<()> {
        self.change(|nodes| {
            nodes.insert(node.to_string(), None);
        })
    }

    /// A node is one of this site no more; whether it was.
    pub fn dismiss(&self, node: &str) -> std::io::Result<bool> {
        let mut was_there = false;
        self.change(|nodes| was_there = nodes.remove(node).is_some())?;
        self.roll.lock().forget(node);
        self.known.lock().remove(node);
        self.meet();
        Ok(was_there)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Option<u64>>),
    ) -> std::io::Result<()> {
        let mut kept = self.kept.lock();
        let mut next = kept.clone();
        change(&mut next.nodes);
        next.save(&self.parts.data)?;
        *kept = next;
        Ok(())
    }

    /// What the others are to serve.
    pub fn current(&self) -> Arc<Current> {
        self.current.read().clone()
    }

    /// The node of this site that is certified by that name, if it was invited.
    pub fn node_of(&self, certified: &str) -> Result<String, Unheard> {
        let site = &self.parts.contact.name;
        let node = node_of(site, certified).filter(|node| {
            let kept = self.kept.lock();
            kept.nodes.contains_key(*node)
        });
        node.map(str::to_string).ok_or_else(|| {
            let why = format!("`{certified}` is no node of site `{site}`");
            (StatusCode::FORBIDDEN, why)
        })
    }

    /// A node reports, and hears what there is to know.
    pub fn hear(&self, certified: &str, reported: Reported) -> Result<Told, Unheard> {
        let node = self.node_of(certified)?;
        self.recognise(&node, &reported)?;
        let (current, now) = (self.current(), now());
        let mut known = self.known.lock();
        let former = known.get(&node);
        let same = former.filter(|former| former.reported.life == reported.life);
        let is_ready = same.is_some_and(|former| former.is_ready)
            || (current.revision > 0 && reported.revision == current.revision);
        let passed = self.add_passed(former, &reported);
        let report = Report {
            capacity: loads(&reported.capacity),
            is_ready,
            reading: reported.reading.clone(),
        };
        self.roll.lock().hear(&node, report, now);
        let has = reported.revision;
        known.insert(node.clone(), Known { reported, is_ready, passed });
        drop(known);
        self.meet();
        let mut others = self.others();
        others.remove(certified);
        others.insert(seat_name(&self.parts.contact.name), self.as_fellow());
        let site = self.parts.site.upgrade();
        Ok(Told {
            index: site.as_ref().map_or(0, |site| site.log().look(|state| state.index)),
            is_deciding: site.is_some_and(|site| site.standing() == Standing::Deciding),
            revision: current.revision,
            order: (has != current.revision).then(|| current.order.clone()),
            others,
        })
    }

    /// An invitation is for one machine: whoever reports first is the node, for good.
    fn recognise(&self, node: &str, reported: &Reported) -> Result<(), Unheard> {
        let (lot, kept) = (reported.lot, self.kept.lock().clone());
        if !kept.is(node, lot) {
            let known = self.known.lock();
            let at = known.get(node).map(|known| format!(", from {}", known.reported.at));
            let why = format!(
                "another node joined as `{node}`{}: remove that one with `swell site node remove \
                 {node}` if it is the wrong one, and invite this one anew",
                at.unwrap_or_default()
            );
            return Err((StatusCode::CONFLICT, why));
        }
        if kept.nodes.get(node) == Some(&Some(lot)) {
            return Ok(());
        }
        let kept = self.change(|nodes| {
            nodes.insert(node.to_string(), Some(lot));
        });
        kept.map_err(|error| (StatusCode::INSUFFICIENT_STORAGE, error.to_string()))
    }

    fn add_passed(&self, former: Option<&Known>, reported: &Reported) -> Passes {
        if let Some(former) = former {
            let mut sums = self.passed.lock();
            for (site, workloads) in &reported.passed {
                for (workload, now) in workloads {
                    let earlier = former.passed.get(site).and_then(|of| of.get(workload));
                    let since = now.since(earlier.copied().unwrap_or_default());
                    let sum = sums.entry(site.clone()).or_default();
                    let sum = sum.entry(workload.clone()).or_default();
                    *sum = sum.plus(since);
                }
            }
        }
        reported.passed.clone()
    }

    fn as_fellow(&self) -> Fellow {
        Fellow {
            name: self.parts.contact.name.clone(),
            at: self.at(),
            is_seat: true,
            revision: self.current().revision,
            without: BTreeSet::new(),
            cpu_milli: self.parts.own.0[0],
            busy: power::busy(&self.parts.registry),
            memory_left: self.parts.live.memory_left().get(),
        }
    }

    /// The nodes that are there, as others see them.
    fn others(&self) -> BTreeMap<String, Fellow> {
        let (now, known) = (now(), self.known.lock());
        let there: Vec<String> =
            self.roll.lock().there(now).map(|(name, _)| name.clone()).collect();
        let fellows = there.into_iter().filter_map(|name| {
            let of = &known.get(&name)?.reported;
            let fellow = Fellow {
                name: name.clone(),
                at: of.at.clone(),
                is_seat: false,
                revision: of.revision,
                without: of.without.keys().cloned().collect(),
                cpu_milli: of.capacity.cpu_milli,
                busy: of.busy,
                memory_left: of.memory_left,
            };
            Some((node_name(&self.parts.contact.name, &name), fellow))
        });
        fellows.collect()
    }

    fn meet(&self) {
        self.fellows.set(self.others());
    }

    /// Adds to what this node used what the others did.
    pub fn reading(&self, own: Reading) -> Reading {
        self.roll.lock().reading(own, now())
    }

    /// Adds to what this node passed on to other sites what the others did.
    pub fn passed(&self, mut own: Passes) -> Passes {
        for (site, workloads) in &*self.passed.lock() {
            for (workload, passed) in workloads {
                let sum = own.entry(site.clone()).or_default();
                let sum = sum.entry(workload.clone()).or_default();
                *sum = sum.plus(*passed);
            }
        }
        own
    }

    /// A node as it was heard of last: what it reported, how the roll has it, and whether it is
    /// there and ready.
    pub fn shown(&self, node: &str) -> Option<(Reported, Entry, bool, bool)> {
        let known = self.known.lock();
        let roll = self.roll.lock();
        let (entry, of) = (roll.known(node)?.clone(), known.get(node)?);
        let is_there = roll.get(node, now()).is_some();
        Some((of.reported.clone(), entry, is_there, of.is_ready))
    }

    /// The latest reports of nodes that are there.
    pub(crate) fn reports(&self) -> Vec<Reported> {
        let (now, known) = (now(), self.known.lock());
        let roll = self.roll.lock();
        let there = roll.there(now).filter_map(|(name, _)| known.get(name));
        there.map(|node| node.reported.clone()).collect()
    }

    /// What the site bears now, by whoever is there and has what it should.
    pub fn capacity(&self) -> Loads {
        self.roll.lock().capacity(self.parts.own, now())
    }

    /// Sees to it that the others are told what is deployed here now, and that the site is known to
    /// bear what it does. Whoever reports hears of it then.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let Some(site) = self.parts.site.upgrade() else { return };
            let (looking, at) = (self.clone(), site.clone());
            if let Err(error) = tokio::task::spawn_blocking(move || looking.look(&at)).await {
                tracing::error!(%error, "the nodes of this site are not told what to serve");
            }
            self.declare(&site).await;
        }
    }

    fn look(&self, site: &Site) {
        self.measure();
        if self.invited().is_empty() {
            return;
        }
        let Parts { contact, key, registry, deployer, bound, .. } = &self.parts;
        let (order, stays) = compose(site, (contact, key), (registry, deployer), bound);
        let next = self.current().next(order, stays, wall_ms());
        *self.current.write() = Arc::new(next);
        self.meet();
    }

    fn measure(&self) {
        let mut cpu_us = 0;
        self.parts.registry.visit(|function| {
            cpu_us += function.used().cpu_us;
        });
        let (mut own, now_ms) = (self.own_used.lock(), wall_ms());
        let elapsed_ms = now_ms.saturating_sub(own.at_ms);
        if elapsed_ms >= EVERY.as_millis() as u64 {
            let used_milli = cpu_us.saturating_sub(own.cpu_us) / elapsed_ms;
            *own = OwnUse { at_ms: now_ms, cpu_us, used_milli };
        }
    }

    /// Thousandths of a processor that functions of this node used of late.
    pub fn own_used_milli(&self) -> u64 {
        self.own_used.lock().used_milli
    }

    /// Has the council know what the site bears. Not before the others can have reported, so that
    /// a restart of the seat is no loss of all of them.
    async fn declare(&self, site: &Site) {
        let capacity = self.capacity();
        let known = site.log().look(|state| state.members.get(&site.me()).map(|of| of.capacity));
        let is_news = known.is_some_and(|known| known != capacity);
        if !is_news || now().since(self.began) < SILENT {
            return;
        }
        let (cpu, before) = (capacity.0[0], known.unwrap_or_default().0[0]);
        match site.say(Command::Admit { site: site.me(), capacity }, DECIDED_MAX).await {
            Ok(_) => tracing::info!(cpu, before, "what this site can bear has changed"),
            Err(error) => tracing::debug!(%error, "what this site can bear is not decided yet"),
        }
    }
}
