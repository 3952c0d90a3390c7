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
use crate::flow::flows::Flows;
use crate::flow::line::Line;
use crate::flow::looks::Looks;
use crate::flow::natives::Native;
use crate::flow::rates::Rates;
use crate::flow::seating::{Seating, reseat};
use crate::flow::sight::LineSight;
use crate::flow::up::Up;
use crate::live::world::Tape;

/// Times that differ by less agree: depths are looked at once per tick.
const CLOSE: Span = Span::from_millis(10);

/// Watches the flows of a node.
pub struct Watch {
    flows: Arc<Flows>,
    clock: Clock,
    tape: Tape,
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
    pub(crate) stands: bool,
    /// Items of the usual size that its lanes can hold.
    pub(crate) capacity: f64,
    /// How long its owner works on an item.
    pub(crate) work: Span,
    /// Those who can own it, in their order.
    pub(crate) parties: Vec<Party>,
    /// Functions that it names and that are not here.
    pub(crate) missing: Vec<String>,
}

impl Watch {
    /// A watch with this rule and seed; `memory` is what instances may hold together, in bytes.
    pub fn new(
        flows: Arc<Flows>,
        (rule, seed): (&str, u64),
        memory: u64,
        tape: Tape,
    ) -> Result<Arc<Self>, UnknownPolicy> {
        let Chosen { policy, budget } = build(rule, seed)?;
        let mut analyzer = Analyzer::new(policy, budget);
        analyzer.record(Some(Recorder::new(rule, seed)));
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let state = State {
            looks: Looks::new(processors, memory),
            analyzer,
            seating: Seating::new(flows.parts.settings.cores),
            took: (Duration::ZERO, Duration::ZERO),
        };
        let (clock, state) = (Clock::start(1.0), Mutex::new(state));
        Ok(Arc::new(Self { flows, clock, tape, state }))
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

    async fn carry_out(&self, now: Instant, up: &Arc<Up>, order: Order) {
        let Ok(line) = &up.line else { return };
        match order.verdict {
            Verdict::Move(to) => self.move_to(now, up, line, to).await,
            Verdict::Shrink | Verdict::Grow => self.resize(up, line, order.verdict).await,
            Verdict::Examine => self.examine(now, up, line, order.fifo).await,
            Verdict::Scale | Verdict::Stay(_) => {}
        }
    }

    /// Looks whether the owner of a flow does anything. One that works on items has until its
    /// timeout, or as long as its call may go on where that may be cut short; one that cannot be reached, or fails all the time, loses the flow, and so does a
    /// process that has stalled.
    async fn examine(&self, now: Instant, up: &Arc<Up>, line: &Arc<Line>, fifo: FifoId) {
        let native = line.native_owner().and_then(|number| line.natives.get(number));
        // One that connected while items waited for it has its time from then on.
        let is_new = |native: &Arc<Native>| native.since.elapsed().as_secs_f64() < STALL.secs_f64();
        if line.is_in_good_time() || native.as_ref().is_some_and(is_new) {
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

    async fn move_to(&self, now: Instant, up: &Arc<Up>, line: &Arc<Line>, to: OwnerId) {
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
        let name = |owner: OwnerId| format!("`{}`", line.owner_name(owner.0 as usize));
        let decision = match sight.rests() && !analyzer.judges_rest() {
            true => "it stays: nothing has come or gone for a while, so there is nothing to judge"
                .to_string(),
            false => analyzer.explain(now, line.id, signs, name),
        };
        let (figures, missing) = (figures(line, sight, &parties), self.flows.missing(line));
        let grounds = analyzer.grounds(line.id, signs, name);
        let sizes = analyzer.explain_size(now, line.id);
        let core = seating.explain(now, line, sight);
        let measured = measured(line, &glance, sight, analyzer, now);
        Seen { decision, grounds, figures, sizes, core, parties, missing, ..measured }
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
        stands: sight.stands(),
        capacity,
        work,
        ..Seen::default()
    }
}

/// What a decision is made of, in words.
fn figures(line: &Line, sight: &LineSight, parties: &[Party]) -> String {
    let sample = sight.sample();
    let mut words = if sight.rests() {
        "nothing has come or gone for a while".to_string()
    } else {
        let (depth, stamped, little) = sight.sojourn();
        format!(
            "{:.1} items/s come and {:.1} go, {depth:.1} are in it (utilization {:.2} %); {}",
            sample.arriving,
            sample.leaving,
            sample.utilization() * 100.0,
            times(stamped, little, line.meter.queued_us())
        )
    };
    let owner = line.owner();
    let (own, others): (Vec<&Party>, Vec<&Party>) =
        parties.iter().partition(|party| party.owner.0 as usize == owner);
    let state = |party: &Party| {
        let name = line.owner_name(party.owner.0 as usize);
        match party.is_alive {
            true => format!("`{name}` has {:.0} % in use", party.usage() * 100.0),
            false => format!("`{name}` is paused or not here"),
        }
    };
    own.into_iter().for_each(|party| words += &format!("; {}", state(party)));
    others.into_iter().for_each(|other| words += &format!(", {}", state(other)));
    words
}

/// What Little's law makes of a flow that next to nothing leaves is no time that anybody waits.
const HARDLY_ANY_LEAVE: Span = Span::from_mins(60);

/// How long items take, as their stamps say, with what Little's law makes of it: where those
/// differ, the flow is not steady, or somebody counts wrongly.
fn times(stamped: Span, little: Span, queued_us: Option<u64>) -> String {
    if stamped == Span::ZERO {
        return "none of them is done yet".to_string();
    }
    let ms = |span: Span| format!("{:.1} ms", span.millis_f64());
    let (less, more) = (stamped.min(little), stamped.max(little));
    let agree = more - less <= CLOSE || more.nanos() <= 2 * less.nanos();
    let (stamped, little) = match little > HARDLY_ANY_LEAVE {
        true => (ms(stamped), "more than an hour".to_string()),
        false => (ms(stamped), ms(little)),
    };
    let queued = queued_us.map_or_else(String::new, |queued| {
        let queued = ms(Span::from_nanos(queued * 1_000));
        format!(", until taken out about {queued} as one in 64 was looked at,")
    });
    let check = if agree { "and" } else { "but" };
    let steady = if agree { "" } else { " (it fills, empties or comes in bursts)" };
    format!("they take {stamped} by their stamps{queued} {check} {little} by Little's law{steady}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_littles_law_are_held_against_each_other() {
        let ms = Span::from_millis;
        for (stamped, little, queued, expected) in [
            (0, 3, None, "none of them is done yet"),
            (30, 27, None, "they take 30.0 ms by their stamps and 27.0 ms by Little's law"),
            (
                30,
                90,
                Some(12_000),
                "they take 30.0 ms by their stamps, until taken out about 12.0 ms as one in 64 was \
                 looked at, but 90.0 ms by Little's law (it fills, empties or comes in bursts)",
            ),
            (
                30,
                1 << 40,
                None,
                "they take 30.0 ms by their stamps but more than an hour by Little's law (it fills, \
                 empties or comes in bursts)",
            ),
        ] {
            assert_eq!(times(ms(stamped), ms(little), queued), expected);
        }
    }
}
