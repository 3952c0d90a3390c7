//! The flow analyzer at work: every 100 ms it reads the counters of all flows, judges them,
//! and carries out what follows. What it decides stands in core; what it says stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;

use swell_core::flow::affinity::Place;
use swell_core::flow::analyzer::{Analyzer, Counts, Order};
use swell_core::flow::choice::{Chosen, build};
use swell_core::flow::policy::Verdict;
use swell_core::flow::view::{FifoId, OwnerId, Party, TICK, View};
use swell_core::parameters::UnknownPolicy;
use swell_core::time::{Instant, Span};
use swell_fifo::class::Class;

use crate::clock::Clock;
use crate::flow::flows::Flows;
use crate::flow::launch::Use;
use crate::flow::line::Line;
use crate::flow::news::flows_of;
use crate::flow::seating::{Seating, reseat};
use crate::flow::sight::{FunctionSight, LineSight, Rates};
use crate::flow::up::Up;

/// Ticks after which memory at work is looked at anew, which takes a pass over all functions.
const MEMORY_TICKS: u64 = 10;

/// Ticks after which what flows used goes to the disk: a minute.
const USE_TICKS: u64 = 600;
/// Watches the flows of a node.
pub struct Watch {
    flows: Arc<Flows>,
    clock: Clock,
    /// Memory that instances may hold together, in bytes.
    memory: u64,
    processors: f64,
    state: Mutex<State>,
}

struct State {
    analyzer: Analyzer,
    /// The version of the table that the rest is of.
    version: u64,
    /// Not held on to: a flow that is taken down goes, whoever watches it.
    lines: BTreeMap<FifoId, (Weak<Up>, LineSight)>,
    /// Flows that do not rest.
    awake: BTreeSet<FifoId>,
    functions: BTreeMap<String, FunctionSight>,
    ticks: u64,
    /// Share of the memory that instances at work hold.
    working: f64,
    seating: Seating,
    /// How long the last tick took, and the longest.
    took: (Duration, Duration),
}

/// What a tick came to.
struct Work {
    /// Consumers that are to work elsewhere.
    seats: Vec<(Arc<Up>, Place)>,
    orders: Vec<(Arc<Up>, Order)>,
    /// Lanes that are to go on in a larger region.
    short: Vec<(Arc<Up>, usize)>,
}

/// What the watch knows of a flow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) rates: Rates,
    /// Why the last decision was made.
    pub(crate) decision: String,
    /// What it was made of, in words.
    pub(crate) figures: String,
    /// Items of the usual size that its lanes can hold.
    pub(crate) capacity: f64,
    /// How long its owner works on an item.
    pub(crate) work: Span,
    /// Those who can own it, in their order.
    pub(crate) parties: Vec<Party>,
}

impl Watch {
    /// A watch with this rule; `memory` is what instances may hold together, in bytes.
    pub fn new(
        flows: Arc<Flows>,
        policy: &str,
        seed: u64,
        memory: u64,
    ) -> Result<Arc<Self>, UnknownPolicy> {
        let Chosen { policy, budget } = build(policy, seed)?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let state = State {
            analyzer: Analyzer::new(policy, budget),
            version: u64::MAX,
            lines: BTreeMap::new(),
            awake: BTreeSet::new(),
            functions: BTreeMap::new(),
            ticks: 0,
            working: 0.0,
            seating: Seating::new(flows.parts.settings.cores),
            took: (Duration::ZERO, Duration::ZERO),
        };
        let (clock, state) = (Clock::start(1.0), Mutex::new(state));
        Ok(Arc::new(Self { flows, clock, memory, processors, state }))
    }

