//! Who is believed: each member by how well it did for this very function of late.
//!
//! Weights are kept per quantile, as the best median and the best upper edge seldom come from
//! the same member. A function with a short past is judged as functions alike were (the
//! prior), and with every tracked step more by itself.

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, LEVELS};
use crate::hybrid::track::Tracked;

/// How losses become weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// How sharply a worse member is left, at each level.
    pub sharpness: [f32; LEVELS.len()],
    /// What a loss of one stride earlier counts beside the newest.
    pub fading: f32,
    /// As how many steps of its own past the prior counts.
    pub doubt: f32,
}

/// Loss of each member at each level, and of how many steps they are.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    /// Per member, per level: mean loss, newer steps counting more.
    pub of: Vec<[f32; LEVELS.len()]>,
    /// The same by roots: what a burst that nobody foresaw adds to all of them is not a
    /// measure of how far apart they are.
    pub rooted: Vec<[f32; LEVELS.len()]>,
    /// Steps behind them, newer ones counting more.
    pub steps: f32,
}

/// The losses of members on one function; `counts` are known up to the present, gaps as NaN.
pub fn losses(track: &[Tracked<'_>], counts: &[f32], members: usize, rule: Rule) -> Losses {
    let none = vec![[0.0; LEVELS.len()]; members];
    let mut losses = Losses { of: none.clone(), rooted: none, steps: 0.0 };
    for tracked in track {
        let worth = rule.fading.powi(tracked.origin.age);
        for (ahead, came) in counts[tracked.origin.at.min(counts.len())..].iter().enumerate() {
            if came.is_nan() {
                continue;
            }
            let Some(said) = tracked.forecasts.first().and_then(|first| first.steps.get(ahead))
            else {
                break;
            };
            debug_assert_eq!(said.len(), LEVELS.len(), "members forecast the same levels");
            losses.steps += worth;
            for (member, forecast) in tracked.forecasts.iter().enumerate() {
                let said = &forecast.steps[ahead];
                let loss: [f32; LEVELS.len()] = std::array::from_fn(|level| {
                    let over = came - said[level];
                    let (above, below) = (LEVELS[level] * over, (LEVELS[level] - 1.0) * over);
                    if above > below { above } else { below }
                });
                for (level, loss) in loss.into_iter().enumerate() {
                    losses.of[member][level] += worth * loss;
                    losses.rooted[member][level] += worth * loss.sqrt();
                }
            }
        }
    }
    let steps = losses.steps.max(1e-6);
    losses.of.iter_mut().flatten().for_each(|loss| *loss /= steps);
    losses.rooted.iter_mut().flatten().for_each(|loss| *loss = (*loss / steps) * (*loss / steps));
    losses
}

/// The weight of each member at each level; those of a level add up to one. `floor` is a loss
/// too small to tell members apart.
pub fn weights(
    losses: &Losses,
    prior: &[[f32; LEVELS.len()]],
    floor: f32,
    rule: Rule,
) -> Vec<[f32; LEVELS.len()]> {
    let mut weights = prior.to_vec();
    let trust = losses.steps / (losses.steps + rule.doubt);
    for level in 0..LEVELS.len() {
        let least = losses.of.iter().map(|loss| loss[level]).fold(f32::MAX, f32::min);
        let usual = losses.rooted.iter().map(|loss| loss[level]).fold(f32::MAX, f32::min);
        let mut sum = 0.0;
        for (weight, loss) in weights.iter_mut().zip(&losses.of) {
            let worse = (loss[level] - least) / (usual + floor);
            weight[level] *= (-rule.sharpness[level] * trust * worse).exp();
            sum += weight[level];
        }
        weights.iter_mut().for_each(|weight| weight[level] /= sum.max(1e-30));
    }
    weights
}

/// Half the share of weight about its middle that is heard: the mean of what is heard is an
/// interquartile one.
const HEARD: f32 = 0.25;

/// The members' forecasts level by level: the interquartile mean by weight, so that those far
/// below and far above are not heard.
///
/// A middle of quantiles is the combination that survives members who are now and then far off
/// (Ray and others, 2023, "Comparing trained and untrained probabilistic ensemble forecasts").
/// Upper edges need it most: a plain mean is led by whoever says the largest number. What is
/// heard is averaged by its roots, as counts spread.
pub fn blend(forecasts: &[&Forecast], weights: &[[f32; LEVELS.len()]]) -> Forecast {
    let horizon = forecasts.first().map_or(0, |first| first.steps.len());
    let mut said: Vec<(f32, f32)> = Vec::with_capacity(forecasts.len());
    let mut step = |ahead: usize| {
        std::array::from_fn(|level| {
            said.clear();
            let parts = forecasts.iter().zip(weights);
            said.extend(parts.map(|(of, weight)| (of.steps[ahead][level], weight[level])));
            middle(&mut said)
        })
    };
    Forecast { steps: (0..horizon).map(&mut step).collect() }
}

/// The interquartile mean of numbers with weights that add up to one; their order is changed.
fn middle(said: &mut [(f32, f32)]) -> f32 {
    said.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut heard, mut rooted) = (0.0f32, 0.0f32, 0.0f32);
    for (number, weight) in said.iter() {
        let share = (below + weight).min(0.5 + HEARD) - below.max(0.5 - HEARD);
        if share > 0.0 {
            heard += share;
            rooted += share * number.max(0.0).sqrt();
        }
        below += weight;
    }
    let mean = rooted / heard.max(1e-6);
    mean * mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_number_is_not_a_strong_voice() {
        let say = |count: f32| Forecast::flat([count; LEVELS.len()], 1);
        let of = |share: f32| vec![[share; LEVELS.len()], [1.0 - share; LEVELS.len()]];
        for (first, second, share, expected) in [
            (9.0, 9.0, 0.3, 9.0),
            (1600.0, 0.0, 0.2, 0.0),
            (0.0, 1600.0, 0.2, 1600.0),
            (16.0, 4.0, 0.5, 9.0),
        ] {
            let said = blend(&[&say(first), &say(second)], &of(share)).steps[0][2];
            assert!((said - expected).abs() < 1e-3, "{first} and {second}: {said}");
        }
        let fifth = [[0.2; LEVELS.len()]; 5];
        let all = [7.0, 90_000.0, 0.0, 7.0, 7.0].map(say);
        let said = blend(&all.each_ref(), &fifth).steps[0][3];
        assert!((said - 7.0).abs() < 1e-3, "one of five says much: {said}");
    }
}
