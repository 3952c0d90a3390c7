//! A tick of the analyzer over all flows: it walks through the counters of those that are awake,
//! block by block, and builds the whole view of a flow only where its glance was not enough.
//!
//! With ten thousand flows awake a look may cost a hundred nanoseconds; so it follows no pointer,
//! takes no lock and makes nothing on the heap, except for the few that are to change.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::entry::Order;
use swell_core::flow::exchange::Exchange;
use swell_core::flow::policy::Verdict;
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, View};
use swell_core::time::{Instant, Span};

use crate::flow::abroad::{Abroad, Leaving};
use crate::flow::flows::Flows;
use crate::flow::functions::{Functions, Tick, working};
use crate::flow::launch::Use;
use crate::flow::line::Line;
use crate::flow::memory::is_scarce;
use crate::flow::meter::{now_ns, now_us};
use crate::flow::news::{Mark, Marks};
use crate::flow::parties::Around;
use crate::flow::places::Places;
use crate::flow::shelves::{Shelves, Watched};
use crate::flow::sight::LineSight;
use crate::flow::up::Up;

/// Ticks after which memory at work is looked at anew, which takes a pass over all functions.
const MEMORY_TICKS: u64 = 10;
/// Ticks after which what flows used goes to the disk: a minute.
const USE_TICKS: u64 = 600;
/// Flows that are asked in a tick how many bytes they hold. The others are asked at the next ones.
const ASKED_MAX: u32 = 64;

/// A flow that does not rest.
pub(crate) struct Seen<'a> {
    pub(crate) watched: &'a Watched,
    pub(crate) marks: Marks,
}

/// All flows as they are watched.
pub(crate) struct Looks {
    /// Memory that instances may hold together, in bytes.
    memory: u64,
    processors: f64,
    pub(crate) shelves: Shelves,
    pub(crate) functions: Functions,
    /// Who exchanges how much with whom, and where they work.
    pub(crate) exchange: Exchange,
    pub(crate) places: Places,
    /// Who could own them at other nodes.
    pub(crate) abroad: Arc<Abroad>,
    /// Flows that are no more, and nobody was told so.
    pub(crate) gone: Vec<FifoId>,
    pub(crate) ticks: u64,
    /// Share of the memory that instances at work hold.
    working: f64,
    /// Whether the machine is short of memory.
    is_scarce: bool,
    /// The flow that the journal was shown last.
    pub(crate) shown: Option<FifoId>,
}

impl Looks {
    /// At nothing yet, on a node with so many processors, where instances may hold so many bytes of
    /// `memory` together.
    pub(crate) fn new(processors: f64, memory: u64) -> Self {
        Self {
            memory,
            processors,
            shelves: Shelves::default(),
            functions: Functions::default(),
            exchange: Exchange::default(),
            places: Places::find(),
            abroad: Arc::default(),
            gone: Vec::new(),
            ticks: 0,
            working: 0.0,
            is_scarce: false,
            shown: None,
        }
    }

    /// Takes in a tick; what is to be done.
    pub(crate) fn tick(
        &mut self,
        flows: &Flows,
        now: Instant,
        analyzer: &mut Analyzer,
    ) -> Vec<(Arc<Up>, Order)> {
        self.follow(flows.changes.take());
        self.ticks += 1;
        if self.ticks % MEMORY_TICKS == 1 {
            self.working = working(&flows.parts.registry, self.memory);
            self.is_scarce = is_scarce();
        }
        self.fade(now);
        let tick = self.this_tick(flows, now);
        self.look(&tick, self.is_scarce || flows.regions.is_short(), analyzer);
        let orders = self.decide(&tick, analyzer);
        if analyzer.recorder().is_some() {
            self.record(&tick, analyzer);
        }
        orders
    }

