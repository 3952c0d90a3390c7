//! What the kernel of this machine counts of it as a whole: processors, memory, network, disks.

use std::fs;
use std::path::Path;

use swell_outlook::machine::Machine;

use crate::observe::disks;

/// Processor time since the machine came up, in hundredths of a second whatever its own clock does:
/// user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)).
const STAT: &str = "/proc/stat";
const TICK_US: u64 = 10_000;
const MEMORY: &str = "/proc/meminfo";
/// A line for each network device: bytes and seven more figures of what it received, then of what
/// it sent (proc_pid_net(5)).
const NETWORK: &str = "/proc/net/dev";
const DEVICES: &str = "/sys/class/net";

/// The machine now.
pub fn read() -> Machine {
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    let (cpu_us, cpu_milli) = cpu(&text(STAT));
    let (held_bytes, memory_bytes) = memory(&text(MEMORY));
    let is_device = |name: &str| Path::new(DEVICES).join(name).join("device").exists();
    let network_bytes = network(&text(NETWORK), is_device);
    Machine { cpu_us, cpu_milli, held_bytes, memory_bytes, network_bytes, io: disks::operations() }
}

fn cpu(told: &str) -> (Option<u64>, u64) {
    let processors = told.lines().filter(|line| {
        let number = line.split_whitespace().next().and_then(|name| name.strip_prefix("cpu"));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let worked = told.lines().find_map(|line| {
        let figures = line.strip_prefix("cpu ")?.split_whitespace().take(8);
        let figures: Vec<u64> = figures.map_while(|figure| figure.parse().ok()).collect();
        let [user, nice, system, _, _, irq, softirq, steal] = figures[..] else { return None };
        Some((user + nice + system + irq + softirq + steal) * TICK_US)
    });
    (worked, processors.count() as u64 * 1_000)
}

fn memory(told: &str) -> (Option<u64>, u64) {
    let of = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
    };
    let (whole, free) = (of("MemTotal:"), of("MemAvailable:"));
    (whole.zip(free).map(|(whole, free)| whole.saturating_sub(free)), whole.unwrap_or(0))
}

/// The sum over devices. What is made of others (bridges, tunnels) would count twice; where there
/// are no others, as within a container, it is all there is.
fn network(told: &str, is_device: impl Fn(&str) -> bool) -> Option<u64> {
    let of = |line: &str| {
        let (name, figures) = line.split_once(':')?;
        let figures: Vec<&str> = figures.split_whitespace().collect();
        let figure = |place: usize| figures.get(place)?.parse::<u64>().ok();
        Some((name.trim().to_string(), figure(0)?.saturating_add(figure(8)?)))
    };
    let mut all: Vec<(String, u64)> =
        told.lines().filter_map(of).filter(|(name, _)| name != "lo").collect();
    if all.iter().any(|(name, _)| is_device(name)) {
        all.retain(|(name, _)| is_device(name));
    }
    (!told.is_empty()).then(|| all.iter().fold(0u64, |sum, (_, bytes)| sum.saturating_add(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_worked_when_they_did_not_rest() {
        let told = "cpu  10 2 30 4000 500 6 7 8 9 9\ncpu0 5 1 15 2000 250 3 3 4 0 0\n\
                    cpu1 5 1 15 2000 250 3 4 4 0 0\nintr 5 6\nctxt 7\n";
        assert_eq!(cpu(told), (Some(63 * TICK_US), 2_000));
        assert_eq!(cpu("cpu  1 2 3\n"), (None, 0));
        assert_eq!(cpu(""), (None, 0));
    }

    #[test]
    fn memory_is_held_that_is_not_to_be_had() {
        let told = "MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:  400 kB\n";
        assert_eq!(memory(told), (Some(600 << 10), 1000 << 10));
        assert_eq!(memory("MemTotal:  1000 kB\n"), (None, 1000 << 10));
    }

    #[test]
    fn each_byte_on_the_network_counts_once() {
        let told = "Inter-|   Receive  |  Transmit\n face |bytes packets\n\
                    \x20   lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n\
                    \x20 eth0: 100 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n\
                    docker0:50 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n";
        assert_eq!(network(told, |name| name == "eth0"), Some(120));
        assert_eq!(network(told, |_| false), Some(180), "within a container");
        assert_eq!(network("", |_| true), None);
    }
}
