//! The analyzer: once per tick, every FIFO is judged, and those that most want to change
//! hands do, as many as the node can bear.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::flow::cooldown::{Cooldown, Rest};
use crate::flow::indicator::{Shares, Thresholds};
use crate::flow::policy::{FlowPolicy, Judgement, Stay, Verdict};
use crate::flow::slots::Slots;
use crate::flow::target::{roomy, worth};
use crate::flow::view::{FifoId, Glance, OwnerId, TICK, View};
use crate::time::{Instant, Span};

/// Samples older than so many ticks are not believed.
const FRESH: Span = Span::from_millis(3 * (TICK.nanos() / 1_000_000));

/// FIFOs that are looked at closely in a tick, where only a few may change hands anyway: the
/// others have their turn at the next ones.
const CLOSE_MAX: usize = 256;
/// FIFOs that get a smaller region in a tick.
const SHRINKS_MAX: usize = 8;
/// FIFOs whose owner is examined in a tick.
const EXAMINED_MAX: usize = 64;

/// How much may change at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Changes a second.
    pub per_second: f64,
    /// Changes that may come at once.
    pub burst: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_second: 2.0, burst: 2.0 }
    }
}

impl Budget {
    /// As many as there are: for the founding rule as it was written.
    pub const NONE: Budget = Budget { per_second: f64::INFINITY, burst: f64::INFINITY };
}

/// What is to be done with a FIFO.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// Which.
    pub fifo: FifoId,
    /// What: anything but to stay.
    pub verdict: Verdict,
}

/// How often the analyzer decided what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Changes of hands that were ordered.
    pub moves: u64,
    /// FIFOs that would have changed and were too many.
    pub over_budget: u64,
    /// FIFOs that rested.
    pub cooling_down: u64,
    /// FIFOs that had nowhere to go.
    pub no_target: u64,
    /// FIFOs for which it did not pay.
    pub no_benefit: u64,
    /// FIFOs of which nothing new was known.
    pub stale: u64,
    /// FIFOs to which more came than one call at a time can do.
    pub overloaded: u64,
}

/// The analyzer of a node.
pub struct Analyzer {
    policy: Box<dyn FlowPolicy>,
    budget: Budget,
    allowance: f64,
    last_tick: Option<Instant>,
    /// FIFOs on their way: from whom, to whom.
    under_way: BTreeMap<FifoId, (OwnerId, OwnerId)>,
    last: Slots<Judgement>,
    /// FIFOs of this tick that are to be looked at closely, that could have a smaller region, and
    /// whose owner is to be examined.
    wanting: Vec<FifoId>,
    shrinking: Vec<FifoId>,
    stuck: Vec<FifoId>,
    /// The last of each that had their turn.
    turns: [FifoId; 3],
    /// Rests of FIFOs that were taken from an owner that did not answer.
    rests: BTreeMap<FifoId, Cooldown>,
    counts: Counts,
}

