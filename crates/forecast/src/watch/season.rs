//! A day that is unlike the days before: calls come at other hours.
//!
//! Hour by hour the share of the day's calls is held against the usual share, once a day. Half
//! the sum of the differences is the share of calls that moved. By chance alone some seem to
//! have moved, more of them the fewer there are; how many is known, and how much more it
//! usually is for this function is learned.

use serde::{Deserialize, Serialize};

use crate::watch::anomaly::Oddity;

const HOURS: usize = 24;
/// Days that must be known.
const DAYS_MIN: u16 = 3;
/// What a new day counts in the usual one.
const PACE: f32 = 0.25;
/// A share that is worth telling, whatever chance says.
const MOVED_MIN: f32 = 0.25;
/// So many times what chance and habit explain.
const BEYOND: f32 = 3.0;
/// Calls that a day needs.
const CALLS_MIN: f32 = 48.0;

/// Looks at days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seasons {
    today: [f32; HOURS],
    usual: [f32; HOURS],
    hour: u8,
    days: u16,
    seen: u32,
    calls: f32,
    /// How much more moves than by chance.
    habit: f32,
}

impl Default for Seasons {
    fn default() -> Self {
        Self {
            today: [0.0; HOURS],
            usual: [0.0; HOURS],
            hour: 0,
            days: 0,
            seen: 0,
            calls: 0.0,
            habit: 1.0,
        }
    }
}

impl Seasons {
    /// Looks at a step: which of the day's `day` steps it is, and how many calls came. The
    /// last step of a day is when something may be told.
    pub fn look(&mut self, place: usize, day: usize, count: Option<u32>) -> Option<(Oddity, f32)> {
        if day < HOURS || place >= day {
            return None;
        }
        let hour = (place * HOURS / day).min(HOURS - 1);
        let is_new_day = hour < usize::from(self.hour);
        let told = if is_new_day { self.end_day(day) } else { None };
        self.hour = hour as u8;
        if let Some(count) = count {
            self.today[hour] += count as f32;
            self.seen += 1;
        }
        told
    }

    fn end_day(&mut self, day: usize) -> Option<(Oddity, f32)> {
        let today = std::mem::take(&mut self.today);
        let seen = std::mem::take(&mut self.seen) as usize;
        let calls: f32 = today.iter().sum();
        // A day with a long gap has another shape for another reason.
        if seen * 10 < day * 9 || calls < CALLS_MIN {
            return None;
        }
        let shares = today.map(|count| count / calls);
        let mut told = None;
        if self.days > 0 {
            let moved = moved(&shares, &self.usual);
            let chance = by_chance(&self.usual, calls, self.calls);
            let usual = chance * self.habit.max(1.0);
            if self.days >= DAYS_MIN && moved > BEYOND * usual && moved > MOVED_MIN {
                let hours = lag(&shares, &self.usual);
                told = Some((Oddity::ChangedSeason { moved, hours }, 1e-6));
            }
            let more = (moved / chance.max(1e-6)).clamp(0.0, 2.0 * BEYOND * self.habit.max(1.0));
            self.habit += 0.2 * (more - self.habit);
        }
        let pace = if self.days == 0 { 1.0 } else { PACE.max(1.0 / f32::from(self.days + 1)) };
        for (usual, share) in self.usual.iter_mut().zip(shares) {
            *usual += pace * (share - *usual);
        }
        // The usual day is known as well as so many calls make it.
        self.calls = (self.calls * (1.0 - pace) + calls).min(calls / PACE);
        self.days = self.days.saturating_add(1);
        told
    }

    /// Whether it can be what [`Seasons::look`] made.
    pub fn is_plausible(&self) -> bool {
        let numbers = self.today.iter().chain(&self.usual).chain([&self.calls, &self.habit]);
        numbers.into_iter().all(|number| number.is_finite() && *number >= 0.0)
            && usize::from(self.hour) < HOURS
    }
}

/// The share of calls that would have to come at another hour.
fn moved(shares: &[f32; HOURS], usual: &[f32; HOURS]) -> f32 {
    shares.iter().zip(usual).map(|(share, usual)| (share - usual).abs()).sum::<f32>() / 2.0
}

/// The share that seems to move by chance, if so many calls come and so many came: half the
/// sum of the mean absolute deviations of the hours.
fn by_chance(usual: &[f32; HOURS], calls: f32, before: f32) -> f32 {
    let one = 1.0 / calls.max(1.0) + 1.0 / before.max(1.0);
    let deviation = |share: &f32| (share.max(0.0) * one * std::f32::consts::FRAC_2_PI).sqrt();
    usual.iter().map(deviation).sum::<f32>() / 2.0
}

/// By how many hours the usual day fits best, if that explains most of it.
fn lag(shares: &[f32; HOURS], usual: &[f32; HOURS]) -> i8 {
    let by = |hours: usize| {
        moved(shares, &std::array::from_fn(|hour| usual[(hour + HOURS - hours) % HOURS]))
    };
    let far = |hours: usize| hours.min(HOURS - hours);
    let nearest = |a: &usize, b: &usize| by(*a).total_cmp(&by(*b)).then(far(*a).cmp(&far(*b)));
    let best = (0..HOURS).min_by(nearest).filter(|&hours| by(hours) < 0.5 * by(0)).unwrap_or(0);
    let hours = i8::try_from(far(best)).unwrap_or(0);
    if best > HOURS / 2 { -hours } else { hours }
}
