//! Many small trees, each mending a little of what the ones before left over, for one quantile
//! or for the chance that something happens.
//!
//! The loss of a quantile is a corner, so its slope says only on which side a row lies. Slopes
//! choose the questions; what a leaf then adds is the very quantile of what is left over in
//! it, which is the best answer to that loss. Chances are kept as log-odds, and a leaf adds one
//! step of Newton's (Friedman, 2001).

use serde::{Deserialize, Serialize};
use swell_core::rng::{below, split, unit};

use crate::boost::bins::{Binned, Bins};
use crate::boost::grow::{Shape, grow};
use crate::boost::tree::Tree;
use crate::forecaster::Budget;
use crate::network::matrix::sigmoid;

/// Trees for one quantile, or for the log-odds of a chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booster {
    start: f32,
    trees: Vec<Tree>,
}

/// What a booster learns from.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// The edges of the bins.
    pub bins: &'a Bins,
    /// The rows.
    pub binned: &'a Binned,
    /// What should come out, row by row.
    pub targets: &'a [f32],
    /// How much each row counts.
    pub weights: &'a [f32],
}

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The quantile of this level.
    Quantile(f32),
    /// The log-odds of a target that is zero or one.
    Chance,
}

/// How a booster learns.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// What shall come out.
    pub goal: Goal,
    /// The share of its answer that a tree adds.
    pub rate: f32,
    /// The share of rows that a tree sees.
    pub rows: f64,
    /// The share of columns that a tree may ask.
    pub columns: f64,
    /// How large a tree becomes.
    pub shape: Shape,
}

impl Booster {
    /// Learns. No rows: a booster that says zero.
    pub fn fit(lesson: Lesson<'_>, manner: Manner, budget: &Budget<'_>, seed: u64) -> Self {
        let Lesson { bins, binned, targets, weights } = lesson;
        let mut rng = split(seed, "boost");
        let all: Vec<u32> = (0..targets.len() as u32).collect();
        let start = match manner.goal {
            Goal::Quantile(level) => weighted_quantile(&mut pairs(&all, targets, weights), level),
            Goal::Chance => log_odds(targets, weights),
        };
        let mut booster = Self { start, trees: Vec::new() };
        let mut said = vec![start; targets.len()];
        let mut slopes = vec![[0.0f32; 2]; targets.len()];
        let width = bins.width();
        let chosen = ((width as f64 * manner.columns).ceil() as usize).clamp(1, width);
        for _ in 0..budget.rounds {
            if !(budget.proceed)() {
                break;
            }
            for (row, slope) in slopes.iter_mut().enumerate() {
                *slope = slope_of(manner.goal, targets[row], said[row], weights[row]);
            }
            let rows = all.iter().copied().filter(|_| unit(&mut rng) < manner.rows).collect();
            let mut columns: Vec<usize> = (0..width).collect();
            for place in 0..chosen {
                let other = place + below(&mut rng, (width - place) as u64) as usize;
                columns.swap(place, other);
            }
            columns.truncate(chosen);
            columns.sort_unstable();
            let (mut tree, leaves) = grow(bins, binned, &slopes, rows, &columns, manner.shape);
            if tree.nodes.is_empty() {
                continue;
            }
            let answer = |rows: &Vec<u32>| match manner.goal {
                Goal::Quantile(level) => {
                    let left = |&row: &u32| {
                        let row = row as usize;
                        (targets[row] - said[row], weights[row])
                    };
                    let mut left: Vec<(f32, f32)> = rows.iter().map(left).collect();
                    manner.rate * weighted_quantile(&mut left, level)
                }
                Goal::Chance => {
                    let sums = rows.iter().fold([0.0f32; 2], |sums, &row| {
                        let [slope, curve] = slopes[row as usize];
                        [sums[0] + slope, sums[1] + curve]
                    });
                    (manner.rate * sums[0] / (sums[1] + 1.0)).clamp(-1.0, 1.0)
                }
            };
            tree.leaves = leaves.iter().map(answer).collect();
            apply(&tree, bins, binned, &mut said);
            booster.trees.push(tree);
        }
        booster
    }

    /// What comes out before any tree adds to it.
    pub fn start(&self) -> f32 {
        self.start
    }

    /// The trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// What comes out for a row.
    pub fn value(&self, row: &[f32]) -> f32 {
        self.start + self.trees.iter().map(|tree| tree.value(row)).sum::<f32>()
    }

    /// Whether it can be asked about rows of `width` columns.
    pub fn is_sound(&self, width: usize) -> bool {
        self.start.is_finite() && self.trees.iter().all(|tree| tree.is_sound(width))
    }
}

fn pairs(rows: &[u32], values: &[f32], weights: &[f32]) -> Vec<(f32, f32)> {
    rows.iter().map(|&row| (values[row as usize], weights[row as usize])).collect()
}

/// The value below which a share `level` of the weight lies; zero of nothing.
fn weighted_quantile(pairs: &mut [(f32, f32)], level: f32) -> f32 {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = pairs.iter().map(|pair| f64::from(pair.1)).sum();
    let mut below = 0.0;
    for (value, weight) in pairs.iter() {
        below += f64::from(*weight);
        if below >= total * f64::from(level) {
            return *value;
        }
    }
    pairs.last().map_or(0.0, |pair| pair.0)
}

