//! The truth in place of a forecast: what the best of all forecasters would say.
//!
//! It knows how many calls come in each minute, and nothing of when within it. What clones save
//! with it is the most that any forecast of minutes can save, so what is missing to it is the
//! forecaster's, and what it leaves is not.

use swell_core::demand::{FunctionDemand, StepDemand, WHOLE};
use swell_core::ids::FunctionId;

/// The calls of every step, before they come.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    steps: Vec<Vec<(FunctionId, u32)>>,
}

impl Truth {
    /// A call of a function comes in a step.
    pub fn add(&mut self, step: usize, function: FunctionId) {
        if step >= self.steps.len() {
            self.steps.resize(step + 1, Vec::new());
        }
        let calls = &mut self.steps[step];
        match calls.binary_search_by_key(&function, |&(function, _)| function) {
            Ok(place) => calls[place].1 += 1,
            Err(place) => calls.insert(place, (function, 1)),
        }
    }

    /// What comes in the steps from `step` on, of all functions that are called in them.
    pub(crate) fn foresee(&self, step: usize, horizon: usize) -> Vec<FunctionDemand> {
        let ahead = |ahead: usize| self.steps.get(step + ahead).map_or(&[][..], Vec::as_slice);
        let mut functions: Vec<FunctionId> = (0..horizon)
            .flat_map(|place| ahead(place).iter().map(|&(function, _)| function))
            .collect();
        functions.sort_unstable();
        functions.dedup();
        let demand = |function: FunctionId| FunctionDemand {
            function,
            confidence: WHOLE,
            steps: (0..horizon).map(|place| certain(ahead(place), function)).collect(),
            known: Vec::new(),
        };
        functions.into_iter().map(demand).collect()
    }
}

fn certain(calls: &[(FunctionId, u32)], function: FunctionId) -> StepDemand {
    let found = calls.binary_search_by_key(&function, |&(function, _)| function);
    let calls = found.map_or(0, |place| calls[place].1).saturating_mul(1000);
    let chance = if calls > 0 { WHOLE } else { 0 };
    StepDemand { chance, q10: calls, q50: calls, q90: calls, q95: calls }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_comes_and_nothing_else() {
        let mut truth = Truth::default();
        for (step, function) in [(2, 7), (2, 3), (2, 7), (3, 3)] {
            truth.add(step, FunctionId(function));
        }
        let said = |step: usize| {
            let each = truth.foresee(step, 2).into_iter();
            each.map(|one| (one.function.0, one.steps[0].q50, one.steps[1].q50)).collect::<Vec<_>>()
        };
        assert_eq!(said(0), []);
        assert_eq!(said(1), [(3, 0, 1000), (7, 0, 2000)]);
        assert_eq!(said(2), [(3, 1000, 1000), (7, 2000, 0)]);
        assert_eq!(said(3), [(3, 1000, 0)]);
        assert_eq!(said(9), []);
        assert!(truth.foresee(2, 2).iter().flat_map(|one| &one.steps).all(StepDemand::is_sound));
    }
}
