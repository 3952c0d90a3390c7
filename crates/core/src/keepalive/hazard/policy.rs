//! The policy `hazard`: the instance least worth its memory goes first.
//!
//! Worth is the Gittins index of the gap until the instance is needed again (uses per
//! second of holding), learned per function and level with a shared prior, divided by
//! memory; optionally times the length of a start, which then minimises seconds waited
//! instead of cold starts. Of a function's idle instances the longest idle one is the
//! deepest level, so it is the only one to look at.

use serde::{Deserialize, Serialize};

use crate::history::{self, History};
use crate::ids::FunctionId;
use crate::keepalive::hazard::bins;
use crate::keepalive::hazard::gain::Gain;
use crate::keepalive::hazard::gaps::Gaps;
use crate::keepalive::hazard::gittins::{self, Head};
use crate::keepalive::hazard::image::{GapsImage, PriorImage};
use crate::keepalive::hazard::prior::Prior;
use crate::keepalive::hazard::scores::Scores;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::plan::{Newcomer, Plan};
use crate::past::Past;
use crate::pool::ledger::Pool;
use crate::time::{Instant, Span};
use crate::units::Bytes;
use crate::wanted::Wanted;

/// How often the shared prior is estimated anew.
const REBUILD: Span = Span::from_mins(5);
/// Victims worth so many times the usual price are spared while the request can wait.
const PATIENCE_FACTOR: f64 = 1.5;
/// Weight of a new victim in the usual price.
const PRICE_STEP: f64 = 0.01;

/// What is remembered.
#[derive(Serialize, Deserialize)]
struct Learned {
    price: f64,
    prior: PriorImage,
    functions: Vec<GapsImage>,
}

const NAME: &str = "hazard";
const VERSION: u16 = 1;

/// The policy `hazard`.
pub struct Hazard {
    by_cost: bool,
    widths: [f64; bins::BINS],
    functions: Vec<Gaps>,
    prior: Prior,
    rebuilt: Instant,
    scores: Scores,
    chosen: Vec<Choice>,
    patience: Span,
    /// How many uses it is worth to serve a request by a start.
    serve: f64,
    /// What victims usually are worth.
    price: f64,
}

impl Hazard {
    /// A policy that counts cold starts alike, or weighs them by their length.
    /// A request may be made to wait for `patience` rather than evict something precious.
    /// To serve one by a start is worth as much as `serve` warm calls.
    pub fn new(by_cost: bool, patience: Span, serve: f64) -> Self {
        Self {
            by_cost,
            widths: gittins::widths(),
            functions: Vec::new(),
            prior: Prior::default(),
            rebuilt: Instant::ZERO,
            scores: Scores::default(),
            chosen: Vec::new(),
            patience,
            serve,
            price: 0.0,
        }
    }

    fn gaps(&mut self, function: FunctionId) -> &mut Gaps {
        let index = function.index();
        if index >= self.functions.len() {
            self.functions.resize_with(index + 1, Gaps::default);
        }
        &mut self.functions[index]
    }

    fn rebuild_when_due(&mut self, now: Instant) {
        if now < self.rebuilt + REBUILD {
            return;
        }
        self.rebuilt = now;
        for gaps in &self.functions {
            gaps.show_open(now, &mut self.prior);
        }
        self.prior.rebuild();
        self.scores.mark_all();
    }

    /// One more instance works: the gap of that level has ended.
    fn rise(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        let level = pool.known(function).working();
        self.gaps(function);
        if self.functions[function.index()].rise(now, level, &mut self.prior) {
            self.scores.mark(function);
        }
    }

    /// One instance less works: the gap of its level begins.
    fn fall(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        let level = pool.known(function).working() + 1;
        self.gaps(function).fall(now, level);
    }

    fn learn_price(&mut self, slot: u32, left: Left) {
        let chosen = self.chosen.iter().find(|choice| choice.place.slot == slot);
        if let Some(choice) = chosen.filter(|_| left == Left::Evicted) {
            let step = if self.price == 0.0 { 1.0 } else { PRICE_STEP };
            self.price += step * (choice.score - self.price);
        }
    }

    fn settle(&mut self, now: Instant, pool: &Pool) {
        while let Some(function) = self.scores.stale(now) {
            match pool.oldest_idle(function) {
                Some(slot) => {
                    self.gaps(function);
                    let (score, next) = self.judge(now, function, slot, 0, pool);
                    self.scores.set(function, score, next);
                }
                None => self.scores.clear(function),
            }
        }
    }

    fn judge(
        &mut self,
        now: Instant,
        function: FunctionId,
        slot: u32,
        above: u32,
        pool: &Pool,
    ) -> (f64, Instant) {
        let gaps = &mut self.functions[function.index()];
        let place = Place { function, slot, above };
        worth(gaps, &self.prior, &self.widths, self.by_cost, now, place, pool)
    }

