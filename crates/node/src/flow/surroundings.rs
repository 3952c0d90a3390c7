//! What surrounds flows, as far as it bears on who should own one: where those work who take part, and
//! who exchanges how much with whom.

use swell_core::flow::affinity::Place;
use swell_core::flow::view::FifoId;
use swell_core::time::Instant;

use crate::flow::looks::{Looks, Seen};
use crate::flow::news::Mark;

/// Ticks after which it is counted anew what went through flows that rest.
const FADING_TICKS: u64 = 100;

impl Looks {
    /// Looks where those work who take part in a flow.
    pub(crate) fn look_at_places(&mut self, id: FifoId) {
        if self.places.are_due(self.ticks) {
            let seated = self.awake().filter(|seen| seen.marks.has(Mark::Seated));
            let seat = |seen: Seen<'_>| {
                let up = seen.watched.up.upgrade()?;
                let line = up.line.as_ref().ok()?;
                let Place::On(core) = line.seat.place() else { return None };
                let owner = line.owner();
                (!line.is_native(owner)).then(|| (line.owner_name(owner).into(), core))
            };
            let seats: Vec<_> = seated.filter_map(seat).collect();
            self.places.seat(self.ticks, seats);
        }
        let Some(up) = self.watched(id).and_then(|watched| watched.up.upgrade()) else { return };
        let Ok(line) = &up.line else { return };
        for pid in line.natives.processes() {
            self.places.look_for(pid, self.ticks);
        }
    }

    /// Lets what went through flows that rest be of less and less.
    pub(crate) fn fade(&mut self, now: Instant) {
        if !self.ticks.is_multiple_of(FADING_TICKS) {
            return;
        }
        let known: Vec<FifoId> = self.exchange.fifos().collect();
        for id in known {
            let parts = self.sight(id).map_or_else(Vec::new, |sight| sight.parts(now));
            self.exchange.put(id, parts);
        }
    }
}
