//! Edges of a group at all steps ahead, each as far as what tells of it may be believed.
//!
//! A step ahead that has seen few counts would have edges as chance has it, and its neighbours quite
//! other ones. So what it tells is drawn towards what all steps ahead tell together, the more the
//! fewer it has seen (shrinkage: Efron and Morris, 1975), edges by few scores are taken only in part,
//! and none lies further than so many scores can show. With many scores each step goes by its own.

use crate::bands::{HIGH, LEVELS, LOW, MEDIAN, Quantiles};
use crate::calibrate::stream::{BANDS, Sides, Told, farthest, widths};

/// Up to so many scores nothing is taken, and from so many on all that is needed.
const NEEDED: f32 = 60.0;
const BELIEVED: f32 = 180.0;
/// From so many scores on a step ahead goes by its own.
const ALONE: f32 = 900.0;
/// Where the band is as wide as the doubt of an occasion, edges of each band lie no further than so
/// many widths: what was learned without it has no say about that doubt.
const DOUBTFUL: [f32; 2] = [1.5, 3.0];

/// Edges of a group at one step ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges {
    /// How far they lie from the median, in widths of their side: those of each band, below and above.
    reach: [[f32; 2]; 2],
    /// How much of them is taken, of each band.
    share: [f32; 2],
    /// How much the distances of a function usually add to the widths of its bands.
    usual: Sides,
}

/// The edges at all steps ahead of a group, by what each of them tells.
pub fn settle(told: &[Told]) -> Vec<Edges> {
    let all = together(told);
    let most = told.iter().map(|one| one.scores).fold(0.0, f32::max);
    let believed = ((most - NEEDED) / (BELIEVED - NEEDED)).clamp(0.0, 1.0);
    let farthest = farthest(most);
    let settled = told.iter().map(|one| {
        let own = (one.scores / ALONE).min(1.0);
        let drawn = |one: f32, all: f32| own * one + (1.0 - own) * all;
        let both = [0usize, 1];
        let reach = |band: usize, side: usize| {
            drawn(one.reach[band][side], all.reach[band][side]).min(farthest)
        };
        Edges {
            reach: both.map(|band| both.map(|side| reach(band, side))),
            share: both.map(|band| believed * drawn(one.needed[band], all.needed[band])),
            usual: both.map(|side| drawn(one.usual[side], all.usual[side])),
        }
    });
    settled.collect()
}

/// What all steps ahead tell, each by its scores.
fn together(told: &[Told]) -> Told {
    let scores: f32 = told.iter().map(|one| one.scores).sum();
    if scores == 0.0 {
        return Told::default();
    }
    let mean = |of: &dyn Fn(&Told) -> f32| {
        told.iter().map(|one| one.scores * of(one)).sum::<f32>() / scores
    };
    let both = [0usize, 1];
    Told {
        scores,
        reach: both.map(|band: usize| both.map(|side: usize| mean(&|one| one.reach[band][side]))),
        needed: both.map(|band: usize| mean(&|one| one.needed[band])),
        usual: both.map(|side: usize| mean(&|one| one.usual[side])),
    }
}

