//! Which file is which module, and which file a path leads to.

use std::collections::BTreeMap;

/// The modules of one crate.
#[derive(Debug, Clone)]
pub struct Modules {
    by_path: BTreeMap<Vec<String>, usize>,
}

impl Modules {
    /// The modules of files given as paths below `src/`, known by their index.
    pub fn new(files: &[&str]) -> Self {
        // In reverse, so that where a crate has both roots `lib.rs` is the one that stays.
        let with_index = files.iter().enumerate().rev();
        Self { by_path: with_index.map(|(index, file)| (module_of(file), index)).collect() }
    }

    /// Whether `path` is a module with a file.
    pub fn has(&self, path: &[String]) -> bool {
        self.by_path.contains_key(path)
    }

    /// The file that `path` (from the root, without `crate`) leads to: that of the longest
    /// beginning that is a module.
    pub fn file_of(&self, path: &[String]) -> Option<usize> {
        (0..=path.len()).rev().find_map(|length| self.by_path.get(&path[..length]).copied())
    }
}

/// The module a file below `src/` is.
pub fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    let is_root = parts.len() == 1 && matches!(parts[0].as_str(), "lib" | "main");
    if is_root || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 5] = ["a/b.rs", "a/mod.rs", "c.rs", "lib.rs", "main.rs"];

    fn check(path: &str, expected: Option<&str>) {
        let path: Vec<String> =
            path.split("::").filter(|p| !p.is_empty()).map(str::to_owned).collect();
        let file = Modules::new(&FILES).file_of(&path).map(|index| FILES[index]);
        assert_eq!(file, expected, "{path:?}");
    }

    #[test]
    fn paths_lead_to_the_deepest_file() {
        check("a::b::Thing::new", Some("a/b.rs"));
        check("a::Thing", Some("a/mod.rs"));
        check("c", Some("c.rs"));
        check("Thing", Some("lib.rs"));
        check("", Some("lib.rs"));
    }
}
