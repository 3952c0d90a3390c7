//! What defaults depend on: the memory that this program may use, and where a user's state
//! belongs.
//!
//! In a container the machine's memory is not ours: the smallest limit of the control
//! groups above this process counts.

use std::fs;
use std::path::{Path, PathBuf};

use swell_core::units::Bytes;

/// This machine, as far as defaults go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Memory that may be used; none if it cannot be told.
    pub memory: Option<Bytes>,
    /// Where state of the user's programs is kept.
    pub state: PathBuf,
}

impl Machine {
    /// Looks around.
    pub fn look(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        Self { memory: memory(Path::new("/")), state: state(environment) }
    }
}

/// Memory of the machine, or what control groups leave of it. `root` is the root of the
/// file system.
pub fn memory(root: &Path) -> Option<Bytes> {
    let machine = whole(root);
    let own = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let groups = root.join("sys/fs/cgroup");
    let limits = own.lines().flat_map(|line| limits(&groups, line));
    limits.chain(machine).min()
}

/// Memory of the machine, whatever control groups leave of it.
pub fn whole(root: &Path) -> Option<Bytes> {
    fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| total(&text))
}

fn total(meminfo: &str) -> Option<Bytes> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes::new(kib << 10))
}

/// Limits of the group in a line of `/proc/self/cgroup`, and of all groups above it.
fn limits(groups: &Path, line: &str) -> Vec<Bytes> {
    let mut parts = line.splitn(3, ':');
    let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
    else {
        return Vec::new();
    };
    let (top, file) = match controllers {
        "" => (groups.to_path_buf(), "memory.max"),
        list if list.split(',').any(|name| name == "memory") => {
            (groups.join("memory"), "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let group = top.join(path.trim_start_matches('/'));
    let read = |folder: &Path| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok();
    group
        .ancestors()
        .take_while(|folder| folder.starts_with(&top))
        .filter_map(read)
        .map(Bytes::new)
        .collect()
}

fn state(environment: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let folder = |name: &str| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute() && path.parent().is_some())
    };
    folder("XDG_STATE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(|| PathBuf::from("/var/lib"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(memory(root), None);
        write("proc/meminfo", "MemFree: 1 kB\nMemTotal:    4096 kB\n");
        assert_eq!(memory(root), Some(Bytes::new(4 << 20)));
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/b/memory.max", "max\n");
        assert_eq!(memory(root), Some(Bytes::new(4 << 20)));
        write("sys/fs/cgroup/a/memory.max", "1048576\n");
        assert_eq!(memory(root), Some(Bytes::new(1 << 20)));
        write("proc/self/cgroup", "5:cpu,memory:/c\n3:pids:/\n");
        write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "2097152\n");
        assert_eq!(memory(root), Some(Bytes::new(2 << 20)));
    }

    #[test]
    fn state_belongs_to_the_user() {
        for (xdg, home, expected) in [
            (Some("/x"), Some("/h"), "/x"),
            (None, Some("/h"), "/h/.local/state"),
            (Some("relative"), Some("/h"), "/h/.local/state"),
            (None, Some("/"), "/var/lib"),
            (None, None, "/var/lib"),
        ] {
            let environment = |name: &str| match name {
                "XDG_STATE_HOME" => xdg.map(str::to_string),
                _ => home.map(str::to_string),
            };
            assert_eq!(state(&environment), PathBuf::from(expected));
        }
    }
}
