//! Who takes part in the gossip.

use foca::Identity;
use serde::{Deserialize, Serialize};
use swell_core::ids::SiteId;

/// A site in one of its lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// Which site.
    pub site: SiteId,
    /// Where its state channel is reached, as `host:port`.
    pub address: String,
    /// Grows with each start, and whenever the site hears that it was taken for dead.
    pub life: u64,
}

impl Identity for Voice {
    type Addr = SiteId;

    fn renew(&self) -> Option<Self> {
        Some(Self { life: self.life.checked_add(1)?, ..self.clone() })
    }

    fn addr(&self) -> SiteId {
        self.site
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.life > adversary.life
    }
}
