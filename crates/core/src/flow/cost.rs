//! What a change of hands costs: the pause it makes, from what has to be done for it.
//!
//! The first constants were measured on one machine; what pauses really were corrects them
//! from then on, per kind of change.

use serde::{Deserialize, Serialize};

use crate::flow::topology::Distance;
use crate::time::Span;
use crate::units::Bytes;

/// How a FIFO changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The heir has everything mapped.
    Warm,
    /// The heir has to be handed descriptors and to map them.
    Cold,
    /// The FIFO goes to another node.
    Away,
}

/// What has to be done while the FIFO pauses. What is prepared before does not count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// How long a call of its owner takes, if one is under way: its owner lets go when it ends.
    pub call: Span,
    /// How it changes hands.
    pub kind: Kind,
    /// Pages that must be mapped during the pause.
    pub pages_mapped: u64,
    /// Pages that must be filled with zeros during the pause.
    pub pages_zeroed: u64,
    /// Bytes that must be copied from region to region.
    pub copied: Bytes,
    /// Bytes that were not read yet.
    pub unread: Bytes,
    /// How far the heir's core is from that of whoever wrote them, if both are known.
    pub distance: Option<Distance>,
    /// To the other node and back.
    pub round_trip: Span,
    /// Bytes a second to the other node.
    pub bandwidth: f64,
}

/// Bytes of unread data up to which moving its cache lines is part of the pause; the rest
/// moves while it is read.
const LINES_COUNTED: u64 = 64 << 10;
/// Seconds that a line takes between cores that share a cache, and between others.
const NEAR: f64 = 0.11e-6;
const FAR: f64 = 0.39e-6;

impl Change {
    /// A change of owners on one node, of whose cores nothing is known, with so many bytes that were
    /// not read, while the owner is in a call that usually takes so long, or in none.
    pub fn on_node(kind: Kind, unread: u64, call: Span) -> Self {
        Self {
            kind,
            call,
            pages_mapped: 0,
            pages_zeroed: 0,
            copied: Bytes::ZERO,
            unread: Bytes::new(unread),
            distance: None,
            round_trip: Span::ZERO,
            bandwidth: 0.0,
        }
    }

    /// The pause by the first constants.
    fn first_guess(&self) -> Span {
        let base = match self.kind {
            Kind::Warm => 20e-6,
            Kind::Cold | Kind::Away => 65e-6,
        };
        let mut seconds = base
            + 0.65e-6 * self.pages_mapped as f64
            + 2.4e-6 * self.pages_zeroed as f64
            + 25e-6 * self.copied.get() as f64 / f64::from(1 << 20);
        if self.kind == Kind::Away {
            let bytes = self.unread.get() as f64;
            seconds += self.round_trip.secs_f64();
            seconds += if self.bandwidth > 0.0 { bytes / self.bandwidth } else { f64::INFINITY };
        } else {
            seconds += lines_seconds(self.unread, self.distance);
        }
        Span::from_secs_f64(seconds)
    }
}

/// What it takes of a pause to move the cache lines of bytes that were not read to the core of
/// whoever reads them next, so far away.
pub fn lines(unread: Bytes, distance: Option<Distance>) -> Span {
    Span::from_secs_f64(lines_seconds(unread, distance))
}

fn lines_seconds(unread: Bytes, distance: Option<Distance>) -> f64 {
    let lines = unread.get().min(LINES_COUNTED) as f64 / 64.0;
    let each = match distance.map(Distance::shares_cache) {
        Some(true) => NEAR,
        Some(false) => FAR,
        None => f64::midpoint(NEAR, FAR),
    };
    lines * each
}

/// How much a new pause counts against all before it.
const LEARNING: f64 = 0.2;
/// The same where the one before it was as surprising: one may be chance, two are not.
const RELEARNING: f64 = 0.5;
/// A pause is surprising that took more than so many times what was expected, or less than one in
/// so many of it.
const SURPRISING: f64 = 2.0;
/// A single pause counts as no more than so many times what was expected, and no less than one in so
/// many of it: an outlier weighs, and what is really so is reached by a few.
const SURPRISE: f64 = 100.0;

/// Predicts pauses, and learns from those that were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Measured by guessed, averaged, per kind.
    corrections: [f64; 3],
    /// Whether the last pause of a kind was surprisingly long (1), short (-1), or neither.
    surprises: [i8; 3],
    /// The share of a call that was still to come when a change was ordered, averaged.
    rest: f64,
}

/// Changes come at any time of a call.
const REST: f64 = 0.5;

impl Default for Costs {
    fn default() -> Self {
        Self { corrections: [1.0; 3], surprises: [0; 3], rest: REST }
    }
}

impl Costs {
    /// Whether pauses could have taught this.
    pub fn is_sound(&self) -> bool {
        let is_ratio = |ratio: &f64| ratio.is_finite() && *ratio > 0.0;
        self.corrections.iter().all(is_ratio) && (0.0..=SURPRISE).contains(&self.rest)
    }

