//! The kernel: whether it has what makes clones cheap.

use std::fs;

use rustix::fs::{MemfdFlags, memfd_create};

use crate::doctor::check::Check;

const NAME: &str = "kernel";

/// From this version on the kernel tells which pages a clone has touched (`PAGEMAP_SCAN`),
/// so that only those are reset.
const SCANS_PAGES: (u32, u32) = (6, 7);

/// Looks at the kernel of this machine.
pub fn look() -> Check {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memfd = memfd_create("swell-doctor", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let pages = fs::File::open("/proc/self/pagemap").is_ok();
    judge(release.trim(), memfd.map(drop).map_err(|error| error.to_string()), pages)
}

/// What that means: its release, whether memory can be shared by a file of no folder, and
/// whether the map of our own pages can be read.
pub fn judge(release: &str, memfd: Result<(), String>, pages: bool) -> Check {
    if let Err(why) = memfd {
        let finding = format!("{release}: `memfd_create` does not work ({why})");
        let advice = "clones cannot share pages and start slower; allow it in the sandbox or \
                      container that this runs in";
        return Check::warn(NAME, finding, advice);
    }
    let Some(version) = version(release) else {
        let finding = format!("its release `{release}` cannot be read");
        return Check::warn(NAME, finding, "Swell is made for Linux; it may run all the same");
    };
    if version < SCANS_PAGES {
        let (major, minor) = SCANS_PAGES;
        let finding = format!("{release}, without `PAGEMAP_SCAN`");
        let advice = format!("resetting clones is cheaper from Linux {major}.{minor} on");
        return Check::warn(NAME, finding, advice);
    }
    if !pages {
        let finding = format!("{release}, but `/proc/self/pagemap` cannot be read");
        return Check::warn(NAME, finding, "resetting clones is slower; mount `/proc` as usual");
    }
    Check::ok(NAME, format!("{release}, with `memfd_create` and `PAGEMAP_SCAN`"))
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|letter: char| !letter.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn kernels_are_judged() {
        let no = || Err("not allowed".to_string());
        for (release, memfd, pages, level, words) in [
            ("6.18.44-generic", Ok(()), true, Level::Ok, "PAGEMAP_SCAN"),
            ("6.7", Ok(()), true, Level::Ok, "6.7"),
            ("6.6.9", Ok(()), true, Level::Warn, "without `PAGEMAP_SCAN`"),
            ("5.10.0", Ok(()), true, Level::Warn, "without `PAGEMAP_SCAN`"),
            ("6.18.44", Ok(()), false, Level::Warn, "/proc/self/pagemap"),
            ("6.18.44", no(), true, Level::Warn, "not allowed"),
            ("", Ok(()), true, Level::Warn, "cannot be read"),
        ] {
            let check = judge(release, memfd, pages);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.finding.contains(words), "{check:?}");
        }
    }
}
