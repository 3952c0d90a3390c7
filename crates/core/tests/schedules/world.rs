//! The world of a schedule: an idealised log with a leader, and sites around it.
//!
//! The log orders what reaches its leader while the leader hears a majority, and never loses
//! what it took; all else may go wrong.

use std::collections::BTreeMap;

use swell_core::council::acting::{Acting, TICKS_MIN};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::image::digest;
use swell_core::council::machine::apply;
use swell_core::council::proposal::Outcome;
use swell_core::council::rules::{Counting, Rules};
use swell_core::council::state::State;
use swell_core::council::turns::waiting;
use swell_core::council::words::{Criticality, Epoch, Loads, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::rng::{Rng, below, split};
use swell_core::time::{Instant, Span};

use crate::choice::{chance, pick};
use crate::coverage::Coverage;
use crate::laws::{Laws, order_does_not_matter};
use crate::network::Network;
use crate::node::Node;

/// What is broken on purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mutant {
    /// How votes are counted.
    pub(crate) counting: Counting,
    /// Whether hands act without asking their fence.
    pub(crate) is_fence_open: bool,
    /// Whether who holds a workload acts by the clock, whatever its lease.
    pub(crate) is_lease_ignored: bool,
}

impl Mutant {
    pub(crate) const NONE: Mutant =
        Mutant { counting: Counting::Weighted, is_fence_open: false, is_lease_ignored: false };
}

pub(crate) struct World<'a> {
    pub(crate) rng: Rng,
    pub(crate) nodes: Vec<Node>,
    pub(crate) leader: usize,
    pub(crate) network: Network,
    pub(crate) coverage: &'a mut Coverage,
    /// The state after the whole log.
    pub(crate) truth: State,
    pub(crate) laws: Laws,
    pub(crate) mutant: Mutant,
    /// True time, in milliseconds.
    pub(crate) now_ms: u64,
    log: Vec<Entry>,
    digests: BTreeMap<u64, u64>,
    frame: Vec<u8>,
}

/// A digest is compared at every so many entries.
const DIGEST_EVERY: u64 = 16;

