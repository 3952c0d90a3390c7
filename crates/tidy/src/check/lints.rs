//! One set of lints for the whole house: every crate inherits the workspace's.

use toml::{Table, Value};

use crate::finding::Finding;
use crate::table::OWN_LINTS;

/// Refuses a crate's manifest without `lints.workspace = true`, unless the table lists it.
pub fn check(path: &str, text: &str) -> Option<Finding> {
    let manifest: Table = text.parse().expect("cargo has read this manifest before us");
    let name = manifest.get("package").and_then(|package| package.get("name"));
    let is_exempt = name.and_then(Value::as_str).is_some_and(|name| OWN_LINTS.contains(&name));
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    let is_fine = is_exempt || inherits == Some(&Value::Boolean(true));
    (!is_fine).then(|| Finding::whole(path, "write `[lints]` with `workspace = true`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_inherited() {
        for (lints, is_fine) in [
            ("[lints]\nworkspace = true", true),
            ("", false),
            ("[lints]\nworkspace = false", false),
            ("[lints.rust]\nunsafe_code = \"allow\"", false),
        ] {
            let text = format!("[package]\nname = \"x\"\n{lints}\n");
            assert_eq!(check("Cargo.toml", &text).is_none(), is_fine, "{text}");
        }
    }
}
