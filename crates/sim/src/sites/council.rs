//! Ours: sites commit forecasts, propose, vote and move, as live sites do.
//!
//! What a site sees, expects, says and votes is what a live one does, by the same rules; only what
//! carries it is played: boards and messages, which may be late or lost, and hands, which take
//! their time. The log is idealised: while most sites hear each other, what they say is in order
//! and known to all of them at once.

use std::collections::BTreeMap;

use swell_core::council::acting::{Tenure, is_renewal_due, is_waited_for};
use swell_core::council::entry::{Command, Entry, Reason};
use swell_core::council::judge::judge;
use swell_core::council::machine::apply;
use swell_core::council::order::orders;
use swell_core::council::proposal::Cause;
use swell_core::council::rules::{Counting, Rules};
use swell_core::council::state::{Proposal, State};
use swell_core::council::together::Joined;
use swell_core::council::words::{Criticality, Loads, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::rng::{self, Rng};
use swell_core::time::{Instant, Span};
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::occasion::Occasion;
use swell_outlook::board::Board;
use swell_outlook::statements::{forecasts, observations, proposals, workloads};
use swell_outlook::temper::TEMPER;
use swell_outlook::view::View;
use swell_outlook::{aftermath, failing, lost, maintained};

use crate::sites::cast::Cast;
use crate::sites::character::Believing;
use crate::sites::cluster::Cluster;
use crate::sites::gauges::Gauges;
use crate::sites::hands::Hands;
use crate::sites::minute::{Deeds, Minute, Policy};
use crate::sites::reckoning::Reckoning;
use crate::sites::scenario::Scenario;
use crate::sites::sights::Sights;
use crate::sites::weather::{Condition, Weather};

/// The slot in which the day begins.
const BEGIN: u64 = 1_000;

/// How often the leader tells the time and sites look what there is to do, as live.
const BEAT: Span = Span::from_secs(5);
const BEATS: u64 = 12;

/// Sites that agree.
pub struct Council {
    state: State,
    sequence: u64,
    begin: Instant,
    cast: Cast,
    loss: f64,
    rng: Rng,
    sights: Sights,
    gauges: Gauges,
    hands: Hands,
    tenures: Vec<Option<Tenure>>,
    /// Who has yet to say what a slot that is over asks for.
    due: Vec<bool>,
    /// The last slot that was looked at.
    slot: Slot,
    reckoning: Reckoning,
    messages: u64,
}

/// The rules of a scenario: those of live sites.
fn rules(scenario: &Scenario, counting: Counting) -> Rules {
    Rules { counting, ..Rules::with_slot(Span::from_mins(scenario.slot_minutes)) }
}

impl Council {
    /// A council that counts so.
    pub fn new(scenario: &Scenario, counting: Counting, now: Minute<'_>) -> Self {
        let rules = rules(scenario, counting);
        let cast = Cast::new(scenario, now.demand.home.len());
        let begin = Instant::ZERO + rules.slot * BEGIN;
        let mut council = Self {
            state: State::new(rules),
            sequence: 0,
            begin,
            loss: 0.0,
            rng: rng::split(scenario.seed, "sites/loss"),
            sights: Sights::new(scenario.sites, &rules, scenario.method),
            gauges: Gauges::default(),
            hands: Hands::default(),
            tenures: vec![None; scenario.sites],
            due: vec![false; scenario.sites],
            slot: Slot::of(begin, rules.slot).minus(1),
            reckoning: Reckoning::default(),
            messages: 0,
            cast,
        };
        for (site, [work, memory]) in now.demand.capacity.iter().enumerate() {
            let capacity = Loads([*work as u64, *memory as u64, 0, 0]);
            council.say(0, Command::Admit { site: council.cast.sites[site], capacity });
        }
        council.say(0, Command::Tick { at: begin });
        for (workload, home) in now.demand.home.iter().enumerate() {
            let criticality = now.demand.criticality[workload];
            let workload = council.cast.workloads[workload];
            council.say(*home, Command::Register { workload, criticality, demand: Loads::cpu(1) });
        }
        council.loss = f64::from(scenario.loss);
        council
    }

    /// Puts what a site says into the log, unless it is lost on its way.
    fn say(&mut self, site: usize, command: Command) {
        self.sequence += 1;
        self.messages += 1;
        // The leader's clock has no way to go.
        let goes = !matches!(command, Command::Tick { .. });
        if goes && self.loss > 0.0 && rng::unit(&mut self.rng) < self.loss {
            return;
        }
        let (from, sequence) = (self.cast.sites[site], self.sequence);
        let entry = Entry { from, incarnation: 1, sequence, command };
        let index = self.state.index + 1;
        // What is refused is as if it had not been said, as live.
        let _ = apply(&mut self.state, index, &entry);
    }

    /// A slot is over: every site that is up reads the boards of those that it hears.
    fn look(&mut self, now: Minute<'_>, at: Instant) {
        let sites = self.cast.sites.len();
        let condition = |site: usize| now.weather.at(site, now.minute);
        let up: Vec<usize> =
            (0..sites).filter(|site| condition(*site) != Condition::Down).collect();
        let board = |site: &usize| (self.cast.sites[*site], self.board(*site, at, now.weather));
        let boards = up.iter().map(board).collect();
        let hears = |by: usize, of: usize| {
            by == of || (condition(by) == Condition::Up && condition(of) == Condition::Up)
        };
        let mut heard = Vec::with_capacity(sites);
        for by in 0..sites {
            let mut those: Vec<usize> = up.iter().copied().filter(|of| hears(by, *of)).collect();
            if self.loss > 0.0 {
                those.retain(|of| *of == by || rng::unit(&mut self.rng) >= self.loss);
            }
            self.messages += 2 * those.len() as u64;
            let those = those.into_iter().map(|of| self.cast.sites[of]).collect();
            heard.push((condition(by) != Condition::Down).then_some(those));
        }
        let is_down = |site: &SiteId| self.state.maintenance.is_down(*site, self.slot);
        let down = self.cast.sites.iter().copied().filter(is_down).collect();
        self.sights.on_slot(self.slot, &boards, &heard, (&self.state.rules, &down));
        self.due.fill(true);
        self.reckoning.doubts(&self.cast, &self.sights);
    }

    /// What a site tells of itself, with when it is maintained.
    fn board(&self, site: usize, at: Instant, weather: &Weather) -> Board {
        let mut board = self.gauges.board(site, &self.cast, at);
        let ms = |minute: usize| (self.begin + Span::from_mins(minute as u64)).nanos() / 1_000_000;
        let told = weather.maintenance(site).map(|window| Occasion {
            id: format!("maintenance-{}", window.start),
            kind: "maintenance".to_string(),
            start_ms: ms(window.start),
            end_ms: ms(window.end),
            functions: vec![format!("site/{}", self.cast.names[site])],
            effect: Announced::Unmeasured,
            ..Occasion::default()
        });
        board.occasions = told.collect();
        board
    }

    /// What a site says of the slot that is over, and what it proposes.
    fn speak(&mut self, site: usize, now: Minute<'_>) {
        let me = self.cast.sites[site];
        let here = self.here(me, now);
        let (state, monitor) = (&self.state, self.sights.of(site));
        let mut said = workloads(state, monitor, me, &here);
        said.extend(observations(state, monitor, me));
        said.extend(forecasts(state, monitor, me));
        said.extend(aftermath::complaints(state, monitor, me));
        let board = self.board(site, state.now, now.weather);
        said.extend(maintained::statement(state, me, &board));
        self.say_all(site, said, now);
        let up: Vec<SiteId> = self.up(now).map(|site| self.cast.sites[site]).collect();
        let is_there = |site: SiteId| up.contains(&site);
        let (state, monitor) = (&self.state, self.sights.of(site));
        // No flows are played: each workload moves alone.
        let alone = Joined::default();
        let mut said = proposals(state, me, &alone, &TEMPER);
        let mut filings = failing::proposals((state, &alone), monitor, me, &is_there, &TEMPER);
        filings.extend(maintained::proposals((state, &alone), me, &is_there, &TEMPER));
        filings.extend(lost::proposals((state, &alone), me, &is_there, &TEMPER));
        said.extend(filings.into_iter().map(|it| Command::Propose(Box::new(it))));
        self.say_all(site, said, now);
    }

    fn say_all(&mut self, site: usize, said: Vec<Command>, now: Minute<'_>) {
        let character = self.cast.characters[site];
        for command in said {
            self.say(site, character.says(command, now.day()));
        }
    }

    /// What is deployed at a site: what it has authority over.
    fn here(&self, me: SiteId, now: Minute<'_>) -> BTreeMap<WorkloadId, Criticality> {
        let held = self.state.workloads.iter().filter(|(_, of)| of.authority.holder == me);
        held.map(|(id, _)| (*id, now.demand.criticality[self.cast.workload(*id)])).collect()
    }

    fn up<'a>(&'a self, now: Minute<'a>) -> impl Iterator<Item = usize> + 'a {
        let is_up = move |site: &usize| now.weather.at(*site, now.minute) == Condition::Up;
        (0..self.cast.sites.len()).filter(is_up)
    }

    fn vote(&mut self, now: Minute<'_>, speakers: &[usize]) {
        let open = self.state.open.iter().filter(|(_, open)| open.movement.is_none());
        let open: Vec<ProposalId> = open.map(|(id, _)| *id).collect();
        for proposal in open {
            for &by in speakers {
                let me = self.cast.sites[by];
                let Some(open) = self.state.open.get(&proposal) else { break };
                let Some(claim_ppm) = open.ballot.weights.get(&me).copied() else { continue };
                if open.movement.is_some() || open.ballot.votes.contains_key(&me) {
                    continue;
                }
                let (yes, reason) = self.opinion(by, open, now);
                let yes = self.cast.characters[by].votes(yes);
                self.say(by, Command::Vote { proposal, yes, reason, claim_ppm });
            }
        }
    }

    /// As a live site judges: nobody takes over from a site that is there.
    fn opinion(&self, by: usize, open: &Proposal, now: Minute<'_>) -> (bool, Reason) {
        let is_up = self.up(now).any(|site| self.cast.sites[site] == open.filing.source);
        if open.filing.cause == Cause::SourceLost && is_up {
            return (false, Reason::NotNeeded);
        }
        let view = &View { monitor: self.sights.of(by), state: &self.state };
        let character = self.cast.characters[by];
        judge(&self.state, open, &Believing { view, character, day: now.day() })
    }

    /// What there is to do at a beat.
    fn act_at(&mut self, at: Instant, speakers: &[usize], now: Minute<'_>, cluster: &mut Cluster) {
        self.vote(now, speakers);
        self.reckoning.look(&self.state, &self.cast, now, cluster);
        for &site in speakers {
            let me = self.cast.sites[site];
            if is_renewal_due(&self.state, me, self.tenures[site], at) {
                let tenure = Tenure::asked(&self.state, at);
                self.say(site, Command::Renew);
                self.tenures[site] = Some(tenure);
            }
            if is_waited_for(&self.state, me) {
                self.say(site, Command::Cede { upto: self.state.epoch });
            }
            for order in orders(&self.state, me) {
                let (proposal, epoch) = (order.proposal, order.epoch);
                if let Some(news) = self.hands.work(site, &order, at, &self.cast, cluster) {
                    self.say(site, Command::Report { proposal, epoch, news, why: None });
                }
            }
        }
        self.hands.settle(&self.state, &self.cast, cluster);
        self.reckoning.look(&self.state, &self.cast, now, cluster);
    }
}

impl Policy for Council {
    fn act(&mut self, now: Minute<'_>, cluster: &mut Cluster) {
        let Some(before) = now.minute.checked_sub(1) else {
            return self.look(now, self.begin);
        };
        self.gauges.on_minute(now.demand, cluster, now.weather, &self.cast, before);
        // The beats since the last minute; what it brings is known at the last of them.
        for beat in 1..=BEATS {
            let at = self.begin + Span::from_mins(before as u64) + BEAT * beat;
            let over = Slot::of(at, self.state.rules.slot).minus(1);
            if over > self.slot {
                self.slot = over;
                self.look(now, at);
            }
            let up: Vec<usize> = self.up(now).collect();
            let sites = self.cast.sites.len();
            let Some(&leader) = up.first().filter(|_| 2 * up.len() > sites) else { continue };
            let speakers = speakers(&up, now.weather, now.minute);
            let said = self.sequence;
            self.say(leader, Command::Tick { at });
            for &site in &speakers {
                if std::mem::take(&mut self.due[site]) {
                    self.speak(site, now);
                }
            }
            self.act_at(at, &speakers, now, cluster);
            // What was said is sent to all others, and they answer.
            self.messages += if self.sequence > said { 2 * (up.len() as u64 - 1) } else { 0 };
        }
        let rules = self.state.rules;
        let round = rules.slot * rules.round_slots;
        let age = Span::from_mins(now.minute as u64);
        if age.nanos().is_multiple_of(round.nanos().max(1)) {
            self.reckoning.weigh(&self.state, &self.cast);
        }
    }

    fn deeds(&self) -> Deeds {
        Deeds { messages: self.messages, ..self.reckoning.deeds() }
    }
}

fn speakers(up: &[usize], weather: &Weather, minute: usize) -> Vec<usize> {
    up.iter().copied().filter(|site| weather.speaks(*site, minute)).collect()
}
