//! Counting what happened to the calls of one run.
//!
//! Sums are integers, so that a run gives the same figures on every machine.

use swell_core::action::StartKind;
use swell_core::ids::FunctionId;
use swell_core::time::Span;

/// A wait that a caller notices.
pub const SLOW: Span = Span::from_secs(2);

/// Why no instance was ready for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is the first call of its function.
    First,
    /// Its function has instances, and all are at work or on their way.
    Beyond,
    /// Its function has none, though the forecast gave the step a chance that is worth a clone.
    Foreseen,
    /// Its function has none, and the forecast did not tell of the call.
    Unforeseen,
}

/// How many reasons there are.
pub const WHYS: usize = 4;

/// Counts of one run.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// All calls.
    pub calls: u64,
    /// Calls that met a warm instance at once.
    pub warm: u64,
    /// Calls that waited for a busy instance, and for no start.
    pub delayed: u64,
    /// Calls that waited for a paused instance to thaw.
    pub resumed: u64,
    /// Calls that waited for a new instance.
    pub cold: u64,
    /// Calls that were turned away.
    pub dropped: u64,
    /// Served calls that waited longer than [`SLOW`], for whatever.
    pub slow: u64,
    /// Time spent waiting for anything but a start, in nanoseconds, over served calls.
    pub queued_ns: u128,
    /// Time spent waiting at all, in nanoseconds, over served calls.
    pub added_ns: u128,
    /// Time spent working, in nanoseconds, over served calls.
    pub run_ns: u128,
    /// Instances ended for another's sake.
    pub evictions: u64,
    /// Instances ended because their lease ran out.
    pub expirations: u64,
    /// Instances started, for whatever cause.
    pub starts: u64,
    /// Instances started before a request asked for them.
    pub starts_ahead: u64,
    /// Instances paused.
    pub pauses: u64,
    /// Why calls waited for a new instance.
    pub why: [u64; WHYS],
    /// What befell them where failures, schedules or events are played.
    pub played: PlayedTally,
    /// How long served calls waited.
    pub waits: Waits,
    /// The same per function.
    pub functions: Vec<FunctionTally>,
}

/// What befell calls and instances where failures, schedules or events are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlayedTally {
    /// Calls that were given to an instance that was dead.
    pub failed: u64,
    /// Clones that a probe found dead while they waited.
    pub found_dead: u64,
    /// Starts that failed, of which `clones_crashed` were of clones.
    pub crashed: u64,
    /// Starts of clones that failed.
    pub clones_crashed: u64,
    /// Calls by schedules.
    pub known: u64,
    /// Of these, calls that waited for a new instance.
    pub known_cold: u64,
    /// Calls of functions that an event touched then.
    pub during_events: u64,
    /// Of these, calls that waited for a new instance.
    pub during_events_cold: u64,
}

/// Counts of one function in one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct FunctionTally {
    /// All calls.
    pub calls: u32,
    /// Calls that waited for a new instance.
    pub cold: u32,
    /// Calls that were turned away.
    pub dropped: u32,
}

impl FunctionTally {
    /// Cold starts over served calls; `None` if nothing was served.
    pub fn cold_rate(&self) -> Option<f64> {
        let served = self.calls - self.dropped;
        (served > 0).then(|| f64::from(self.cold) / f64::from(served))
    }
}

impl Tally {
    /// Empty counts for so many functions.
    pub fn new(functions: usize) -> Self {
        Self { functions: vec![FunctionTally::default(); functions], ..Self::default() }
    }

    /// A call came in.
    pub fn on_call(&mut self, function: FunctionId) {
        self.calls += 1;
        self.functions[function.index()].calls += 1;
    }

    /// A call was given to an instance after `waited`, of which `start` was the start of
    /// that instance (zero unless the start was cold).
    pub fn on_served(
        &mut self,
        function: FunctionId,
        kind: StartKind,
        waited: Span,
        start: Span,
        run: Span,
    ) {
        self.run_ns += u128::from(run.nanos());
        match kind {
            StartKind::Warm => {
                self.warm += 1;
                return;
            }
            StartKind::Delayed => self.delayed += 1,
            StartKind::Resumed => self.resumed += 1,
            StartKind::Cold => {
                self.cold += 1;
                self.functions[function.index()].cold += 1;
            }
        }
        self.slow += u64::from(waited > SLOW);
        self.added_ns += u128::from(waited.nanos());
        self.queued_ns += u128::from((waited - start).nanos());
        self.waits.observe(waited);
    }

    /// A call waited for a new instance for that reason.
    pub fn on_cold(&mut self, why: Why) {
        self.why[why as usize] += 1;
    }

    /// A call was turned away.
    pub fn on_dropped(&mut self, function: FunctionId) {
        self.dropped += 1;
        self.functions[function.index()].dropped += 1;
    }

    /// Calls that got an answer.
    pub fn served(&self) -> u64 {
        self.calls - self.dropped - self.played.failed
    }
}

/// A histogram of waits, log-spaced: sixteen steps per doubling, from a microsecond.
///
/// Calls that did not wait are not in it; quantiles account for them by their number.
#[derive(Debug, Clone, Default)]
pub struct Waits {
    counts: Vec<u64>,
}

const STEPS: u32 = 16;

impl Waits {
    fn observe(&mut self, wait: Span) {
        let bin = bin(wait);
        if bin >= self.counts.len() {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] += 1;
    }

    /// The wait that the given share of all `served` calls stays at or below, to within
    /// a sixteenth of a doubling.
    pub fn quantile(&self, share: f64, served: u64) -> Span {
        let waited: u64 = self.counts.iter().sum();
        let rank = (share * served as f64).ceil() as u64;
        let mut seen = served.saturating_sub(waited);
        if seen >= rank {
            return Span::ZERO;
        }
        for (bin, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_edge(bin);
            }
        }
        upper_edge(self.counts.len().saturating_sub(1))
    }
}

/// Bins by the bits of the number: the exponent and the four bits after the leading one,
/// so that no logarithm (which differs between machines) is needed.
fn bin(wait: Span) -> usize {
    let micros = (wait.nanos() / 1000).max(1);
    let exponent = 63 - micros.leading_zeros();
    let fraction = if exponent >= 4 { micros >> (exponent - 4) } else { micros << (4 - exponent) };
    (exponent * STEPS + (fraction as u32 & (STEPS - 1))) as usize
}

fn upper_edge(bin: usize) -> Span {
    let (exponent, fraction) = (bin as u32 / STEPS, bin as u32 % STEPS);
    let micros =
        (f64::from(STEPS + fraction + 1) / f64::from(STEPS)) * 2f64.powi(exponent.cast_signed());
    Span::from_secs_f64(micros / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_sixteenth_of_a_doubling() {
        let mut waits = Waits::default();
        for millis in 1..=1000 {
            waits.observe(Span::from_millis(millis));
        }
        for (share, millis) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = waits.quantile(share, 1000).millis_f64();
            assert!((millis..millis * 1.07).contains(&found), "{share}: {found}");
        }
        assert_eq!(waits.quantile(0.4, 2000), Span::ZERO, "half of the calls did not wait");
    }
}
