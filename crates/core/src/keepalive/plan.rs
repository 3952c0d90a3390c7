//! A plan of eviction: victims gathered until the shortfall is covered, or not at all.
//!
//! Two laws live here, once for all policies. Only the shortfall is freed: the plan is
//! full as soon as its victims cover it. Nothing is evicted in vain: the site carries a
//! plan out only if it is full, but for what is held beyond a lowered limit, where every
//! victim counts.

use crate::ids::FunctionId;
use crate::pool::ledger::Pool;
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// A request that can wait on for the room that is made for its instance.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer {
    /// Its function.
    pub function: FunctionId,
    /// How long it has waited.
    pub waited: Span,
}

/// Victims gathered so far.
#[derive(Debug)]
pub struct Plan {
    shortfall: Bytes,
    newcomer: Option<Newcomer>,
    bid: Option<f64>,
    guarded: Option<Instant>,
    gathered: Bytes,
    victims: Vec<u32>,
    taken: Vec<(FunctionId, u32)>,
}

impl Plan {
    /// An empty plan that is full once it has gathered `shortfall`.
    pub fn new(shortfall: Bytes) -> Self {
        Self {
            shortfall,
            newcomer: None,
            bid: None,
            guarded: None,
            gathered: Bytes::ZERO,
            victims: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Empties the plan for another use, keeping its room.
    pub(crate) fn reset(&mut self, shortfall: Bytes, newcomer: Option<Newcomer>) {
        self.shortfall = shortfall;
        self.newcomer = newcomer;
        self.bid = None;
        self.guarded = None;
        self.clear();
    }

    /// Gives back all victims.
    pub(crate) fn clear(&mut self) {
        self.gathered = Bytes::ZERO;
        self.victims.clear();
        self.taken.clear();
    }

    /// The room is for a clone that is worth so much, in uses per second of holding it: what
    /// is worth more together stays.
    pub(crate) fn set_bid(&mut self, worth: f64) {
        self.bid = Some(worth);
    }

    /// Whoever offers does not know what a forecast promises: instances that are promised to
    /// be needed at `now` are refused, as a function's floor is.
    pub(crate) fn guard_promised(&mut self, now: Instant) {
        self.guarded = Some(now);
    }

    /// What the clone is worth that this is for, if it is for one, in uses per second.
    pub fn bid(&self) -> Option<f64> {
        self.bid
    }

    /// How much memory the victims must free together.
    pub fn shortfall(&self) -> Bytes {
        self.shortfall
    }

    /// For whom this is, if it can wait on; a keeper may then offer nothing yet.
    pub fn newcomer(&self) -> Option<Newcomer> {
        self.newcomer
    }

    /// Takes the instance in `slot` into the plan unless its function forbids it
    /// (pinned, or at its floor of warm instances). Returns whether the plan is full,
    /// that is, whether to stop offering.
    pub fn offer(&mut self, slot: u32, pool: &Pool) -> bool {
        if self.is_full() {
            return true;
        }
        let instance = pool.at(slot);
        debug_assert!(instance.is_idle(), "only idle instances are offered");
        let function = instance.function();
        let known = pool.known(function);
        if known.settings().pinned {
            return false;
        }
        let promised = known.promise();
        let guarded = self.guarded.is_some_and(|now| now < promised.until);
        let promised = if guarded { promised.count } else { 0 };
        let floor = known.settings().min_warm.max(promised);
        if floor > 0 {
            let before = self.taken.iter().find(|entry| entry.0 == function);
            let taken = before.map_or(0, |entry| entry.1);
            if known.live().saturating_sub(taken) <= floor {
                return false;
            }
            match self.taken.iter_mut().find(|entry| entry.0 == function) {
                Some(entry) => entry.1 += 1,
                None => self.taken.push((function, 1)),
            }
        }
        self.victims.push(slot);
        self.gathered += instance.memory();
        self.is_full()
    }

    /// Whether the victims cover the shortfall.
    pub fn is_full(&self) -> bool {
        self.gathered >= self.shortfall
    }

    /// The victims, in the order they were offered.
    pub fn victims(&self) -> &[u32] {
        &self.victims
    }
}
