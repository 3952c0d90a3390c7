//! The cores of this machine that the node may use, where they are, and how much each works.

use std::fs;
use std::path::Path;

use swell_core::flow::affinity::{Core, CoreId};
use swell_core::flow::topology::{Spot, Topology};

/// Where the kernel tells of cores.
const FOLDER: &str = "/sys/devices/system/cpu";

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
        let last_cache = |id| spot(Path::new(FOLDER), id).last_cache;
        let cores = cores.map(|&(id, ..)| Core { id, cache: last_cache(id), load: 0.0 });
        Self { cores: cores.collect(), readings }
    }

    /// Where all cores of this machine are, those too that only others may use.
    pub(crate) fn topology() -> Topology {
        Topology::new(read().iter().map(|&(id, ..)| spot(Path::new(FOLDER), id)))
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

/// Where a core is, as a folder such as `/sys/devices/system/cpu` says. Of caches that it says nothing
/// of, a core has the second for itself and the last together with all.
fn spot(folder: &Path, core: CoreId) -> Spot {
    let folder = folder.join(format!("cpu{}", core.0));
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let entries = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let caches = folder.join("cache");
    let mut levels: Vec<(u32, u32)> = Vec::new();
    for name in entries(&caches).iter().filter(|name| name.starts_with("index")) {
        let cache = caches.join(name);
        let level = text(&cache.join("level")).trim().parse().ok();
        let list = text(&cache.join("shared_cpu_list"));
        let first = list.split([',', '-']).next().and_then(|first| first.trim().parse().ok());
        if text(&cache.join("type")).trim() != "Instruction" {
            levels.extend(level.zip(first));
        }
    }
    let memory = entries(&folder).iter().find_map(|name| name.strip_prefix("node")?.parse().ok());
    let second = levels.iter().find(|(level, _)| *level == 2);
    // A first cache is never the last of a machine: what lies behind it is all that is known.
    let last = levels.iter().filter(|(level, _)| *level >= 2).max_by_key(|(level, _)| *level);
    Spot {
        core,
        second_cache: second.map_or(core.0, |(_, first)| *first),
        last_cache: last.map_or(0, |(_, first)| *first),
        memory: memory.unwrap_or(0),
    }
}

/// The core that the first thread of a process ran on last; nothing where the process is gone.
pub(crate) fn core_of(pid: u32) -> Option<CoreId> {
    processor(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The field `processor` of `/proc/PID/stat`: the 37th after the program's name, which stands in
/// parentheses and may hold anything.
fn processor(stat: &str) -> Option<CoreId> {
    let rest = &stat[stat.rfind(')')? + 1..];
    rest.split_ascii_whitespace().nth(36)?.parse().ok().map(CoreId)
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
    fn caches_and_memory_are_read_from_the_folders_of_cores() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for (index, level, kind, list) in [
            (0, 1, "Data", "5\n"),
            (1, 1, "Instruction", "5\n"),
            (2, 2, "Unified", "4-5\n"),
            (3, 3, "Unified", "2,4-7\n"),
        ] {
            let cache = format!("cpu5/cache/index{index}");
            write(&format!("{cache}/level"), &format!("{level}\n"));
            write(&format!("{cache}/type"), kind);
            write(&format!("{cache}/shared_cpu_list"), list);
        }
        write("cpu5/node1/meminfo", "");
        let core = CoreId(5);
        let expected = Spot { core, second_cache: 4, last_cache: 2, memory: 1 };
        assert_eq!(spot(folder.path(), core), expected);
        let core = CoreId(6);
        let expected = Spot { core, second_cache: 6, last_cache: 0, memory: 0 };
        assert_eq!(spot(folder.path(), core), expected, "nothing is said of it");
    }

    #[test]
    fn processes_are_somewhere() {
        let core = core_of(std::process::id()).expect("this one runs");
        assert!(Cores::find().all().iter().any(|known| known.id == core), "{core:?}");
        assert_eq!(core_of(u32::MAX), None);
        let tail = (0..40).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(processor(&format!("7 (a) b) {tail}")), Some(CoreId(36)));
        assert_eq!(processor("7 (short) S 1"), None);
        assert!(Cores::topology().between(&[core], &[core]).is_some());
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