    /// The time to expect from the order to the first item that the heir is given.
    pub fn pause(&self, change: &Change) -> Span {
        let guess = change.first_guess();
        if guess == Span::FOREVER {
            return guess;
        }
        let own = guess.secs_f64() * self.corrections[change.kind as usize];
        Span::from_secs_f64(own + change.call.secs_f64() * self.rest)
    }

    /// A change waited so long for the call under way, and took `measured` from there on.
    pub fn on_pause(&mut self, change: &Change, waited: Span, measured: Span) {
        if change.call > Span::ZERO {
            let share = (waited.secs_f64() / change.call.secs_f64()).min(SURPRISE);
            self.rest += LEARNING * (share - self.rest);
        }
        let guess = change.first_guess().secs_f64();
        let kind = change.kind as usize;
        let (correction, before) = (&mut self.corrections[kind], &mut self.surprises[kind]);
        let surprise = (measured.secs_f64() / guess / *correction).clamp(1.0 / SURPRISE, SURPRISE);
        let now = match surprise {
            long if long > SURPRISING => 1,
            short if short < 1.0 / SURPRISING => -1,
            _ => 0,
        };
        let learning = if now != 0 && now == *before { RELEARNING } else { LEARNING };
        *before = now;
        *correction *= 1.0 + learning * (surprise - 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: Kind, unread: u64) -> Change {
        let (round_trip, bandwidth) = (Span::from_millis(1), 125e6);
        Change { round_trip, bandwidth, ..Change::on_node(kind, unread, Span::ZERO) }
    }

    #[test]
    fn pauses_follow_from_what_is_to_do() {
        let costs = Costs::default();
        let us = |span: Span| (span.nanos() as f64 / 1000.0).round();
        assert_eq!(us(costs.pause(&change(Kind::Warm, 0))), 20.0);
        assert_eq!(us(costs.pause(&change(Kind::Cold, 0))), 65.0);
        // A mebibyte at a gigabit takes 8.4 ms.
        assert_eq!(us(costs.pause(&change(Kind::Away, 1 << 20))), 9454.0);
        let zeroed = Change { pages_zeroed: 256, ..change(Kind::Cold, 0) };
        assert_eq!(us(costs.pause(&zeroed)), 679.0);
        // The lines of a kibibyte, from a core that shares a cache, from another, from any.
        for (distance, expected) in
            [(Some(Distance::Core), 22.0), (Some(Distance::Memory), 26.0), (None, 24.0)]
        {
            let lines = Change { distance, ..change(Kind::Warm, 1 << 10) };
            assert_eq!(us(costs.pause(&lines)), expected, "{distance:?}");
        }
        let cut_off = Change { bandwidth: 0.0, ..change(Kind::Away, 1) };
        assert_eq!(costs.pause(&cut_off), Span::FOREVER);
    }

    #[test]
    fn what_pauses_were_corrects_the_guess() {
        let mut costs = Costs::default();
        let warm = change(Kind::Warm, 0);
        for _ in 0..50 {
            costs.on_pause(&warm, Span::ZERO, Span::from_millis(1));
        }
        let learned = costs.pause(&warm);
        assert!(learned > Span::from_nanos(990_000) && learned <= Span::from_millis(1));
        assert_eq!(costs.pause(&change(Kind::Cold, 0)), Span::from_nanos(65_000));
    }

    #[test]
    fn pauses_far_from_the_guess_are_learned_within_a_few() {
        let mut costs = Costs::default();
        let cold = change(Kind::Cold, 0);
        let mut ms = |measured: u64, times: usize| {
            (0..times).for_each(|_| costs.on_pause(&cold, Span::ZERO, Span::from_millis(measured)));
            assert!(costs.is_sound());
            costs.pause(&cold).millis_f64()
        };
        // One outlier weighs, and no more than that.
        let once = ms(720, 1);
        assert!((1.0..2.0).contains(&once), "{once}");
        let learned = ms(720, 4);
        assert!((500.0..=720.0).contains(&learned), "{learned}");
        // It comes down again as well.
        let after = ms(1, 8);
        assert!((1.0..10.0).contains(&after), "{after}");
    }

    #[test]
    fn a_call_under_way_is_part_of_it() {
        let mut costs = Costs::default();
        let change = Change { call: Span::from_secs(10), ..change(Kind::Warm, 0) };
        let ms = |costs: &Costs| costs.pause(&change).millis_f64().round();
        assert_eq!(ms(&costs), 5_000.0, "half of it is over, as far as anybody knows");
        for _ in 0..50 {
            costs.on_pause(&change, Span::from_secs(9), Span::from_nanos(20_000));
        }
        assert_eq!(ms(&costs), 9_000.0);
    }
}
