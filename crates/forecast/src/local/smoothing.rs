//! A level that follows what comes, with the weight that served best (simple exponential
//! smoothing).

use crate::local::rule::{Known, PointRule};
use crate::smooth::{Abreast, SIDE, best_weight, level};

/// Forecasts the level.
#[derive(Debug, Clone, Copy)]
pub struct Smoothing;

const LOW: f32 = 0.01;
const HIGH: f32 = 0.99;
/// Counts that are looked at, at most: what lies further back says nothing of the level, and to
/// search a weight takes time in proportion to them.
const REACH: usize = 576;

fn recent_of<'k>(known: &Known<'k>) -> &'k [f32] {
    &known.counts[known.counts.len().saturating_sub(REACH)..]
}

impl PointRule for Smoothing {
    type Shape = f32;

    fn shape(&self, known: Known<'_>) -> f32 {
        best_weight(recent_of(&known), LOW, HIGH)
    }

    fn points(&self, weight: &f32, known: Known<'_>, horizon: usize) -> Vec<f32> {
        vec![level(recent_of(&known).iter().copied(), *weight); horizon]
    }

    fn shapes(&self, asked: &[Known<'_>]) -> Vec<f32> {
        let mut shapes = vec![0.0; asked.len()];
        abreast(asked, |series, places| {
            let weights = series.best_weights(LOW, HIGH);
            places.iter().zip(weights).for_each(|(&place, weight)| shapes[place] = weight);
        });
        shapes
    }

    fn points_of(&self, asked: &[(&f32, Known<'_>)], horizon: usize) -> Vec<f32> {
        let known: Vec<Known<'_>> = asked.iter().map(|(_, known)| *known).collect();
        let mut levels = vec![0.0; asked.len()];
        abreast(&known, |series, places| {
            let mut weights = [0.0; SIDE];
            weights.iter_mut().zip(places).for_each(|(weight, &place)| *weight = *asked[place].0);
            let told = series.levels(weights);
            places.iter().zip(told).for_each(|(&place, level)| levels[place] = level);
        });
        levels.into_iter().flat_map(|level| std::iter::repeat_n(level, horizon)).collect()
    }
}

/// Gives all that is asked about to `work`, [`SIDE`] series at a time, with their places.
///
/// Mostly it is several functions at the same ends of their counts. Then those stand side by side
/// once, and each end is a part of that.
fn abreast(asked: &[Known<'_>], mut work: impl FnMut(&Abreast<'_>, &[usize])) {
    let is_same = |one: &Known<'_>, other: &Known<'_>| {
        std::ptr::eq(one.counts.as_ptr(), other.counts.as_ptr())
    };
    let functions: Vec<&[Known<'_>]> = asked.chunk_by(is_same).collect();
    let mut first = 0;
    for functions in functions.chunks(SIDE) {
        let len: usize = functions.iter().map(|ends| ends.len()).sum();
        let places: Vec<usize> = (first..first + len).collect();
        first += len;
        let ends: Vec<usize> = lens(functions[0]).collect();
        let are_alike = functions.iter().all(|other| lens(other).eq(ends.iter().copied()));
        if functions.len() < SIDE || !are_alike {
            for places in places.chunks(SIDE) {
                let series: Vec<&[f32]> =
                    places.iter().map(|&place| recent_of(&asked[place])).collect();
                work(&Abreast::of(&series), places);
            }
            continue;
        }
        let begin = ends.iter().min().map_or(0, |least| least.saturating_sub(REACH));
        let series: Vec<&[f32]> = functions.iter().map(|ends| &longest(ends)[begin..]).collect();
        let whole = Abreast::of(&series);
        for (turn, end) in ends.iter().enumerate() {
            let own: Vec<usize> = places.iter().skip(turn).step_by(ends.len()).copied().collect();
            work(&whole.part(end.saturating_sub(REACH) - begin..end - begin), &own);
        }
    }
}

fn lens(ends: &[Known<'_>]) -> impl Iterator<Item = usize> {
    ends.iter().map(|known| known.counts.len())
}

fn longest<'k>(ends: &[Known<'k>]) -> &'k [f32] {
    ends.iter().map(|known| known.counts).max_by_key(|counts| counts.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_functions_side_by_side_are_smoothed_as_each_alone() {
        let count = |function: usize, step: usize| (step * (7919 + function) % 23) as f32 * 1.7;
        let of = |function| (0..900).map(|step| count(function, step)).collect();
        let counts: Vec<Vec<f32>> = (0..2 * SIDE + 3).map(of).collect();
        let mut asked = Vec::new();
        for (function, counts) in counts.iter().enumerate() {
            // Not all of the second ones are as long.
            let shorter = if function == SIDE + 2 { 40 } else { 0 };
            for end in [900, 12, 894, 1, 300, 620] {
                let end = end - shorter.min(end - 1);
                asked.push(Known::undated(&counts[..end], 12, 0));
            }
        }
        let shapes = Smoothing.shapes(&asked);
        let alone: Vec<f32> = asked.iter().map(|known| Smoothing.shape(*known)).collect();
        assert_eq!(shapes, alone);
        let with: Vec<(&f32, Known<'_>)> = shapes.iter().zip(asked.iter().copied()).collect();
        let alone: Vec<f32> =
            with.iter().flat_map(|(shape, known)| Smoothing.points(shape, *known, 2)).collect();
        assert_eq!(Smoothing.points_of(&with, 2), alone);
    }
}
