//! What would clones have saved, and what would they have cost? A second mind tells.
//!
//! It hears the same calls and forecasts as the real one, but makes clones, and lives in a
//! modelled world: a start takes what starts of the function take, a call what its calls
//! take, both as the real mind measured them. So a receipt counts what follows from clones
//! as well, such as who had to make room for them; and what `on` would do is decided by the
//! very code that does it. Nothing of it reaches the real mind.
//!
//! The other way round, beside a mind that makes clones, a second one that makes none tells what
//! they are good for (see `cloning::balance`).

use std::collections::{BTreeMap, BTreeSet};

use crate::action::{Action, StartCause};
use crate::catalog;
use crate::cloning::balance::{Balance, Fared};
use crate::cloning::manager::Manager;
use crate::decide;
use crate::event::Event;
use crate::history::History;
use crate::ids::{FunctionId, InstanceId, RequestId};
use crate::mind::Mind;
use crate::pool::clones::CloneTally;
use crate::pool::ledger::Pool;
use crate::prospect::{self, Prospect};
use crate::recall;
use crate::receipt::{Account, Served};
use crate::room::{self, Purpose};
use crate::settings::{CloningMode, CloningSettings, SiteSettings};
use crate::time::{Instant, Span};

/// How long a thaw is taken to take.
const THAW: Span = Span::from_millis(100);

/// How far it lags behind at most, where nothing else happens; and while it plans, which is more
/// work than anything else.
const LAG: Span = Span::from_millis(100);
const LAG_PLANNING: Span = Span::from_millis(20);

/// The second mind and its world.
pub(crate) struct Shadow {
    mind: Mind,
    /// Whether it makes clones; if not, it goes by habit alone.
    clones: bool,
    served: Served,
    fared: Fared,
    /// Functions that cannot start in the real mind's world, and so not in this either.
    failing: BTreeSet<FunctionId>,
    under_way: BTreeMap<(Instant, u64), Event>,
    begun: u64,
    last: Instant,
    /// When it last heard of the real mind's world.
    heard: Instant,
    waiting: BTreeMap<RequestId, FunctionId>,
    /// Calls of functions of which nobody knows yet how long they run.
    unmeasured: Vec<Begun>,
    /// Functions whose last call had no answer: so it is with calls of the second mind's.
    unanswered: BTreeSet<FunctionId>,
    actions: Vec<Action>,
}

/// A call that began and has no end yet.
#[derive(Debug, Clone, Copy)]
struct Begun {
    function: FunctionId,
    instance: InstanceId,
    request: RequestId,
    at: Instant,
}

impl Shadow {
    /// What the second mind makes of the forecast of a function, as of where it is.
    pub(crate) fn prospect(&self, function: FunctionId) -> Option<Prospect> {
        prospect::prospect(&self.mind, self.last, function)
    }

    /// A second mind that makes no clones, with the functions of the real one, what it has learned,
    /// and as many instances, all of which rest. None for a policy that is not in the catalogue.
    pub(crate) fn by_habit(real: &Mind, settings: &SiteSettings, now: Instant) -> Option<Self> {
        let mut shadow = Self::beside(real, settings, now, false)?;
        let numbers = real.pool.functions().last().map_or(0, |last| last.0 + 1);
        let functions = (0..numbers).map(|number| Some(FunctionId(number))).collect();
        let (bytes, away) = (recall::remember(real, now), Span::ZERO);
        let history = Box::new(History { bytes, functions, away });
        shadow.tell(now, Event::HistoryRecalled { history }, &real.pool);
        let there = real.pool.instances().map(|(_, tenant)| tenant.function());
        for function in there.collect::<Vec<_>>() {
            // A floor of warm instances is there already.
            let live = shadow.mind.pool.known(function).live();
            let mut actions = Vec::new();
            let ahead = Purpose::ahead(StartCause::Ahead);
            if live >= real.pool.known(function).live() {
                continue;
            }
            if room::start(&mut shadow.mind, now, function, ahead, &mut actions).is_err() {
                continue;
            }
            for action in actions {
                let Action::Start { instance, .. } = action else { continue };
                let took = real.pool.start_time(function);
                shadow.tell(now, Event::InstanceStarted { instance, took }, &real.pool);
            }
        }
        shadow.fared = Fared::default();
        Some(shadow)
    }

    /// How calls fared so far.
    pub(crate) fn fared(&self) -> Fared {
        self.fared
    }

    /// Calls fared thus far in a mind that makes no clones.
    pub(crate) fn compare(&mut self, without: Fared) {
        self.mind.cloning.balance.tell(self.fared, without);
    }

    /// A second mind that makes clones, with the functions and modes of the real one, as a node
    /// would begin with them: without any instance; and how calls fared so far without clones. None
    /// for a policy that is not in the catalogue.
    pub(crate) fn with_clones(
        real: &Mind,
        settings: &SiteSettings,
        now: Instant,
        without: Fared,
    ) -> Option<Self> {
        let mut shadow = Self::beside(real, settings, now, true)?;
        shadow.mind.cloning.balance = Balance::begin(now, shadow.fared, without, 0);
        Some(shadow)
    }

