//! The store: what is written is there again, and what cannot be read is left alone.

use std::fs;
use std::path::Path;

use redb::{Database, TableDefinition};

use swell_api::function::Share;
use swell_node::store::error::StoreError;
use swell_node::store::functions::{FILE, SCHEMA, Store};
use swell_node::store::record::{FunctionRecord, Head, Step, VersionRecord};

use crate::world::modelled;

fn version(name: &str, version: u32) -> VersionRecord {
    VersionRecord { version, deployed_at_ms: u64::from(version) * 10, spec: modelled(name) }
}

fn head(version: u32) -> Head {
    Head { traffic: vec![Share { version, percent: 100 }], ..Head::default() }
}

fn save(store: &Store, name: &str, number: u32, dropped: &[u32]) {
    let (head, added) = (head(number), version(name, number));
    let step = Step { name, head: &head, added: Some(&added), dropped };
    store.save(&step).expect("there is room");
}

fn record(name: &str, versions: &[u32]) -> FunctionRecord {
    let newest = *versions.last().expect("at least one");
    let versions = versions.iter().map(|&number| version(name, number)).collect();
    FunctionRecord { name: name.to_string(), head: head(newest), versions }
}

#[test]
fn steps_are_there_again() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let store = Store::open(&folder.path().join("state/swell")).expect("it is made");
    assert_eq!(store.load(), Ok(vec![]));
    for number in 1..=3 {
        save(&store, "b", number, &[]);
        save(&store, "a", number, &[]);
    }
    // Names that begin like another's, and versions whose digits sort otherwise.
    save(&store, "a-b", 10, &[]);
    save(&store, "a", 10, &[1, 2]);
    store.remove("b").expect("there is room");
    store.remove("never").expect("what is not there is gone already");
    assert_eq!(store.learned(), Ok(None));
    store.save_learned(b"old").expect("there is room");
    store.save_learned(b"new").expect("there is room");
    drop(store);

    let store = Store::open(&folder.path().join("state/swell")).expect("it is there");
    assert_eq!(store.load(), Ok(vec![record("a", &[3, 10]), record("a-b", &[10])]));
    assert_eq!(store.learned(), Ok(Some(b"new".to_vec())));
}

/// Opens the store in `folder`, which must fail and change nothing.
fn refused(folder: &Path) -> StoreError {
    let file = folder.join(FILE);
    let before = fs::read(&file).expect("it is there");
    let error = Store::open(folder).err().expect("it is refused");
    assert!(fs::read(&file).expect("it is there") == before, "a refused store is left alone");
    error
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join(FILE);
    for bytes in [&b"hello"[..], &[0; 100_000], &[7; 100_000]] {
        fs::write(&file, bytes).expect("it is writable");
        let error = refused(folder.path());
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
    }
}

#[test]
fn a_store_cut_short_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let store = Store::open(folder.path()).expect("it is made");
    (1..50).for_each(|number| save(&store, "a", number, &[]));
    drop(store);
    let file = folder.path().join(FILE);
    let whole = fs::read(&file).expect("it is there");
    fs::write(&file, &whole[..whole.len() / 2]).expect("it is writable");
    let error = refused(folder.path());
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

/// A hurt store is refused or still holds what was written; it is never believed with
/// something else in it, and never stops the program.
#[test]
fn a_hurt_store_is_not_believed() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let store = Store::open(folder.path()).expect("it is made");
    (1..50).for_each(|number| save(&store, "a", number, &[]));
    let written = store.load().expect("it is fine");
    drop(store);
    let whole = fs::read(folder.path().join(FILE)).expect("it is there");
    let (mut refused, step) = (0, whole.len() / 150);
    for start in (0..whole.len()).step_by(step) {
        let mut bytes = whole.clone();
        let end = (start + 40).min(bytes.len());
        bytes[start..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
        let copy = tempfile::tempdir().expect("a folder for the test");
        fs::write(copy.path().join(FILE), &bytes).expect("it is writable");
        match Store::open(copy.path()).and_then(|store| store.load()) {
            Ok(read) => assert_eq!(read, written, "hurt at {start}"),
            Err(StoreError::Corrupt { .. }) => refused += 1,
            Err(error) => panic!("hurt at {start}: {error}"),
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_newer_store_is_left_alone() {
    const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
    let folder = tempfile::tempdir().expect("a folder for the test");
    drop(Store::open(folder.path()).expect("it is made"));
    let database = Database::open(folder.path().join(FILE)).expect("it is there");
    let change = database.begin_write().expect("it is ours");
    let mut meta = change.open_table(META).expect("it has one");
    meta.insert("schema", SCHEMA + 1).expect("there is room");
    drop(meta);
    change.commit().expect("there is room");
    drop(database);

    let error = Store::open(folder.path()).err().expect("it is refused");
    assert!(matches!(error, StoreError::Newer { found, .. } if found == SCHEMA + 1), "{error}");
    assert!(error.to_string().contains("start the newer program"), "{error}");
}

#[test]
fn another_database_is_left_alone() {
    const OTHER: TableDefinition<&str, u64> = TableDefinition::new("other");
    let folder = tempfile::tempdir().expect("a folder for the test");
    let database = Database::create(folder.path().join(FILE)).expect("it is made");
    let change = database.begin_write().expect("it is ours");
    change.open_table(OTHER).expect("it is made");
    change.commit().expect("there is room");
    drop(database);
    let error = Store::open(folder.path()).err().expect("it is refused");
    assert!(error.to_string().contains("not one of swell's"), "{error}");
}

#[test]
fn a_folder_serves_one_node() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let first = Store::open(folder.path()).expect("it is made");
    let error = Store::open(folder.path()).err().expect("it is refused");
    assert_eq!(error, StoreError::Locked { folder: folder.path().to_path_buf() });
    drop(first);
    Store::open(folder.path()).expect("the other is gone");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it is writable");
    for data in [file.clone(), file.join("below")] {
        let error = Store::open(&data).err().expect("it is refused");
        assert!(matches!(&error, StoreError::Unwritable { path, .. } if *path == data), "{error}");
    }
}

/// Copies of the file taken while it is written to are what a power cut would leave, give
/// or take what the system still held: each opens, and holds whole steps only.
#[test]
fn a_cut_in_the_middle_of_writing_leaves_whole_steps() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let store = Store::open(folder.path()).expect("it is made");
    let file = folder.path().join(FILE);
    let mut copies = Vec::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..=200).for_each(|number| save(&store, "a", number, &[])));
        while !writer.is_finished() && copies.len() < 40 {
            copies.push(fs::read(&file).expect("it is there"));
        }
    });
    assert!(!copies.is_empty());
    copies.push(fs::read(&file).expect("it is there"));
    let mut opened = 0;
    for bytes in copies {
        let copy = tempfile::tempdir().expect("a folder for the test");
        fs::write(copy.path().join(FILE), &bytes).expect("it is writable");
        let store = match Store::open(copy.path()) {
            Ok(store) => store,
            // A copy is not taken in one moment as a cut is; one that mixes moments must be
            // refused, not believed.
            Err(StoreError::Corrupt { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        let Ok(all) = store.load() else { continue };
        opened += 1;
        for function in all {
            let newest = function.versions.last().expect("at least one").version;
            let numbers: Vec<u32> = function.versions.iter().map(|kept| kept.version).collect();
            assert_eq!(numbers, (1..=newest).collect::<Vec<_>>());
            assert_eq!(function.head, head(newest));
        }
    }
    assert!(opened > 0, "the last copy is whole");
}