    /// Whether to let a request wait on rather than evict something precious: what would
    /// have to go is worth much more than what usually goes, memory is not lying idle, and
    /// the request can wait. This is the idle guard, in terms of worth instead of age; it
    /// adapts because the price it compares with is learned from the evictions themselves.
    fn is_patient(&self, pool: &Pool, waited: Span) -> bool {
        let Some(least) = self.scores.least() else { return false };
        let idle = pool.account().idle().get();
        waited < self.patience
            && self.price > 0.0
            && least > PATIENCE_FACTOR * self.price
            && idle <= pool.limit().get() / 2
    }

    /// What an instance for the newcomer is worth, in uses per second of holding it: its
    /// memory is held while it starts and serves the request at hand, then until it is
    /// needed again.
    fn gain(&mut self, newcomer: Newcomer, pool: &Pool) -> Gain {
        let known = pool.known(newcomer.function);
        let (start, run) = (pool.start_time(newcomer.function), pool.run_time(newcomer.function));
        let cost = if self.by_cost { known.start().mean().secs_f64() } else { 1.0 };
        let level = known.working() + 1;
        let head = Head { uses: self.serve, held: (start + run).secs_f64() };
        self.gaps(newcomer.function);
        let gaps = &mut self.functions[newcomer.function.index()];
        gaps.gain(level, head, &self.prior, &self.widths).times(cost)
    }

    /// Chooses victims, the least worth first, until they cover the shortfall; then
    /// spares those that turn out not to be needed.
    fn choose(&mut self, now: Instant, pool: &Pool, shortfall: Bytes) {
        let Self { functions, prior, widths, scores, chosen, by_cost, .. } = self;
        chosen.clear();
        let mut gathered = Bytes::ZERO;
        let mut heads = scores.least_first().peekable();
        let mut deeper: Vec<(f64, Place)> = Vec::new();
        while gathered < shortfall {
            let least = (0..deeper.len()).min_by(|&a, &b| deeper[a].0.total_cmp(&deeper[b].0));
            let from_stack = match (least, heads.peek()) {
                (Some(least), Some(head)) => deeper[least].0 <= head.0,
                (Some(_), None) => true,
                (None, _) => false,
            };
            let (score, place) = match least.filter(|_| from_stack) {
                Some(least) => deeper.swap_remove(least),
                None => {
                    let Some((score, function)) = heads.next() else { break };
                    let Some(slot) = pool.oldest_idle(function) else { continue };
                    (score, Place { function, slot, above: 0 })
                }
            };
            let known = pool.known(place.function);
            let settings = known.settings();
            if settings.pinned || known.live() <= settings.min_warm + place.above {
                continue;
            }
            let memory = pool.at(place.slot).memory();
            gathered += memory;
            chosen.push(Choice { place, score, memory });
            let above = place.above + 1;
            let next = pool.idle_oldest_first(place.function).nth(above as usize);
            if let Some(slot) = next {
                let next = Place { slot, above, ..place };
                let gaps = &mut functions[place.function.index()];
                let (score, _) = worth(gaps, prior, widths, *by_cost, now, next, pool);
                deeper.push((score, next));
            }
        }
        spare(chosen, gathered, shortfall);
    }
}

/// An idle instance: so many places above the longest idle one of its function.
#[derive(Debug, Clone, Copy)]
struct Place {
    function: FunctionId,
    slot: u32,
    above: u32,
}

/// A victim chosen, before it is known whether all of them are needed.
#[derive(Debug, Clone, Copy)]
struct Choice {
    place: Place,
    score: f64,
    memory: Bytes,
}

/// Takes back the most worthy choices that the others make unnecessary. Of one function
/// only the last chosen can be taken back, since the stack is emptied from below.
fn spare(chosen: &mut Vec<Choice>, mut gathered: Bytes, shortfall: Bytes) {
    for place in (0..chosen.len()).rev() {
        let choice = chosen[place];
        let left = gathered.saturating_sub(choice.memory);
        let function = choice.place.function;
        let deepest = chosen[place + 1..].iter().all(|later| later.place.function != function);
        if left >= shortfall && deepest {
            gathered = left;
            chosen.remove(place);
        }
    }
}

/// What an idle instance is worth per MB, and when its age enters the next bin.
fn worth(
    gaps: &mut Gaps,
    prior: &Prior,
    widths: &[f64; bins::BINS],
    by_cost: bool,
    now: Instant,
    place: Place,
    pool: &Pool,
) -> (f64, Instant) {
    let known = pool.known(place.function);
    let level = (known.working() + known.idle() + known.paused()).saturating_sub(place.above);
    let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
    let cost = if by_cost { known.start().mean().secs_f64() } else { 1.0 };
    let since = gaps.fell(level).unwrap_or_else(|| Past::at(pool.at(place.slot).since()));
    let bin = bins::bin(since.age(now));
    let mut uses = gaps.worth(level, bin, prior, widths);
    let mut next = match bin + 1 {
        bins::BINS => Instant::NEVER,
        next => since.turning(bins::lower_edge(next)).max(now + Span::from_millis(1)),
    };
    let promise = known.promise();
    if now < promise.until && level <= promise.count {
        uses = uses.max(promise.worth);
        next = next.min(promise.until);
    }
    (uses * cost / size, next)
}

