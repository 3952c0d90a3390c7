//! The analyzer: once per tick, every FIFO is judged, and those that most want to change
//! hands do, as many as the node can bear.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::budget::{Allowance, Budget};
use crate::flow::cooldown::Cooldown;
use crate::flow::counts::Counts;
use crate::flow::entry::Order;
use crate::flow::indicator::Shares;
use crate::flow::policy::{FlowPolicy, Judgement, Relief, Stay, Verdict};
use crate::flow::recorder::Recorder;
use crate::flow::signs::Signs;
use crate::flow::size::Sizing;
use crate::flow::slots::Slots;
use crate::flow::view::{FifoId, Glance, OwnerId, Party, Sample, View};
use crate::flow::weighing::{Finding, Weighed, heir, weigh_room};
use crate::flow::words::Rounded;
use crate::time::{Instant, Span};

/// FIFOs that are looked at closely in a tick, where only a few may change hands anyway: the
/// others have their turn at the next ones.
const CLOSE_MAX: usize = 256;
/// FIFOs that get a smaller region in a tick.
const SHRINKS_MAX: usize = 8;
/// FIFOs whose owner is examined in a tick.
const EXAMINED_MAX: usize = 64;
/// An owner that a FIFO was taken from gets it back after all others for so long.
const LEFT_FOR: Span = Span::from_secs(600);
/// How long it may take to hear of other nodes.
const ASKED_FOR: Span = Span::from_secs(2);

/// The analyzer of a node.
pub struct Analyzer {
    pub(super) policy: Box<dyn FlowPolicy>,
    allowance: Allowance,
    /// FIFOs on their way: from whom, to whom.
    pub(super) under_way: BTreeMap<FifoId, (OwnerId, OwnerId)>,
    /// The one of them that is on its way to another node.
    pub(super) leaving: Option<FifoId>,
    pub(super) last: Slots<Judgement>,
    /// Those who could own a FIFO, as they were weighed last, and what came of looking after its
    /// owner.
    pub(super) weighed: Slots<Vec<Weighed>>,
    pub(super) findings: BTreeMap<FifoId, Finding>,
    /// FIFOs of this tick that are to be looked at closely, that could have a smaller region, and
    /// whose owner is to be examined.
    wanting: Vec<FifoId>,
    shrinking: Vec<FifoId>,
    stuck: Vec<FifoId>,
    /// FIFOs of this tick that get a larger region.
    growing: Vec<FifoId>,
    /// Whether any was glanced at in this tick.
    is_awake: bool,
    /// What is remembered of their sizes.
    pub(super) sizes: Slots<Sizing>,
    /// The last of each that had their turn.
    turns: [FifoId; 3],
    /// Rests of FIFOs that were taken from an owner that did not answer.
    pub(super) rests: BTreeMap<FifoId, Cooldown>,
    /// When each was taken from whom, as nothing was done or all failed.
    pub(super) left: BTreeMap<FifoId, BTreeMap<OwnerId, Instant>>,
    counts: Counts,
    pub(super) recorder: Option<Recorder>,
}

impl Analyzer {
    /// An analyzer with this policy.
    pub fn new(policy: Box<dyn FlowPolicy>, budget: Budget) -> Self {
        Self {
            policy,
            allowance: Allowance::new(budget),
            under_way: BTreeMap::new(),
            leaving: None,
            last: Slots::default(),
            weighed: Slots::default(),
            findings: BTreeMap::new(),
            wanting: Vec::new(),
            shrinking: Vec::new(),
            stuck: Vec::new(),
            growing: Vec::new(),
            is_awake: false,
            sizes: Slots::default(),
            turns: [FifoId(u32::MAX); 3],
            rests: BTreeMap::new(),
            left: BTreeMap::new(),
            counts: Counts::default(),
            recorder: None,
        }
    }

    /// Records all that it is told and orders from now on, which must be from its beginning; or
    /// nothing any longer.
    pub fn record(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
    }

