//! What functions of this node have in use, for another node that would let a flow go to one of them.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use swell_core::flow::view::TICK;

use crate::clock::Clock;
use crate::flow::functions::{Functions, Tick, working};
use crate::flow::meter::{now_ns, now_us};
use crate::registry::Registry;

/// Functions that are asked for at a time.
pub(crate) const ASKED_MAX: usize = 512;

/// What a function has in use, as [`Party`](swell_core::flow::view::Party) says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) cpu: f64,
    pub(crate) calls: f64,
    pub(crate) memory: f64,
    pub(crate) common_memory: f64,
    pub(crate) pressure: f64,
    pub(crate) processors: f64,
    pub(crate) is_alive: bool,
    pub(crate) has_room: bool,
}

/// Looks at functions when somebody asks: what it says is of the time since the last question, of
/// about a second where those come often.
pub(crate) struct Sampler {
    clock: Clock,
    processors: f64,
    functions: Mutex<Functions>,
}

impl Default for Sampler {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        Self { clock: Clock::start(1.0), processors, functions: Mutex::default() }
    }
}

impl Sampler {
    /// What these have in use, as far as they are here, where instances may hold `memory` bytes
    /// together; no bytes are as many as there are.
    pub(crate) fn look(
        &self,
        registry: &Registry,
        memory: u64,
        names: &BTreeSet<String>,
    ) -> BTreeMap<String, Usage> {
        let now = self.clock.now();
        let tick = Tick {
            now,
            now_us: now_us(),
            now_ns: now_ns(),
            number: now.nanos() / TICK.nanos() + 1,
            memory: working(registry, memory),
            memory_bytes: if memory > 0 { memory as f64 } else { f64::INFINITY },
            processors: self.processors,
            registry,
        };
        let mut functions = self.functions.lock();
        let here = names.iter().filter(|name| registry.get(name).is_some()).take(ASKED_MAX);
        let usage = here.map(|name| {
            let number = functions.number(name);
            let sight = functions.look(number, &tick);
            let with = tick.memory + sight.wanting();
            let usage = Usage {
                cpu: sight.cpu(),
                calls: sight.calls(),
                memory: sight.memory(),
                common_memory: with.min(1.0),
                pressure: sight.pressure(),
                processors: sight.processors,
                is_alive: sight.is_alive,
                has_room: with <= 1.0,
            };
            (name.clone(), usage)
        });
        usage.collect()
    }
}
