//! How many operations the disks of this machine have done, by its kernel.

use std::fs;
use std::path::Path;

/// What the kernel counts (Documentation/admin-guide/iostats.rst): the third field is the name of
/// the device, the fourth how many reads were completed, the eighth how many writes.
const COUNTED: &str = "/proc/diskstats";
const BLOCK: &str = "/sys/block";

/// Reads and writes that were completed since the machine came up; nothing where no kernel tells.
pub fn operations() -> Option<u64> {
    let told = fs::read_to_string(COUNTED).ok()?;
    Some(sum(&told, |device| Path::new(BLOCK).join(device).exists()))
}

/// The sum over disks. Partitions and what is made of other devices would count twice.
fn sum(told: &str, is_whole: impl Fn(&str) -> bool) -> u64 {
    let of = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (name, reads, writes) = (*fields.get(2)?, fields.get(3)?, fields.get(7)?);
        let is_made = ["loop", "ram", "zram", "dm-", "md"].iter().any(|of| name.starts_with(of));
        if is_made || !is_whole(name) {
            return None;
        }
        Some(reads.parse::<u64>().ok()?.saturating_add(writes.parse().ok()?))
    };
    told.lines().filter_map(of).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_disk_counts_once() {
        let told = "   7       0 loop0 9 0 0 0 9 0 0 0\n \
                    253       0 vda 100 1 2 3 40 5 6 7 0 0 0\n \
                    253       1 vda1 90 1 2 3 30 5 6 7 0 0 0\n \
                    254       0 dm-0 60 1 2 3 20 5 6 7 0 0 0\n \
                    259       0 nvme0n1 7 0 0 0 1 0 0\nodd\n253 0 vdb x 0 0 0 1\n";
        assert_eq!(sum(told, |name| name != "vda1"), 148);
        assert_eq!(sum("", |_| true), 0);
    }
}
