//! Forecasts as they stood some slots before they are scored in the book, and how true they came:
//! what proposals were built on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::book::Subject;
use crate::council::entry::Band;
use crate::council::ledger::Ledger;
use crate::council::words::Slot;
use crate::ids::SiteId;

/// What stood early, and how true it came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Early {
    /// What stood of each slot that is not closed: of whom, by whom.
    pub stood: BTreeMap<Slot, BTreeMap<(Subject, SiteId), Band>>,
    /// What stands of slots before this one was noted.
    pub noted: Slot,
    /// How good early forecasts have been.
    pub ledger: Ledger,
    /// The ledger's word when the present round began.
    pub weighed: Ledger,
}

impl Early {
    /// Forgets all of a site that left.
    pub fn forget_site(&mut self, site: SiteId) {
        for bands in self.stood.values_mut() {
            bands.retain(|(subject, by), _| *by != site && subject.target != site);
        }
    }
}
