//! The steps in which forecasts of one function are shown, where it has chosen some: out of those
//! of the node, in which all functions are counted and learned from.

use swell_api::spec::FunctionSpec;
use swell_forecast::bands::Forecast;
use swell_forecast::sums::{Coupling, sum};

/// A minute, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// How a forecast is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Steps of the node in one that is shown.
    pub each: usize,
    /// Steps of the node that are shown, at most.
    pub steps: usize,
    /// Why not as the function has it, if not.
    pub note: Option<String>,
}

/// How forecasts of a function are shown by a node that forecasts so many steps of so many minutes.
pub fn shape(spec: &FunctionSpec, step_minutes: u64, horizon: usize) -> Shape {
    let mut notes = Vec::new();
    let far = horizon as u64 * step_minutes;
    let asked = spec.forecast_horizon_ms.map(|ms| ms.div_ceil(MINUTE_MS).max(1));
    if let Some(asked) = asked.filter(|&asked| asked > far) {
        notes.push(format!("it asks for {asked} minutes ahead; the node forecasts {far}"));
    }
    let most = asked.map_or(horizon, |asked| asked.div_ceil(step_minutes) as usize).min(horizon);
    let own = spec.forecast_step_ms.map_or(step_minutes, |ms| ms / MINUTE_MS);
    let each = (own / step_minutes) as usize;
    let fits = each > 0 && own.is_multiple_of(step_minutes) && each <= most;
    if !fits {
        notes.push(format!(
            "it asks for steps of {own} minutes; the node's have {step_minutes}, and {} are shown",
            most as u64 * step_minutes
        ));
    }
    let each = if fits { each } else { 1 };
    Shape { each, steps: most / each * each, note: (!notes.is_empty()).then(|| notes.join("; ")) }
}

impl Shape {
    /// The steps as they are shown: quantiles of sums, not sums of quantiles.
    pub fn of(&self, forecast: &Forecast, coupling: Coupling, seed: u64) -> Forecast {
        let steps = &forecast.steps[..self.steps.min(forecast.steps.len())];
        let whole = steps.chunks_exact(self.each);
        Forecast { steps: whole.map(|some| sum(some, coupling.correlation(), seed)).collect() }
    }

    /// Counts of such steps, from those of the node's; one that was not measured whole is a gap.
    pub fn counts(&self, counts: &[Option<u32>]) -> Vec<Option<u32>> {
        let whole = |some: &[Option<u32>]| {
            some.iter().copied().try_fold(0u32, |sum, count| Some(sum.saturating_add(count?)))
        };
        let left_out = counts.len() % self.each;
        counts[left_out..].chunks_exact(self.each).map(whole).collect()
    }
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    fn of(step: Option<u64>, horizon: Option<u64>) -> Shape {
        let mut spec = FunctionSpec::plain("f", BackendName::Modelled);
        spec.forecast_step_ms = step.map(|minutes| minutes * MINUTE_MS);
        spec.forecast_horizon_ms = horizon.map(|minutes| minutes * MINUTE_MS);
        shape(&spec, 5, 12)
    }

    #[test]
    fn steps_and_horizon_are_as_asked_where_they_can_be() {
        for (step, horizon, each, steps, is_noted) in [
            (None, None, 1, 12, false),
            (Some(15), None, 3, 12, false),
            (Some(25), None, 5, 10, false),
            (Some(20), Some(60), 4, 12, false),
            (Some(15), Some(30), 3, 6, false),
            (None, Some(7), 1, 2, false),
            (None, Some(120), 1, 12, true),
            (Some(1), None, 1, 12, true),
            (Some(7), None, 1, 12, true),
            (Some(60), Some(30), 1, 6, true),
        ] {
            let shape = of(step, horizon);
            assert_eq!((shape.each, shape.steps), (each, steps), "{step:?} {horizon:?}");
            assert_eq!(shape.note.is_some(), is_noted, "{shape:?}");
        }
    }

    #[test]
    fn counts_are_summed_and_gaps_stay_gaps() {
        let shape = of(Some(15), None);
        let counts = [Some(9), Some(1), Some(2), Some(3), Some(4), None, Some(5)];
        assert_eq!(shape.counts(&counts), [Some(6), None]);
        let steps = vec![[1.0, 2.0, 5.0, 8.0, 9.0]; 12];
        let shown = shape.of(&Forecast { steps }, Coupling::default(), 1).steps;
        assert_eq!(shown.len(), 4);
        assert!((14.0..=16.0).contains(&shown[0][2]) && shown[0][4] < 27.0, "{shown:?}");
    }
}
