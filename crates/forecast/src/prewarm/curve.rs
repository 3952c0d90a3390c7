//! What keeping warm copies would have cost and saved: cold against idle.
//!
//! Cold: the share of steps with a call that found no warm copy. Idle: the share of steps
//! without a call in which a copy was kept. Nobody gets both to zero; a rule is better than
//! another where it has less of one at no more of the other.

use std::ops::Range;

use serde::Serialize;

use crate::measure::{Class, Yardstick, yardsticks};
use crate::panel::Panel;
use crate::prewarm::readiness::Readiness;

/// What a rule said and what came, step by step.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Per function and step: how much spoke for a copy, whether a call came, and whether the
    /// function is rare. Gaps are left out.
    seen: Vec<(f32, bool, bool)>,
}

/// A point on a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// A copy is kept from this readiness on.
    pub threshold: f32,
    /// Steps with a call that found no warm copy, as a share.
    pub cold: f64,
    /// Steps without a call in which a copy was kept, as a share.
    pub idle: f64,
    /// The same of functions called less than once a step.
    pub rare_cold: f64,
    /// The same of functions called less than once a step.
    pub rare_idle: f64,
}

impl Record {
    /// Asks a rule about some members at each of `steps`, with everything before it known.
    pub fn of(
        panel: &Panel,
        yardsticks: &[Yardstick],
        rule: &dyn Readiness,
        members: Range<usize>,
        steps: Range<usize>,
    ) -> Self {
        let mut record = Self::default();
        for step in steps {
            let ready = rule.ready(&panel.before(step), members.clone());
            for (member, ready) in members.clone().zip(ready) {
                if let Some(count) = panel.members[member].counts.get(step) {
                    let is_rare = yardsticks[member].class == Class::Rare;
                    record.seen.push((ready, count > 0, is_rare));
                }
            }
        }
        record
    }

    /// The yardsticks by which functions are rare, from the steps before the first one asked.
    pub fn yardsticks(panel: &Panel, first: usize) -> Vec<Yardstick> {
        yardsticks(panel, first)
    }

    /// Adds what another one holds.
    pub fn merge(&mut self, other: Record) {
        self.seen.extend(other.seen);
    }

    /// What a threshold would have come to.
    pub fn at(&self, threshold: f32) -> Point {
        let share = |is_called: bool, rare_only: bool| {
            let (mut wrong, mut all) = (0.0f64, 0.0f64);
            for &(ready, called, is_rare) in &self.seen {
                if called == is_called && (is_rare || !rare_only) {
                    all += 1.0;
                    wrong += f64::from(u8::from((ready >= threshold) != called));
                }
            }
            wrong / all.max(1.0)
        };
        Point {
            threshold,
            cold: share(true, false),
            idle: share(false, false),
            rare_cold: share(true, true),
            rare_idle: share(false, true),
        }
    }

    /// The point with the least idle share among those with at most so much cold.
    pub fn no_colder_than(&self, cold: f64) -> Point {
        let mut called: Vec<f32> =
            self.seen.iter().filter(|(_, called, _)| *called).map(|(ready, ..)| *ready).collect();
        called.sort_unstable_by(f32::total_cmp);
        // So many calls may be missed; the next higher readiness is still kept.
        let missed = (cold.clamp(0.0, 1.0) * called.len() as f64).floor() as usize;
        match called.get(missed.min(called.len().saturating_sub(1))) {
            Some(&threshold) => self.at(threshold),
            None => self.at(0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_from_always_ready_to_never() {
        let seen = vec![
            (0.9, true, false),
            (0.6, true, true),
            (0.2, true, true),
            (0.7, false, true),
            (0.1, false, false),
        ];
        let record = Record { seen };
        let third = 1.0 / 3.0;
        for (threshold, cold, idle, rare_cold, rare_idle) in [
            (0.0, 0.0, 1.0, 0.0, 1.0),
            (0.5, third, 0.5, 0.5, 1.0),
            (0.8, 2.0 * third, 0.0, 1.0, 0.0),
            (1.1, 1.0, 0.0, 1.0, 0.0),
        ] {
            let point = Point { threshold, cold, idle, rare_cold, rare_idle };
            assert_eq!(record.at(threshold), point);
        }
        assert_eq!(record.no_colder_than(0.4).threshold, 0.6);
        assert_eq!(record.no_colder_than(0.1).threshold, 0.2);
        assert_eq!(Record::default().at(0.5).cold, 0.0);
    }
}
