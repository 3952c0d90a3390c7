//! One function's gaps: when each of its levels was last needed, and how long it took
//! until it was needed again.
//!
//! When the working instances of a function fall from `n` to `n - 1`, the `n`-th has nothing to
//! do until `n` work again. That gap is a property of the demand: it can be
//! seen even while no such instance exists, so an evicted function goes on teaching.

use crate::keepalive::hazard::bins::{self, BINS};
use crate::keepalive::hazard::gain::Gain;
use crate::keepalive::hazard::gittins::{self, Head};
use crate::keepalive::hazard::image::{self, GapsImage, HabitImage};
use crate::keepalive::hazard::prior::{self, CLASSES, CONTEXTS, Prior};
use crate::past::Past;
use crate::time::{Instant, Span};

/// Levels told apart; deeper ones share the last.
pub const LEVELS: u32 = 256;

/// A new gap weighs so much more than the one before it: the last 64 count, roughly.
const GROWTH: f32 = 64.0 / 63.0;

/// So many gaps count at most.
const COUNT_MAX: u32 = 64;

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
    fell: Option<Past>,
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
    /// What one more instance is worth, if nothing has been learned since.
    gain: Option<Known>,
}

/// A gain and what it was computed from, besides the habit's own gaps.
#[derive(Debug, Clone, Copy)]
struct Known {
    gain: Gain,
    head: Head,
    /// The epoch of the prior.
    epoch: u32,
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
            gain: None,
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
        self.count = (self.count + 1).min(COUNT_MAX);
        self.fresh += 1;
        self.gain = None;
        if self.fresh * 8 >= self.count {
            self.known = 0;
            self.fresh = 0;
        }
    }

    fn image(&self) -> HabitImage {
        let known = (0..BINS).filter(|bin| self.known & (1 << bin) != 0);
        HabitImage {
            weights: image::sparse(&self.weights),
            weight: self.weight,
            context: self.context,
            count: self.count,
            fresh: self.fresh,
            epoch: self.epoch,
            indices: known.map(|bin| (bin as u8, self.indices[bin])).collect(),
        }
    }

    fn of_image(image: &HabitImage) -> Option<Self> {
        let sound = image.weight >= 1.0 && image.count <= COUNT_MAX && image.fresh <= COUNT_MAX;
        let known = image.indices.iter().map(|&(bin, _)| bin);
        Some(Self {
            weights: image::dense(&image.weights)?,
            weight: image::number(image.weight).filter(|_| sound)?,
            context: known_context(image.context)?,
            count: image.count,
            fresh: image.fresh,
            epoch: image::epoch(image.epoch)?,
            indices: image::dense(&image.indices)?,
            known: known.fold(0, |bits, bin| bits | 1 << bin),
            gain: None,
        })
    }

    fn worth(&mut self, class: usize, bin: usize, prior: &Prior, widths: &[f64; BINS]) -> f64 {
        if self.epoch != prior.epoch() && self.count < SETTLED {
            self.known = 0;
        }
        self.epoch = prior.epoch();
        if self.known & (1 << bin) == 0 {
            let (weights, never) = self.weighed(class, prior);
            self.indices[bin] = gittins::index(&weights, never, widths, bin) as f32;
            self.known |= 1 << bin;
        }
        f64::from(self.indices[bin])
    }

    /// While a function waits for memory this is asked far more often than there is
    /// anything to learn, so the last answer is kept.
    fn gain(&mut self, class: usize, head: Head, prior: &Prior, widths: &[f64; BINS]) -> Gain {
        let epoch = prior.epoch();
        match self.gain {
            Some(known) if known.head == head && known.epoch == epoch => known.gain,
            _ => {
                let (weights, never) = self.weighed(class, prior);
                let gain = gittins::gain(&weights, never, widths, head);
                self.gain = Some(Known { gain, head, epoch });
                gain
            }
        }
    }

    /// The habit's own gaps and those of its prior together: how much ends in each bin,
    /// and how much never does.
    fn weighed(&self, class: usize, prior: &Prior) -> ([f32; BINS], f32) {
        let curve = prior.curve(class, self.context);
        let scale = 1.0 / self.weight;
        let mut weights = curve.ends;
        for (sum, own) in weights.iter_mut().zip(&self.weights) {
            *sum = *sum * PRIOR_GAPS + own * scale;
        }
        (weights, PRIOR_GAPS * curve.never)
    }
}

