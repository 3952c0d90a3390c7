//! What is seen of the functions that could own flows, from counters that are read at most once per
//! tick: of owners of flows that do something, and, as long as there are such, of all that could be
//! handed a flow. So what is known of a target is of more than the moment at which one is wanted.
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
/// Ticks without a look after which what was seen before says nothing any more.
const FORGOTTEN: u64 = 30;
/// Functions that could be handed a flow and are looked at in a tick; more have their turns.
const WATCHED_MAX: usize = 512;
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
    /// Looks that its average is of, up to as many as it looks back.
    looks: u32,
    /// Flows that it could own, and those of them that others could own as well.
    flows: usize,
    shared: usize,
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
            looks: 0,
            flows: 0,
            shared: 0,
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
        let weight = self.weight(ticks);
        self.running += weight * (f64::from(running) - self.running);
        // Of ticks at which nobody looked nobody knows that anything waited.
        self.waits.push_many(false, u32::try_from(ticks - 1).unwrap_or(u32::MAX));
        self.waits.push(waiting > 0);
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

    /// How much a look counts, so many ticks after the last one: as much as each since it is watched,
    /// until those are as many as it looks back.
    fn weight(&mut self, ticks: u64) -> f64 {
        self.looks = if ticks > FORGOTTEN { 1 } else { self.looks.saturating_add(1) };
        let passed = 1.0 - (1.0 - SECOND).powf(ticks as f64);
        passed.max(1.0 / f64::from(self.looks))
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
    /// Those that could be handed a flow, and which of them was watched last.
    targets: BTreeSet<usize>,
    watched: usize,
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

    /// A flow is there that these can own; `is_shared` if there are several.
    pub(crate) fn hold(&mut self, numbers: impl Iterator<Item = usize>, is_shared: bool) {
        for number in numbers {
            let sight = &mut self.all[number];
            sight.flows += 1;
            if is_shared {
                sight.shared += 1;
                self.targets.insert(number);
            }
        }
    }

    /// Such a flow is no more. A function that can own no other is forgotten.
    pub(crate) fn let_go(&mut self, numbers: impl Iterator<Item = usize>, was_shared: bool) {
        for number in numbers {
            let sight = &mut self.all[number];
            sight.flows -= 1;
            sight.shared -= usize::from(was_shared);
            if sight.shared == 0 {
                self.targets.remove(&number);
            }
            if sight.flows == 0 {
                self.numbers.remove(&sight.name);
                self.free.push(number);
            }
        }
    }

    /// Looks at those that could be handed a flow; at so many in turns where they are many.
    pub(crate) fn watch(&mut self, tick: &Tick<'_>) {
        let after = self.targets.range(self.watched + 1..);
        let turn = after.chain(self.targets.range(..=self.watched)).take(WATCHED_MAX);
        let turn: Vec<usize> = turn.copied().collect();
        for &number in &turn {
            self.look(number, tick);
        }
        self.watched = turn.last().copied().unwrap_or(0);
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
        functions.hold([0, 1].into_iter(), true);
        functions.hold([2, 1].into_iter(), true);
        functions.hold([1].into_iter(), false);
        functions.let_go([0, 1].into_iter(), true);
        assert_eq!((functions.number("b"), functions.targets.len()), (1, 2));
        functions.let_go([1].into_iter(), false);
        functions.let_go([2, 1].into_iter(), true);
        assert!(functions.numbers.is_empty() && functions.targets.is_empty());
        let numbers = ["d", "e"].map(|name| functions.number(name));
        assert_eq!(numbers, [1, 2], "the last that went first");
        assert_eq!(functions.seen(1).name, "d");
    }

    #[test]
    fn a_moment_is_not_taken_for_a_second() {
        let mut sight = FunctionSight::new("lite".to_string());
        let mut look = |ticks, running: f64| {
            sight.running += sight.weight(ticks) * (running - sight.running);
            sight.running
        };
        assert_eq!(look(1_000, 4.0), 4.0, "nothing else is known");
        for mean in [2.0, 4.0 / 3.0, 1.0, 0.8] {
            assert!((look(1, 0.0) - mean).abs() < 1e-9, "{mean}");
        }
        (0..20).for_each(|_| assert!(look(1, 1.0) <= 1.0));
        let spike = look(1, 11.0);
        assert!((1.9..2.1).contains(&spike), "a tenth of ten: {spike}");
        assert_eq!(look(1_000, 7.0), 7.0);
    }
}
