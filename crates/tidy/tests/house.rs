//! Runs every check over the whole repository.

use std::collections::BTreeSet;

use swell_tidy::check::{
    crates, doorway, fence, header, lints, loops, siblings, size, sources, words,
};
use swell_tidy::finding::Finding;
use swell_tidy::graph::Graph;
use swell_tidy::table::{CRATES, MINDS, SIBLINGS};
use swell_tidy::test_code::test_files;
use swell_tidy::tree::{File, Tree};

/// Fails with every finding, one per line, so that one run shows the whole list.
fn expect_none(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(lines.is_empty(), "{} findings:\n{}\n", lines.len(), lines.join("\n"));
}

/// The manifests of the crates.
fn manifests(tree: &Tree) -> Vec<&File> {
    tree.ending_in("/Cargo.toml").filter(|file| file.path.starts_with("crates/")).collect()
}

/// The folders of the crates.
fn folders(tree: &Tree) -> impl Iterator<Item = &str> {
    manifests(tree).into_iter().map(|file| file.path.trim_end_matches("/Cargo.toml"))
}

fn graphs(tree: &Tree) -> Vec<Graph> {
    folders(tree).map(|folder| Graph::of_crate(folder, &tree.files)).collect()
}

/// A check over nothing finds nothing: the walk must have met what it is sure to meet.
#[test]
fn the_whole_house_is_seen() {
    let tree = Tree::of_this_repository();
    for path in ["Cargo.toml", "crates/core/src/lib.rs", "crates/tidy/tests/house.rs", ".ci/run"] {
        assert!(tree.files.iter().any(|file| file.path == path && !file.text.is_empty()), "{path}");
    }
    for mind in MINDS {
        assert!(tree.files.iter().any(|file| file.path.starts_with(mind)), "{mind}");
    }
    let tidy = Graph::of_crate("crates/tidy", &tree.files);
    assert!(tidy.arrows.len() > 10, "this crate draws itself: {:?}", tidy.arrows);
}

#[test]
fn files_fit_in_one_sitting() {
    let tree = Tree::of_this_repository();
    expect_none(tree.ending_in(".rs").filter_map(|file| size::check(&file.path, &file.text)));
}

#[test]
fn files_start_with_a_header() {
    let tree = Tree::of_this_repository();
    expect_none(tree.ending_in(".rs").filter_map(|file| header::check(&file.path, &file.text)));
}

#[test]
fn doorways_are_empty() {
    let tree = Tree::of_this_repository();
    let tests: BTreeSet<&str> =
        folders(&tree).flat_map(|folder| test_files(folder, &tree.files)).collect();
    // An example is a house of one room, as its users would build it.
    let ours = tree.ending_in(".rs").filter(|file| file.path.starts_with("crates/"));
    let doorways = ours.filter(|file| doorway::is_doorway(&file.path));
    let doorways = doorways.filter(|file| !tests.contains(&*file.path));
    expect_none(doorways.flat_map(|file| doorway::check(&file.path, &file.text)));
}

#[test]
fn no_crate_has_a_loop() {
    let tree = Tree::of_this_repository();
    expect_none(graphs(&tree).iter().flat_map(loops::check));
}

#[test]
fn rivals_do_not_know_each_other() {
    let tree = Tree::of_this_repository();
    expect_none(graphs(&tree).iter().flat_map(|graph| siblings::check(graph, SIBLINGS)));
}

#[test]
fn crates_know_only_what_is_below() {
    let tree = Tree::of_this_repository();
    let workspace = tree.files.iter().find(|file| file.path == "Cargo.toml");
    let workspace = workspace.expect("the repository is a workspace");
    let manifests = manifests(&tree);
    let manifests: Vec<(&str, &str)> =
        manifests.iter().map(|file| (&*file.path, &*file.text)).collect();
    expect_none(crates::check((&workspace.path, &workspace.text), &manifests, CRATES));
}

#[test]
fn the_mind_stays_inside_its_fence() {
    let tree = Tree::of_this_repository();
    let is_mind = |path: &str| MINDS.iter().any(|mind| path.starts_with(mind));
    let mind = tree.ending_in(".rs").filter(|file| is_mind(&file.path));
    expect_none(mind.flat_map(|file| fence::check(&file.path, &file.text)));
}

#[test]
fn nothing_unfinished_and_no_machine_paths() {
    let tree = Tree::of_this_repository();
    let sources = tree.files.iter().filter(|file| words::is_source(&file.path));
    expect_none(sources.flat_map(|file| words::check(&file.path, &file.text)));
}

#[test]
fn traces_tell_their_origin() {
    let tree = Tree::of_this_repository();
    let paths: Vec<&str> = tree.files.iter().map(|file| &*file.path).collect();
    expect_none(sources::check(&paths));
}

#[test]
fn crates_inherit_the_lints() {
    let tree = Tree::of_this_repository();
    expect_none(manifests(&tree).iter().filter_map(|file| lints::check(&file.path, &file.text)));
}
