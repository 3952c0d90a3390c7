//! Two moves that relieve one source: of what has gone already it is relieved once.

use swell_core::council::entry::{Band, Command, News, Reason};
use swell_core::council::judge::{Outlook, judge};
use swell_core::council::proposal::{Cause, Filing, Outcome, Trouble};
use swell_core::council::propose::{Temper, Unrelieved, propose, unrelieved};
use swell_core::council::refusal::Refusal;
use swell_core::council::rules::Rules;
use swell_core::council::together::Joined;
use swell_core::council::words::{Criticality, Loads, Metric, Mode, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Span;

use crate::stage::Stage;

const TEMPER: Temper =
    Temper { ahead_slots: 6, alarm_ppm: 850_000, aim_ppm: 700_000, window_slots: 2 };

#[test]
fn of_two_moves_that_relieve_a_source_one_goes_first_and_the_other_waits_until_it_has_left() {
    for version in [5, 6] {
        let mut stage = crowded(version, 900_000);
        let [first, second] = both(&mut stage);
        assert!(stage.state.open[&first].movement.is_some());
        assert_eq!(stage.outcome(second), Some(Outcome::Superseded));
        let refused = stage.propose(0, other(&stage, 10));
        assert_eq!(refused, Err(Refusal::BeingRelieved(SiteId(0), first)));
        stage.carry_out(first);
        if version >= 6 {
            let refused = stage.propose(0, other(&stage, 10));
            let known = "forecasts were written with what has left";
            assert_eq!(refused, Err(Refusal::BeingRelieved(SiteId(0), first)), "{known}");
            stage.pass(Span::from_mins(5));
            stage.forecast(0, 900_000);
        }
        stage.propose(0, other(&stage, 10)).expect("its traffic has left");
        let order = Filing { cause: Cause::Order, ..other(&stage, 11) };
        stage.propose(0, order).expect("people may order what they want");
    }
}

#[test]
fn a_source_is_relieved_again_of_what_is_still_too_much() {
    let mut stage = crowded(6, 1_100_000);
    let joined = Joined::default();
    let next = |stage: &Stage| propose(&stage.state, (SiteId(0), &joined), SiteId(0), &TEMPER);
    let [first, second] = both(&mut stage);
    for id in [first, second] {
        assert!(stage.state.open[&id].movement.is_some(), "one is not enough");
    }
    assert_eq!(next(&stage), None, "both are");
    let refused = stage.propose(0, other(&stage, 11));
    assert_eq!(refused, Err(Refusal::BeingRelieved(SiteId(0), first)));
    stage.forecast(0, 1_300_000);
    let found = next(&stage).expect("it is more than both take");
    assert_eq!(found.workloads.keys().collect::<Vec<_>>(), [&WorkloadId(11)]);
    let third = stage.propose(0, found).expect("filed");
    assert_eq!(next(&stage), None, "nobody knows yet whether that leaves");
    let judged = |peak_ppm| judge(&stage.state, &stage.state.open[&third], &Peaks(peak_ppm));
    assert_eq!(judged(1_250_000), (false, Reason::NotNeeded), "with what leaves, that is enough");
    assert_eq!(judged(1_260_000).1, Reason::DestinationFull, "which is what they expect of all");
}

/// A proposal early enough is one that is in time a slot later as well: what is needed may change.
#[test]
fn what_can_wait_is_not_proposed_yet_and_what_takes_more_moves_is_sooner() {
    for (ahead, middle_ppm, expected) in [
        (2, 900_000, true),
        (3, 900_000, false),
        (3, 1_100_000, true),
        (4, 1_100_000, false),
        (4, 1_300_000, true),
        (5, 1_300_000, false),
    ] {
        let mut stage = crowded(6, 500_000);
        let calm = Band { low_ppm: 480_000, middle_ppm: 500_000, high_ppm: 520_000 };
        let (low_ppm, high_ppm) = (middle_ppm - 20_000, middle_ppm + 20_000);
        let crowd = Band { low_ppm, middle_ppm, high_ppm };
        let first = stage.state.slot().plus(2);
        let bands = (2..10).map(|slot| if slot < ahead { calm } else { crowd }).collect();
        let (target, metric) = (SiteId(0), Metric::Cpu);
        stage.say(0, Command::Forecast { target, metric, first, bands }).expect("forecast");
        let found = propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER);
        assert_eq!(found.is_some(), expected, "{ahead} slots ahead of {middle_ppm}");
        stage.pass(Span::from_mins(5));
        let found = propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER);
        assert!(found.is_some(), "a slot later: {ahead} slots ahead of {middle_ppm}");
    }
}

/// What a voter expects of every site.
struct Peaks(u32);

impl Outlook for Peaks {
    fn peak_ppm(&self, _: SiteId, _: Metric, _: Slot) -> Option<u32> {
        Some(self.0)
    }
}

/// Four sites of which the first expects to be so full, with three workloads of a fifth.
fn crowded(version: u16, middle_ppm: u32) -> Stage {
    let mut stage = Stage::with(4, Rules { version, ..Rules::default() });
    for workload in [10, 11].map(WorkloadId) {
        let (criticality, demand) = (Criticality::Normal, Loads::cpu(200));
        stage.say(0, Command::Register { workload, criticality, demand }).expect("registered");
    }
    stage.forecast(0, middle_ppm);
    stage.forecast(1, 100_000);
    stage
}

/// A move of another workload than the usual one.
fn other(stage: &Stage, workload: u32) -> Filing {
    let workload = WorkloadId(workload);
    let epoch = stage.state.workloads[&workload].authority.epoch;
    Filing { workloads: [(workload, epoch)].into(), ..stage.filing() }
}

/// Two proposals for one overload, filed before either is decided, and voted for by all.
fn both(stage: &mut Stage) -> [ProposalId; 2] {
    let filings = [stage.filing(), other(stage, 10)];
    let ids = filings.map(|filing| stage.propose(0, filing).expect("nothing is decided yet"));
    for (id, site) in ids.into_iter().flat_map(|id| (0..4).map(move |site| (id, site))) {
        let _ = stage.vote(site, id, true);
    }
    ids
}

#[test]
fn where_nothing_relieves_a_site_it_is_known_why() {
    let why = |stage: &Stage| {
        unrelieved(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER)
    };
    let mut stage = Stage::new(2);
    stage.forecast(1, 300_000);
    stage.forecast(0, 800_000);
    assert_eq!(why(&stage), None, "no alarm");
    stage.forecast(0, 900_000);
    assert_eq!(why(&stage), None, "a move helps");
    stage.forecast(1, 800_000);
    assert_eq!(why(&stage), Some((Metric::Cpu, Unrelieved::NoRoom)));
    stage.forecast(0, 9_000_000);
    assert_eq!(why(&stage), Some((Metric::Cpu, Unrelieved::NothingHelps)));
    let off = Command::SetMode { workload: None, mode: Mode::Off };
    stage.say(0, off).expect("set");
    assert_eq!(why(&stage), Some((Metric::Cpu, Unrelieved::NothingMoves)));
    let mut stage = Stage::new(2);
    stage.forecast(1, 300_000);
    let id = stage.approved();
    stage.report(1, id, News::Trouble(Trouble::NotStarted)).expect("told");
    while stage.state.workloads[&WorkloadId(0)].rests_until > stage.state.now {
        stage.pass(Span::from_mins(5));
    }
    stage.forecast(0, 900_000);
    stage.forecast(1, 300_000);
    assert_eq!(why(&stage), Some((Metric::Cpu, Unrelieved::TriedBefore)));
}
