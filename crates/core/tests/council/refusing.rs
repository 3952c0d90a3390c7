//! Every bad input is refused with a reason, and what was committed stands.

use swell_core::council::entry::{Band, Command, Entry, News};
use swell_core::council::image::digest;
use swell_core::council::machine::apply;
use swell_core::council::proposal::{Cause, Criterion, Filing};
use swell_core::council::refusal::Refusal;
use swell_core::council::rules::Rules;
use swell_core::council::words::{Criticality, Epoch, Loads, Metric, ProposalId, Slot, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};

use crate::stage::Stage;

/// The reason starts so.
fn check(came: Result<(), Refusal>, expected: &str) {
    let reason = came.expect_err(expected).to_string();
    assert!(reason.contains(expected), "`{reason}` does not tell `{expected}`");
}

#[test]
fn bad_proposals_are_refused() {
    let no_window = |filing: &mut Filing| {
        filing.criterion = Criterion { window_slots: 0, ..filing.criterion.clone() };
    };
    type Spoil = fn(&mut Filing);
    let rows: [(Spoil, &str); 15] = [
        (|f| f.destination = SiteId(77), "site 77 is no member"),
        (|f| f.source = SiteId(77), "site 77 is no member"),
        (|f| f.destination = SiteId(0), "the same site"),
        (|f| f.workloads.clear(), "names a workload"),
        (|f| f.workloads = [(WorkloadId(99), Epoch(1))].into(), "nobody registered workload 99"),
        (|f| f.source = SiteId(2), "held by site 0"),
        (|f| f.workloads = [(WorkloadId(0), Epoch(77))].into(), "authority over workload 0 has"),
        (|f| f.deadline = Instant::ZERO, "the deadline has passed"),
        (|f| f.deadline = Instant::NEVER, "too far away"),
        (
            |f| f.cause = Cause::Overload { metric: Metric::Io, slot: Slot(104) },
            "committed no forecast",
        ),
        (
            |f| f.cause = Cause::Overload { metric: Metric::Cpu, slot: Slot(3) },
            "committed no forecast",
        ),
        (|f| f.criterion.conditions.clear(), "no condition"),
        (|f| f.criterion.samples_min = 9, "at most one for each slot"),
        (|f| f.criterion.conditions[0].site = SiteId(50), "speaks of a site"),
        (|f| f.cause = Cause::SourceLost, "its holder may be alive"),
    ];
    let mut stage = Stage::new(3);
    stage.forecast(0, 900_000);
    for (spoil, expected) in rows {
        let mut filing = stage.filing();
        spoil(&mut filing);
        check(stage.propose(0, filing).map(drop), expected);
    }
    let mut filing = stage.filing();
    no_window(&mut filing);
    check(stage.propose(0, filing).map(drop), "1 to 288 slots");
    stage.forecast(1, 800_000);
    check(stage.propose(0, stage.filing()).map(drop), "no room: its cpu would be at 102 %");
    stage.forecast(0, 500_000);
    check(stage.propose(0, stage.filing()).map(drop), "shows no overload (52 %)");
    assert!(stage.state.open.is_empty());
}

#[test]
fn bad_votes_and_messages_are_refused() {
    let mut stage = Stage::new(4);
    stage.forecast(0, 900_000);
    let id = stage.propose(0, stage.filing()).expect("filed");
    let admit = Command::Admit { site: SiteId(9), capacity: Loads::cpu(500) };
    stage.say(0, admit).expect("admitted");
    check(stage.vote(77, id, true), "site 77 is no member");
    check(stage.vote(9, id, true), "site 9 was no member when the proposal was filed");
    check(stage.vote(1, ProposalId(3), true), "no proposal 3 is remembered");
    stage.vote(1, id, true).expect("voted");
    check(stage.vote(1, id, false), "site 1 voted already");
    let again = stage.log.last().expect("a vote").clone();
    check(stage.put(again.clone()), "was there before");
    let earlier = Entry { incarnation: 0, sequence: 9_999, ..again.clone() };
    check(stage.put(earlier), "from life 0 of its site, which is in its life 1");
    let forged = Entry { from: SiteId(50), ..again };
    check(stage.put(forged), "site 50 is no member");
    check(stage.say(1, Command::Withdraw { proposal: id }), "only site 0");
    stage.say(0, Command::Withdraw { proposal: id }).expect("withdrawn");
    check(stage.vote(2, id, true), "was decided already");
}

#[test]
fn bad_reports_are_refused() {
    let mut stage = Stage::new(3);
    let id = stage.approved();
    check(stage.report(2, id, News::Started), "site 2 has no part");
    check(stage.report(0, id, News::Started), "site 0 has no part");
    check(stage.report(1, id, News::Healthy), "not at that step");
    let stale = Command::Report { proposal: id, epoch: Epoch(1), news: News::Started, why: None };
    check(stage.say(1, stale), "an epoch that is over");
    let unknown = Command::Report {
        proposal: ProposalId(1),
        epoch: Epoch(1),
        news: News::Started,
        why: None,
    };
    check(stage.say(1, unknown), "no proposal 1");
    check(stage.propose(0, stage.filing()).map(drop), "workload 0 is moved by proposal");
    let retire = Command::Retire { workload: WorkloadId(0) };
    check(stage.say(0, retire), "workload 0 is moved by proposal");
}

