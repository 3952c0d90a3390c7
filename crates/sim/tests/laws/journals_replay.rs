//! A recorded run, fed to a fresh mind, is decided again as it was; a journal that was
//! tampered with is not.

use std::sync::atomic::AtomicBool;

use swell_core::action::Action;
use swell_core::catalog;
use swell_core::event::Event;
use swell_core::ids::SiteId;
use swell_core::journal::{Journal, Recorder};
use swell_core::replay::{Replay, Stop, replay};
use swell_core::site::Site;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_sim::simulate::{Case, simulate_with};
use swell_trace::durations::Durations;
use swell_trace::reading::Reading;

use crate::law::policies;
use crate::traffic::{Traffic, founding_d, generated};
use crate::with_seeds;

/// Records a run, perhaps without the orders of one place.
#[derive(Default)]
struct Tamperer {
    recorder: Recorder,
    place: u64,
    emptied: Option<u64>,
    records: u64,
    /// A record well within the run that has orders.
    telling: Option<u64>,
}

impl Journal for Tamperer {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.recorder.event(now, site, event);
    }

    fn actions(&mut self, actions: &[Action]) {
        let emptied = self.emptied == Some(self.place);
        self.recorder.actions(if emptied { &[] } else { actions });
        if self.place >= 500 && !actions.is_empty() && self.telling.is_none() {
            self.telling = Some(self.place);
        }
        self.place += 1;
        self.records = self.place;
    }
}

fn record(traffic: &Traffic, case: &Case, emptied: Option<u64>) -> Tamperer {
    let policy = catalog::build(&case.policy, case.reading.seed).expect("in the catalogue");
    let mut journal = Tamperer { emptied, ..Tamperer::default() };
    let never = AtomicBool::new(false);
    simulate_with(&traffic.scenario, case, policy, &mut journal, &never).expect("it runs");
    journal
}

fn play(case: &Case, bytes: &[u8]) -> Replay {
    replay(bytes, &mut [Site::new(&case.settings()).expect("in the catalogue")])
}

#[test]
fn journals_replay() {
    with_seeds(|seed| {
        for traffic in [founding_d(seed), generated(seed)] {
            for policy in policies() {
                let reading = Reading {
                    placement: traffic.placements[0],
                    durations: Durations::Average,
                    seed,
                };
                let case = Case { policy, memory: traffic.memories[1], reading };
                check(&traffic, &case).map_err(|why| format!("`{}`: {why}", case.policy))?;
            }
        }
        Ok(())
    });
}

fn check(traffic: &Traffic, case: &Case) -> Result<(), String> {
    let journal = record(traffic, case, None);
    let bytes = journal.recorder.bytes();
    let found = play(case, bytes);
    if found != (Replay::Same { records: journal.records }) {
        return Err(format!("the journal does not replay: {found:?}"));
    }
    let place = journal.telling.ok_or("nothing was decided")?;
    let tampered = record(traffic, case, Some(place));
    match play(case, tampered.recorder.bytes()) {
        Replay::Stopped { place: found, stop: Stop::Differs(_) } if found == place => {}
        other => return Err(format!("an order is missing at {place}: {other:?}")),
    }
    let less = Case { memory: Bytes::from_mb(100), ..case.clone() };
    if !matches!(play(&less, bytes), Replay::Stopped { stop: Stop::Differs(_), .. }) {
        return Err("hardly any memory decides the same".into());
    }
    if !matches!(play(case, &bytes[..bytes.len() - 1]), Replay::Broken { .. }) {
        return Err("a journal that was cut off replays".into());
    }
    Ok(())
}
