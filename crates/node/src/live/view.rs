//! What the live world tells of itself to those who ask.

use swell_api::function::InstanceCounts;
use swell_api::instance::Instance;
use swell_api::node::JournalState;
use swell_core::ids::FunctionId;
use swell_core::pool::clones::CloneTally;
use swell_core::pool::instance::State;
use swell_core::prospect::Prospect;
use swell_core::receipt::Receipt;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::live::world::Live;
use crate::observe::gauges::Gauges;

/// Figures of the pool at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct PoolView {
    /// Memory that instances may hold.
    pub limit: Bytes,
    /// Memory that they hold.
    pub used: Bytes,
    /// Requests that wait.
    pub waiting: usize,
}

impl Live {
    /// All instances, by slot.
    pub fn instances(&self) -> Vec<Instance> {
        let mind = self.mind.lock();
        let pool = mind.site.pool();
        let now = mind.now();
        let since = |created| {
            let age = self.clock.real(now.since(created));
            let elapsed = self.clock.real(now.since(swell_core::time::Instant::ZERO));
            self.since_ms + elapsed.saturating_sub(age).as_millis() as u64
        };
        let instances = pool.instances();
        instances
            .filter_map(|(slot, instance)| {
                let version = mind.version(instance.function())?;
                let id = pool.id(slot);
                Some(Instance {
                    id: format!("{}.{}", id.slot, id.generation),
                    function: version.name.to_string(),
                    version: version.version,
                    state: word(instance.state()).to_string(),
                    active: instance.active(),
                    memory_bytes: instance.memory().get(),
                    since_ms: since(instance.created()),
                })
            })
            .collect()
    }

    /// How many instances a version has, by state.
    pub fn counts(&self, function: FunctionId) -> InstanceCounts {
        let mind = self.mind.lock();
        let Some(known) = mind.site.pool().function(function) else {
            return InstanceCounts::default();
        };
        InstanceCounts {
            starting: known.starting(),
            idle: known.idle(),
            busy: known.busy(),
            paused: known.paused(),
        }
    }

    /// Figures of the pool.
    pub fn pool(&self) -> PoolView {
        let mind = self.mind.lock();
        let pool = mind.site.pool();
        let (limit, used) = (pool.limit(), pool.limit().saturating_sub(pool.free()));
        PoolView { limit, used, waiting: mind.waiters.len() }
    }

    /// Memory that instances at work leave: what rests makes room.
    pub fn memory_left(&self) -> Bytes {
        let mind = self.mind.lock();
        let pool = mind.site.pool();
        let at_work = pool.instances().filter_map(|(_, instance)| {
            let is_at_work = matches!(instance.state(), State::Starting | State::Busy);
            is_at_work.then(|| instance.memory().get())
        });
        pool.limit().saturating_sub(Bytes::new(at_work.sum()))
    }

    /// How long starts of some versions usually take, at most.
    pub fn longest_start(&self, versions: impl Iterator<Item = FunctionId>) -> Span {
        let mind = self.mind.lock();
        let pool = mind.site.pool();
        let there = versions.filter(|&version| pool.function(version).is_some());
        there.map(|version| pool.start_time(version)).max().unwrap_or_default()
    }

    /// What became of clones so far.
    pub fn clones(&self) -> CloneTally {
        self.mind.lock().site.pool().clone_tally()
    }

    /// What the mind makes of the forecast of a version, and when in its time; none of one that is
    /// not there.
    pub fn prospect(&self, function: FunctionId) -> Option<(Instant, Prospect)> {
        let mind = self.mind.lock();
        let now = mind.now();
        Some((now, mind.site.prospect(now, function)?))
    }

    /// What clones saved and cost so far, or would have.
    pub fn receipt(&self) -> Receipt {
        let mind = self.mind.lock();
        mind.site.receipt(mind.now())
    }

    /// Fills in the figures of the pool and the journal.
    pub fn fill(&self, gauges: &mut Gauges) {
        let mind = self.mind.lock();
        let pool = mind.site.pool();
        for (_, instance) in pool.instances() {
            gauges.instances.add(instance.state(), 1);
            gauges.memory_bytes.add(instance.state(), instance.memory().get());
        }
        gauges.memory_limit_bytes = pool.limit().get();
        gauges.waiting_requests = mind.waiters.len() as u64;
        if let Some(journal) = &mind.journal {
            let state = journal.state();
            gauges.journal_events = state.events;
            gauges.journal_bytes = state.bytes;
        }
    }

    /// The journal so far, as a whole one; nothing if none is kept. Waits for the disk.
    pub fn journal(&self) -> Option<std::io::Result<Vec<u8>>> {
        let checkpoint = self.mind.lock().journal.as_mut()?.checkpoint();
        Some(checkpoint.and_then(|checkpoint| checkpoint.read()))
    }

    /// How far the journal is.
    pub fn journal_state(&self) -> JournalState {
        let mind = self.mind.lock();
        let none = JournalState { recording: false, path: None, events: 0, bytes: 0 };
        mind.journal.as_ref().map_or(none, |journal| journal.state())
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Busy => "busy",
        State::Idle => "idle",
        State::PreWarmed => "pre-warmed",
        State::Paused => "paused",
    }
}