    /// Who records it.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
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
        let signs = self.policy.signs(glance);
        self.hear(now, glance.fifo, signs, glance.rested);
    }

    /// The same by what a glance comes to.
    pub fn hear(&mut self, now: Instant, fifo: FifoId, signs: Signs, rested: u32) {
        let now = whole(now);
        self.is_awake = true;
        if let Some(recorder) = &mut self.recorder {
            recorder.glanced(fifo, signs, rested);
        }
        let sizing = self.sizes.get_or(fifo, Sizing::default);
        if rested > 0 {
            sizing.rested(rested);
        }
        if sizing.wants_more(now, signs.has(Signs::CRAMPED), signs.has(Signs::SATURATED)) {
            sizing.on_changed(now);
            self.growing.push(fifo);
        }
        if signs.has(Signs::HELD) {
            return;
        }
        let is_native = signs.has(Signs::NATIVE);
        let judgement = if !self.under_way.is_empty() && self.under_way.contains_key(&fifo) {
            Some(stay(Stay::UnderWay))
        } else {
            // Who else could own it is no matter while a process has it.
            self.policy.glance(now, fifo, signs.with(Signs::ALONE, is_native), rested)
        };
        let Some(mut judgement) = judgement else {
            self.wanting.push(fifo);
            return;
        };
        if is_native {
            judgement = judgement.of_process(signs);
        }
        match judgement.verdict {
            Verdict::Shrink => self.shrinking.push(fifo),
            // Nobody could have it instead, or a process has some time left.
            Verdict::Examine
                if signs.has(Signs::ALONE) || is_native && !signs.has(Signs::STALLED) => {}
            // It would come to nothing, ten times a second. Other nodes are asked just before.
            Verdict::Examine if let Some(until) = self.resting(now + ASKED_FOR, fifo) => {
                self.findings.insert(fifo, Finding::Rests { until });
            }
            Verdict::Examine => self.stuck.push(fifo),
            verdict => self.counts.add(verdict),
        }
        self.last.put(fifo, judgement);
    }

    /// Until when a FIFO rests that was taken from an owner, if it does.
    fn resting(&self, now: Instant, fifo: FifoId) -> Option<Instant> {
        let rest = self.rests.get(&fifo)?;
        rest.until(self.policy.rest()).filter(|until| *until > now)
    }

    /// Which FIFOs to show in full to [`decide`](Self::decide).
    pub fn closely(&mut self) -> Vec<FifoId> {
        let most = if self.allowance.is_bounded() { CLOSE_MAX } else { usize::MAX };
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
        // Where all rest nothing is to be decided, nor to be remembered.
        if !std::mem::take(&mut self.is_awake) {
            return Vec::new();
        }
        let now = whole(now);
        self.allowance.pass(now);
        let (mut shrinking, mut stuck) =
            (std::mem::take(&mut self.shrinking), std::mem::take(&mut self.stuck));
        take_turns(&mut shrinking, SHRINKS_MAX, &mut self.turns[1]);
        take_turns(&mut stuck, EXAMINED_MAX, &mut self.turns[2]);
        let order = |verdict| move |fifo| Order { fifo, verdict };
        let mut orders: Vec<Order> = shrinking.into_iter().map(order(Verdict::Shrink)).collect();
        orders.extend(stuck.into_iter().map(order(Verdict::Examine)));
        orders.extend(self.growing.drain(..).map(order(Verdict::Grow)));
        let mut wanting = Vec::new();
        let mut rounded = Rounded::default();
        for view in views {
            let fifo = view.fifo;
            rounded.round(view);
            if let Some(recorder) = &mut self.recorder {
                recorder.judged(fifo, &rounded);
            }
            let Some(view) = rounded.view(fifo) else { continue };
            let weighed = self.weighed.get_or(fifo, Vec::new);
            self.policy.weigh(&view, weighed);
            let judgement = self.policy.judge(now, &view, weighed);
            if let Verdict::Move(to) = judgement.verdict {
                let is_abroad = view.others.iter().any(|it| it.owner == to && it.is_abroad);
                let change = (view.owner.owner, to, is_abroad);
                wanting.push((view.fifo, change, judgement.score));
            } else {
                self.settle(view.fifo, judgement, &mut orders);
            }
        }
        wanting.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        for (fifo, (from, to, is_abroad), score) in wanting {
            // To other nodes they go one at a time.
            let is_free = !is_abroad || self.leaving.is_none();
            let verdict = if is_free && self.allowance.take() {
                self.under_way.insert(fifo, (from, to));
                self.leaving = if is_abroad { Some(fifo) } else { self.leaving };
                self.findings.remove(&fifo);
                Verdict::Move(to)
            } else {
                Verdict::Stay(Stay::OverBudget)
            };
            self.settle(fifo, Judgement { score, verdict }, &mut orders);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.looked(now, &orders);
        }
        orders
    }

    fn settle(&mut self, fifo: FifoId, judgement: Judgement, orders: &mut Vec<Order>) {
        self.counts.add(judgement.verdict);
        if !matches!(judgement.verdict, Verdict::Stay(_)) {
            orders.push(Order { fifo, verdict: judgement.verdict });
        }
        self.last.put(fifo, judgement);
    }

    /// The owner of a FIFO was examined, as the last tick said, and gets nothing done: who
    /// shall own it instead. Nobody while it rests after it was taken from somebody, nor where
    /// nobody else has room, nor while too many others change hands. The change is under way if
    /// there is one.
    pub fn relieve(&mut self, now: Instant, view: &View<'_>) -> Option<OwnerId> {
        let (now, fifo) = (whole(now), view.fifo);
        let mut rounded = Rounded::default();
        rounded.round(view);
        let finding = self.find(now, &rounded.view(fifo)?);
        self.findings.insert(fifo, finding);
        let to = match finding {
            Finding::Heir(to) => Some(to),
            _ => None,
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.relieved(now, fifo, &rounded, to);
        }
        to
    }

    fn find(&mut self, now: Instant, view: &View<'_>) -> Finding {
        if self.under_way.contains_key(&view.fifo) {
            return Finding::UnderWay;
        }
        if let Some(until) = self.resting(now, view.fifo) {
            return Finding::Rests { until };
        }
        let weighed = self.weighed.get_or(view.fifo, Vec::new);
        weigh_room(view, self.policy.usage_max(), weighed);
        let left = self.left.entry(view.fifo).or_default();
        left.retain(|_, at| now.since(*at) < LEFT_FOR);
        let best = heir(view, weighed, left, false);
        let mut next = best.filter(|party| !left.contains_key(&party.owner));
        // Another node is for what nobody here can do, and must be worth the way.
        if next.is_none() && self.leaving.is_none() && view.others.iter().any(|it| it.is_abroad) {
            // Whatever its owner has free, it gets nothing done with it, and what comes waits for ever.
            let stuck = Party { calls: 1.0, ..*view.owner };
            let sample = Sample { leaving: 0.0, latency: Span::FOREVER, ..*view.sample };
            self.policy.weigh(&View { owner: &stuck, sample: &sample, ..*view }, weighed);
            next = heir(view, weighed, &BTreeMap::new(), true);
        }
        // Who got nothing done before may by now.
        let Some(to) = next.or(best) else { return Finding::NoHeir };
        if !self.allowance.take() {
            self.counts.add(Verdict::Stay(Stay::OverBudget));
            return Finding::OverBudget;
        }
        let rest = self.rests.entry(view.fifo).or_default();
        rest.on_moved(now, view.owner.owner, to.owner);
        left.insert(view.owner.owner, now);
        self.under_way.insert(view.fifo, (view.owner.owner, to.owner));
        self.leaving = if to.is_abroad { Some(view.fifo) } else { self.leaving };
        self.counts.moves += 1;
        let score = self.last.get(view.fifo).map_or(0.0, |judgement| judgement.score);
        self.last.put(view.fifo, Judgement { score, verdict: Verdict::Move(to.owner) });
        Finding::Heir(to.owner)
    }

    /// What is remembered of the sizes of its lanes.
    pub(crate) fn sizing(&self, fifo: FifoId) -> Option<&Sizing> {
        self.sizes.get(fifo)
    }

    /// Whether it is to be shown FIFOs too in which nothing happens.
    pub fn judges_rest(&self) -> bool {
        self.policy.judges_rest()
    }

    /// Whether FIFOs may be ordered to other nodes.
    pub fn knows_nodes(&self) -> bool {
        self.policy.knows_nodes()
    }

    /// How often it decided what.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The last decision about a FIFO; nothing if it was not looked at yet.
    pub fn judgement(&self, fifo: FifoId) -> Option<Judgement> {
        self.last.get(fifo).copied()
    }

    /// What spoke for a change when the FIFO was judged last, which it was by these signs.
    pub fn shares(&self, fifo: FifoId, signs: Signs) -> Shares {
        self.policy.shares(fifo, signs)
    }

    /// What a glance comes to.
    pub fn signs(&self, glance: &Glance<'_>) -> Signs {
        self.policy.signs(glance)
    }

    /// How much of what spoke speaks for relief.
    pub(crate) fn relief(&self, fifo: FifoId) -> Option<Relief> {
        self.policy.relief(fifo)
    }

    /// Those who could own a FIFO, as they were weighed when somebody looked closely last.
    pub fn weighed(&self, fifo: FifoId) -> &[Weighed] {
        self.weighed.get(fifo).map_or(&[], Vec::as_slice)
    }

    /// What came of looking after its owner.
    pub(crate) fn finding(&self, fifo: FifoId) -> Option<Finding> {
        self.findings.get(&fifo).copied()
    }
}

/// The time in whole milliseconds, as a journal keeps it.
pub(super) fn whole(now: Instant) -> Instant {
    Instant::from_millis(now.nanos() / 1_000_000)
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