impl KeepAlive for Hazard {
    fn on_start(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        self.rebuild_when_due(now);
        self.rise(now, function, pool);
        // One more instance: those that are idle stand a level deeper.
        self.scores.mark(function);
    }

    fn on_lost(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        self.fall(now, function, pool);
        self.scores.mark(function);
    }

    fn on_idle(&mut self, now: Instant, slot: u32, pool: &Pool, _wanted: &mut Wanted) {
        let function = pool.at(slot).function();
        // A clone that comes to rest has not worked: the gap of its level goes on.
        if !pool.at(slot).is_clone() {
            self.fall(now, function, pool);
        }
        if pool.oldest_idle(function) == Some(slot) {
            self.scores.mark(function);
        }
    }

    fn on_unidle(
        &mut self,
        now: Instant,
        function: FunctionId,
        slot: u32,
        left: Left,
        pool: &Pool,
    ) {
        if left == Left::ForWork {
            self.rebuild_when_due(now);
            self.rise(now, function, pool);
        } else {
            self.learn_price(slot, left);
        }
        if left != Left::ForWork || pool.oldest_idle(function).is_none() {
            self.scores.mark(function);
        }
    }

    fn invests(&mut self, now: Instant, function: FunctionId, pool: &Pool) -> bool {
        self.settle(now, pool);
        let Some(least) = self.scores.least() else { return false };
        let known = pool.known(function);
        let size = known.settings().memory.mb_f64().max(f64::MIN_POSITIVE);
        let next = known.working() + 1;
        let cost = if self.by_cost { known.start().mean().secs_f64() } else { 1.0 };
        self.gaps(function);
        let gaps = &mut self.functions[function.index()];
        gaps.worth(next, 0, &self.prior, &self.widths) * cost / size > least
    }

    fn prices(&self) -> bool {
        true
    }

    fn on_promise(&mut self, _now: Instant, function: FunctionId, _pool: &Pool) {
        self.scores.mark(function);
    }

    fn remembered(&self, now: Instant, _pool: &Pool) -> Vec<u8> {
        let functions = history::fitting(self.functions.iter().map(|gaps| gaps.image(now)));
        let learned = Learned { price: self.price, prior: self.prior.image(), functions };
        history::seal(NAME, VERSION, &learned)
    }

    fn recall(&mut self, now: Instant, history: &History, bytes: &[u8], pool: &Pool) -> bool {
        let Some(learned) = history::open::<Learned>(NAME, VERSION, bytes) else {
            return false;
        };
        let gaps = learned.functions.iter().enumerate().map(|(number, image)| {
            let function = history.function(number);
            let working = function.map_or(0, |function| pool.known(function).working());
            Gaps::of_image(image, now, history.away, working)
        });
        let gaps = gaps.collect::<Option<Vec<Gaps>>>();
        let price = Some(learned.price).filter(|price| price.is_finite() && *price >= 0.0);
        let (Some(gaps), Some(price), Some(prior)) = (gaps, price, Prior::of_image(&learned.prior))
        else {
            return false;
        };
        (self.prior, self.price, self.rebuilt) = (prior, price, now);
        for (number, gaps) in gaps.into_iter().enumerate() {
            if let Some(function) = history.function(number) {
                *self.gaps(function) = gaps;
            }
        }
        self.scores.mark_all();
        true
    }

    fn offer(&mut self, now: Instant, pool: &Pool, plan: &mut Plan) {
        self.settle(now, pool);
        let newcomer = plan
            .newcomer()
            .map(|newcomer| (self.gain(newcomer, pool), self.is_patient(pool, newcomer.waited)));
        let bid = plan.bid();
        let is_worth = |lost: f64| match newcomer {
            Some((gain, patient)) => gain.is_worth(lost, patient),
            None => bid.is_none_or(|worth| worth > lost),
        };
        // What has to go is worth at least so much, whatever it will be.
        let least = self.scores.least().unwrap_or(0.0);
        if !is_worth(least * plan.shortfall().mb_f64()) {
            return;
        }
        self.choose(now, pool, plan.shortfall());
        if !is_worth(self.chosen.iter().map(|choice| choice.score * choice.memory.mb_f64()).sum()) {
            return;
        }
        for choice in &self.chosen {
            if plan.offer(choice.place.slot, pool) {
                return;
            }
        }
    }
}
