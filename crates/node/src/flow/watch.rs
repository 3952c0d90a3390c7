//! The flow analyzer at work: every 100 ms it reads the counters of all flows, judges them,
//! and carries out what follows. What it decides stands in core; what it says stands here.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::choice::{Chosen, build};
use swell_core::flow::counts::Counts;
use swell_core::flow::entry::Order;
use swell_core::flow::indicator::Shares;
use swell_core::flow::policy::Verdict;
use swell_core::flow::recorder::Recorder;
use swell_core::flow::signs::STALL;
use swell_core::flow::view::{FifoId, Glance, OwnerId, Party, TICK};
use swell_core::parameters::UnknownPolicy;
use swell_core::time::{Instant, Span};

use crate::clock::Clock;
use crate::flow::abroad::Abroad;
use crate::flow::departure::Ordered;
use crate::flow::figures::figures;
use crate::flow::flows::Flows;
use crate::flow::line::Line;
use crate::flow::looks::Looks;
use crate::flow::natives::Native;
use crate::flow::rates::Rates;
use crate::flow::seating::{Seating, reseat};
use crate::flow::sight::LineSight;
use crate::flow::up::Up;
use crate::flow::wire::{Elsewhere, parse, path, text};
use crate::live::world::Tape;

/// Watches the flows of a node.
pub struct Watch {
    flows: Arc<Flows>,
    clock: Clock,
    tape: Tape,
    abroad: Arc<Abroad>,
    state: Mutex<State>,
}

struct State {
    looks: Looks,
    analyzer: Analyzer,
    seating: Seating,
    /// How long the last tick took, and the longest.
    took: (Duration, Duration),
}

/// What the watch knows of a flow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) rates: Rates,
    /// Why the last decision was made.
    pub(crate) decision: String,
    /// What an order to change hands was made on.
    pub(crate) grounds: String,
    /// What it was made of, in words.
    pub(crate) figures: String,
    /// Why its lanes are as large as they are, where there is something to say of that.
    pub(crate) sizes: Option<String>,
    /// Why its owner works on the core it does.
    pub(crate) core: String,
    /// How much spoke for a change, and what.
    pub(crate) score: f64,
    pub(crate) shares: Shares,
    /// What goes in a tick as a share of what its lanes hold, and what comes as a share of what one
    /// call at a time can do, where that is known.
    pub(crate) utilization: f64,
    pub(crate) saturation: Option<f64>,
    pub(crate) variation: f64,
    /// Whether more has come than that for long, and whether its queue stands.
    pub(crate) is_overloaded: bool,
    /// Whether nothing moves although items wait.
    pub(crate) is_stuck: bool,
    /// Whether that is as its owner failed with all of the last items.
    pub(crate) is_failing: bool,
    pub(crate) stands: bool,
    /// Items of the usual size that its lanes can hold.
    pub(crate) capacity: f64,
    /// How long its owner works on an item.
    pub(crate) work: Span,
    /// Those who can own it, in their order.
    pub(crate) parties: Vec<Party>,
    /// Functions that it names and that are not here.
    pub(crate) missing: Vec<String>,
    /// Whether it may go to other nodes by itself.
    pub(crate) has_nodes: bool,
}

impl Watch {
    /// A watch with this rule and seed.
    pub fn new(
        flows: Arc<Flows>,
        (rule, seed): (&str, u64),
        tape: Tape,
    ) -> Result<Arc<Self>, UnknownPolicy> {
        let Chosen { policy, budget } = build(rule, seed)?;
        let mut analyzer = Analyzer::new(policy, budget);
        analyzer.record(Some(Recorder::new(rule, seed)));
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let abroad = Arc::new(Abroad::new(&flows.parts.settings.nodes));
        let mut looks = Looks::new(processors, flows.parts.memory);
        looks.abroad = abroad.clone();
        let state = State {
            looks,
            analyzer,
            seating: Seating::new(flows.parts.settings.cores),
            took: (Duration::ZERO, Duration::ZERO),
        };
        let (clock, state) = (Clock::start(1.0), Mutex::new(state));
        Ok(Arc::new(Self { flows, clock, tape, abroad, state }))
    }

