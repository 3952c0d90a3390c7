//! The pool: every instance, in which state, on whose memory.
//!
//! The pool only moves instances between states and keeps the account; who moves, and
//! why, is decided above it.
//!
//! Invariant: what [`Account::used`] says is the sum of the memory of all live instances.
//! Invariant: a live instance is in exactly one stack of its function.
//! Deliberately absent: any way to start an instance that does not fit.

use crate::ids::{FunctionId, InstanceId, RequestId};
use crate::pool::account::Account;
use crate::pool::clones::Clones;
use crate::pool::estimate::Estimate;
use crate::pool::function::Function;
use crate::pool::instance::{Instance, NONE, State};
use crate::settings::FunctionSettings;
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// All functions and instances of a site.
#[derive(Debug)]
pub struct Pool {
    limit: Bytes,
    account: Account,
    pub(super) instances: Vec<Instance>,
    vacant: Vec<u32>,
    pub(super) functions: Vec<Option<Function>>,
    pub(crate) clones: Clones,
    pub(crate) start: Estimate,
    pub(crate) run: Estimate,
}

impl Pool {
    /// An empty pool that may hold `limit`.
    pub fn new(limit: Bytes) -> Self {
        Self {
            limit,
            account: Account::default(),
            instances: Vec::new(),
            vacant: Vec::new(),
            functions: Vec::new(),
            clones: Clones::default(),
            start: Estimate::default(),
            run: Estimate::default(),
        }
    }

    /// Memory that instances may hold together.
    pub fn limit(&self) -> Bytes {
        self.limit
    }

    /// Where the memory is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Memory that is not held by any instance.
    pub fn free(&self) -> Bytes {
        self.limit.saturating_sub(self.account.used())
    }

    /// The function of that id, if it was ever deployed.
    pub fn function(&self, function: FunctionId) -> Option<&Function> {
        self.functions.get(function.index())?.as_ref()
    }

    /// The function of that id. Asserts that it is known: ids inside the mind are.
    pub fn known(&self, function: FunctionId) -> &Function {
        self.functions[function.index()].as_ref().expect("a function inside the mind is known")
    }

    pub(crate) fn known_mut(&mut self, function: FunctionId) -> &mut Function {
        self.functions[function.index()].as_mut().expect("a function inside the mind is known")
    }

