//! The scenario: how many sites, how full, and what goes wrong.

use swell_outlook::methods::Method;
use swell_outlook::temper::SLOT;

/// Minutes from a decision until a workload is ready where it goes.
pub const START_MINUTES: u32 = 2;

/// Minutes that a call may wait in a queue: shorter peaks are evened out.
pub const QUEUE_MINUTES: usize = 5;

/// A site above this share of its capacity is overloaded.
pub const LIMIT: f32 = 0.85;

/// The fewest and most sites.
pub const SITES: (usize, usize) = (3, 50);

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

/// What liars lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// What they forecast, how they vote, and what they tell that they saw.
    Forecasts,
    /// Their counters: they hide what they used.
    Counters,
    /// What they forecast further ahead than the next slot, and how they vote.
    Ahead,
}

/// What is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// How many sites.
    pub sites: usize,
    /// Workloads that are at home at each.
    pub workloads: usize,
    /// Minutes of a slot, by which sites forecast.
    pub slot_minutes: u64,
    /// Mean share of the capacity that the load takes.
    pub fill: f32,
    /// Flash crowds for each site, in a day.
    pub crowds: f32,
    /// Sites that lie.
    pub liars: usize,
    /// What they lie in.
    pub lies: Lies,
    /// Sites whose forecasts are worse by the hour.
    pub drifters: usize,
    /// Times that a site is cut off, over the whole day and all sites.
    pub cuts: usize,
    /// Times that a site crashes.
    pub crashes: usize,
    /// Times that a site is down for maintenance, which it announces before.
    pub maintenance: usize,
    /// Sites with slow links.
    pub slow: usize,
    /// Share of the messages that are lost.
    pub loss: f32,
    /// The method of forecasting that all sites believe.
    pub method: Method,
    /// Chance starts here.
    pub seed: u64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            sites: 5,
            workloads: 8,
            slot_minutes: SLOT.nanos() / MINUTE,
            fill: 0.6,
            crowds: 1.0,
            liars: 0,
            lies: Lies::Forecasts,
            drifters: 0,
            cuts: 0,
            crashes: 0,
            maintenance: 0,
            slow: 0,
            loss: 0.0,
            method: Method::default(),
            seed: 1,
        }
    }
}
