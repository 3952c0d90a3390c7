//! What is known in advance: a campaign, a release, a night of maintenance.
//!
//! An event says when, whom, and sometimes by how much. Where nobody knows how much, it
//! widens the band and leaves the middle alone, because a guess would be worse than saying
//! that one does not know.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How much an event changes demand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// So many times as much, as announced or as learned from earlier ones.
    Times(f32),
    /// About so many times as much, as learned: `spread` is the standard deviation of the
    /// logarithm of what it may be instead.
    About {
        /// How many times as much, most likely.
        times: f32,
        /// How unsure that is.
        spread: f32,
    },
    /// It changes, nobody knows how.
    Unknown,
    /// Nothing is measured while it lasts: the steps are gaps, not calm.
    Unmeasured,
}

impl Effect {
    /// The effect on a time of which the event takes a share, 0 to 1: what comes in the rest is as
    /// ever, so `x` times as much in a third of it is `1 + (x - 1) / 3` times as much in all.
    #[must_use]
    pub fn in_part(self, share: f32) -> Self {
        if share >= 1.0 {
            return self;
        }
        let share = share.max(0.0);
        let (times, spread) = match self {
            // What is no number of times says as little in part.
            Self::Times(times) | Self::About { times, .. } if times.is_nan() || times < 0.0 => {
                return self;
            }
            Self::Times(times) => return Self::Times(1.0 + share * (times - 1.0)),
            Self::Unmeasured => return self,
            Self::About { times, spread } => (times, spread),
            Self::Unknown => (1.0, SPREAD_UNKNOWN),
        };
        let all = 1.0 + share * (times - 1.0);
        // Of the logarithm of all, a share of it varies.
        let spread = if all > 0.0 { spread * share * times / all } else { spread };
        Self::About { times: all, spread }
    }
}

/// An event on the steps of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventEffect {
    /// Its kind, by which effects are learned.
    pub kind: String,
    /// The first step that it touches.
    pub start: usize,
    /// The first step that it touches no more.
    pub end: usize,
    /// Which share of its first step is over when it begins, and of its last one left when it
    /// ends, 0 to 1 each.
    pub edges: [f32; 2],
    /// The members it touches, in order; empty: all.
    pub members: Vec<usize>,
    /// What it does.
    pub effect: Effect,
}

impl EventEffect {
    /// Whether the event touches a member at some time.
    pub fn is_of(&self, member: usize) -> bool {
        self.members.is_empty() || self.members.binary_search(&member).is_ok()
    }

    /// Whether the event touches a member at a step.
    pub fn touches(&self, member: usize, step: usize) -> bool {
        self.start <= step && step < self.end && self.is_of(member)
    }

    /// The share of a part of the steps that it takes, 0 to 1: from 7.2 to 7.4 is the second fifth
    /// of step 7.
    pub fn share_of(&self, part: &Range<f64>) -> f32 {
        let begin = part.start.max(self.start as f64 + f64::from(self.edges[0]));
        let end = part.end.min(self.end as f64 - f64::from(self.edges[1]));
        ((end - begin).max(0.0) / (part.end - part.start).max(f64::MIN_POSITIVE)) as f32
    }

    /// What it does to a step, by the share of it that it takes.
    pub fn at(&self, step: usize) -> Effect {
        self.effect.in_part(self.share_of(&whole(step)))
    }
}

/// A step as a part of the steps.
pub fn whole(step: usize) -> Range<f64> {
    step as f64..(step + 1) as f64
}

/// How unsure an effect is of which nothing is known: as often as not it lies within a factor
/// of about 1.6, and one time in three it is more than twofold either way.
pub const SPREAD_UNKNOWN: f32 = std::f32::consts::LN_2;

/// By what a median is multiplied, and by what the distance of a band from it.
pub fn factors(effects: impl Iterator<Item = Effect>) -> (f32, f32) {
    let (mut middle, mut width) = (1.0f32, 1.0f32);
    for effect in effects {
        match effect {
            Effect::Times(times) if times.is_finite() && times >= 0.0 => middle *= times,
            Effect::About { times, spread } if times.is_finite() && times >= 0.0 => {
                middle *= times;
                width *= 1.0 + (spread / SPREAD_UNKNOWN).clamp(0.0, 3.0);
            }
            Effect::Times(_) | Effect::About { .. } | Effect::Unknown => width *= 2.0,
            Effect::Unmeasured => {}
        }
    }
    (middle.min(100.0), width.min(8.0))
}

