//! What is out of the ordinary about what workloads take, resource by resource.

use std::collections::VecDeque;

use swell_core::council::words::{Metric, Slot};
use swell_forecast::checkpoint::{self, CheckpointError};
use swell_forecast::watch::anomaly::Anomaly;
use swell_forecast::watch::board::Board as Watchers;
use swell_forecast::watch::watcher::Sight;

/// What its memory is called.
const KIND: &str = "oddities";

/// Those that are kept.
const NOTICED_MAX: usize = 256;

/// Something out of the ordinary about a workload, which the anomaly names as its function, and
/// which counts what is taken instead of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Noticed {
    /// About what it takes of this.
    pub metric: Metric,
    /// What it is, in slots and the unit of the metric.
    pub anomaly: Anomaly,
}

/// Watches workloads.
#[derive(Debug, Clone, Default)]
pub struct Oddities {
    watchers: [Watchers; Metric::ALL.len()],
    noticed: VecDeque<Noticed>,
}

impl Oddities {
    /// Looks at what a workload took of a metric in a slot; `sight` counts that.
    pub fn look(&mut self, workload: &str, metric: Metric, sight: &Sight) {
        let found = self.watchers[metric as usize].look(workload, sight);
        self.noticed.extend(found.into_iter().map(|anomaly| Noticed { metric, anomaly }));
        let over = self.noticed.len().saturating_sub(NOTICED_MAX);
        self.noticed.drain(..over);
    }

    /// What was noticed, the oldest first.
    pub fn noticed(&self) -> impl Iterator<Item = &Noticed> {
        self.noticed.iter()
    }

    /// What was noticed in a slot.
    pub fn noticed_in(&self, slot: Slot) -> impl Iterator<Item = &Noticed> {
        self.noticed.iter().filter(move |one| one.anomaly.noticed == slot.0)
    }

    /// What is usual, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let watchers: Vec<Vec<u8>> = self.watchers.iter().map(Watchers::to_bytes).collect();
        checkpoint::write(KIND, &watchers)
    }

    /// Goes on from what [`Oddities::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let kept: Vec<Vec<u8>> = checkpoint::read(KIND, bytes)?;
        let watchers: Result<Vec<Watchers>, CheckpointError> =
            kept.iter().map(|bytes| Watchers::from_bytes(bytes)).collect();
        let watchers = watchers?.try_into().map_err(|_| CheckpointError::Damaged)?;
        Ok(Self { watchers, noticed: VecDeque::new() })
    }
}

#[cfg(test)]
mod tests {
    use swell_forecast::watch::anomaly::Oddity;

    use super::*;

    /// Looks at a slot in which so much was taken of each metric where 100 were expected.
    fn slot(oddities: &mut Oddities, step: u64, taken: [u32; 4]) {
        let quantiles = Some([80.0, 90.0, 100.0, 110.0, 120.0]);
        for (metric, count) in Metric::ALL.into_iter().zip(taken) {
            let sight = Sight { step, count: Some(count), quantiles, place: 0, day: 0 };
            oddities.look("shop", metric, &sight);
        }
    }

    #[test]
    fn each_resource_is_watched_by_itself_and_over_restarts() {
        for odd in Metric::ALL {
            let mut oddities = Oddities::default();
            for step in 0..60 {
                slot(&mut oddities, step, [95 + (step * 7 % 11) as u32; 4]);
            }
            assert_eq!(oddities.noticed().count(), 0);
            let bytes = oddities.to_bytes();
            let mut oddities = Oddities::from_bytes(&bytes).expect("it is whole");
            let mut taken = [100; 4];
            taken[odd as usize] = 5_000;
            slot(&mut oddities, 60, taken);
            let noticed: Vec<&Noticed> = oddities.noticed_in(Slot(60)).collect();
            assert_eq!(noticed.len(), 1, "{noticed:?}");
            assert_eq!((noticed[0].metric, &*noticed[0].anomaly.function), (odd, "shop"));
            assert!(matches!(noticed[0].anomaly.oddity, Oddity::Spike { count: 5_000.0, .. }));
            assert_eq!(oddities.noticed_in(Slot(59)).count(), 0);
        }
        assert!(Oddities::from_bytes(b"odd").is_err());
    }
}
