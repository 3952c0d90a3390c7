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
        let of_some = |asked: &[Known<'_>]| {
            let series: Vec<&[f32]> = asked.iter().map(recent_of).collect();
            Abreast::of(&series).best_weights(LOW, HIGH).into_iter().take(asked.len())
        };
        asked.chunks(SIDE).flat_map(of_some).collect()
    }

    fn points_of(&self, asked: &[(&f32, Known<'_>)], horizon: usize) -> Vec<f32> {
        let of_some = |asked: &[(&f32, Known<'_>)]| {
            let series: Vec<&[f32]> = asked.iter().map(|(_, known)| recent_of(known)).collect();
            let mut weights = [0.0; SIDE];
            weights.iter_mut().zip(asked).for_each(|(weight, (of, _))| *weight = **of);
            Abreast::of(&series).levels(weights).into_iter().take(asked.len())
        };
        let levels = asked.chunks(SIDE).flat_map(of_some);
        levels.flat_map(|level| std::iter::repeat_n(level, horizon)).collect()
    }
}
