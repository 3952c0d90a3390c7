//! Three sites whose machines are modelled: what a workload takes is a function of time, and it
//! runs where the routes of the sites send its traffic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use swell_consensus::log::{Log, Look};
use swell_consensus::memory::memory_log::MemoryLog;
use swell_consensus::memory::order::MemoryCluster;
use swell_core::council::claim::Passed;
use swell_core::council::entry::Command;
use swell_core::council::state::State;
use swell_core::council::words::{Criticality, Loads};
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};
use swell_forecast::calendar::occasion::Occasion;
use swell_outlook::board::{Board, Card, Contact};
use swell_outlook::naming::{site_id, workload_id};
use swell_outlook::sums::{Reading as Told, Sums};
use swell_site::kept::Kept;
use swell_site::mover::{Job, Mover, Step, StepError};
use swell_site::neighbours::{Neighbours, Reading, RoundTrip};
use swell_site::route::Route;
use swell_site::settings::{Settings, hurried};
use swell_site::site::{Parts, Site};
use tokio::time::Instant as Tokio;
use tokio_util::sync::CancellationToken;

pub(crate) const NAMES: [&str; 3] = ["oslo", "lima", "kobe"];
pub(crate) const SLOT: Span = Span::from_secs(2);
pub(crate) const CAPACITY: u64 = 1_000;

/// Processor time that a workload asks for in a second, by seconds since the beginning.
pub(crate) type Demand = fn(f64) -> f64;

/// What all see: who runs what, and who asks for it where.
pub(crate) struct World {
    begin: Tokio,
    /// By workload: at whose gateway its calls arrive, and how many.
    demands: BTreeMap<&'static str, (usize, Demand)>,
    pub(crate) running: Mutex<[BTreeSet<String>; 3]>,
    sums: Mutex<[BTreeMap<String, Sums>; 3]>,
    pub(crate) calls: Mutex<Vec<String>>,
    /// By place, what is to be kept warm.
    pub(crate) held: Mutex<[BTreeSet<String>; 3]>,
    /// Who stands by for what, in the order in which that was asked for.
    pub(crate) kept: Mutex<Vec<(&'static str, String)>>,
    /// Workloads that do not start.
    pub(crate) broken: Mutex<BTreeSet<String>>,
    /// Workloads with those that they are joined with.
    pub(crate) joined: Mutex<BTreeMap<String, Vec<String>>>,
    /// How long it takes to start one.
    pub(crate) start_takes: Mutex<Duration>,
    pub(crate) cut: Mutex<BTreeSet<usize>>,
    /// Whether sites gossip about who is there.
    pub(crate) gossips: Mutex<bool>,
    /// Who tells a fifth of what it used.
    pub(crate) cooks: Mutex<BTreeSet<usize>>,
    /// By gateway, what it passed on.
    passed: Mutex<[BTreeMap<String, BTreeMap<String, Passed>>; 3]>,
    pub(crate) occasions: Mutex<Vec<Occasion>>,
    /// What is announced at one site only.
    pub(crate) announced: Mutex<BTreeMap<usize, Vec<Occasion>>>,
}

pub(crate) struct Town {
    pub(crate) world: Arc<World>,
    pub(crate) cluster: Arc<MemoryCluster>,
    pub(crate) logs: Vec<Arc<MemoryLog>>,
    pub(crate) sites: Vec<Arc<Site>>,
    stop: CancellationToken,
    _folders: Vec<tempfile::TempDir>,
}

struct Machine {
    place: usize,
    world: Arc<World>,
}

fn contact(place: usize) -> Contact {
    let at = |what: &str| format!("{what}:{place}");
    Contact {
        flow: None,
        name: NAMES[place].to_string(),
        gateway: at("gateway"),
        state: at("state"),
        resource: at("resource"),
    }
}

fn place(name: &str) -> usize {
    NAMES.iter().position(|known| *known == name).expect("it is one of them")
}

impl Neighbours for Machine {
    fn own(&self, contacts: Vec<Contact>) -> Board {
        let card = |name: &String| {
            let joined = self.world.joined.lock().get(name).cloned().unwrap_or_default();
            let (functions, criticality) = (vec![name.clone()], Criticality::Normal);
            (name.clone(), Card { functions, criticality, joined })
        };
        let cards = self.world.running.lock()[self.place].iter().map(card).collect();
        let at_ms = self.world.begin.elapsed().as_millis() as u64;
        let mut workloads = self.world.sums.lock()[self.place].clone();
        if self.world.cooks.lock().contains(&self.place) {
            for sums in workloads.values_mut() {
                (sums.cpu_us, sums.calls) = (sums.cpu_us / 5, sums.calls / 5);
            }
        }
        let passed = self.world.passed.lock()[self.place].clone();
        let measured = [None; 4];
        let reading = Told { at_ms, workloads, rest: Sums::default(), measured };
        let occasions = self.world.announced.lock().get(&self.place).cloned().unwrap_or_default();
        let nodes = Vec::new();
        Board { contact: contact(self.place), cards, reading, contacts, passed, occasions, nodes }
    }

