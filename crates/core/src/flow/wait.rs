//! How long items wait: now, by what was counted; and elsewhere, by what is known of it.

use crate::flow::view::{Party, Sample};
use crate::time::Span;

/// The mean time in the FIFO by Little's law: items in it, by items a second through it.
/// Nothing moves and nothing is there: no time. Nothing moves and something is: `stalled`.
pub fn little(depth: f64, leaving: f64, stalled: Span) -> Span {
    if depth <= 0.0 {
        Span::ZERO
    } else if leaving <= 0.0 {
        stalled
    } else {
        Span::from_secs_f64(depth / leaving)
    }
}

/// The mean time an item would take from arriving to done at a server of this rate, by
/// Kingman's approximation; without end if more arrives than it can do.
pub fn kingman(arriving: f64, rate: f64, variation: f64) -> Span {
    if rate <= 0.0 || arriving >= rate {
        return Span::FOREVER;
    }
    let saturation = arriving / rate;
    let queueing = saturation / (1.0 - saturation) * variation / 2.0 / rate;
    Span::from_secs_f64(queueing + 1.0 / rate)
}

/// The rate another party would take items out at: its free processors, by what an item
/// costs now.
pub fn rate_at(party: &Party, sample: &Sample) -> f64 {
    let work = sample.work.secs_f64();
    if work > 0.0 { party.free_processors() / work } else { f64::INFINITY }
}

/// The share of the party's resources that would be used if it took the FIFO.
pub fn usage_at(party: &Party, sample: &Sample) -> f64 {
    let used = sample.arriving * sample.work.secs_f64();
    let cpu = party.cpu + if party.processors > 0.0 { used / party.processors } else { 1.0 };
    cpu.max(party.memory).max(party.pressure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn littles_law_holds_at_its_edges() {
        let stalled = Span::from_secs(9);
        for (depth, leaving, expected) in [
            (0.0, 0.0, Span::ZERO),
            (0.0, 5.0, Span::ZERO),
            (10.0, 100.0, Span::from_millis(100)),
            (10.0, 0.0, stalled),
        ] {
            assert_eq!(little(depth, leaving, stalled), expected, "{depth} {leaving}");
        }
    }

    #[test]
    fn waiting_grows_with_saturation_and_variation() {
        let half = kingman(50.0, 100.0, 2.0);
        assert_eq!(half, Span::from_millis(20), "as of a queue with random gaps and work");
        assert!(kingman(90.0, 100.0, 2.0) > half && kingman(50.0, 100.0, 8.0) > half);
        assert_eq!(kingman(100.0, 100.0, 2.0), Span::FOREVER);
        assert_eq!(kingman(0.0, 0.0, 2.0), Span::FOREVER);
    }
}
