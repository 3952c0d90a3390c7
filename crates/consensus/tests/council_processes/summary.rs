//! What a decision takes, printed.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// A decision as a site told of it.
pub(crate) struct Decision {
    /// The proposal's id.
    pub(crate) id: u64,
    /// From proposing until it was in the log and applied, in microseconds.
    pub(crate) filed: u64,
    /// From proposing until it was decided.
    pub(crate) decided: u64,
}

/// How long the disk takes to confirm a short write, in microseconds: the middle of many.
pub(crate) fn fsync_micros(folder: &Path) -> u128 {
    let mut file = File::create(folder.join("fsync")).expect("it is made");
    let mut took: Vec<u128> = (0..51)
        .map(|_| {
            file.write_all(&[1; 4_096]).expect("it is written");
            let began = Instant::now();
            file.sync_data().expect("it is synced");
            began.elapsed().as_micros()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2]
}

/// Prints what entries took, each alone at the leader.
pub(crate) fn print_entries(
    fsync: u128,
    said: Vec<u64>,
    before: &[(u64, u64)],
    after: &[(u64, u64)],
) {
    println!("a sync of this disk takes {fsync} us (middle of 51)");
    let count = said.len();
    println!("an entry at the leader: committed after p50 {} us", percentile(said, 50));
    print_counts("entry", count, before, after);
}

/// Prints what decisions took.
pub(crate) fn print_decisions(
    at_leader: &[Decision],
    at_follower: &[Decision],
    before: &[(u64, u64)],
    after: &[(u64, u64)],
) {
    for (who, decisions) in [("leader", at_leader), ("follower", at_follower)] {
        let filed: Vec<u64> = decisions.iter().map(|of| of.filed).collect();
        let decided: Vec<u64> = decisions.iter().map(|of| of.decided).collect();
        println!(
            "proposed at the {who}: in the log after p50 {} us; decided after p50 {} us, p99 {} us",
            percentile(filed, 50),
            percentile(decided.clone(), 50),
            percentile(decided, 99)
        );
    }
    print_counts("decision", at_leader.len(), before, after);
}

fn percentile(mut all: Vec<u64>, percent: usize) -> u64 {
    all.sort_unstable();
    all[(all.len() - 1) * percent / 100]
}

fn print_counts(what: &str, count: usize, before: &[(u64, u64)], after: &[(u64, u64)]) {
    let each = |then: u64, now: u64| (now - then) as f64 / count as f64;
    for (site, ((syncs, sent), (syncs_now, sent_now))) in before.iter().zip(after).enumerate() {
        println!(
            "site {site}: {:.1} syncs and {:.1} messages sent per {what}, heartbeats included",
            each(*syncs, *syncs_now),
            each(*sent, *sent_now)
        );
    }
}
