//! Which moves were taken back, and why they are not proposed again as they were.

use serde::{Deserialize, Serialize};

use crate::council::words::{Loads, Metric, WorkloadId};
use crate::ids::SiteId;
use crate::time::Instant;

/// The most that is remembered.
pub const TAKEN_BACK_MAX: usize = 1_024;

/// A move of one workload that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// What moved.
    pub workload: WorkloadId,
    /// From where.
    pub source: SiteId,
    /// To where.
    pub destination: SiteId,
    /// In what the source was said to be overloaded; none where people ordered it.
    pub metric: Option<Metric>,
    /// Whether the source was lost, or about to be down.
    pub is_takeover: bool,
    /// How much was predicted.
    pub predicted_ppm: u32,
    /// What the destination could bear.
    pub capacity: Loads,
    /// When it was taken back.
    pub at: Instant,
}

impl TakenBack {
    /// Whether a new proposal is the same move for the same cause: same workload and sites,
    /// same metric, about the same prediction, and a destination as large as it was.
    pub fn is_same(&self, new: &TakenBack, cause_ppm: u32) -> bool {
        let is_same_move = (self.workload, self.source, self.destination)
            == (new.workload, new.source, new.destination);
        let is_same_size = self.capacity == new.capacity;
        let is_near = self.predicted_ppm.abs_diff(new.predicted_ppm) < cause_ppm;
        let is_same_cause = (self.metric, self.is_takeover) == (new.metric, new.is_takeover);
        is_same_move && is_same_size && is_same_cause && is_near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_changes_with_metric_prediction_or_size() {
        let old = TakenBack {
            workload: WorkloadId(1),
            source: SiteId(1),
            destination: SiteId(2),
            metric: Some(Metric::Cpu),
            is_takeover: false,
            predicted_ppm: 900_000,
            capacity: Loads::cpu(10),
            at: Instant::ZERO,
        };
        for (new, expected) in [
            (TakenBack { at: Instant::NEVER, ..old }, true),
            (TakenBack { predicted_ppm: 950_000, ..old }, true),
            (TakenBack { predicted_ppm: 1_000_000, ..old }, false),
            (TakenBack { metric: Some(Metric::Io), ..old }, false),
            (TakenBack { is_takeover: true, ..old }, false),
            (TakenBack { capacity: Loads::cpu(20), ..old }, false),
            (TakenBack { destination: SiteId(3), ..old }, false),
            (TakenBack { workload: WorkloadId(2), ..old }, false),
        ] {
            assert_eq!(old.is_same(&new, 100_000), expected, "{new:?}");
        }
    }
}
