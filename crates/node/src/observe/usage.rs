//! What the calls of one version used, summed where calls end: a few additions per call, and
//! everything else (differences, averages, forecasts) is somebody else's work later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sums over the calls that reached an instance.
#[derive(Debug, Default)]
pub struct Usage {
    calls: AtomicU64,
    run_us: AtomicU64,
    weighed: AtomicU64,
    memory_kib: AtomicU64,
    bytes: AtomicU64,
}

/// Sums at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls that ended.
    pub calls: u64,
    /// How long instances worked on them, in microseconds.
    pub run_us: u64,
    /// Of these calls, those whose memory is known.
    pub weighed: u64,
    /// The most memory that their guests held, in KiB.
    pub memory_kib: u64,
    /// Bytes of their requests and answers, as far as lengths were told.
    pub bytes: u64,
    /// Processor time that instances took, for starts and calls that have not ended too, in
    /// microseconds.
    pub cpu_us: u64,
}

impl Usage {
    /// A call ended: how long it ran, and the most memory its guest held, if that is known.
    pub fn ended(&self, ran: Duration, memory: Option<u64>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.run_us.fetch_add(ran.as_micros() as u64, Ordering::Relaxed);
        if let Some(bytes) = memory {
            self.weighed.fetch_add(1, Ordering::Relaxed);
            self.memory_kib.fetch_add(bytes >> 10, Ordering::Relaxed);
        }
    }

    /// So many bytes came or went.
    pub fn carried(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The sums now, where instances took so much processor time.
    pub fn read(&self, cpu: Duration) -> Used {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        Used {
            calls: read(&self.calls),
            run_us: read(&self.run_us),
            weighed: read(&self.weighed),
            memory_kib: read(&self.memory_kib),
            bytes: read(&self.bytes),
            cpu_us: cpu.as_micros() as u64,
        }
    }
}

impl Used {
    /// What came since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            run_us: self.run_us.saturating_sub(earlier.run_us),
            weighed: self.weighed.saturating_sub(earlier.weighed),
            memory_kib: self.memory_kib.saturating_sub(earlier.memory_kib),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            run_us: self.run_us + other.run_us,
            weighed: self.weighed + other.weighed,
            memory_kib: self.memory_kib + other.memory_kib,
            bytes: self.bytes + other.bytes,
            cpu_us: self.cpu_us + other.cpu_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_agree() {
        let usage = Usage::default();
        usage.ended(Duration::from_millis(2), Some(4096));
        usage.carried(100);
        let first = usage.read(Duration::from_micros(700));
        usage.ended(Duration::from_millis(3), None);
        let second = usage.read(Duration::from_micros(900));
        let later = Used { calls: 1, run_us: 3_000, cpu_us: 200, ..Used::default() };
        assert_eq!(second.since(&first), later);
        assert_eq!(first.and(&later), second);
        assert_eq!(first.since(&second), Used::default());
        assert_eq!((first.weighed, first.memory_kib, first.bytes), (1, 4, 100));
    }
}
