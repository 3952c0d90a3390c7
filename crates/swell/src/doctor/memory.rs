//! Memory: whether the machine, or its control group, has what instances may hold.

use std::fs;
use std::path::Path;

use swell_core::units::Bytes;

use crate::doctor::check::Check;
use crate::figure::bytes;
use crate::settings::machine;

const NAME: &str = "memory";

/// Looks at the memory of the machine whose root of the file system is `root`.
pub fn look(root: &Path, wanted: Bytes) -> Check {
    let meminfo = fs::read_to_string(root.join("proc/meminfo")).unwrap_or_default();
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free: Option<u64> =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    let (all, whole) = (machine::memory(root).map(Bytes::get), machine::whole(root));
    let mut check = judge(all, free.map(|kib| kib << 10), wanted.get());
    if let Some(whole) = whole.map(Bytes::get).filter(|whole| all.is_some_and(|all| all < *whole)) {
        let group = "; its control group leaves no more of the machine's";
        check.finding.push_str(&format!("{group} {}", bytes(whole)));
    }
    check
}

/// What that means: all that may be used, what is free of the machine's, and what
/// instances may hold.
pub fn judge(all: Option<u64>, free: Option<u64>, wanted: u64) -> Check {
    let asked = bytes(wanted);
    let Some(all) = all else {
        let finding = format!("{asked} for instances; how much there is cannot be told");
        return Check::warn(NAME, finding, "mount `/proc`, or be sure that there is more");
    };
    let finding = format!("{asked} for instances, of {} that may be used", bytes(all));
    let less = format!("lower it, such as `--memory {}MiB`", (all >> 21).max(1));
    if wanted > all {
        return Check::fail(NAME, finding, format!("the kernel would end the node; {less}"));
    }
    // The program itself, compiled code and the disk's cache need some too.
    if wanted > all / 10 * 9 {
        return Check::warn(NAME, finding, format!("that leaves little for the rest; {less}"));
    }
    match free {
        Some(free) if free < wanted => {
            let finding = format!("{finding}, {} of it free now", bytes(free));
            Check::warn(NAME, finding, format!("end other programs, or {less}"))
        }
        _ => Check::ok(NAME, finding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn a_control_group_is_told_of() {
        let root = tempfile::tempdir().expect("a folder for the test");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it can be written");
            fs::write(path, text).expect("it can be written");
        };
        write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
        let look = || look(root.path(), Bytes::new(1 << 30));
        assert_eq!(look(), Check::ok(NAME, "1GiB for instances, of 8GiB that may be used"));
        write("proc/self/cgroup", "0::/box\n");
        write("sys/fs/cgroup/box/memory.max", "536870912\n");
        let check = look();
        assert_eq!(check.level, Level::Fail);
        assert!(check.finding.contains("of 512MiB that may be used"), "{check:?}");
        assert!(check.finding.ends_with("no more of the machine's 8GiB"), "{check:?}");
    }

    #[test]
    fn memory_is_judged() {
        const GIB: u64 = 1 << 30;
        for (all, free, wanted, level) in [
            (Some(8 * GIB), Some(6 * GIB), 4 * GIB, Level::Ok),
            (Some(8 * GIB), None, 4 * GIB, Level::Ok),
            (Some(8 * GIB), Some(GIB), 4 * GIB, Level::Warn),
            (Some(8 * GIB), Some(8 * GIB), 8 * GIB, Level::Warn),
            (Some(8 * GIB), Some(8 * GIB), 9 * GIB, Level::Fail),
            (None, None, GIB, Level::Warn),
        ] {
            let check = judge(all, free, wanted);
            assert_eq!(check.level, level, "{check:?}");
        }
    }
}
