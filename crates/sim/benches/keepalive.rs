//! How fast the simulator replays calls, how much memory it takes, and how long one live
//! decision lasts. `cargo bench -p swell-sim`; add `-- --long` for a hundred million calls.
//!
//! Printed, never asserted: a figure depends on the machine and on what else it does.

use std::sync::atomic::AtomicBool;
use std::time::Instant as WallClock;

use swell_core::action::Action;
use swell_core::catalog;
use swell_core::event::Event;
use swell_core::ids::SiteId;
use swell_core::rng;
use swell_core::settings::{FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_core::world::World;
use swell_sim::simulate::{Case, Scenario, simulate};
use swell_sim::starts::Starts;
use swell_sim::world::VirtualWorld;
use swell_trace::cold::ColdCost;
use swell_trace::durations::Durations;
use swell_trace::open::Options;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

const POLICIES: [&str; 4] = ["lru", "landlord", "greedy-dual", "hazard"];
const RUNS: usize = 5;

fn main() {
    let long = std::env::args().any(|argument| argument == "--long");
    replay("1350", Bytes::from_mb(80_000), RUNS);
    let days = if long { 10 } else { 1 };
    let (calls, hours) = (days * 10_000_000, days * 24);
    let generated = format!("gen:mixed,functions=1000,calls={calls},hours={hours},seed=7");
    replay(&generated, Bytes::from_mb(100_000), 1);
    decide();
}

fn scenario(name: &str) -> Scenario {
    let trace = Trace::named_or_open(&[name.into()], &Options::default()).expect("it exists");
    let functions = trace.functions().iter().map(|f| FunctionSettings::plain(f.memory)).collect();
    let cold = ColdCost::Constant(Span::from_secs(1)).resolve(trace.functions()).expect("fixed");
    Scenario {
        trace,
        functions,
        cold,
        cold_name: "1s".into(),
        resume: Span::ZERO,
        overrides: String::new(),
        samples: 0,
    }
}

fn reading() -> Reading {
    Reading { placement: Placement::Uniform, durations: Durations::Average, seed: 1 }
}

fn replay(name: &str, memory: Bytes, runs: usize) {
    println!("replay of {name} in {memory}, one core, digest of every decision included:");
    let scenario = scenario(name);
    for policy in POLICIES {
        let case = Case { policy: policy.into(), memory, reading: reading() };
        let mut speeds = Vec::new();
        let mut calls = 0;
        for _ in 0..runs {
            let (row, _) = simulate(&scenario, &case, &AtomicBool::new(false)).expect("it runs");
            speeds.push(row.calls_per_s.expect("simulate measures") / 1e6);
            calls = row.calls;
        }
        speeds.sort_by(f64::total_cmp);
        println!(
            "  {policy:<12} {calls} calls, best {:.2} M calls/s, median {:.2} M calls/s, peak resident {} MiB",
            speeds[speeds.len() - 1],
            speeds[speeds.len() / 2],
            peak_resident_mib(),
        );
    }
}

/// Times every single `handle` of a site with ten thousand functions under memory
/// pressure. The clock's own cost (about 25 ns) is part of the figure.
fn decide() {
    println!("one decision (`Site::handle`) with 10,000 functions, memory short:");
    let scenario = scenario("gen:mixed,functions=10000,calls=2000000,hours=24,seed=11");
    let used = scenario.functions.iter().fold(0, |sum, settings| sum + settings.memory.get());
    let memory = Bytes::new(used / 8);
    for policy in POLICIES {
        let seed = 1;
        let settings = SiteSettings { memory, seed, policy: policy.into() };
        let built = catalog::build(policy, seed).expect("it is in the catalogue");
        let mut site = Site::with_policy(&settings, built);
        let stream = scenario.trace.arrivals(&reading()).expect("it opens");
        let starts = Starts {
            model: scenario.cold.clone(),
            rng: rng::split(seed, "world/starts"),
            resume: Span::ZERO,
        };
        let interrupt = AtomicBool::new(false);
        let mut world = VirtualWorld::new(&scenario.functions, stream, starts, &interrupt);
        let mut nanos = Vec::new();
        let mut actions: Vec<Action> = Vec::new();
        loop {
            let wake = site.next_wakeup().map(|at| (at, SiteId(0)));
            let Some((now, id, event)) = world.next(wake) else { break };
            // Deployment happens once, and the first hour is for warming up.
            let counts = !matches!(event, Event::FunctionDeployed { .. })
                && now > Instant::ZERO + Span::from_mins(60);
            let clock = WallClock::now();
            site.handle(now, event, &mut actions);
            let took = clock.elapsed().as_nanos() as u32;
            if counts {
                nanos.push(took);
            }
            world.perform(now, id, &mut actions);
        }
        nanos.sort_unstable();
        let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize];
        println!(
            "  {policy:<12} {} decisions, p50 {} ns, p99 {} ns, p99.9 {} ns, longest {} us",
            nanos.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0) / 1000,
        );
    }
}

/// The most memory this process has had, from the system; 0 where it does not tell.
fn peak_resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
