//! Who serves what, minute by minute, and how that goes.

use crate::sites::demand::{Amounts, Demand, plus};
use crate::sites::scenario::{LIMIT, QUEUE_MINUTES};
use crate::sites::weather::{Condition, Weather};

/// How long a call takes on a site that has nothing else to do.
const SERVICE_MS: f32 = 50.0;
/// A full site is taken for this full where waiting is reckoned.
const FULL: f32 = 0.98;
/// The way to the next site around the world, and to the farthest.
const WAY_MS: (f32, f32) = (20.0, 150.0);

/// Where the traffic of a workload goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The site that has it.
    pub site: usize,
    /// The site that it is moving to, and which share of the traffic goes there.
    pub moving: Option<(usize, f32)>,
}

/// Who serves what.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Where each workload is.
    pub places: Vec<Place>,
    /// How full each site was in the last minute, of work and of memory; above one where it could
    /// not serve all.
    pub usage: Vec<Amounts>,
    /// For how many minutes each site has been above the limit.
    over: Vec<u64>,
}

/// What was served.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Served {
    /// All that was asked for.
    pub offered: f64,
    /// What was dropped of it.
    pub dropped: f64,
    /// Served load times its latency, for the mean.
    pub latency: f64,
    /// Minutes of sites above the limit.
    pub overload_minutes: u64,
    /// The same where it lasted for longer than a queue bears.
    pub lasting_minutes: u64,
    /// The same of sites that speak the truth.
    pub honest_lasting_minutes: u64,
    /// Minutes of sites that could not serve all.
    pub full_minutes: u64,
}

impl Cluster {
    /// Every workload at home.
    pub fn new(demand: &Demand) -> Self {
        let places = demand.home.iter().map(|&site| Place { site, moving: None }).collect();
        Self {
            places,
            usage: vec![[0.0; 2]; demand.capacity.len()],
            over: vec![0; demand.capacity.len()],
        }
    }

    /// The workloads of a site.
    pub fn at(&self, site: usize) -> impl Iterator<Item = usize> {
        let places = self.places.iter().enumerate();
        places.filter(move |(_, place)| place.site == site).map(|(workload, _)| workload)
    }

    /// Which share of a workload's traffic goes where.
    pub fn parts(&self) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        self.places.iter().enumerate().flat_map(|(workload, place)| {
            let (to, share) = place.moving.unwrap_or((place.site, 0.0));
            [(workload, place.site, 1.0 - share), (workload, to, share)]
                .into_iter()
                .filter(|(.., share)| *share > 0.0)
        })
    }

    /// How full a site was in the last minute, of whatever it was fullest of.
    pub fn fill(&self, site: usize) -> f32 {
        let [work, memory] = self.usage[site];
        work.max(memory)
    }

    /// Serves a minute; the first `liars` sites are those that do not speak the truth.
    pub fn serve(
        &mut self,
        demand: &Demand,
        weather: &Weather,
        minute: usize,
        liars: usize,
        served: &mut Served,
    ) {
        let sites = demand.capacity.len();
        let mut loads = vec![[0.0f32; 2]; sites];
        for (workload, site, share) in self.parts() {
            loads[site] = plus(loads[site], demand.loads[workload][minute].map(|of| of * share));
        }
        for (site, load) in loads.iter().enumerate() {
            self.usage[site] = [0, 1].map(|metric| load[metric] / demand.capacity[site][metric]);
            let fill = self.fill(site);
            let is_over = fill > LIMIT;
            served.overload_minutes += u64::from(is_over);
            self.over[site] = if is_over { self.over[site] + 1 } else { 0 };
            // What turns out to last counts from its beginning.
            let lasting = match self.over[site].checked_sub(QUEUE_MINUTES as u64) {
                None | Some(0) => 0,
                Some(1) => self.over[site],
                Some(_) => 1,
            };
            served.lasting_minutes += lasting;
            served.honest_lasting_minutes += if site >= liars { lasting } else { 0 };
            served.full_minutes += u64::from(fill > 1.0);
        }
        for (workload, site, share) in self.parts() {
            let load = demand.loads[workload][minute][0] * share;
            let is_down = weather.at(site, minute) == Condition::Down;
            let gets = if is_down { 0.0 } else { load / self.fill(site).max(1.0) };
            let way = way_ms(demand.home[workload], site, sites);
            let latency = SERVICE_MS / (1.0 - self.usage[site][0].min(FULL)) + way;
            served.offered += f64::from(load);
            served.dropped += f64::from(load - gets);
            served.latency += f64::from(gets * latency);
        }
    }
}

/// The way between two sites that lie around the world in their order.
fn way_ms(from: usize, to: usize, sites: usize) -> f32 {
    if from == to {
        return 0.0;
    }
    let far = from.abs_diff(to);
    let far = far.min(sites - far) as f32;
    let farthest = (sites / 2).max(1) as f32;
    WAY_MS.0 + (WAY_MS.1 - WAY_MS.0) * (far - 1.0) / (farthest - 1.0).max(1.0)
}
