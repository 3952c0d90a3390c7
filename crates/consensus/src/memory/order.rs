//! The one order of a cluster in memory: what was committed, who can be reached, who leads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use swell_core::council::entry::Entry;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::sync::watch;

use crate::log::{Change, Leadership, LogError, Membership};
use crate::replica::Replica;

/// A cluster whose sites share one process.
#[derive(Debug)]
pub struct MemoryCluster {
    order: Mutex<Order>,
    lead: watch::Sender<Lead>,
}

/// Who leads, and who cannot know it.
#[derive(Debug, Clone)]
pub(crate) struct Lead {
    term: u64,
    leader: Option<SiteId>,
    cut: BTreeSet<SiteId>,
}

impl Lead {
    /// What a site knows of it.
    pub(crate) fn seen_by(&self, site: SiteId) -> Leadership {
        let leader = self.leader.filter(|_| !self.cut.contains(&site));
        Leadership { term: self.term, leader, is_ours: leader == Some(site) }
    }
}

#[derive(Debug)]
struct Order {
    entries: Vec<Entry>,
    replicas: BTreeMap<SiteId, Arc<Replica>>,
    membership: Membership,
    cut: BTreeSet<SiteId>,
    term: u64,
    leader: Option<SiteId>,
}

impl MemoryCluster {
    /// A cluster of these sites, all of them voters, and what each applies entries to.
    pub(crate) fn new(sites: &[SiteId], rules: Rules) -> (Arc<Self>, Vec<Arc<Replica>>) {
        let replica = |site: &SiteId| (*site, Replica::new(*site, State::new(rules)));
        let addresses = sites.iter().map(|site| (*site, format!("memory:{}", site.0))).collect();
        let mut order = Order {
            entries: Vec::new(),
            replicas: sites.iter().map(replica).collect(),
            membership: Membership { voters: sites.iter().copied().collect(), sites: addresses },
            cut: BTreeSet::new(),
            term: 0,
            leader: None,
        };
        order.elect();
        let (lead, _) = watch::channel(order.lead());
        let replicas = order.replicas.values().cloned().collect();
        (Arc::new(Self { order: Mutex::new(order), lead }), replicas)
    }

    /// Cuts a site off from all others.
    pub fn cut(&self, site: SiteId) {
        self.rearrange(|order| {
            order.cut.insert(site);
        });
    }

    /// Lets a site reach the others again; it catches up at once.
    pub fn heal(&self, site: SiteId) {
        self.rearrange(|order| {
            order.cut.remove(&site);
            order.spread();
        });
    }

    fn rearrange(&self, change: impl FnOnce(&mut Order)) {
        let mut order = self.order.lock();
        change(&mut order);
        order.elect();
        self.lead.send_replace(order.lead());
    }

    pub(crate) fn lead(&self) -> watch::Receiver<Lead> {
        self.lead.subscribe()
    }

    /// Commits entries, one after the other, if their site is with a majority.
    pub(crate) fn commit(&self, by: SiteId, said: &[Entry]) -> bool {
        let mut order = self.order.lock();
        if !order.is_with_majority(by) {
            return false;
        }
        let reached = order.replicas.iter().filter(|(site, _)| !order.cut.contains(site));
        let all: Vec<&Entry> = said.iter().collect();
        reached.for_each(|(_, replica)| replica.note_appended(&all));
        order.entries.extend_from_slice(said);
        order.spread();
        true
    }

    pub(crate) fn is_with_majority(&self, site: SiteId) -> bool {
        self.order.lock().is_with_majority(site)
    }

    pub(crate) fn membership(&self) -> Membership {
        self.order.lock().membership.clone()
    }

    /// Entries so far.
    pub(crate) fn len(&self) -> u64 {
        self.order.lock().entries.len() as u64
    }

    pub(crate) fn transfer(&self, by: SiteId, to: SiteId) -> Result<(), LogError> {
        let mut order = self.order.lock();
        if order.leader != Some(by) {
            return Err(LogError::NotLeader { leader: order.leader });
        }
        if !order.membership.voters.contains(&to) || order.cut.contains(&to) {
            let why = format!("site {} is no voter that can be reached: choose another", to.0);
            return Err(LogError::Refused(why));
        }
        if to != by {
            (order.term, order.leader) = (order.term + 1, Some(to));
            self.lead.send_replace(order.lead());
        }
        Ok(())
    }

    pub(crate) fn change(&self, by: SiteId, change: Change) -> Result<(), LogError> {
        if !self.is_with_majority(by) {
            return Err(LogError::TimedOut);
        }
        let mut order = self.order.lock();
        let membership = &mut order.membership;
        match change {
            Change::Join { site, address } => {
                if !order.replicas.contains_key(&site) {
                    let why = format!("site {} does not share this process", site.0);
                    return Err(LogError::Refused(why));
                }
                order.membership.sites.insert(site, address);
            }
            Change::Voters(voters) => {
                let missing = voters.iter().find(|site| !membership.sites.contains_key(site));
                if let Some(site) = missing {
                    let why = format!("site {} has not joined: let it join first", site.0);
                    return Err(LogError::Refused(why));
                }
                if voters.is_empty() {
                    return Err(LogError::Refused("a log needs at least one voter".to_owned()));
                }
                membership.voters = voters;
            }
            Change::Leave { site } => {
                if membership.voters.contains(&site) {
                    let why = format!("site {} is a voter: choose other voters first", site.0);
                    return Err(LogError::Refused(why));
                }
                membership.sites.remove(&site);
            }
        }
        order.spread();
        order.elect();
        self.lead.send_replace(order.lead());
        Ok(())
    }
}

impl Order {
    fn lead(&self) -> Lead {
        Lead { term: self.term, leader: self.leader, cut: self.cut.clone() }
    }

    fn is_with_majority(&self, site: SiteId) -> bool {
        let voters = &self.membership.voters;
        let reached = voters.iter().filter(|voter| !self.cut.contains(voter)).count();
        !self.cut.contains(&site) && reached * 2 > voters.len()
    }

    /// Whoever leads goes on while it can; else the first voter that is reached.
    fn elect(&mut self) {
        let can =
            |site: &SiteId| self.membership.voters.contains(site) && self.is_with_majority(*site);
        if self.leader.as_ref().is_some_and(can) {
            return;
        }
        let next = self.membership.voters.iter().copied().find(can);
        if next != self.leader {
            self.leader = next;
            self.term += u64::from(next.is_some());
        }
    }

    /// Gives every site that is reached what it has not applied.
    fn spread(&mut self) {
        for (site, replica) in &self.replicas {
            if self.cut.contains(site) || !self.membership.sites.contains_key(site) {
                continue;
            }
            let from = usize::try_from(*replica.applied().borrow()).unwrap_or(usize::MAX);
            for entry in self.entries.iter().skip(from) {
                replica.apply(entry.clone());
            }
        }
    }
}
