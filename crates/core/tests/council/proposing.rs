//! What a site proposes by itself, and how others judge it.

use swell_core::council::arrival::{arrived, can_wait, decided_by, expected, lateness, needed};
use swell_core::council::entry::{Band, Command, News, Reason};
use swell_core::council::judge::{Outlook, judge};
use swell_core::council::movement::Phase;
use swell_core::council::proposal::{Cause, Filing, Outcome};
use swell_core::council::propose::{Temper, propose};
use swell_core::council::state::Proposal;
use swell_core::council::together::Joined;
use swell_core::council::words::{Criticality, Loads, Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Span;

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
    assert_eq!(
        propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER),
        None,
        "no alarm"
    );
    stage.forecast(0, 900_000);
    let filing = propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER)
        .expect("it has cause");
    assert_eq!(filing.destination, SiteId(2));
    assert!(filing.workloads.contains_key(&WorkloadId(0)));
    stage.propose(0, filing).expect("what is proposed is accepted");
    assert_eq!(
        propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER),
        None,
        "one at a time"
    );
}

#[test]
fn it_is_to_be_decided_as_early_as_moves_take_and_what_comes_late_is_told() {
    let mut stage = Stage::new(3);
    let slot = stage.state.rules.slot;
    assert_eq!(expected(&stage.state), slot, "nothing is known yet");
    let deadline = |stage: &mut Stage| {
        stage.forecast(0, 900_000);
        stage.forecast(1, 300_000);
        let filing = propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER)
            .expect("it has cause");
        let needed = needed(&filing).expect("a slot is named").begin(slot);
        (filing.deadline, needed, filing)
    };
    let (by, begin, _) = deadline(&mut stage);
    assert_eq!(by + slot, begin);
    // One move takes eight minutes, in which the slot begins that it was for.
    let id = stage.approved();
    let needed = needed(&stage.state.open[&id].filing).expect("a slot").begin(slot);
    stage.report(1, id, News::Started).expect("started");
    stage.pass(Span::from_mins(8));
    stage.report(1, id, News::Healthy).expect("healthy");
    while stage.state.now <= needed {
        stage.pass(Span::from_mins(6));
        let open = &stage.state.open[&id];
        let Some(Phase::Shifting(done)) = open.movement.map(|movement| movement.phase) else {
            panic!("it shifts: {open:?}");
        };
        assert_eq!(arrived(open), None);
        stage.report(1, id, News::Shifted(done + 1)).expect("shifted");
    }
    while let Some(Phase::Shifting(done)) = stage.state.open[&id].movement.map(|it| it.phase) {
        stage.report(1, id, News::Shifted(done + 1)).expect("shifted");
    }
    let open = stage.state.open[&id].clone();
    assert_eq!(arrived(&open), Some(stage.state.now));
    assert_eq!(lateness(&open, slot), Some(stage.state.now.since(needed)));
    let took = stage.state.now.since(open.passed[0].at);
    assert_eq!(expected(&stage.state), took, "it is learned how long moves take");
    assert_eq!(lateness(&Proposal { passed: open.passed[..3].to_vec(), ..open }, slot), None);
    // Where there is too little time left, it may still be decided, and comes late.
    assert_eq!(decided_by(&stage.state, stage.slot().plus(1)), stage.state.now + slot);
    let far = stage.slot().plus(20);
    assert_eq!(decided_by(&stage.state, far) + took, far.begin(slot));
    // What can be proposed a slot later waits.
    let takes = Span::from_nanos(took.nanos() / 2 * 3);
    let soonest = Slot::of(stage.state.now + slot * 2 + takes, slot);
    assert!(
        can_wait(&stage.state, soonest.plus(1), 1) && !can_wait(&stage.state, soonest.minus(1), 1)
    );
    assert!(!can_wait(&stage.state, soonest.plus(1), 3), "three moves begin earlier");
}

