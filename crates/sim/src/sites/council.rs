//! Ours: sites commit forecasts, propose, vote and move by the council's state machine.
//!
//! The log is idealised: while most sites hear each other, what they say is in order and
//! known to all of them in the same minute. Each site forecasts itself and the next two,
//! and is watched by two.

use std::collections::BTreeSet;

use swell_core::council::entry::{Band, Command, Entry};
use swell_core::council::judge::{Outlook, judge};
use swell_core::council::machine::apply;
use swell_core::council::order::orders;
use swell_core::council::proposal::Outcome;
use swell_core::council::propose::{Temper, propose};
use swell_core::council::rules::{Counting, Rules};
use swell_core::council::state::State;
use swell_core::council::weighing::standing;
use swell_core::council::words::{Loads, Metric, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};

use crate::sites::character::Character;
use crate::sites::cluster::Cluster;
use crate::sites::counters::Counters;
use crate::sites::foresight::{Foresight, HORIZON};
use crate::sites::hands::{carry_out, settle};
use crate::sites::minute::{Deeds, Minute, Policy, was_needed};
use crate::sites::scenario::{LIMIT, Lies, SLOT_MINUTES, Scenario};
use crate::sites::weather::{Condition, Weather};

/// The slot in which the day begins.
const BEGIN: u64 = 1_000;

/// Below this share, in parts per million, a liar has lost its say.
const LOST_PPM: u32 = 100_000;

/// A site forecasts itself and those that follow it in the circle, so many in all: each site is
/// forecast by as many, so that neither a liar nor one that drifts is the only other voice.
const FORECAST: usize = 3;

/// How easily a site proposes.
const TEMPER: Temper =
    Temper { ahead_slots: 6, alarm_ppm: 845_000, aim_ppm: 700_000, window_slots: 4 };

/// Sites that agree.
pub struct Council {
    state: State,
    sequence: u64,
    characters: Vec<Character>,
    counters: Counters,
    /// How full each site was in the minutes of the slot, summed up.
    sums: Vec<f32>,
    /// Approved, and handed over.
    approved: BTreeSet<ProposalId>,
    handed_over: BTreeSet<ProposalId>,
    /// Ended so far, by the id of the last that was looked at.
    ended: BTreeSet<ProposalId>,
    rounds: u64,
    /// Whether every liar was below a tenth in the last round.
    has_lost: bool,
    deeds: Deeds,
}

impl Council {
    /// A council that counts so.
    pub fn new(scenario: &Scenario, counting: Counting, now: Minute<'_>) -> Self {
        let rules = Rules {
            counting,
            slot: Span::from_mins(SLOT_MINUTES as u64),
            lead_slots: 1,
            horizon_slots: HORIZON as u64,
            season_slots: 1440 / SLOT_MINUTES as u64,
            settle_slots: 1,
            // Weights change every ten minutes.
            round_slots: 5,
            limit_ppm: (LIMIT * 1e6) as u32,
            lease: Span::from_mins(5),
            ..Rules::default()
        };
        let character = |site| match site {
            _ if site < scenario.liars => match scenario.lies {
                Lies::Forecasts => Character::Lying,
                Lies::Counters => Character::Hiding,
                Lies::Ahead => Character::Hedging,
            },
            _ if site < scenario.liars + scenario.drifters => Character::Drifting,
            _ => Character::Honest,
        };
        let characters: Vec<Character> = (0..scenario.sites).map(character).collect();
        let hides = |site: &usize| characters[*site] == Character::Hiding;
        let hiding = (0..scenario.sites).filter(hides).collect();
        let counters = Counters::new(scenario.sites, now.demand.home.len(), hiding);
        let mut council = Self {
            counters,
            state: State::new(rules),
            sequence: 0,
            characters,
            sums: vec![0.0; scenario.sites],
            approved: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            ended: BTreeSet::new(),
            rounds: 0,
            has_lost: false,
            deeds: Deeds::default(),
        };
        for (site, capacity) in now.demand.capacity.iter().enumerate() {
            let (site, capacity) = (SiteId(site as u32), Loads::cpu(*capacity as u64));
            council.say(0, Command::Admit { site, capacity });
        }
        council.say(0, Command::Tick { at: at(0) });
        for (workload, home) in now.demand.home.iter().enumerate() {
            let criticality = now.demand.criticality[workload];
            let workload = WorkloadId(workload as u32);
            let demand = Loads::cpu(1);
            council.say(*home, Command::Register { workload, criticality, demand });
        }
        council
    }