    fn beside(real: &Mind, settings: &SiteSettings, now: Instant, clones: bool) -> Option<Self> {
        let policy = catalog::build(&settings.policy, settings.seed).ok()?;
        let mut mind = Mind::new(real.pool.limit(), policy.keeper, policy.dispatch);
        mind.cloning = Manager::doing_foreseen();
        let mut shadow = Self {
            mind,
            clones,
            served: Served::default(),
            fared: Fared::default(),
            failing: BTreeSet::new(),
            under_way: BTreeMap::new(),
            begun: 0,
            last: now,
            heard: now,
            waiting: BTreeMap::new(),
            unmeasured: Vec::new(),
            unanswered: BTreeSet::new(),
            actions: Vec::new(),
        };
        let settings = Box::new(shadow.settings(&real.cloning.settings));
        shadow.tell(now, Event::CloningSet { settings }, &real.pool);
        for function in real.pool.functions() {
            let known = real.pool.known(function);
            let settings = Box::new(known.settings().clone());
            shadow.tell(now, Event::FunctionDeployed { function, settings }, &real.pool);
            if !known.deployed {
                shadow.tell(now, Event::FunctionRemoved { function }, &real.pool);
            }
        }
        for (function, mode) in real.cloning.chosen() {
            let mode = Some(shadow.mode(mode));
            shadow.tell(now, Event::CloningChosen { function, mode }, &real.pool);
        }
        for (function, bounds) in real.cloning.bounded() {
            shadow.tell(now, Event::ClonesBounded { function, bounds }, &real.pool);
        }
        Some(shadow)
    }

    /// What it served and made so far.
    pub(crate) fn account(&self, now: Instant) -> Account {
        Account::of(&self.mind, self.served, now)
    }

    /// Of its clones, those of functions of which the real mind makes none.
    pub(crate) fn foreseen(&self) -> CloneTally {
        self.mind.pool.clones_foreseen()
    }

    /// Its calls that waited for a start.
    pub(crate) fn cold(&self) -> u64 {
        self.served.cold
    }

    /// When it would have the real mind's world tell it that time has passed: not at each of its
    /// own wake-ups, but soon after, so that what it has to do never gathers until a request
    /// comes, which would wait for that.
    pub(crate) fn next_wakeup(&self) -> Option<Instant> {
        let ends = self.under_way.first_key_value().map(|(&(at, _), _)| at);
        let next = ends.into_iter().chain(self.mind.timers.next()).min()?;
        let lag = if self.mind.cloning.draft.is_some() { LAG_PLANNING } else { LAG };
        Some(next.max(self.heard + lag))
    }

    /// News of the real mind, whose measurements are in `real`.
    pub(crate) fn hear(&mut self, now: Instant, event: &Event, real: &Pool) {
        self.heard = now;
        self.live_until(now, real);
        if let Event::InvocationFinished { instance, run, .. }
        | Event::InvocationFailed { instance, run, .. } = event
            && let Some(tenant) = real.get(*instance)
        {
            let function = tenant.function();
            self.note_unanswered(function, matches!(event, Event::InvocationFailed { .. }));
            self.measured(now, function, *run);
        }
        if let Event::InstanceFailed { instance } = event
            && let Some(tenant) = real.get(*instance).filter(|tenant| tenant.active > 0)
        {
            self.note_unanswered(tenant.function(), true);
        }
        match tried(event, real) {
            Some((function, true)) => {
                self.failing.remove(&function);
            }
            Some((function, false)) => {
                self.failing.insert(function);
            }
            None => {}
        }
        let event = match event {
            Event::CloningSet { settings } => {
                Event::CloningSet { settings: Box::new(self.settings(settings)) }
            }
            Event::CloningChosen { function, mode } => {
                let mode = mode.map(|mode| self.mode(mode));
                Event::CloningChosen { function: *function, mode }
            }
            Event::RequestArrived { request, function } => {
                self.waiting.insert(*request, *function);
                event.clone()
            }
            Event::RequestCancelled { .. }
            | Event::FunctionDeployed { .. }
            | Event::FunctionRemoved { .. }
            | Event::MemoryChanged { .. }
            | Event::HistoryRecalled { .. }
            | Event::ClonesBounded { .. }
            | Event::DemandForecast { .. }
            | Event::DemandForeseen { .. } => event.clone(),
            // Its own world tells of instances, and of time; and has no nodes nearby.
            Event::InstanceStarted { .. }
            | Event::StartFailed { .. }
            | Event::InstanceResumed { .. }
            | Event::InvocationFinished { .. }
            | Event::InvocationFailed { .. }
            | Event::InstanceFailed { .. }
            | Event::CloneProbed { .. }
            | Event::HealthOffered { .. }
            | Event::NearbyTold { .. }
            | Event::ClonesAsked { .. }
            | Event::ClonesPromised { .. }
            | Event::WokeUp => return,
        };
        if let Event::RequestCancelled { request, .. } = event
            && self.waiting.remove(&request).is_none()
        {
            return;
        }
        self.tell(now, event, real);
    }

