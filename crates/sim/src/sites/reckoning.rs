//! What became of proposals, and of who lies.

use std::collections::BTreeSet;

use swell_core::council::arrival::{arrived, lateness, needed};
use swell_core::council::proposal::{Cause, Outcome};
use swell_core::council::state::State;
use swell_core::council::weighing::standing;
use swell_core::council::words::{Metric, ProposalId, WorkloadId};

use crate::sites::cast::Cast;
use crate::sites::character::Character;
use crate::sites::cluster::Cluster;
use crate::sites::minute::{Deeds, Minute, was_needed};
use crate::sites::sights::Sights;

/// Below this share, in parts per million, a liar has lost its say.
const LOST_PPM: u32 = 100_000;

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

/// Counts what became of proposals, and of who lies.
#[derive(Debug, Clone, Default)]
pub struct Reckoning {
    /// Approved, handed over, with all traffic, and ended so far.
    approved: BTreeSet<ProposalId>,
    handed_over: BTreeSet<ProposalId>,
    left: BTreeSet<ProposalId>,
    ended: BTreeSet<ProposalId>,
    rounds: u64,
    /// Whether every liar was below a tenth in the last round.
    has_lost: bool,
    /// Slots in which a site that hides was doubted, and in which it was not.
    doubted: (u64, u64),
    deeds: Deeds,
}

impl Reckoning {
    /// Counts what is new since the last look.
    pub fn look(&mut self, state: &State, cast: &Cast, now: Minute<'_>, cluster: &Cluster) {
        let moving = state.open.iter().filter_map(|(id, open)| Some((id, open, open.movement?)));
        for (id, open, movement) in moving {
            if self.approved.insert(*id) {
                let is_takeover = open.filing.cause == Cause::SourceLost;
                let source = cast.site(open.filing.source);
                let needed = |workload: &WorkloadId| {
                    was_needed(now, cluster, source, cast.workload(*workload))
                };
                let is_rescue =
                    is_takeover || matches!(open.filing.cause, Cause::Maintenance { .. });
                let is_needless = !is_rescue && !open.filing.workloads.keys().any(needed);
                self.deeds.takeovers += u64::from(is_takeover);
                self.deeds.moves += u64::from(!is_takeover);
                self.deeds.needless += u64::from(is_needless);
            }
            if arrived(open).is_some() && needed(&open.filing).is_some() && self.left.insert(*id) {
                let is_late = lateness(open, state.rules.slot).is_some();
                self.deeds.late += u64::from(is_late);
                self.deeds.timely += u64::from(!is_late);
            }
            if movement.is_handed_over() && self.handed_over.insert(*id) {
                self.deeds.handed_over += 1;
                self.deeds.waited_minutes += state.now.since(open.filed).nanos() / MINUTE;
            }
        }
        for (id, ended) in &state.ended {
            if self.ended.insert(*id) {
                match ended.outcome {
                    Outcome::Done | Outcome::Failed(_) => {}
                    Outcome::RolledBack(_) => self.deeds.undone += 1,
                    _ => self.deeds.refused += 1,
                }
            }
        }
    }

    /// A round is over: what liars weigh.
    pub fn weigh(&mut self, state: &State, cast: &Cast) {
        self.rounds += 1;
        let lying = standing(state, Metric::Cpu).into_iter().filter(|(site, _)| {
            let character = cast.characters[cast.site(*site)];
            matches!(character, Character::Lying | Character::Hedging)
        });
        let largest = lying.map(|(_, share)| share).max();
        self.deeds.liar_ppm = largest.unwrap_or(0);
        let has_lost = largest.is_some_and(|share| share < LOST_PPM);
        if has_lost && self.deeds.liar_rounds.is_none() {
            self.deeds.liar_rounds = Some(self.rounds);
        }
        self.deeds.liar_relapses += u64::from(self.has_lost && !has_lost);
        self.has_lost = has_lost;
    }

    /// A slot is over: who is doubted, by the first site that speaks the truth.
    pub fn doubts(&mut self, cast: &Cast, sights: &Sights) {
        let honest = cast.characters.iter().position(|of| *of == Character::Honest);
        let doubted = honest.map(|site| sights.of(site).doubted());
        for (id, character) in cast.sites.iter().zip(&cast.characters) {
            let is_doubted = doubted.is_some_and(|doubted| doubted.contains(id));
            match (*character == Character::Hiding, is_doubted) {
                (true, true) => self.doubted.0 += 1,
                (true, false) => self.doubted.1 += 1,
                (false, true) => self.deeds.wronged += 1,
                (false, false) => {}
            }
        }
    }

    /// What was counted.
    pub fn deeds(&self) -> Deeds {
        let (caught, free) = self.doubted;
        let share = (caught + free > 0).then(|| caught as f64 / (caught + free) as f64);
        Deeds { caught: share, ..self.deeds }
    }
}
