//! The order of functions by what their longest idle instance is worth, kept up lazily.
//!
//! A score changes when demand taught something, when another instance became the
//! longest idle one, and when its age enters the next bin. The first two only mark the
//! function; marks and due ages are settled when victims are asked for, which happens far
//! less often than calls do.

use crate::heap::IndexedHeap;
use crate::ids::FunctionId;
use crate::keepalive::order::Key;
use crate::time::Instant;

/// Scores of all functions with idle instances.
#[derive(Debug, Default)]
pub struct Scores {
    order: IndexedHeap<Key>,
    ages: IndexedHeap<Instant>,
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
        let all: Vec<u32> = self.order.names().collect();
        all.into_iter().for_each(|function| self.mark(FunctionId(function)));
    }

    /// Takes out one function whose score must be computed again before the order holds.
    pub fn stale(&mut self, now: Instant) -> Option<FunctionId> {
        if let Some(function) = self.marked.pop() {
            self.is_marked[function.index()] = false;
            return Some(function);
        }
        let (at, function) = self.ages.first()?;
        // What is computed at the end of time is right for good: there is no later time to wait for.
        if at > now || at == Instant::NEVER {
            return None;
        }
        self.ages.remove(function);
        Some(FunctionId(function))
    }

    /// Sets a function's score and when its age enters the next bin.
    pub fn set(&mut self, function: FunctionId, score: f64, next: Instant) {
        self.order.set(function.0, Key::new(score));
        self.ages.set(function.0, next);
    }

    /// The function has no idle instance.
    pub fn clear(&mut self, function: FunctionId) {
        self.order.remove(function.0);
        self.ages.remove(function.0);
    }

    /// The least score.
    pub fn least(&self) -> Option<f64> {
        self.order.first().map(|(key, _)| key.value())
    }

    /// Functions and their scores, the least worth first.
    pub fn least_first(&self) -> impl Iterator<Item = (f64, FunctionId)> + '_ {
        self.order.ascending().map(|(key, function)| (key.value(), FunctionId(function)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_grows_stale_at_the_end_of_time() {
        let (mut scores, never) = (Scores::default(), Instant::NEVER);
        scores.set(FunctionId(0), 1.0, never);
        assert_eq!(scores.stale(never), None);
        scores.set(FunctionId(0), 1.0, Instant::ZERO);
        assert_eq!(scores.stale(never), Some(FunctionId(0)));
    }
}
