//! The data folder: whether a node may keep its state there, whether there is room, and
//! whether what is there can be understood.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};
use swell_node::store::error::StoreError;
use swell_node::store::functions::{FILE, SCHEMA, Store};

use crate::doctor::check::Check;
use crate::figure::{bytes, count};

const FOLDER: &str = "data folder";
const SPACE: &str = "disk space";
const STORE: &str = "store";

/// Free space below which deploying and journals soon fail, and below which people should
/// know.
const BYTES_LEAST: u64 = 64 << 20;
const BYTES_GOOD: u64 = 512 << 20;

/// Looks at the folder. `in_use` tells whether a node answers that is thought to use it.
pub fn look(folder: &Path, in_use: bool) -> Vec<Check> {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let folder = whole.as_path();
    // What is not there yet is made in the nearest folder above that is.
    let Some(there) = folder.ancestors().find(|path| path.exists()) else {
        let elsewhere = "choose another folder with `--data`";
        let finding = format!("`{}` is nowhere", folder.display());
        return vec![Check::fail(FOLDER, finding, elsewhere)];
    };
    let mut checks = vec![place(folder, there)];
    checks.extend(room(there));
    if there == folder {
        checks.push(store(folder, in_use));
    }
    checks
}

fn place(folder: &Path, there: &Path) -> Check {
    let shown = folder.display();
    let elsewhere = "give this user the right to write there, or choose another with `--data`";
    if !there.is_dir() {
        return Check::fail(FOLDER, format!("`{}` is no folder", there.display()), elsewhere);
    }
    if there != folder {
        return match access(there, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => Check::ok(FOLDER, format!("`{shown}` will be made by the first `swell up`")),
            Err(error) => {
                let finding = format!("`{shown}` cannot be made: {error}");
                Check::fail(FOLDER, finding, elsewhere)
            }
        };
    }
    // Rights on paper are not enough: file systems can be mounted for reading only.
    if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
        let finding = format!("`{shown}` cannot be written: {error}");
        return Check::fail(FOLDER, finding, elsewhere);
    }
    let mode = fs::metadata(folder).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        let finding = format!("`{shown}` may be entered by others (mode {mode:o})");
        return Check::warn(FOLDER, finding, format!("`chmod 700 {shown}`"));
    }
    Check::ok(FOLDER, format!("`{shown}` can be written, by its owner only"))
}

fn room(there: &Path) -> Option<Check> {
    let found = statvfs(there).ok()?;
    let files = (found.f_files > 0).then_some(found.f_favail);
    Some(judge_room(found.f_bavail.saturating_mul(found.f_frsize), files))
}

/// What free bytes and files mean; none is a file system that does not count files.
pub fn judge_room(free: u64, files: Option<u64>) -> Check {
    let finding = format!("{} free", bytes(free));
    let advice = "make room, or choose another disk with `--data`; journals take as much as \
                  `journal.bytes-max` says";
    match (free, files) {
        (..BYTES_LEAST, _) => Check::fail(SPACE, finding, advice),
        (_, Some(..1_000)) => {
            Check::fail(SPACE, format!("{finding}, but hardly any files can be made"), advice)
        }
        (..BYTES_GOOD, _) => Check::warn(SPACE, finding, advice),
        _ => Check::ok(SPACE, finding),
    }
}

fn store(folder: &Path, in_use: bool) -> Check {
    if !folder.join(FILE).exists() {
        return Check::ok(STORE, "none yet; it begins without functions");
    }
    let found = Store::open(folder).and_then(|store| store.load());
    match found {
        Ok(functions) => {
            let finding = format!("{}, schema {SCHEMA}", count(functions.len(), "function"));
            Check::ok(STORE, finding)
        }
        Err(StoreError::Locked { .. }) if in_use => Check::ok(STORE, "in use by a running node"),
        Err(error @ StoreError::Locked { .. }) => {
            let advice = "a second node needs `--data` and `--listen` of its own";
            Check::warn(STORE, error.to_string(), advice)
        }
        // The letter says what to do.
        Err(error) => {
            let advice = "until then no node starts there; `--data` names another folder";
            Check::fail(STORE, error.to_string(), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn room_is_judged() {
        for (free, files, level) in [
            (1 << 30, Some(1 << 20), Level::Ok),
            (1 << 30, None, Level::Ok),
            (100 << 20, None, Level::Warn),
            (1 << 20, None, Level::Fail),
            (1 << 30, Some(3), Level::Fail),
        ] {
            assert_eq!(judge_room(free, files).level, level, "{free} {files:?}");
        }
    }

    #[test]
    fn folders_are_judged() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let data = folder.path().join("data");
        let level = |name: &str, in_use: bool| {
            let checks = look(&data, in_use);
            checks.into_iter().find(|check| check.check == name).map(|check| check.level)
        };
        assert_eq!((level(FOLDER, false), level(STORE, false)), (Some(Level::Ok), None));
        let mode = |mode| fs::set_permissions(&data, fs::Permissions::from_mode(mode));
        let store = Store::open(&data).expect("it is made");
        mode(0o755).expect("it is ours");
        assert_eq!(level(FOLDER, false), Some(Level::Warn));
        mode(0o700).expect("it is ours");
        assert_eq!(level(FOLDER, false), Some(Level::Ok));
        assert_eq!(level(STORE, false), Some(Level::Warn), "it is in use");
        assert_eq!(level(STORE, true), Some(Level::Ok));
        drop(store);
        assert_eq!(level(STORE, false), Some(Level::Ok));
        fs::write(data.join(FILE), "nonsense").expect("it can be written");
        assert_eq!(level(STORE, false), Some(Level::Fail));
        fs::remove_dir_all(&data).expect("it is ours");
        fs::write(&data, "a file").expect("it can be written");
        assert_eq!(level(FOLDER, false), Some(Level::Fail));
        let below = look(&data.join("below"), false);
        assert_eq!(below[0].level, Level::Fail, "{below:?}");
    }
}