    /// Puts what a site says into the log.
    fn say(&mut self, site: usize, command: Command) -> bool {
        self.sequence += 1;
        self.deeds.messages += 1;
        let (from, sequence) = (SiteId(site as u32), self.sequence);
        let entry = Entry { from, incarnation: 1, sequence, command };
        let index = self.state.index + 1;
        apply(&mut self.state, index, &entry).is_ok()
    }

    /// What was said since the last round is sent to all others, and they answer.
    fn replicate(&mut self) {
        self.deeds.messages += 2 * (self.characters.len() as u64 - 1);
    }

    fn speakers(&self, weather: &Weather, minute: usize) -> Vec<usize> {
        (0..self.characters.len()).filter(|site| weather.speaks(*site, minute)).collect()
    }

    fn hosted(&self, site: usize) -> Vec<usize> {
        hosted(&self.state, site)
    }

    /// Each site tells what it saw of itself and of two others in the slot that is over.
    fn observe(&mut self, speakers: &[usize], minutes: usize) {
        let slot = self.state.slot().minus(1);
        let sites = self.characters.len();
        for &by in speakers {
            for back in 0..3 {
                let target = (by + sites - back) % sites;
                let share = self.sums[target] / minutes as f32 * self.counters.of_site(target);
                let share = self.characters[by].saw(share);
                let (target, metric) = (SiteId(target as u32), Metric::Cpu);
                self.say(by, Command::Observe { target, metric, slot, value_ppm: ppm(share) });
            }
        }
    }

    /// Each site tells what its workloads take, and what it expects of itself and the next.
    fn forecast(&mut self, now: Minute<'_>, speakers: &[usize]) {
        let slot = now.minute / SLOT_MINUTES;
        for &by in speakers {
            for workload in self.hosted(by) {
                let believed = self.counters.of_workload(workload);
                let said = |ahead| now.foresight.said(by, workload, slot, ahead)[1] * believed;
                let most = (0..HORIZON).map(said).fold(1.0, f32::max);
                self.register(by, workload, most as u64);
            }
            let sites = self.characters.len();
            for target in (0..FORECAST.min(sites)).map(|step| (by + step) % sites) {
                let bands = (1..HORIZON).map(|ahead| self.band(now, by, target, ahead)).collect();
                let first = self.state.slot().plus(1);
                let (target, metric) = (SiteId(target as u32), Metric::Cpu);
                self.say(by, Command::Forecast { target, metric, first, bands });
            }
        }
    }

    fn register(&mut self, by: usize, workload: usize, demand: u64) {
        let workload = WorkloadId(workload as u32);
        let Some(known) = self.state.workloads.get(&workload).copied() else { return };
        let before = known.demand.of(Metric::Cpu);
        if before.abs_diff(demand) > before / 10 {
            let (criticality, demand) = (known.criticality, Loads::cpu(demand.max(1)));
            self.say(by, Command::Register { workload, criticality, demand });
        }
    }

    fn band(&self, now: Minute<'_>, by: usize, target: usize, ahead: usize) -> Band {
        let slot = now.minute / SLOT_MINUTES;
        let hosted = self.hosted(target);
        let hosted = hosted.into_iter().map(|of| (of, self.counters.of_workload(of)));
        let said = now.foresight.sum(by, hosted, slot, ahead);
        let tell = |load: f32| {
            let share = load / now.demand.capacity[target];
            ppm(self.characters[by].says(share, ahead, now.minute, now.demand.minutes))
        };
        let mut band = said.map(tell);
        band.sort_unstable();
        let [low_ppm, middle_ppm, high_ppm] = band;
        Band { low_ppm, middle_ppm, high_ppm }
    }