    fn read<'a>(&'a self, other: &'a Contact) -> Reading<'a> {
        Box::pin(async move {
            let there = place(&other.name);
            let cut = self.world.cut.lock();
            if cut.contains(&there) || cut.contains(&self.place) {
                return Err("no way".to_string());
            }
            drop(cut);
            Ok(Machine { place: there, world: self.world.clone() }.own(Vec::new()))
        })
    }

    fn resource_trip<'a>(&'a self, other: &'a Contact) -> RoundTrip<'a> {
        let cut = self.world.cut.lock();
        let is_cut = cut.contains(&place(&other.name)) || cut.contains(&self.place);
        Box::pin(std::future::ready((!is_cut).then_some(Duration::from_millis(1))))
    }

    fn there(&self) -> Option<BTreeSet<SiteId>> {
        let cut = self.world.cut.lock().clone();
        let others = (0..NAMES.len()).filter(|place| *place != self.place && !cut.contains(place));
        let heard =
            others.filter(|_| !cut.contains(&self.place)).map(|place| site_id(NAMES[place]));
        (*self.world.gossips.lock()).then(|| heard.collect())
    }

    fn know(&self, _contacts: &BTreeMap<SiteId, Contact>) {}

    fn occasions(&self) -> Vec<Occasion> {
        let mut occasions = self.world.occasions.lock().clone();
        occasions.extend(self.world.announced.lock().get(&self.place).cloned().unwrap_or_default());
        occasions
    }
}

impl Machine {
    fn did(&self, what: &str, job: &Job) {
        self.world.calls.lock().push(format!("{} {what} {}", NAMES[self.place], job.workload));
    }

    fn step(&self, what: &str, job: &Job) -> Result<(), StepError> {
        self.did(what, job);
        if self.world.broken.lock().contains(&job.workload) {
            return Err(StepError::Never(format!("{} does not start", job.workload)));
        }
        Ok(())
    }
}

impl Mover for Machine {
    fn name(&self) -> &'static str {
        "modelled"
    }

    fn stand_by<'a>(&'a self, workload: &'a str, of: &'a Contact) -> Step<'a> {
        Box::pin(async move {
            assert_ne!(of.name, NAMES[self.place], "nobody stands by for itself");
            self.world.kept.lock().push((NAMES[self.place], workload.to_string()));
            Ok(())
        })
    }

    fn start<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move {
            self.step("starts", job)?;
            let takes = *self.world.start_takes.lock();
            tokio::time::sleep(takes).await;
            self.world.running.lock()[self.place].insert(job.workload.clone());
            Ok(())
        })
    }

    fn hold<'a>(&'a self, workloads: &'a BTreeSet<String>) -> Step<'a> {
        Box::pin(async move {
            self.world.held.lock()[self.place].clone_from(workloads);
            Ok(())
        })
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move { self.step("proves", job) })
    }

    fn check<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move { self.step("checks", job) })
    }

    fn drain<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move { self.step("drains", job) })
    }

    fn take_back<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move { self.step("takes back", job) })
    }

    fn release<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move {
            self.did("stops", job);
            self.world.running.lock()[self.place].remove(&job.workload);
            Ok(())
        })
    }
}

