//! The reactive threshold: a site that has been overloaded for a while moves something to
//! whoever has most room now.
//!
//! It moves as carefully as ours does (started first, traffic in parts) and a moved workload
//! rests as long; it looks at what is, asks nobody, and never takes anything back.

use crate::sites::cluster::{Cluster, Place};
use crate::sites::demand::plus;
use crate::sites::minute::{Deeds, Minute, Policy, was_needed};
use crate::sites::scenario::{LIMIT, START_MINUTES};
use crate::sites::weather::Condition;

/// Minutes of overload before it acts.
const PATIENCE: u32 = 3;
/// Minutes that a moved workload rests.
const REST_MINUTES: usize = 30;

/// Moves what is too much.
#[derive(Debug, Default)]
pub struct Reactive {
    overloaded: Vec<u32>,
    /// Under way: workload, destination, minutes so far.
    moves: Vec<(usize, usize, u32)>,
    rests_until: Vec<usize>,
    deeds: Deeds,
}

impl Policy for Reactive {
    fn act(&mut self, now: Minute<'_>, cluster: &mut Cluster) {
        self.go_on(cluster, now);
        let sites = cluster.usage.len();
        self.overloaded.resize(sites, 0);
        self.rests_until.resize(cluster.places.len(), 0);
        for site in 0..sites {
            let is_over = cluster.fill(site) > LIMIT;
            self.overloaded[site] = if is_over { self.overloaded[site] + 1 } else { 0 };
            let is_up = now.weather.at(site, now.minute) == Condition::Up;
            let is_busy =
                self.moves.iter().any(|(workload, ..)| cluster.places[*workload].site == site);
            if self.overloaded[site] >= PATIENCE && is_up && !is_busy {
                self.relieve(now, cluster, site);
            }
        }
    }

    fn deeds(&self) -> Deeds {
        self.deeds
    }
}

impl Reactive {
    fn go_on(&mut self, cluster: &mut Cluster, now: Minute<'_>) {
        for (workload, to, age) in &mut self.moves {
            *age += 1;
            if *age > START_MINUTES {
                // The parts of its traffic follow each other within a minute.
                cluster.places[*workload] = Place { site: *to, moving: None };
                self.rests_until[*workload] = now.minute + REST_MINUTES;
                self.deeds.handed_over += 1;
                self.deeds.waited_minutes += u64::from(START_MINUTES + PATIENCE);
            }
        }
        self.moves.retain(|(_, _, age)| *age <= START_MINUTES);
    }

    fn relieve(&mut self, now: Minute<'_>, cluster: &Cluster, site: usize) {
        let last = now.minute.saturating_sub(1);
        let [work, memory] = cluster.usage[site];
        let metric = usize::from(memory > work);
        let share =
            |at: usize, workload: usize| now.demand.shares(at, [workload].into_iter(), last);
        let load = |workload: usize| share(site, workload)[metric];
        let excess = cluster.fill(site) - LIMIT;
        let mut mine: Vec<usize> =
            cluster.at(site).filter(|workload| self.rests_until[*workload] <= now.minute).collect();
        // The smallest that is enough, else the largest.
        mine.sort_by(|a, b| {
            let key =
                |w: usize| (load(w) < excess, if load(w) < excess { -load(w) } else { load(w) });
            let (a, b) = (key(*a), key(*b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        for workload in mine {
            let room = |to: &usize| {
                let coming = self.moves.iter().filter(|(_, other, _)| other == to);
                let coming = coming.map(|(coming, ..)| share(*to, *coming));
                let more = coming.fold(share(*to, workload), plus);
                let [work, memory] = plus(cluster.usage[*to], more);
                let will = work.max(memory);
                (will <= LIMIT && now.weather.at(*to, now.minute) == Condition::Up).then_some(will)
            };
            let others = (0..cluster.usage.len()).filter(|to| *to != site);
            let fits = others.filter_map(|to| Some((room(&to)?, to)));
            if let Some((_, to)) = fits.min_by(|a, b| a.0.total_cmp(&b.0)) {
                self.deeds.moves += 1;
                self.deeds.messages += 4;
                let is_needed = was_needed(now, cluster, site, workload);
                self.deeds.needless += u64::from(!is_needed);
                self.moves.push((workload, to, 0));
                return;
            }
        }
    }
}
