//! What is known in advance: a campaign, a release, a night of maintenance.
//!
//! An event says when, whom, and sometimes by how much. Where nobody knows how much, it
//! widens the band and leaves the middle alone, because a guess would be worse than saying
//! that one does not know.

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

/// An event on the steps of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventEffect {
    /// Its kind, by which effects are learned.
    pub kind: String,
    /// The first step that it touches.
    pub start: usize,
    /// The first step that it touches no more.
    pub end: usize,
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
}

/// How unsure an effect is of which nothing is known: as often as not it lies within a factor
/// of about 1.6, and one time in three it is more than twofold either way.
pub const SPREAD_UNKNOWN: f32 = std::f32::consts::LN_2;

/// By what a median is multiplied, and by what the distance of a band from it.
pub fn factors<'a>(events: impl Iterator<Item = &'a EventEffect>) -> (f32, f32) {
    let (mut middle, mut width) = (1.0f32, 1.0f32);
    for event in events {
        match event.effect {
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
pub fn together<'a>(events: impl Iterator<Item = &'a EventEffect>) -> (f32, f32) {
    let (mut times, mut variance) = (1.0f32, 0.0f32);
    for event in events {
        let (by, spread) = match event.effect {
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
            assert_eq!(factors(touched), expected, "{member} at {step}");
        }
    }
}