/// The slope of the loss downwards, and its curve: for a corner, the weight.
fn slope_of(goal: Goal, target: f32, said: f32, weight: f32) -> [f32; 2] {
    match goal {
        Goal::Quantile(level) => {
            let side = if target < said { level - 1.0 } else { level };
            [side * weight, weight]
        }
        Goal::Chance => {
            let chance = sigmoid(said);
            [(target - chance) * weight, (chance * (1.0 - chance)).max(1e-4) * weight]
        }
    }
}

/// The log-odds of the mean target, within what can be mended later.
fn log_odds(targets: &[f32], weights: &[f32]) -> f32 {
    let total = weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
    let of = |(target, weight): (&f32, &f32)| f64::from(*target) * f64::from(*weight);
    let share = targets.iter().zip(weights).map(of).sum::<f64>() / total.max(1e-9);
    let share = share.clamp(1e-4, 1.0 - 1e-4);
    (share / (1.0 - share)).ln() as f32
}

/// Adds what a tree says to what was said of every row.
fn apply(tree: &Tree, bins: &Bins, binned: &Binned, said: &mut [f32]) {
    let bin = |column: u16, edge: f32| {
        let column = usize::from(column);
        (0..=u8::MAX).find(|&bin| bins.edge(column, bin) >= edge).unwrap_or(u8::MAX)
    };
    let asked: Vec<u8> = tree.nodes.iter().map(|node| bin(node.column, node.edge)).collect();
    for (row, said) in binned.bins.chunks_exact(binned.width).zip(said) {
        let mut place = 0;
        while place >= 0 {
            let node = &tree.nodes[place as usize];
            let is_left = row[usize::from(node.column)] <= asked[place as usize];
            place = if is_left { node.left } else { node.right };
        }
        *said += tree.leaves[!place as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise whose spread grows with the first column; the second one says nothing.
    fn lesson() -> (Vec<f32>, Vec<f32>) {
        let mut rng = split(5, "test");
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        for _ in 0..4000 {
            let (x, useless) = (unit(&mut rng) as f32, unit(&mut rng) as f32);
            rows.extend([x, useless]);
            targets.push(10.0 * x * unit(&mut rng) as f32);
        }
        (rows, targets)
    }

    fn manner(level: f32) -> Manner {
        manner_for(Goal::Quantile(level))
    }

    fn manner_for(goal: Goal) -> Manner {
        let shape = Shape { leaves: 15, rows: 40, calm: 1.0 };
        Manner { goal, rate: 0.1, rows: 0.7, columns: 1.0, shape }
    }

    #[test]
    fn quantiles_that_depend_on_a_column_are_learned() {
        let (rows, targets) = lesson();
        let bins = Bins::of(&rows, 2);
        let binned = bins.bin(&rows);
        let weights = vec![1.0; targets.len()];
        let lesson = Lesson { bins: &bins, binned: &binned, targets: &targets, weights: &weights };
        for level in [0.1, 0.5, 0.9] {
            let booster = Booster::fit(lesson, manner(level), &Budget::FULL.scaled(0.5), 1);
            for x in [0.2f32, 0.5, 0.8] {
                let found = booster.value(&[x, 0.5]);
                let expected = 10.0 * x * level;
                assert!((found - expected).abs() < 0.9, "{level} at {x}: {found}, not {expected}");
            }
            assert!(booster.is_sound(2) && !booster.is_sound(1));
            let again = Booster::fit(lesson, manner(level), &Budget::FULL.scaled(0.5), 1);
            assert_eq!(booster, again, "the same seed gives the same trees");
        }
    }

    #[test]
    fn chances_that_depend_on_a_column_are_learned() {
        let (rows, sizes) = lesson();
        // The share of sizes above 5 is 1 - 1 / 2x, from x = 1 / 2 on.
        let targets: Vec<f32> = sizes.iter().map(|size| f32::from(u8::from(*size > 5.0))).collect();
        let bins = Bins::of(&rows, 2);
        let binned = bins.bin(&rows);
        let weights = vec![1.0; targets.len()];
        let lesson = Lesson { bins: &bins, binned: &binned, targets: &targets, weights: &weights };
        let manner = manner_for(Goal::Chance);
        let booster = Booster::fit(lesson, manner, &Budget::FULL.scaled(0.3), 1);
        for (x, expected) in [(0.2f32, 0.0f32), (0.7, 0.286), (0.9, 0.444)] {
            let chance = |place: usize| {
                let (x, useless) = (x - 0.05 + place as f32 / 1000.0, place * 37 % 100);
                sigmoid(booster.value(&[x, useless as f32 / 100.0]))
            };
            let found = (0..100).map(chance).sum::<f32>() / 100.0;
            assert!((found - expected).abs() < 0.1, "about {x}: {found}, not {expected}");
        }
    }

    #[test]
    fn nothing_to_learn_from_is_zero_and_a_tired_caller_gets_what_there_is() {
        let bins = Bins::of(&[], 2);
        let binned = bins.bin(&[]);
        let none = Lesson { bins: &bins, binned: &binned, targets: &[], weights: &[] };
        assert_eq!(Booster::fit(none, manner(0.5), &Budget::FULL, 1).value(&[1.0, 2.0]), 0.0);
        let (rows, targets) = lesson();
        let bins = Bins::of(&rows, 2);
        let binned = bins.bin(&rows);
        let weights = vec![1.0; targets.len()];
        let lesson = Lesson { bins: &bins, binned: &binned, targets: &targets, weights: &weights };
        let budget = Budget { proceed: &|| false, ..Budget::FULL };
        assert!(Booster::fit(lesson, manner(0.5), &budget, 1).trees.is_empty());
    }
}
