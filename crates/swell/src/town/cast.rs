//! Who is on stage: three sites, four functions, and how often each is called when.

use std::time::Duration;

/// The sites, in the order in which they join.
pub const SITES: [&str; 3] = ["oslo", "lima", "kobe"];

/// What each can bear, in thousandths of a processor.
pub const CAPACITY: u64 = 1_000;

/// How long a call works, in milliseconds: long beside what a busy machine adds to it.
pub const WORK_MS: f64 = 80.0;

/// A function that is always called as often, and what that takes of a site.
const STEADY: f64 = 3.75;
/// How often the shop is called before its peak, and at it.
const SHOP: (f64, f64) = (3.0, 9.5);
/// When the peak begins to rise, when it is there, and when it is over, in seconds.
const RISE: (f64, f64, f64) = (8.0, 48.0, 60.0);
/// How often a function is called in a burst that nobody could foresee.
const BURST: f64 = 10.5;

/// A function and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// At whose gateway it is called, by its place among the sites.
    pub home: usize,
}

/// The functions. The first two share a site.
pub const PARTS: [Part; 4] = [
    Part { name: "shop", home: 0 },
    Part { name: "mail", home: 0 },
    Part { name: "news", home: 1 },
    Part { name: "maps", home: 2 },
];

/// Calls a second of a function, so long after the beginning; `bursting` has its burst.
pub fn rate(name: &str, since: Duration, bursting: Option<&str>) -> f64 {
    if bursting == Some(name) {
        return BURST;
    }
    if name != "shop" {
        return STEADY;
    }
    let (seconds, (begin, top, end)) = (since.as_secs_f64(), RISE);
    let risen = ((seconds - begin) / (top - begin)).clamp(0.0, 1.0);
    if seconds > end { SHOP.0 } else { SHOP.0 + risen * (SHOP.1 - SHOP.0) }
}

/// How full the first site would have been at the peak if nothing had moved.
pub fn peak_unmoved() -> f64 {
    (SHOP.1 + STEADY) * WORK_MS / CAPACITY as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_too_much_for_one_site_and_not_for_two() {
        let at = |seconds| rate("shop", Duration::from_secs(seconds), None);
        assert_eq!((at(0), at(50), at(100)), (SHOP.0, SHOP.1, SHOP.0));
        assert!(peak_unmoved() > 1.0);
        let alone = SHOP.1 * WORK_MS / CAPACITY as f64;
        assert!(alone < 0.8, "what stays has room: {alone}");
        assert_eq!(rate("mail", Duration::ZERO, Some("mail")), BURST);
    }
}
