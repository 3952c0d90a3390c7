//! With memory for everything nothing is evicted, and all policies that let nothing
//! expire have the same cold starts: those that concurrency forces.

use std::sync::atomic::AtomicBool;

use swell_core::catalog::ENTRIES;
use swell_core::units::Bytes;
use swell_sim::simulate::{Case, simulate};
use swell_trace::durations::Durations;
use swell_trace::reading::Reading;

use crate::traffic::{Traffic, azure_200, azure_sample, founding_d, generated};
use crate::with_seeds;

const PLENTY: Bytes = Bytes::from_mb(1_000_000_000);

#[test]
fn plenty_needs_no_eviction() {
    with_seeds(|seed| {
        let all: [fn(u64) -> Traffic; 4] = [azure_200, azure_sample, founding_d, generated];
        all.iter().try_for_each(|traffic| check(&traffic(seed), seed))
    });
}

fn check(traffic: &Traffic, seed: u64) -> Result<(), String> {
    for &placement in &traffic.placements {
        let reading = Reading { placement, durations: Durations::Average, seed };
        let run = |policy: &str| {
            let case = Case { policy: policy.into(), memory: PLENTY, reading };
            simulate(&traffic.scenario, &case, &AtomicBool::new(false)).expect("it runs").0
        };
        let lru = run("lru");
        for entry in ENTRIES {
            let row = run(&format!("{}:wait=0s", entry.name));
            if row.evictions + row.dropped > 0 {
                return Err(format!("`{}` evicts or drops in plenty", entry.name));
            }
            let expires = ["fixed-ttl", "hybrid-histogram"].contains(&entry.name);
            if !expires && (row.cold, row.expirations) != (lru.cold, 0) {
                return Err(format!("{} cold under `{}`, {}", row.cold, entry.name, lru.cold));
            }
        }
    }
    Ok(())
}
