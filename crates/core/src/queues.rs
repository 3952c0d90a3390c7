//! Requests that wait, per function and in order, and the functions that wait for memory.
//!
//! A queue's bound is part of each push, and a full queue is an answer, not an accident.

use std::collections::VecDeque;

use crate::ids::{FunctionId, RequestId};
use crate::time::{Instant, Span};

/// A request that waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// The request.
    pub request: RequestId,
    /// Since when.
    pub since: Instant,
}

/// All queues of a site.
#[derive(Debug, Default)]
pub struct Queues {
    queues: Vec<VecDeque<Waiting>>,
    hungry: VecDeque<FunctionId>,
    is_hungry: Vec<bool>,
    total: usize,
}

impl Queues {
    /// How many requests of the function wait.
    pub fn len(&self, function: FunctionId) -> u32 {
        self.queues.get(function.index()).map_or(0, |queue| queue.len() as u32)
    }

    /// Whether no request waits at all.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The request that has waited longest for the function.
    pub fn head(&self, function: FunctionId) -> Option<Waiting> {
        self.queues.get(function.index())?.front().copied()
    }

    /// Whether there is a request at the place of the function's queue that has waited for
    /// `span` or longer.
    pub(crate) fn is_late(
        &self,
        function: FunctionId,
        place: u32,
        now: Instant,
        span: Span,
    ) -> bool {
        let queue = self.queues.get(function.index());
        let waiting = queue.and_then(|queue| queue.get(place as usize));
        waiting.is_some_and(|waiting| waiting.since + span <= now)
    }

    /// Takes the requests from the given place of the function's queue on that have waited
    /// for `span` or longer.
    pub(crate) fn take_late(
        &mut self,
        function: FunctionId,
        from: u32,
        now: Instant,
        span: Span,
    ) -> Vec<Waiting> {
        let Some(queue) = self.queues.get_mut(function.index()) else { return Vec::new() };
        let from = (from as usize).min(queue.len());
        let late = queue.range(from..).take_while(|waiting| waiting.since + span <= now).count();
        self.total -= late;
        queue.drain(from..from + late).collect()
    }

    /// Adds a request at the end unless `bound` requests wait already.
    pub(crate) fn push(&mut self, function: FunctionId, waiting: Waiting, bound: u32) -> bool {
        let index = function.index();
        if index >= self.queues.len() {
            self.queues.resize_with(index + 1, VecDeque::new);
        }
        let queue = &mut self.queues[index];
        if queue.len() >= bound as usize {
            return false;
        }
        queue.push_back(waiting);
        self.total += 1;
        true
    }

    /// Takes the request that has waited longest.
    pub(crate) fn pop(&mut self, function: FunctionId) -> Option<Waiting> {
        let popped = self.queues.get_mut(function.index())?.pop_front()?;
        self.total -= 1;
        Some(popped)
    }

    /// Takes a given request out; tells whether it waited.
    pub(crate) fn remove(&mut self, function: FunctionId, request: RequestId) -> bool {
        let Some(queue) = self.queues.get_mut(function.index()) else {
            return false;
        };
        let Some(place) = queue.iter().position(|waiting| waiting.request == request) else {
            return false;
        };
        queue.remove(place);
        self.total -= 1;
        true
    }

    /// Notes that the function needs memory it could not get.
    pub(crate) fn set_hungry(&mut self, function: FunctionId) {
        let index = function.index();
        if index >= self.is_hungry.len() {
            self.is_hungry.resize(index + 1, false);
        }
        if !std::mem::replace(&mut self.is_hungry[index], true) {
            self.hungry.push_back(function);
        }
    }

    /// How many functions wait for memory.
    pub(crate) fn hungry(&self) -> usize {
        self.hungry.len()
    }

    /// Takes the function that has waited longest for memory.
    pub(crate) fn pop_hungry(&mut self) -> Option<FunctionId> {
        let function = self.hungry.pop_front()?;
        self.is_hungry[function.index()] = false;
        Some(function)
    }
}
