//! The fence before whatever acts on a workload: nothing of an epoch that is over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::words::{Epoch, WorkloadId};

/// The highest epoch that was let through, for each workload. Who acts keeps it on disk: a
/// fence that forgets is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fence(BTreeMap<WorkloadId, Epoch>);

/// The epoch is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fenced {
    /// The highest that was let through.
    pub highest: Epoch,
}

impl Fence {
    /// Lets an action of an epoch through, and nothing of an earlier one any more.
    pub fn pass(&mut self, workload: WorkloadId, epoch: Epoch) -> Result<(), Fenced> {
        let highest = self.0.entry(workload).or_insert(epoch);
        if epoch < *highest {
            return Err(Fenced { highest: *highest });
        }
        *highest = epoch;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_earlier_epoch_passes() {
        let mut fence = Fence::default();
        let (one, other) = (WorkloadId(1), WorkloadId(2));
        assert_eq!(fence.pass(one, Epoch(3)), Ok(()));
        assert_eq!(fence.pass(one, Epoch(3)), Ok(()));
        assert_eq!(fence.pass(one, Epoch(2)), Err(Fenced { highest: Epoch(3) }));
        assert_eq!(fence.pass(other, Epoch(2)), Ok(()));
        assert_eq!(fence.pass(one, Epoch(7)), Ok(()));
        assert_eq!(fence.pass(one, Epoch(3)), Err(Fenced { highest: Epoch(7) }));
    }
}
