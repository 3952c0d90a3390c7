//! What gaps are usually like, learned from all functions together.
//!
//! A function called for the third time has two gaps to its name; what is known of all
//! others fills in. Gaps are told apart by class (how deep in a function's concurrency
//! the instance stands: a second instance is needed less often than a first) and by
//! context (how long the gap before this one was: gaps resemble their predecessors).
//! Each class and context has its own survival curve, estimated from ended and
//! still-open gaps alike (Kaplan and Meier, 1958), since the long gaps of a young run are
//! all still open. Counts fade so that yesterday does not outvote today.

use crate::keepalive::hazard::bins::BINS;
use crate::keepalive::hazard::image::{self, PriorImage};

/// Classes of levels: 1, 2, 3, 4, 5-6, 7-8, 9-12, 13-16, 17-32, deeper.
pub const CLASSES: usize = 10;

/// Bins of the former gap that make one context.
const BINS_PER_CONTEXT: usize = 2;

/// Contexts: no former gap, then one per doubling of it.
pub const CONTEXTS: usize = BINS.div_ceil(BINS_PER_CONTEXT) + 1;

/// A curve with fewer gaps than this borrows another.
const ENOUGH: f32 = 20.0;

/// Counts of one curve are halved beyond this many.
const FADING: f32 = 2000.0;

/// The class of a level, from 1.
pub fn class(level: u32) -> usize {
    match level {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 3,
        5..=6 => 4,
        7..=8 => 5,
        9..=12 => 6,
        13..=16 => 7,
        17..=32 => 8,
        _ => 9,
    }
}

/// The context that a gap of the given bin leaves behind.
pub fn context(bin: usize) -> u8 {
    (bin / BINS_PER_CONTEXT + 1) as u8
}

/// How likely a gap ends in each bin, and how likely it never does; sums to one.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Chance per bin.
    pub ends: [f32; BINS],
    /// Chance of no end.
    pub never: f32,
}

/// The curves of all classes and contexts.
#[derive(Debug)]
pub struct Prior {
    curves: Vec<Curve>,
    ended: Vec<[f32; BINS]>,
    open: Vec<[f32; BINS]>,
    epoch: u32,
}

impl Default for Prior {
    /// Before anything is known every bin is as likely, and one gap in five never ends.
    fn default() -> Self {
        let curve = Curve { ends: [0.8 / BINS as f32; BINS], never: 0.2 };
        Self {
            curves: vec![curve; CLASSES * CONTEXTS],
            ended: vec![[0.0; BINS]; CLASSES * CONTEXTS],
            open: vec![[0.0; BINS]; CLASSES * CONTEXTS],
            epoch: 0,
        }
    }
}

impl Prior {
    /// The curve of a class and a context.
    pub fn curve(&self, class: usize, context: u8) -> &Curve {
        &self.curves[class * CONTEXTS + usize::from(context)]
    }

    /// Counts the rebuildings, so that what was derived from the curves can tell its age.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// A gap has ended.
    pub fn note_ended(&mut self, class: usize, context: u8, bin: usize) {
        self.ended[class * CONTEXTS + usize::from(context)][bin] += 1.0;
    }

    /// A gap is still open, at the age of `bin`; counts until the next rebuilding.
    pub fn note_open(&mut self, class: usize, context: u8, bin: usize) {
        self.open[class * CONTEXTS + usize::from(context)][bin] += 1.0;
    }

    /// The prior as it is written down.
    pub fn image(&self) -> PriorImage {
        let curve = |curve: &Curve| (curve.never, image::sparse(&curve.ends));
        PriorImage {
            curves: self.curves.iter().map(curve).collect(),
            ended: self.ended.iter().map(image::sparse).collect(),
            epoch: self.epoch,
        }
    }

    /// The prior that was written down; `None` if it cannot have been learned.
    pub fn of_image(image: &PriorImage) -> Option<Self> {
        let curve = |(never, ends): &(f32, Vec<(u8, f32)>)| {
            Some(Curve { ends: image::dense(ends)?, never: image::number(*never)? })
        };
        let curves = image.curves.iter().map(curve).collect::<Option<Vec<Curve>>>()?;
        let ended = image.ended.iter().map(|bins| image::dense(bins));
        let ended = ended.collect::<Option<Vec<[f32; BINS]>>>()?;
        let whole = curves.len() == CLASSES * CONTEXTS && ended.len() == curves.len();
        let open = vec![[0.0; BINS]; CLASSES * CONTEXTS];
        whole.then_some(Self { curves, ended, open, epoch: image::epoch(image.epoch)? })
    }