    /// Watches until the task is ended.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_nanos(TICK.nanos()));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tick().await;
        }
    }

    async fn tick(&self) {
        let begun = std::time::Instant::now();
        let now = self.clock.now();
        let Work { seats, orders, short } = self.state.lock().judge(self, now);
        for (up, place) in seats {
            reseat(&up, place);
        }
        for (up, order) in orders {
            self.carry_out(now, &up, order).await;
        }
        for (up, lane) in short {
            if let Ok(line) = &up.line {
                self.resize_lane(&up, line, lane, Class::larger).await;
            }
        }
        let uses = self.state.lock().uses();
        if !uses.is_empty() {
            self.flows.keep_used(uses).await;
        }
        let took = begun.elapsed();
        let mut state = self.state.lock();
        state.took = (took, state.took.1.max(took));
    }

    async fn carry_out(&self, now: Instant, up: &Arc<Up>, order: Order) {
        let Ok(line) = &up.line else { return };
        match order.verdict {
            Verdict::Move(to) => self.move_to(now, up, line, to).await,
            Verdict::Shrink => self.resize(up, line, Class::smaller).await,
            Verdict::Examine => self.examine(now, up, line, order.fifo).await,
            // How many instances there are is the mind's to say.
            Verdict::Scale | Verdict::Stay(_) => {}
        }
    }

    /// Looks whether the owner of a flow does anything. One that works on items has until its
    /// timeout; one that cannot be reached, or fails all the time, loses the flow.
    async fn examine(&self, now: Instant, up: &Arc<Up>, line: &Arc<Line>, fifo: FifoId) {
        if line.is_working() {
            return;
        }
        let to = self.state.lock().relieve(now, fifo);
        if let Some(to) = to {
            self.move_to(now, up, line, to).await;
        }
    }

    async fn move_to(&self, now: Instant, up: &Arc<Up>, line: &Arc<Line>, to: OwnerId) {
        let (flow, place) = (&line.spec.name, to.0 as usize);
        let (from, to) = (line.owner_name(line.owner()), line.owner_name(place));
        match line.hand_over(place, "analyzer") {
            Ok(_) => {
                tracing::info!(%flow, %from, %to, "a flow changes hands");
                self.state.lock().moved(now, line.id, place);
                up.record.lock().owner = Some(to.to_string());
                self.keep(up).await;
            }
            Err(error) => {
                tracing::warn!(%flow, %error, "a flow stays where it is");
                self.state.lock().analyzer.on_failed(line.id);
            }
        }
    }

    /// Lets the lanes of a flow go on in other regions.
    async fn resize(&self, up: &Arc<Up>, line: &Line, next: fn(Class) -> Option<Class>) {
        for lane in 0..line.lanes.len() {
            self.resize_lane(up, line, lane, next).await;
        }
    }

    async fn resize_lane(
        &self,
        up: &Arc<Up>,
        line: &Line,
        lane: usize,
        next: fn(Class) -> Option<Class>,
    ) {
        let (class, _) = line.lane_state(lane);
        let item = line.spec.item_bytes + swell_fifo::envelope::ENVELOPE_MAX;
        let fits = |class: &Class| Class::holding(0, item).is_some_and(|least| *class >= least);
        let Some(class) = next(class).filter(fits) else { return };
        if line.is_resizing(lane) {
            return;
        }
        let flow = &line.spec.name;
        if let Err(error) = line.resize(lane, class) {
            tracing::debug!(%flow, %error, "a lane stays as large as it is");
            return;
        }
        tracing::info!(%flow, from = %line.from[lane], bytes = class.bytes(), "a lane goes on in another size class");
        let classes = (0..line.lanes.len()).map(|lane| line.lane_state(lane).0.bytes()).collect();
        up.record.lock().classes = classes;
        self.keep(up).await;
    }

    async fn keep(&self, up: &Arc<Up>) {
        let record = up.record.lock().clone();
        if let Err(refusal) = self.flows.save(&record).await {
            let flow = &record.spec.name;
            tracing::warn!(%flow, why = ?refusal.detail, "where a flow is now is not on disk");
        }
    }

    /// What is known of a flow.
    pub(crate) fn seen(&self, line: &Line) -> Seen {
        let state = self.state.lock();
        let Some((_, sight)) = state.lines.get(&line.id) else { return Seen::default() };
        let name = |owner: OwnerId| format!("`{}`", line.owner_name(owner.0 as usize));
        let decision = state.analyzer.explain(line.id, name);
        let figures = sight.parts().map_or_else(String::new, |(sample, owner, others)| {
            let mut words = format!(
                "{:.1} items/s come and {:.1} go, {:.1} are in it and take {} ({} by Little's law); `{}` has {:.0} % in use",
                sample.arriving,
                sample.leaving,
                sample.depth,
                sample.latency,
                sight.by_little(),
                line.owner_name(owner.owner.0 as usize),
                owner.usage() * 100.0
            );
            for other in others {
                let name = line.owner_name(other.owner.0 as usize);
                let state = if other.is_alive { "" } else { ", and is not here" };
                words += &format!(", `{name}` {:.0} %{state}", other.usage() * 100.0);
            }
            words
        });
        let (capacity, work) = sight.usual();
        let parties = sight.parties(line, state.working, |name| state.functions.get(name));
        let rates = sight.rates(self.clock.now());
        Seen { rates, decision, figures, capacity, work, parties }
    }

    /// How often what was decided, and how long the last tick and the longest took.
    pub(crate) fn counts(&self) -> (Counts, (Duration, Duration)) {
        let state = self.state.lock();
        (state.analyzer.counts(), state.took)
    }

    /// A person moved a flow.
    pub(crate) fn moved(&self, line: &Line, place: usize) {
        self.state.lock().moved(self.clock.now(), line.id, place);
    }
}

