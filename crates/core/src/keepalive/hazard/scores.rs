//! The order of functions by what their longest idle instance is worth, kept up lazily.
//!
//! A score changes when demand taught something, when another instance became the
//! longest idle one, and when its age enters the next bin. The first two only mark the
//! function; marks and due ages are settled when victims are asked for, which happens far
//! less often than calls do.

use crate::ids::FunctionId;
use crate::keepalive::order::{Key, Ranking};
use crate::time::Instant;

/// Scores of all functions with idle instances.
#[derive(Debug, Default)]
pub struct Scores {
    order: Ranking,
    ages: Ages,
    marked: Vec<FunctionId>,
    is_marked: Vec<bool>,
}

impl Scores {
    /// Notes that the function's score may have changed.
    pub fn mark(&mut self, function: FunctionId) {
        let index = function.index();
        if index >= self.is_marked.len() {
            self.is_marked.resize(index + 1, false);
        }
        if !std::mem::replace(&mut self.is_marked[index], true) {
            self.marked.push(function);
        }
    }

    /// Marks every function that has a score.
    pub fn mark_all(&mut self) {
        let all: Vec<u32> = self.order.lowest_first().collect();
        all.into_iter().for_each(|function| self.mark(FunctionId(function)));
    }

    /// Takes out one function whose score must be computed again before the order holds.
    pub fn stale(&mut self, now: Instant) -> Option<FunctionId> {
        if let Some(function) = self.marked.pop() {
            self.is_marked[function.index()] = false;
            return Some(function);
        }
        self.ages.due(now)
    }

    /// Sets a function's score and when its age enters the next bin.
    pub fn set(&mut self, function: FunctionId, score: f64, next: Instant) {
        self.order.set(function.0, Key::new(score));
        self.ages.set(function, next);
    }

    /// The function has no idle instance.
    pub fn clear(&mut self, function: FunctionId) {
        self.order.remove(function.0);
        self.ages.set(function, Instant::NEVER);
    }

    /// Functions and their scores, the least worth first.
    pub fn least_first(&self) -> impl Iterator<Item = (f64, FunctionId)> + '_ {
        self.order.entries().map(|(key, function)| (key.value(), FunctionId(function)))
    }
}

/// When each function's age enters its next bin.
#[derive(Debug, Default)]
struct Ages {
    order: std::collections::BTreeSet<(Instant, FunctionId)>,
    next: Vec<Instant>,
}

impl Ages {
    fn set(&mut self, function: FunctionId, next: Instant) {
        let index = function.index();
        if index >= self.next.len() {
            self.next.resize(index + 1, Instant::NEVER);
        }
        let former = std::mem::replace(&mut self.next[index], next);
        if former == next {
            return;
        }
        if former != Instant::NEVER {
            self.order.remove(&(former, function));
        }
        if next != Instant::NEVER {
            self.order.insert((next, function));
        }
    }

    fn due(&mut self, now: Instant) -> Option<FunctionId> {
        let &(at, function) = self.order.first()?;
        if at > now {
            return None;
        }
        self.set(function, Instant::NEVER);
        Some(function)
    }
}
