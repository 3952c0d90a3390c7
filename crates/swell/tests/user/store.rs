//! Stores that cannot be understood are refused with what to do, and left as they are.

use std::fs;
use std::sync::Arc;

use swell_samples::samples;

use crate::node::{Node, Ran, command};

const UP: &str = "up --listen 127.0.0.1:0 --data data";

#[test]
fn a_store_that_is_hurt_is_left_as_it_is() {
    let node = Node::up("");
    node.deploy("app", samples::HELLO, "");
    let folder = node.stop();
    let path = folder.0.join("data/functions.redb");
    let whole = fs::read(&path).expect("it is there");
    let mut hurt = whole.clone();
    // Anything of a file that is in use: its beginning, and all of its pages.
    hurt[..16].fill(0);
    let mut pages = whole.clone();
    let middle = 4_096..pages.len();
    pages[middle].fill(0xa5);
    for bytes in [hurt, pages, b"not a store".to_vec(), whole[..whole.len() / 2].to_vec()] {
        fs::write(&path, &bytes).expect("it can be written");
        let ran = Ran::of(command(&folder, UP));
        ran.ended(1, "cannot be read");
        assert!(ran.told.contains("restore it from a backup"), "{ran:?}");
        assert!(!ran.told.contains("panicked"), "{ran:?}");
        assert_eq!(fs::read(&path).expect("it is there").len(), bytes.len());
    }
    fs::write(&path, &whole).expect("it can be written");
    let node = Node::on(folder, "");
    assert_eq!(node.call("app", b"").status, 200);
    node.stop();
}

#[test]
fn a_newer_store_is_left_to_the_newer_program() {
    let folder = Arc::new(crate::shell::Folder::new());
    fs::create_dir_all(folder.0.join("data")).expect("the folder can be written");
    let path = folder.0.join("data/functions.redb");
    let table: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("meta");
    let database = redb::Database::create(&path).expect("it can be made");
    let transaction = database.begin_write().expect("it can be written");
    let mut meta = transaction.open_table(table).expect("it can be made");
    meta.insert("schema", 999).expect("it can be written");
    drop(meta);
    transaction.commit().expect("it can be written");
    drop(database);
    let ran = Ran::of(command(&folder, UP));
    ran.ended(1, "written by a newer swell");
    assert!(ran.told.contains("start the newer program"), "{ran:?}");
}
