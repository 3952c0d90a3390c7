//! One crate drawn: files are rooms, and an arrow says that one knows another.
//!
//! Tests may know whatever they test, so test modules and items are cut out first.
//! `mod` lines are not arrows: owning a room is not using it.

use std::collections::BTreeSet;

use crate::mention::mentions;
use crate::module::{Modules, module_of};
use crate::test_code::{test_files, without_tests};
use crate::token::tokens;
use crate::tree::File;

/// One file knows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Index of the file that knows.
    pub from: usize,
    /// Index of the file that is known.
    pub to: usize,
    /// Line of the first mention.
    pub line: usize,
    /// The first mention, as an absolute path.
    pub path: String,
}

/// The files of a crate and the arrows between them.
#[derive(Debug, Clone)]
pub struct Graph {
    /// Paths from the root of the repository.
    pub files: Vec<String>,
    /// At most one arrow from a file to another.
    pub arrows: Vec<Arrow>,
}

impl Graph {
    /// Draws the crate that stands in `folder` (`crates/core`); other files are passed over.
    pub fn of_crate(folder: &str, files: &[File]) -> Self {
        let source = format!("{folder}/src/");
        let tests = test_files(folder, files);
        let rooms: Vec<(&str, &File)> = files
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(&source)?, file)))
            .filter(|(below, file)| below.ends_with(".rs") && !tests.contains(&*file.path))
            .collect();
        let names: Vec<&str> = rooms.iter().map(|(below, _)| *below).collect();
        let modules = Modules::new(&names);
        let mut arrows = Vec::new();
        for (from, (below, file)) in rooms.iter().enumerate() {
            arrows.extend(arrows_of(from, below, &file.text, &modules));
        }
        Self { files: rooms.iter().map(|(_, file)| file.path.clone()).collect(), arrows }
    }

    /// The arrow from one file to another, where there is one.
    pub fn arrow(&self, from: usize, to: usize) -> Option<&Arrow> {
        self.arrows.iter().find(|arrow| arrow.from == from && arrow.to == to)
    }
}

fn arrows_of(from: usize, below: &str, text: &str, modules: &Modules) -> Vec<Arrow> {
    let here = module_of(below);
    let tokens = without_tests(&tokens(text));
    let mut seen = BTreeSet::from([from]);
    let mut out = Vec::new();
    for mention in mentions(&tokens, &here, &|path| modules.has(path)) {
        if mention.path[0] != "crate" {
            continue;
        }
        let Some(to) = modules.file_of(&mention.path[1..]) else { continue };
        if seen.insert(to) {
            out.push(Arrow { from, to, line: mention.line, path: mention.path.join("::") });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let file = |(path, text): &(&str, &str)| File {
            path: format!("crates/x/src/{path}"),
            text: (*text).to_owned(),
        };
        let graph = Graph::of_crate("crates/x", &files.iter().map(file).collect::<Vec<_>>());
        let short = |index: usize| graph.files[index].trim_start_matches("crates/x/src/");
        let show = |a: &Arrow| format!("{} -> {} at {}", short(a.from), short(a.to), a.line);
        assert_eq!(graph.arrows.iter().map(show).collect::<Vec<_>>(), expected, "{files:?}");
    }

    #[test]
    fn arrows_follow_imports_and_paths_in_place() {
        check(
            &[("a.rs", "use crate::b::B;\nuse super::c::C;"), ("b.rs", ""), ("c.rs", "")],
            &["a.rs -> b.rs at 1", "a.rs -> c.rs at 2"],
        );
        check(
            &[("a.rs", "\nfn f() { crate::b::g(); crate::b::h() }"), ("b.rs", "")],
            &["a.rs -> b.rs at 2"],
        );
        check(
            &[("a/mod.rs", ""), ("a/b.rs", "use super::c::C;"), ("a/c.rs", "")],
            &["a/b.rs -> a/c.rs at 1"],
        );
        check(
            &[("a.rs", "use crate::d; fn f() { d::e::g() }"), ("d/e.rs", ""), ("d/mod.rs", "")],
            &["a.rs -> d/mod.rs at 1", "a.rs -> d/e.rs at 1"],
        );
        check(
            &[("cli.rs", ""), ("main.rs", "mod cli; fn main() { cli::run() }")],
            &["main.rs -> cli.rs at 1"],
        );
    }

    #[test]
    fn tests_do_not_count() {
        check(
            &[
                ("a/mod.rs", "#[cfg(test)] mod checks;"),
                ("a/checks.rs", "use crate::b::B;"),
                ("b.rs", "mod tests { use crate::c::C; }"),
                ("c.rs", ""),
            ],
            &[],
        );
    }
}
