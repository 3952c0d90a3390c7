//! The rule that was measured against the founding one, and is the default.
//!
//! It keeps the founding indicators and weights, and adds what they lack: shares of a window
//! instead of a moment, intents that tell relief from reclaiming, two levels so that it does
//! not waver, a rest after each change, a target that stays out of trouble, and a gain that
//! is worth the pause. With a window of one tick and all of that off it is the founding rule;
//! a test holds it to that.

use crate::flow::cooldown::{Cooldown, Rest};
use crate::flow::indicator::{Shares, Thresholds, score};
use crate::flow::policy::{FlowPolicy, Judgement, Relief, Stay, Verdict};
use crate::flow::signs::Signs;
use crate::flow::slots::Slots;
use crate::flow::target::best;
use crate::flow::topology::round_trip;
use crate::flow::view::{FifoId, Glance, OwnerId, Party, Sample, TICK, View};
use crate::flow::wait::{behind, drain, kingman, rate_at, rate_here};
use crate::flow::weighing::{Balance, Standing, Weighed, fit, weigh, weigh_room};
use crate::flow::window::{Recent, Window};
use crate::rng::Rng;
use crate::time::{Instant, Span};

/// What the rule can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Where indicators begin, and their weights.
    pub thresholds: Thresholds,
    /// Ticks that relief looks back, at most
    /// [`RECENT_TICKS_MAX`](crate::flow::window::RECENT_TICKS_MAX).
    pub relief_ticks: usize,
    /// Ticks that reclaiming looks back.
    pub reclaim_ticks: usize,
    /// An intent begins here.
    pub enter: f64,
    /// And ends here.
    pub leave: f64,
    /// Ticks after a change that are not believed.
    pub blanking: u32,
    /// A target keeps so much below the limit.
    pub margin: f64,
    /// What is gained must be worth so many times the pause.
    pub benefit_by_cost: f64,
    /// How long a gain is counted for.
    pub horizon: Span,
    /// A change costs at least this, in items times seconds.
    pub least_cost: f64,
    /// Decide by the score alone, above this, whatever the intent, the room and the gain.
    pub trigger: Option<f64>,
    /// How long a FIFO rests after a change, and at most after several that led it back.
    pub rest: Rest,
    /// The queue of a FIFO grows for so long before more instances are asked for.
    pub overload: Span,
}

impl Settings {
    /// With these the rule is the founding one.
    pub fn founding(thresholds: Thresholds, trigger: f64) -> Self {
        Self {
            thresholds,
            relief_ticks: 1,
            blanking: 0,
            trigger: Some(trigger),
            rest: Rest { usual: Span::ZERO, most: Span::ZERO },
            ..Self::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            relief_ticks: 10,
            reclaim_ticks: 300,
            enter: 0.6,
            leave: 0.4,
            blanking: 10,
            margin: 0.10,
            benefit_by_cost: 2.0,
            horizon: Span::from_secs(10),
            least_cost: 1e-3,
            trigger: None,
            rest: Rest::default(),
            overload: Span::from_secs(10),
        }
    }
}

/// What is remembered of a FIFO.
struct Memory {
    idle: Recent,
    late: Recent,
    tight: Recent,
    idle_for_long: Window,
    wants_relief: bool,
    cooldown: Cooldown,
    overloaded_since: Option<Instant>,
}

/// The rule.
pub struct Measured {
    settings: Settings,
    memories: Slots<Memory>,
    rng: Rng,
}

impl Measured {
    /// The rule with these settings.
    pub fn new(settings: Settings, rng: Rng) -> Self {
        Self { settings, memories: Slots::default(), rng }
    }

    fn memory(&mut self, fifo: FifoId) -> &mut Memory {
        let Settings { relief_ticks, reclaim_ticks, .. } = self.settings;
        self.memories.get_or(fifo, || Memory {
            idle: Recent::new(relief_ticks),
            late: Recent::new(relief_ticks),
            tight: Recent::new(relief_ticks),
            idle_for_long: Window::new(reclaim_ticks),
            wants_relief: false,
            cooldown: Cooldown::default(),
            overloaded_since: None,
        })
    }

    /// What a change to this one would bring, and what it costs.
    fn balance(&self, view: &View<'_>, party: &Party) -> Balance {
        let Settings { benefit_by_cost, least_cost, horizon, .. } = self.settings;
        let sample = view.sample;
        let pause = party.pause.secs_f64();
        let cost = sample.arriving * pause * pause / 2.0 + sample.depth * pause;
        let (gain, needed) = (self.gain(view, party), benefit_by_cost * (cost + least_cost));
        Balance { gain, cost, needed, pause: party.pause, horizon }
    }

