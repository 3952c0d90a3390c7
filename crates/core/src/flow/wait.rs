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
/// costs now. Items of a FIFO are done one after the other, so more than one is of no use.
pub fn rate_at(party: &Party, sample: &Sample) -> f64 {
    let work = sample.work.secs_f64();
    if work > 0.0 { party.free_processors().min(1.0) / work } else { f64::INFINITY }
}

/// The rate its owner can take items out at: what it does now, and what its free processors
/// would do besides. An owner that is busy with these very items is not in its own way.
pub fn rate_here(owner: &Party, sample: &Sample) -> f64 {
    let free = owner.free_processors();
    let work = sample.work.secs_f64();
    match (work > 0.0, free > 0.0) {
        (true, _) => (sample.leaving + free / work).min(1.0 / work),
        (false, true) => f64::INFINITY,
        (false, false) => sample.leaving,
    }
}

/// How long those that wait now are still to wait on average until they are taken out, at this
/// rate and no longer than `horizon`; the one in the middle of them stands for all.
pub fn drain(depth: f64, rate: f64, horizon: Span) -> Span {
    if depth <= 0.0 || rate.is_infinite() {
        return Span::ZERO;
    }
    if rate <= 0.0 { horizon } else { Span::from_secs_f64(depth / rate / 2.0).min(horizon) }
}

/// How long those that come within `horizon` wait on average for what lies before them: a
/// backlog that shrinks by the difference of `rate` and what arrives, until it is gone.
pub fn behind(depth: f64, arriving: f64, rate: f64, horizon: Span) -> Span {
    let spare = rate - arriving;
    if depth <= 0.0 || rate.is_infinite() {
        return Span::ZERO;
    }
    if spare <= 0.0 {
        return Span::FOREVER;
    }
    let whole = horizon.secs_f64();
    let gone = (depth / spare).min(whole);
    Span::from_secs_f64(gone * (depth - spare * gone / 2.0) / rate / whole)
}

/// The share of the party's resources that would be used if it took the FIFO.
pub fn usage_at(party: &Party, sample: &Sample) -> f64 {
    let used = sample.arriving * sample.work.secs_f64();
    let more = if party.processors > 0.0 { used / party.processors } else { 1.0 };
    party.usage_beside(party.busy() + more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::view::OwnerId;
    use crate::time::Instant;

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
    fn a_backlog_is_waited_for_until_it_is_gone() {
        let horizon = Span::from_secs(10);
        let ms = |span: Span| span.millis_f64().round();
        for (depth, rate, expected) in [
            (100.0, 50.0, 1_000.0),
            (100.0, 0.0, 10_000.0),
            (1e6, 50.0, 10_000.0),
            (0.0, 0.0, 0.0),
            (100.0, f64::INFINITY, 0.0),
        ] {
            assert_eq!(ms(drain(depth, rate, horizon)), expected, "{depth} {rate}");
        }
        // Gone after 4 s of the ten, and half of its 2 s until then.
        assert_eq!(ms(behind(100.0, 25.0, 50.0, horizon)), 400.0);
        // Half of it is left at the end.
        assert_eq!(ms(behind(500.0, 25.0, 50.0, horizon)), 7_500.0);
        assert_eq!(behind(1.0, 50.0, 50.0, horizon), Span::FOREVER);
        assert_eq!(behind(0.0, 50.0, 50.0, horizon), Span::ZERO);
    }

    #[test]
    fn an_owner_is_not_in_its_own_way() {
        let sample = sample();
        let owner = |cpu, processors| Party { cpu, processors, ..party() };
        for (cpu, processors, leaving, expected) in [
            (1.0, 1.0, 100.0, 100.0),
            (1.0, 1.0, 20.0, 20.0),
            (0.5, 1.0, 20.0, 70.0),
            (0.5, 4.0, 20.0, 100.0),
        ] {
            let sample = Sample { leaving, ..sample };
            let rate = rate_here(&owner(cpu, processors), &sample);
            assert!((rate - expected).abs() < 1e-9, "{cpu} {processors} {leaving}: {rate}");
        }
        let unknown = Sample { leaving: 3.0, work: Span::ZERO, ..sample };
        assert_eq!(rate_here(&owner(1.0, 1.0), &unknown), 3.0);
        assert_eq!(rate_here(&owner(0.5, 1.0), &unknown), f64::INFINITY);
        assert_eq!(rate_at(&owner(0.0, 4.0), &sample), 100.0, "one item after the other");
    }

    #[test]
    fn calls_that_only_wait_take_up_room_and_processor_time_may_leave_none() {
        let sample = Sample { arriving: 20.0, ..sample() };
        for (cpu, calls, rate, usage) in [
            (0.0, 0.5, 50.0, 0.7),
            (0.5, 0.0, 50.0, 0.7),
            (0.5, 0.25, 50.0, 0.7),
            (1.0, 0.1, 0.0, 1.2),
        ] {
            let party = Party { cpu, calls, ..party() };
            assert_eq!(rate_at(&party, &sample), rate, "{cpu} {calls}");
            assert!((usage_at(&party, &sample) - usage).abs() < 1e-9, "{cpu} {calls}");
        }
        assert_eq!(usage_at(&Party { memory: 0.8, ..party() }, &sample), 0.8);
    }

    fn party() -> Party {
        Party {
            owner: OwnerId(0),
            cpu: 0.0,
            calls: 0.0,
            memory: 0.0,
            common_memory: 0.0,
            pressure: 0.0,
            processors: 1.0,
            is_alive: true,
            may_own: true,
            has_room: true,
            is_abroad: false,
            dependency: 0.0,
            proximity: 1.0,
            pause: Span::ZERO,
            recent: 0,
        }
    }

    /// An item takes ten milliseconds.
    fn sample() -> Sample {
        Sample {
            at: Instant::ZERO,
            arriving: 0.0,
            leaving: 0.0,
            depth: 10.0,
            capacity: 100.0,
            latency: Span::from_secs(1),
            true_rate: 100.0,
            work: Span::from_millis(10),
            variation: 2.0,
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