#[test]
fn forecasts_of_the_past_and_observations_of_the_future_are_refused() {
    let mut stage = Stage::new(3);
    let (target, metric) = (SiteId(0), Metric::Cpu);
    let band = |low_ppm, middle_ppm, high_ppm| Band { low_ppm, middle_ppm, high_ppm };
    let usual = band(1, 2, 3);
    for (first, bands, expected) in [
        (99, vec![usual], "too late to forecast that slot: the earliest is 102"),
        (101, vec![usual], "the earliest is 102"),
        (148, vec![usual; 2], "the latest slot is 148"),
        (102, vec![], "reaches too far"),
        (102, vec![usual; 100_000], "reaches too far"),
        (u64::MAX, vec![usual; 3], "reaches too far"),
        (102, vec![band(5, 4, 6)], "must not fall"),
        (102, vec![band(1, 2, u32::MAX)], "hundred times"),
    ] {
        let first = Slot(first);
        check(stage.say(0, Command::Forecast { target, metric, first, bands }), expected);
    }
    stage.pass(Span::from_mins(15));
    for (slot, value_ppm, expected) in [
        (103, 5, "not over yet"),
        (u64::MAX, 5, "not over yet"),
        (101, 5, "came too late"),
        (0, 5, "came too late"),
        (102, u32::MAX, "hundred times"),
    ] {
        let slot = Slot(slot);
        check(stage.say(1, Command::Observe { target, metric, slot, value_ppm }), expected);
    }
    let once = Command::Observe { target, metric, slot: Slot(102), value_ppm: 7 };
    stage.say(1, once.clone()).expect("told");
    check(stage.say(1, once), "told that slot already");
    let stranger = Command::Observe { target: SiteId(8), metric, slot: Slot(102), value_ppm: 7 };
    check(stage.say(1, stranger), "site 8 is no member");
}

#[test]
fn sites_and_rules_change_only_as_makes_sense() {
    let mut stage = Stage::new(3);
    let bad = Rules { theta_ppm: [1, 2, 3], ..Rules::default() };
    check(stage.say(0, Command::AdoptRules(bad)), "theta is at least a half");
    let newer = Rules { version: 99, ..Rules::default() };
    check(stage.say(0, Command::AdoptRules(newer)), "does not know rules of that version");
    let slot = Rules { slot: Span::from_mins(1), ..Rules::default() };
    check(stage.say(0, Command::AdoptRules(slot)), "length of a slot cannot change");
    check(stage.say(0, Command::Dismiss { site: SiteId(9) }), "site 9 is no member");
    check(stage.say(0, Command::Dismiss { site: SiteId(2) }), "still holds workload 2");
    let empty = Command::Admit { site: SiteId(9), capacity: Loads::default() };
    check(stage.say(0, empty), "without processors");
    let nothing = Command::Register {
        workload: WorkloadId(50),
        criticality: Criticality::Low,
        demand: Loads::default(),
    };
    check(stage.say(0, nothing), "takes something");
    let stolen = Command::Register {
        workload: WorkloadId(2),
        criticality: Criticality::Low,
        demand: Loads::cpu(1),
    };
    check(stage.say(0, stolen), "held by site 2");
    stage.say(2, Command::Retire { workload: WorkloadId(2) }).expect("retired");
    stage.say(0, Command::Dismiss { site: SiteId(2) }).expect("dismissed");
}

#[test]
fn an_entry_out_of_turn_changes_nothing_at_all() {
    let mut stage = Stage::new(3);
    let before = digest(&stage.state);
    let entry = stage.log[0].clone();
    for index in [0, stage.state.index, stage.state.index + 2, u64::MAX] {
        let came = apply(&mut stage.state, index, &entry);
        assert!(matches!(came, Err(Refusal::NotNext { .. })), "{index}");
    }
    assert_eq!(digest(&stage.state), before);
}

#[test]
fn a_member_is_introduced_once_and_nobody_else_takes_its_name_until_it_is_gone() {
    let mut stage = Stage::new(3);
    let introduce = |stage: &mut Stage, site: u32, name: &str, lot: u64| {
        let (site, name) = (SiteId(site), name.to_string());
        stage.say(0, Command::Introduce { site, name, lot })
    };
    check(introduce(&mut stage, 7, "rome", 1), "site 7 is no member");
    check(introduce(&mut stage, 2, "", 1), "1 to 255 bytes");
    introduce(&mut stage, 2, "lima", 11).expect("it is new");
    introduce(&mut stage, 2, "lima", 11).expect("it is the same");
    check(introduce(&mut stage, 2, "lima", 12), "another machine has joined as site 2");
    assert_eq!(stage.state.members[&SiteId(2)].lot, Some(11));
    stage.say(2, Command::Retire { workload: WorkloadId(2) }).expect("it holds nothing");
    stage.say(2, Command::Dismiss { site: SiteId(2) }).expect("it leaves");
    assert_eq!(stage.state.former[&SiteId(2)].name, "lima");
    let capacity = Loads::cpu(1_000);
    stage.say(0, Command::Admit { site: SiteId(2), capacity }).expect("it is back");
    introduce(&mut stage, 2, "lima", 12).expect("its place was free");
}
