//! How good a forecast was, in the measures that the field uses.
//!
//! No single one tells the truth. MASE counts each function alike and WAPE each call alike;
//! both judge the median. Pinball loss at 90 % judges the quantile that sizes a pool, again
//! once per function (`pin90`) and once per call (`wql90`). Gaps are not scored.

use serde::Serialize;

use crate::bands::{Forecast, HIGH, LOW, MEDIAN, Quantiles};
use crate::coverage::{BAND_80, BAND_95, share_within};
use crate::panel::Panel;

/// The least that the scale of a function is: a timer that never misses a beat would
/// otherwise divide by nothing and drown every other function.
pub const SCALE_MIN: f64 = 0.1;

/// By volume: whether a function is called less than once, or ten times and more, a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Every function.
    All,
    /// Less than one call a step.
    Rare,
    /// One to ten.
    Medium,
    /// Ten and more.
    Busy,
}

/// All classes, in the order of tables.
pub const CLASSES: [Class; 4] = [Class::All, Class::Rare, Class::Medium, Class::Busy];

/// What is known of a function before the first origin, by which it is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yardstick {
    /// Its class by volume.
    pub class: Class,
    /// Mean change from one step to the next, at least [`SCALE_MIN`].
    pub scale: f64,
}

/// The yardsticks of a panel's members, from the steps before `first`.
pub fn yardsticks(panel: &Panel, first: usize) -> Vec<Yardstick> {
    let past = panel.before(first);
    (0..past.members()).map(|member| yardstick(&past.counts(member))).collect()
}

fn yardstick(counts: &[f32]) -> Yardstick {
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, len) = values.fold((0.0, 0usize), |(sum, len), value| (sum + value, len + 1));
        if len == 0 { 0.0 } else { sum / len as f64 }
    };
    let known = |value: &f64| !value.is_nan();
    let changes = counts.windows(2).map(|pair| f64::from(pair[1] - pair[0]).abs());
    let volume = mean(&mut counts.iter().map(|&count| f64::from(count)).filter(known));
    let class = match volume {
        ..1.0 => Class::Rare,
        1.0..10.0 => Class::Medium,
        _ => Class::Busy,
    };
    Yardstick { class, scale: mean(&mut changes.filter(known)).max(SCALE_MIN) }
}

/// The loss of saying that a share `level` lies below `quantile` when `count` came.
pub fn pinball(count: f64, quantile: f64, level: f64) -> f64 {
    let over = count - quantile;
    (level * over).max((level - 1.0) * over)
}

/// What forecasts of one function, or of many, came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    steps: usize,
    volume: f64,
    error: f64,
    pin90: f64,
    inside: f64,
    inside_95: f64,
    inside_whole: f64,
    inside_plain: f64,
}

impl Tally {
    /// Adds a forecast of one step and what came; a gap adds nothing.
    pub fn add(&mut self, count: f32, quantiles: &Quantiles) {
        if count.is_nan() {
            return;
        }
        let (low, high) = (quantiles[LOW], quantiles[HIGH]);
        let hit = |is_inside: bool| f64::from(u8::from(is_inside));
        self.steps += 1;
        self.volume += f64::from(count);
        self.error += f64::from((count - quantiles[MEDIAN]).abs());
        self.pin90 += pinball(f64::from(count), f64::from(high), 0.9);
        self.inside += f64::from(share_within(count, quantiles, BAND_80));
        self.inside_95 += f64::from(share_within(count, quantiles, BAND_95));
        self.inside_whole += hit(low.floor() <= count && count <= high.ceil());
        self.inside_plain += hit(low <= count && count <= high);
    }

    /// Adds all steps of a forecast.
    pub fn add_all(&mut self, counts: &[f32], forecast: &Forecast) {
        for (&count, quantiles) in counts.iter().zip(&forecast.steps) {
            self.add(count, quantiles);
        }
    }

