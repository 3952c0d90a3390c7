//! Other series that a function follows, as a model across functions is told of them: which one it
//! has followed most closely and after how many steps, how that one stands, and how many calls the
//! line between the two makes of it.
//!
//! Only what a step ahead can know counts: of a series whose future nobody knows, values from before
//! the origin. Whether a line is worth anything (two series with the same day seem to follow each
//! other) is left to the models, which see how close it is, over many functions.

use crate::panel::Past;

/// How many numbers are told.
pub const FOLLOWING: usize = 7;
/// Steps over which is judged what is followed: two days of 5-minute steps.
const WINDOW: usize = 576;
/// Steps that are enough to judge by.
const ENOUGH: usize = 24;
/// Steps after which a function may follow, at most: as far as models across functions look ahead,
/// so that each step ahead has one that is known.
const LAG_MAX: usize = 12;
/// Steps that a value stands for those after it that were not sampled.
const HELD: usize = 12;
/// Deviations that are believed.
const FAR: f32 = 6.0;

/// The series, held against the counts of a function.
#[derive(Debug, Clone, Default)]
pub struct Follows {
    series: Vec<Held>,
    /// The first step that is looked at.
    first: usize,
    origin: usize,
    /// The mean count since.
    mean: f32,
}

/// A series held against counts.
#[derive(Debug, Clone)]
struct Held {
    /// Values in their own deviations, from the first step that is looked at on; zero where nothing
    /// is known.
    values: Vec<f32>,
    /// By how many steps the function follows, from none on.
    lines: [Line; LAG_MAX + 1],
}

/// The line through a series and the counts that follow it.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    /// The correlation of both.
    close: f32,
    /// How many calls more a deviation brings.
    slope: f32,
    /// The value that goes with the mean count.
    mean: f32,
}

impl Follows {
    /// Holds all other series of a past against counts that end with it, known from `known` on.
    pub fn of(past: &Past<'_>, counts: &[f32], known: usize) -> Self {
        if past.followed() == 0 {
            return Self::default();
        }
        let origin = counts.len();
        let first = known.max(origin.saturating_sub(WINDOW + LAG_MAX));
        // The first steps are only followed.
        let Some(seen) = counts.get(first + LAG_MAX..).filter(|seen| seen.len() >= ENOUGH) else {
            return Self::default();
        };
        let mean = seen.iter().sum::<f32>() / seen.len() as f32;
        let apart: Vec<f32> = seen.iter().map(|count| count - mean).collect();
        let spread = apart.iter().map(|apart| apart * apart).sum::<f32>() / apart.len() as f32;
        let of_one = |series: usize| {
            let values = past.followed_values(series);
            Held::of(values.get(first..)?, origin - first, &apart, spread)
        };
        let series = (0..past.followed()).filter_map(of_one).collect();
        Self { series, first, origin, mean }
    }

    /// What is told of a step ahead; `beside` puts a count in the measure of the function.
    pub fn told(&self, step: usize, beside: impl Fn(f32) -> f32) -> [f32; FOLLOWING] {
        let at = |held: &Held, step: usize| held.values.get(step.checked_sub(self.first)?).copied();
        let mut best: Option<(usize, Line, f32)> = None;
        for (number, held) in self.series.iter().enumerate() {
            for (lag, &line) in held.lines.iter().enumerate() {
                let Some(value) = step.checked_sub(lag).and_then(|then| at(held, then)) else {
                    continue;
                };
                if best.is_none_or(|(_, best, _)| line.close.abs() > best.close.abs()) {
                    best = Some((number, line, value));
                }
            }
        }
        let Some((number, line, value)) = best else { return [0.0; FOLLOWING] };
        let held = &self.series[number];
        let back = |steps: usize| {
            self.origin.checked_sub(steps).and_then(|then| at(held, then)).unwrap_or(0.0)
        };
        let (now, hour) = (back(1), back(1 + LAG_MAX));
        let ahead = at(held, step).map_or(0.0, |then| then - now);
        let told = beside(self.mean + line.slope * (value - line.mean));
        [line.close, told, value, now, now - hour, ahead, 1.0 + number as f32]
    }
}

