//! What a site is told: how easily it proposes, and how it takes its time.

use std::time::Duration;

use swell_core::council::propose::Temper;
use swell_core::council::rules::Rules;
use swell_core::time::Span;

use swell_outlook::methods::Method;
use swell_outlook::temper::TEMPER;

/// Settings of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How easily it proposes.
    pub temper: Temper,
    /// The method of forecasting to believe.
    pub method: Method,
    /// How long each part of the traffic is served before it counts as shifted.
    pub dwell: Duration,
    /// How long it waits besides for the first calls of a workload that is hardly ever called.
    pub judging: Duration,
    /// How long the log may take to decide what this site says.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temper: TEMPER,
            method: Method::default(),
            dwell: Duration::from_secs(10),
            judging: Duration::from_secs(20),
            patience: Duration::from_secs(10),
        }
    }
}

/// How often the leader tells the time, and every site looks what there is to do: a few times in
/// a slot.
pub fn beat(rules: &Rules) -> Duration {
    let eighth = Duration::from_nanos(rules.slot.nanos() / 8);
    eighth.clamp(Duration::from_millis(50), Duration::from_secs(5))
}

/// Rules for sites that are on one machine and have little time, as in a demonstration: slots of
/// this length, and everything else by it.
pub fn hurried(slot: Span) -> Rules {
    Rules {
        slot,
        lead_slots: 1,
        horizon_slots: 12,
        season_slots: 30,
        round_slots: 3,
        settle_slots: 1,
        lease: slot * 10,
        step: slot * 15,
        rest: slot * 10,
        tick: slot * 30,
        ..Rules::default()
    }
}
