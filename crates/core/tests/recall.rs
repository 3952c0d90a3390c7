//! What a run has learned survives into the next, or is refused as a whole.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use swell_core::action::Action;
use swell_core::catalog::{self, ENTRIES, Policy};
use swell_core::event::Event;
use swell_core::history::{History, Taken};
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::journal::{Journal, Recorder};
use swell_core::keepalive::keeper::{KeepAlive, Left};
use swell_core::keepalive::plan::Plan;
use swell_core::pool::ledger::Pool;
use swell_core::replay::{Replay, replay};
use swell_core::rng;
use swell_core::settings::{FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_core::wanted::Wanted;

const FUNCTIONS: u32 = 7;

/// A small node with its clock and what is under way on it.
struct Node {
    site: Site,
    settings: SiteSettings,
    journal: Recorder,
    now: Instant,
    under_way: Vec<(Instant, Event)>,
    answers: Vec<Action>,
}

impl Node {
    fn new(policy: &str, site: Option<Site>) -> Self {
        let memory = Bytes::from_mb(500);
        let settings = SiteSettings { memory, seed: 1, policy: policy.into() };
        let site = site.unwrap_or_else(|| Site::new(&settings).expect("it is in the catalogue"));
        let journal = Recorder::default();
        let (under_way, answers) = (Vec::new(), Vec::new());
        let mut node = Self { site, settings, journal, now: Instant::ZERO, under_way, answers };
        for function in 0..FUNCTIONS {
            let memory = Bytes::from_mb(60 + 40 * u64::from(function % 3));
            let settings = Box::new(FunctionSettings::plain(memory));
            node.tell(Event::FunctionDeployed { function: FunctionId(function), settings });
        }
        node
    }

    fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.journal.event(self.now, SiteId(0), &event);
        self.site.handle(self.now, event, &mut actions);
        self.journal.actions(&actions);
        for action in actions {
            let (took, run) = (Span::from_secs(2), Span::from_millis(700));
            match action {
                Action::Start { instance, .. } => {
                    let event = Event::InstanceStarted { instance, took };
                    self.under_way.push((self.now + took, event));
                }
                Action::Invoke { request, instance, .. } => {
                    let event = Event::InvocationFinished { instance, request, run };
                    self.under_way.push((self.now + run, event));
                }
                _ => {}
            }
            self.answers.push(action);
        }
    }

    /// Lets time pass; a wake-up comes after what is under way.
    fn pass(&mut self, span: Span) {
        let until = self.now + span;
        loop {
            let next = self.under_way.iter().map(|(at, _)| *at).min();
            let wake = self.site.next_wakeup().map(|at| at.max(self.now));
            let Some(at) = next.into_iter().chain(wake).min().filter(|&at| at <= until) else {
                break;
            };
            self.now = at;
            let event = match self.under_way.iter().position(|(due, _)| *due == at) {
                Some(place) => self.under_way.remove(place).1,
                None => Event::WokeUp,
            };
            self.tell(event);
        }
        self.now = until;
    }

    fn call(&mut self, function: u32) {
        let request = RequestId(self.now.nanos());
        self.tell(Event::RequestArrived { request, function: FunctionId(function) });
    }

    /// Calls at random, some functions far more often than others.
    fn play(&mut self, seed: u64, calls: u32) {
        let mut rng = rng::split(seed, "tests/recall");
        for _ in 0..calls {
            let pause = rng::below(&mut rng, 30) * rng::below(&mut rng, 400);
            self.pass(Span::from_millis(1 + pause));
            let drawn = rng::below(&mut rng, u64::from(FUNCTIONS * FUNCTIONS));
            self.call(FUNCTIONS - 1 - drawn.isqrt() as u32);
        }
    }

    fn recall(&mut self, bytes: Vec<u8>, functions: Vec<Option<FunctionId>>, away: Span) -> Taken {
        let history = Box::new(History { bytes, functions, away });
        self.tell(Event::HistoryRecalled { history });
        self.site.taken().expect("one was handed over")
    }

    fn stopped(&self) -> impl Iterator<Item = InstanceId> + '_ {
        self.answers.iter().filter_map(|action| match action {
            Action::Stop { instance, .. } => Some(*instance),
            _ => None,
        })
    }
}

