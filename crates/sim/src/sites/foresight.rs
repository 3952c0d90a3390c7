//! What forecasters say of every workload at the beginning of every slot.
//!
//! What a workload asks for does not depend on where it runs, so it is forecast once for all
//! policies, by each of the methods that sites use. Sites differ in the method they trust.

use swell_forecast::bands::{HIGH, LOW, MEDIAN};
use swell_forecast::local::exponential::Exponential;
use swell_forecast::local::rule::{Conformal, Known, Rule};
use swell_forecast::local::smoothing::Smoothing;
use swell_forecast::local::theta::Theta;

use crate::sites::demand::Demand;
use crate::sites::scenario::SLOT_MINUTES;

/// Slots that are forecast, from the origin's own.
pub const HORIZON: usize = 8;

/// Slots of the past that are looked at: half a day.
const REACH: usize = 144;

/// The lower, middle and upper quantile of a load (10, 50 and 90 %).
pub type Said = [f32; 3];

/// What was said, per method, workload and slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Foresight {
    said: Vec<Vec<Vec<[Said; HORIZON]>>>,
}

/// The methods, by how sites are dealt to them.
fn methods() -> [&'static dyn Rule; 3] {
    [&Conformal(Exponential), &Conformal(Theta), &Conformal(Smoothing)]
}

impl Foresight {
    /// Forecasts everything.
    pub fn new(demand: &Demand) -> Self {
        let slots = demand.minutes / SLOT_MINUTES;
        let counts: Vec<Vec<f32>> = (0..demand.loads.len())
            .map(|workload| {
                (0..slots).map(|slot| demand.slot(workload, slot, SLOT_MINUTES)).collect()
            })
            .collect();
        let of_method = |rule: &dyn Rule| {
            let of_workload = |counts: &Vec<f32>| {
                (0..slots).map(|origin| forecast(rule, &counts[..origin])).collect()
            };
            counts.iter().map(of_workload).collect()
        };
        // Each method on a thread of its own: what they say does not depend on it.
        let of_method = &of_method;
        let said = std::thread::scope(|scope| {
            let threads = methods().map(|rule| scope.spawn(move || of_method(rule)));
            Vec::from(threads.map(|thread| thread.join().expect("a method does not fail")))
        });
        Self { said }
    }

    /// What a site's method says at a slot about a workload, so many slots ahead.
    pub fn said(&self, site: usize, workload: usize, slot: usize, ahead: usize) -> Said {
        let of_method = &self.said[site % self.said.len()][workload];
        let said = of_method.get(slot.min(of_method.len().saturating_sub(1)));
        said.map_or([0.0; 3], |said| said[ahead.min(HORIZON - 1)])
    }

    /// The sum over workloads, each by the share of it that is believed: middles add up, and what is above or below them adds up as
    /// independent errors do.
    pub fn sum(
        &self,
        site: usize,
        workloads: impl Iterator<Item = (usize, f32)>,
        slot: usize,
        ahead: usize,
    ) -> Said {
        let (mut middle, mut below, mut above) = (0.0f32, 0.0f32, 0.0f32);
        for (workload, share) in workloads {
            let said = self.said(site, workload, slot, ahead);
            let [low, half, high] = said.map(|load| load * share);
            middle += half;
            below += (half - low).powi(2);
            above += (high - half).powi(2);
        }
        [(middle - below.sqrt()).max(0.0), middle, middle + above.sqrt()]
    }
}

fn forecast(rule: &dyn Rule, counts: &[f32]) -> [Said; HORIZON] {
    let counts = &counts[counts.len().saturating_sub(REACH)..];
    let Some(&last) = counts.last() else { return [[0.0; 3]; HORIZON] };
    let known = Known::undated(counts, 1, 0);
    let most = 4.0 * counts.iter().fold(1.0f32, |most, count| most.max(*count));
    let forecast = rule.forecast(known, HORIZON).sane(most, last);
    let mut said = [[0.0; 3]; HORIZON];
    for (said, step) in said.iter_mut().zip(&forecast.steps) {
        *said = [step[LOW], step[MEDIAN], step[HIGH]];
    }
    said
}
