//! In whose hands a flow is: who owns it, how often that changed and why, and what it cost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use swell_core::flow::cost::{Change, Costs};
use swell_core::flow::cut::CallTimes;
use swell_core::flow::topology::Distance;
use swell_core::time::Span;

use crate::clock::wall_ms;
use crate::invoker::Reached;

/// Coming back to an owner within this time is a ping-pong.
const RETURN: Duration = Duration::from_secs(60);
/// A ping-pong is worth a look for so long.
const LATELY: Duration = Duration::from_secs(600);
/// How much a call counts for how long calls take.
const LEARNING: f64 = 0.1;

/// What is known about changes of hands.
#[derive(Default)]
pub(crate) struct Hands {
    owner: usize,
    /// The native process that owns it, by its number.
    native: Option<u64>,
    /// A change that was ordered, and after which nobody has begun yet.
    ordered: Option<Ordered>,
    released: Option<Instant>,
    /// When it left which owner.
    left: BTreeMap<usize, Instant>,
    pub(crate) moves: BTreeMap<String, u64>,
    /// How often it came back to an owner soon after it left it.
    pub(crate) ping_pongs: u64,
    came_back: Option<Instant>,
    pub(crate) last: Option<Moved>,
    /// A change that is over and nobody heard of yet: how long it took from its order.
    pub(crate) news: Option<Duration>,
    pub(crate) trouble: Option<String>,
    /// The call under way.
    pub(crate) call: Option<Reached>,
    /// How long calls take, in seconds and averaged.
    call_seconds: f64,
    /// How long the latest calls of each owner took.
    calls: BTreeMap<usize, CallTimes>,
    /// How far owners are from whoever wrote what waits, as far as that is known.
    distances: BTreeMap<usize, Distance>,
}

struct Ordered {
    at: Instant,
    /// Who had it when this was ordered and has not let go.
    holder: Option<usize>,
    change: Change,
}

/// A change of hands.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    /// When it was ordered, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whose doing it was, and by what.
    pub(crate) why: &'static str,
    /// What it was decided by, in words; empty where nothing was weighed.
    pub(crate) because: String,
    /// Whether the call under way was cut short for it.
    pub(crate) is_cut: bool,
    /// How long it waited until the owner of before let go, and then until the new one began; nothing
    /// while that is to come.
    pub(crate) took: Option<(Duration, Duration)>,
}

impl Hands {
    /// In the hands of this one at first.
    pub(crate) fn of(owner: usize) -> Self {
        Self { owner, ..Self::default() }
    }

    /// The place of the present owner.
    pub(crate) fn owner(&self) -> usize {
        self.owner
    }

    /// The native process that owns it, by its number.
    pub(crate) fn native(&self) -> Option<u64> {
        self.native
    }

    /// Who still has it, if that is another one than who is to own it.
    pub(crate) fn holder(&self) -> Option<usize> {
        self.ordered.as_ref()?.holder.filter(|holder| *holder != self.owner)
    }

    /// For how long whoever is to own it has waited for who still has it.
    pub(crate) fn waits(&self) -> Option<Duration> {
        let ordered = self.ordered.as_ref()?;
        self.holder().map(|_| ordered.at.elapsed())
    }

