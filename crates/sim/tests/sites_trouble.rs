//! What may befall sites in `swell sim sites`, one thing at a time, under a load that is written down.

use swell_core::council::entry::{Band, Command};
use swell_core::council::words::{Criticality, Metric, Slot};
use swell_core::ids::SiteId;
use swell_sim::sites::character::Character;
use swell_sim::sites::cluster::{Cluster, Place, Served};
use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Outcome, Stage, Way};
use swell_sim::sites::scenario::Scenario;
use swell_sim::sites::weather::{Condition, Weather};
use swell_trace::bundled::Bundled;
use swell_trace::open::Options;

const MINUTES: usize = 240;

/// Three workloads a site; those of the first rise to nearly what it can bear, the others have room.
fn demand(sites: usize, minutes: usize) -> Demand {
    let load = |site: usize, minute: usize| {
        let work =
            if site > 0 { 1_000.0 } else { 1_640.0 * (1.0 + minute as f32 / minutes as f32) };
        [work, 100.0]
    };
    let of = |site: usize| (0..minutes).map(move |minute| load(site, minute)).collect();
    Demand {
        minutes,
        loads: (0..3 * sites).map(|workload| of(workload / 3)).collect(),
        home: (0..3 * sites).map(|workload| workload / 3).collect(),
        criticality: vec![Criticality::Normal; 3 * sites],
        capacity: vec![[10_000.0, 1_000.0]; sites],
    }
}

fn play(scenario: Scenario, way: Way) -> Outcome {
    Stage::new(scenario, demand(scenario.sites, MINUTES)).play(way)
}

fn plain() -> Scenario {
    Scenario { sites: 3, workloads: 3, slot_minutes: 5, ..Scenario::default() }
}

#[test]
fn a_rise_is_seen_and_relieved_and_that_takes_messages() {
    let (none, ours) = (play(plain(), Way::None), play(plain(), Way::Weighted));
    assert!(none.overload_minutes > 0 && none.messages == 0 && none.moves == 0, "{none:?}");
    assert!(ours.moves > 0 && ours.messages > 0, "{ours:?}");
    assert!(ours.overload_minutes < none.overload_minutes, "{ours:?} {none:?}");
    assert!(ours.wait_minutes.is_some_and(|wait| wait > 0.0), "{ours:?}");
    assert!(ours.timely_moves > 0 && ours.late_moves == 0, "before it was there: {ours:?}");
}

#[test]
fn crashes_drop_calls_and_nothing_else_here_does() {
    let crashing = play(Scenario { crashes: 3, ..plain() }, Way::None);
    let (calm, cut) = (play(plain(), Way::None), play(Scenario { cuts: 3, ..plain() }, Way::None));
    assert!(crashing.drop_share > 0.0, "{crashing:?}");
    assert_eq!(calm.drop_share, 0.0);
    assert_eq!(cut.drop_share, 0.0, "who is cut off goes on serving");
}

#[test]
fn who_is_cut_off_or_down_says_less_and_what_is_late_or_lost_changes_what_is_done() {
    let calm = play(plain(), Way::Weighted);
    for scenario in [Scenario { cuts: 8, ..plain() }, Scenario { crashes: 8, ..plain() }] {
        let outcome = play(scenario, Way::Weighted);
        assert!(outcome.messages < calm.messages, "{scenario:?}: {outcome:?} {calm:?}");
    }
    for scenario in [Scenario { slow: 3, ..plain() }, Scenario { loss: 0.5, ..plain() }] {
        assert_ne!(play(scenario, Way::Weighted), calm, "{scenario:?}");
    }
}

#[test]
fn a_slow_link_brings_every_third_minute_and_a_cut_none() {
    let weather = Weather::new(&Scenario { slow: 1, ..plain() }, MINUTES);
    let speaks = |site: usize| (0..MINUTES).filter(|at| weather.speaks(site, *at)).count();
    assert_eq!((speaks(0), speaks(1)), (MINUTES / 3, MINUTES));
    let weather = Weather::new(&Scenario { cuts: 2, ..plain() }, MINUTES);
    let is_cut = |site: usize, at: usize| weather.at(site, at) == Condition::Cut;
    let minutes = (0..3).flat_map(|site| (0..MINUTES).map(move |at| (site, at)));
    let cut: Vec<_> = minutes.filter(|(site, at)| is_cut(*site, *at)).collect();
    assert!(!cut.is_empty() && cut.iter().all(|(site, at)| !weather.speaks(*site, *at)));
}