fn known_context(context: u8) -> Option<u8> {
    (usize::from(context) < CONTEXTS).then_some(context)
}

impl Gaps {
    /// Demand rose to `level`: the gap of that level, if one was open, has ended.
    /// Returns whether anything was learned.
    pub fn rise(&mut self, now: Instant, level: u32, prior: &mut Prior) -> bool {
        let level = level.min(LEVELS);
        let state = self.level(level);
        let Some(fell) = state.fell.take() else { return false };
        let bin = bins::bin(fell.age(now));
        let class = prior::class(level);
        prior.note_ended(class, state.context, bin);
        state.context = prior::context(bin);
        self.classes[class].get_or_insert_with(|| Box::new(Habit::new())).observe(bin);
        true
    }

    /// Demand fell from `level`: its gap begins.
    pub fn fall(&mut self, now: Instant, level: u32) {
        self.level(level.min(LEVELS)).fell = Some(Past::at(now));
    }

    /// When the open gap of a level began.
    pub fn fell(&self, level: u32) -> Option<Past> {
        self.levels.get(level.min(LEVELS) as usize)?.fell
    }

    /// What keeping the instance of `level` is worth at the age of `bin`, in uses per
    /// second.
    pub fn worth(&mut self, level: u32, bin: usize, prior: &Prior, widths: &[f64; BINS]) -> f64 {
        let class = prior::class(level);
        let habit = self.classes[class].get_or_insert_with(|| Box::new(Habit::new()));
        habit.worth(class, bin, prior, widths)
    }

    /// What making the instance of `level` is worth, in uses per second of holding it, with
    /// what comes before its first gap.
    pub fn gain(&mut self, level: u32, head: Head, prior: &Prior, widths: &[f64; BINS]) -> Gain {
        let class = prior::class(level);
        let habit = self.classes[class].get_or_insert_with(|| Box::new(Habit::new()));
        habit.gain(class, head, prior, widths)
    }

    /// Shows the open gaps to the prior.
    pub fn show_open(&self, now: Instant, prior: &mut Prior) {
        for (level, state) in self.levels.iter().enumerate() {
            if let Some(fell) = state.fell {
                let bin = bins::bin(fell.age(now));
                prior.note_open(prior::class(level as u32), state.context, bin);
            }
        }
    }

    /// The gaps as they are written down.
    pub fn image(&self, now: Instant) -> GapsImage {
        let level =
            |state: &Level| (state.context, state.fell.map_or(Span::ZERO, |fell| fell.age(now)));
        let known = self.classes.iter().enumerate();
        let habits = known
            .filter_map(|(class, habit)| habit.as_ref().map(|habit| (class as u8, habit.image())));
        GapsImage {
            levels: self.levels.iter().skip(1).map(level).collect(),
            habits: habits.collect(),
        }
    }

    /// The gaps that were written down so long ago; `None` if they cannot have been
    /// learned. The first `working` levels are at work, so none of their gaps is open.
    pub fn of_image(image: &GapsImage, now: Instant, away: Span, working: u32) -> Option<Self> {
        let mut gaps = Self::default();
        if image.levels.len() > LEVELS as usize {
            return None;
        }
        for (level, &(context, age)) in (1..).zip(&image.levels) {
            let fell = (level > working).then(|| Past::before(now, age + away));
            *gaps.level(level) = Level { fell, context: known_context(context)? };
        }
        for (class, habit) in &image.habits {
            *gaps.classes.get_mut(usize::from(*class))? = Some(Box::new(Habit::of_image(habit)?));
        }
        Some(gaps)
    }

    fn level(&mut self, level: u32) -> &mut Level {
        let index = level as usize;
        if index >= self.levels.len() {
            self.levels.resize(index + 1, Level::default());
        }
        &mut self.levels[index]
    }
}
