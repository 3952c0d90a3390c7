//! What is served nowhere, or soon will not be: takeovers, maintenance, and sites that say nothing.

use swell_core::council::entry::{Band, Command, News, Reason};
use swell_core::council::judge::{Outlook, judge};
use swell_core::council::maintenance::Window;
use swell_core::council::proposal::{Cause, Filing, Outcome, Rollback, Trouble};
use swell_core::council::propose::{Temper, propose};
use swell_core::council::refusal::Refusal;
use swell_core::council::room::has_room;
use swell_core::council::rules::Rules;
use swell_core::council::together::Joined;
use swell_core::council::weighing::standing;
use swell_core::council::words::{Criticality, Loads, Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Span;

use crate::stage::Stage;

const SLOT: Span = Span::from_mins(5);

/// A move of the workload of a site to another one.
fn filing(stage: &Stage, from: u32, to: u32, cause: Cause) -> Filing {
    let (id, filing) = (WorkloadId(from), stage.filing());
    let workloads = [(id, stage.state.workloads[&id].authority.epoch)].into();
    let (source, destination) = (SiteId(from), SiteId(to));
    Filing { workloads, source, destination, cause, ..filing }
}

fn takeover(stage: &Stage, from: u32, to: u32) -> Filing {
    Filing { rollback: Rollback::Stay, ..filing(stage, from, to, Cause::SourceLost) }
}

fn register(stage: &mut Stage, workload: u32, criticality: Criticality) {
    let (workload, demand) = (WorkloadId(workload), Loads::cpu(200));
    let register = Command::Register { workload, criticality, demand };
    stage.say(workload.0, register).expect("registered");
}

/// Lets time pass until no lease runs any more.
fn outlast(stage: &mut Stage) {
    while stage.state.workloads.values().any(|of| of.authority.lease_until > stage.state.now) {
        stage.pass(SLOT);
    }
}

fn maintain(stage: &mut Stage, site: u32, slots: (u64, u64), left_ppm: u32) -> Slot {
    let (from, until) = (stage.slot().plus(slots.0), stage.slot().plus(slots.1));
    let windows = vec![Window { from, until, left_ppm }];
    stage.say(site, Command::Maintain { windows }).expect("announced");
    from
}

/// Expects the same of every site.
struct Expects(u32);

impl Outlook for Expects {
    fn peak_ppm(&self, _: SiteId, _: Metric, _: Slot) -> Option<u32> {
        Some(self.0)
    }
}

#[test]
fn of_what_matters_alike_a_takeover_comes_first_then_maintenance_then_overload() {
    let mut stage = Stage::new(5);
    outlast(&mut stage);
    let slot = maintain(&mut stage, 1, (4, 8), 0);
    stage.forecast(2, 900_000);
    register(&mut stage, 3, Criticality::Critical);
    stage.forecast(3, 900_000);
    let overload =
        |stage: &Stage| Cause::Overload { metric: Metric::Cpu, slot: stage.slot().plus(4) };
    let filings = [
        takeover(&stage, 0, 4),
        filing(&stage, 1, 4, Cause::Maintenance { slot }),
        filing(&stage, 2, 4, overload(&stage)),
        filing(&stage, 3, 4, overload(&stage)),
    ];
    let mut priority = |(by, filing): (u32, &Filing)| {
        let id = stage.propose(by, filing.clone()).expect("filed");
        stage.state.open[&id].priority
    };
    let [lost, down, full, critical] = [0, 1, 2, 3].map(|at| priority((at as u32, &filings[at])));
    assert!(critical > lost && lost > down && down > full, "{critical} {lost} {down} {full}");
}

#[test]
fn what_is_critical_is_taken_over_where_most_room_is_though_that_is_too_little() {
    let mut stage = Stage::new(3);
    outlast(&mut stage);
    stage.forecast(1, 780_000);
    let refused = stage.propose(2, takeover(&stage, 0, 1)).expect_err("there is no room");
    assert!(
        matches!(refused, Refusal::DestinationFull { would_be_ppm: 1_000_000, .. }),
        "{refused}"
    );
    register(&mut stage, 0, Criticality::Critical);
    let order = filing(&stage, 0, 1, Cause::Order);
    assert!(has_room(&stage.state, &order).is_err(), "it is served where it is");
    let id = stage.propose(2, takeover(&stage, 0, 1)).expect("filed");
    let open = &stage.state.open[&id];
    assert_eq!(judge(&stage.state, open, &Expects(780_000)), (true, Reason::Ordered));
    for site in [1, 2] {
        stage.vote(site, id, true).expect("voted");
    }
    assert!(stage.state.open[&id].movement.is_some(), "it is approved");
}

#[test]
fn a_takeover_waits_for_no_rest_after_a_move() {
    let mut stage = Stage::new(3);
    stage.forecast(1, 300_000);
    let id = stage.approved();
    stage.carry_out(id);
    stage.watch(4, 500_000);
    assert_eq!((stage.outcome(id), stage.holder(0)), (Some(Outcome::Done), 1));
    outlast(&mut stage);
    assert!(stage.state.workloads[&WorkloadId(0)].rests_until > stage.state.now);
    let mut again = takeover(&stage, 0, 2);
    again.source = SiteId(1);
    let id = stage.propose(2, again).expect("filed");
    for site in [0, 2] {
        stage.vote(site, id, true).expect("voted");
    }
    assert!(stage.state.open.get(&id).is_some_and(|open| open.movement.is_some()));
}

#[test]
fn a_takeover_that_could_not_be_carried_out_is_tried_again() {
    for version in [6, 7] {
        let mut stage = Stage::with(4, Rules { version, ..Rules::default() });
        for site in [1, 2] {
            stage.forecast(site, 300_000);
        }
        outlast(&mut stage);
        let fails = |stage: &mut Stage, to: u32| {
            // What comes to nothing leaves the lost holder a lease of its own.
            while stage.state.workloads[&WorkloadId(0)].authority.lease_until > stage.state.now {
                stage.pass(Span::from_secs(10));
            }
            let id = stage.propose(3, takeover(stage, 0, to)).expect("filed");
            for site in 1..4 {
                let _ = stage.vote(site, id, true);
            }
            stage.report(to, id, News::Trouble(Trouble::NotStarted)).expect("it is in trouble");
            assert_eq!(stage.outcome(id), Some(Outcome::RolledBack(Trouble::NotStarted)));
        };
        fails(&mut stage, 1);
        fails(&mut stage, 2);
        let again = stage.propose(3, takeover(&stage, 0, 2));
        assert!(again.is_err(), "not at once");
        (0..90).for_each(|_| stage.pass(Span::from_secs(10)));
        let again = stage.propose(3, takeover(&stage, 0, 1));
        match version {
            6 => assert!(matches!(again, Err(Refusal::CauseUnchanged { .. })), "{again:?}"),
            _ => assert!(again.is_ok(), "whoever could not take it then may now: {again:?}"),
        }
    }
}

#[test]
fn what_maintenance_leaves_of_a_site_is_what_counts() {
    let mut stage = Stage::new(3);
    stage.forecast(1, 300_000);
    let order = filing(&stage, 0, 1, Cause::Order);
    assert_eq!(has_room(&stage.state, &order), Ok(()));
    maintain(&mut stage, 1, (3, 6), 500_000);
    let refused = has_room(&stage.state, &order);
    assert!(matches!(refused, Err(Refusal::DestinationFull { would_be_ppm: 1_040_000, .. })));
    maintain(&mut stage, 1, (3, 6), 0);
    assert_eq!(has_room(&stage.state, &order), Err(Refusal::DestinationDown(SiteId(1))));
    stage.say(1, Command::Maintain { windows: Vec::new() }).expect("called off");
    assert_eq!(has_room(&stage.state, &order), Ok(()));
    // A source of which half is left is overloaded where it would not be else.
    let temper = Temper { ahead_slots: 6, alarm_ppm: 850_000, aim_ppm: 800_000, window_slots: 2 };
    let me = (SiteId(0), &Joined::default());
    stage.forecast(0, 500_000);
    assert_eq!(propose(&stage.state, me, SiteId(0), &temper), None);
    let slot = maintain(&mut stage, 0, (2, 6), 500_000);
    let found = propose(&stage.state, me, SiteId(0), &temper).expect("it has cause");
    assert_eq!(found.cause, Cause::Overload { metric: Metric::Cpu, slot });
    assert_eq!(found.criterion.conditions[1].at_most_ppm, 425_000, "of what is left");
    let id = stage.propose(0, found).expect("filed");
    assert_eq!(stage.state.open[&id].predicted_ppm, 1_040_000);
}

#[test]
fn maintenance_moves_what_is_there_and_it_does_not_come_back_meanwhile() {
    let mut stage = Stage::new(3);
    stage.forecast(1, 300_000);
    let slot = maintain(&mut stage, 0, (4, 20), 0);
    let refused = stage.propose(0, filing(&stage, 0, 1, Cause::Maintenance { slot: slot.plus(1) }));
    assert_eq!(refused, Err(Refusal::NotMaintained(SiteId(0))));
    let id = stage.propose(0, filing(&stage, 0, 1, Cause::Maintenance { slot })).expect("filed");
    for site in 0..3 {
        let _ = stage.vote(site, id, true);
    }
    stage.carry_out(id);
    stage.watch(4, 950_000);
    assert_eq!(stage.outcome(id), Some(Outcome::Failed(Trouble::SourceFull)));
    assert_eq!(stage.holder(0), 1);
    while stage.slot() < slot.plus(20) {
        stage.pass(SLOT);
    }
    assert!(stage.state.maintenance.of(SiteId(0)).is_empty(), "it is over");
}

#[test]
fn windows_that_make_no_sense_are_refused() {
    let mut stage = Stage::new(2);
    let window = |from, until, left_ppm| Window { from: Slot(from), until: Slot(until), left_ppm };
    for windows in
        [vec![window(5, 5, 0)], vec![window(5, 6, 1_000_000)], vec![window(900, 901, 0); 65]]
    {
        let refused = stage.say(0, Command::Maintain { windows }).expect_err("it makes no sense");
        assert!(matches!(refused, Refusal::OutOfRange(_) | Refusal::TooMany(_)), "{refused}");
    }
    stage.say(0, Command::Maintain { windows: vec![window(5, 6, 0)] }).expect("it is over");
    assert!(stage.state.maintenance.of(SiteId(0)).is_empty());
}

#[test]
fn who_says_nothing_and_is_not_seen_gains_no_weight() {
    let mut stage = Stage::new(4);
    let share = |stage: &Stage| standing(&stage.state, Metric::Cpu)[&SiteId(3)];
    let mut shares = vec![share(&stage)];
    for tick in 0..60u32 {
        let came = |slot: u32| 400_000 + 100_000 * (slot % 3);
        for site in 0..3 {
            // A little worse than a forecaster without any thought, who says what came four slots before.
            let middle_ppm = came(tick + 1) + 30_000;
            let band = Band { low_ppm: middle_ppm, middle_ppm, high_ppm: middle_ppm };
            let (target, metric, first) = (SiteId(site), Metric::Cpu, stage.slot().plus(2));
            let forecast = Command::Forecast { target, metric, first, bands: vec![band] };
            stage.say(site, forecast).expect("forecast");
        }
        let slot = stage.slot();
        stage.pass(SLOT);
        for (by, target) in (0..3).flat_map(|by| (0..3).map(move |target| (by, SiteId(target)))) {
            let observe =
                Command::Observe { target, metric: Metric::Cpu, slot, value_ppm: came(tick) };
            stage.say(by, observe).expect("observed");
        }
        shares.push(share(&stage));
    }
    assert_eq!(shares[0], 250_000);
    assert!(shares.is_sorted_by(|before, after| before >= after), "{shares:?}");
    assert!(shares[60] < 100_000, "{shares:?}");
}

#[test]
fn who_dismisses_a_site_and_admits_it_again_does_not_change_its_words() {
    let mut stage = Stage::new(3);
    let (site, workload) = (SiteId(2), WorkloadId(2));
    let introduce = |name: &str, lot| Command::Introduce { site, name: name.to_string(), lot };
    stage.say(0, introduce("rome", 7)).expect("introduced");
    stage.say(2, Command::Retire { workload }).expect("retired");
    stage.say(0, Command::Dismiss { site }).expect("dismissed");
    stage.say(0, Command::Admit { site, capacity: Loads::cpu(9) }).expect("admitted");
    let bears = |stage: &Stage| stage.state.members[&site].capacity;
    assert_eq!(bears(&stage), Loads::cpu(1_000), "what it said last");
    assert_eq!(stage.say(0, introduce("roma", 8)), Err(Refusal::NotItsWord(site)));
    stage.say(0, introduce("rome", 8)).expect("it has joined again");
    stage.say(2, Command::Admit { site, capacity: Loads::cpu(9) }).expect("its own word");
    stage.say(2, introduce("roma", 8)).expect("its own word");
    assert_eq!((bears(&stage), &*stage.state.members[&site].name), (Loads::cpu(9), "roma"));
}