    /// Adds what another one holds.
    pub fn merge(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.volume += other.volume;
        self.error += other.error;
        self.pin90 += other.pin90;
        self.inside += other.inside;
        self.inside_95 += other.inside_95;
        self.inside_whole += other.inside_whole;
        self.inside_plain += other.inside_plain;
    }
}

/// The measures of a class. What nothing was there to measure on is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measures {
    /// Functions that were scored.
    pub series: usize,
    /// Mean over functions of the median's error, in the function's own scale.
    pub mase: f64,
    /// The median's error, as a share of all calls.
    pub wape: f64,
    /// Mean over functions of the pinball loss at 90 %, in the function's own scale.
    pub pin90: f64,
    /// Twice the pinball loss at 90 %, as a share of all calls.
    pub wql90: f64,
    /// Share inside of the 80 % band, edges counted in part (see `coverage`).
    pub cov80: f64,
    /// The same of the 95 % band.
    pub cov95: f64,
    /// That of the 80 % band widened to whole counts, edges counted in.
    pub cov80_whole: f64,
    /// That of the 80 % band as it is, edges counted in.
    pub cov80_plain: f64,
}

/// The measures of a class, from the tallies of all functions.
pub fn measures(tallies: &[Tally], yardsticks: &[Yardstick], class: Class) -> Measures {
    let of_class = |yardstick: &Yardstick| class == Class::All || yardstick.class == class;
    let (mut all, mut series, mut mase, mut pin90) = (Tally::default(), 0, 0.0, 0.0);
    for (tally, yardstick) in tallies.iter().zip(yardsticks) {
        if of_class(yardstick) && tally.steps > 0 {
            series += 1;
            mase += tally.error / tally.steps as f64 / yardstick.scale;
            pin90 += tally.pin90 / tally.steps as f64 / yardstick.scale;
            all.merge(tally);
        }
    }
    let (each, step) = (series as f64, all.steps as f64);
    Measures {
        series,
        mase: mase / each,
        wape: all.error / all.volume,
        pin90: pin90 / each,
        wql90: 2.0 * all.pin90 / all.volume,
        cov80: all.inside / step,
        cov95: all.inside_95 / step,
        cov80_whole: all.inside_whole / step,
        cov80_plain: all.inside_plain / step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Member;
    use crate::series::Series;

    #[test]
    fn measures_are_those_of_the_textbook() {
        let member = |counts: &[Option<u32>]| Member {
            counts: Series::from_counts(counts.iter().copied()),
            ..Member::default()
        };
        let panel = Panel::new(
            vec![
                member(&[Some(10), Some(14), Some(10), Some(20), None]),
                member(&[Some(0), None, Some(0), Some(1), Some(1)]),
            ],
            1,
        );
        let yardsticks = yardsticks(&panel, 3);
        assert_eq!(yardsticks[0], Yardstick { class: Class::Busy, scale: 4.0 });
        assert_eq!(yardsticks[1], Yardstick { class: Class::Rare, scale: 0.1 });
        let mut tallies = [Tally::default(); 2];
        let forecast = Forecast::flat([8.0, 9.0, 12.0, 15.0, 16.0], 2);
        tallies[0].add_all(&[20.0, f32::NAN], &forecast);
        tallies[1].add_all(&[1.0, 1.0], &Forecast::flat([0.0, 0.0, 0.0, 2.0, 2.0], 2));
        let all = measures(&tallies, &yardsticks, Class::All);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}: {all:?}");
        assert_eq!(all.series, 2);
        close(all.mase, (8.0 / 4.0 + 1.0 / 0.1) / 2.0);
        close(all.wape, (8.0 + 2.0) / 22.0);
        close(all.pin90, (4.5 / 4.0 + 0.1 / 0.1) / 2.0);
        close(all.wql90, 2.0 * (4.5 + 0.2) / 22.0);
        close(all.cov80_whole, 2.0 / 3.0);
        assert!(measures(&tallies, &yardsticks, Class::Medium).mase.is_nan());
    }
}
