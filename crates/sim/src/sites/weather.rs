//! What goes wrong besides load: sites that crash, are cut off, or hear late.

use swell_core::rng;

use crate::sites::scenario::Scenario;

/// How a site is in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It serves and hears.
    Up,
    /// It serves, and neither hears nor is heard.
    Cut,
    /// It is down.
    Down,
}

/// Minutes that a site is cut off, or down.
const CUT_MINUTES: u64 = 60;
const DOWN_MINUTES: u64 = 20;

/// How each site is in each minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weather {
    conditions: Vec<Vec<Condition>>,
    slow: usize,
}

impl Weather {
    /// The weather of a scenario.
    pub fn new(scenario: &Scenario, minutes: usize) -> Self {
        let mut rng = rng::split(scenario.seed, "sites/weather");
        let mut conditions = vec![vec![Condition::Up; minutes]; scenario.sites];
        let cuts = (0..scenario.cuts).map(|_| (Condition::Cut, CUT_MINUTES));
        let crashes = (0..scenario.crashes).map(|_| (Condition::Down, DOWN_MINUTES));
        for (condition, length) in cuts.chain(crashes).filter(|_| minutes > 0) {
            let site = rng::below(&mut rng, scenario.sites as u64) as usize;
            let begin = rng::below(&mut rng, minutes as u64) as usize;
            let length = length / 2 + rng::below(&mut rng, length);
            let row = conditions[site].iter_mut().skip(begin).take(length as usize);
            row.for_each(|minute| *minute = condition);
        }
        Self { conditions, slow: scenario.slow }
    }

    /// How a site is in a minute.
    pub fn at(&self, site: usize, minute: usize) -> Condition {
        self.conditions[site].get(minute).copied().unwrap_or(Condition::Up)
    }

    /// Whether what a site says in this minute arrives in it: over a slow link only every
    /// third minute's does.
    pub fn speaks(&self, site: usize, minute: usize) -> bool {
        let is_late = site < self.slow && !minute.is_multiple_of(3);
        self.at(site, minute) == Condition::Up && !is_late
    }
}
