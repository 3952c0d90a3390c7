//! What policies wish for. They edit this; the reconciler turns the difference between
//! it and what is into actions, so that no policy can start or stop anything itself.
//!
//! Invariant: each field has one author. `lease` and `ahead` belong to the keep-alive
//! policy, `clones` to what is foreseen, `asked` to nodes nearby.

use std::collections::BTreeMap;

use crate::ids::FunctionId;
use crate::time::Instant;

/// One function's wish to be warm at a later time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// When an instance should begin to start.
    pub from: Instant,
    /// Until when it should be kept if nobody calls.
    pub until: Instant,
}

/// One function's wish for instances because a forecast speaks of calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloneWish {
    /// So many instances, those at work included.
    pub count: u32,
    /// When those that are not there should begin to start.
    pub from: Instant,
    /// Until when they are expected to be needed.
    pub until: Instant,
    /// What the last of them is worth while it rests, in uses per second of holding it.
    pub worth: f64,
    /// What making it is worth, which counts the start as well.
    pub bid: f64,
    /// So many more would be worth it, for which clones have no room here.
    pub beyond: u32,
    /// So many instances are worth it whatever clones have been good for.
    pub sure: u32,
}

impl CloneWish {
    /// Both at once, as long as both hold: instances for either.
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            from: self.from.min(other.from),
            until: self.until.min(other.until),
            worth: self.worth.min(other.worth),
            bid: self.bid.min(other.bid),
            beyond: self.beyond,
            sure: self.sure.saturating_add(other.sure),
        }
    }
}

/// The wishes in force.
#[derive(Debug, Default)]
pub struct Wanted {
    clones: Vec<Option<CloneWish>>,
    asked: BTreeMap<FunctionId, CloneWish>,
    lease: Vec<Instant>,
    ahead: Vec<Option<Ahead>>,
}

impl Wanted {
    /// Until when the tenant of a slot should be kept while idle.
    pub fn lease(&self, slot: u32) -> Instant {
        self.lease.get(slot as usize).copied().unwrap_or(Instant::NEVER)
    }

    /// Sets until when the tenant of a slot should be kept while idle.
    pub fn set_lease(&mut self, slot: u32, until: Instant) {
        let index = slot as usize;
        if index >= self.lease.len() {
            if until == Instant::NEVER {
                return;
            }
            self.lease.resize(index + 1, Instant::NEVER);
        }
        self.lease[index] = until;
    }

    /// The function's wish for clones, if it has one.
    pub fn clones(&self, function: FunctionId) -> Option<CloneWish> {
        self.clones.get(function.index()).copied().flatten()
    }

    /// Sets or clears the function's wish for clones.
    pub fn set_clones(&mut self, function: FunctionId, wish: Option<CloneWish>) {
        let index = function.index();
        if index >= self.clones.len() {
            if wish.is_none() {
                return;
            }
            self.clones.resize(index + 1, None);
        }
        self.clones[index] = wish;
    }

    /// Sets or clears what nodes nearby ask for.
    pub fn set_asked(&mut self, function: FunctionId, wish: Option<CloneWish>) {
        match wish {
            Some(wish) => self.asked.insert(function, wish),
            None => self.asked.remove(&function),
        };
    }

    /// What nodes nearby ask for.
    pub fn asked(&self, function: FunctionId) -> Option<CloneWish> {
        self.asked.get(&function).copied()
    }

    /// The wish for clones that is due, whoever has it.
    pub fn due(&self, now: Instant, function: FunctionId) -> Option<CloneWish> {
        let is_due = |wish: &CloneWish| wish.from <= now && now < wish.until;
        let own = self.clones(function).filter(is_due);
        match (own, self.asked(function).filter(is_due)) {
            (Some(own), Some(asked)) => Some(own.and(asked)),
            (own, asked) => own.or(asked),
        }
    }

    /// The function's wish to be warm later, if it has one.
    pub fn ahead(&self, function: FunctionId) -> Option<Ahead> {
        self.ahead.get(function.index()).copied().flatten()
    }

    /// Sets or clears the function's wish to be warm later.
    pub fn set_ahead(&mut self, function: FunctionId, wish: Option<Ahead>) {
        let index = function.index();
        if index >= self.ahead.len() {
            if wish.is_none() {
                return;
            }
            self.ahead.resize(index + 1, None);
        }
        self.ahead[index] = wish;
    }
}