#[test]
fn what_flows_join_moves_together_and_is_parted_only_where_it_fits_nowhere() {
    let mut stage = Stage::new(3);
    for workload in [10, 11, 12] {
        let (workload, criticality) = (WorkloadId(workload), Criticality::Normal);
        let demand = Loads::cpu(60);
        stage.say(0, Command::Register { workload, criticality, demand }).expect("registered");
    }
    let ids = |numbers: &[u32]| numbers.iter().copied().map(WorkloadId).collect::<Vec<_>>();
    let pair = |one, other| (WorkloadId(one), WorkloadId(other));
    // What others hold does not come along.
    let joined = Joined::of([pair(12, 11), pair(10, 11), pair(12, 1)]);
    assert_eq!(joined.group(&stage.state, WorkloadId(11)), ids(&[10, 11, 12]));
    assert_eq!(joined.group(&stage.state, WorkloadId(1)), ids(&[1]));
    assert_eq!(joined.group(&stage.state, WorkloadId(0)), ids(&[0]));
    let many = Joined::of((20..60).map(|id| pair(id, id + 1)));
    assert_eq!(many.group(&stage.state, WorkloadId(30)), ids(&[30]), "too many for a proposal");
    stage.forecast(0, 900_000);
    for (room_ppm, expected) in [(300_000, &[10, 11, 12][..]), (700_000, &[10])] {
        stage.forecast(1, room_ppm);
        stage.forecast(2, room_ppm);
        let found = propose(&stage.state, (SiteId(0), &joined), SiteId(0), &TEMPER);
        let found = found.expect("it has cause");
        assert_eq!(found.workloads.into_keys().collect::<Vec<_>>(), ids(expected), "{room_ppm}");
    }
}

#[test]
fn a_farther_site_needs_more_room_and_a_long_way_more_of_an_overload() {
    let mut stage = Stage::new(4);
    for (site, full) in [(1, 400_000), (2, 300_000), (3, 800_000), (0, 1_100_000)] {
        stage.forecast(site, full);
    }
    let ways = |to: [u32; 2]| Command::Ways { to: [(SiteId(1), to[0]), (SiteId(2), to[1])].into() };
    let mut chosen = |to: [u32; 2]| {
        stage.say(0, ways(to)).expect("it is told");
        propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER)
            .map(|filing| filing.destination.0)
    };
    assert_eq!(chosen([1_000, 1_000]), Some(2), "most room");
    assert_eq!(chosen([1_000, 150_000]), Some(2));
    assert_eq!(chosen([1_000, 250_000]), Some(1), "a tenth of room is worth 200 ms");
    assert_eq!(chosen([450_000, 600_000]), None, "neither is worth it for so little");
    let id = stage.propose(0, stage.filing()).expect("filed");
    let judged = |stage: &Stage| {
        let expects = Expects(300_000, &[(0, 950_000)]);
        judge(&stage.state, &stage.state.open[&id], &expects)
    };
    assert_eq!(judged(&stage), (false, Reason::TooFar));
    stage.say(0, ways([20_000, 20_000])).expect("it is told");
    assert_eq!(judged(&stage), (true, Reason::Helps));
    for to in [[(SiteId(9), 1)], [(SiteId(0), 1)], [(SiteId(1), u32::MAX)]] {
        stage.say(0, Command::Ways { to: to.into() }).expect_err("it makes no sense");
    }
    stage.state.rules.version = 3;
    stage.say(1, Command::Ways { to: [(SiteId(0), 9_000_000)].into() }).expect("it is told");
    assert_eq!(judged(&stage), (true, Reason::Helps), "older rules know no ways");
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

/// A voter that expects a workload to take this share of its site.
struct Weighs(u32);

impl Outlook for Weighs {
    fn peak_ppm(&self, site: SiteId, _: Metric, _: Slot) -> Option<u32> {
        Some(if site.0 == 0 { 1_500_000 } else { 100_000 })
    }

    fn share_ppm(&self, _: WorkloadId, _: SiteId, _: Metric, _: Slot) -> Option<u32> {
        Some(self.0)
    }

    fn failure_ppm(&self, site: SiteId) -> Option<u32> {
        Some(if site.0 == 0 { self.0 } else { 20_000 })
    }
}