    /// What items wait less there, in items times seconds: those that come within the horizon, and
    /// those that wait now, which count also where nothing comes any more.
    fn gain(&self, view: &View<'_>, party: &Party) -> f64 {
        let (sample, horizon) = (view.sample, self.settings.horizon);
        let Sample { arriving, depth, .. } = *sample;
        let (here, there) = (rate_here(view.owner, sample), rate_at(party, sample));
        if arriving >= there {
            return 0.0;
        }
        let wait = |rate| {
            kingman(arriving, rate, sample.variation) + behind(depth, arriving, rate, horizon)
        };
        // What goes to another node is so much later there.
        let way = if party.is_abroad { round_trip(party.proximity) } else { Span::ZERO };
        // What was measured counts as long as it is not about to pass by itself, and within the
        // horizon: where next to nothing leaves, Little's law knows no end.
        let less = sample.latency.min(wait(here)).min(horizon) - (wait(there) + way);
        let sooner = drain(depth, here, horizon) - drain(depth, there, horizon);
        arriving * horizon.secs_f64() * less.secs_f64() + depth * sooner.secs_f64()
    }

    /// The verdict on a FIFO that nobody can take: more may come than anybody can do.
    fn unhelped(&mut self, now: Instant, fifo: FifoId) -> Verdict {
        let (since, overload) = (self.memory(fifo).overloaded_since, self.settings.overload);
        let is_overloaded = since.is_some_and(|since| now.since(since) >= overload);
        // The founding rule knows nothing of that.
        match is_overloaded && self.settings.trigger.is_none() {
            true => Verdict::Scale,
            false => Verdict::Stay(Stay::NoTarget),
        }
    }

    /// The verdict on a FIFO, unless somebody else might take it.
    fn verdict(&mut self, now: Instant, fifo: FifoId, signs: Signs) -> Option<Verdict> {
        let settings = self.settings;
        let memory = self.memory(fifo);
        let shares = memory.shares();
        let Shares { idle, late, tight } = shares;
        let thresholds = &settings.thresholds;
        if let Some(trigger) = settings.trigger {
            let is_triggered = shares.score(thresholds) > trigger;
            return (!is_triggered).then_some(Verdict::Stay(Stay::Content));
        }
        let relief = relief(shares, thresholds);
        memory.wants_relief =
            if memory.wants_relief { relief > settings.leave } else { relief >= settings.enter };
        // What an owner that fails costs is no measure of what another one would do.
        let is_stuck = idle * late >= settings.enter && signs.has(Signs::STILL);
        if is_stuck || signs.has(Signs::FAILING) {
            return Some(Verdict::Examine);
        }
        if !memory.wants_relief {
            let is_spare = late == 0.0 && tight == 0.0 && memory.idle_for_long.is_full();
            let is_idle = memory.idle_for_long.share() >= settings.enter;
            let shrinks = signs.has(Signs::MEMORY_IS_SHORT) && is_spare && is_idle;
            return Some(if shrinks { Verdict::Shrink } else { Verdict::Stay(Stay::Content) });
        }
        let until = memory.cooldown.until(settings.rest).filter(|&until| until > now);
        until.map(|until| Verdict::Stay(Stay::CoolingDown { until }))
    }
}

/// How much of what spoke speaks for relief, from 0 to 1.
fn relief(Shares { late, tight, .. }: Shares, thresholds: &Thresholds) -> f64 {
    let most = thresholds.latency_weight + thresholds.resource_weight;
    score(0.0, late, tight, thresholds) / most
}

impl Memory {
    /// Shares of the window in which the FIFO was idle and late, and its owner near its limit.
    fn shares(&self) -> Shares {
        let Self { idle, late, tight, .. } = self;
        Shares { idle: idle.share(), late: late.share(), tight: tight.share() }
    }

    /// Nothing happened for so many ticks.
    fn rested(&mut self, ticks: u32) {
        self.idle.push_many(true, ticks);
        self.late.push_many(false, ticks);
        self.tight.push_many(false, ticks);
        self.idle_for_long.push_many(true, ticks);
        self.overloaded_since = None;
    }
}

impl FlowPolicy for Measured {
    fn rest(&self) -> Rest {
        self.settings.rest
    }

    fn usage_max(&self) -> f64 {
        self.settings.thresholds.resource_limit - self.settings.margin
    }