impl State {
    fn judge(&mut self, watch: &Watch, now: Instant) -> Work {
        self.follow(&watch.flows);
        self.ticks += 1;
        for (name, sight) in &mut self.functions {
            let function = watch.flows.parts.registry.get(name);
            sight.look(function.as_deref(), watch.processors);
        }
        if self.ticks % MEMORY_TICKS == 1 {
            self.working = working(&watch.flows, watch.memory);
        }
        let memory_is_short = watch.flows.regions.is_short();
        let (mut judged, mut short) = (Vec::new(), Vec::new());
        self.wake(&watch.flows);
        let looked_at: Vec<FifoId> = match memory_is_short {
            // Those that rest may hold more than they need.
            true => self.lines.keys().copied().collect(),
            false => self.awake.iter().copied().collect(),
        };
        for id in looked_at {
            let Some((up, sight)) = self.lines.get_mut(&id) else { continue };
            let Some(up) = up.upgrade() else { continue };
            let Ok(line) = &up.line else { continue };
            if let Some(pause) = line.pause_news() {
                let pause = Span::from_nanos(pause.as_nanos() as u64);
                self.analyzer.on_moved(now, id, pause);
            }
            if !sight.read(now, line) {
                self.awake.remove(&id);
                if !memory_is_short {
                    continue;
                }
            }
            line.retire();
            line.look_at_use();
            let functions = &self.functions;
            sight.assemble(now, line, self.working, |name| functions.get(name));
            short.extend(sight.short_lanes(now, line).map(|lane| (up.clone(), lane)));
            let record = up.record.lock();
            // A native process has a flow for as long as it is connected.
            let is_native = line.is_native(line.owner());
            if !record.frozen && record.pinned.is_none() && !is_native {
                judged.push(id);
            }
        }
        let views: Vec<View<'_>> = judged
            .iter()
            .filter_map(|&fifo| {
                let (sample, owner, others) = self.lines[&fifo].1.parts()?;
                Some(View { fifo, sample, owner, others, memory_is_short })
            })
            .collect();
        let seats = self.seating.judge(now, self.ticks, &self.lines);
        let orders = self.analyzer.tick(now, &views);
        let find = |order: Order| Some((self.lines.get(&order.fifo)?.0.upgrade()?, order));
        Work { seats, orders: orders.into_iter().filter_map(find).collect(), short }
    }

    /// Takes in which flows do not rest any more.
    fn wake(&mut self, flows: &Flows) {
        let Some((&last, _)) = self.lines.last_key_value() else { return };
        for bit in flows.news.take() {
            let lines = &self.lines;
            self.awake.extend(flows_of(bit, last).filter(|id| lines.contains_key(id)));
        }
    }

    /// Follows the table of flows.
    fn follow(&mut self, flows: &Flows) {
        let version = flows.version.load(Ordering::Acquire);
        if version == self.version {
            return;
        }
        self.version = version;
        let mut former = std::mem::take(&mut self.lines);
        let mut wanted = BTreeSet::new();
        for up in flows.all() {
            let Ok(line) = &up.line else { continue };
            let known = former.remove(&line.id).map(|(_, sight)| sight);
            let sight = known.unwrap_or_else(|| {
                self.awake.insert(line.id);
                LineSight::new(line)
            });
            for name in line.owners() {
                self.functions.entry(name.to_string()).or_insert_with(FunctionSight::new);
                wanted.insert(name.to_string());
            }
            self.lines.insert(line.id, (Arc::downgrade(&up), sight));
        }
        for fifo in former.into_keys() {
            self.awake.remove(&fifo);
            self.analyzer.on_removed(fifo);
            self.seating.on_removed(fifo);
        }
        self.functions.retain(|name, _| wanted.contains(name.as_str()));
    }

    /// What flows that do something used so far, now and then.
    fn uses(&self) -> Vec<(String, String, Use)> {
        if !self.ticks.is_multiple_of(USE_TICKS) {
            return Vec::new();
        }
        let working = self.lines.values().filter(|(_, sight)| !sight.rests());
        let ups = working.filter_map(|(up, _)| up.upgrade());
        ups.filter_map(|up| Some(up.line.as_ref().ok()?.uses())).flatten().collect()
    }

    /// Who shall own a flow whose owner does nothing.
    fn relieve(&mut self, now: Instant, fifo: FifoId) -> Option<OwnerId> {
        let (sample, owner, others) = self.lines.get(&fifo)?.1.parts()?;
        let view = View { fifo, sample, owner, others, memory_is_short: false };
        self.analyzer.relieve(now, &view)
    }

    fn moved(&mut self, now: Instant, fifo: FifoId, place: usize) {
        if let Some((_, sight)) = self.lines.get_mut(&fifo) {
            sight.on_moved(now, place);
        }
    }
}

/// Share of the memory of instances that those at work hold.
fn working(flows: &Flows, memory: u64) -> f64 {
    let mut bytes = 0u64;
    flows.parts.registry.visit(|function| {
        for version in &function.versions {
            let running = u64::from(version.running.load(Ordering::Relaxed));
            let each = u64::from(version.spec.concurrency.max(1));
            bytes += running.div_ceil(each) * version.spec.memory_bytes;
        }
    });
    if memory == 0 { 0.0 } else { (bytes as f64 / memory as f64).min(1.0) }
}
