//! What it costs to watch ten thousand FIFOs: one tick of the analyzer, with the measured rule
//! and the founding one, where they are busy and where they are late. A tick comes every
//! 100 ms; the aim is under 1 ms.

use std::time::{Duration, Instant as Clock};

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::choice::build;
use swell_core::flow::view::{FifoId, OwnerId, Party, Sample, TICK, View};
use swell_core::time::{Instant, Span};

const FIFOS: u32 = 10_000;
const TICKS: u64 = 200;
/// The first ticks fill windows and make memories.
const WARM_UP: u64 = 20;

fn main() {
    println!("{FIFOS} FIFOs, of which each could go to two others; a tick, over {TICKS} ticks");
    println!("{:<10} {:<10} {:>10} {:>10}", "rule", "flows", "p50", "p99");
    for rule in ["measured", "seed"] {
        for (flows, late) in [("content", 0), ("1 % late", 100), ("all late", 1)] {
            let (half, most) = run(rule, late);
            println!("{rule:<10} {flows:<10} {half:>10.2?} {most:>10.2?}");
        }
    }
}

/// Half and nearly all of the ticks took no longer; each `late`th FIFO is late, or none.
fn run(rule: &str, late: u32) -> (Duration, Duration) {
    let chosen = build(rule, 1).expect("it is a rule");
    let mut analyzer = Analyzer::new(chosen.policy, chosen.budget);
    let owner = party(0, 0.9);
    let others = [party(1, 0.5), party(2, 0.6)];
    let mut took = Vec::new();
    for tick in 0..TICKS + WARM_UP {
        let now = Instant::ZERO + TICK * tick;
        let fine = sample(now, Span::from_millis(1));
        let bad = sample(now, Span::from_millis(200));
        let views: Vec<View<'_>> = (0..FIFOS)
            .map(|fifo| View {
                fifo: FifoId(fifo),
                sample: if late > 0 && fifo % late == 0 { &bad } else { &fine },
                owner: &owner,
                others: &others,
                memory_is_short: false,
            })
            .collect();
        let begun = Clock::now();
        let orders = analyzer.tick(now, &views);
        let elapsed = begun.elapsed();
        for order in orders {
            analyzer.on_moved(now, order.fifo, Span::ZERO);
        }
        if tick >= WARM_UP {
            took.push(elapsed);
        }
    }
    took.sort_unstable();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

fn party(number: u32, usage: f64) -> Party {
    Party {
        owner: OwnerId(number),
        cpu: usage,
        memory: 0.1,
        pressure: 0.0,
        processors: 2.0,
        is_alive: true,
        may_own: true,
        has_room: true,
        dependency: 0.5,
        proximity: 1.0,
        pause: Span::from_nanos(20_000),
        recent: 0,
    }
}

fn sample(at: Instant, latency: Span) -> Sample {
    Sample {
        at,
        arriving: 100.0,
        leaving: 100.0,
        depth: 2.0,
        capacity: 100.0,
        latency,
        true_rate: 400.0,
        work: Span::from_nanos(2_500_000),
        variation: 2.0,
    }
}