fn same_names() -> Vec<Option<FunctionId>> {
    (0..FUNCTIONS).map(|number| Some(FunctionId(number))).collect()
}

#[test]
fn histories_are_taken_whole_in_part_or_not_at_all() {
    for entry in ENTRIES {
        let mut first = Node::new(entry.name, None);
        first.play(3, 200);
        let bytes = first.site.remembered(first.now);
        let cut = bytes[..bytes.len() - 1].to_vec();
        let other = if entry.name == "hazard" { "lfu" } else { "hazard" };
        for (policy, bytes, expected) in [
            (entry.name, bytes.clone(), Taken::All),
            (other, bytes.clone(), Taken::Durations),
            (entry.name, cut, Taken::Nothing),
            (entry.name, b"no history".to_vec(), Taken::Nothing),
            (entry.name, Vec::new(), Taken::Nothing),
        ] {
            let mut next = Node::new(policy, None);
            assert_eq!(next.site.taken(), None);
            let taken = next.recall(bytes, same_names(), Span::from_mins(1));
            assert_eq!(taken, expected, "of `{}` by `{policy}`", entry.name);
            let knows = next.site.pool().known(FunctionId(0)).run().is_measured();
            assert_eq!(knows, taken != Taken::Nothing);
        }
    }
}

#[test]
fn what_is_taken_back_is_what_was_remembered() {
    for entry in ENTRIES {
        let mut first = Node::new(entry.name, None);
        first.play(5, 300);
        first.pass(Span::from_mins(1));
        let bytes = first.site.remembered(first.now);
        let mut next = Node::new(entry.name, None);
        next.recall(bytes.clone(), same_names(), Span::ZERO);
        assert!(next.site.remembered(next.now) == bytes, "`{}` lost something", entry.name);
        next.pass(Span::from_mins(1));
        let mut late = Node::new(entry.name, None);
        late.recall(bytes, same_names(), Span::from_mins(1));
        assert!(
            next.site.remembered(next.now) == late.site.remembered(late.now),
            "`{}`: a minute away is a minute",
            entry.name
        );
    }
}

#[test]
fn habits_follow_functions_to_their_new_numbers() {
    // Function 6 was called often, 3 (as large) once; then both went and came back with
    // each other's numbers. Whoever is called 3 now is worth keeping.
    for policy in ["hazard:wait=0s", "lfu"] {
        let mut first = Node::new(policy, None);
        for _ in 0..40 {
            first.call(6);
            first.pass(Span::from_secs(30));
        }
        first.call(3);
        first.pass(Span::from_mins(3));
        let mut next = Node::new(policy, None);
        let mut names = same_names();
        names.swap(3, 6);
        let bytes = first.site.remembered(first.now);
        assert_eq!(next.recall(bytes, names, Span::from_mins(5)), Taken::All);
        for function in [3, 6, 0, 1, 4] {
            next.call(function);
            next.pass(Span::from_secs(3));
        }
        next.call(2);
        let stopped: Vec<_> = next.stopped().collect();
        let kept = next.site.pool().known(FunctionId(3)).live();
        assert!(!stopped.is_empty() && kept == 1, "`{policy}` stopped {stopped:?}");
    }
}

/// A keeper that, whenever it is asked for victims, sends its memories to a fresh one and
/// compares.
struct Twin {
    keeper: Box<dyn KeepAlive>,
    policy: String,
    idle: Vec<u32>,
    compared: Arc<Mutex<u32>>,
}

