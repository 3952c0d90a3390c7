//! The cores of this machine that the node may use, and how much each works.

use std::fs;

use swell_core::flow::affinity::{Core, CoreId};

/// The last reading of one core: what it worked and what there was, in ticks of the kernel.
type Reading = (CoreId, u64, u64);

/// Watches the cores.
pub(crate) struct Cores {
    cores: Vec<Core>,
    readings: Vec<Reading>,
}

impl Cores {
    /// The cores that this process may run on. None where the system does not say.
    pub(crate) fn find() -> Self {
        let allowed = rustix::thread::sched_getaffinity(None).ok();
        let readings = read();
        let may = |id: CoreId| allowed.as_ref().is_some_and(|set| set.is_set(id.0 as usize));
        let cores = readings.iter().filter(|(id, ..)| may(*id));
        let cores = cores.map(|&(id, ..)| Core { id, cache: cache(id), load: 0.0 });
        Self { cores: cores.collect(), readings }
    }

    /// Looks how much they worked since the last look.
    pub(crate) fn look(&mut self) {
        let now = read();
        for core in &mut self.cores {
            let of = |readings: &[Reading]| {
                readings
                    .iter()
                    .find(|(id, ..)| *id == core.id)
                    .map(|&(_, worked, all)| (worked, all))
            };
            let (Some((worked, all)), Some((before, all_before))) = (of(&now), of(&self.readings))
            else {
                continue;
            };
            let passed = all.saturating_sub(all_before);
            if passed > 0 {
                core.load = worked.saturating_sub(before) as f64 / passed as f64;
            }
        }
        self.readings = now;
    }

    /// How they stand.
    pub(crate) fn all(&self) -> &[Core] {
        &self.cores
    }
}

/// What `/proc/stat` says of each core.
fn read() -> Vec<Reading> {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Reading> {
    let (name, figures) = text.split_once(' ')?;
    let id = CoreId(name.strip_prefix("cpu")?.parse().ok()?);
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
    let figures: Vec<u64> =
        figures.split_whitespace().take(8).filter_map(|one| one.parse().ok()).collect();
    let all: u64 = figures.iter().sum();
    let rested = figures.get(3)? + figures.get(4)?;
    Some((id, all - rested, all))
}

/// The first of the cores that share this one's last cache.
fn cache(id: CoreId) -> u32 {
    let path = format!("/sys/devices/system/cpu/cpu{}/cache/index3/shared_cpu_list", id.0);
    let list = fs::read_to_string(path).unwrap_or_default();
    let first = list.split([',', '-']).next().and_then(|first| first.trim().parse().ok());
    first.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cores_are_read() {
        for (text, expected) in [
            ("cpu0 10 1 5 80 4 0 0 0 0 0", Some((CoreId(0), 16, 100))),
            ("cpu11 1 1 1 1 1 1 1 1", Some((CoreId(11), 6, 8))),
            ("cpu  10 1 5 80 4 0 0 0 0 0", None),
            ("intr 1 2 3", None),
            ("cpu1 1", None),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn there_are_as_many_as_the_system_says() {
        let mut cores = Cores::find();
        let expected = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(cores.all().len() >= expected, "{:?}", cores.all());
        cores.look();
        assert!(cores.all().iter().all(|core| (0.0..=1.0).contains(&core.load)));
    }
}