    /// Another is to own it: a function, or the native process of this number.
    pub(crate) fn asked(
        &mut self,
        (place, native): (usize, Option<u64>),
        (why, because): (&'static str, &str),
        change: Change,
    ) {
        let (at, from) = (Instant::now(), self.owner);
        // Where nobody began since the change before, who had it then still has it.
        let holder = self.ordered.take().map_or(Some(from), |before| before.holder);
        self.ordered = Some(Ordered { at, holder, change });
        (self.owner, self.native) = (place, native);
        self.counted(why);
        if place == from {
            return;
        }
        self.left.retain(|_, left| left.elapsed() <= RETURN);
        if self.left.contains_key(&place) {
            self.ping_pongs += 1;
            self.came_back = Some(at);
        }
        self.left.insert(from, at);
        let (at_ms, because) = (wall_ms(), because.to_string());
        let (to, is_cut) = (place, false);
        self.last = Some(Moved { at_ms, from, to, why, because, is_cut, took: None });
    }

    /// It came back to this node soon after it left it.
    pub(crate) fn came_home(&mut self) {
        self.ping_pongs += 1;
        self.came_back = Some(Instant::now());
    }

    /// Whether it came back like that in the last minutes.
    pub(crate) fn came_back_lately(&self) -> bool {
        self.came_back.is_some_and(|at| at.elapsed() <= LATELY)
    }

    /// It changed in one way more, or in another than its owner.
    pub(crate) fn counted(&mut self, why: &'static str) {
        match self.moves.get_mut(why) {
            Some(count) => *count += 1,
            None => {
                self.moves.insert(why.to_string(), 1);
            }
        }
    }

    /// What was counted in earlier runs.
    pub(crate) fn recall(&mut self, moves: BTreeMap<String, u64>, ping_pongs: u64) {
        (self.moves, self.ping_pongs) = (moves, ping_pongs);
    }

    /// It is taken back from a native process.
    pub(crate) fn reclaimed(&mut self) {
        self.native = None;
    }

    /// The owner of before let go.
    pub(crate) fn released(&mut self) {
        if let Some(ordered) = &mut self.ordered {
            ordered.holder = None;
            self.released = Some(Instant::now());
        }
    }

    /// The owner begins: after such a change, how long that took from its order.
    pub(crate) fn begun(&mut self, costs: &mut Costs) -> Option<Duration> {
        let Ordered { at, change, .. } = self.ordered.take()?;
        let took = at.elapsed();
        let paused = self.released.take().map_or(took, |released| released.elapsed()).min(took);
        let waited = took - paused;
        costs.on_pause(&change, span(waited), span(paused));
        self.news = Some(took);
        if let Some(last) = self.last.as_mut().filter(|last| last.took.is_none()) {
            last.took = Some((waited, paused));
        }
        Some(took)
    }

    /// The call of the owner of before was cut short.
    pub(crate) fn cut(&mut self) {
        if let Some(last) = self.last.as_mut().filter(|last| last.took.is_none()) {
            last.is_cut = true;
        }
    }

    /// A call of this owner took so long; at least, if it was cut short.
    pub(crate) fn called(&mut self, place: usize, took: Duration) {
        self.calls.entry(place).or_default().push(span(took));
        let weight = if self.call_seconds > 0.0 { LEARNING } else { 1.0 };
        self.call_seconds += weight * (took.as_secs_f64() - self.call_seconds);
    }

    /// An owner is so far from whoever wrote what waits.
    pub(crate) fn is_at(&mut self, place: usize, distance: Option<Distance>) {
        match distance {
            Some(distance) => self.distances.insert(place, distance),
            None => self.distances.remove(&place),
        };
    }

    /// How far an owner is from whoever wrote what waits, if that is known.
    pub(crate) fn distance(&self, place: usize) -> Option<Distance> {
        self.distances.get(&place).copied()
    }

    /// How long a call of this owner may go on once another is to own the flow.
    pub(crate) fn patience(&self, place: usize, stall: Span) -> Span {
        let known = self.calls.get(&place);
        known.map_or_else(|| CallTimes::default().patience(stall), |it| it.patience(stall))
    }

    /// Who is called now, if somebody is: who has it, also where another is to own it already.
    pub(crate) fn caller(&self) -> usize {
        self.holder().unwrap_or(self.owner)
    }

    /// How long the call takes that is under way and reached its function: as long as calls do, or as
    /// it has by now.
    pub(crate) fn call_now(&self) -> Span {
        let by_now = self.call.as_ref().and_then(Reached::elapsed);
        by_now.map_or(Span::ZERO, |by_now| span(by_now).max(Span::from_secs_f64(self.call_seconds)))
    }
}

fn span(duration: Duration) -> Span {
    Span::from_nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::flow::cost::Kind;

    fn change() -> Change {
        Change::on_node(Kind::Warm, 0, Span::ZERO)
    }

    #[test]
    fn who_has_it_keeps_it_until_it_lets_go() {
        let (mut hands, mut costs) = (Hands::of(0), Costs::default());
        assert_eq!(hands.begun(&mut costs), None, "nobody was before it");
        hands.asked((1, None), ("analyzer", "it is late"), change());
        assert_eq!((hands.owner(), hands.holder(), hands.caller()), (1, Some(0), 0));
        assert!(hands.waits().is_some(), "a call of it is judged from then on");
        // A second order comes before anybody has begun.
        hands.asked((2, None), ("person", ""), change());
        assert_eq!((hands.owner(), hands.holder()), (2, Some(0)));
        hands.released();
        assert_eq!(hands.holder(), None);
        assert!(hands.news.is_none());
        let took = hands.begun(&mut costs).expect("it was ordered");
        assert_eq!(hands.news, Some(took));
        let last = hands.last.clone().expect("it moved");
        assert_eq!((last.from, last.to, last.why), (1, 2, "person"));
        let (waited, paused) = last.took.expect("it is over");
        assert_eq!(waited + paused, took);
    }

    #[test]
    fn an_order_before_anybody_began_is_over_too() {
        let (mut hands, mut costs) = (Hands::of(0), Costs::default());
        hands.asked((1, None), ("analyzer", ""), change());
        hands.released();
        hands.asked((2, None), ("analyzer", ""), change());
        assert_eq!(hands.holder(), None, "the first let go, and the second never had it");
        assert!(hands.begun(&mut costs).is_some());
    }

    #[test]
    fn coming_back_is_counted() {
        let mut hands = Hands::of(0);
        for (place, expected) in [(1, 0), (0, 1), (0, 1), (2, 1), (1, 2)] {
            hands.asked((place, None), ("analyzer", ""), change());
            assert_eq!(hands.ping_pongs, expected, "{place}");
        }
        assert_eq!(hands.moves["analyzer"], 5);
    }
}