impl Analyzer {
    /// An analyzer with this policy.
    pub fn new(policy: Box<dyn FlowPolicy>, budget: Budget) -> Self {
        Self {
            policy,
            budget,
            allowance: budget.burst,
            last_tick: None,
            under_way: BTreeMap::new(),
            last: Slots::default(),
            wanting: Vec::new(),
            shrinking: Vec::new(),
            stuck: Vec::new(),
            turns: [FifoId(u32::MAX); 3],
            rests: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Judges all FIFOs and says what is to be done. A change that is ordered is under way
    /// until [`on_moved`](Self::on_moved) or [`on_failed`](Self::on_failed).
    pub fn tick(&mut self, now: Instant, views: &[View<'_>]) -> Vec<Order> {
        for view in views {
            self.glance(now, &view.glance());
        }
        let close: BTreeSet<FifoId> = self.closely().into_iter().collect();
        let close: Vec<View<'_>> =
            views.iter().filter(|view| close.contains(&view.fifo)).copied().collect();
        self.decide(now, &close)
    }

    /// The first half of a tick: takes in one FIFO. Call it for each that does not rest, in their
    /// order.
    pub fn glance(&mut self, now: Instant, glance: &Glance<'_>) {
        let fifo = glance.fifo;
        let judgement = if !self.under_way.is_empty() && self.under_way.contains_key(&fifo) {
            Some(stay(Stay::UnderWay))
        } else if now.since(glance.sample.at) > FRESH {
            Some(stay(Stay::Stale))
        } else {
            self.policy.glance(now, glance)
        };
        let Some(judgement) = judgement else {
            self.wanting.push(fifo);
            return;
        };
        match judgement.verdict {
            Verdict::Shrink => self.shrinking.push(fifo),
            Verdict::Examine => self.stuck.push(fifo),
            verdict => self.count(verdict),
        }
        self.last.put(fifo, judgement);
    }

    /// Which FIFOs to show in full to [`decide`](Self::decide).
    pub fn closely(&mut self) -> Vec<FifoId> {
        let most = if self.budget.per_second.is_finite() { CLOSE_MAX } else { usize::MAX };
        let mut wanting = std::mem::take(&mut self.wanting);
        let waiting = take_turns(&mut wanting, most, &mut self.turns[0]);
        for fifo in waiting {
            let score = self.last.get(fifo).map_or(0.0, |judgement| judgement.score);
            self.last.put(fifo, Judgement { score, ..stay(Stay::OverBudget) });
        }
        wanting
    }

    /// The second half of a tick: says what is to be done. A change that is ordered is under way
    /// until [`on_moved`](Self::on_moved) or [`on_failed`](Self::on_failed).
    pub fn decide(&mut self, now: Instant, views: &[View<'_>]) -> Vec<Order> {
        let passed = self.last_tick.map_or(Span::ZERO, |last| now.since(last));
        self.last_tick = Some(now);
        self.allowance += passed.secs_f64() * self.budget.per_second;
        // An allowance without bound stays one: infinity times no time is no number.
        self.allowance = self.allowance.min(self.budget.burst);
        if self.allowance.is_nan() {
            self.allowance = self.budget.burst;
        }
        let (mut shrinking, mut stuck) =
            (std::mem::take(&mut self.shrinking), std::mem::take(&mut self.stuck));
        take_turns(&mut shrinking, SHRINKS_MAX, &mut self.turns[1]);
        take_turns(&mut stuck, EXAMINED_MAX, &mut self.turns[2]);
        let order = |verdict| move |fifo| Order { fifo, verdict };
        let mut orders: Vec<Order> = shrinking.into_iter().map(order(Verdict::Shrink)).collect();
        orders.extend(stuck.into_iter().map(order(Verdict::Examine)));
        let mut wanting = Vec::new();
        for view in views {
            let judgement = self.policy.judge(now, view);
            if let Verdict::Move(to) = judgement.verdict {
                wanting.push((view.fifo, view.owner.owner, to, judgement.score));
            } else {
                self.settle(view.fifo, judgement, &mut orders);
            }
        }
        wanting.sort_by(|a, b| b.3.total_cmp(&a.3).then(a.0.cmp(&b.0)));
        for (fifo, from, to, score) in wanting {
            let verdict = if self.allowance >= 1.0 {
                self.allowance -= 1.0;
                self.under_way.insert(fifo, (from, to));
                Verdict::Move(to)
            } else {
                Verdict::Stay(Stay::OverBudget)
            };
            self.settle(fifo, Judgement { score, verdict }, &mut orders);
        }
        orders
    }

    fn settle(&mut self, fifo: FifoId, judgement: Judgement, orders: &mut Vec<Order>) {
        self.count(judgement.verdict);
        if !matches!(judgement.verdict, Verdict::Stay(_)) {
            orders.push(Order { fifo, verdict: judgement.verdict });
        }
        self.last.put(fifo, judgement);
    }

    fn count(&mut self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Move(_) => &mut self.counts.moves,
            Verdict::Stay(Stay::OverBudget) => &mut self.counts.over_budget,
            Verdict::Stay(Stay::CoolingDown { .. }) => &mut self.counts.cooling_down,
            Verdict::Stay(Stay::NoTarget) => &mut self.counts.no_target,
            Verdict::Stay(Stay::NoBenefit) => &mut self.counts.no_benefit,
            Verdict::Stay(Stay::Stale) => &mut self.counts.stale,
            Verdict::Scale => &mut self.counts.overloaded,
            Verdict::Stay(Stay::Content | Stay::Blanked | Stay::UnderWay)
            | Verdict::Shrink
            | Verdict::Examine => return,
        };
        *counter += 1;
    }

    /// The owner of a FIFO was examined, as the last tick said, and does nothing: who shall
    /// own it instead. Nobody while it rests after it was taken from somebody, nor where
    /// nobody else has room. The change is under way if there is one.
    pub fn relieve(&mut self, now: Instant, view: &View<'_>) -> Option<OwnerId> {
        let rest = self.rests.entry(view.fifo).or_default();
        if self.under_way.contains_key(&view.fifo)
            || rest.until(Rest::default()).is_some_and(|until| until > now)
        {
            return None;
        }
        let most = Thresholds::default().resource_limit;
        let to = roomy(view, most).max_by(|a, b| {
            // Of equals the first, so that the same is chosen each time.
            worth(a).total_cmp(&worth(b)).then(b.owner.cmp(&a.owner))
        })?;
        rest.on_moved(now, view.owner.owner, to.owner);
        self.under_way.insert(view.fifo, (view.owner.owner, to.owner));
        self.counts.moves += 1;
        let score = self.last.get(view.fifo).map_or(0.0, |judgement| judgement.score);
        self.last.put(view.fifo, Judgement { score, verdict: Verdict::Move(to.owner) });
        Some(to.owner)
    }

    /// A FIFO changed hands; it paused for so long.
    pub fn on_moved(&mut self, now: Instant, fifo: FifoId, pause: Span) {
        if let Some((from, to)) = self.under_way.remove(&fifo) {
            self.policy.on_moved(now, fifo, from, to, pause);
        }
    }

    /// A change of hands came to nothing; the FIFO is where it was.
    pub fn on_failed(&mut self, fifo: FifoId) {
        self.under_way.remove(&fifo);
    }

    /// A FIFO is no more.
    pub fn on_removed(&mut self, fifo: FifoId) {
        self.under_way.remove(&fifo);
        self.last.remove(fifo);
        self.policy.on_removed(fifo);
        self.rests.remove(&fifo);
    }

    /// How often it decided what.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The last decision about a FIFO; nothing if it was not looked at yet.
    pub fn judgement(&self, fifo: FifoId) -> Option<Judgement> {
        self.last.get(fifo).copied()
    }

    /// What spoke for a change when the FIFO was judged last, at this glance.
    pub fn shares(&self, glance: &Glance<'_>) -> Shares {
        self.policy.shares(glance)
    }

    /// In words, why the last decision about the FIFO of this glance was made; `name` says what
    /// owners are called.
    pub fn explain(&self, glance: &Glance<'_>, name: impl Fn(OwnerId) -> String) -> String {
        let Some(Judgement { score, verdict }) = self.judgement(glance.fifo) else {
            return String::from("it was not looked at yet");
        };
        let mut words = match verdict {
            Verdict::Stay(stay) => format!("it stays: {stay}"),
            Verdict::Move(to) => format!("it goes to {}", name(to)),
            Verdict::Shrink => {
                "it gets a smaller region: it is hardly used, and memory is short".into()
            }
            Verdict::Examine => "its owner is examined: nothing moves although items wait".into(),
            Verdict::Scale => {
                "it stays: more arrives than one call at a time can do, whoever owns \
                               it; use `batch`, send fewer items, or make it several flows"
                    .into()
            }
        };
        if let Verdict::Stay(Stay::CoolingDown { until }) = verdict {
            let left = until.since(glance.sample.at).secs_f64();
            write!(words, " for {left:.1} s more").expect("a string takes all words");
        }
        // Without a look at it there is no score.
        if !matches!(verdict, Verdict::Stay(Stay::Blanked | Stay::Stale | Stay::UnderWay)) {
            let shares = self.shares(glance).to_string();
            let colon = if shares.is_empty() { "" } else { ": " };
            write!(words, " (score {score:.2}{colon}{shares})").expect("a string takes all words");
        }
        words
    }
}

fn stay(stay: Stay) -> Judgement {
    Judgement { score: 0.0, verdict: Verdict::Stay(stay) }
}

/// Leaves those of `all`, in their order, whose turn it is, `most` at a time and each as often as
/// the others; `last` is whose turn it was last. Those that have to wait.
fn take_turns(all: &mut Vec<FifoId>, most: usize, last: &mut FifoId) -> Vec<FifoId> {
    if all.len() <= most {
        return Vec::new();
    }
    let next = all.partition_point(|fifo| fifo <= last);
    let count = all.len();
    all.rotate_left(next % count);
    let waiting = all.split_off(most);
    *last = all[most - 1];
    waiting
}
