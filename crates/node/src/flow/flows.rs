//! All flows of a node: which there are, what is deployed, where answers go.
//!
//! A flow is on disk before it is believed, and so is what a person says of it. Deploying a
//! changed flow stops the former one in order: items that were not done with are kept, and
//! found by the new one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;

use swell_api::flow::{FlowSpec, is_native};
use swell_core::flow::affinity::{CoreId, Place};
use swell_core::flow::cost::Costs;
use swell_core::flow::view::FifoId;
use swell_fifo::class::Class;

use crate::flow::arriving::Arrivals;
use crate::flow::away::Away;
use crate::flow::changes::Changes;
use crate::flow::consumer::Consumer;
use crate::flow::errands::Errands;
use crate::flow::launch;
use crate::flow::letters::{LineError, broke, elsewhere, refuse, unkept};
use crate::flow::line::Line;
use crate::flow::link::Links;
use crate::flow::news::{Mark, News};
use crate::flow::pool::Regions;
use crate::flow::records::{FlowRecord, FlowStore};
use crate::flow::seat;
use crate::flow::turns::Turns;
use crate::flow::up::{Down, Table, Up, gone};
use crate::flow::usage::Sampler;
use crate::flow::wire::Elsewhere;
use crate::invoker::Invoker;
use crate::outflow::Graves;
use crate::refusal::{Reason, Refusal};
use crate::registry::Registry;
use crate::settings::FlowSettings;
use crate::store::error::StoreError;

/// The folder of what flows keep, in the data folder.
const FOLDER: &str = "flows";

/// What flows work with.
pub struct Parts {
    /// The data folder.
    pub data: PathBuf,
    /// Which functions are here.
    pub registry: Arc<Registry>,
    /// Who keeps dead letters.
    pub graves: Arc<dyn Graves>,
    /// Settings.
    pub settings: FlowSettings,
    /// The way to other nodes, once there is one.
    pub links: Arc<Links>,
    /// Bytes that instances may hold together.
    pub memory: u64,
    /// How long calls under way may take when a flow stops.
    pub drain: Duration,
}

/// The flows of a node.
pub struct Flows {
    pub(crate) parts: Parts,
    pub(crate) regions: Arc<Regions>,
    /// What changes of hands cost here.
    pub(crate) costs: Arc<Mutex<Costs>>,
    pub(crate) table: RwLock<Table>,
    /// In which of them anything happened.
    news: News,
    /// Which of them came and went, for whoever watches.
    pub(crate) changes: Changes,
    /// What comes from other nodes.
    pub(crate) arrivals: Arrivals,
    /// What they are to be told, and asked.
    pub(crate) errands: Errands,
    /// What functions have in use, for other nodes.
    pub(crate) sampler: Sampler,
    pub(crate) store: FlowStore,
    /// Whose turn it is to change flows.
    pub(crate) turns: Turns,
    /// From the start of the flows to their end, so that nobody holds the node then.
    pub(crate) invoker: Mutex<Option<Arc<dyn Invoker>>>,
    next: AtomicU32,
    /// Cancelled when the node goes down.
    pub(crate) stop: CancellationToken,
    /// Cancelled once calls under way have had their time after that.
    pub(crate) drained: CancellationToken,
}

impl Flows {
    /// The flows of a node; [`Flows::start`] brings back those of an earlier run.
    pub fn open(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let store = FlowStore::open(&parts.data)?;
        let costs = Arc::new(Mutex::new(store.costs()?));
        let regions = Regions::new(&parts.settings);
        Ok(Arc::new(Self {
            regions,
            costs,
            table: RwLock::default(),
            news: News::default(),
            changes: Changes::default(),
            arrivals: Arrivals::default(),
            errands: Errands::default(),
            sampler: Sampler::default(),
            store,
            turns: Turns::default(),
            invoker: Mutex::new(None),
            next: AtomicU32::new(0),
            stop: CancellationToken::new(),
            drained: CancellationToken::new(),
            parts,
        }))
    }

