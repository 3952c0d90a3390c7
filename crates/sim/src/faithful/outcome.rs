//! What did a run of a published simulator cost? Counts, and the percentages as printed.
//!
//! The percentages follow the definitions of the two publications, so that they can be
//! compared with the printed ones; they are not Swell's own measures. The most
//! important trap: `cold_pct` leaves dropped calls out of the denominator, so a policy
//! that drops looks better.

use crate::faithful::input::{Function, Input};

/// What happened to the calls of one function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Served by a container that was there.
    pub warm: u64,
    /// Served by a new container.
    pub cold: u64,
    /// Not served: no memory ("capacity miss").
    pub dropped: u64,
}

/// The sum of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Calls of the trace.
    pub calls: u64,
    /// Calls served by a container that was there.
    pub warm: u64,
    /// Calls served by a new container.
    pub cold: u64,
    /// Calls not served.
    pub dropped: u64,
    /// Containers removed to make room or by age.
    pub evictions: u64,
    /// Increase of execution time in percent by the formula of FaasCache's analysis
    /// script (`compute_policy_results.py`), which takes the warm run for the
    /// initialisation: mean over served calls of
    /// `misses * warm / (served * (cold - warm))` per function, 0 where both runs are
    /// equally long. This is the number printed in the FaasCache paper.
    pub script_increase_pct: f64,
    /// Increase of execution time in percent as the simulator itself means it: extra
    /// time of all cold runs over the warm run time of all served calls.
    pub own_increase_pct: f64,
}

impl Outcome {
    /// Sums up `tallies`, one per function of `input`. `cold_run_ms` is the length of a
    /// cold run as the simulator counts it.
    pub fn new(
        input: &Input,
        tallies: &[Tally],
        evictions: u64,
        cold_run_ms: impl Fn(&Function) -> f64,
    ) -> Self {
        let sum = |part: fn(&Tally) -> u64| tallies.iter().map(part).sum::<u64>();
        let (warm, cold) = (sum(|t| t.warm), sum(|t| t.cold));
        let mut script = 0.0;
        let mut extra_ms = 0.0;
        let mut warm_ms = 0.0;
        for (function, tally) in input.functions().iter().zip(tallies) {
            script += tally.cold as f64 * script_ratio(function);
            extra_ms += tally.cold as f64 * (cold_run_ms(function) - f64::from(function.warm_ms));
            warm_ms += (tally.warm + tally.cold) as f64 * f64::from(function.warm_ms);
        }
        Self {
            calls: input.calls().len() as u64,
            warm,
            cold,
            dropped: sum(|t| t.dropped),
            evictions,
            script_increase_pct: percent(script, (warm + cold) as f64),
            own_increase_pct: percent(extra_ms, warm_ms),
        }
    }

    /// Cold calls in percent of **served** calls.
    pub fn cold_pct(&self) -> f64 {
        percent(self.cold as f64, (self.warm + self.cold) as f64)
    }

    /// Dropped calls in percent of all calls.
    pub fn drop_pct(&self) -> f64 {
        percent(self.dropped as f64, self.calls as f64)
    }

    /// Cold and dropped calls in percent of all calls.
    pub fn bad_pct(&self) -> f64 {
        percent((self.cold + self.dropped) as f64, self.calls as f64)
    }
}

/// What one miss weighs in the script: `warm / (cold - warm)`.
fn script_ratio(function: &Function) -> f64 {
    let (cold_ms, warm_ms) = (f64::from(function.cold_ms), f64::from(function.warm_ms));
    if cold_ms == warm_ms {
        return 0.0;
    }
    warm_ms / (cold_ms - warm_ms)
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole == 0.0 {
        return 0.0;
    }
    100.0 * part / whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faithful::input::Call;

    #[test]
    fn percentages_follow_the_publications() {
        let function = |cold_ms, warm_ms| Function {
            mem_mb: 1,
            cold_ms,
            warm_ms,
        };
        let calls = vec![
            Call {
                t_ms: 0.0,
                function: 0
            };
            20
        ];
        let input = Input::new(vec![function(40, 10), function(7, 7)], calls).unwrap();
        let tallies = [
            Tally {
                warm: 6,
                cold: 2,
                dropped: 4,
            },
            Tally {
                warm: 7,
                cold: 1,
                dropped: 0,
            },
        ];
        let outcome = Outcome::new(&input, &tallies, 5, |f| f64::from(f.cold_ms));
        assert_eq!((outcome.calls, outcome.warm, outcome.cold), (20, 13, 3));
        assert_eq!((outcome.dropped, outcome.evictions), (4, 5));
        assert_eq!(outcome.cold_pct(), 100.0 * 3.0 / 16.0);
        assert_eq!(outcome.drop_pct(), 20.0);
        assert_eq!(outcome.bad_pct(), 35.0);
        // Script: 2 misses weigh 10 / 30 each, over 16 served calls.
        assert_eq!(outcome.script_increase_pct, 100.0 * (2.0 / 3.0) / 16.0);
        // Own: 2 misses cost 30 ms each, over 8 * 10 + 8 * 7 ms of warm runs.
        assert_eq!(outcome.own_increase_pct, 100.0 * 60.0 / 136.0);
    }

    #[test]
    fn an_empty_run_costs_nothing() {
        let input = Input::new(Vec::new(), Vec::new()).unwrap();
        let outcome = Outcome::new(&input, &[], 0, |_| 0.0);
        assert_eq!(
            outcome.cold_pct() + outcome.drop_pct() + outcome.bad_pct(),
            0.0
        );
        assert_eq!(outcome.script_increase_pct + outcome.own_increase_pct, 0.0);
    }
}