/// How many times as much comes with all of these, and how unsure that is: the standard deviation of
/// its logarithm.
pub fn together(effects: impl Iterator<Item = Effect>) -> (f32, f32) {
    let (mut times, mut variance) = (1.0f32, 0.0f32);
    for effect in effects {
        let (by, spread) = match effect {
            Effect::Times(by) if by.is_finite() && by >= 0.0 => (by, 0.0),
            Effect::About { times, spread } if times.is_finite() && times >= 0.0 => {
                (times, if spread.is_finite() { spread } else { SPREAD_UNKNOWN })
            }
            Effect::Unmeasured => (1.0, 0.0),
            Effect::Unknown | Effect::Times(_) | Effect::About { .. } => (1.0, SPREAD_UNKNOWN),
        };
        times *= by;
        variance += spread * spread;
    }
    (times.min(100.0), variance.sqrt().min(3.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_widens_and_does_not_move() {
        let event = |effect, members: &[usize]| EventEffect {
            kind: "campaign".to_string(),
            start: 3,
            end: 5,
            edges: [0.0; 2],
            members: members.to_vec(),
            effect,
        };
        let events = [
            event(Effect::Times(2.0), &[]),
            event(Effect::Unknown, &[1, 4]),
            event(Effect::Times(f32::NAN), &[9]),
            event(Effect::About { times: 3.0, spread: SPREAD_UNKNOWN / 2.0 }, &[7]),
        ];
        for (member, step, expected) in [
            (0, 2, (1.0, 1.0)),
            (0, 3, (2.0, 1.0)),
            (4, 4, (2.0, 2.0)),
            (9, 4, (2.0, 2.0)),
            (7, 4, (6.0, 1.5)),
            (4, 5, (1.0, 1.0)),
        ] {
            let touched = events.iter().filter(|event| event.touches(member, step));
            let effects = touched.map(|event| event.at(step));
            assert_eq!(factors(effects), expected, "{member} at {step}");
        }
    }

    #[test]
    fn a_part_of_a_step_counts_as_that_part() {
        let event = |effect, start, end, edges| EventEffect {
            kind: "campaign".to_string(),
            start,
            end,
            edges,
            members: Vec::new(),
            effect,
        };
        let five = Effect::Times(5.0);
        let long = event(five, 3, 6, [0.75, 0.5]);
        for (step, expected) in [(2, 1.0), (3, 2.0), (4, 5.0), (5, 3.0), (6, 1.0)] {
            assert_eq!(together([long.at(step)].into_iter()), (expected, 0.0), "{step}");
        }
        let short = event(five, 3, 4, [0.25, 0.5]);
        assert_eq!(together([short.at(3)].into_iter()), (2.0, 0.0));
        let share = |from, to| (100.0 * short.share_of(&(from..to))).round();
        assert_eq!([share(3.0, 3.2), share(3.2, 3.4), share(3.4, 3.6)], [0.0, 75.0, 50.0]);
        let spread =
            |effect, share| together([effect].map(|e: Effect| e.in_part(share)).into_iter());
        assert_eq!(spread(Effect::Unknown, 0.5), (1.0, SPREAD_UNKNOWN / 2.0));
        let about = Effect::About { times: 3.0, spread: 0.4 };
        assert_eq!(spread(about, 1.0), (3.0, 0.4));
        let (times, unsure) = spread(about, 0.5);
        assert!(times == 2.0 && (unsure - 0.3).abs() < 1e-6, "{times} {unsure}");
        assert_eq!(Effect::Unmeasured.in_part(0.1), Effect::Unmeasured);
        for wild in [f32::NAN, -1.0, f32::INFINITY] {
            assert_eq!(spread(Effect::Times(wild), 0.5), (1.0, SPREAD_UNKNOWN), "{wild}");
        }
        assert_eq!(spread(Effect::About { times: 0.0, spread: 0.4 }, 0.5), (0.5, 0.0));
    }
}