    /// Brings back the flows of an earlier run, which call functions by `invoker`; how many.
    pub fn start(self: &Arc<Self>, invoker: Arc<dyn Invoker>) -> Result<usize, StoreError> {
        *self.invoker.lock() = Some(invoker);
        self.clear_arrivals();
        let records = self.store.begin()?;
        let count = records.len();
        for record in records {
            let up = self.bring_up(record);
            match (&up.line, &up.away) {
                (_, Some(away)) => self.let_begin_later(away.clone()),
                (Err(why), None) => {
                    let flow = &up.spec.name;
                    tracing::error!(%flow, %why, "a flow did not come up");
                }
                (Ok(_), None) => self.errands.begin(&up.record.lock()),
            }
            self.put_in(up);
        }
        tokio::spawn(self.clone().run_errands());
        let (regions, stop) = (self.regions.clone(), self.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = regions.run() => {}
                () = stop.cancelled() => {}
            }
        });
        Ok(count)
    }

    /// What is deployed, by name.
    pub fn specs(&self) -> Vec<Arc<FlowSpec>> {
        self.table.read().by_name.values().map(|up| up.spec.clone()).collect()
    }

    /// Deploys a flow; whether anything changed.
    pub async fn deploy(self: &Arc<Self>, spec: FlowSpec) -> Result<bool, Refusal> {
        let _turn = self.turns.of(&spec.name).await;
        let everybody = self.turns.of_all().await;
        refuse(&spec.name, self.problems(&spec, &[]))?;
        let former = self.get(&spec.name);
        let mut record = FlowRecord::new(spec);
        if let Some(former) = &former {
            let known = former.remember();
            if let Some(Elsewhere { node, .. }) = &known.moved {
                return Err(elsewhere(&record.spec.name, node));
            }
            if known.spec == record.spec && former.line.is_ok() {
                return Ok(false);
            }
            let lanes = FlowRecord { spec: record.spec.clone(), ..known.clone() }.lanes();
            former.keeps_items(&lanes)?;
            record = FlowRecord { spec: record.spec, classes: Vec::new(), ..known };
            let can_own =
                |name: &String| *name == record.spec.to || record.spec.owners.contains(name);
            record.pinned = record.pinned.filter(can_own);
            record.owner = record.owner.filter(can_own);
        }
        if let Ok(home) = self.home() {
            let known = former.as_ref().map(|former| former.spec.from.as_slice());
            record.call_after(&home, |lane| known.is_some_and(|known| known.contains(lane)));
        }
        record.epoch = former.as_ref().map_or(1, |former| former.next_epoch());
        self.save(&record).await?;
        if let Some(former) = former {
            // Answers wait for the new one meanwhile; other flows do not.
            self.put_in(Arc::new(Up::changing(record.clone())));
            drop(everybody);
            self.take_down(&former).await;
            gone(former).await;
        }
        let up = self.bring_up(record);
        let trouble = up.line.as_ref().err().map(Down::to_string);
        self.put_in(up);
        match trouble {
            None => Ok(true),
            Some(why) => Err(Refusal::new(Reason::Storage, "the flow is kept, but is not up")
                .detail(why)
                .hint("mend that, and deploy it again")),
        }
    }

    /// A flow by name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Up>> {
        self.table.read().by_name.get(name).cloned()
    }

    /// All flows, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Up>> {
        self.table.read().by_name.values().cloned().collect()
    }

    /// Keeps a flow's record.
    pub(crate) async fn save(self: &Arc<Self>, record: &FlowRecord) -> Result<(), Refusal> {
        let (flows, record) = (self.clone(), record.clone());
        let saved = tokio::task::spawn_blocking(move || flows.store.save(&record)).await;
        saved.map_err(broke)?.map_err(|error| unkept(&error))
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.parts.data.join(FOLDER).join(name)
    }

    pub(crate) fn bring_up(self: &Arc<Self>, record: FlowRecord) -> Arc<Up> {
        if let Some(elsewhere) = record.moved.clone() {
            let node = elsewhere.node.clone();
            let away = Away::new(&record, elsewhere, self.parts.links.clone());
            return Arc::new(Up::away(record, &node, Arc::new(away)));
        }
        let (stop, cut) = (self.stop.child_token(), CancellationToken::new());
        let invoker = self.invoker.lock().clone();
        let line = match invoker {
            Some(_) => self.line(&record).map(Arc::new),
            None => Err(Down::Broken("the node is going down".to_string())),
        };
        let task = line.as_ref().ok().zip(invoker).map(|(line, invoker)| {
            let consumer = Consumer {
                line: line.clone(),
                invoker,
                graves: self.parts.graves.clone(),
                stop: stop.clone(),
                cut: cut.clone(),
            };
            tokio::spawn(seat::run(consumer))
        });
        let spec = Arc::new(record.spec.clone());
        let (term, record, task) = (record.term, Mutex::new(record), Mutex::new(task));
        Arc::new(Up { spec, record, term, line, away: None, stop, cut, task })
    }

    fn line(&self, record: &FlowRecord) -> Result<Line, Down> {
        let spec = record.spec.clone();
        let usual = launch::hinted(&spec)
            .ok_or_else(|| Down::Broken("its items fit into no size class".to_string()))?;
        let lanes = record.lanes();
        let least = launch::least(&spec, usual);
        let class = |lane: usize| -> Class {
            let learned = record.classes.get(lane).copied();
            let learned = Class::all().find(|class| Some(class.bytes()) == learned);
            let last = || self.store.used(&spec.name, &lanes[lane]).ok().flatten();
            learned.map_or_else(|| launch::class(usual, least, last()), |class| class.max(least))
        };
        let classes: Vec<Class> = (0..lanes.len()).map(class).collect();
        let id = FifoId(self.next.fetch_add(1, Ordering::Relaxed));
        // No native process is connected yet.
        let wanted = record.pinned.as_ref().or(record.owner.as_ref());
        let wanted = wanted.filter(|name| !is_native(name));
        let place = std::iter::once(&spec.to).chain(&spec.owners);
        let owner = place.into_iter().position(|name| Some(name) == wanted).unwrap_or(0);
        let folder = self.folder(&spec.name);
        let line = |classes: &[Class]| {
            let (spec, lanes) = (spec.clone(), lanes.clone());
            let shared = (&self.regions, &self.costs);
            Line::new(self.news.bell(id), spec, lanes, classes, owner, &folder, shared)
        };
        let usual = vec![usual; lanes.len()];
        let made = match line(&classes) {
            // More than the hint asks for is had only where there is room for it.
            Err(LineError::Pool(_)) if classes != usual => line(&usual),
            made => made,
        };
        let mut line = made.map_err(|error| Down::Broken(error.to_string()))?;
        line.epochs_before = record.epoch.saturating_sub(1);
        line.called = lanes.iter().map(|lane| record.called(lane).to_string()).collect();
        line.hands.lock().recall(record.moves.clone(), record.ping_pongs);
        let is_held = record.frozen || record.pinned.is_some();
        line.meter.counters().mark(Mark::Held, is_held);
        if let Some(core) = record.core {
            line.sit(Place::On(CoreId(core)));
        }
        Ok(line)
    }

    pub(crate) fn put_in(&self, up: Arc<Up>) {
        let mut table = self.table.write();
        let former = table.put_in(up.clone());
        self.changes.note(former.as_deref(), Some(&up));
    }

    pub(crate) fn take_out(&self, name: &str) {
        let mut table = self.table.write();
        let former = table.take_out(name);
        self.changes.note(former.as_deref(), None);
    }
}
