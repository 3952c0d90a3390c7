//! One function's gaps: when each of its levels was last needed, and how long it took
//! until it was needed again.
//!
//! When the working instances of a function fall from `n` to `n - 1`, the `n`-th has nothing to
//! do until `n` work again. That gap is a property of the demand: it can be
//! seen even while no such instance exists, so an evicted function goes on teaching.

use crate::keepalive::hazard::bins::{self, BINS};
use crate::keepalive::hazard::gittins;
use crate::keepalive::hazard::prior::{self, CLASSES, Prior};
use crate::time::Instant;

/// Levels told apart; deeper ones share the last.
pub const LEVELS: u32 = 256;

/// A new gap weighs so much more than the one before it: the last 64 count, roughly.
const GROWTH: f32 = 64.0 / 63.0;

/// How many gaps of its own a function's prior stands for.
const PRIOR_GAPS: f32 = 2.0;

/// Share of a gap's weight that its bin gives to each of its neighbours.
const BLUR: f32 = 0.25;

/// What is known of one function's demand.
#[derive(Debug, Default)]
pub struct Gaps {
    levels: Vec<Level>,
    classes: [Option<Box<Habit>>; CLASSES],
}

/// One level: the `n`-th instance.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    fell: Option<Instant>,
    context: u8,
}

/// How gaps of one class end.
#[derive(Debug)]
struct Habit {
    weights: [f32; BINS],
    /// The weight of the next gap; grows, so that former ones fade without being touched.
    weight: f32,
    context: u8,
    /// Gaps seen, as far as they count.
    count: u32,
    /// Gaps seen since the indices were last thrown away.
    fresh: u32,
    /// The epoch of the prior they were computed in.
    epoch: u32,
    /// Which indices are known, a bit per bin.
    known: u64,
    indices: [f32; BINS],
}

/// Beyond so many gaps of its own a habit no longer follows the prior's changes.
const SETTLED: u32 = 16;

impl Habit {
    fn new() -> Self {
        Self {
            weights: [0.0; BINS],
            weight: 1.0,
            context: 0,
            count: 0,
            fresh: 0,
            epoch: 0,
            known: 0,
            indices: [0.0; BINS],
        }
    }

    /// Takes in a gap. Computed indices are kept until the new gaps are an eighth of
    /// all that count: one more gap among sixty moves nothing.
    fn observe(&mut self, bin: usize) {
        self.weights[bin] += self.weight * (1.0 - 2.0 * BLUR);
        self.weights[bin.saturating_sub(1)] += self.weight * BLUR;
        self.weights[(bin + 1).min(BINS - 1)] += self.weight * BLUR;
        self.weight *= GROWTH;
        if self.weight > 1e6 {
            self.weights.iter_mut().for_each(|weight| *weight /= self.weight);
            self.weight = 1.0;
        }
        self.context = prior::context(bin);
        self.count = (self.count + 1).min(64);
        self.fresh += 1;
        if self.fresh * 8 >= self.count {
            self.known = 0;
            self.fresh = 0;
        }
    }

    fn worth(&mut self, class: usize, bin: usize, prior: &Prior, widths: &[f64; BINS]) -> f64 {
        if self.epoch != prior.epoch() && self.count < SETTLED {
            self.known = 0;
        }
        self.epoch = prior.epoch();
        if self.known & (1 << bin) == 0 {
            let curve = prior.curve(class, self.context);
            let scale = 1.0 / self.weight;
            let mut weights = curve.ends;
            for (sum, own) in weights.iter_mut().zip(&self.weights) {
                *sum = *sum * PRIOR_GAPS + own * scale;
            }
            let never = PRIOR_GAPS * curve.never;
            self.indices[bin] = gittins::index(&weights, never, widths, bin) as f32;
            self.known |= 1 << bin;
        }
        f64::from(self.indices[bin])
    }
}

impl Gaps {
    /// Demand rose to `level`: the gap of that level, if one was open, has ended.
    /// Returns whether anything was learned.
    pub fn rise(&mut self, now: Instant, level: u32, prior: &mut Prior) -> bool {
        let level = level.min(LEVELS);
        let state = self.level(level);
        let Some(fell) = state.fell.take() else { return false };
        let bin = bins::bin(now.since(fell));
        let class = prior::class(level);
        prior.note_ended(class, state.context, bin);
        state.context = prior::context(bin);
        self.classes[class].get_or_insert_with(|| Box::new(Habit::new())).observe(bin);
        true
    }

    /// Demand fell from `level`: its gap begins.
    pub fn fall(&mut self, now: Instant, level: u32) {
        self.level(level.min(LEVELS)).fell = Some(now);
    }

    /// When the open gap of a level began.
    pub fn fell(&self, level: u32) -> Option<Instant> {
        self.levels.get(level.min(LEVELS) as usize)?.fell
    }

    /// What keeping the instance of `level` is worth at the age of `bin`, in uses per
    /// second.
    pub fn worth(&mut self, level: u32, bin: usize, prior: &Prior, widths: &[f64; BINS]) -> f64 {
        let class = prior::class(level);
        let habit = self.classes[class].get_or_insert_with(|| Box::new(Habit::new()));
        habit.worth(class, bin, prior, widths)
    }

    /// Shows the open gaps to the prior.
    pub fn show_open(&self, now: Instant, prior: &mut Prior) {
        for (level, state) in self.levels.iter().enumerate() {
            if let Some(fell) = state.fell {
                let bin = bins::bin(now.since(fell));
                prior.note_open(prior::class(level as u32), state.context, bin);
            }
        }
    }

    fn level(&mut self, level: u32) -> &mut Level {
        let index = level as usize;
        if index >= self.levels.len() {
            self.levels.resize(index + 1, Level::default());
        }
        &mut self.levels[index]
    }
}