#[test]
fn latency_grows_with_the_way_and_with_how_full_a_site_is() {
    let demand = demand(5, 10);
    let weather = Weather::new(&Scenario { sites: 5, ..plain() }, 10);
    let latency = |place: Option<Place>| {
        let (mut cluster, mut served) = (Cluster::new(&demand), Served::default());
        if let Some(place) = place {
            cluster.places[3] = place;
        }
        cluster.serve(&demand, &weather, 0, 0, &mut served);
        served.latency / served.offered
    };
    let home = latency(None);
    let [near, far] = [2, 3].map(|site| latency(Some(Place { site, moving: None })));
    assert!(home < near && near < far, "{home} {near} {far}");
}

#[test]
fn liars_say_the_contrary_and_drifters_more_by_the_hour() {
    let said = |character: Character, day: f32| {
        let band = Band { low_ppm: 300_000, middle_ppm: 400_000, high_ppm: 500_000 };
        let (target, metric, first) = (SiteId(1), Metric::Cpu, Slot(1));
        let told = Command::Forecast { target, metric, first, bands: vec![band; 2] };
        let Command::Forecast { bands, .. } = character.says(told, day) else {
            panic!("it is one")
        };
        bands.into_iter().map(|band| band.middle_ppm).collect::<Vec<u32>>()
    };
    assert_eq!(said(Character::Honest, 0.5), [400_000, 400_000]);
    assert_eq!(said(Character::Lying, 0.5), [900_000, 900_000]);
    assert_eq!(said(Character::Hedging, 0.5), [400_000, 900_000]);
    assert_eq!(said(Character::Drifting, 0.5), [600_000, 600_000]);
    assert_eq!(said(Character::Drifting, 0.0), [400_000, 400_000]);
}

#[test]
fn crowds_come_on_top_of_a_day_that_each_site_sees_from_its_time_zone() {
    let trace = Bundled::find("200").expect("it is bundled").open(&Options::default());
    let trace = trace.expect("it can be read");
    let with = |crowds: f32| {
        let scenario = Scenario { crowds, ..plain() };
        Demand::new(&trace, &scenario).expect("it can be read").expect("functions have shapes")
    };
    let (calm, crowded) = (with(0.0), with(3.0));
    let pairs = calm.loads.iter().flatten().zip(crowded.loads.iter().flatten());
    let pairs = pairs.filter(|(calm, _)| calm[0] > 1.0);
    let times: Vec<f32> = pairs.map(|(calm, more)| more[0] / calm[0]).collect();
    assert!(times.iter().all(|times| *times >= 0.999), "crowds only add");
    assert!(times.iter().any(|times| *times >= 2.4), "and are crowds");
    // What comes to the first of three sites has come to the next one a third of a day before.
    let of = |site: usize, minute: usize| -> f32 {
        (3 * site..3 * site + 3).map(|workload| calm.loads[workload][minute][0]).sum()
    };
    let likeness = |before: usize| -> f32 {
        let at = |minute: usize| (minute + calm.minutes - before) % calm.minutes;
        (0..calm.minutes).map(|minute| of(0, minute) * of(1, at(minute))).sum()
    };
    assert!(likeness(calm.minutes / 3) > likeness(0));
}

#[test]
fn from_three_to_fifty_sites_play() {
    let minutes = 30;
    for sites in [3, 50] {
        let scenario = Scenario { sites, ..plain() };
        let outcome = Stage::new(scenario, demand(sites, minutes)).play(Way::Weighted);
        assert!(outcome.messages as usize > sites, "{outcome:?}");
    }
}

#[test]
fn who_will_be_maintained_is_emptied_in_time_and_drops_nothing() {
    let room = |demand: Demand| {
        let loads =
            demand.loads.iter().map(|row| row.iter().map(|of| of.map(|it| it / 2.0)).collect());
        Demand { loads: loads.collect(), ..demand }
    };
    let scenario = Scenario { maintenance: 2, slot_minutes: 2, ..plain() };
    let stage = Stage::new(scenario, room(demand(scenario.sites, MINUTES)));
    let (none, ours) = (stage.play(Way::None), stage.play(Way::Weighted));
    assert!(none.drop_share > 0.1, "{none:?}");
    assert_eq!((ours.drop_share, ours.takeovers, ours.late_moves), (0.0, 0, 0), "{ours:?}");
    assert!(ours.timely_moves >= 3, "all that was there left: {ours:?}");
    assert_eq!(ours.overload_minutes, 0, "{ours:?}");
}
