//! The groups of a node: what it tells others, what they told, and where calls go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use swell_content::contents::Contents;
use swell_content::naming::ContentName;
use swell_core::cachegroup::found::{Found, named};
use swell_core::cachegroup::names::ContentId;
use swell_core::cachegroup::relocation::Relocation;
use swell_core::nearby::NearNode;
use swell_link::client::{Address, Client};

use crate::content::history::{History, Inputs};
use crate::grouping::callee::Callee;
use crate::grouping::declared::Declared;
use crate::grouping::members::{Cached, Members};
use crate::grouping::neighbours::{Neighbour, Neighbours};
use crate::grouping::notice::{FUNCTIONS_MAX, INPUTS_MAX, Notice, Served, heard, near_id, told};
use crate::grouping::placing::{Choice, Need, choose};
use crate::grouping::power;
use crate::grouping::tally::Tally;
use crate::grouping::workload::{Sorted, sort};
use crate::live::world::Live;
use crate::registry::{Function, Registry};

/// How soon this node looks at itself again for a function that it has not told of yet.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a call may take where only others know its function.
const TIMEOUT_UNKNOWN: Duration = Duration::from_secs(30);

/// What is decided by.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What this node is called.
    pub name: String,
    /// Workloads whose group it is in whatever happens.
    pub workloads: Vec<String>,
    /// Whether calls are passed to nodes that suit them better.
    pub is_placing: bool,
    /// Whether bytes that a node would have to fetch count (P0 of prefetching).
    pub has_affinity: bool,
    /// Work that a processor of this node does a second, against those of others.
    pub power: f64,
    /// Bytes a second at which nodes fetch contents.
    pub bandwidth: f64,
}

/// What it is made of.
pub struct Parts {
    /// What is decided by.
    pub terms: Terms,
    /// The functions.
    pub registry: Arc<Registry>,
    /// What runs.
    pub live: Arc<Live>,
    /// The contents.
    pub contents: Arc<Contents>,
    /// What calls read.
    pub history: Arc<History>,
    /// How other nodes are reached; none if there are none.
    pub client: Option<Client>,
}

/// The groups of a node.
pub struct Grouping {
    pub(crate) parts: Parts,
    pub(crate) neighbours: Neighbours,
    pub(crate) members: Members,
    /// What the mind was told of others last.
    pub(crate) near: Mutex<Vec<NearNode>>,
    /// What functions declare that they read.
    pub(crate) declared: Declared,
    /// Which contents are to be led elsewhere.
    pub(crate) relocation: Mutex<Relocation>,
    /// Groups that were found here, under the names they have now.
    found: Mutex<Vec<Found>>,
    /// What this node told of itself last.
    own: RwLock<(Instant, Arc<Notice>)>,
    peers: RwLock<Vec<Address>>,
    /// Where calls went.
    pub tally: Tally,
    /// Who runs calls that others pass on.
    pub(crate) callee: OnceLock<Arc<dyn Callee>>,
}

/// Where a call goes, and why.
pub struct Placed {
    /// The workload of its function.
    pub workload: String,
    /// How that is known.
    pub by: String,
    /// What it needs.
    pub need: Need,
    /// The nodes that have the function.
    pub choices: Vec<Choice>,
    /// The place of the chosen one in the list, and whether it joins the group.
    pub chosen: Option<(usize, bool)>,
}

/// A call that goes to another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The node.
    pub node: String,
    /// The workload.
    pub workload: String,
    /// Whether the node joins the workload's group by it.
    pub joins: bool,
}

impl Grouping {
    /// A node that has told nothing and heard nothing, with the nodes it is to ask.
    pub fn new(parts: Parts, peers: Vec<Address>) -> Arc<Self> {
        let peers = peers.into_iter().filter(|peer| peer.name != parts.terms.name).collect();
        Arc::new(Self {
            parts,
            peers: RwLock::new(peers),
            neighbours: Neighbours::default(),
            members: Members::default(),
            near: Mutex::default(),
            declared: Declared::default(),
            relocation: Mutex::default(),
            found: Mutex::default(),
            own: RwLock::new((Instant::now(), Arc::default())),
            tally: Tally::default(),
            callee: OnceLock::new(),
        })
    }

    /// Calls that others pass on are run by this gateway.
    pub fn run_by(&self, callee: Arc<dyn Callee>) {
        // It is told once.
        let _ = self.callee.set(callee);
    }