impl Edges {
    /// Quantiles with these edges, as far as they are taken; `is_doubtful` where an occasion is about.
    /// Of a function that nothing is known of, the usual is taken to hold.
    pub fn apply(&self, plain: &Quantiles, own: Option<Sides>, is_doubtful: bool) -> Quantiles {
        if self.share == [0.0; 2] {
            return *plain;
        }
        let median = plain[MEDIAN];
        let own = own.unwrap_or_else(|| {
            let bare = widths(plain, [0.0; 2]);
            [bare[0] * self.usual[0], bare[1] * self.usual[1]]
        });
        let [low, high] = widths(plain, own);
        let mut out = *plain;
        for (place, [bottom, top]) in BANDS.into_iter().enumerate() {
            let most = if is_doubtful { DOUBTFUL[place] } else { f32::INFINITY };
            let [below, above] = self.reach[place].map(|reach| reach.min(most));
            for (at, edge) in [(bottom, median - below * low), (top, median + above * high)] {
                out[at] += self.share[place] * (edge - out[at]);
            }
        }
        // The outer band is about the inner one.
        let last = LEVELS.len() - 1;
        out[0] = out[0].min(out[LOW]);
        out[last] = out[last].max(out[HIGH]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::stream::{Came, Notice, Stream};
    use crate::coverage::share_within;

    fn alone(stream: &Stream) -> Edges {
        settle(&[stream.told()])[0]
    }

    const CALM: Quantiles = [5.0, 6.0, 9.0, 11.0, 13.0];

    /// What is known of a function of which none was forecast when its first calls came, then `plain`.
    fn begun(ahead: usize, steps: usize, plain: Quantiles) -> Stream {
        let mut stream = Stream::default();
        let mut learn = |plain: Quantiles, count: f32| {
            stream.learn(&[(Came { plain, shown: plain, count }, [0.0; 2])], 1, Notice::Taken)
        };
        learn([0.0; 5], 8.0);
        for step in 1..steps - ahead {
            learn(plain, [9.0, 7.0, 11.0, 6.0, 12.0, 8.0, 10.0][(step + ahead) % 7]);
        }
        stream
    }

    #[test]
    fn one_surprise_among_few_counts_makes_no_wild_edge() {
        for steps in [15, 30, 60, 100] {
            let told = (0..12).map(|ahead| begun(ahead, steps, CALM).told());
            let edges = settle(&told.collect::<Vec<Told>>());
            let shown: Vec<Quantiles> =
                edges.iter().map(|edges| edges.apply(&CALM, Some([0.0; 2]), false)).collect();
            for (ahead, shown) in shown.iter().enumerate() {
                // Three widths of 2.5 above the median, at most.
                assert!(shown[4] <= 16.6 && shown.is_sorted(), "{ahead} of {steps}: {shown:?}");
            }
            for (one, next) in shown.iter().zip(&shown[1..]) {
                assert!((one[4] - next[4]).abs() < 3.0, "{steps}: {one:?} beside {next:?}");
            }
            // Another one of the group, which is called once in a while.
            let rare = edges[0].apply(&[0.0, 0.0, 0.0, 0.0, 1.0], Some([0.0; 2]), false);
            assert!(rare[4] <= 2.5, "{steps}: {rare:?}");
        }
    }

    #[test]
    fn with_many_counts_each_step_goes_by_its_own() {
        let narrow = begun(0, 700, [8.0, 8.5, 9.0, 9.5, 10.0]).told();
        let wide = begun(0, 700, CALM).told();
        let both = settle(&[narrow, wide]);
        assert_eq!(both, [narrow, wide].map(|one| settle(&[one])[0]));
        assert_ne!(both[0], both[1]);
        assert!(settle(&[Told::default()])[0].apply(&CALM, None, false) == CALM);
    }

    #[test]
    fn the_doubt_of_an_occasion_is_not_multiplied() {
        let edges = Edges { reach: [[8.0; 2], [12.0; 2]], share: [1.0; 2], usual: [0.0; 2] };
        let plain = [5.0, 10.0, 27.0, 50.0, 64.0];
        let [about, calm] = [true, false].map(|is| edges.apply(&plain, Some([0.0; 2]), is));
        assert!(about[HIGH] < 63.0 && about[4] < 98.0 && about.is_sorted(), "{about:?}");
        assert!(calm[HIGH] > 200.0, "{calm:?}");
    }

    #[test]
    fn both_bands_come_to_hold_what_they_promise() {
        let mut rng = swell_core::rng::split(3, "both bands");
        // Too narrow, too wide, and the outer one no wider than the inner.
        for plain in [
            [39.0, 39.5, 40.0, 40.5, 41.0],
            [0.0, 5.0, 40.0, 75.0, 80.0],
            [35.0, 35.0, 40.0, 45.0, 45.0],
        ] {
            let (mut stream, mut inside, mut last) = (Stream::default(), [0.0f32; 2], plain);
            let (before, steps) = (300, 900);
            for step in 0..steps {
                let shown = alone(&stream).apply(&plain, Some([0.0; 2]), false);
                let came: Vec<(Came, Sides)> = (0..5)
                    .map(|_| {
                        let dice = (0..12).map(|_| swell_core::rng::unit(&mut rng)).sum::<f64>();
                        let count = (40.0 + 8.0 * (dice - 6.0)).round().max(0.0) as f32;
                        (Came { plain, shown, count }, [0.0; 2])
                    })
                    .collect();
                for (sum, band) in inside.iter_mut().zip(BANDS).filter(|_| step >= before) {
                    *sum += came
                        .iter()
                        .map(|(came, _)| share_within(came.count, &shown, band))
                        .sum::<f32>();
                }
                stream.learn(&came, 1, Notice::Taken);
                last = shown;
            }
            let held = inside.map(|sum| sum / (5 * (steps - before)) as f32);
            assert!((held[0] - 0.8).abs() < 0.02 && (held[1] - 0.95).abs() < 0.012, "{held:?}");
            assert!(
                last[0] < last[LOW] && last[HIGH] < last[4] && stream.is_plausible(),
                "{last:?}"
            );
        }
    }

    #[test]
    fn edges_learn_from_a_rise_only_if_the_model_has_not_noticed() {
        let plain = [6.0, 8.0, 10.0, 12.0, 14.0];
        for (notice, highest) in [(Notice::Taken, 12.0..14.0), (Notice::Missed, 25.0..35.0)] {
            let mut stream = Stream::default();
            let mut learn = |count: f32| {
                let came = (0..20).map(|of| {
                    let count = count + [0.0, -1.0, 1.0, 0.0, 3.0][of % 5];
                    (Came { plain, shown: plain, count }, [0.0; 2])
                });
                stream.learn(&came.collect::<Vec<_>>(), 12, notice)
            };
            assert!((0..100).all(|_| learn(10.0)));
            let taken = (0..12).map(|_| learn(30.0)).filter(|taken| *taken).count();
            assert_eq!(taken, if notice == Notice::Missed { 12 } else { 0 });
            assert!(learn(30.0), "nothing is put aside for ever");
            let high = alone(&stream).apply(&plain, None, false)[HIGH];
            assert!(highest.contains(&high), "{notice:?}: {high}");
        }
    }
}
