//! Sites in network namespaces: the leader's cable is pulled, one direction fails, the leader is
//! killed. Whoever is with a majority decides, and in the end all know the same.

use std::collections::BTreeMap;

use crate::conductor::{SITES, Stage};
use crate::namespaces::Namespaces;

/// How many are decided in each situation.
const EACH: u32 = 20;
/// After so many a register is written and read.
const REGISTER_EVERY: u32 = 3;

/// Plays it, or says why this machine cannot.
pub(crate) fn run() {
    let namespaces = match Namespaces::new(SITES) {
        Ok(namespaces) => namespaces,
        Err(why) => return println!("partitions are skipped: {why}"),
    };
    let mut stage = Stage::set(namespaces.addresses(), Some(&namespaces));
    let (mut decided, mut known, mut next) = (BTreeMap::new(), BTreeMap::new(), 0);
    let mut decide = |stage: &mut Stage, site: u32| {
        for _ in 0..EACH {
            decided.insert(next, stage.one(site, next).id);
            if next.is_multiple_of(REGISTER_EVERY) {
                stage.write_and_read(site);
            }
            next += 1;
        }
    };

    let leader = stage.leader();
    let other = (leader + 1) % SITES;
    decide(&mut stage, leader);
    namespaces.cable(leader, false);
    decide(&mut stage, other);
    // Who is cut off must not answer by what it knows; if it did, it would be noticed.
    stage.read(leader, other);
    let stale = stage.peek(leader, other);
    stage.registers.notices(other, stale);
    namespaces.cable(leader, true);
    decide(&mut stage, leader);

    let leader = stage.leader();
    let other = (leader + 1) % SITES;
    namespaces.way(leader, other, false);
    decide(&mut stage, (leader + 2) % SITES);
    namespaces.way(leader, other, true);
    namespaces.way(other, leader, false);
    decide(&mut stage, (leader + 2) % SITES);
    namespaces.way(other, leader, true);

    let leader = stage.leader();
    stage.kill(leader);
    decide(&mut stage, (leader + 1) % SITES);
    stage.start(leader);
    decide(&mut stage, leader);
    stage.compare(&decided, &mut known);
    let (writes, reads) = stage.registers.check();
    println!("{writes} writes and {reads} reads of registers meanwhile: one order explains them");
    println!(
        "{} proposals decided in network namespaces, with the leader's cable pulled, one direction \
         lost and the leader killed: all sites know the same",
        decided.len()
    );
}
