//! What is seen of the functions that could own flows, from counters that are read at most once per
//! tick, and only of functions that somebody asks about at that tick.
//!
//! A function's *processors* are the calls it can work on at a time: its instances allowed, by
//! the calls of each, or the node's processors where it may have as many as fit. Its *calls* are
//! the share of them at work, its *cpu* the processor time that it took as a share of the cores it
//! may use, its *memory* what its guests hold as a share of their limit, and its *pressure* the share
//! of ticks in which calls waited for an instance.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::flow::window::Recent;
use swell_core::time::Instant;

use crate::flow::using::{Limits, Using};
use crate::registry::{Function, Registry};

/// Ticks that the pressure looks back.
const WAITS: usize = 10;
/// How much a tick counts for what is averaged over about a second.
pub(crate) const SECOND: f64 = 0.1;

/// A tick of the analyzer, and what it is told.
#[derive(Clone, Copy)]
pub(crate) struct Tick<'a> {
    pub(crate) now: Instant,
    /// By the clock of the wall, in microseconds since 1970.
    pub(crate) now_us: u64,
    /// As those who wait count.
    pub(crate) now_ns: u64,
    /// From 1 on.
    pub(crate) number: u64,
    /// Share of the memory of instances that those at work hold, and bytes of all of it.
    pub(crate) memory: f64,
    pub(crate) memory_bytes: f64,
    pub(crate) processors: f64,
    pub(crate) registry: &'a Registry,
}

/// A function that could own flows.
pub(crate) struct FunctionSight {
    name: String,
    running: f64,
    waits: Recent,
    using: Using,
    pub(crate) processors: f64,
    pub(crate) is_alive: bool,
    /// Share of the memory of instances that one of its would need and none at work holds.
    wanting: f64,
    /// The tick that this is of.
    looked_at: u64,
}

impl FunctionSight {
    fn new(name: String) -> Self {
        let waits = Recent::new(WAITS);
        Self {
            name,
            running: 0.0,
            waits,
            using: Using::default(),
            processors: 1.0,
            is_alive: false,
            wanting: 0.0,
            looked_at: 0,
        }
    }

    /// Takes in a tick; `ticks` have passed since the last one.
    fn look(&mut self, function: Option<&Function>, tick: &Tick<'_>, ticks: u64) {
        use std::sync::atomic::Ordering::Relaxed;
        self.is_alive = function.is_some_and(|function| !function.paused);
        let Some(function) = function else { return };
        let versions = || function.versions.iter();
        let running: u32 = versions().map(|version| version.running.load(Relaxed)).sum();
        let waiting: u32 = versions().map(|version| version.waiting.load(Relaxed)).sum();
        let weight = match ticks {
            1 => SECOND,
            _ => 1.0 - (1.0 - SECOND).powf(ticks as f64),
        };
        self.running += weight * (f64::from(running) - self.running);
        self.waits.push_many(waiting > 0, u32::try_from(ticks).unwrap_or(u32::MAX));
        let leading = function.leading();
        let most = leading.scale.read().max_instances;
        self.processors = most.map_or(tick.processors, |most| {
            f64::from(most.max(1)) * f64::from(leading.spec.concurrency.max(1))
        });
        let (cores, memory_bytes) =
            (self.processors.min(tick.processors), leading.spec.memory_bytes);
        let limits = Limits { cores, memory_bytes };
        self.using.look(tick.now, function.used(), limits, weight);
        let each = leading.spec.memory_bytes as f64 / tick.memory_bytes.max(1.0);
        self.wanting = if running == 0 { each } else { 0.0 };
    }

    /// Calls at work, as a share of those that may be.
    pub(crate) fn calls(&self) -> f64 {
        let calls = if self.is_alive { self.running / self.processors } else { 1.0 };
        calls.min(1.0)
    }

    /// Used share of the processor time that it may use.
    pub(crate) fn cpu(&self) -> f64 {
        self.using.cpu()
    }

    /// Used share of the memory that its guests may hold.
    pub(crate) fn memory(&self) -> f64 {
        self.using.memory()
    }

    /// Share of the memory of instances that it needs to work, beside what is at work already.
    pub(crate) fn wanting(&self) -> f64 {
        self.wanting
    }

    /// Share of ticks in which calls waited.
    pub(crate) fn pressure(&self) -> f64 {
        self.waits.share()
    }

    /// Used share of its scarcest resource.
    pub(crate) fn usage(&self, memory: f64) -> f64 {
        self.cpu().max(self.calls()).max(self.memory()).max(memory).max(self.pressure())
    }
}

/// All functions that could own flows, each with a number that stays.
#[derive(Default)]
pub(crate) struct Functions {
    numbers: BTreeMap<String, usize>,
    all: Vec<FunctionSight>,
    free: Vec<usize>,
}

impl Functions {
    /// The number of a function.
    pub(crate) fn number(&mut self, name: &str) -> usize {
        if let Some(&known) = self.numbers.get(name) {
            return known;
        }
        let sight = FunctionSight::new(name.to_string());
        let number = match self.free.pop() {
            Some(free) => {
                self.all[free] = sight;
                free
            }
            None => {
                self.all.push(sight);
                self.all.len() - 1
            }
        };
        self.numbers.insert(name.to_string(), number);
        number
    }

    /// Forgets all others.
    pub(crate) fn keep(&mut self, wanted: &BTreeSet<usize>) {
        let free = &mut self.free;
        self.numbers.retain(|_, number| {
            let is_wanted = wanted.contains(number);
            if !is_wanted {
                free.push(*number);
            }
            is_wanted
        });
    }

    /// A function as it is at this tick.
    pub(crate) fn look(&mut self, number: usize, tick: &Tick<'_>) -> &FunctionSight {
        let sight = &mut self.all[number];
        if sight.looked_at != tick.number {
            let function = tick.registry.get(&sight.name);
            sight.look(function.as_deref(), tick, tick.number - sight.looked_at);
            sight.looked_at = tick.number;
        }
        sight
    }

    /// A function as it was when somebody asked last.
    pub(crate) fn seen(&self, number: usize) -> &FunctionSight {
        &self.all[number]
    }
}

/// Share of the memory of instances that those at work hold.
pub(crate) fn working(registry: &Registry, memory: u64) -> f64 {
    use std::sync::atomic::Ordering::Relaxed;
    let mut bytes = 0u64;
    registry.visit(|function| {
        for version in &function.versions {
            let running = u64::from(version.running.load(Relaxed));
            let each = u64::from(version.spec.concurrency.max(1));
            bytes += running.div_ceil(each) * version.spec.memory_bytes;
        }
    });
    if memory == 0 { 0.0 } else { (bytes as f64 / memory as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_are_used_again() {
        let mut functions = Functions::default();
        let numbers = ["a", "b", "c", "b"].map(|name| functions.number(name));
        assert_eq!(numbers, [0, 1, 2, 1]);
        functions.keep(&BTreeSet::from([0, 2]));
        assert_eq!(["c", "d", "a", "e"].map(|name| functions.number(name)), [2, 1, 0, 3]);
        assert_eq!(functions.seen(1).name, "d");
    }
}
