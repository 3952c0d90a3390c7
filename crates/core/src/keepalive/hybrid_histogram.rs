//! Hybrid histogram: unload at once, come back shortly before the next call is due
//! (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020, section 4.2).
//!
//! Per function, idle times (from the end of the last call to the next call) are counted
//! in bins of one minute. If the histogram is representative (the coefficient of
//! variation of its bin counts is at least 2), the 5th percentile less 10 % is the time
//! to stay unloaded and the 99th plus 10 % the time to stay warm until; if most idle
//! times fall outside the histogram, the mean idle time plus and minus 15 % takes the
//! place of the paper's ARIMA forecast; otherwise the function stays warm for the whole
//! range of the histogram. Short of memory, the longest idle goes first.

use serde::{Deserialize, Serialize};

use crate::history::{self, History};
use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::order::Recency;
use crate::keepalive::plan::Plan;
use crate::past::Past;
use crate::pool::instance::State;
use crate::pool::ledger::Pool;
use crate::time::{Instant, Span};
use crate::wanted::{Ahead, Wanted};

/// The policy `hybrid-histogram`.
#[derive(Debug)]
pub struct HybridHistogram {
    bins: usize,
    idle: Recency,
    functions: Vec<IdleTimes>,
}

#[derive(Debug, Clone, Default)]
struct IdleTimes {
    counts: Vec<u32>,
    inside: u32,
    outside: u32,
    squares: u64,
    outside_mean: f64,
    last_end: Option<Past>,
}

/// The time to stay unloaded, and the time to stay warm after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Windows {
    away: Span,
    warm: Span,
}

const MINUTE: Span = Span::from_mins(1);
/// Bins hold evidence from so many idle times on.
const ENOUGH: u32 = 2;
const VARIATION: f64 = 2.0;

impl IdleTimes {
    fn observe(&mut self, idle: Span, bins: usize) {
        let bin = (idle.nanos() / MINUTE.nanos()) as usize;
        if bin >= bins {
            self.outside += 1;
            self.outside_mean += (idle.secs_f64() - self.outside_mean) / f64::from(self.outside);
            return;
        }
        if self.counts.len() <= bin {
            self.counts.resize(bin + 1, 0);
        }
        self.squares += 2 * u64::from(self.counts[bin]) + 1;
        self.counts[bin] += 1;
        self.inside += 1;
    }

    /// Standard deviation over mean of the bin counts, from their sum and sum of squares.
    fn variation(&self, bins: usize) -> f64 {
        let mean = f64::from(self.inside) / bins as f64;
        let variance = self.squares as f64 / bins as f64 - mean * mean;
        variance.max(0.0).sqrt() / mean
    }

    /// The bin that holds the idle time of the given rank, from 1.
    fn bin_of_rank(&self, rank: u32) -> usize {
        let mut seen = 0;
        for (bin, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return bin;
            }
        }
        self.counts.len().saturating_sub(1)
    }

    fn windows(&self, bins: usize) -> Windows {
        let range = MINUTE * bins as u64;
        let total = self.inside + self.outside;
        if total < ENOUGH {
            return Windows { away: Span::ZERO, warm: range };
        }
        if self.outside * 2 > total {
            let mean = self.outside_mean;
            let away = Span::from_secs_f64(mean * 0.85);
            return Windows { away, warm: Span::from_secs_f64(mean * 0.3) };
        }
        if self.inside < ENOUGH || self.variation(bins) < VARIATION {
            return Windows { away: Span::ZERO, warm: range };
        }
        let rank = |share: f64| ((f64::from(self.inside) * share).ceil() as u32).max(1);
        // The head is rounded down to its bin's start, the tail up to its bin's end.
        let head = self.bin_of_rank(rank(0.05)) as f64 * 60.0 * 0.9;
        let tail = (self.bin_of_rank(rank(0.99)) + 1) as f64 * 60.0 * 1.1;
        Windows { away: Span::from_secs_f64(head), warm: Span::from_secs_f64(tail - head) }
    }
}

/// What is remembered of a function: counts per bin, counts beyond, their mean, and how
/// long ago its last call ended.
#[derive(Debug, Serialize, Deserialize)]
struct Learned(Vec<u32>, u32, f64, Option<Span>);

const NAME: &str = "hybrid-histogram";
const VERSION: u16 = 1;
/// More idle times than are ever counted, out of a file that says otherwise.
const COUNT_MAX: u32 = 1 << 28;

impl IdleTimes {
    /// A call under way ends with the run.
    fn learned(&self, now: Instant, busy: bool) -> Learned {
        let age = self.last_end.map(|end| end.age(now));
        let age = age.or_else(|| busy.then_some(Span::ZERO));
        Learned(self.counts.clone(), self.outside, self.outside_mean, age)
    }
}

