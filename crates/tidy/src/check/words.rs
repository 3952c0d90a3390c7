//! Nothing unfinished is left behind, nothing points at one machine, no line ends in air.

use crate::finding::Finding;
use crate::table::{MACHINE_PATHS, SOURCES, UNFINISHED, WORDS_TABLE};

/// Whether the file is text of ours, which people write and read.
pub fn is_source(path: &str) -> bool {
    SOURCES.iter().any(|ending| path.ends_with(ending))
}

/// Refuses marks of unfinished work, paths of one machine, and blanks at the end of a
/// line; in comments as in code.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let mut say = |message: String| findings.push(Finding::at(path, index + 1, message));
        if line.ends_with(char::is_whitespace) {
            say("blanks at the end of the line".to_owned());
        }
        if path == WORDS_TABLE {
            continue;
        }
        if let Some(mark) = UNFINISHED.iter().find(|mark| has_mark(line, mark)) {
            say(format!("`{mark}`: finish it, or tell the users what is missing"));
        }
        if let Some(place) = MACHINE_PATHS.iter().find(|place| has_path(line, place)) {
            say(format!("`{place}` exists on one machine only"));
        }
    }
    findings
}

/// Whether `mark` stands in `line` as a word of its own.
fn has_mark(line: &str, mark: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(mark).any(|(at, _)| {
        let ends_in_name = mark.ends_with(is_inner);
        let goes_on = ends_in_name && line[at + mark.len()..].starts_with(is_inner);
        !line[..at].ends_with(is_inner) && !goes_on
    })
}

/// Whether a path in `line` begins with `place`; within a longer path it means elsewhere.
fn has_path(line: &str, place: &str) -> bool {
    let is_longer = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | '*' | '~');
    line.match_indices(place).any(|(at, _)| !line[..at].ends_with(is_longer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_finished_and_at_home() {
        // Joined here, so that this file passes its own check.
        let bad = [
            ["// TO", "DO: later"],
            ["x(); // FIX", "ME"],
            ["/* XX", "X */"],
            ["to", "do!()"],
            ["unimpl", "emented!(\"x\")"],
            ["#[ig", "nore = \"slow\"]"],
            ["open(\"/ho", "me/ann/x\")"],
            ["see `/ro", "ot/.cargo`"],
            ["file:///Use", "rs/x"],
            ["let x = 1;", " "],
            ["let x = 1;", "\t"],
            ["let x = 1;", "\r\n"],
        ];
        for line in bad.map(|parts| parts.concat()) {
            assert_eq!(check("a.rs", &line).len(), 1, "{line:?}");
        }
        for line in [
            "let todos = 1; // TODOS XXXL",
            "crates/home/src",
            "https://example.org/home/1",
            "~/root/x and $HOME}/home/",
            "no_todo!(x)",
            "let x = 1;\n\n",
        ] {
            assert_eq!(check("a.rs", line), [], "{line:?}");
        }
    }

    #[test]
    fn data_is_not_source() {
        for (path, expected) in [
            ("crates/core/src/time.rs", true),
            ("Cargo.toml", true),
            (".ci/run", true),
            ("justfile", true),
            ("README.md", true),
            ("Cargo.lock", false),
            ("traces/x/y.csv.gz", false),
            ("crates/swell/tests/snapshots/help.snap", false),
        ] {
            assert_eq!(is_source(path), expected, "{path}");
        }
    }
}