    /// Watches until the task is ended.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_nanos(TICK.nanos()));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tick().await;
            self.ask_nodes();
        }
    }

    async fn tick(self: &Arc<Self>) {
        let begun = std::time::Instant::now();
        let now = self.clock.now();
        let (orders, seats) = {
            let mut state = self.state.lock();
            let State { looks, analyzer, seating, .. } = &mut *state;
            let orders = looks.tick(&self.flows, now, analyzer);
            for gone in looks.take_gone() {
                analyzer.on_removed(gone);
                seating.on_removed(gone);
            }
            (orders, seating.judge(now, looks, analyzer.recorder()))
        };
        for (up, place) in seats {
            reseat(&up, place);
        }
        for (up, order) in orders {
            self.carry_out(now, &up, order).await;
        }
        let uses = self.state.lock().looks.uses();
        if !uses.is_empty() {
            self.flows.keep_used(uses).await;
        }
        self.hand_in();
        let took = begun.elapsed();
        let mut state = self.state.lock();
        state.took = (took, state.took.1.max(took));
    }

    /// Takes what was recorded to the journal.
    fn hand_in(&self) {
        let mut state = self.state.lock();
        let recorded = state.analyzer.recorder().map_or_else(Vec::new, Recorder::take);
        if !recorded.is_empty() && !(self.tape)(&recorded) {
            state.analyzer.record(None);
        }
    }

    async fn carry_out(self: &Arc<Self>, now: Instant, up: &Arc<Up>, order: Order) {
        let Ok(line) = &up.line else { return };
        match order.verdict {
            Verdict::Move(to) => self.move_to(now, up, line, to).await,
            Verdict::Shrink | Verdict::Grow => self.resize(up, line, order.verdict).await,
            Verdict::Examine => self.examine(now, up, line, order.fifo).await,
            Verdict::Scale | Verdict::Stay(_) => {}
        }
    }

    /// Looks whether the owner of a flow gets anything done. One that works on items has until its
    /// timeout, or as long as its call may go on where that may be cut short; one that cannot be
    /// reached, or failed with all of the last items, loses the flow, and so does a process that has
    /// stalled.
    async fn examine(self: &Arc<Self>, now: Instant, up: &Arc<Up>, line: &Arc<Line>, fifo: FifoId) {
        let native = line.native_owner().and_then(|number| line.natives.get(number));
        // One that connected while items waited for it has its time from then on.
        let is_new = |native: &Arc<Native>| native.since.elapsed().as_secs_f64() < STALL.secs_f64();
        if line.is_in_good_time() && !line.meter.is_failing() || native.as_ref().is_some_and(is_new)
        {
            return;
        }
        let to = {
            let mut state = self.state.lock();
            let State { looks, analyzer, .. } = &mut *state;
            looks.relieve(&self.flows, now, fifo, analyzer)
        };
        let Some(to) = to else { return };
        self.move_to(now, up, line, to).await;
        // Its name is free for one that works, and it gets nothing more before it goes on.
        if let Some(native) = native.filter(|it| line.native_owner() != Some(it.number)) {
            native.part();
        }
    }

    async fn move_to(self: &Arc<Self>, now: Instant, up: &Arc<Up>, line: &Arc<Line>, to: OwnerId) {
        if let Some((node, owner)) = self.abroad.place(&line.spec, to) {
            return self.send_to(line, node, owner);
        }
        let (flow, place) = (&line.spec.name, to.0 as usize);
        let (from, to) = (line.owner_name(line.owner()), line.owner_name(place));
        let Seen { grounds, figures, .. } = self.seen(line);
        let because = format!("{grounds}; {figures}");
        let cause = self.state.lock().analyzer.cause(line.id);
        match line.hand_over(place, (cause, &because)) {
            Ok(false) => self.state.lock().analyzer.on_failed(line.id, "it has it already"),
            Ok(true) => {
                tracing::info!(%flow, %from, %to, %because, "a flow changes hands");
                self.state.lock().looks.on_moved(now, line.id, place);
                up.record.lock().owner = Some(to.to_string());
                self.keep(up).await;
            }
            Err(error) => {
                tracing::warn!(%flow, %error, "a flow stays where it is");
                self.state.lock().analyzer.on_failed(line.id, &error.to_string());
            }
        }
    }

    /// Lets a flow go to another node, beside all else: it takes its time.
    fn send_to(self: &Arc<Self>, line: &Line, to: Elsewhere, owner: &str) {
        let (watch, fifo, flow) = (self.clone(), line.id, line.spec.name.clone());
        let Seen { grounds, figures, .. } = self.seen(line);
        let because = format!("{grounds}; {figures}");
        tracing::info!(%flow, node = %to.node, %owner, %because, "a flow is to go to another node");
        let order = Ordered { because, owner: Some(owner.to_string()) };
        tokio::spawn(async move {
            let Err(refusal) = watch.flows.leave(&flow, to, order).await else { return };
            let why = refusal.detail.unwrap_or(refusal.title);
            tracing::warn!(%flow, %why, "a flow stays at this node");
            watch.abroad.stays(watch.clock.now(), &flow);
            watch.state.lock().analyzer.on_failed(fifo, &why);
        });
    }

    /// Asks other nodes what functions there have in use, if a flow here wants to go.
    fn ask_nodes(self: &Arc<Self>) {
        let Some((nodes, names)) = self.abroad.due(self.clock.now()) else { return };
        let Some(link) = self.flows.parts.links.get() else { return };
        for (number, to) in nodes.into_iter().filter(|(_, node)| *node.node != *link.name) {
            let (watch, link, asked) = (self.clone(), link.clone(), text(&names));
            tokio::spawn(async move {
                let begun = watch.clock.now();
                let told = link.ask(&to, path::USAGE, asked, Duration::ZERO).await;
                let told = told.ok().and_then(|told| parse(&told).ok());
                let now = watch.clock.now();
                if let Some(told) = told {
                    watch.abroad.hear(now, number, now.since(begun), told);
                }
            });
        }
    }

    /// A lane of a flow that was to change its size keeps it, and why.
    pub(crate) fn kept(&self, fifo: FifoId, why: &str) {
        self.state.lock().analyzer.on_kept(fifo, why);
    }

    /// Writes down where a flow is now, and how many owners it had.
    pub(crate) async fn keep(&self, up: &Arc<Up>) {
        let record = up.remember();
        if let Err(refusal) = self.flows.save(&record).await {
            let flow = &record.spec.name;
            tracing::warn!(%flow, why = ?refusal.detail, "where a flow is now is not on disk");
        }
    }

    /// What is known of a flow.
    pub(crate) fn seen(&self, line: &Line) -> Seen {
        let (mut state, now) = (self.state.lock(), self.clock.now());
        let State { looks, analyzer, seating, .. } = &mut *state;
        let Some((sight, parties)) = looks.show(&self.flows, now, line) else {
            return Seen::default();
        };
        let owner = line.owner();
        let usage = parties.iter().find(|party| party.owner.0 as usize == owner);
        let glance = sight.glance(line.id, usage.map_or(0.0, Party::usage));
        let signs = analyzer.signs(&glance);
        let name = |owner: OwnerId| self.abroad.called(&line.spec, owner);
        let decision = match sight.rests() && !analyzer.judges_rest() {
            true => "it stays: nothing has come or gone for a while, so there is nothing to judge"
                .to_string(),
            false => analyzer.explain(now, line.id, signs, name),
        };
        let (figures, missing) = (figures(line, sight, &parties), self.flows.missing(line));
        let grounds = analyzer.grounds(line.id, signs, name);
        let sizes = analyzer.explain_size(now, line.id);
        let core = seating.explain(now, line, sight);
        let has_nodes = self.abroad.is_any() && analyzer.knows_nodes();
        let measured = measured(line, &glance, sight, analyzer, now);
        Seen { decision, grounds, figures, sizes, core, parties, missing, has_nodes, ..measured }
    }

    /// The same without words and those who could own it.
    pub(crate) fn measured(&self, line: &Line) -> Seen {
        let (state, now) = (self.state.lock(), self.clock.now());
        let Some(sight) = state.looks.sight(line.id) else { return Seen::default() };
        let measured = measured(line, &sight.glance(line.id, 0.0), sight, &state.analyzer, now);
        Seen { missing: self.flows.missing(line), ..measured }
    }

    /// How often what was decided, and how long the last tick and the longest took.
    pub(crate) fn counts(&self) -> (Counts, (Duration, Duration)) {
        let state = self.state.lock();
        (state.analyzer.counts(), state.took)
    }

    /// A person moved a flow.
    pub(crate) fn moved(&self, line: &Line, place: usize) {
        self.state.lock().looks.on_moved(self.clock.now(), line.id, place);
    }
}

fn measured(
    line: &Line,
    glance: &Glance<'_>,
    sight: &LineSight,
    analyzer: &Analyzer,
    now: Instant,
) -> Seen {
    let (sample, rests) = (sight.sample(), sight.rests());
    let judgement = analyzer.judgement(line.id).filter(|_| !rests);
    let (capacity, work) = sight.usual();
    Seen {
        rates: sight.rates(now),
        score: judgement.map_or(0.0, |judgement| judgement.score),
        shares: if rests {
            Shares::default()
        } else {
            analyzer.shares(line.id, analyzer.signs(glance))
        },
        utilization: if rests { 0.0 } else { sample.utilization() },
        saturation: (work > Span::ZERO && !rests).then(|| sample.saturation()),
        variation: sample.variation,
        is_overloaded: judgement.is_some_and(|it| matches!(it.verdict, Verdict::Scale)),
        is_stuck: judgement.is_some_and(|it| matches!(it.verdict, Verdict::Examine)),
        is_failing: sight.is_failing(),
        stands: sight.stands(),
        capacity,
        work,
        ..Seen::default()
    }
}
