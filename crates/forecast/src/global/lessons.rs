//! What models across functions learn from: functions at earlier origins, and what came.

use swell_core::rng::{Rng, below, unit};

use crate::global::features::{Sight, WIDTH, width};
use crate::global::scene::Levels;
use crate::panel::Past;

/// An origin needs so many known steps before it to teach anything.
const KNOWN: usize = 48;
/// Steps ahead that are drawn from each function and origin.
const DRAWN: usize = 4;
/// How far back lessons begin: two weeks of 5-minute steps.
const REACH: usize = 4032;

/// Rows, what came, and how much each counts.
#[derive(Debug, Default)]
pub struct Lessons {
    /// Numbers of a row.
    pub width: usize,
    /// The rows, one after the other.
    pub rows: Vec<f32>,
    /// By how many scales what came lay beside the base.
    pub targets: Vec<f32>,
    /// How much each counts.
    pub weights: Vec<f32>,
    /// Of which member each is.
    pub members: Vec<u32>,
}

/// How much an error of one call counts for a member: half by the member's own changes, as
/// each function matters, half by the volume of all, as each call does.
#[derive(Debug, Clone)]
pub struct Stakes {
    per_call: Vec<f32>,
}

impl Stakes {
    /// The stakes of all members as of an origin.
    pub fn of(past: &Past<'_>) -> Self {
        let of_member = |member| {
            let counts = past.counts(member);
            let known: Vec<f32> = counts.into_iter().filter(|count| !count.is_nan()).collect();
            let changes = known.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f32>();
            let len = known.len().max(1) as f32;
            ((changes / len).max(0.1), known.iter().sum::<f32>() / len)
        };
        let known: Vec<(f32, f32)> = (0..past.members()).map(of_member).collect();
        let volume =
            known.iter().map(|(_, volume)| volume).sum::<f32>() / known.len().max(1) as f32;
        let per_call =
            |&(change, _): &(f32, f32)| 1.0 / (1.5 * change) + 1.0 / (0.3 * volume + 1e-3);
        Self { per_call: known.iter().map(per_call).collect() }
    }

    /// How much an error of `scale` calls counts, within bounds, so that no function is all
    /// that is learned.
    pub fn of_error(&self, member: usize, scale: f32) -> f32 {
        (scale * self.per_call[member]).clamp(0.05, 8.0)
    }
}

impl Lessons {
    /// At most about `most` lessons from the past, drawn evenly over functions and origins.
    pub fn draw(past: &Past<'_>, horizon: usize, most: usize, rng: &mut Rng) -> Self {
        let stakes = Stakes::of(past);
        let width = width(past);
        let mut lessons = Self { width, ..Self::default() };
        let first = past.origin().saturating_sub(REACH).max(KNOWN);
        let Some(origins) = past.origin().checked_sub(first).filter(|&count| count > 0) else {
            return lessons;
        };
        let there_are = (origins * past.members() * DRAWN) as f64;
        let chance = (most as f64 / there_are).min(1.0);
        let mut row = [0.0; WIDTH];
        for member in 0..past.members() {
            let known = past.counts(member);
            let filled = past.filled(member);
            let known_from = past.first_known(member);
            for origin in first..past.origin() {
                if unit(rng) >= chance {
                    continue;
                }
                let then = past.until(origin);
                let (counts, levels) = (&filled[..origin], Levels::default());
                let sight = Sight::known(&then, (member, known_from), counts, horizon, &levels);
                for _ in 0..DRAWN {
                    let ahead = below(rng, horizon as u64) as usize;
                    let Some(came) = known.get(origin + ahead).filter(|came| !came.is_nan()) else {
                        continue;
                    };
                    sight.row(&then, ahead, &mut row);
                    let scale = sight.scene.scale;
                    lessons.rows.extend(&row[..width]);
                    lessons.targets.push((came - sight.scene.middle(ahead)) / scale);
                    lessons.weights.push(stakes.of_error(member, scale));
                    lessons.members.push(member as u32);
                }
            }
        }
        lessons
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}
