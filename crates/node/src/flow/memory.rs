//! Whether the machine is short of memory, so that lanes which do little should hold less of it.

use std::fs;

/// It is where less than this part of it can be had: 1 / 10.
const LEAST_SHARE: u64 = 10;

/// Whether the machine is short of memory now. One that does not tell is not.
pub(crate) fn is_scarce() -> bool {
    fs::read_to_string("/proc/meminfo").is_ok_and(|text| is_scarce_in(&text))
}

/// `MemAvailable` is what can be had without swapping, caches included.
fn is_scarce_in(meminfo: &str) -> bool {
    let kilobytes = |key: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    match (kilobytes("MemAvailable"), kilobytes("MemTotal")) {
        (Some(available), Some(total)) => available < total / LEAST_SHARE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_scarce_where_less_than_a_tenth_is_available() {
        for (meminfo, expected) in [
            ("MemTotal:  4000 kB\nMemFree: 1 kB\nMemAvailable:  400 kB\n", false),
            ("MemTotal:  4000 kB\nMemFree: 1 kB\nMemAvailable:  399 kB\n", true),
            ("MemTotal:  4000 kB\n", false),
            ("MemTotal: many\nMemAvailable: 0 kB\n", false),
            ("", false),
        ] {
            assert_eq!(is_scarce_in(meminfo), expected, "{meminfo}");
        }
    }
}
