//! Crates know only what is below them, as the table says.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::finding::Finding;

/// The kinds of dependency a manifest can state.
const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Refuses every dependency between our packages that `table` does not allow. Takes the
/// workspace's manifest and those of the crates, each as path and text.
pub fn check(
    workspace: (&str, &str),
    manifests: &[(&str, &str)],
    table: &[(&str, &[&str])],
) -> Vec<Finding> {
    let renamed = renamed_in_workspace(&parse(workspace.1));
    let parsed: Vec<(&str, Table)> =
        manifests.iter().map(|(path, text)| (*path, parse(text))).collect();
    let ours: Vec<&str> = parsed.iter().map(|(_, manifest)| package(manifest)).collect();
    let rows: BTreeMap<&str, &[&str]> = table.iter().copied().collect();
    let mut findings = Vec::new();
    for (path, manifest) in &parsed {
        let name = package(manifest);
        let Some(allowed) = rows.get(name) else {
            let message = format!("`{name}` has no row in the table of crates in tidy");
            findings.push(Finding::whole(path, message));
            continue;
        };
        for used in dependencies(manifest, &renamed) {
            if ours.contains(&used.as_str()) && !allowed.contains(&used.as_str()) {
                let message = format!("`{name}` may not depend on `{used}`");
                findings.push(Finding::whole(path, message));
            }
        }
    }
    findings
}

fn parse(text: &str) -> Table {
    text.parse().expect("cargo has read this manifest before us")
}

fn package(manifest: &Table) -> &str {
    let name = manifest.get("package").and_then(|package| package.get("name"));
    name.and_then(Value::as_str).unwrap_or_default()
}

/// The packages a manifest depends on, under the names they were published by.
fn dependencies(manifest: &Table, renamed: &BTreeMap<String, String>) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let sections = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut out = Vec::new();
    for section in std::iter::once(manifest).chain(sections) {
        let tables = KINDS.iter().filter_map(|kind| section.get(*kind)?.as_table());
        for (key, value) in tables.flatten() {
            let inherits = value.get("workspace").is_some();
            let name = renamed.get(key).filter(|_| inherits).cloned();
            out.push(name.unwrap_or_else(|| true_name(key, value)));
        }
    }
    out
}

fn true_name(key: &str, value: &Value) -> String {
    value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
}

/// The workspace's dependencies: the key others inherit by, and the package behind it.
fn renamed_in_workspace(workspace: &Table) -> BTreeMap<String, String> {
    let shared = workspace.get("workspace").and_then(|table| table.get("dependencies"));
    let shared = shared.and_then(Value::as_table).into_iter().flatten();
    shared.map(|(key, value)| (key.clone(), true_name(key, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "[workspace.dependencies]
        low = { path = \"low\" }
        alias = { path = \"high\", package = \"high\" }";
    const TABLE: &[(&str, &[&str])] = &[("low", &[]), ("high", &["low"])];

    fn check_low_and_high(low: &str, high: &str, expected: &[&str]) {
        let low = format!("package.name = \"low\"\n{low}");
        let high = format!("package.name = \"high\"\n{high}");
        let manifests = [("low/Cargo.toml", &*low), ("high/Cargo.toml", &*high)];
        let found = check(("Cargo.toml", WORKSPACE), &manifests, TABLE);
        assert_eq!(found.iter().map(Finding::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn arrows_down_pass() {
        check_low_and_high("", "dependencies.low.workspace = true", &[]);
        check_low_and_high("dependencies.serde = \"1\"", "dev-dependencies.low.path = \"x\"", &[]);
    }

    #[test]
    fn arrows_up_are_refused() {
        let expected = ["low/Cargo.toml: `low` may not depend on `high`"];
        for low in [
            "dependencies.high.workspace = true",
            "dependencies.high.path = \"../high\"",
            "dependencies.alias.workspace = true",
            "dependencies.other = { path = \"../high\", package = \"high\" }",
            "dev-dependencies.high.workspace = true",
            "build-dependencies.high.workspace = true",
            "target.'cfg(unix)'.dependencies.high.workspace = true",
        ] {
            check_low_and_high(low, "", &expected);
        }
    }

    #[test]
    fn a_new_crate_chooses_its_place() {
        let found = check(("Cargo.toml", ""), &[("a/Cargo.toml", "package.name = \"new\"")], TABLE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("`new` has no row"), "{found:?}");
    }
}