    /// Estimates all curves anew.
    pub fn rebuild(&mut self) {
        self.epoch += 1;
        for class in 0..CLASSES {
            let marginal = self.marginal(class);
            for context in 0..CONTEXTS {
                self.rebuild_curve(class, context, marginal.as_ref());
            }
        }
        for open in &mut self.open {
            *open = [0.0; BINS];
        }
    }

    /// What a class looks like whatever the context, if enough is known.
    fn marginal(&self, class: usize) -> Option<Curve> {
        let mut sum = [0.0f32; BINS];
        for context in 0..CONTEXTS {
            let ended = &self.ended[class * CONTEXTS + context];
            sum.iter_mut().zip(ended).for_each(|(sum, ended)| *sum += ended);
        }
        let total: f32 = sum.iter().sum();
        if total <= ENOUGH {
            return None;
        }
        let ends = sum.map(|count| 0.5 * count / total + 0.4 / BINS as f32);
        Some(Curve { ends, never: 0.1 })
    }

    fn rebuild_curve(&mut self, class: usize, context: usize, marginal: Option<&Curve>) {
        let place = class * CONTEXTS + context;
        let ended: f32 = self.ended[place].iter().sum();
        let open: f32 = self.open[place].iter().sum();
        if ended + open < ENOUGH {
            // Borrow from the class below under the same context, else from the class.
            let below = class.checked_sub(1).map(|below| below * CONTEXTS + context);
            let known = below.filter(|&below| self.ended[below].iter().sum::<f32>() >= ENOUGH);
            if let Some(below) = known {
                self.curves[place] = self.curves[below].clone();
            } else if let Some(marginal) = marginal {
                self.curves[place] = marginal.clone();
            }
            return;
        }
        self.curves[place] = survival(&self.ended[place], &self.open[place]);
        if ended > FADING {
            self.ended[place].iter_mut().for_each(|count| *count *= 0.5);
        }
    }
}

/// The product-limit estimate: in each bin, the share of the gaps still at risk that
/// ended there. A trace of a count keeps every hazard between zero and one.
fn survival(ended: &[f32; BINS], open: &[f32; BINS]) -> Curve {
    let mut at_risk: f32 = ended.iter().sum::<f32>() + open.iter().sum::<f32>();
    let mut surviving = 1.0f32;
    let ends = std::array::from_fn(|bin| {
        let hazard = ((ended[bin] + 0.02) / (at_risk + 1.0)).min(1.0);
        let ends = surviving * hazard;
        surviving -= ends;
        at_risk = (at_risk - ended[bin] - open[bin]).max(0.0);
        ends
    });
    Curve { ends, never: surviving.max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums_to_one(curve: &Curve) -> bool {
        (curve.ends.iter().sum::<f32>() + curve.never - 1.0).abs() < 1e-3
    }

    #[test]
    fn open_gaps_lengthen_the_curve() {
        let (mut ended, mut open) = ([0.0; BINS], [0.0; BINS]);
        ended[10] = 50.0;
        let without = survival(&ended, &open);
        open[30] = 50.0;
        let with = survival(&ended, &open);
        assert!(sums_to_one(&without) && sums_to_one(&with));
        assert!(without.ends[10] > 0.9, "all gaps end in bin 10: {}", without.ends[10]);
        assert!((0.4..0.6).contains(&with.ends[10]), "half of them do: {}", with.ends[10]);
    }

    #[test]
    fn the_unknown_borrows_from_its_neighbour() {
        let mut prior = Prior::default();
        assert!(sums_to_one(prior.curve(3, 2)));
        (0..100).for_each(|_| prior.note_ended(2, 5, 12));
        prior.rebuild();
        assert_eq!(prior.epoch(), 1);
        assert_eq!(prior.curve(3, 5).ends, prior.curve(2, 5).ends);
        assert!(prior.curve(2, 9).ends[12] > 0.4, "another context knows the class's habits");
        assert!(prior.curve(7, 5).ends[12] < 0.1, "a far class knows nothing");
    }
}
