//! The reactive threshold: a site that has been overloaded for a while moves something to
//! whoever has most room now.
//!
//! It moves as carefully as ours does (started first, traffic in parts) and a moved workload
//! rests as long; it looks at what is, asks nobody, and never takes anything back.

use crate::sites::cluster::Cluster;
use crate::sites::minute::{Deeds, Minute, Policy, was_needed};
use crate::sites::scenario::LIMIT;
use crate::sites::weather::Condition;

/// Minutes of overload before it acts.
const PATIENCE: u32 = 3;
/// Minutes until the destination is ready, and parts of the traffic, one a minute.
const START_MINUTES: u32 = 2;
const PARTS: u32 = 4;
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
            let is_over = cluster.usage[site] > LIMIT;
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
            let place = &mut cluster.places[*workload];
            if *age == START_MINUTES {
                self.deeds.handed_over += 1;
                self.deeds.waited_minutes += u64::from(*age + PATIENCE);
            }
            if *age > START_MINUTES + PARTS {
                (place.site, place.moving) = (*to, None);
                self.rests_until[*workload] = now.minute + REST_MINUTES;
            } else if *age > START_MINUTES {
                place.moving = Some((*to, (*age - START_MINUTES) as f32 / PARTS as f32));
            }
        }
        self.moves.retain(|(_, _, age)| *age <= START_MINUTES + PARTS);
    }

    fn relieve(&mut self, now: Minute<'_>, cluster: &Cluster, site: usize) {
        let last = now.minute.saturating_sub(1);
        let load = |workload: usize| now.demand.loads[workload][last];
        let excess = (cluster.usage[site] - LIMIT) * now.demand.capacity[site];
        let mut mine: Vec<usize> =
            cluster.at(site).filter(|workload| self.rests_until[*workload] <= now.minute).collect();
        // The smallest that is enough, else the largest.
        mine.sort_by(|a, b| {
            let key =
                |w: usize| (load(w) < excess, if load(w) < excess { -load(w) } else { load(w) });
            let (a, b) = (key(*a), key(*b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let coming = |to: usize| -> f32 {
            self.moves.iter().filter(|(_, other, _)| *other == to).map(|(w, ..)| load(*w)).sum()
        };
        for workload in mine {
            let room = |to: &usize| {
                let will =
                    cluster.usage[*to] + (load(workload) + coming(*to)) / now.demand.capacity[*to];
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
