//! What is under way, so that nothing is begun twice: what there is to do is read off the state
//! again and again until the log shows that it was done.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use swell_core::council::entry::Message;
use swell_core::council::order::Task;
use swell_core::council::words::{Epoch, ProposalId, WorkloadId};
use swell_core::ids::SiteId;

/// Something that is done at most once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// Telling the time.
    Tick,
    /// Saying that this site is alive.
    Renew,
    /// Saying that this site does not act any more for what others have.
    Cede,
    /// What is said once a slot is over.
    Slot,
    /// Saying what was here before this site had a say.
    Claim,
    /// Asking another site what its workloads are called.
    Name(SiteId),
    /// Asking others over the resource channel.
    Probe,
    /// Keeping what other sites would be missed for.
    StandBy,
    /// A vote on what a message files.
    Vote(Message),
    /// A step of a move.
    Step(ProposalId, Epoch, Task),
    /// Telling what is to be kept warm.
    Hold,
    /// Stopping what has left.
    Release(WorkloadId),
}

/// Errands that are under way.
#[derive(Debug, Clone, Default)]
pub struct Errands(Arc<Mutex<BTreeSet<Errand>>>);

/// An errand under way, until this is dropped.
#[derive(Debug)]
pub struct UnderWay {
    errands: Errands,
    errand: Errand,
}

impl Errands {
    /// Begins an errand, unless it is under way.
    pub fn begin(&self, errand: Errand) -> Option<UnderWay> {
        let is_new = self.0.lock().insert(errand);
        is_new.then(|| UnderWay { errands: self.clone(), errand })
    }

    /// How many workloads are being started here.
    pub fn starts(&self) -> usize {
        let is_start = |errand: &&Errand| matches!(errand, Errand::Step(_, _, Task::Start));
        self.0.lock().iter().filter(is_start).count()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.errands.0.lock().remove(&self.errand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_begun_twice() {
        let errands = Errands::default();
        let first = errands.begin(Errand::Tick).expect("nothing is under way");
        assert!(errands.begin(Errand::Tick).is_none());
        assert!(errands.begin(Errand::Renew).is_some());
        drop(first);
        assert!(errands.begin(Errand::Tick).is_some());
    }
}
