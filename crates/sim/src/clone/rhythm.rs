//! Whether calls come as chance alone brings them, told by the gaps between those of each function.
//!
//! Where calls come by chance at a steady rate (a Poisson process), gaps are exponential, and differ
//! from their mean by 2/e = 0.736 of it in the mean. Timers have gaps far more even, bursts far less.
//! This knows nothing of any forecaster, so it can tell one that is blind from calls that nobody
//! can foresee.

use swell_core::time::Instant;
use swell_trace::arrival::Arrival;

/// By how much gaps that chance makes differ from their mean, as a share of it, where they are few
/// or rates change over a day.
const BY_CHANCE: std::ops::RangeInclusive<f64> = 0.5..=1.0;
/// Fewer gaps of a function tell nothing.
const ENOUGH: usize = 10;

/// The gaps of all functions.
#[derive(Debug, Default)]
pub struct Gaps {
    /// By function, its last call and the gaps before it, in seconds.
    of: Vec<(Option<Instant>, Vec<f64>)>,
}

/// How many functions have a rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rhythm {
    /// Functions that are called often enough to tell.
    pub functions: usize,
    /// Of these, those whose gaps are more even, or less, than chance makes them.
    pub rhythmic: usize,
}

impl Rhythm {
    /// Whether calls come by chance, as far as gaps tell: of no more than a third of functions are
    /// they otherwise.
    pub fn is_by_chance(self) -> bool {
        self.rhythmic * 3 <= self.functions
    }
}

impl Gaps {
    /// A call, in order of time.
    pub fn see(&mut self, call: &Arrival) {
        let index = call.function.index();
        if index >= self.of.len() {
            self.of.resize_with(index + 1, Default::default);
        }
        let (last, gaps) = &mut self.of[index];
        gaps.extend(last.map(|last| call.at.since(last).secs_f64()));
        *last = Some(call.at);
    }

    /// What the gaps tell.
    pub fn rhythm(&self) -> Rhythm {
        let told = self.of.iter().map(|(_, gaps)| gaps).filter(|gaps| gaps.len() >= ENOUGH);
        let rhythmic = told.clone().filter(|gaps| {
            let len = gaps.len() as f64;
            let mean = gaps.iter().sum::<f64>() / len;
            let apart = gaps.iter().map(|gap| (gap - mean).abs()).sum::<f64>() / len;
            !BY_CHANCE.contains(&(apart / mean.max(1e-9)))
        });
        Rhythm { functions: told.clone().count(), rhythmic: rhythmic.count() }
    }
}

#[cfg(test)]
mod tests {
    use swell_core::ids::FunctionId;
    use swell_trace::open::Options;
    use swell_trace::placement::Placement;
    use swell_trace::reading::Reading;
    use swell_trace::trace::Trace;

    use super::*;

    fn rhythm(recipe: &str) -> Rhythm {
        let trace = Trace::named_or_open(&[recipe.into()], &Options::default());
        let trace = trace.expect("it is a recipe");
        let reading = Reading { placement: Placement::Uniform, seed: 1, ..Reading::default() };
        let mut stream = trace.arrivals(&reading).expect("it is generated");
        let (mut gaps, mut chunk) = (Gaps::default(), Vec::new());
        while stream.fill(&mut chunk).is_ok() && !chunk.is_empty() {
            chunk.drain(..).for_each(|call| gaps.see(&call));
        }
        gaps.rhythm()
    }

    #[test]
    fn chance_timers_and_bursts_are_told_apart() {
        for (kind, is_chance) in
            [("poisson", true), ("timers", false), ("bursty", false), ("mixed", false)]
        {
            let found = rhythm(&format!("gen:{kind},functions=60,calls=6000,hours=12,seed=4"));
            assert!(found.functions > 20, "{kind}: {found:?}");
            assert_eq!(found.is_by_chance(), is_chance, "{kind}: {found:?}");
        }
        let call = |seconds: u64| Arrival {
            at: Instant::from_millis(1000 * seconds),
            function: FunctionId(3),
            run: swell_core::time::Span::from_secs(1),
        };
        let mut few = Gaps::default();
        (0..10).for_each(|second| few.see(&call(second)));
        assert_eq!(few.rhythm(), Rhythm::default(), "nine gaps");
        few.see(&call(10));
        assert_eq!(few.rhythm(), Rhythm { functions: 1, rhythmic: 1 });
    }
}