impl Learned {
    /// The idle times as they were, unless they cannot have come about by counting.
    fn restore(self, now: Instant, away: Span, bins: usize) -> Option<IdleTimes> {
        let Learned(counts, outside, outside_mean, age) = self;
        let inside = counts.iter().try_fold(0u32, |sum, &count| sum.checked_add(count))?;
        let sound = counts.len() <= bins && outside_mean.is_finite() && outside_mean >= 0.0;
        if !sound || inside > COUNT_MAX || outside > COUNT_MAX {
            return None;
        }
        let squares = counts.iter().map(|&count| u64::from(count) * u64::from(count)).sum();
        let last_end = age.map(|age| Past::before(now, age + away));
        Some(IdleTimes { counts, inside, outside, squares, outside_mean, last_end })
    }
}

impl HybridHistogram {
    /// A policy whose histograms reach over `range`, in bins of one minute.
    pub fn new(range: Span) -> Self {
        let bins = (range.nanos() / MINUTE.nanos()).max(1) as usize;
        Self { bins, idle: Recency::default(), functions: Vec::new() }
    }

    fn idle_times(&mut self, function: FunctionId) -> &mut IdleTimes {
        let index = function.index();
        if self.functions.len() <= index {
            self.functions.resize(index + 1, IdleTimes::default());
        }
        &mut self.functions[index]
    }
}

impl KeepAlive for HybridHistogram {
    fn on_arrival(&mut self, now: Instant, function: FunctionId, pool: &Pool, wanted: &mut Wanted) {
        wanted.set_ahead(function, None);
        let bins = self.bins;
        let alone = pool.known(function).demand() == 1;
        let idle_times = self.idle_times(function);
        if let Some(end) = idle_times.last_end.take().filter(|_| alone) {
            idle_times.observe(end.age(now), bins);
        }
    }

    fn on_finish(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        if pool.known(function).demand() == 0 {
            self.idle_times(function).last_end = Some(Past::at(now));
        }
    }

    fn on_idle(&mut self, now: Instant, slot: u32, pool: &Pool, wanted: &mut Wanted) {
        self.idle.push(slot);
        let instance = pool.at(slot);
        let function = instance.function();
        if instance.state() == State::PreWarmed {
            let until = wanted.ahead(function).map_or(now, |ahead| ahead.until);
            wanted.set_ahead(function, None);
            wanted.set_lease(slot, until);
            return;
        }
        let bins = self.bins;
        let windows = self.idle_times(function).windows(bins);
        if windows.away == Span::ZERO {
            wanted.set_lease(slot, now + windows.warm);
        } else {
            wanted.set_lease(slot, now);
            let from = now + windows.away;
            wanted.set_ahead(function, Some(Ahead { from, until: from + windows.warm }));
        }
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, _: Left, _: &Pool) {
        self.idle.remove(slot);
    }

    fn remembered(&self, now: Instant, pool: &Pool) -> Vec<u8> {
        let learned = self.functions.iter().enumerate().map(|(number, idle_times)| {
            let function = pool.function(FunctionId(number as u32));
            idle_times.learned(now, function.is_some_and(|known| known.demand() > 0))
        });
        history::seal(NAME, VERSION, &history::fitting(learned))
    }

    fn recall(&mut self, now: Instant, history: &History, bytes: &[u8], pool: &Pool) -> bool {
        let Some(learned) = history::open::<Vec<Learned>>(NAME, VERSION, bytes) else {
            return false;
        };
        let bins = self.bins;
        let restored = learned.into_iter().map(|learned| learned.restore(now, history.away, bins));
        let Some(restored) = restored.collect::<Option<Vec<IdleTimes>>>() else {
            return false;
        };
        for (number, mut idle_times) in restored.into_iter().enumerate() {
            let Some(function) = history.function(number) else { continue };
            if pool.known(function).demand() > 0 {
                idle_times.last_end = None;
            }
            *self.idle_times(function) = idle_times;
        }
        true
    }

    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for slot in self.idle.oldest_first() {
            if plan.offer(slot, pool) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(idle_minutes: &[f64]) -> (f64, f64) {
        let mut idle_times = IdleTimes::default();
        for &minutes in idle_minutes {
            idle_times.observe(Span::from_secs_f64(minutes * 60.0), 240);
        }
        let windows = idle_times.windows(240);
        (windows.away.secs_f64() / 60.0, windows.warm.secs_f64() / 60.0)
    }

    #[test]
    fn windows_follow_the_histogram() {
        let near =
            |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
        for (idle, expected) in [
            // Nothing known: the whole range.
            (vec![], (0.0, 240.0)),
            (vec![30.0], (0.0, 240.0)),
            // Always after 30 minutes: away 27, warm until 34.1.
            (vec![30.5; 20], (27.0, 7.1)),
            // Within the first minute: never away.
            (vec![0.2; 20], (0.0, 1.1)),
            // All over the place: not representative, the whole range.
            ((0..240).map(f64::from).collect(), (0.0, 240.0)),
            // Beyond the range: around the mean.
            (vec![300.0; 5], (255.0, 90.0)),
        ] {
            let found = windows(&idle);
            assert!(near(found, expected), "{idle:?}: {found:?}, expected {expected:?}");
        }
    }
}
