//! Room for one at a destination that several want: who has priority gets it.

use swell_core::council::entry::Command;
use swell_core::council::proposal::{Cause, Filing, Outcome};
use swell_core::council::rules::Rules;
use swell_core::council::words::{Criticality, Loads, ProposalId, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Span;

use crate::stage::Stage;

/// Sites 0 to 2 want to send their workloads, of which that of site 1 is critical, to site 3, which
/// has room for one.
fn rivals(rules: Rules) -> (Stage, [ProposalId; 2]) {
    let mut stage = Stage::with(4, rules);
    let critical = |workload| Command::Register {
        workload: WorkloadId(workload),
        criticality: Criticality::Critical,
        demand: Loads::cpu(200),
    };
    stage.say(1, critical(1)).expect("registered");
    stage.forecast(3, 500_000);
    let to_the_same = |stage: &Stage, site: u32| {
        let (mut filing, workload) = (stage.filing(), WorkloadId(site));
        filing.workloads = [(workload, stage.state.workloads[&workload].authority.epoch)].into();
        (filing.source, filing.destination) = (SiteId(site), SiteId(3));
        Filing { cause: Cause::Order, ..filing }
    };
    let mut file = |site| {
        let filing = to_the_same(&stage, site);
        stage.propose(site, filing).expect("each would fit")
    };
    let ids = [file(0), file(1)];
    (stage, ids)
}

fn all_vote(stage: &mut Stage, id: ProposalId, yes: bool) {
    for site in 0..4 {
        let _ = stage.vote(site, id, yes);
    }
}

fn moves(stage: &Stage, id: ProposalId) -> bool {
    stage.state.open.get(&id).is_some_and(|open| open.movement.is_some())
}

#[test]
fn who_is_critical_gets_the_room_though_others_were_approved_first() {
    let (mut stage, [normal, critical]) = rivals(Rules::default());
    all_vote(&mut stage, normal, true);
    assert!(!moves(&stage, normal) && stage.outcome(normal).is_none(), "it waits for its turn");
    all_vote(&mut stage, critical, true);
    assert!(moves(&stage, critical));
    assert_eq!(stage.outcome(normal), Some(Outcome::Displaced));
}

#[test]
fn who_waits_goes_on_once_the_other_is_voted_down_or_withdrawn_or_takes_too_long() {
    for end in 0..3 {
        let (mut stage, [normal, critical]) = rivals(Rules::default());
        all_vote(&mut stage, normal, true);
        assert!(!moves(&stage, normal));
        match end {
            0 => all_vote(&mut stage, critical, false),
            1 => stage.say(1, Command::Withdraw { proposal: critical }).expect("withdrawn"),
            _ => stage.pass(Span::from_mins(5)),
        }
        assert!(moves(&stage, normal), "{end}");
        all_vote(&mut stage, critical, true);
        assert!(!moves(&stage, critical), "what is promised is not taken back: {end}");
    }
}

#[test]
fn nobody_waits_where_there_is_room_for_both_or_by_former_rules() {
    let (mut stage, [normal, _]) = rivals(Rules::default());
    stage.forecast(3, 300_000);
    all_vote(&mut stage, normal, true);
    assert!(moves(&stage, normal), "there is room for both");
    let (mut stage, [normal, critical]) = rivals(Rules { version: 3, ..Rules::default() });
    all_vote(&mut stage, normal, true);
    all_vote(&mut stage, critical, true);
    assert!(moves(&stage, normal));
    assert_eq!(stage.outcome(critical), Some(Outcome::NoRoom), "who was first had the room");
}
