//! What goes wrong besides load: sites that crash, are cut off, are maintained, or hear late.

use std::ops::Range;

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

/// Minutes that maintenance takes, and before which there is none: it is announced from the beginning.
const MAINTENANCE_MINUTES: usize = 60;
const BEFORE_MINUTES: usize = 60;

/// How each site is in each minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weather {
    conditions: Vec<Vec<Condition>>,
    /// Sites, and minutes in which they are maintained.
    maintenance: Vec<(usize, Range<usize>)>,
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
        let maintenance = maintenance(scenario, minutes);
        for (site, window) in &maintenance {
            conditions[*site][window.clone()].fill(Condition::Down);
        }
        Self { conditions, maintenance, slow: scenario.slow }
    }

    /// Minutes in which a site is maintained.
    pub fn maintenance(&self, site: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let of_site = self.maintenance.iter().filter(move |(of, _)| *of == site);
        of_site.map(|(_, window)| window.clone())
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

/// Which sites are maintained when; no two at a time.
fn maintenance(scenario: &Scenario, minutes: usize) -> Vec<(usize, Range<usize>)> {
    let mut rng = rng::split(scenario.seed, "sites/maintenance");
    let (times, length) = (scenario.maintenance, minutes.saturating_sub(BEFORE_MINUTES));
    let each = length.checked_div(times).unwrap_or(0);
    let window = |time: usize| {
        let site = rng::below(&mut rng, scenario.sites as u64) as usize;
        let from = BEFORE_MINUTES + time * each;
        (site, from..from + each.min(MAINTENANCE_MINUTES))
    };
    (0..times).map(window).filter(|(_, window)| !window.is_empty()).collect()
}
