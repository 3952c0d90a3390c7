//! Whatever the disk does: what it confirmed is there, and what is hurt stops the site.

use std::collections::BTreeMap;

use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::type_config::TypeConfigExt;
use openraft::vote::RaftLeaderId;
use openraft::{EntryPayload, RaftLogReader};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use swell_consensus::storage::damage::Damage;
use swell_consensus::storage::log_store::LogStore;
use swell_consensus::storage::open::open_disk;
use swell_consensus::storage::tables::{ENTRIES, MARKS, Mark};
use swell_consensus::storage::writer::Run;
use swell_consensus::types::{LogEntry, LogId, Said, Types, Vote};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::frame::{VERSION, seal};
use swell_core::council::words::ProposalId;
use swell_core::ids::SiteId;

use crate::disk::Disk;
use crate::seeds::for_each_seed;

const OWNER: SiteId = SiteId(2);

fn id(term: u64, index: u64) -> LogId {
    let leader: <Types as openraft::RaftTypeConfig>::LeaderId = RaftLeaderId::new(term, 1);
    LogId { leader_id: leader.to_committed(), index }
}

fn said(term: u64, index: u64) -> LogEntry {
    let command = Command::Withdraw { proposal: ProposalId(index * 1_000 + term) };
    let entry = Entry { from: OWNER, incarnation: 1, sequence: index + 1, command };
    LogEntry::new(id(term, index), EntryPayload::Normal(Said(entry)))
}

/// What must be there, and what may be.
#[derive(Default)]
struct Model {
    vote: u64,
    /// Of each index, the term that was confirmed last.
    confirmed: BTreeMap<u64, u64>,
    purged: Option<u64>,
    /// The highest term that was ever written.
    term: u64,
}

async fn live(store: &mut LogStore, model: &mut Model, rng: &mut impl Rng) {
    let mut term = model.term.max(1);
    let first = model.purged.map_or(0, |purged| purged + 1);
    let mut next = model.confirmed.keys().last().map_or(first, |last| last + 1);
    for _ in 0..rng.random_range(5..40) {
        model.term = term;
        match rng.random_range(0..10) {
            0 => {
                term += 1;
                model.term = term;
                let leader = RaftLeaderId::new(term, 1);
                if store.save_vote(&Vote { leader_id: leader, committed: true }).await.is_err() {
                    return;
                }
                model.vote = term;
            }
            1 if next > first + 2 => {
                let from = rng.random_range(next - 2..next);
                let last = from.checked_sub(1).filter(|last| *last >= first).map(|last| {
                    let entry_term = model.confirmed.get(&last).copied().unwrap_or(term);
                    id(entry_term, last)
                });
                if last.is_none() && model.purged.is_some() {
                    continue;
                }
                // From here on either may be found, until it is confirmed.
                let gone = model.confirmed.split_off(&from);
                if store.truncate_after(last).await.is_err() {
                    model.confirmed.extend(gone);
                    model.confirmed.retain(|index, _| *index < from);
                    return;
                }
                next = from;
                term += 1;
            }
            _ => {
                let count = rng.random_range(1..5);
                let entries: Vec<LogEntry> = (next..next + count).map(|i| said(term, i)).collect();
                let (done, told) = <Types as TypeConfigExt>::oneshot();
                if store.append(entries, IOFlushed::signal(done)).await.is_err() {
                    return;
                }
                match told.await {
                    Ok(Ok(())) => {}
                    _ => return,
                }
                model.confirmed.extend((next..next + count).map(|index| (index, term)));
                next += count;
            }
        }
    }
}

async fn check(store: &mut LogStore, model: &Model) {
    let vote = store.read_vote().await.expect("it is read").map_or(0, |vote| vote.leader_id.term);
    assert!(vote >= model.vote, "the vote of term {} is lost, it is {vote}", model.vote);
    let entries = store.try_get_log_entries(0..u64::MAX).await.expect("they are read");
    let found: BTreeMap<u64, u64> =
        entries.iter().map(|entry| (entry.log_id.index, entry.log_id.leader_id.term)).collect();
    for (index, term) in &model.confirmed {
        let there = found.get(index);
        assert!(there.is_some_and(|there| there >= term), "entry {index} of {term}: {there:?}");
    }
    for entry in &entries {
        let (term, index) = (entry.log_id.leader_id.term, entry.log_id.index);
        assert_eq!(*entry, said(term, index), "an entry is as it was said");
    }
}

