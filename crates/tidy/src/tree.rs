//! The repository as text: every file, its path from the root, its content where it is text.
//!
//! The tree is read once and then only looked at, so that every check stays a function of
//! values. Files are found by walking rather than by asking git, so that the tests also
//! run in an unpacked archive.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold no sources, wherever they stand.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// One file.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the root, with `/` between the parts.
    pub path: String,
    /// The content; empty where it is not text, or not ours to read (data under `traces/`).
    pub text: String,
}

/// All files of the repository, in order of path.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the repository this crate stands in. Panics where a file cannot be read: a
    /// check that sees half the house would be worse than none.
    pub fn of_this_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        Self::read(root.expect("this crate stands two folders below the root"))
    }

    /// Reads every file under `root`, except what `.gitignore` there leaves out at the
    /// root: results that a user's runs have written are not ours to judge.
    pub fn read(root: &Path) -> Self {
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for (path, is_folder) in entries(&folder) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let at_root = folder == root;
                if SKIPPED.contains(&&*name) || at_root && is_ignored(&ignored, &name) {
                    continue;
                }
                if is_folder {
                    folders.push(path);
                } else {
                    files.push(read_file(root, &path));
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// The files whose path ends in `suffix`.
    pub fn ending_in(&self, suffix: &'static str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(suffix))
    }
}

/// Whether a name at the root is left out by a line such as `/name` or `/*.ending`.
fn is_ignored(gitignore: &str, name: &str) -> bool {
    gitignore.lines().filter_map(|line| line.strip_prefix('/')).any(|pattern| {
        match pattern.strip_prefix('*') {
            Some(ending) => name.ends_with(ending),
            None => name == pattern,
        }
    })
}

/// What stands in a folder: paths, and whether each is a folder. Links are not followed.
fn entries(folder: &Path) -> Vec<(PathBuf, bool)> {
    let list = fs::read_dir(folder);
    let list = list.unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    list.map(|entry| entry.expect("a listed entry can be read"))
        .map(|entry| (entry.path(), entry.file_type().expect("a listed entry has a type")))
        .filter(|(_, kind)| !kind.is_symlink())
        .map(|(path, kind)| (path, kind.is_dir()))
        .collect()
}

fn read_file(root: &Path, path: &Path) -> File {
    let relative = path.strip_prefix(root).expect("the walk stays below the root");
    let relative = relative.to_string_lossy().replace('\\', "/");
    if relative.starts_with("traces/") {
        return File { path: relative, text: String::new() };
    }
    let bytes = fs::read(path);
    let bytes = bytes.unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    File { path: relative, text: String::from_utf8(bytes).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_root_are_left_out_by_name_or_ending() {
        let gitignore = "/target\n*.tmp\n/*.html\n";
        for (name, expected) in [
            ("target", true),
            ("report.html", true),
            ("README.md", false),
            ("a.tmp", false),
            ("html", false),
        ] {
            assert_eq!(is_ignored(gitignore, name), expected, "{name}");
        }
    }
}