    fn this_tick<'a>(&self, flows: &'a Flows, now: Instant) -> Tick<'a> {
        Tick {
            now,
            now_us: now_us(),
            now_ns: now_ns(),
            number: self.ticks,
            memory: self.working,
            memory_bytes: if self.memory > 0 { self.memory as f64 } else { f64::INFINITY },
            processors: self.processors,
            registry: &flows.parts.registry,
        }
    }

    fn look(&mut self, tick: &Tick<'_>, memory_is_short: bool, analyzer: &mut Analyzer) {
        let mut asked = 0;
        // Those that rest may hold more than they need; and the founding rule judges them as well.
        let shows_all = memory_is_short || analyzer.judges_rest();
        let mut is_awake = shows_all;
        let has_nodes = self.abroad.is_any() && analyzer.knows_nodes();
        for shelf in &mut self.shelves.all {
            shelf.awake |= shelf.block.take() & shelf.present;
            let mut left = if shows_all { shelf.present } else { shelf.awake };
            is_awake |= left != 0;
            while left != 0 {
                let at = left.trailing_zeros();
                left &= left - 1;
                let index = shelf.index(at);
                let Watched { id, up, sight, owner } = &mut shelf.lines[index];
                let counters = shelf.block.flow(at);
                let has = OwnerId(counters.owner.load(Ordering::Relaxed));
                match owner.replace(has) {
                    None => with_line(up, |line| {
                        if let Some(returns) = line.returns.get() {
                            analyzer.on_came(tick.now, *id, *returns);
                        }
                    }),
                    Some(had) if had != has => analyzer.on_given(tick.now, *id, had, has),
                    Some(_) => {}
                }
                let marks = counters.marks();
                if marks.has(Mark::Changed) || marks.has(Mark::Resizing) {
                    attend(up, tick.now, analyzer);
                }
                if !sight.read(tick, counters) {
                    shelf.awake &= !(1 << at);
                    if !shows_all {
                        continue;
                    }
                }
                sight.tell(tick, (*id, up), &mut self.exchange);
                if sight.is_fuller() && asked < ASKED_MAX {
                    asked += 1;
                    sight.on_looked();
                    with_line(up, Line::look_at_use);
                }
                let is_cramped = sight.is_cramped(counters);
                let usage = sight
                    .owner()
                    .map_or(0.0, |it| self.functions.look(it, tick).usage(tick.memory));
                let (sample, rested) = (sight.sample(), sight.rested());
                let glance = Glance {
                    fifo: *id,
                    sample,
                    usage,
                    rested,
                    memory_is_short,
                    is_cramped,
                    is_held: marks.has(Mark::Held),
                    is_native: marks.has(Mark::Native),
                    still: sight.still(),
                    is_failing: sight.is_failing(),
                    is_alone: sight.is_alone() && !has_nodes,
                };
                analyzer.glance(tick.now, &glance);
            }
        }
        if is_awake {
            self.functions.watch(tick);
        }
    }

    /// What is to be done about flows, now that all were glanced at.
    fn decide(&mut self, tick: &Tick<'_>, analyzer: &mut Analyzer) -> Vec<(Arc<Up>, Order)> {
        let close = analyzer.closely();
        close.iter().for_each(|&id| self.look_at_functions(tick, id));
        let has_nodes = self.abroad.is_any() && analyzer.knows_nodes();
        let parties = close.iter().filter_map(|&id| {
            let (id, owner, mut others) = self.both(tick.now, id)?;
            if has_nodes {
                others.extend(self.parties_abroad(tick.now, id));
            }
            Some((id, owner, others))
        });
        let parties: Vec<(FifoId, Party, Vec<Party>)> = parties.collect();
        let views: Vec<View<'_>> = parties
            .iter()
            .filter_map(|(fifo, owner, others)| self.view(*fifo, owner, others))
            .collect();
        let orders = analyzer.decide(tick.now, &views).into_iter();
        // Nothing that the node could do helps a flow to which too much comes: it is told, and counted.
        let orders = orders.filter(|order| !matches!(order.verdict, Verdict::Scale));
        orders.filter_map(|order| Some((self.watched(order.fifo)?.up.upgrade()?, order))).collect()
    }

    pub(crate) fn view<'a>(
        &'a self,
        fifo: FifoId,
        owner: &'a Party,
        others: &'a [Party],
    ) -> Option<View<'a>> {
        let sample = self.sight(fifo)?.sample();
        Some(View { fifo, sample, owner, others, memory_is_short: false })
    }

    /// The owner of a flow, and the others who could own it.
    pub(crate) fn both(&self, now: Instant, id: FifoId) -> Option<(FifoId, Party, Vec<Party>)> {
        let watched = self.watched(id)?;
        let up = watched.up.upgrade()?;
        let line = up.line.as_ref().ok()?;
        let mut parties = self.parties(now, line, &watched.sight);
        let owner = OwnerId(line.meter.counters().owner.load(Ordering::Relaxed));
        let place = parties.iter().position(|party| party.owner == owner)?;
        let owner = parties.remove(place);
        Some((id, owner, parties))
    }

    /// Those who could own a flow at other nodes, which are asked about it from now on.
    fn parties_abroad(&self, now: Instant, id: FifoId) -> Vec<Party> {
        let up = self.watched(id).and_then(|watched| watched.up.upgrade());
        let (Some(up), Some(sight)) = (up, self.sight(id)) else { return Vec::new() };
        let Ok(line) = &up.line else { return Vec::new() };
        // What a process has stays at its node.
        if line.is_native(line.owner()) {
            return Vec::new();
        }
        self.abroad.want(now, &line.spec);
        let pause = |round_trip| {
            let change = line.change_node(round_trip);
            line.costs.lock().pause(&change)
        };
        self.abroad.parties(
            now,
            &Leaving {
                spec: &line.spec,
                owner: line.owner(),
                pause: &pause,
                share_of: &|node| sight.share_of(node),
            },
        )
    }

    /// Looks at the functions that could own a flow.
    pub(crate) fn look_at_functions(&mut self, tick: &Tick<'_>, id: FifoId) {
        let Some(watched) = self.shelves.get(id) else { return };
        for function in watched.sight.functions() {
            self.functions.look(function, tick);
        }
        self.look_at_places(id);
    }

    /// Who shall own a flow whose owner gets nothing done.
    pub(crate) fn relieve(
        &mut self,
        flows: &Flows,
        now: Instant,
        fifo: FifoId,
        analyzer: &mut Analyzer,
    ) -> Option<OwnerId> {
        self.look_at_functions(&self.this_tick(flows, now), fifo);
        let (_, owner, mut others) = self.both(now, fifo)?;
        if self.abroad.is_any() && analyzer.knows_nodes() {
            others.extend(self.parties_abroad(now, fifo));
        }
        analyzer.relieve(now, &self.view(fifo, &owner, &others)?)
    }

    /// A flow as it was at the last tick, and those who could own it as they are now.
    pub(crate) fn show(
        &mut self,
        flows: &Flows,
        now: Instant,
        line: &Line,
    ) -> Option<(&LineSight, Vec<Party>)> {
        self.look_at_functions(&self.this_tick(flows, now), line.id);
        let sight = self.sight(line.id)?;
        Some((sight, self.parties(now, line, sight)))
    }

    /// Those who can own a flow, as they were when somebody looked last.
    fn parties(&self, now: Instant, line: &Line, sight: &LineSight) -> Vec<Party> {
        let Self { working: memory, exchange, places, .. } = self;
        let around = Around { memory: *memory, exchange, places };
        sight.parties(now, line, &around, |number| self.functions.seen(number))
    }

    /// Ticks so far.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// A flow, if it is there.
    pub(crate) fn watched(&self, id: FifoId) -> Option<&Watched> {
        self.shelves.get(id)
    }

    /// What is seen of a flow.
    pub(crate) fn sight(&self, id: FifoId) -> Option<&LineSight> {
        Some(&self.watched(id)?.sight)
    }

    /// Flows that do not rest.
    pub(crate) fn awake(&self) -> impl Iterator<Item = Seen<'_>> {
        self.shelves.all.iter().flat_map(|shelf| {
            let marks = |at| shelf.block.flow(at).marks();
            shelf.awake().map(move |(at, watched)| Seen { watched, marks: marks(at) })
        })
    }

    /// A flow went to this owner.
    pub(crate) fn on_moved(&mut self, now: Instant, id: FifoId, place: usize) {
        if let Some(watched) = self.shelves.get_mut(id) {
            watched.sight.on_moved(now, place);
        }
    }

    /// Flows that went since the last question.
    pub(crate) fn take_gone(&mut self) -> Vec<FifoId> {
        self.gone.iter().for_each(|id| self.exchange.remove(*id));
        std::mem::take(&mut self.gone)
    }

    /// What flows that do something used so far, now and then.
    pub(crate) fn uses(&self) -> Vec<(String, String, Use)> {
        if !self.ticks.is_multiple_of(USE_TICKS) {
            return Vec::new();
        }
        let ups = self.awake().filter_map(|seen| seen.watched.up.upgrade());
        ups.filter_map(|up| Some(up.line.as_ref().ok()?.uses())).flatten().collect()
    }
}

/// Hears what happened to a flow since the last tick, which is seldom anything.
fn attend(up: &Weak<Up>, now: Instant, analyzer: &mut Analyzer) {
    with_line(up, |line| {
        line.retire();
        if let Some(pause) = line.pause_news() {
            let pause = Span::from_nanos(pause.as_nanos() as u64);
            analyzer.on_moved(now, line.id, pause, line.meter.depth());
        }
    });
}

fn with_line(up: &Weak<Up>, then: impl FnOnce(&Line)) {
    if let Some(up) = up.upgrade()
        && let Ok(line) = &up.line
    {
        then(line);
    }
}
