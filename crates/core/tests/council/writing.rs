//! How what is said is written, byte by byte.

use std::collections::BTreeMap;

use swell_core::council::entry::{Band, Command, Entry, Message, News, Reason};
use swell_core::council::frame::{VERSION, open, seal};
use swell_core::council::maintenance::Window;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback, Trouble};
use swell_core::council::rules::{Counting, Rules};
use swell_core::council::words::{
    Criticality, Epoch, Loads, Metric, Mode, ProposalId, Slot, WorkloadId,
};
use swell_core::history::seal as written;
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};

/// One of each kind, with nothing in it that is as it is by default.
fn samples() -> Vec<Command> {
    let (site, other, workload) = (SiteId(3), SiteId(4), WorkloadId(5));
    let (proposal, metric, slot) = (ProposalId(6), Metric::Memory, Slot(7));
    let message = Message { from: site, incarnation: 8, sequence: 9 };
    let band = Band { low_ppm: 10, middle_ppm: 11, high_ppm: 12 };
    let rules = Rules {
        version: 1,
        counting: Counting::Majority,
        slot: Span::from_secs(1),
        ..Rules::default()
    };
    let filing = Filing {
        workloads: BTreeMap::from([(workload, Epoch(13))]),
        source: site,
        destination: other,
        deadline: Instant::from_millis(14),
        cause: Cause::Overload { metric, slot },
        criterion: Criterion {
            conditions: vec![Condition { site, metric, at_most_ppm: 15 }],
            window_slots: 16,
            samples_min: 17,
        },
        rollback: Rollback::Stay,
    };
    let (yes, reason, claim_ppm) = (true, Reason::TooFar, 18);
    let news = News::Trouble(Trouble::Ordered);
    let why = Some("it hangs".to_string());
    vec![
        Command::Tick { at: Instant::from_millis(19) },
        Command::AdoptRules(rules),
        Command::Admit { site, capacity: Loads([20, 21, 22, 23]) },
        Command::Dismiss { site },
        Command::Register { workload, criticality: Criticality::Critical, demand: Loads::cpu(24) },
        Command::Retire { workload },
        Command::SetMode { workload: Some(workload), mode: Mode::Shadow },
        Command::Forecast { target: other, metric, first: slot, bands: vec![band; 2] },
        Command::Observe { target: other, metric, slot, value_ppm: 25 },
        Command::Propose(Box::new(filing)),
        Command::Withdraw { proposal },
        Command::Vote { proposal, yes, reason, claim_ppm },
        Command::Report { proposal, epoch: Epoch(26), news, why },
        Command::Renew,
        Command::VoteOn { message, yes, reason, claim_ppm },
        Command::Cede { upto: Epoch(27) },
        Command::InheritMode { workload },
        Command::Ways { to: BTreeMap::from([(other, 28)]) },
        Command::Introduce { site, name: "oslo".to_string(), lot: 29 },
        Command::Maintain { windows: vec![Window { from: slot, until: Slot(30), left_ppm: 31 }] },
    ]
}

/// A site that runs an older program takes what it cannot read for what another program wrote only if
/// that is so: whoever changes these bytes raises the version of the frame, and of the messages
/// between sites.
#[test]
fn what_is_written_changes_with_its_version_only() {
    let said = |(index, command): (u64, Command)| {
        let entry = Entry { from: SiteId(1), incarnation: 2, sequence: index, command };
        let bytes = seal(index, &entry).expect("it is short");
        assert_eq!(open(index, &bytes), Ok(entry), "it is read back");
        bytes
    };
    let bytes: Vec<Vec<u8>> = (1..).zip(samples()).map(said).collect();
    let digest = xxhash_rust::xxh3::xxh3_64(&written("samples", 1, &bytes));
    assert_eq!((VERSION, digest), (2, 13_599_672_437_999_044_818));
}
