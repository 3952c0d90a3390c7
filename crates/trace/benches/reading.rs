//! How fast are arrivals handed out? Prints millions of arrivals per second and core.
//!
//! `cargo bench -p swell-trace --bench reading`, with a trace of your own behind `--`.

use std::time::Instant;

use swell_trace::durations::Durations;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

fn measure(trace: &Trace, reading: &Reading) -> (u64, f64) {
    let mut best = f64::MAX;
    let mut calls = 0;
    for _ in 0..5 {
        let start = Instant::now();
        let mut stream = trace.arrivals(reading).expect("the trace was opened before");
        let mut chunk = Vec::new();
        calls = 0;
        loop {
            stream.fill(&mut chunk).expect("the trace was read before");
            if chunk.is_empty() {
                break;
            }
            calls += chunk.len() as u64;
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    (calls, best)
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let usual = ["1350", "200", "20-b", "gen:mixed,functions=1000,calls=5M,hours=24,seed=1"];
    let traces = match asked.is_empty() {
        true => usual.map(|name| vec![name.to_string()]).to_vec(),
        false => vec![asked],
    };
    for words in traces {
        let start = Instant::now();
        let trace = Trace::named_or_open(&words, &Options::default())
            .unwrap_or_else(|error| panic!("cannot open {words:?}: {error}"));
        println!("{}: opened in {:.1} ms", trace.name(), start.elapsed().as_secs_f64() * 1e3);
        for placement in Placement::ALL {
            for durations in [Durations::Average, Durations::Sampled] {
                let (calls, seconds) = measure(&trace, &Reading { placement, durations, seed: 1 });
                let rate = calls as f64 / seconds / 1e6;
                println!("  {placement:<8} {durations:<8} {calls} calls, {rate:.1} M/s");
            }
        }
    }
}