#[test]
fn what_was_confirmed_survives_every_power_cut() {
    for_each_seed("disk_faults::what_was_confirmed", 60, |seed| async move {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (disk, mut model) = (Disk::default(), Model::default());
        for _ in 0..4 {
            let opened = open_disk(disk.handle(), OWNER, 0).expect("no cut hurts the log");
            let mut store = LogStore::new(opened, Run::Task).expect("it starts");
            check(&mut store, &model).await;
            disk.power_goes_after(rng.random_range(1..400));
            live(&mut store, &mut model, &mut rng).await;
            drop(store);
            disk.power_cut(&mut rng);
        }
    });
}

async fn filled(disk: &Disk) {
    let opened = open_disk(disk.handle(), OWNER, 0).expect("it is new");
    let mut store = LogStore::new(opened, Run::Task).expect("it starts");
    for index in 0..60 {
        let (done, told) = <Types as TypeConfigExt>::oneshot();
        store.append([said(1, index)], IOFlushed::signal(done)).await.expect("asked");
        told.await.expect("told").expect("written");
    }
    drop(store);
    tokio::task::yield_now().await;
}

#[test]
fn rot_and_cuts_are_noticed_or_harmless_and_nothing_is_lost_silently() {
    for_each_seed("disk_faults::rot_and_cuts", 40, |seed| async move {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let disk = Disk::default();
        filled(&disk).await;
        let length = disk.bytes().len();
        disk.killed();
        if rng.random_bool(0.2) {
            disk.cut(rng.random_range(0..length));
        } else {
            for _ in 0..rng.random_range(1..4) {
                disk.rot(rng.random_range(0..length), rng.random_range(0..8));
            }
        }
        // The witness of 61 writes: one to begin with, and one per entry.
        match open_disk(disk.handle(), OWNER, 61) {
            Err(damage) => assert!(damage.to_string().len() > 40, "a person can use it: {damage}"),
            Ok(opened) => {
                let mut store = LogStore::new(opened, Run::Task).expect("it starts");
                let entries = store.try_get_log_entries(0..100).await.expect("they are read");
                let expected: Vec<LogEntry> = (0..60).map(|index| said(1, index)).collect();
                assert_eq!(entries, expected, "what opens is whole");
            }
        }
    });
}

#[tokio::test]
async fn a_log_that_is_older_or_another_sites_is_refused() {
    let disk = Disk::default();
    filled(&disk).await;
    disk.killed();
    let older = open_disk(disk.handle(), OWNER, 5_000).expect_err("it has seen 61");
    assert!(matches!(older, Damage::Older { had: 5_000, .. }), "{older}");
    disk.killed();
    let foreign = open_disk(disk.handle(), SiteId(9), 0).expect_err("it is of site 2");
    assert!(matches!(foreign, Damage::Foreign { owner: OWNER }), "{foreign}");
}

#[tokio::test]
async fn what_another_program_wrote_is_no_damage_and_stays() {
    let disk = Disk::default();
    filled(&disk).await;
    // Sealed as this program does it, and called so.
    let sealed = |at: u64, value: &[u8], version: u16| {
        let mut bytes = seal(at, &value).expect("it is short");
        bytes[..2].copy_from_slice(&version.to_le_bytes());
        bytes
    };
    let newer = VERSION + 4;
    let upgrade = format!("newer Swell (format {newer}), and this program reads up to {VERSION}");
    for (entry, mark, expected) in [
        (Some((60, VERSION)), None, "run the release that all sites have"),
        (Some((60, newer)), None, upgrade.as_str()),
        (None, Some(newer), "`Vote`"),
    ] {
        disk.killed();
        {
            let database = redb::Database::builder().create_with_backend(disk.handle());
            let writing = database.as_ref().expect("whole").begin_write().expect("begun");
            if let Some((index, version)) = entry {
                let mut entries = writing.open_table(ENTRIES).expect("it is there");
                let bytes = sealed(index, b"what nobody knows yet", version);
                entries.insert(index, bytes.as_slice()).expect("written");
            }
            if let Some(version) = mark {
                let mut marks = writing.open_table(MARKS).expect("it is there");
                let bytes = sealed(Mark::Vote as u64, b"another kind of vote", version);
                marks.insert(Mark::Vote as u8, bytes.as_slice()).expect("written");
            }
            writing.commit().expect("written");
        }
        disk.killed();
        let told = open_disk(disk.handle(), OWNER, 0).expect_err("it is not read").to_string();
        assert!(told.contains(expected) && told.contains("nothing was changed"), "{told}");
        assert!(!told.contains("join anew") && !told.contains("damaged"), "{told}");
    }
}