    /// The contents.
    pub fn contents(&self) -> &Arc<Contents> {
        &self.parts.contents
    }

    /// What this node is called.
    pub fn name(&self) -> &str {
        &self.parts.terms.name
    }

    /// The nodes that it asks.
    pub fn peers(&self) -> Vec<Address> {
        self.peers.read().clone()
    }

    /// Other nodes are there, beside those that the settings name.
    pub fn meet(&self, others: Vec<Address>) {
        let mut peers = self.peers.write();
        for other in others.into_iter().filter(|other| other.name != self.parts.terms.name) {
            match peers.iter_mut().find(|peer| peer.name == other.name) {
                // Where a node is that the settings name, the settings know.
                Some(_) => {}
                None => peers.push(other),
            }
        }
    }

    /// The groups that were found, here and by others.
    pub fn found(&self) -> Vec<Found> {
        let mut all: BTreeMap<String, BTreeSet<ContentId>> = BTreeMap::new();
        let others = self.neighbours.fresh(Instant::now());
        let others = others.values().flat_map(|one| heard(&one.notice.found));
        let own = self.found.lock().clone();
        for Found { name, contents } in own.into_iter().chain(others) {
            all.entry(name).or_default().extend(contents);
        }
        all.into_iter().map(|(name, contents)| Found { name, contents }).collect()
    }

    /// Finds groups anew in what calls read.
    fn find(&self) {
        let groups = self.parts.history.together();
        let known = self.found();
        let found = named(&groups, &known);
        let news = found.iter().filter(|one| !known.iter().any(|known| known.name == one.name));
        for one in news {
            let (name, contents) = (&one.name, one.contents.len());
            tracing::info!(name, contents, "contents are read together and form a group");
        }
        *self.found.lock() = found;
    }

    /// What a function declares to read, or usually reads as far as any node saw.
    fn inputs(&self, function: &str, others: &BTreeMap<String, Neighbour>) -> Inputs {
        let known = self.parts.registry.get(function);
        let declared = known.map(|known| self.declared.inputs(&known.leading().spec));
        let mut inputs = declared.unwrap_or_default();
        for other in others.values() {
            let served = other.notice.functions.get(function);
            inputs.extend(served.into_iter().flat_map(|served| served.inputs.iter().cloned()));
        }
        inputs.extend(self.parts.history.inputs(function));
        inputs
    }

    /// The same for whoever asks.
    pub fn usual_inputs(&self, function: &str) -> Inputs {
        self.inputs(function, &self.neighbours.fresh(Instant::now()))
    }

    /// Finds out how long the contents are that functions declare.
    pub async fn learn_lengths(&self) {
        self.declared.learn(&self.parts.registry, &self.parts.contents).await;
    }

    /// What this node told of itself last.
    pub fn notice(&self) -> Arc<Notice> {
        self.own.read().1.clone()
    }

    /// Finds groups, and looks at itself.
    pub fn refresh(&self) {
        self.find();
        self.look();
    }

    /// Looks at itself, to tell of it.
    pub fn look(&self) {
        let now = Instant::now();
        let notice = Arc::new(self.look_at(now));
        *self.own.write() = (now, notice);
    }

    fn look_at(&self, now: Instant) -> Notice {
        let Parts { terms, registry, live, contents, history, .. } = &self.parts;
        let (others, all_found) = (self.neighbours.fresh(now), self.found());
        let left = live.memory_left();
        let mut functions = BTreeMap::new();
        for function in registry.all() {
            let inputs = self.inputs(&function.name, &others);
            let contents_read = inputs.keys().map(ContentName::id).collect();
            let sorted = sort(&function.leading().spec, contents_read, &all_found);
            let Some(Sorted { workload, by }) = sorted else { continue };
            let mut known = self.declared.inputs(&function.leading().spec);
            known.extend(history.inputs(&function.name));
            let served = Served {
                workload,
                by,
                has_room: power::has_room(&function, live, left),
                clones: live.makes_clones(function.leading().id),
                run_us: power::run_us(&function),
                missing_bytes: contents.missing(&inputs),
                inputs: known.into_iter().take(INPUTS_MAX).collect(),
            };
            functions.insert(function.name.to_string(), served);
            if functions.len() == FUNCTIONS_MAX {
                break;
            }
        }
        let found = self.found.lock().clone();
        Notice {
            cores: cores(),
            power: terms.power,
            busy: power::busy(registry),
            groups: self.members.groups(&terms.workloads, &self.cached(&found), now),
            functions,
            found: told(&found),
            clone_bytes: live.room_for_clones().get(),
        }
    }