    /// Lets time pass: what was under way ends, and the mind is woken when it asked for it.
    fn live_until(&mut self, now: Instant, real: &Pool) {
        loop {
            let ends = self.under_way.first_key_value().map(|(&(at, _), _)| at);
            let wakes = self.mind.timers.next();
            let Some(at) = ends.into_iter().chain(wakes).min().filter(|&at| at <= now) else {
                return;
            };
            let event = match ends == Some(at) {
                true => self.under_way.pop_first().expect("one ends then").1,
                false => Event::WokeUp,
            };
            self.tell(at, event, real);
        }
    }

    fn tell(&mut self, now: Instant, event: Event, real: &Pool) {
        // A wish for a moment that is past is one for now.
        let now = now.max(self.last);
        self.last = now;
        let mut actions = std::mem::take(&mut self.actions);
        decide::decide(&mut self.mind, now, event, &mut actions);
        self.served.count(&actions);
        self.fared.count(&actions);
        for action in actions.drain(..) {
            match action {
                Action::Start { instance, function, .. } => {
                    let took = real.function(function).map(|_| real.start_time(function));
                    let took = took.unwrap_or(Span::ZERO);
                    let event = match self.failing.contains(&function) {
                        true => Event::StartFailed { instance },
                        false => Event::InstanceStarted { instance, took },
                    };
                    self.begin(now + took, event);
                }
                Action::Resume { instance } => {
                    self.begin(now + THAW, Event::InstanceResumed { instance });
                }
                Action::Probe { instance } => {
                    self.begin(now, Event::CloneProbed { instance, healthy: true });
                }
                Action::Invoke { request, instance, .. } => {
                    self.serve(now, request, instance, real)
                }
                Action::Refuse { request, .. } => {
                    self.waiting.remove(&request);
                }
                Action::Stop { .. } | Action::Pause { .. } | Action::AskNearby { .. } => {}
            }
        }
        self.actions = actions;
    }

    fn serve(&mut self, now: Instant, request: RequestId, instance: InstanceId, real: &Pool) {
        // Who gave up while an instance started for it alone is served all the same.
        self.waiting.remove(&request);
        let Some(tenant) = self.mind.pool.get(instance) else { return };
        let function = tenant.function();
        let known = real.function(function).map(|known| known.run());
        match known.filter(|run| run.is_measured()) {
            Some(run) => {
                let run = run.mean();
                self.begin(now + run, self.ended(function, instance, request, run));
            }
            None => self.unmeasured.push(Begun { function, instance, request, at: now }),
        }
    }

    /// The first call of a function came to its end: calls that began before run as long.
    fn measured(&mut self, now: Instant, function: FunctionId, run: Span) {
        let begun = std::mem::take(&mut self.unmeasured);
        let (ended, left) = begun.into_iter().partition(|begun| begun.function == function);
        self.unmeasured = left;
        let ended: Vec<Begun> = ended;
        for Begun { instance, request, at, .. } in ended {
            let event = self.ended(function, instance, request, run);
            self.begin((at + run).max(now), event);
        }
    }

    fn note_unanswered(&mut self, function: FunctionId, is_unanswered: bool) {
        match is_unanswered {
            true => drop(self.unanswered.insert(function)),
            false => drop(self.unanswered.remove(&function)),
        }
    }

    /// How a call ends: as the last of the function did in the real world.
    fn ended(
        &self,
        function: FunctionId,
        instance: InstanceId,
        request: RequestId,
        run: Span,
    ) -> Event {
        match self.unanswered.contains(&function) {
            true => Event::InvocationFailed { instance, request, run },
            false => Event::InvocationFinished { instance, request, run },
        }
    }

    /// The settings by which it makes the clones that the real mind only foresees, or none.
    fn settings(&self, settings: &CloningSettings) -> CloningSettings {
        CloningSettings { mode: self.mode(settings.mode), ..settings.clone() }
    }

    /// The mode of a function: nothing of it is foreseen if no clones are made.
    fn mode(&self, mode: CloningMode) -> CloningMode {
        if self.clones { mode } else { CloningMode::Off }
    }

    fn begin(&mut self, at: Instant, event: Event) {
        self.begun += 1;
        self.under_way.insert((at, self.begun), event);
    }
}

/// Whether a start just succeeded or failed in the real mind's world, and of whom.
fn tried(event: &Event, real: &Pool) -> Option<(FunctionId, bool)> {
    let (instance, starts) = match event {
        Event::InstanceStarted { instance, .. } => (instance, true),
        Event::StartFailed { instance } => (instance, false),
        _ => return None,
    };
    real.get(*instance).map(|tenant| (tenant.function(), starts))
}