impl Held {
    /// Values from the first step that is looked at on, of which `known` lie before the origin,
    /// beside how far the counts were `apart` from their mean; none where it did not change.
    fn of(values: &[f32], known: usize, apart: &[f32], spread: f32) -> Option<Self> {
        let past = &values[..known.min(values.len())];
        let finite =
            || past.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
        let len = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / len;
        let deviation = (finite().map(|value| (value - mean).powi(2)).sum::<f64>() / len).sqrt();
        if deviation <= 1e-9 * mean.abs().max(1.0) {
            return None;
        }
        let (mut last, mut since) = (0.0f32, HELD);
        let mut measured: Vec<f32> = Vec::with_capacity(values.len().max(known));
        for step in 0..values.len().max(known) {
            match values.get(step).filter(|value| value.is_finite()) {
                Some(&value) => {
                    let value = ((f64::from(value) - mean) / deviation) as f32;
                    (last, since) = (value.clamp(-FAR, FAR), 0);
                }
                None => since += 1,
            }
            measured.push(if since < HELD { last } else { 0.0 });
        }
        let end = measured.len().min(known);
        let mut lines = [Line::default(); LAG_MAX + 1];
        for (lag, line) in lines.iter_mut().enumerate() {
            let led = &measured[LAG_MAX - lag..end - lag];
            *line = Line::through(led, apart, spread);
        }
        Some(Self { values: measured, lines })
    }
}

impl Line {
    /// The line through what a series was and how far counts that followed were `apart` from their
    /// mean; flat where there is none.
    fn through(led: &[f32], apart: &[f32], spread: f32) -> Self {
        let len = led.len().max(1) as f32;
        let mean = led.iter().sum::<f32>() / len;
        let variance = led.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / len;
        let product = led.iter().zip(apart).map(|(value, apart)| value * apart).sum::<f32>() / len;
        let (close, slope) = (product / (variance * spread).sqrt(), product / variance);
        let is_known = close.is_finite() && slope.is_finite();
        if is_known { Self { close: close.clamp(-1.0, 1.0), slope, mean } } else { Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use swell_core::rng::{split, unit};

    use super::*;
    use crate::panel::Panel;
    use crate::regressor::series::Regressor;

    /// Values that no shift of themselves resembles.
    fn noise(step: usize) -> f32 {
        10.0 * unit(&mut split(step as u64, "noise")) as f32
    }

    fn panel(series: Vec<(Vec<f32>, bool)>) -> Panel {
        let regressor =
            |(values, is_planned)| Regressor { name: "queue".to_string(), values, is_planned };
        let followed = series.into_iter().map(regressor).collect();
        Panel { followed, ..Panel::new(Vec::new(), 12) }
    }

    #[test]
    fn the_series_that_was_followed_tells_what_comes() {
        let other: Vec<f32> = (0..130).map(|step| noise(step * 7 + 3)).collect();
        let queue: Vec<f32> = (0..130).map(noise).collect();
        let counts: Vec<f32> =
            (0..120).map(|step| 5.0 + 2.0 * queue[usize::max(step, 4) - 4]).collect();
        let panel = panel(vec![(other, false), (queue.clone(), false)]);
        let follows = Follows::of(&panel.before(120), &counts, 0);
        let told = |step: usize| follows.told(step, |count| count);
        for step in 120..124 {
            let [close, told, .., number] = told(step);
            assert!(close > 0.99 && number == 2.0, "{close} of {number} at {step}");
            let came = 5.0 + 2.0 * queue[step - 4];
            assert!((told - came).abs() < 0.05, "{told}, not {came} at {step}");
        }
        assert!(told(124)[0].abs() < 0.5, "what leads by four steps is not known five ahead");
        assert_eq!(Follows::of(&panel.before(20), &counts[..20], 0).told(20, |c| c), [0.0; 7]);
    }

    #[test]
    fn the_future_counts_only_where_it_is_planned() {
        let with = |future: f32, is_planned: bool| {
            let values = (0..150).map(|step| if step < 100 { noise(step) } else { future });
            let values: Vec<f32> = values.collect();
            let counts: Vec<f32> = (0..100).map(|step| 3.0 * noise(step)).collect();
            let panel = panel(vec![(values, is_planned)]);
            Follows::of(&panel.before(100), &counts, 0).told(103, |count| count)
        };
        assert_eq!(with(4.0, false), with(-90.0, false));
        let planned = with(4.0, true);
        assert!((planned[1] - 12.0).abs() < 0.1 && planned[5] != 0.0, "{planned:?}");
        assert_ne!(with(4.0, true), with(5.0, true));
    }

    #[test]
    fn what_is_odd_is_tame() {
        let odd = [vec![], vec![f32::NAN; 90], vec![3.0; 90], vec![f32::INFINITY; 90], vec![1.0]];
        let mut spike = vec![0.0; 90];
        spike[60] = f32::MAX;
        for values in odd.into_iter().chain([spike]) {
            for is_planned in [false, true] {
                let panel = panel(vec![(values.clone(), is_planned)]);
                for counts in [vec![0.0; 80], (0..80).map(noise).collect(), vec![1e9; 80]] {
                    let follows = Follows::of(&panel.before(80), &counts, 3);
                    let told = [80, 84, 91, 140].map(|step| follows.told(step, |count| count));
                    assert!(told.iter().flatten().all(|n| n.is_finite()), "{values:?}: {told:?}");
                }
            }
        }
    }
}
