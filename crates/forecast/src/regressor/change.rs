//! By how many times calls are going to change from how they were of late, by what other series
//! show: for whoever rests on the last counts and sees no series himself.

use crate::bands::{Forecast, MEDIAN};
use crate::checkpoint::CheckpointError;
use crate::regressor::inputs::EACH;
use crate::regressor::ridge::Ridge;
use crate::series::Series;

/// Of fewer calls a step nothing can be told from how they change.
const CALLS_MIN: f32 = 0.05;
/// They change so many times at most, either way.
const TIMES_MAX: f32 = 5.0;

/// How counts differed from those before them.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    ridge: Ridge,
}

impl Change {
    /// Nothing learned yet of series of these names.
    pub fn new(names: &[&str]) -> Self {
        Self { ridge: Ridge::new(names, EACH) }
    }

    /// Whether it is of series of these names.
    pub fn is_of(&self, names: &[&str]) -> bool {
        self.ridge.is_of(names)
    }

    /// Takes in what came of a step, beside how calls were of late when it began and what was known
    /// of the series then.
    pub fn learn(&mut self, function: &str, inputs: &[f64], late: Option<f32>, came: u32) {
        if let Some(late) = late {
            self.ridge.learn(function, inputs, &[late; 5], came as f32);
        }
    }

    /// How many times as many calls as of late come in each of the steps ahead whose numbers are
    /// given; none where too few came of late.
    pub fn times(&self, function: &str, late: Option<f32>, inputs: &[Vec<f64>]) -> Vec<f32> {
        let Some(late) = late.filter(|late| *late > CALLS_MIN) else { return Vec::new() };
        let flat = Forecast::flat([late; 5], inputs.len());
        let told = self.ridge.apply(function, flat, |ahead| inputs[ahead].clone(), f32::MAX);
        let times = |quantiles: &[f32; 5]| quantiles[MEDIAN] / late;
        told.steps.iter().map(|step| times(step).clamp(1.0 / TIMES_MAX, TIMES_MAX)).collect()
    }

    /// What was learned, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.ridge.to_bytes()
    }

    /// What [`Change::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Ok(Self { ridge: Ridge::from_bytes(bytes)? })
    }
}

/// How many calls came in a step of late: the mean of those of the last `steps` before `end` that
/// were measured.
pub fn of_late(counts: &Series, end: usize, steps: usize) -> Option<f32> {
    let last = end.saturating_sub(steps)..end;
    let known: Vec<u32> = last.filter_map(|step| counts.get(step)).collect();
    let sum: f32 = known.iter().map(|&count| count as f32).sum();
    (!known.is_empty()).then(|| sum / known.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_to_change_as_the_series_does() {
        let mut change = Change::new(&["queue"]);
        for turn in 0..600 {
            let (queue, came) = if turn % 2 == 0 { (1.0, 30) } else { (-1.0, 10) };
            change.learn("mail", &[queue, 0.0, 0.0], Some(20.0), came);
        }
        let inputs = [1.0, -1.0, 0.0].map(|queue| vec![queue, 0.0, 0.0]);
        let times = change.times("mail", Some(20.0), &inputs);
        let [more, less, same] = times[..] else { panic!("three steps: {times:?}") };
        assert!((1.3..1.6).contains(&more) && (0.4..0.7).contains(&less), "{times:?}");
        assert_eq!(same, 1.0);
        let wild = change.times("mail", Some(20.0), &[vec![6.0, 6.0, 6.0], vec![-6.0; 3]]);
        assert!(wild.iter().all(|times| (0.2..=5.0).contains(times)), "{wild:?}");
        for late in [None, Some(0.0)] {
            assert!(change.times("mail", late, &inputs).is_empty());
        }
        assert_eq!(Change::from_bytes(&change.to_bytes()), Ok(change));
    }

    #[test]
    fn what_came_of_late_is_what_was_measured() {
        let counts = Series::from_counts([Some(9), Some(2), None, Some(4), Some(70)]);
        assert_eq!(of_late(&counts, 4, 3), Some(3.0));
        assert_eq!((of_late(&counts, 3, 1), of_late(&counts, 0, 3)), (None, None));
    }
}
