//! What the flow analyzer's judgement of ten thousand FIFOs costs per tick, with the measured rule
//! and the founding one: `cargo bench -p swell-core --bench watching`. A tick comes every 100 ms;
//! the aim is under 1 ms for all that a node does then. FIFOs that rest are not shown to it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "a measurement asks the clock and speaks"
)]

use std::time::{Duration, Instant as Clock};

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::choice::build;
use swell_core::flow::recorder::Recorder;
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, Sample, TICK, View};
use swell_core::time::{Instant, Span};

const FIFOS: u32 = 10_000;
const TICKS: u64 = 300;
/// The first ticks fill windows and make memories.
const WARM_UP: u64 = 20;

fn main() {
    println!("{FIFOS} FIFOs, of which each could go to two others; a tick, over {TICKS} ticks");
    println!(
        "{:<10} {:<24} {:>10} {:>10} {:>10} {:>10}",
        "rule", "FIFOs", "p50", "p99", "at most", "bytes/s"
    );
    for rule in ["measured", "seed:trigger=0.4"] {
        for (what, awake, late) in [
            ("none awake", 0, 0),
            ("1,000 awake, content", 1_000, 0),
            ("all awake, content", FIFOS, 0),
            ("all awake, 1 % late", FIFOS, 100),
            ("all awake and late", FIFOS, 1),
        ] {
            let ([half, most, longest], bytes) = run(rule, awake, late);
            let name = rule.split(':').next().unwrap_or(rule);
            println!(
                "{name:<10} {what:<24} {half:>10.2?} {most:>10.2?} {longest:>10.2?} {bytes:>10.0}"
            );
        }
    }
}

/// Half and nearly all of the ticks took no longer, and none; each `late`th FIFO is late, or none.
/// Besides, how many bytes a second were recorded.
fn run(rule: &str, awake: u32, late: u32) -> ([Duration; 3], f64) {
    let chosen = build(rule, 1).expect("it is a rule");
    let mut analyzer = Analyzer::new(chosen.policy, chosen.budget);
    analyzer.record(Some(Recorder::new(rule, 1)));
    let mut bytes = 0;
    let owner = party(0, 0.9);
    let others = [party(1, 0.5), party(2, 0.6)];
    let is_late = |fifo: u32| late > 0 && fifo.is_multiple_of(late);
    // A node keeps one of each FIFO: they take as much memory here.
    let mut samples: Vec<Sample> = (0..FIFOS).map(|fifo| sample(is_late(fifo))).collect();
    let mut took = Vec::new();
    for tick in 0..TICKS + WARM_UP {
        let now = Instant::ZERO + TICK * tick;
        samples.iter_mut().for_each(|sample| sample.at = now);
        let begun = Clock::now();
        for (fifo, sample) in (0..awake).zip(&samples) {
            let (fifo, usage) = (FifoId(fifo), owner.usage());
            let (rested, memory_is_short, is_cramped, is_held) = (0, false, false, false);
            let is_alone = false;
            let glance = Glance {
                fifo,
                sample,
                usage,
                rested,
                memory_is_short,
                is_cramped,
                is_held,
                is_native: false,
                still: Span::ZERO,
                is_failing: false,
                is_alone,
            };
            analyzer.glance(now, &glance);
        }
        let close = analyzer.closely();
        let view = |&fifo: &FifoId| View {
            fifo,
            sample: &samples[fifo.0 as usize],
            owner: &owner,
            others: &others,
            memory_is_short: false,
        };
        let views: Vec<View<'_>> = close.iter().map(view).collect();
        let orders = analyzer.decide(now, &views);
        let elapsed = begun.elapsed();
        for order in orders {
            analyzer.on_moved(now, order.fifo, Span::ZERO, 0);
        }
        let recorded = analyzer.recorder().map_or(0, |recorder| recorder.take().len());
        if tick >= WARM_UP {
            took.push(elapsed);
            bytes += recorded;
        }
    }
    took.sort_unstable();
    let seconds = (TICK * TICKS).secs_f64();
    let took = [took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1]];
    (took, bytes as f64 / seconds)
}

fn party(number: u32, usage: f64) -> Party {
    Party {
        owner: OwnerId(number),
        cpu: usage,
        calls: usage,
        memory: 0.1,
        common_memory: 0.1,
        pressure: 0.0,
        processors: 2.0,
        is_alive: true,
        may_own: true,
        has_room: true,
        is_abroad: false,
        dependency: 0.5,
        proximity: 1.0,
        pause: Span::from_nanos(20_000),
        recent: 0,
    }
}

fn sample(is_late: bool) -> Sample {
    Sample {
        at: Instant::ZERO,
        arriving: 100.0,
        leaving: 100.0,
        depth: 2.0,
        capacity: 100.0,
        latency: Span::from_millis(if is_late { 200 } else { 1 }),
        true_rate: 400.0,
        work: Span::from_nanos(2_500_000),
        variation: 2.0,
    }
}
