//! How long a failed call waits before it is tried again.

use std::time::Duration;

use swell_api::spec::Retry;

/// The pause after the try of that number, the first being 1: doubled with each try up to
/// the longest, and between half of that and all of it as `chance` (any number) has it, so
/// that calls that failed together do not come back together.
pub fn pause(retry: &Retry, attempt: u32, chance: u64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(62);
    let most = retry.backoff_ms.saturating_mul(1 << doublings).min(retry.backoff_ms_max);
    let half = most / 2;
    Duration::from_millis(half + chance % (most - half + 1))
}

/// Whole milliseconds.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { attempts_max: 9, backoff_ms: 1_000, backoff_ms_max: 5_000 };
        for (attempt, least, most) in
            [(1, 500, 1_000), (2, 1_000, 2_000), (3, 2_000, 4_000), (4, 2_500, 5_000)]
        {
            for chance in [0, 1, 77, 4_000, u64::MAX] {
                let pause = pause(&retry, attempt, chance).as_millis();
                assert!((least..=most).contains(&pause), "{attempt}: {pause}");
            }
            assert_eq!(pause(&retry, attempt, 0).as_millis(), least);
        }
        assert_eq!(pause(&retry, u32::MAX, 0).as_millis(), 2_500);
        let none = Retry { attempts_max: 2, backoff_ms: 0, backoff_ms_max: 0 };
        assert_eq!(pause(&none, 3, 12), Duration::ZERO);
    }
}