    /// What is cached here, by workload.
    fn cached(&self, found: &[Found]) -> BTreeMap<String, Cached> {
        let contents = &self.parts.contents;
        let mut cached = BTreeMap::new();
        for group in contents.groups() {
            if let Some(workload) = group.workload {
                let (copies, bytes) = (group.copies, group.copy_bytes);
                cached.insert(workload, Cached { copies, bytes });
            }
        }
        for Found { name, contents: of_it } in found {
            let (copies, bytes) = contents.held(of_it);
            cached.insert(name.clone(), Cached { copies, bytes });
        }
        cached
    }

    /// Where a call goes. None if its function belongs to no workload.
    pub fn place(&self, name: &str, function: Option<&Function>) -> Option<Placed> {
        let others = self.neighbours.fresh(Instant::now());
        let own = self.told_of(name, function);
        let here = own.functions.get(name);
        let served = others.values().filter_map(|one| one.notice.functions.get(name));
        let served: Vec<_> = here.into_iter().chain(served).collect();
        let Served { workload, by, .. } = served.first()?;
        let timeout = function.map(|function| function.leading().spec.timeout_ms);
        let need = Need {
            run_us: served.iter().find_map(|served| served.run_us),
            timeout: timeout.map_or(TIMEOUT_UNKNOWN, Duration::from_millis),
            bandwidth: self.parts.terms.bandwidth,
        };
        let Terms { name: me, has_affinity, .. } = &self.parts.terms;
        let cloned =
            function.and_then(|function| self.parts.live.cloned_elsewhere(function.leading().id));
        let choice = |node: &String, notice: &Notice, busy: u32, round_trip: Duration| {
            let served = notice.functions.get(name)?;
            Some(Choice {
                name: node.clone(),
                is_here: node == me,
                membership: notice.membership(workload).map(str::to_string),
                has_room: served.has_room,
                cores: notice.cores,
                power: notice.power,
                busy,
                round_trip,
                missing: if *has_affinity { served.missing_bytes } else { 0 },
                start: cloned.as_ref().map_or(Duration::ZERO, |(nodes, start)| {
                    let is_there = nodes.contains(&near_id(node));
                    if is_there { Duration::ZERO } else { *start }
                }),
            })
        };
        let here = choice(me, &own, power::busy(&self.parts.registry), Duration::ZERO);
        let there = others.iter().filter_map(|(node, other)| {
            choice(node, &other.notice, other.busy(), other.round_trip)
        });
        let choices: Vec<Choice> = here.into_iter().chain(there).collect();
        let chosen = choose(&need, &choices);
        Some(Placed { workload: workload.clone(), by: by.clone(), need, choices, chosen })
    }

    /// What this node tells of itself, with a function that was deployed a moment ago.
    fn told_of(&self, name: &str, function: Option<&Function>) -> Arc<Notice> {
        let (at, notice) = self.own.read().clone();
        let is_of_workload = function.is_some_and(|function| {
            let spec = &function.leading().spec;
            spec.workload.is_some() || !spec.labels.is_empty()
        });
        let is_missing = is_of_workload && !notice.functions.contains_key(name);
        if !is_missing || at.elapsed() < LOOK_AGAIN {
            return notice;
        }
        self.look();
        self.notice()
    }

    /// Whether calls may go elsewhere at all.
    pub fn is_placing(&self) -> bool {
        self.parts.client.is_some() && self.parts.terms.is_placing
    }

    /// Where a call goes, if it goes elsewhere; what runs here is noted.
    pub fn way(&self, name: &str, function: Option<&Function>) -> Option<Way> {
        let Placed { workload, choices, chosen, .. } = self.place(name, function)?;
        match chosen.map(|(place, joins)| (&choices[place], joins)) {
            Some((choice, joins)) if !choice.is_here => {
                Some(Way { node: choice.name.clone(), workload, joins })
            }
            // Where none suits, the call waits its turn where it is.
            _ => {
                Tally::add(&self.tally.here);
                self.ran(&workload, None);
                None
            }
        }
    }

    /// A call of a workload runs here; `taken_by` is who sent it to a node outside the group.
    pub fn ran(&self, workload: &str, taken_by: Option<&str>) {
        self.members.ran(workload, taken_by, Instant::now());
    }
}

fn cores() -> u32 {
    let cores = std::thread::available_parallelism();
    cores.map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}
