//! How many instances a step needs: not its calls, but how many of them run at a time.
//!
//! Calls that come by chance and run for `r` meet on average `calls x r / step` others at
//! work, Poisson-distributed (the infinite-server queue, M/G/inf: Palm, 1943). So a call
//! needs the `n`-th instance with the chance that `n - 1` are taken, and the step needs it
//! at all with the chance that any of its calls does.

use crate::demand::{StepDemand, WHOLE};
use crate::time::Span;

/// What the quantiles of a forecast stand for, in thousandths: the lowest for what lies
/// below the middle of it and the next, and so on.
const MASSES: [f64; 4] = [0.3, 0.4, 0.225, 0.075];
/// How much of the lowest's mass goes to the highest if the forecast is not believed at all.
const DOUBT: f64 = 0.15;
/// Calls at work from which on their number is taken to be normal.
const MANY: f64 = 50.0;

/// How demand of a step falls on instances.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Calls that may come, and the mass of each case.
    cases: [(f64, f64); 4],
    chance: f64,
    /// Calls at work per call in the step.
    overlap: f64,
    concurrency: f64,
}

/// What the `n`-th instance has to do in the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Use {
    /// Chance that it is needed at all.
    pub chance: f64,
    /// How often it is needed in the mean.
    pub times: f64,
}

impl Need {
    /// The need of a step of that length, of which `share` is still to come.
    pub fn new(
        demand: StepDemand,
        confidence: u16,
        share: f64,
        step: Span,
        run: Span,
        concurrency: u32,
    ) -> Self {
        let doubt = DOUBT * (1.0 - f64::from(confidence.min(WHOLE)) / f64::from(WHOLE));
        let mut masses = MASSES;
        masses[0] -= doubt;
        masses[3] += doubt;
        let calls = [demand.q10, demand.q50, demand.q90, demand.q95];
        let cases =
            std::array::from_fn(|case| (f64::from(calls[case]) / 1e3 * share, masses[case]));
        let chance = f64::from(demand.chance.min(WHOLE)) / f64::from(WHOLE) * share;
        let overlap = run.secs_f64() / step.secs_f64().max(1e-3) / share.max(1e-3);
        Self { cases, chance, overlap, concurrency: f64::from(concurrency.max(1)) }
    }

    /// What the `n`-th instance has to do, from 1 on.
    pub fn of(&self, n: u32) -> Use {
        let taken = f64::from(n - 1) * self.concurrency;
        let (mut chance, mut times) = (0.0, 0.0);
        for (calls, mass) in self.cases {
            let uses = calls * tail(calls * self.overlap, taken);
            chance += mass * (1.0 - exp_of_minus(uses));
            times += mass * uses;
        }
        // Of the first instance the forecast may know more than the counts tell.
        if n == 1 {
            chance = chance.max(self.chance);
        }
        Use { chance, times: times.max(chance) }
    }
}

/// The chance that a Poisson number of that mean is at least `least`.
pub(crate) fn tail(mean: f64, least: f64) -> f64 {
    if least <= 0.0 {
        return 1.0;
    }
    if mean > MANY {
        // The logistic curve, which is within a hundredth of the normal one.
        let far = 1.702 * (least - 0.5 - mean) / mean.sqrt();
        let small = exp_of_minus(far.abs());
        return if far > 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
    }
    let mut term = exp_of_minus(mean);
    let mut below = term;
    let mut number = 1.0;
    while number < least && (number < mean || term > 1e-12) {
        term *= mean / number;
        below += term;
        number += 1.0;
    }
    (1.0 - below).max(0.0)
}

/// e to the power of `-x`, by arithmetic alone, so that every machine decides alike.
pub(crate) fn exp_of_minus(x: f64) -> f64 {
    if x > 60.0 {
        return 0.0;
    }
    // e^-x = (e^(-x / 1024))^1024, and the inner one needs few terms.
    let y = -x / 1024.0;
    let mut power = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0 * (1.0 + y / 5.0))));
    for _ in 0..10 {
        power *= power;
    }
    power.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(calls: u32, chance: u16) -> StepDemand {
        let calls = calls * 1000;
        StepDemand { chance, q10: calls, q50: calls, q90: calls, q95: calls }
    }

    fn need(calls: u32, run_s: u64, concurrency: u32) -> Need {
        let (step, run) = (Span::from_mins(5), Span::from_secs(run_s));
        Need::new(said(calls, 0), WHOLE, 1.0, step, run, concurrency)
    }

    #[test]
    fn requests_are_not_instances() {
        // 300 calls of 100 ms in five minutes: a tenth of a call at work at a time.
        let quick =
            Need::new(said(300, 0), WHOLE, 1.0, Span::from_mins(5), Span::from_millis(100), 1);
        assert!(quick.of(1).chance > 0.999 && quick.of(1).times > 299.0);
        assert!((quick.of(2).times - 28.5).abs() < 0.3, "{:?}", quick.of(2));
        assert!(quick.of(5).chance < 0.01, "{:?}", quick.of(5));
        // The same calls of ten seconds: ten at work in the mean.
        let slow = need(300, 10, 1);
        assert!(slow.of(10).chance > 0.999 && slow.of(30).chance < 0.001, "{:?}", slow.of(30));
        // Four at a time: a fourth of that.
        let shared = need(300, 10, 4);
        assert!(shared.of(3).chance > 0.999 && shared.of(8).chance < 0.01);
    }

    #[test]
    fn exponentials_and_tails_are_right() {
        for x in [0.0f64, 1e-9, 0.3, 1.0, 7.5, 30.0, 60.0] {
            let (ours, known) = (exp_of_minus(x), (-x).exp());
            assert!((ours - known).abs() <= known * 1e-6, "e^-{x}: {ours} not {known}");
        }
        // Known values of the Poisson distribution.
        for (mean, least, expected) in
            [(1.0, 1.0, 0.6321), (1.0, 2.0, 0.2642), (10.0, 15.0, 0.0835), (49.0, 60.0, 0.0711)]
        {
            let found = tail(mean, least);
            assert!((found - expected).abs() < 1e-3, "{mean} {least}: {found}");
        }
        assert!((tail(100.0, 110.0) - 0.171).abs() < 0.01);
    }

    #[test]
    fn deeper_instances_are_needed_less_and_more_calls_need_more() {
        for calls in [0, 1, 7, 90, 3_000, 2_000_000] {
            let (less, more) = (need(calls, 10, 1), need(calls + calls / 5 + 1, 10, 1));
            for n in 1..400 {
                let (own, deeper) = (less.of(n), less.of(n + 1));
                assert!(deeper.chance <= own.chance + 1e-9, "{calls} {n}");
                assert!(more.of(n).chance >= own.chance - 1e-9, "{calls} {n}");
                assert!((0.0..=1.0).contains(&own.chance) && own.times.is_finite());
            }
        }
    }
}