    fn signs(&self, glance: &Glance<'_>) -> Signs {
        Signs::of(glance, &self.settings.thresholds, self.settings.horizon)
    }

    fn glance(
        &mut self,
        now: Instant,
        fifo: FifoId,
        signs: Signs,
        rested: u32,
    ) -> Option<Judgement> {
        let thresholds = self.settings.thresholds;
        let indicators = signs.indicators();
        let blanking = TICK * u64::from(self.settings.blanking);
        let is_overloaded = signs.has(Signs::OVERLOADED);
        let memory = self.memory(fifo);
        if rested > 0 {
            memory.rested(rested);
        }
        memory.overloaded_since =
            if is_overloaded { memory.overloaded_since.or(Some(now)) } else { None };
        memory.idle_for_long.push(indicators.is_idle);
        if memory.cooldown.moved().is_some_and(|moved| now.since(moved) < blanking) {
            return Some(Judgement { score: 0.0, verdict: Verdict::Stay(Stay::Blanked) });
        }
        memory.idle.push(indicators.is_idle);
        memory.late.push(indicators.is_late);
        memory.tight.push(indicators.is_tight);
        let score = memory.shares().score(&thresholds);
        let verdict = self.verdict(now, fifo, signs);
        // Where nobody else could take it there is no more to be seen.
        let alone = signs.has(Signs::ALONE).then(|| self.unhelped(now, fifo));
        Some(Judgement { score, verdict: verdict.or(alone)? })
    }

    fn weigh(&self, view: &View<'_>, weighed: &mut Vec<Weighed>) {
        if self.settings.trigger.is_some() {
            return weigh(view, weighed);
        }
        weigh_room(view, self.usage_max(), weighed);
        let owner = view.owner.usage();
        for (one, party) in weighed.iter_mut().zip(view.others) {
            if one.standing != Standing::Fit {
                continue;
            }
            let (usage, balance) = (party.usage(), self.balance(view, party));
            one.balance = Some(balance);
            if usage >= owner {
                one.standing = Standing::Busier { usage, owner };
            } else if !balance.pays() {
                one.standing = Standing::Unpaid;
            }
        }
    }

    fn judge(&mut self, now: Instant, view: &View<'_>, weighed: &[Weighed]) -> Judgement {
        let settings = self.settings;
        let memory = self.memory(view.fifo);
        let score = memory.shares().score(&settings.thresholds);
        let has_room =
            |one: &Weighed| matches!(one.standing, Standing::Busier { .. } | Standing::Unpaid);
        // Another node is for what nobody here can do.
        let of = |is_abroad| fit(view, weighed).filter(move |it| it.is_abroad == is_abroad);
        let target = best(of(false), &mut self.rng).or_else(|| best(of(true), &mut self.rng));
        let verdict = match target {
            Some(party) => Verdict::Move(party.owner),
            None if weighed.iter().any(has_room) => match self.unhelped(now, view.fifo) {
                Verdict::Stay(_) => Verdict::Stay(Stay::NoBenefit),
                verdict => verdict,
            },
            None => self.unhelped(now, view.fifo),
        };
        Judgement { score, verdict }
    }

    fn on_moved(&mut self, now: Instant, fifo: FifoId, from: OwnerId, to: OwnerId, _: Span) {
        let memory = self.memory(fifo);
        memory.cooldown.on_moved(now, from, to);
        memory.wants_relief = false;
        memory.idle.clear();
        memory.late.clear();
        memory.tight.clear();
    }

    fn on_came(&mut self, now: Instant, fifo: FifoId, returns: u32) {
        self.memory(fifo).cooldown.on_came(now, returns);
    }

    fn knows_nodes(&self) -> bool {
        self.settings.trigger.is_none()
    }

    fn shares(&self, fifo: FifoId, _: Signs) -> Shares {
        self.memories.get(fifo).map_or_else(Shares::default, Memory::shares)
    }

    fn relief(&self, fifo: FifoId) -> Option<Relief> {
        let Settings { thresholds, enter, leave, trigger, .. } = &self.settings;
        let memory = self.memories.get(fifo).filter(|_| trigger.is_none())?;
        let is_wanted = memory.wants_relief;
        let bound = if is_wanted { *leave } else { *enter };
        Some(Relief { share: relief(memory.shares(), thresholds), bound, is_wanted })
    }

    fn on_removed(&mut self, fifo: FifoId) {
        self.memories.remove(fifo);
    }
}
