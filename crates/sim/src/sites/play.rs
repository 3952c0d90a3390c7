//! Plays a scenario with each policy and counts what came of it.

use serde::Serialize;
use swell_core::council::rules::Counting;

use crate::sites::cluster::{Cluster, Served};
use crate::sites::council::Council;
use crate::sites::demand::Demand;
use crate::sites::minute::{Deeds, Minute, Policy};
use crate::sites::reactive::Reactive;
use crate::sites::scenario::{Lies, Scenario};
use crate::sites::standstill::Standstill;
use crate::sites::weather::Weather;

/// A policy to play with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing moves.
    None,
    /// Moves once overloaded.
    Reactive,
    /// Forecasts, proposals, one site one vote.
    Majority,
    /// Forecasts, proposals, weighted votes.
    Weighted,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 4] = [Way::None, Way::Reactive, Way::Majority, Way::Weighted];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Way::None => "none",
            Way::Reactive => "reactive",
            Way::Majority => "majority",
            Way::Weighted => "weighted",
        }
    }

    fn policy(self, scenario: &Scenario, first: Minute<'_>) -> Box<dyn Policy> {
        match self {
            Way::None => Box::new(Standstill),
            Way::Reactive => Box::new(Reactive::default()),
            Way::Majority => Box::new(Council::new(scenario, Counting::Majority, first)),
            Way::Weighted => Box::new(Council::new(scenario, Counting::Weighted, first)),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Outcome {
    /// Share of the load that was dropped.
    pub drop_share: f64,
    /// Mean latency of what was served.
    pub latency_ms: f64,
    /// Minutes of sites above the limit.
    pub overload_minutes: u64,
    /// The same where it lasted for longer than a queue bears.
    pub lasting_minutes: u64,
    /// The same of sites that speak the truth.
    pub honest_lasting_minutes: u64,
    /// Minutes of sites that could not serve all.
    pub full_minutes: u64,
    /// Moves.
    pub moves: u64,
    /// Takeovers from sites that were lost.
    pub takeovers: u64,
    /// Moves that had left their source before the slot that they were for.
    pub timely_moves: u64,
    /// Those that had not.
    pub late_moves: u64,
    /// Moves that turned out not to be needed.
    pub needless_moves: u64,
    /// Moves that were taken back.
    pub undone_moves: u64,
    /// Proposals that came to nothing.
    pub refused_proposals: u64,
    /// Mean minutes from the proposal until the destination took over.
    pub wait_minutes: Option<f64>,
    /// Messages between sites.
    pub messages: u64,
    /// Largest share of weight of a liar at the end.
    pub liar_share: Option<f64>,
    /// Rounds until every liar was below a tenth.
    pub liar_rounds: Option<u64>,
    /// How often a liar came back above a tenth after that.
    pub liar_relapses: Option<u64>,
    /// Share of the slots in which sites that hide what they used were doubted.
    pub caught_share: Option<f64>,
    /// Slots in which an honest site was doubted.
    pub wronged_slots: u64,
}

/// A scenario with all that does not depend on who plays it.
pub struct Stage {
    scenario: Scenario,
    demand: Demand,
    weather: Weather,
}

impl Stage {
    /// Sets the stage.
    pub fn new(scenario: Scenario, demand: Demand) -> Self {
        let weather = Weather::new(&scenario, demand.minutes);
        Self { scenario, demand, weather }
    }

    /// Plays the day one way.
    pub fn play(&self, way: Way) -> Outcome {
        let Self { scenario, demand, weather } = self;
        let mut cluster = Cluster::new(demand);
        let mut served = Served::default();
        let mut policy = way.policy(scenario, Minute { minute: 0, demand, weather });
        for minute in 0..demand.minutes {
            policy.act(Minute { minute, demand, weather }, &mut cluster);
            cluster.serve(demand, weather, minute, scenario.liars, &mut served);
        }
        outcome(scenario, way, &served, &policy.deeds())
    }
}

fn outcome(scenario: &Scenario, way: Way, served: &Served, deeds: &Deeds) -> Outcome {
    let weighs = way == Way::Weighted && scenario.liars > 0 && scenario.lies != Lies::Counters;
    let mean = |sum: u64, of: u64| (of > 0).then(|| sum as f64 / of as f64);
    Outcome {
        drop_share: served.dropped / served.offered.max(f64::MIN_POSITIVE),
        latency_ms: served.latency / (served.offered - served.dropped).max(f64::MIN_POSITIVE),
        overload_minutes: served.overload_minutes,
        lasting_minutes: served.lasting_minutes,
        honest_lasting_minutes: served.honest_lasting_minutes,
        full_minutes: served.full_minutes,
        moves: deeds.moves,
        takeovers: deeds.takeovers,
        timely_moves: deeds.timely,
        late_moves: deeds.late,
        needless_moves: deeds.needless,
        undone_moves: deeds.undone,
        refused_proposals: deeds.refused,
        wait_minutes: mean(deeds.waited_minutes, deeds.handed_over),
        messages: deeds.messages,
        liar_share: weighs.then_some(f64::from(deeds.liar_ppm) / 1e6),
        liar_rounds: if weighs { deeds.liar_rounds } else { None },
        liar_relapses: weighs.then_some(deeds.liar_relapses),
        caught_share: deeds.caught,
        wronged_slots: deeds.wronged,
    }
}
