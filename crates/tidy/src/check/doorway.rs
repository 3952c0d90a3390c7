//! Doorways are empty: `lib.rs` and `mod.rs` say what is inside, and hold nothing.
//!
//! Names are imported from the room that defines them. A re-export would be an arrow back
//! up, and the reason why most drawings of crates are knots.

use crate::finding::Finding;

/// Whether the file is a doorway of a crate's sources.
pub fn is_doorway(path: &str) -> bool {
    path.contains("/src/") && (path.ends_with("/lib.rs") || path.ends_with("/mod.rs"))
}

/// Refuses every line that is not the header, an attribute, a `pub mod` line or blank. A
/// module of tests, under `#[cfg(test)]`, is nobody's business and may be private.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let message = "a doorway holds its `//!` header, attributes and `pub mod` lines only";
    let mut open_brackets = 0;
    let mut last = "";
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let is_attribute = open_brackets > 0 || line.starts_with("#[") || line.starts_with("#![");
        if is_attribute {
            open_brackets += line.matches('[').count();
            open_brackets = open_brackets.saturating_sub(line.matches(']').count());
        }
        let is_allowed = match is_attribute {
            true => !line.contains("path =") && (open_brackets > 0 || line.ends_with(']')),
            false => {
                let is_test = last == "#[cfg(test)]" && is_module_line(&format!("pub {line}"));
                line.is_empty() || line.starts_with("//!") || is_module_line(line) || is_test
            }
        };
        if !is_allowed {
            findings.push(Finding::at(path, index + 1, message));
        }
        last = line;
    }
    findings
}

/// `pub mod name;`
fn is_module_line(line: &str) -> bool {
    let name = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';'));
    name.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_src_has_doorways() {
        for (path, expected) in [
            ("crates/core/src/lib.rs", true),
            ("crates/core/src/keepalive/mod.rs", true),
            ("crates/core/src/time.rs", false),
            ("crates/swell/src/main.rs", false),
            ("crates/sim/tests/common/mod.rs", false),
        ] {
            assert_eq!(is_doorway(path), expected, "{path}");
        }
    }

    #[test]
    fn doorways_hold_nothing() {
        for (text, bad_lines) in [
            ("//! Header.\n\npub mod a;\n\npub mod b;\n", &[][..]),
            ("//! Header.\n#![warn(x)]\n\n#[cfg(unix)]\npub mod a;\n", &[]),
            ("//! Header.\n#[cfg(\n    unix,\n)]\npub mod a;\n", &[]),
            ("//! Header.\npub mod a;\n\n#[cfg(test)]\nmod tests;\n", &[]),
            ("//! Header.\n#[cfg(unix)]\nmod a;\n", &[3]),
            ("//! Header.\nmod a;\npub mod b;\n", &[2]),
            ("pub mod a;\npub use a::B;\n", &[2]),
            ("pub(crate) mod a;\nuse b::C;\n", &[1, 2]),
            ("pub mod a {\n}\n", &[1, 2]),
            ("// note\n/// Doc.\npub mod a;\n", &[1, 2]),
            ("#[path = \"b.rs\"]\npub mod a;\n", &[1]),
            ("#[cfg(unix)] pub use a::B;\n", &[1]),
            ("pub fn f() {}\n", &[1]),
        ] {
            let lines: Vec<usize> =
                check("crates/x/src/lib.rs", text).iter().map(|finding| finding.line).collect();
            assert_eq!(lines, bad_lines, "{text:?}");
        }
    }
}
