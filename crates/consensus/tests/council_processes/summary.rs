//! What a decision takes, printed.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::conductor::Decision;

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

/// Prints what decisions took.
pub(crate) fn print(
    fsync: u128,
    at_leader: &[Decision],
    at_follower: &[Decision],
    before: &[(u64, u64)],
    after: &[(u64, u64)],
) {
    println!("a sync of this disk takes {fsync} us (middle of 51)");
    for (who, decisions) in [("leader", at_leader), ("follower", at_follower)] {
        let (filed, decided) = (|of: &Decision| of.filed, |of: &Decision| of.decided);
        let middle = |part: fn(&Decision) -> u64, percent: usize| {
            let mut all: Vec<u64> = decisions.iter().map(part).collect();
            all.sort_unstable();
            all[(all.len() - 1) * percent / 100]
        };
        println!(
            "proposed at the {who}: in the log after p50 {} us; decided after p50 {} us, p99 {} us",
            middle(filed, 50),
            middle(decided, 50),
            middle(decided, 99)
        );
    }
    let count = at_leader.len() as f64;
    for (site, ((syncs, sent), (syncs_then, sent_then))) in before.iter().zip(after).enumerate() {
        println!(
            "site {site}: {:.1} syncs and {:.1} messages sent per decision, heartbeats included",
            (syncs_then - syncs) as f64 / count,
            (sent_then - sent) as f64 / count
        );
    }
}
