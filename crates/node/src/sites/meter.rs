//! What this node used since it came up: sums over the functions of each workload, and what else
//! the machine did. Sums here only grow, whatever is deployed and removed: others read them twice
//! to know what was used between.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use swell_core::council::words::Loads;
use swell_core::ids::FunctionId;
use swell_outlook::machine::Machine;
use swell_outlook::sums::{Reading, Sums};

use crate::clock::wall_ms;
use crate::key_value::operations::Operations;
use crate::live::world::Live;
use crate::observe::machine;
use crate::registry::{Registry, Version};
use crate::sites::metering::workload;

/// What the kernel counts in hundredths of a second is looked at no more often than this, so that
/// rounding is no use.
const LOOK_MS: u64 = 500;

/// Keeps the sums.
pub struct Meter {
    registry: Arc<Registry>,
    live: Arc<Live>,
    operations: Arc<Operations>,
    /// Whether other nodes share the machine, so that what else it does is not this one's.
    shares_machine: bool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// What each version had used at the last look.
    versions: BTreeMap<FunctionId, Sums>,
    /// How many operations each function had made.
    operations: BTreeMap<String, u64>,
    workloads: BTreeMap<String, Sums>,
    /// What all workloads took, those that are no more too.
    taken: Sums,
    rest: Sums,
    /// The machine as it was looked at last, when that was, and what workloads had taken.
    looked: Option<(u64, Machine, Sums)>,
}

impl Meter {
    /// Nothing was used so far.
    pub fn new(
        (registry, live): (&Arc<Registry>, &Arc<Live>),
        operations: Arc<Operations>,
        shares_machine: bool,
    ) -> Arc<Self> {
        let (registry, live, kept) = (registry.clone(), live.clone(), Mutex::default());
        Arc::new(Self { registry, live, operations, shares_machine, kept })
    }

    /// What was used by now, where the node bears `capacity`.
    pub fn reading(&self, capacity: &Loads) -> Reading {
        let (at_ms, mut kept) = (wall_ms(), self.kept.lock());
        let held = self.take(&mut kept);
        if !self.shares_machine {
            kept.look(at_ms, machine::read(), held, capacity);
        }
        let (workloads, rest) = (kept.workloads.clone(), kept.rest);
        Reading { at_ms, workloads, rest, ..Reading::default() }
    }

    /// Takes in what functions used; memory that is set aside for all of them.
    fn take(&self, kept: &mut Kept) -> u64 {
        let mut of: BTreeMap<String, String> = BTreeMap::new();
        let (mut versions, mut operations) = (BTreeMap::new(), BTreeMap::new());
        let mut workloads = BTreeMap::new();
        for function in self.registry.all() {
            let name = workload(&function).to_string();
            of.insert(function.name.to_string(), name.clone());
            let mut sums = Sums::default();
            for version in &function.versions {
                let now = used(version);
                let earlier = kept.versions.get(&version.id).copied().unwrap_or_default();
                sums = sums.plus(&now.since(&earlier));
                versions.insert(version.id, now);
            }
            kept.taken = kept.taken.plus(&sums);
            let known = kept.workloads.get(&name).copied().unwrap_or_default();
            let sum = workloads.entry(name).or_insert(Sums { memory_bytes: 0, ..known });
            *sum = sum.plus(&sums);
        }
        for (function, made) in self.operations.read(|name| of.contains_key(name)) {
            let more = made.saturating_sub(kept.operations.get(&function).copied().unwrap_or(0));
            kept.taken.io += more;
            if let Some(sums) = of.get(&function).and_then(|name| workloads.get_mut(name)) {
                sums.io += more;
            }
            operations.insert(function, made);
        }
        let mut held = 0;
        for instance in self.live.instances() {
            let sums = of.get(&instance.function).and_then(|name| workloads.get_mut(name));
            if let Some(sums) = sums {
                sums.memory_bytes += instance.memory_bytes;
                held += instance.memory_bytes;
            }
        }
        (kept.versions, kept.operations, kept.workloads) = (versions, operations, workloads);
        held
    }
}

impl Kept {
    fn look(&mut self, at_ms: u64, machine: Machine, held: u64, capacity: &Loads) {
        let taken = Sums { memory_bytes: held, ..self.taken };
        let Some((before_ms, before, taken_before)) = self.looked else {
            self.looked = Some((at_ms, machine, taken));
            return;
        };
        let elapsed_ms = at_ms.saturating_sub(before_ms);
        if elapsed_ms < LOOK_MS {
            return;
        }
        let besides = machine.besides(&before, elapsed_ms, &taken.since(&taken_before), capacity);
        self.rest = Sums { memory_bytes: 0, ..self.rest }.plus(&besides);
        self.looked = Some((at_ms, machine, taken));
    }
}

/// What a version used so far, but for operations on stores and memory.
fn used(version: &Version) -> Sums {
    let (used, calls) = (version.used(), version.calls());
    Sums {
        run_us: used.run_us,
        cpu_us: used.cpu_us,
        network_bytes: used.bytes,
        calls: calls.total,
        failed: calls.failed + calls.refused,
        ..Sums::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_does_besides_is_a_sum() {
        let mut kept = Kept::default();
        let machine = |cpu_us: u64| Machine {
            cpu_us: Some(cpu_us),
            cpu_milli: 2_000,
            held_bytes: Some(100),
            ..Machine::default()
        };
        let capacity = Loads::cpu(2_000);
        kept.look(1_000, machine(5_000_000), 30, &capacity);
        assert_eq!(kept.rest, Sums::default(), "it was before");
        kept.taken.cpu_us = 400_000;
        kept.look(2_000, machine(5_900_000), 30, &capacity);
        let rest = Sums { cpu_us: 500_000, memory_bytes: 70, ..Sums::default() };
        assert_eq!(kept.rest, rest);
        kept.look(2_100, machine(5_950_000), 30, &capacity);
        assert_eq!(kept.rest, rest, "it is looked at again later");
        kept.look(3_000, machine(6_000_000), 90, &capacity);
        assert_eq!(kept.rest, Sums { cpu_us: 600_000, memory_bytes: 10, ..rest });
    }
}
