//! When a lane was short of room last: others of its flow need not grow with it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::flow::meter::now_us;

/// Somebody waits for room just now.
const WAITS: u64 = u64::MAX;
/// As long as a lane's need for room is looked back at.
const LATELY_US: u64 = 1_000_000;

/// When it was, in microseconds since 1970.
#[derive(Default)]
pub(crate) struct Short(AtomicU64);

/// Somebody waits until this is dropped.
pub(crate) struct Waiting<'a>(&'a Short);

impl Short {
    /// It is short of room at this moment.
    pub(crate) fn note(&self) {
        // Whoever waits notes it at the end.
        let noted = |before| (before != WAITS).then(now_us);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, noted);
    }

    /// It is short until somebody has waited.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.0.store(WAITS, Ordering::Relaxed);
        Waiting(self)
    }

    /// Whether it was within the last second, or is.
    pub(crate) fn was_lately(&self) -> bool {
        match self.0.load(Ordering::Relaxed) {
            WAITS => true,
            at => now_us().saturating_sub(at) < LATELY_US,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.store(now_us(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short_while_somebody_waits_and_a_second_longer() {
        let short = Short::default();
        assert!(!short.was_lately());
        short.note();
        assert!(short.was_lately());
        short.0.store(now_us() - LATELY_US, Ordering::Relaxed);
        assert!(!short.was_lately());
        let waits = short.wait();
        short.note();
        assert_eq!(short.0.load(Ordering::Relaxed), WAITS);
        assert!(short.was_lately());
        drop(waits);
        assert_ne!(short.0.load(Ordering::Relaxed), WAITS);
        assert!(short.was_lately());
    }
}
