//! What the parts of a hybrid said about one function before, how well it was said, and what that
//! tells of the parts on functions alike.

use crate::bands::LEVELS;
use crate::hybrid::blend::{Losses, Rule, losses};
use crate::hybrid::track::Tracked;
use crate::measure::Class;

/// Losses of parts that differ by less than this share of what is usual are alike: where nothing
/// ever comes, twice of almost no loss is no difference.
const APART_MIN: f32 = 0.1;

/// What was said about one function at tracked origins, and what came.
pub struct Seen<'n> {
    /// Its class by volume, as a place among all classes.
    pub class: usize,
    /// Its counts before the origin, gaps as NaN.
    pub counts: Vec<f32>,
    /// What each part said.
    pub track: Vec<Tracked<'n>>,
    /// What it lost by it.
    pub losses: Losses,
    /// A loss too small to tell parts apart.
    pub floor: f32,
}

impl<'n> Seen<'n> {
    /// What `parts` parts said about a function with these counts.
    pub fn of(counts: Vec<f32>, track: Vec<Tracked<'n>>, parts: usize, rule: Rule) -> Self {
        let recent = &counts[counts.len().saturating_sub(288)..];
        let known = || recent.iter().filter(|count| !count.is_nan());
        let mean = known().sum::<f32>() / known().count().max(1) as f32;
        let class = match mean {
            ..1.0 => Class::Rare,
            1.0..10.0 => Class::Medium,
            _ => Class::Busy,
        };
        let losses = losses(&track, &counts, parts, rule);
        Self { class: class as usize, counts, track, losses, floor: 0.01 + 0.01 * mean.sqrt() }
    }
}

/// The odds of each part for functions of a class, from how much worse than the best it was.
///
/// `odds` are those before anything is known.
pub fn prior(
    seen: &[&Seen<'_>],
    odds: &[f32],
    sharpness: [f32; LEVELS.len()],
) -> Vec<[f32; LEVELS.len()]> {
    let mut worse = vec![[0.0f32; LEVELS.len()]; odds.len()];
    for level in 0..LEVELS.len() {
        for seen in seen {
            let usual = seen.losses.rooted.iter().map(|loss| loss[level]).fold(f32::MAX, f32::min);
            for (worse, loss) in worse.iter_mut().zip(&seen.losses.of) {
                worse[level] += (loss[level] / (usual + seen.floor)).min(20.0);
            }
        }
        let least = worse.iter().map(|worse| worse[level]).fold(f32::MAX, f32::min);
        let apart = least.max(APART_MIN * seen.len() as f32).max(1e-6);
        for (worse, odds) in worse.iter_mut().zip(odds) {
            let behind = sharpness[level] * (worse[level] - least) / apart;
            worse[level] = odds * (-behind).max(-12.0).exp();
        }
    }
    worse
}