/// When schedules begin, in milliseconds.
const BEGIN_MS: u64 = 10_000_000;

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, mutant: Mutant, coverage: &'a mut Coverage) -> Self {
        let mut rng = split(seed, "council/schedule");
        let rules = Rules {
            counting: mutant.counting,
            slot: Span::from_secs(10),
            lead_slots: 1,
            horizon_slots: 12,
            round_slots: 2,
            season_slots: 6,
            lease: Span::from_secs(15),
            deadline: Span::from_secs(600),
            step: Span::from_secs(60),
            shifts: 2,
            rest: Span::from_secs(20),
            settle_slots: 1,
            memory: Span::from_secs(300),
            tick: Span::from_secs(600),
            ..Rules::default()
        };
        let state = State::new(rules);
        let sites = 3 + below(&mut rng, 3) as u32;
        let nodes = (0..sites).map(|site| Node::new(SiteId(site), state.clone())).collect();
        Self {
            rng,
            nodes,
            leader: 0,
            network: Network::default(),
            coverage,
            truth: state,
            laws: Laws::default(),
            mutant,
            now_ms: BEGIN_MS,
            log: Vec::new(),
            digests: BTreeMap::new(),
            frame: Vec::new(),
        }
    }

    /// The first entries: members, time, workloads.
    pub(crate) fn found(&mut self) -> Result<(), String> {
        for site in 0..self.nodes.len() {
            let capacity = Loads::cpu(1_000 + 500 * below(&mut self.rng, 3));
            let command = Command::Admit { site: SiteId(site as u32), capacity };
            self.append_of(0, command)?;
        }
        self.tick()?;
        for workload in 0..2 + below(&mut self.rng, 3) as u32 {
            let by = below(&mut self.rng, self.nodes.len() as u64) as usize;
            let criticality = pick(&mut self.rng, &Criticality::ALL);
            let demand = Loads::cpu(50 + below(&mut self.rng, 300));
            let id = WorkloadId(workload);
            self.append_of(by, Command::Register { workload: id, criticality, demand })?;
            self.nodes[by].running.insert(id);
        }
        (0..self.nodes.len()).try_for_each(|node| self.catch_up(node, usize::MAX))
    }

    /// The leader stamps its time into the log.
    pub(crate) fn tick(&mut self) -> Result<(), String> {
        let clock_ms = self.now_ms.saturating_add(self.nodes[self.leader].clock_ms);
        self.append_of(self.leader, Command::Tick { at: Instant::from_millis(clock_ms) })
    }

    /// A leader ticks at most once per beat, by its own clock, and not before it has led for one.
    pub(crate) fn beat(&mut self) -> Result<(), String> {
        let beat = Span::from_nanos(self.truth.rules.lease.nanos() / TICKS_MIN);
        let leader = &mut self.nodes[self.leader];
        let now = leader.own(self.now_ms);
        let since = *leader.ticked.get_or_insert(now);
        if now.since(since) < beat {
            return Ok(());
        }
        leader.ticked = Some(now);
        self.tick()
    }

    /// Whoever acts by the clock acts alone, at any moment.
    pub(crate) fn look_at_clocks(&mut self) -> Result<(), String> {
        for workload in self.truth.workloads.keys().copied().collect::<Vec<_>>() {
            let mut acts = Vec::new();
            for node in self.nodes.iter().filter(|node| node.is_alive) {
                let is_holder = |state: &State| {
                    let known = state.workloads.get(&workload);
                    known.is_some_and(|known| known.authority.holder == node.site)
                };
                match node.acting(workload, self.now_ms) {
                    Acting::Ours => acts.push(node.site.0),
                    Acting::Unsure if is_holder(&node.state) => {
                        self.coverage.count("holder unsure");
                        if self.mutant.is_lease_ignored {
                            acts.push(node.site.0);
                        }
                    }
                    _ => {}
                }
            }
            self.coverage.count(if acts.is_empty() {
                "nobody by the clock"
            } else {
                "by the clock"
            });
            if acts.len() > 1 {
                return Err(format!("sites {acts:?} act for workload {} at once", workload.0));
            }
        }
        Ok(())
    }

    /// Puts an entry of a site into the log, past the network.
    pub(crate) fn append_of(&mut self, node: usize, command: Command) -> Result<(), String> {
        let entry = self.nodes[node].say(command);
        self.append(entry)
    }

    /// Puts an entry into the log, applies it, and asks the laws.
    pub(crate) fn append(&mut self, entry: Entry) -> Result<(), String> {
        let index = self.log.len() as u64 + 1;
        self.frame = swell_core::council::frame::seal(index, &entry).map_err(|e| e.to_string())?;
        let read = swell_core::council::frame::open(index, &self.frame);
        if read.as_ref() != Ok(&entry) {
            return Err(format!("entry {index} is not read back as it was written"));
        }
        let before = self.truth.ended.len();
        if apply(&mut self.truth, index, &entry).is_err() {
            self.coverage.count("refusal");
        }
        self.count_ends(before);
        if !waiting(&self.truth).is_empty() {
            self.coverage.count("waited its turn");
        }
        self.laws.after(&self.truth, &entry)?;
        if matches!(entry.command, Command::Propose(_)) && chance(&mut self.rng, 4) {
            order_does_not_matter(&self.truth, ProposalId(index), &mut self.rng)?;
        }
        if index.is_multiple_of(DIGEST_EVERY) {
            self.digests.insert(index, digest(&self.truth));
        }
        self.log.push(entry);
        Ok(())
    }

    /// A site learns of the next entries.
    pub(crate) fn catch_up(&mut self, node: usize, most: usize) -> Result<(), String> {
        let next = self.nodes[node].state.index as usize;
        for entry in self.log.iter().skip(next).take(most) {
            let state = &mut self.nodes[node].state;
            let index = state.index + 1;
            let is_taken = apply(state, index, entry).is_ok();
            self.nodes[node].on_applied(entry, is_taken);
            let state = &self.nodes[node].state;
            let Some(expected) = self.digests.get(&index) else { continue };
            if digest(state) != *expected {
                return Err(format!("site {node} holds another state at entry {index}"));
            }
        }
        Ok(())
    }

    /// Whether the leader can put anything into the log.
    pub(crate) fn is_led(&self) -> bool {
        let leader = self.leader;
        let hears = |other: usize| {
            self.nodes[other].is_alive
                && self.network.is_open(leader, other)
                && self.network.is_open(other, leader)
        };
        let heard = (0..self.nodes.len()).filter(|other| hears(*other)).count();
        // Only a member leads: nobody else's clock counts.
        let is_member = self.truth.members.contains_key(&self.nodes[leader].site);
        is_member && self.nodes[leader].is_alive && 2 * heard > self.nodes.len()
    }

    /// A site does something as the authority that it believes to be, if its own fence lets it:
    /// there is no other, as what it does has its effect where it is.
    pub(crate) fn act(
        &mut self,
        node: usize,
        workload: WorkloadId,
        epoch: Epoch,
    ) -> Result<(), String> {
        let is_fenced = self.nodes[node].fence.pass(workload, epoch).is_err();
        if is_fenced && !self.mutant.is_fence_open {
            self.coverage.count("action fenced");
            return Ok(());
        }
        let by = self.nodes[node].site;
        self.laws.acted(workload, epoch, by)
    }

    /// At the end everybody holds the same, and so does who begins anew.
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let expected = digest(&self.truth);
        for node in 0..self.nodes.len() {
            self.catch_up(node, usize::MAX)?;
            if digest(&self.nodes[node].state) != expected {
                return Err(format!("site {node} holds another state at the end"));
            }
        }
        let mut fresh = State::new(self.truth.rules);
        for (index, entry) in (1..).zip(&self.log) {
            let _ = apply(&mut fresh, index, entry);
        }
        if digest(&fresh) != expected {
            return Err("who applies the log anew holds another state".to_string());
        }
        Ok(())
    }

    fn count_ends(&mut self, before: usize) {
        let new = self.truth.ended.len().saturating_sub(before);
        for ended in self.truth.ended.values().rev().take(new) {
            self.coverage.count(match ended.outcome {
                Outcome::Rejected => "rejected",
                Outcome::Expired => "expired",
                Outcome::Withdrawn => "withdrawn",
                Outcome::Superseded => "superseded",
                Outcome::NoRoom => "no room",
                Outcome::Displaced => "displaced",
                Outcome::Shadow => "shadow",
                Outcome::Done => "done",
                Outcome::RolledBack(_) => "rolled back",
                Outcome::Failed(_) => "failed",
            });
        }
    }
}
