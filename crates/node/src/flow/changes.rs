//! Which flows came and went since whoever watches them asked last, so that a change costs as much
//! as what changed, however many flows there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use swell_core::flow::view::FifoId;

use crate::flow::up::Up;

/// What became of a flow.
pub(crate) enum Change {
    /// It is there, or has another record than before.
    Came(Weak<Up>),
    /// It is no more.
    Went,
}

/// The latest change of each flow. One that came and went unseen leaves nothing, so there are never
/// more than flows that are there or were seen.
#[derive(Default)]
pub(crate) struct Changes(Mutex<BTreeMap<FifoId, Change>>);

impl Changes {
    /// A flow takes the place of another, or of none; one that is not up counts as none.
    pub(crate) fn note(&self, former: Option<&Up>, next: Option<&Arc<Up>>) {
        let id = |up: &Up| up.line.as_ref().ok().map(|line| line.id);
        let mut changes = self.0.lock();
        if let Some(gone) = former.and_then(id) {
            match changes.remove(&gone) {
                Some(Change::Came(_)) => {}
                Some(Change::Went) | None => {
                    changes.insert(gone, Change::Went);
                }
            }
        }
        if let Some(next) = next
            && let Some(came) = id(next)
        {
            changes.insert(came, Change::Came(Arc::downgrade(next)));
        }
    }

    /// What changed since the last question.
    pub(crate) fn take(&self) -> BTreeMap<FifoId, Change> {
        std::mem::take(&mut *self.0.lock())
    }
}
