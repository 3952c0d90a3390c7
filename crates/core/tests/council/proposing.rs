//! What a site proposes by itself, and how others judge it.

use swell_core::council::entry::Reason;
use swell_core::council::judge::{Outlook, judge};
use swell_core::council::propose::{Temper, propose};
use swell_core::council::words::{Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;

use crate::stage::Stage;

const TEMPER: Temper =
    Temper { ahead_slots: 6, alarm_ppm: 850_000, aim_ppm: 800_000, window_slots: 2 };

/// Expects the same of every site but those named.
struct Expects(u32, &'static [(u32, u32)]);

impl Outlook for Expects {
    fn peak_ppm(&self, site: SiteId, _: Metric, _: Slot) -> Option<u32> {
        let own = self.1.iter().find(|(named, _)| *named == site.0);
        Some(own.map_or(self.0, |(_, peak)| *peak))
    }
}

#[test]
fn the_least_move_goes_to_where_most_room_is() {
    let mut stage = Stage::new(4);
    stage.forecast(1, 600_000);
    stage.forecast(2, 300_000);
    stage.forecast(3, 500_000);
    stage.forecast(0, 800_000);
    assert_eq!(propose(&stage.state, SiteId(0), SiteId(0), &TEMPER), None, "no alarm");
    stage.forecast(0, 900_000);
    let filing = propose(&stage.state, SiteId(0), SiteId(0), &TEMPER).expect("it has cause");
    assert_eq!(filing.destination, SiteId(2));
    assert!(filing.workloads.contains_key(&WorkloadId(0)));
    stage.propose(0, filing).expect("what is proposed is accepted");
    assert_eq!(propose(&stage.state, SiteId(0), SiteId(0), &TEMPER), None, "one at a time");
}

#[test]
fn votes_follow_the_voters_own_outlook() {
    let mut stage = Stage::new(3);
    stage.forecast(0, 900_000);
    let id = stage.propose(0, stage.filing()).expect("filed");
    let proposal = &stage.state.open[&id];
    for (outlook, expected) in [
        (Expects(500_000, &[(0, 900_000)]), (true, Reason::Helps)),
        (Expects(500_000, &[(0, 600_000)]), (false, Reason::NotNeeded)),
        (Expects(500_000, &[(0, 900_000), (1, 700_000)]), (false, Reason::DestinationFull)),
    ] {
        assert_eq!(judge(&stage.state, proposal, &outlook), expected);
    }
}
