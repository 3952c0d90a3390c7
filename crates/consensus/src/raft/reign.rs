//! Handing over to the site that predicts best, without haste.
//!
//! Asked once per round of the council, while this site leads. Better for several rounds, a
//! reign that lasted, nobody joining or leaving, no move at the step where authority changes, a
//! successor that has caught up: then one attempt, and no other before the next round. Whether it
//! succeeds touches how soon things are decided and never what.

use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;

use swell_core::council::movement::{Movement, Phase};
use swell_core::council::preference::Preference;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::time::Instant;

use crate::raft::seat::Seat;
use crate::types::site;

/// How far behind a successor may be, in entries.
const GAP_MAX: u64 = 8;

/// What the present leader remembers.
#[derive(Debug, Default)]
pub(crate) struct Reign {
    began: Option<Instant>,
    round: Option<u64>,
    preference: Preference,
}

impl Reign {
    /// Entries were applied. Gives whom to hand over to, if it is time.
    pub(crate) fn on_applied(
        &mut self,
        seat: &Seat,
        tenure: Duration,
        now: Instant,
    ) -> Option<SiteId> {
        if !seat.is_leader() {
            *self = Self::default();
            return None;
        }
        let began = *self.began.get_or_insert(now);
        let caught_up = caught_up(seat);
        let (preferred, is_at_switch) = seat.replica.read(|state| {
            let round = state.slot().0 / state.rules.round_slots.max(1);
            if self.round.replace(round) == Some(round) {
                return (None, false);
            }
            let preferred = self.preference.on_round(state, seat.site(), &caught_up);
            (preferred, is_at_switch(state))
        });
        let is_long = now.duration_since(began) >= tenure;
        preferred.filter(|_| is_long && !is_at_switch && !seat.is_changing())
    }
}

/// The voters that have nearly all entries.
fn caught_up(seat: &Seat) -> Vec<SiteId> {
    let metrics = seat.raft.metrics();
    let metrics = metrics.borrow_watched();
    let last = metrics.last_log_index.unwrap_or(0);
    let has = |node: &u64| {
        let replication = metrics.replication.as_ref()?;
        Some(replication.get(node)?.as_ref()?.index)
    };
    let voters = metrics.membership_config.voter_ids();
    let near = voters.filter(|node| {
        *node == metrics.id || has(node).is_some_and(|index| index + GAP_MAX >= last)
    });
    near.filter_map(site).collect()
}

fn is_at_switch(state: &State) -> bool {
    let shifts = |movement: &Movement| matches!(movement.phase, Phase::Shifting(_));
    state.open.values().any(|proposal| proposal.movement.as_ref().is_some_and(shifts))
}