impl Town {
    /// Three sites; each workload begins at the site that its place says.
    pub(crate) async fn new(demands: &[(&'static str, usize, Demand)]) -> Self {
        let world = Arc::new(World {
            begin: Tokio::now(),
            demands: demands.iter().map(|(name, at, demand)| (*name, (*at, *demand))).collect(),
            running: Mutex::default(),
            sums: Mutex::default(),
            calls: Mutex::default(),
            held: Mutex::default(),
            kept: Mutex::default(),
            broken: Mutex::default(),
            joined: Mutex::default(),
            start_takes: Mutex::default(),
            cut: Mutex::default(),
            gossips: Mutex::default(),
            cooks: Mutex::default(),
            passed: Mutex::default(),
            occasions: Mutex::default(),
            announced: Mutex::default(),
        });
        for (name, at, _) in demands {
            world.running.lock()[*at].insert((*name).to_string());
        }
        let ids: Vec<SiteId> = NAMES.iter().map(|name| site_id(name)).collect();
        let (cluster, unordered) = MemoryLog::cluster(&ids, hurried(SLOT));
        let log = |id: &SiteId| unordered.iter().find(|log| log.site() == *id).cloned();
        let logs: Vec<Arc<MemoryLog>> = ids.iter().filter_map(log).collect();
        for id in &ids {
            let capacity = Loads::cpu(CAPACITY);
            let admit = Command::Admit { site: *id, capacity };
            let said = logs[0].propose(admit, Duration::from_secs(1)).await.expect("it is up");
            said.outcome.expect("it is admitted");
        }
        let stop = CancellationToken::new();
        let (mut sites, mut folders) = (Vec::new(), Vec::new());
        for (place, log) in logs.iter().enumerate() {
            let folder = tempfile::tempdir().expect("a folder");
            let mut kept = Kept::open(folder.path(), false).expect("it is empty");
            for other in (0..3).filter(|other| *other != place) {
                kept.meet(&contact(other)).expect("the disk works");
            }
            let machine = Arc::new(Machine { place, world: world.clone() });
            let begin = world.begin;
            let site = Site::new(Parts {
                log: log.clone(),
                mover: machine.clone(),
                neighbours: machine,
                kept,
                settings: Settings { dwell: Duration::from_millis(500), ..Settings::default() },
                clock: Arc::new(move || {
                    Instant::from_millis(1_000_000_000 + begin.elapsed().as_millis() as u64)
                }),
            });
            tokio::spawn(site.clone().run(stop.clone()));
            sites.push(site);
            folders.push(folder);
        }
        Self { world, cluster, logs, sites, stop, _folders: folders }
    }

    /// Lets time pass; every tenth of a second calls arrive and are served.
    pub(crate) async fn pass(&self, seconds: f64) {
        for _ in 0..(seconds * 10.0).round() as usize {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.world.begin.elapsed().as_secs_f64();
            let mut sums = self.world.sums.lock();
            for (name, (at, demand)) in &self.world.demands {
                let micros = (demand(now) * 100.0) as u64;
                for (place, share) in self.shares(*at, name) {
                    let sums = sums[place].entry((*name).to_string()).or_default();
                    let (run_us, calls) = (micros * u64::from(share) / 1_000, 5);
                    sums.run_us += run_us;
                    sums.cpu_us += run_us;
                    sums.calls += calls;
                    if place != *at {
                        let to = NAMES[place].to_string();
                        let mut passed = self.world.passed.lock();
                        let passed = passed[*at].entry(to).or_default();
                        let passed = passed.entry((*name).to_string()).or_default();
                        *passed = passed.plus(Passed {
                            calls,
                            wait_us: run_us + calls * 1_000,
                            bytes: 0,
                        });
                    }
                }
            }
        }
    }

    fn shares(&self, at: usize, workload: &str) -> Vec<(usize, u16)> {
        let to = |id: SiteId| self.sites.iter().position(|site| site.me() == id);
        match self.sites[at].route_of(workload, Some(workload)) {
            Route::Here => vec![(at, 1_000)],
            Route::There(site) => to(site).map(|place| (place, 1_000)).into_iter().collect(),
            Route::Share { site, per_mille } => {
                let there = to(site).map(|place| (place, per_mille));
                there.into_iter().chain([(at, 1_000 - per_mille)]).collect()
            }
        }
    }

    /// Lets time pass until something is so, for at most so many seconds.
    pub(crate) async fn until(&self, seconds: u64, what: &str, is_so: impl Fn(&State) -> bool) {
        for _ in 0..seconds * 2 {
            if self.logs[0].look(|state| is_so(state)) {
                return;
            }
            self.pass(0.5).await;
        }
        let story = self.world.calls.lock().join("\n");
        self.logs[0].look(|state| {
            panic!(
                "{what}: not within {seconds} s\n{story}\nopen: {:#?}\nended: {:#?}",
                state.open, state.ended
            )
        });
    }

    /// Who has authority over a workload.
    pub(crate) fn holder(&self, workload: &str) -> Option<&'static str> {
        let holder = self.logs[0].look(|state| {
            state.workloads.get(&workload_id(workload)).map(|known| known.authority.holder)
        })?;
        NAMES.into_iter().find(|name| site_id(name) == holder)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
