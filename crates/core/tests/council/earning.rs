//! What forecasts earn, and what a liar loses.

use std::collections::BTreeMap;

use swell_core::council::entry::{Band, Command};
use swell_core::council::weighing::standing;
use swell_core::council::words::{Metric, Slot};
use swell_core::ids::SiteId;
use swell_core::rng::{below, split};
use swell_core::time::Span;

use crate::stage::Stage;

/// A liar has lost its say after so many rounds.
const ROUNDS: usize = 8;

/// How site 4 of five speaks.
#[derive(Debug, Clone, Copy)]
enum Liar {
    /// It forecasts half of what comes.
    Low,
    /// It forecasts twice as much.
    High,
    /// It forecasts half, and says that it saw it come true.
    Covered,
    /// It speaks the truth for a day, and then half of it.
    Late,
    /// It forecasts half, and the truth once it is about to be scored for it.
    Hedging,
}

/// Plays so many rounds of three slots; gives the liar's share after each.
fn play(liar: Liar, rounds: usize, seed: u64) -> Vec<u32> {
    let mut stage = Stage::new(5);
    let mut rng = split(seed, "council/earning");
    let mut told = Vec::new();
    let honest_slots = if matches!(liar, Liar::Late) { 96 * 3 } else { 0 };
    // What comes wanders, and forecasters see it coming, give or take a little.
    let mut level = [400_000u32; 5];
    let mut came: BTreeMap<Slot, [u32; 5]> = BTreeMap::new();
    for tick in 0..honest_slots + 3 * rounds {
        let now = stage.slot();
        for ahead in 0..=7 {
            came.entry(now.plus(ahead)).or_insert_with(|| {
                for level in &mut level {
                    let step = below(&mut rng, 120_001) as u32;
                    *level = (*level + step).saturating_sub(60_000).clamp(200_000, 700_000);
                }
                level
            });
        }
        let lies = tick >= honest_slots;
        for site in 0..5u32 {
            let bands = (2..=7).map(|ahead| {
                let about = came[&now.plus(ahead)][site as usize];
                let error = below(&mut rng, 40_001) as u32;
                let middle = (about + error).saturating_sub(20_000);
                let said = match liar {
                    _ if site != 4 || !lies => middle,
                    Liar::Hedging if ahead == 2 => middle,
                    Liar::High => middle * 2,
                    _ => middle / 2,
                };
                Band {
                    low_ppm: said.saturating_sub(30_000),
                    middle_ppm: said,
                    high_ppm: said + 30_000,
                }
            });
            let (target, metric, first) = (SiteId(site), Metric::Cpu, now.plus(2));
            let forecast = Command::Forecast { target, metric, first, bands: bands.collect() };
            stage.say(site, forecast).expect("forecast");
        }
        stage.pass(Span::from_mins(5));
        for target in 0..5u32 {
            let truth = came[&now][target as usize];
            for by in 0..5 {
                let is_cover = by == 4 && target == 4 && matches!(liar, Liar::Covered);
                let value_ppm = if is_cover { truth / 2 } else { truth };
                let (target, metric) = (SiteId(target), Metric::Cpu);
                let observe = Command::Observe { target, metric, slot: now, value_ppm };
                stage.say(by, observe).expect("observed");
            }
        }
        if lies && tick % 3 == 2 {
            told.push(standing(&stage.state, Metric::Cpu)[&SiteId(4)]);
        }
    }
    told
}

#[test]
fn a_liar_loses_its_say_within_rounds_and_does_not_get_it_back() {
    for liar in [Liar::Low, Liar::High, Liar::Covered, Liar::Late, Liar::Hedging] {
        for seed in 1..=5 {
            let shares = play(liar, 60, seed);
            let lost = shares.iter().position(|share| *share < 100_000);
            assert!(lost.is_some_and(|round| round < ROUNDS), "{liar:?} {seed}: {shares:?}");
            let after = &shares[lost.unwrap_or(0)..];
            assert!(after.iter().all(|share| *share < 100_000), "{liar:?} {seed}: {shares:?}");
        }
    }
}

#[test]
fn who_leaves_and_comes_back_brings_its_record() {
    let mut stage = Stage::new(3);
    let (target, metric) = (SiteId(2), Metric::Cpu);
    for _ in 0..12 {
        let band = Band { low_ppm: 0, middle_ppm: 0, high_ppm: 0 };
        let first = stage.slot().plus(2);
        let bands = vec![band];
        stage.say(2, Command::Forecast { target, metric, first, bands }).expect("forecast");
        stage.pass(Span::from_mins(5));
        stage.observe(2, 500_000);
    }
    let before = standing(&stage.state, metric);
    assert!(before[&target] < before[&SiteId(0)]);
    let workload = swell_core::council::words::WorkloadId(2);
    stage.say(2, Command::Retire { workload }).expect("retired");
    stage.say(0, Command::Dismiss { site: target }).expect("dismissed");
    let capacity = swell_core::council::words::Loads::cpu(1_000);
    stage.say(0, Command::Admit { site: target, capacity }).expect("admitted");
    assert_eq!(standing(&stage.state, metric), before);
}