    /// Ids of all functions ever deployed, in order.
    pub fn functions(&self) -> impl Iterator<Item = FunctionId> + '_ {
        let known = self.functions.iter().enumerate().filter(|(_, entry)| entry.is_some());
        known.map(|(index, _)| FunctionId(index as u32))
    }

    /// The live instance of that id; `None` for a stale id.
    pub fn get(&self, instance: InstanceId) -> Option<&Instance> {
        let found = self.instances.get(instance.index())?;
        (found.alive && found.generation == instance.generation).then_some(found)
    }

    /// The tenant of a slot. Asserts that there is one.
    pub fn at(&self, slot: u32) -> &Instance {
        let instance = &self.instances[slot as usize];
        assert!(instance.alive, "a slot in a list has a tenant");
        instance
    }

    /// The full id of the tenant of a slot.
    pub fn id(&self, slot: u32) -> InstanceId {
        InstanceId { slot, generation: self.instances[slot as usize].generation }
    }

    /// How many slots were ever used: the size for tables indexed by slot.
    pub fn slots(&self) -> usize {
        self.instances.len()
    }

    /// All live instances, by slot.
    pub fn instances(&self) -> impl Iterator<Item = (u32, &Instance)> + '_ {
        let slots = self.instances.iter().enumerate().filter(|(_, instance)| instance.alive);
        slots.map(|(slot, instance)| (slot as u32, instance))
    }

    /// Idle instances of a function, longest idle first, then paused ones likewise.
    pub fn idle_oldest_first(&self, function: FunctionId) -> impl Iterator<Item = u32> + '_ {
        let known = self.known(function);
        self.walk(known.paused.bottom).chain(self.walk(known.idle.bottom))
    }

    /// The instance to give a request to: one that is busy but has room, else the one
    /// idle for the shortest time, so that surplus clones grow old and can go.
    pub fn ready(&self, function: FunctionId) -> Option<u32> {
        let known = self.known(function);
        let best = if known.open.top != NONE { known.open.top } else { known.idle.top };
        (best != NONE).then_some(best)
    }

    /// The paused instance to thaw for a request.
    pub fn frozen(&self, function: FunctionId) -> Option<u32> {
        let top = self.known(function).paused.top;
        (top != NONE).then_some(top)
    }

    /// Instances of a function that serve requests, in each group the one busy for
    /// longest first; those with room follow those without.
    pub fn busy(&self, function: FunctionId) -> impl Iterator<Item = u32> + '_ {
        let known = self.known(function);
        self.walk(known.full.bottom).chain(self.walk(known.open.bottom))
    }

    /// Instances of a function that are being made, the first begun first.
    pub fn starting(&self, function: FunctionId) -> impl Iterator<Item = u32> + '_ {
        self.walk(self.known(function).starting.bottom)
    }

    /// How long a start of the function takes: as measured, else as for all functions,
    /// else as hinted.
    pub fn start_time(&self, function: FunctionId) -> Span {
        let own = self.known(function).start;
        if own.is_measured() || !self.start.is_measured() { own.mean() } else { self.start.mean() }
    }

    /// How long a call of the function runs: as measured, else as for all functions.
    pub fn run_time(&self, function: FunctionId) -> Span {
        let own = self.known(function).run;
        if own.is_measured() { own.mean() } else { self.run.mean() }
    }

    /// Whether a call of this or any other function was measured.
    pub fn is_run_known(&self, function: FunctionId) -> bool {
        self.known(function).run.is_measured() || self.run.is_measured()
    }

    /// The instance idle for the longest time.
    pub fn oldest_idle(&self, function: FunctionId) -> Option<u32> {
        self.idle_oldest_first(function).next()
    }

    pub(crate) fn set_limit(&mut self, limit: Bytes) {
        self.limit = limit;
    }

    pub(crate) fn deploy(&mut self, function: FunctionId, settings: FunctionSettings) {
        if self.functions.len() <= function.index() {
            self.functions.resize(function.index() + 1, None);
        }
        match &mut self.functions[function.index()] {
            Some(known) => {
                known.settings = settings;
                known.deployed = true;
            }
            vacant => *vacant = Some(Function::new(settings)),
        }
    }

    /// Makes an instance in the state `Starting`. Asserts that it fits.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        function: FunctionId,
        bound: Option<RequestId>,
    ) -> InstanceId {
        let memory = self.known(function).settings.memory;
        assert!(memory <= self.free(), "an instance is started only where it fits");
        self.account.add(now, State::Starting, memory);
        self.known_mut(function).starting_count += 1;
        let slot = self.vacant.pop().unwrap_or(self.instances.len() as u32);
        let mut instance = Instance {
            function,
            generation: 0,
            alive: true,
            state: State::Starting,
            memory,
            since: now,
            created: now,
            ready: now,
            active: 0,
            uses: 0,
            bound,
            kept: false,
            is_clone: false,
            below: NONE,
            above: NONE,
        };
        match self.instances.get_mut(slot as usize) {
            Some(former) => {
                instance.generation = former.generation.wrapping_add(1);
                *former = instance;
            }
            None => self.instances.push(instance),
        }
        self.push(slot, |known| &mut known.starting);
        self.id(slot)
    }

    /// Gives the instance one more request.
    pub(crate) fn assign(&mut self, now: Instant, slot: u32) {
        self.unlink(slot);
        self.end_clone(now, slot, true);
        let instance = &mut self.instances[slot as usize];
        instance.active += 1;
        instance.uses += 1;
        let (function, active) = (instance.function, instance.active);
        if active == 1 {
            self.shift(now, slot, State::Busy);
        }
        let known = self.known_mut(function);
        known.uses += 1;
        if active < known.settings.concurrency {
            self.push(slot, |known| &mut known.open);
        } else {
            self.push(slot, |known| &mut known.full);
        }
    }

    /// Takes one request off the instance; tells whether it has none left.
    pub(crate) fn finish(&mut self, now: Instant, slot: u32) -> bool {
        self.unlink(slot);
        let instance = &mut self.instances[slot as usize];
        instance.active = instance.active.checked_sub(1).expect("only a request in work finishes");
        let left = instance.active;
        if left > 0 {
            self.push(slot, |known| &mut known.open);
        } else {
            self.shift(now, slot, State::Idle);
            self.push(slot, |known| &mut known.idle);
        }
        left == 0
    }

    /// Lets a started or thawed instance wait for work.
    pub(crate) fn rest(&mut self, now: Instant, slot: u32, state: State) {
        self.unlink(slot);
        self.shift(now, slot, state);
        self.push(slot, |known| &mut known.idle);
    }

    /// Notes that a start or a thaw has ended.
    pub(crate) fn set_ready(&mut self, now: Instant, slot: u32) {
        self.instances[slot as usize].ready = now;
    }

    /// Freezes an idle instance; it keeps `memory`.
    pub(crate) fn pause(&mut self, now: Instant, slot: u32, memory: Bytes) {
        self.unlink(slot);
        self.reweigh(now, slot, memory);
        self.shift(now, slot, State::Paused);
        self.push(slot, |known| &mut known.paused);
    }

    /// Begins to thaw a paused instance. Asserts that its full memory fits.
    pub(crate) fn thaw(&mut self, now: Instant, slot: u32, bound: Option<RequestId>) {
        self.unlink(slot);
        self.end_clone(now, slot, true);
        let full = self.known(self.at(slot).function).settings.memory;
        let more = full.saturating_sub(self.at(slot).memory);
        assert!(more <= self.free(), "an instance is thawed only where it fits");
        self.reweigh(now, slot, full);
        self.shift(now, slot, State::Starting);
        self.push(slot, |known| &mut known.starting);
        self.instances[slot as usize].bound = bound;
    }

    /// Ends an instance in whatever state and frees its memory.
    pub(crate) fn remove(&mut self, now: Instant, slot: u32) {
        self.unlink(slot);
        self.end_clone(now, slot, false);
        let instance = &mut self.instances[slot as usize];
        assert!(instance.alive, "an instance ends once");
        instance.alive = false;
        let (function, state, memory) = (instance.function, instance.state, instance.memory);
        let uses = instance.uses;
        self.account.remove(now, state, memory);
        let known = self.known_mut(function);
        known.uses -= uses;
        *Self::count(known, state) -= 1;
        self.vacant.push(slot);
    }

    /// Sets whether the keeper knows the instance as idle; tells whether it did before.
    pub(crate) fn set_kept(&mut self, slot: u32, kept: bool) -> bool {
        std::mem::replace(&mut self.instances[slot as usize].kept, kept)
    }

    pub(crate) fn take_bound(&mut self, slot: u32) -> Option<RequestId> {
        self.instances[slot as usize].bound.take()
    }

    pub(crate) fn note_start(&mut self, function: FunctionId, took: Span) {
        self.start.observe(took);
        self.known_mut(function).start.observe(took);
    }

    pub(crate) fn note_run(&mut self, function: FunctionId, run: Span) {
        self.run.observe(run);
        self.known_mut(function).run.observe(run);
    }

    fn reweigh(&mut self, now: Instant, slot: u32, memory: Bytes) {
        let instance = &mut self.instances[slot as usize];
        if instance.is_clone {
            self.clones.reweigh(instance.memory, memory);
        }
        self.account.remove(now, instance.state, instance.memory);
        instance.memory = memory;
        self.account.add(now, instance.state, memory);
    }

    fn shift(&mut self, now: Instant, slot: u32, state: State) {
        let instance = &mut self.instances[slot as usize];
        let (function, former, memory) = (instance.function, instance.state, instance.memory);
        instance.state = state;
        instance.since = now;
        if former == state {
            return;
        }
        let is_clone = instance.is_clone;
        self.account.remove(now, former, memory);
        self.account.add(now, state, memory);
        let known = self.known_mut(function);
        if is_clone {
            known.clones_starting -= u32::from(former == State::Starting);
            known.clones_starting += u32::from(state == State::Starting);
        }
        *Self::count(known, former) -= 1;
        *Self::count(known, state) += 1;
    }

    fn count(known: &mut Function, state: State) -> &mut u32 {
        match state {
            State::Starting => &mut known.starting_count,
            State::Busy => &mut known.busy_count,
            State::Idle | State::PreWarmed => &mut known.idle_count,
            State::Paused => &mut known.paused_count,
        }
    }
}
