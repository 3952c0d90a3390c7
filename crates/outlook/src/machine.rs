//! What a machine does besides the workloads of the site that runs on it, by what its kernel counts.
//!
//! A site bears what it was said to bear (`--cpu 8`), and the machine may have more than that. What
//! others do there takes from the site's part only what it leaves nothing else of.

use swell_core::council::words::{Loads, Metric};

use crate::sums::Sums;

/// A machine at a moment; none where its kernel does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// Processor time that all its processors worked, or that a hypervisor gave to others, in
    /// microseconds since it came up.
    pub cpu_us: Option<u64>,
    /// Processors, in thousandths.
    pub cpu_milli: u64,
    /// Memory that is not to be had, in bytes.
    pub held_bytes: Option<u64>,
    /// All its memory, in bytes.
    pub memory_bytes: u64,
    /// Bytes that its network devices brought and took, since it came up.
    pub network_bytes: Option<u64>,
    /// Operations that its disks completed, since it came up.
    pub io: Option<u64>,
}

impl Machine {
    /// What else it did since an earlier moment, `elapsed_ms` ago, where workloads took `taken` of
    /// it since, as it counts against a site that is said to bear `capacity`. Memory is what is held
    /// now.
    pub fn besides(&self, earlier: &Self, elapsed_ms: u64, taken: &Sums, capacity: &Loads) -> Sums {
        let since = |now: Option<u64>, before: Option<u64>| {
            // Counters that fell are those of devices that went.
            now.zip(before).map_or(0, |(now, before)| now.saturating_sub(before))
        };
        let spare = |whole: u64, metric: Metric| match capacity.of(metric) {
            0 => 0,
            most => whole.saturating_sub(most),
        };
        let cpu_milli = spare(self.cpu_milli, Metric::Cpu);
        let memory_mib = spare(self.memory_bytes >> 20, Metric::Memory);
        let beyond =
            |done: u64, taken: u64, spare: u64| done.saturating_sub(taken).saturating_sub(spare);
        Sums {
            // A thousandth of a processor does a microsecond in each millisecond.
            cpu_us: beyond(
                since(self.cpu_us, earlier.cpu_us),
                taken.cpu_us,
                cpu_milli * elapsed_ms,
            ),
            memory_bytes: beyond(
                self.held_bytes.unwrap_or(0),
                taken.memory_bytes,
                memory_mib << 20,
            ),
            // How much its network could carry no kernel tells, nor its disks.
            network_bytes: beyond(
                since(self.network_bytes, earlier.network_bytes),
                taken.network_bytes,
                0,
            ),
            io: beyond(since(self.io, earlier.io), taken.io, 0),
            ..Sums::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A machine of four processors and 8 GiB.
    fn machine(cpu_us: u64, held_mib: u64, network_bytes: u64, io: u64) -> Machine {
        Machine {
            cpu_us: Some(cpu_us),
            cpu_milli: 4_000,
            held_bytes: Some(held_mib * MIB),
            memory_bytes: 8_192 * MIB,
            network_bytes: Some(network_bytes),
            io: Some(io),
        }
    }

    #[test]
    fn what_others_do_counts_as_far_as_it_takes_from_the_site() {
        let before = machine(1_000_000, 9_000, 500, 70);
        let (mut now, elapsed_ms) = (machine(4_000_000, 3_000, 2_500, 100), 1_000);
        let taken = Sums {
            cpu_us: 700_000,
            memory_bytes: 500 * MIB,
            network_bytes: 600,
            io: 8,
            ..Sums::default()
        };
        let told = |now: &Machine, capacity: [u64; 4]| {
            let of = now.besides(&before, elapsed_ms, &taken, &Loads(capacity));
            [of.cpu_us, of.memory_bytes / MIB, of.network_bytes, of.io]
        };
        // Others used 2.3 processors and 2.5 GiB.
        for (capacity, expected) in [
            ([4_000, 8_192, 0, 0], [2_300_000, 2_500, 1_400, 22]),
            ([9_000, 9_999, 9, 9], [2_300_000, 2_500, 1_400, 22]),
            ([0, 0, 0, 0], [2_300_000, 2_500, 1_400, 22]),
            ([2_000, 6_192, 0, 0], [300_000, 500, 1_400, 22]),
            ([1_000, 1_024, 0, 0], [0, 0, 1_400, 22]),
        ] {
            assert_eq!(told(&now, capacity), expected, "{capacity:?}");
        }
        (now.cpu_us, now.network_bytes, now.held_bytes, now.io) =
            (None, Some(3), Some(7), Some(75));
        assert_eq!(told(&now, [4_000; 4]), [0; 4], "less than workloads took, or unknown");
    }
}
