//! Where those work who take part in flows: functions on the seats of flows that they own, processes
//! on the core they ran on last. Of others nobody knows, as they run wherever there is room.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_core::flow::affinity::CoreId;
use swell_core::flow::topology::Topology;

use crate::flow::cores::{Cores, core_of};

/// Ticks for which a look counts.
const FRESH: u64 = 10;

/// What is known of that.
pub(crate) struct Places {
    topology: Topology,
    seats: BTreeMap<Arc<str>, Vec<CoreId>>,
    seated_at: Option<u64>,
    /// By the numbers of processes: the core, and the tick of the look.
    processes: BTreeMap<u32, (Option<CoreId>, u64)>,
}

impl Places {
    /// On this machine, where nobody was looked for yet.
    pub(crate) fn find() -> Self {
        Self::on(Cores::topology())
    }

    pub(crate) fn on(topology: Topology) -> Self {
        let (seats, processes) = (BTreeMap::new(), BTreeMap::new());
        Self { topology, seats, seated_at: None, processes }
    }

    /// The cores of this machine.
    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Whether it is time to say anew who has which seats.
    pub(crate) fn are_due(&self, tick: u64) -> bool {
        self.seated_at.is_none_or(|at| tick.saturating_sub(at) >= FRESH)
    }

    /// These functions have these seats, and no others have any.
    pub(crate) fn seat(&mut self, tick: u64, all: impl IntoIterator<Item = (Arc<str>, CoreId)>) {
        self.seated_at = Some(tick);
        self.seats.clear();
        for (name, core) in all {
            let cores = self.seats.entry(name).or_default();
            if !cores.contains(&core) {
                cores.push(core);
            }
        }
        self.processes.retain(|_, (_, looked_at)| tick.saturating_sub(*looked_at) < 2 * FRESH);
    }

    /// Looks where a process is, unless that is known.
    pub(crate) fn look_for(&mut self, pid: u32, tick: u64) {
        let known = self.processes.get(&pid);
        if known.is_none_or(|(_, at)| tick.saturating_sub(*at) >= FRESH) {
            self.processes.insert(pid, (core_of(pid), tick));
        }
    }

    /// The cores that a function works on, as far as they are known.
    pub(crate) fn of_function(&self, name: &str) -> &[CoreId] {
        self.seats.get(name).map_or(&[], Vec::as_slice)
    }

    /// The core that a process works on, if it was looked for.
    pub(crate) fn of_process(&self, pid: u32) -> &[CoreId] {
        let core = self.processes.get(&pid).and_then(|(core, _)| core.as_ref());
        core.map_or(&[], std::slice::from_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_those_of_the_last_look() {
        let mut places = Places::on(Topology::default());
        assert!(places.are_due(1));
        let seat = |name: &str, core| (Arc::from(name), CoreId(core));
        places.seat(1, [seat("detect", 3), seat("detect", 3), seat("lite", 1), seat("detect", 0)]);
        assert_eq!(places.of_function("detect"), [CoreId(3), CoreId(0)]);
        assert!(places.of_function("camera").is_empty());
        assert!(!places.are_due(10) && places.are_due(11));
        places.seat(11, [seat("camera", 2)]);
        assert!(places.of_function("detect").is_empty());
    }

    #[test]
    fn processes_are_where_they_run() {
        let mut places = Places::on(Topology::default());
        let own = std::process::id();
        assert!(places.of_process(own).is_empty(), "nobody looked");
        places.look_for(own, 1);
        assert_eq!(places.of_process(own).len(), 1);
        places.look_for(u32::MAX, 1);
        assert!(places.of_process(u32::MAX).is_empty(), "there is none");
        places.seat(30, []);
        assert!(places.processes.is_empty(), "nobody asked for long");
    }
}
