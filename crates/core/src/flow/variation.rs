//! How much gaps between items and the work on them vary, measured as they come and go.
//!
//! Kingman's approximation takes both as squared coefficients of variation. Gaps are not timed: how
//! much the count of a tick differs from what the ticks before it let expect tells the same, as the
//! index of dispersion of counts of a renewal process is the squared coefficient of variation of its
//! gaps (Cox and Lewis, *The Statistical Analysis of Series of Events*, 1966, chapter 4). Of what
//! was not measured yet it is assumed to be 1, as of gaps and work at random.

/// How much a tick counts less than the next one: it looks back over about ten seconds.
const FADING: f64 = 0.99;
/// So many items' worth of the assumption that all is random.
const ASSUMED: f64 = 10.0;
/// No coefficient is believed to be more.
const MOST: f64 = 100.0;

/// Measures variation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Variation {
    /// Items that were expected, and the squares of what came beside.
    expected: f64,
    beside: f64,
    /// Items that were worked on, how long together, and the squares of that.
    items: f64,
    work: f64,
    squares: f64,
}

impl Variation {
    /// In a tick so many items came where so many were expected by those before it.
    pub fn came(&mut self, items: f64, expected: f64) {
        self.expected = FADING * self.expected + expected;
        self.beside = FADING * self.beside + (items - expected) * (items - expected);
    }

    /// So many items were worked on in a tick, which took so long together; `squares` is the sum of
    /// the squares of what each took, in the square of that unit.
    pub fn worked(&mut self, items: f64, work: f64, squares: f64) {
        self.items = FADING * self.items + items;
        self.work = FADING * self.work + work;
        self.squares = FADING * self.squares + squares;
    }

    /// The squared coefficient of variation of gaps between items, plus that of their work.
    pub fn squared(&self) -> f64 {
        let gaps = blend(self.expected, self.beside / self.expected);
        let mean = self.work / self.items;
        gaps + blend(self.items, self.squares / self.items / (mean * mean) - 1.0)
    }
}

/// What `items` items said, and the assumption.
fn blend(items: f64, measured: f64) -> f64 {
    let measured = if measured.is_finite() { measured.clamp(0.0, MOST) } else { 1.0 };
    (items * measured + ASSUMED) / (items + ASSUMED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    /// The variation after a thousand ticks with these counts and works.
    fn after(mut count: impl FnMut() -> f64, mut work: impl FnMut() -> f64, mean: f64) -> f64 {
        let mut variation = Variation::default();
        for _ in 0..1_000 {
            let items = count();
            variation.came(items, mean);
            let works: Vec<f64> = (0..items as usize).map(|_| work()).collect();
            let squares = works.iter().map(|work| work * work).sum();
            variation.worked(items, works.iter().sum(), squares);
        }
        variation.squared()
    }

    #[test]
    fn what_is_not_known_is_random() {
        assert_eq!(Variation::default().squared(), 2.0);
    }

    #[test]
    fn what_is_regular_varies_little_and_chance_as_it_should() {
        assert!(after(|| 20.0, || 3.0, 20.0) < 0.1);
        let (mut gaps, mut works) = (rng::split(1, "gaps"), rng::split(1, "works"));
        let random = |rng: &mut rng::Rng| -(1.0 - rng::unit(rng)).ln();
        // Gaps at random: as many as fit into a tick of twenty.
        let mut until = 0.0;
        let poisson = || {
            let mut count = 0.0;
            until -= 20.0;
            while until < 0.0 {
                until += random(&mut gaps);
                count += 1.0;
            }
            count
        };
        let chance = after(poisson, || random(&mut works), 20.0);
        assert!((1.6..2.4).contains(&chance), "{chance}");
    }

    #[test]
    fn bursts_and_odd_work_vary_more() {
        let (mut tick, mut item) = (0, 0);
        let burst = || {
            tick += 1;
            if tick % 10 == 0 { 200.0 } else { 0.0 }
        };
        let odd = || {
            item += 1;
            if item % 10 == 0 { 91.0 } else { 1.0 }
        };
        assert!(after(burst, || 1.0, 20.0) > 50.0);
        let odd = after(|| 20.0, odd, 20.0);
        assert!((7.0..8.5).contains(&odd), "nine tenths are a hundredth: {odd}");
    }
}
