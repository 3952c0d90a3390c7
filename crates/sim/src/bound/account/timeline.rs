//! The timeline on which every call is warm.
//!
//! Each call runs `run` from its arrival, on an instance of its own; an instance is
//! never unloaded, and the next call of its function takes the one released last. The
//! idle times between are the *gaps* a real policy has to pay for.
//!
//! Why last in, first out: whatever a policy reuses, its reuses can be told as disjoint
//! pairs (release, later call) of a function. Pairs that cross can be exchanged so that
//! they nest, without changing which memory is held when. A nested pair (r, c) contains
//! the gap of c, if that gap begins at r or later, or else the gap of r, which then ends
//! before c; and no two nested pairs contain the same gap this way. So at every moment a
//! policy holds at least the idle memory of as many gaps as it has warm calls. Slower
//! (cold) calls release later and hold their memory meanwhile: the sentence stays true.
//!
//! Memory grows with the functions and the instances alive, not with the calls.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

/// How a call finds its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An instance idled this long before the call.
    Reused(Span),
    /// All instances of the function are busy, or there is none yet: a start no demand
    /// policy can avoid.
    Fresh,
}

/// A stretch of time in which nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its length in nanoseconds.
    pub nanos: u64,
    /// Memory of the running instances, in bytes.
    pub running: u64,
    /// Memory of all instances, in bytes.
    pub pool: u64,
}

/// The state of the timeline between two calls.
///
/// Amounts saturate, so absurd inputs lead to absurd figures and not to a panic.
#[derive(Debug)]
pub struct AllWarm {
    functions: Vec<Instances>,
    /// Ends of the running calls, the first end on top.
    ends: BinaryHeap<Reverse<(u64, u32)>>,
    now: u64,
    running: u64,
    pool: u64,
    peak_running: u64,
}

/// The idle instances of one function.
#[derive(Debug, Clone)]
struct Instances {
    memory: u64,
    /// When each was released, the last on top.
    released: Vec<u64>,
}

impl AllWarm {
    /// Before the first call of functions whose instances take `memories`.
    pub fn new(memories: impl Iterator<Item = Bytes>) -> Self {
        Self {
            functions: memories
                .map(|memory| Instances { memory: memory.get(), released: Vec::new() })
                .collect(),
            ends: BinaryHeap::new(),
            now: 0,
            running: 0,
            pool: 0,
            peak_running: 0,
        }
    }

    /// Time goes on to the first end of a call not after `until`, if there is one; the
    /// stretch is what lay before that end.
    pub fn release(&mut self, until: Instant) -> Option<Stretch> {
        let &Reverse((end, function)) = self.ends.peek()?;
        if end > until.nanos() {
            return None;
        }
        self.ends.pop();
        let stretch = self.advance(Instant::from_nanos(end));
        let instances = &mut self.functions[function as usize];
        instances.released.push(end);
        self.running = self.running.saturating_sub(instances.memory);
        Some(stretch)
    }

    /// Time goes on to `at`, with no end of a call in between.
    pub fn advance(&mut self, at: Instant) -> Stretch {
        let nanos = at.nanos().saturating_sub(self.now);
        self.now = self.now.max(at.nanos());
        Stretch { nanos, running: self.running, pool: self.pool }
    }

    /// A call of `function` arrives now and runs `run`.
    pub fn start(&mut self, function: FunctionId, run: Span) -> Start {
        let instances = &mut self.functions[function.index()];
        let start = match instances.released.pop() {
            Some(released) => Start::Reused(Span::from_nanos(self.now - released)),
            None => {
                self.pool = self.pool.saturating_add(instances.memory);
                Start::Fresh
            }
        };
        self.running = self.running.saturating_add(instances.memory);
        self.peak_running = self.peak_running.max(self.running);
        self.ends.push(Reverse((self.now.saturating_add(run.nanos()), function.0)));
        start
    }

    /// Most memory of calls running at one moment.
    pub fn peak_running(&self) -> Bytes {
        Bytes::new(self.peak_running)
    }

    /// Memory of all instances; as none is unloaded, also its peak so far.
    pub fn pool(&self) -> Bytes {
        Bytes::new(self.pool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds calls (at, function, run) in milliseconds to functions of 1 and 10 bytes.
    fn check(calls: &[(u64, u32, u64)], starts: &[Start], peak_running: u64, pool: u64) {
        let mut timeline = AllWarm::new([1, 10].into_iter().map(Bytes::new));
        let mut seen = Vec::new();
        for &(at, function, run) in calls {
            let at = Instant::from_millis(at);
            while timeline.release(at).is_some() {}
            timeline.advance(at);
            seen.push(timeline.start(FunctionId(function), Span::from_millis(run)));
        }
        assert_eq!(seen, starts);
        assert_eq!(timeline.peak_running(), Bytes::new(peak_running));
        assert_eq!(timeline.pool(), Bytes::new(pool));
    }

    fn gap(millis: u64) -> Start {
        Start::Reused(Span::from_millis(millis))
    }

    #[test]
    fn the_last_released_is_taken_first() {
        check(
            &[(0, 0, 5), (1, 0, 5), (10, 0, 1), (10, 0, 1), (10, 0, 1)],
            &[Start::Fresh, Start::Fresh, gap(4), gap(5), Start::Fresh],
            3,
            3,
        );
    }

    #[test]
    fn an_end_comes_before_a_call_of_the_same_moment() {
        check(
            &[(0, 0, 5), (5, 0, 0), (5, 0, 0), (5, 1, 1)],
            &[Start::Fresh, gap(0), gap(0), Start::Fresh],
            10,
            11,
        );
    }

    #[test]
    fn functions_do_not_share_instances() {
        check(&[(0, 0, 1), (2, 1, 1), (4, 0, 1)], &[Start::Fresh, Start::Fresh, gap(3)], 10, 11);
    }
}