    fn propose(&mut self, speakers: &[usize]) {
        let sites = self.characters.len();
        for &by in speakers {
            for source in (0..FORECAST.min(sites)).map(|step| (by + step) % sites) {
                let (me, source) = (SiteId(by as u32), SiteId(source as u32));
                if let Some(filing) = propose(&self.state, me, source, &TEMPER) {
                    self.say(by, Command::Propose(Box::new(filing)));
                }
            }
        }
    }

    fn vote(&mut self, now: Minute<'_>, speakers: &[usize]) {
        let open = self.state.open.iter().filter(|(_, open)| open.movement.is_none());
        let open: Vec<ProposalId> = open.map(|(id, _)| *id).collect();
        for proposal in open {
            for &by in speakers {
                let me = SiteId(by as u32);
                let Some(open) = self.state.open.get(&proposal) else { break };
                if open.movement.is_some() || open.ballot.votes.contains_key(&me) {
                    continue;
                }
                let claim_ppm = open.ballot.weights.get(&me).copied().unwrap_or(0);
                let character = self.characters[by];
                let (state, counters) = (&self.state, &self.counters);
                let own = Own { state, counters, foresight: now.foresight, now, by, character };
                let (yes, reason) = judge(&self.state, open, &own);
                let yes = character.votes(yes);
                self.say(by, Command::Vote { proposal, yes, reason, claim_ppm });
            }
        }
    }

    fn work(&mut self, speakers: &[usize], cluster: &mut Cluster) {
        for &site in speakers {
            self.say(site, Command::Renew);
            for order in orders(&self.state, SiteId(site as u32)) {
                let (proposal, epoch) = (order.proposal, order.epoch);
                let news = carry_out(site, &order, cluster);
                self.say(site, Command::Report { proposal, epoch, news });
            }
        }
        settle(&self.state, cluster);
    }

    /// Counts what became of proposals.
    fn reckon(&mut self, now: Minute<'_>, cluster: &Cluster) {
        let moving =
            self.state.open.iter().filter_map(|(id, open)| Some((id, open, open.movement?)));
        for (id, open, movement) in moving {
            if self.approved.insert(*id) {
                self.deeds.moves += 1;
                let source = open.filing.source.index();
                let needed =
                    |workload: &WorkloadId| was_needed(now, cluster, source, workload.0 as usize);
                self.deeds.needless += u64::from(!open.filing.workloads.keys().any(needed));
            }
            if movement.is_handed_over() && self.handed_over.insert(*id) {
                let waited = self.state.now.since(open.filed).nanos() / 60_000_000_000;
                self.deeds.handed_over += 1;
                self.deeds.waited_minutes += waited;
            }
        }
        for (id, ended) in &self.state.ended {
            if self.ended.insert(*id) {
                match ended.outcome {
                    Outcome::Done | Outcome::Failed(_) => {}
                    Outcome::RolledBack(_) => self.deeds.undone += 1,
                    _ => self.deeds.refused += 1,
                }
            }
        }
    }

    fn weigh(&mut self) {
        self.rounds += 1;
        let standing = standing(&self.state, Metric::Cpu);
        let lying = standing.iter().filter(|(site, _)| {
            matches!(self.characters[site.index()], Character::Lying | Character::Hedging)
        });
        let largest = lying.map(|(_, share)| *share).max();
        self.deeds.liar_ppm = largest.unwrap_or(0);
        let has_lost = largest.is_some_and(|share| share < LOST_PPM);
        if has_lost && self.deeds.liar_rounds.is_none() {
            self.deeds.liar_rounds = Some(self.rounds);
        }
        self.deeds.liar_relapses += u64::from(self.has_lost && !has_lost);
        self.has_lost = has_lost;
    }
}