impl Twin {
    fn fresh(&self, now: Instant, pool: &Pool) -> Box<dyn KeepAlive> {
        let mut fresh = catalog::build(&self.policy, 1).expect("built before").keeper;
        for &slot in &self.idle {
            fresh.on_idle(now, slot, pool, &mut Wanted::default());
        }
        let bytes = self.keeper.remembered(now, pool);
        let history = History { bytes: Vec::new(), functions: same_names(), away: Span::ZERO };
        assert!(fresh.recall(now, &history, &bytes, pool));
        fresh
    }
}

impl KeepAlive for Twin {
    fn on_arrival(&mut self, now: Instant, function: FunctionId, pool: &Pool, wanted: &mut Wanted) {
        self.keeper.on_arrival(now, function, pool, wanted);
    }

    fn on_finish(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        self.keeper.on_finish(now, function, pool);
    }

    fn on_start(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        self.keeper.on_start(now, function, pool);
    }

    fn on_lost(&mut self, now: Instant, function: FunctionId, pool: &Pool) {
        self.keeper.on_lost(now, function, pool);
    }

    fn on_idle(&mut self, now: Instant, slot: u32, pool: &Pool, wanted: &mut Wanted) {
        self.idle.push(slot);
        self.keeper.on_idle(now, slot, pool, wanted);
    }

    fn on_unidle(
        &mut self,
        now: Instant,
        function: FunctionId,
        slot: u32,
        left: Left,
        pool: &Pool,
    ) {
        self.idle.retain(|idle| *idle != slot);
        self.keeper.on_unidle(now, function, slot, left, pool);
    }

    fn offer(&mut self, now: Instant, pool: &Pool, plan: &mut Plan) {
        let mut fresh = self.fresh(now, pool);
        let mut twin = Plan::new(plan.shortfall());
        fresh.offer(now, pool, &mut twin);
        self.keeper.offer(now, pool, plan);
        assert_eq!(twin.victims(), plan.victims(), "at {now:?}");
        *self.compared.lock().expect("nobody fails while holding it") += 1;
    }
}

#[test]
fn a_fresh_mind_that_recalls_lets_the_same_go_in_the_same_order() {
    // Of those that learn by function the ones whose priorities hardly ever tie: equal
    // priorities go in an order of the moment, which is not learned.
    for policy in ["hazard:wait=0s", "hazard:by-cost=true,wait=0s", "hybrid-histogram", "lru"] {
        let compared = Arc::new(Mutex::new(0));
        for seed in 0..6 {
            let Policy { keeper, dispatch } = catalog::build(policy, 1).expect("it is known");
            let twin = Twin {
                keeper,
                policy: policy.into(),
                idle: Vec::new(),
                compared: Arc::clone(&compared),
            };
            let settings = SiteSettings { memory: Bytes::from_mb(500), seed: 1, policy: "".into() };
            let policy = Policy { keeper: Box::new(twin), dispatch };
            Node::new("", Some(Site::with_policy(&settings, policy))).play(seed, 400);
        }
        let compared = *compared.lock().expect("nobody failed");
        assert!(compared > 100, "`{policy}` was asked {compared} times only");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Hurt bytes are refused or harmless, and what follows is decided again by a replay.
    #[test]
    fn hurt_histories_are_survived(
        policy in prop::sample::select(vec!["hazard", "hybrid-histogram", "lfu", "cip", "lru"]),
        hurt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        away in any::<u64>(),
        mid_run in any::<bool>(),
    ) {
        let mut first = Node::new(policy, None);
        first.play(2, 120);
        let mut bytes = first.site.remembered(first.now);
        for (place, value) in hurt {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let mut next = Node::new(policy, None);
        next.play(8, if mid_run { 60 } else { 0 });
        next.recall(bytes, same_names(), Span::from_nanos(away));
        next.play(9, 60);
        let mut fresh = [Site::new(&next.settings).expect("it is in the catalogue")];
        let replayed = replay(next.journal.bytes(), &mut fresh);
        let is_same = matches!(replayed, Replay::Same { .. });
        prop_assert!(is_same, "{:?}", replayed);
    }
}