#[test]
fn what_would_relieve_nobody_is_not_proposed_and_not_voted_for() {
    let mut stage = Stage::new(3);
    stage.forecast(0, 1_500_000);
    stage.forecast(1, 100_000);
    stage.forecast(2, 500_000);
    let id = stage.propose(0, stage.filing()).expect("filed");
    for (share_ppm, expected) in [
        (200_000, (true, Reason::Helps)),
        (65_000, (true, Reason::Helps)),
        (64_999, (false, Reason::NoRelief)),
        (0, (false, Reason::NoRelief)),
        (750_000, (true, Reason::Helps)),
        (750_001, (false, Reason::DestinationFull)),
    ] {
        let proposal = &stage.state.open[&id];
        assert_eq!(judge(&stage.state, proposal, &Weighs(share_ppm)), expected, "{share_ppm}");
    }
    stage.say(0, Command::Withdraw { proposal: id }).expect("withdrawn");
    let temper = Temper { ahead_slots: 6, ..TEMPER };
    let found = propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &temper)
        .expect("it has cause");
    let bars: Vec<_> =
        found.criterion.conditions.iter().map(|of| (of.site.0, of.at_most_ppm)).collect();
    assert_eq!(bars, [(1, 850_000), (0, 850_000)], "the source has to feel it");
    let (workload, criticality) = (WorkloadId(0), Criticality::Normal);
    let register = Command::Register { workload, criticality, demand: Loads::cpu(1) };
    stage.say(0, register).expect("registered");
    assert_eq!(
        propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &temper),
        None,
        "a thousandth"
    );
}

#[test]
fn who_fails_again_and_again_is_emptied_if_others_see_it_too() {
    let mut stage = Stage::new(3);
    let filing = Filing { cause: Cause::SourceFailing { chance_ppm: 400_000 }, ..stage.filing() };
    let id = stage.propose(1, filing).expect("filed");
    let proposal = &stage.state.open[&id];
    for (chance_ppm, expected) in
        [(300_000, (true, Reason::Helps)), (100_000, (false, Reason::NotNeeded))]
    {
        assert_eq!(judge(&stage.state, proposal, &Weighs(chance_ppm)), expected);
    }
}

#[test]
fn what_was_voted_down_waits_longer_each_time_unless_its_cause_changes() {
    let mut stage = Stage::new(3);
    stage.forecast(1, 300_000);
    let mut filed_at = Vec::new();
    for slot in 0..20 {
        stage.forecast(0, 900_000);
        if let Some(filing) =
            propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER)
        {
            filed_at.push(slot);
            let id = stage.propose(0, filing).expect("filed");
            let _ = stage.vote(1, id, false);
            let _ = stage.vote(2, id, false);
            assert_eq!(stage.outcome(id), Some(Outcome::Rejected));
        }
        stage.pass(Span::from_mins(5));
    }
    assert_eq!(filed_at, [0, 2, 5, 10, 19]);
    stage.forecast(0, 900_000);
    assert_eq!(propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER), None);
    for _ in 0..3 {
        stage.forecast(0, 1_100_000);
        stage.pass(Span::from_mins(5));
    }
    assert!(
        propose(&stage.state, (SiteId(0), &Joined::default()), SiteId(0), &TEMPER).is_some(),
        "another cause"
    );
}

#[test]
fn who_cries_in_vain_has_nobody_hold_back_who_did_not_believe_it() {
    let mut stage = Stage::new(4);
    stage.forecast(1, 300_000);
    let band = Band { low_ppm: 880_000, middle_ppm: 900_000, high_ppm: 920_000 };
    let sees = |stage: &mut Stage, by: u32| {
        let first = stage.slot().plus(2);
        let (target, metric) = (SiteId(0), Metric::Cpu);
        let bands = vec![band; 8];
        stage.say(by, Command::Forecast { target, metric, first, bands }).expect("forecast");
        propose(&stage.state, (SiteId(by), &Joined::default()), SiteId(0), &TEMPER)
    };
    let filing = sees(&mut stage, 1).expect("it has cause");
    let id = stage.propose(1, filing).expect("filed");
    for (site, yes) in [(1, true), (2, true), (0, false), (3, false)] {
        let _ = stage.vote(site, id, yes);
    }
    assert_eq!(stage.outcome(id), Some(Outcome::Rejected));
    for (by, expected) in [(0, true), (1, false), (2, false), (3, true)] {
        assert_eq!(sees(&mut stage, by).is_some(), expected, "site {by}");
    }
}