impl Policy for Council {
    fn act(&mut self, now: Minute<'_>, cluster: &mut Cluster) {
        if now.minute > 0 {
            self.sums.iter_mut().zip(&cluster.usage).for_each(|(sum, usage)| *sum += usage);
        }
        let is_slot = now.minute.is_multiple_of(SLOT_MINUTES);
        let up = |site: &usize| now.weather.at(*site, now.minute) == Condition::Up;
        let sites = self.characters.len();
        if 2 * (0..sites).filter(up).count() > sites {
            let speakers = self.speakers(now.weather, now.minute);
            let leader = (0..sites).find(up).unwrap_or(0);
            self.say(leader, Command::Tick { at: at(now.minute) });
            if is_slot && now.minute > 0 {
                self.counters.on_slot(now.demand, cluster, now.minute / SLOT_MINUTES - 1);
                self.observe(&speakers, SLOT_MINUTES);
                self.forecast(now, &speakers);
                self.replicate();
                self.propose(&speakers);
            }
            self.replicate();
            self.vote(now, &speakers);
            self.reckon(now, cluster);
            self.work(&speakers, cluster);
            self.reckon(now, cluster);
            self.replicate();
            let round = self.state.rules.round_slots as usize * SLOT_MINUTES;
            if now.minute > 0 && now.minute.is_multiple_of(round) {
                self.weigh();
            }
        }
        if is_slot {
            self.sums.fill(0.0);
        }
    }

    fn deeds(&self) -> Deeds {
        let (caught, wronged) = (self.counters.caught_share(), self.counters.wronged());
        Deeds { caught, wronged, ..self.deeds }
    }
}

/// What a site expects, by its own method.
struct Own<'a> {
    state: &'a State,
    counters: &'a Counters,
    foresight: &'a Foresight,
    now: Minute<'a>,
    by: usize,
    character: Character,
}

impl Outlook for Own<'_> {
    fn peak_ppm(&self, site: SiteId, _: Metric, through: Slot) -> Option<u32> {
        let slot = self.now.minute / SLOT_MINUTES;
        let ahead = through.0.saturating_sub(self.state.slot().0) as usize;
        let hosted = hosted(self.state, site.index());
        let capacity = self.now.demand.capacity[site.index()];
        let hosted = hosted.iter().map(|of| (*of, self.counters.of_workload(*of)));
        let said = |ahead| self.foresight.sum(self.by, hosted.clone(), slot, ahead)[2];
        let peak = (0..=ahead.min(HORIZON - 1)).map(said).fold(0.0, f32::max) / capacity;
        Some(ppm(match self.character {
            Character::Lying | Character::Hedging => peak,
            other => other.says(peak, ahead, self.now.minute, self.now.demand.minutes),
        }))
    }

    fn share_ppm(
        &self,
        workload: WorkloadId,
        site: SiteId,
        _: Metric,
        through: Slot,
    ) -> Option<u32> {
        let (slot, workload) = (self.now.minute / SLOT_MINUTES, workload.0 as usize);
        let ahead = through.0.saturating_sub(self.state.slot().0) as usize;
        let said = |ahead| self.foresight.said(self.by, workload, slot, ahead)[1];
        let most = (0..=ahead.min(HORIZON - 1)).map(said).fold(0.0, f32::max);
        let share =
            most * self.counters.of_workload(workload) / self.now.demand.capacity[site.index()];
        Some(ppm(share))
    }
}

fn hosted(state: &State, site: usize) -> Vec<usize> {
    let holds = state.workloads.iter().filter(|(_, w)| w.authority.holder.index() == site);
    holds.map(|(id, _)| id.0 as usize).collect()
}

fn at(minute: usize) -> Instant {
    Instant::ZERO + Span::from_mins(BEGIN * SLOT_MINUTES as u64 + minute as u64)
}

fn ppm(share: f32) -> u32 {
    (share * 1e6) as u32
}
