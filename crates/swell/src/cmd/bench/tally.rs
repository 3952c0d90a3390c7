//! What came of the requests that were sent.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cmd::bench::latency::Latency;

/// Statuses from which on an answer is an error.
const ERRORS: u16 = 400;

/// What came of requests.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Latencies of answers that are no errors, by how the request met its instance as the
    /// node tells; under the empty word where it does not.
    pub good: BTreeMap<String, Latency>,
    /// Latencies of answers that are errors.
    pub bad: Latency,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer, by why.
    pub failures: BTreeMap<String, u64>,
    /// Bytes of bodies received.
    pub bytes: u64,
}

impl Tally {
    /// An answer came.
    pub fn answered(&mut self, status: u16, start: &str, bytes: u64, latency: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.bytes += bytes;
        if status >= ERRORS {
            self.bad.record(latency);
            return;
        }
        match self.good.get_mut(start) {
            Some(known) => known.record(latency),
            None => self.good.entry(start.to_string()).or_default().record(latency),
        }
    }

    /// No answer came.
    pub fn failed(&mut self, why: &str) {
        *self.failures.entry(why.to_string()).or_default() += 1;
    }

    /// All of another's too.
    pub fn merge(&mut self, other: &Self) {
        for (start, latency) in &other.good {
            self.good.entry(start.clone()).or_default().merge(latency);
        }
        self.bad.merge(&other.bad);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (why, count) in &other.failures {
            *self.failures.entry(why.clone()).or_default() += count;
        }
        self.bytes += other.bytes;
    }

    /// Latencies of all answers that are no errors.
    pub fn all_good(&self) -> Latency {
        let mut all = Latency::default();
        self.good.values().for_each(|latency| all.merge(latency));
        all
    }

    /// How many answers came.
    pub fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// How many requests got none.
    pub fn without_answer(&self) -> u64 {
        self.failures.values().sum()
    }
}
