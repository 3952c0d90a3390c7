//! The wall time of a moment that the monotonic clock measured, without asking the wall
//! clock again.
//!
//! Both clocks are read together once; a wall clock that is set later does not disturb the
//! order of what this process names and reports.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since 1970 at `moment`.
pub(crate) fn wall(moment: Instant) -> Duration {
    static ORIGIN: OnceLock<(Instant, Duration)> = OnceLock::new();
    let (origin, wall) = ORIGIN.get_or_init(|| {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now(), wall)
    });
    match moment.checked_duration_since(*origin) {
        Some(later) => *wall + later,
        None => wall.saturating_sub(origin.duration_since(moment)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_before_and_after_the_first_are_told_apart() {
        let early = Instant::now();
        let now = wall(Instant::now());
        let later = wall(early + Duration::from_secs(10));
        assert!(wall(early) <= now && now < later);
        assert_eq!(later - wall(early), Duration::from_secs(10));
    }
}
