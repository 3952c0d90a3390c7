//! From a path to a tree: the file's ending says which syntax it is in.

use std::path::Path;

use crate::document::tree::{Mistake, Node};
use crate::document::{toml, yaml};
use crate::error::Letter;

/// Longest file read: far beyond what people write.
const BYTES_MAX: u64 = 16 << 20;

/// Reads a file.
pub fn read(path: &Path) -> Result<Node, Letter> {
    let shown = path.display();
    let unreadable =
        |error: &dyn std::fmt::Display| Letter::usage(format!("cannot read `{shown}`: {error}"));
    let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if length > BYTES_MAX {
        return Err(unreadable(&"it is too long to be written by a person"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    parse(&text, ending).map_err(|mistake| letter(path, &[mistake]))
}

/// Reads a text in the syntax of that ending.
pub fn parse(text: &str, ending: &str) -> Result<Node, Mistake> {
    match ending.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => yaml::read(text),
        "json" => yaml::read_json(text),
        _ => toml::read(text),
    }
}

/// All that is wrong with a file, a line each.
pub fn letter(path: &Path, mistakes: &[Mistake]) -> Letter {
    let shown = path.display();
    let lines = mistakes.iter().map(|mistake| match mistake.place.line {
        0 => format!("{shown}: {mistake}"),
        _ => format!("{shown}:{}: {mistake}", mistake.place),
    });
    Letter::usage(lines.collect::<Vec<_>>().join("\n       "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tree::Value;

    /// The tree with its places, on one line of text.
    fn shown(node: &Node) -> String {
        let place = node.place;
        match &node.value {
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(shown).collect();
                format!("[{}]", items.join(" "))
            }
            Value::Table(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{}@{}={}", key.text, key.place, shown(value)))
                    .collect();
                format!("{{{}}}", pairs.join(" "))
            }
            Value::Null => format!("null@{place}"),
            Value::Flag(flag) => format!("{flag}@{place}"),
            Value::Integer(number) => format!("{number}@{place}"),
            Value::Float(number) => format!("{number}@{place}"),
            Value::Text(text) => format!("{text:?}@{place}"),
        }
    }

    #[test]
    fn all_syntaxes_give_the_same_tree_with_its_places() {
        for (ending, text, expected) in [
            (
                "toml",
                "b = 1\n[[a]]\nc = \"x\"\nd = true\n",
                "{b@1:1=1@1:5 a@2:3=[{c@3:1=\"x\"@3:5 d@4:1=true@4:5}]}",
            ),
            (
                "yaml",
                "b: 1\na:\n- c: x\n  d: true\n",
                "{b@1:1=1@1:4 a@2:1=[{c@3:3=\"x\"@3:6 d@4:3=true@4:6}]}",
            ),
            (
                "json",
                "{\"b\": 1,\n\"a\": [{\n\t\"c\": \"ü\", \"d\": true}]}",
                "{b@1:2=1@1:7 a@2:1=[{c@3:2=\"ü\"@3:7 d@3:12=true@3:17}]}",
            ),
        ] {
            let tree = parse(text, ending).unwrap_or_else(|error| panic!("{ending}: {error}"));
            assert_eq!(shown(&tree), expected, "{ending}");
        }
    }

    #[test]
    fn broken_files_are_refused_with_their_place() {
        for (ending, text, line) in [
            ("toml", "a = 1\nb = \n", 2),
            ("toml", "a = 1\na = 2\n", 2),
            ("yaml", "a: 1\nb: [1\n", 2),
            ("yaml", "a: 1\na: 2\n", 2),
            ("json", "{\"a\": 1,\n}", 2),
            ("json", "a: 1", 1),
        ] {
            let error = parse(text, ending).expect_err(text);
            assert_eq!(error.place.line, line, "{ending} {text:?}: {error}");
        }
    }
}
