//! Files that something is made of, and a stamp of each that changes when the file does.
//!
//! Whether anything changed is decided by looking, never by what a notification says: those
//! come late, twice, or for a file that was only read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use swell_node::store::functions::FILE as STORE;

/// Folders that hold what tools make or keep for themselves.
const IGNORED: [&str; 3] = ["target", "node_modules", "__pycache__"];

/// Files looked at; where there are more, a person has to say which ones matter.
const FILES_MAX: usize = 20_000;

/// What a file is told by: when it was written last, and its length.
pub type Stamp = (Option<SystemTime>, u64);

/// Files with their stamps, and the folders in which others may appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The files.
    pub files: BTreeMap<PathBuf, Stamp>,
    /// The folders.
    pub folders: BTreeSet<PathBuf>,
    /// Whether there were more files than are looked at.
    pub is_cut: bool,
}

impl Sources {
    /// Looks at files, and at folders with all below them. Paths that are not there are
    /// waited for in the nearest folder that is.
    pub fn look(paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            found.add(path);
        }
        found
    }

    /// The same without some files.
    #[must_use]
    pub fn without(mut self, files: &BTreeSet<PathBuf>) -> Self {
        self.files.retain(|path, _| !files.contains(path));
        self
    }

    /// Files that are other, new or gone in `later`.
    pub fn changed(&self, later: &Self) -> BTreeSet<PathBuf> {
        let all = self.files.keys().chain(later.files.keys());
        all.filter(|path| self.files.get(*path) != later.files.get(*path)).cloned().collect()
    }

    fn add(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.walk(path),
            Ok(metadata) => {
                self.files.insert(path.to_path_buf(), stamp(&metadata));
                self.folders.extend(path.parent().map(here));
            }
            Err(_) => {
                let above = path.ancestors().skip(1).map(here);
                self.folders.extend(above.into_iter().find(|folder| folder.is_dir()));
            }
        }
    }

    fn walk(&mut self, folder: &Path) {
        self.folders.insert(here(folder));
        // What a node keeps is no source, wherever it keeps it.
        if folder.join(STORE).exists() {
            return;
        }
        // A folder that went away meanwhile holds nothing.
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || IGNORED.contains(&&*name) {
                continue;
            }
            // What a link leads to is not followed: it may lead back.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                self.walk(&entry.path());
            } else if self.files.len() < FILES_MAX {
                self.files.insert(entry.path(), stamp(&metadata));
            } else {
                self.is_cut = true;
            }
        }
    }
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

/// The folder, where an empty path is the one we are in.
fn here(folder: &Path) -> PathBuf {
    let is_empty = folder.as_os_str().is_empty();
    if is_empty { PathBuf::from(".") } else { folder.to_path_buf() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_where_they_matter() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let root = folder.path();
        for name in ["src/deep", "target", "src/.git", "src/data"] {
            fs::create_dir_all(root.join(name)).expect("it can be written");
        }
        let write = |name: &str, text: &str| {
            fs::write(root.join(name), text).expect("it can be written");
        };
        write("src/a", "1");
        write("src/deep/b", "1");
        write("src/data/functions.redb", "what a node keeps");
        let look = || Sources::look(&[root.join("src"), root.join("file"), root.join("no/no")]);
        let mut before = look();
        assert_eq!(before.files.len(), 2);
        assert!(before.folders.contains(root) && before.folders.contains(&root.join("src/deep")));
        for (name, text, changed) in [
            ("src/a", "22", &["src/a"][..]),
            ("src/deep/c", "", &["src/deep/c"]),
            ("file", "", &["file"]),
            ("other", "", &[]),
            ("target/out", "", &[]),
            ("src/.git/index", "", &[]),
            ("src/data/journal", "", &[]),
        ] {
            write(name, text);
            let after = look();
            let expected: BTreeSet<_> = changed.iter().map(|name| root.join(name)).collect();
            assert_eq!(before.changed(&after), expected, "{name}");
            before = after;
        }
        fs::remove_file(root.join("src/a")).expect("it is there");
        let after = look();
        assert_eq!(before.changed(&after), BTreeSet::from([root.join("src/a")]));
        let without = after.without(&BTreeSet::from([root.join("file")]));
        assert!(!without.files.contains_key(&root.join("file")));
    }
}
