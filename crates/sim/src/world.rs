//! The virtual world: arrivals from a trace, starts and calls that take modelled time.
//!
//! Simultaneous news comes in a fixed order: what was under way (in the order it was
//! begun), then the end of a step of counting, then wake-ups, then arrivals in the order of the trace. Everything a node
//! would learn from its sandboxes is an event here; the mind cannot tell the difference.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_core::action::{Action, StartCause, StartKind, StopCause};
use swell_core::cloning::catalog;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::nearby::{NearId, Request};
use swell_core::settings::{CloningSettings, FunctionSettings};
use swell_core::time::{Instant, Span};
use swell_core::world::World;
use swell_forecast::foresight::steps::Foresight;
use swell_trace::arrival::{Arrival, ArrivalStream};

use crate::announced::Notice;
use crate::ended::{Ended, Stopped};
use crate::failures::{Failures, Fates};
use crate::news::{Called, News, Turn};
use crate::outlook::Outlook;
use crate::slab::Slab;
use crate::starts::Starts;
use crate::tally::{Tally, Why};

/// The numbers of calls that came from other nodes, beside those of a node's own.
const PASSED: u64 = 1 << 31;

/// One site's world.
pub struct VirtualWorld<'a> {
    functions: &'a [FunctionSettings],
    stream: Box<dyn ArrivalStream + 'a>,
    starts: Starts,
    interrupt: &'a AtomicBool,
    cloning: Option<CloningSettings>,
    outlook: Option<Outlook>,
    notice: Option<Notice<'a>>,
    fates: Option<Fates>,
    deployed: usize,
    chunk: Vec<Arrival>,
    place: usize,
    exhausted: bool,
    under_way: BinaryHeap<Reverse<(Instant, u64)>>,
    begun: u32,
    news: Slab<News>,
    requests: Slab<Called>,
    start_of_slot: Vec<Span>,
    /// By function, its instances.
    live: Vec<u32>,
    tally: Tally,
    /// What the mind asked other nodes for; one that is played alone has none.
    pub(crate) asks: Vec<(NearId, Request)>,
    last: Instant,
    stopped: Option<Stopped>,
}

impl<'a> VirtualWorld<'a> {
    /// A world that deploys `functions`, then plays `stream`.
    pub fn new(
        functions: &'a [FunctionSettings],
        stream: Box<dyn ArrivalStream + 'a>,
        starts: Starts,
        interrupt: &'a AtomicBool,
    ) -> Self {
        Self {
            functions,
            stream,
            starts,
            interrupt,
            cloning: None,
            outlook: None,
            notice: None,
            fates: None,
            deployed: 0,
            chunk: Vec::new(),
            place: 0,
            exhausted: false,
            under_way: BinaryHeap::new(),
            begun: 0,
            news: Slab::default(),
            requests: Slab::default(),
            start_of_slot: Vec::new(),
            live: vec![0; functions.len()],
            tally: Tally::new(functions.len()),
            asks: Vec::new(),
            last: Instant::ZERO,
            stopped: None,
        }
    }

    /// What happened so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Lets the world forecast, and the mind clone by these settings.
    #[must_use]
    pub fn with_foresight(mut self, settings: CloningSettings, foresight: Foresight) -> Self {
        // Settings with a policy that nobody knows make no clones.
        let policy = catalog::build(&settings.policy);
        let worth_a_clone = policy.map_or(u16::MAX, |policy| policy.least_chance());
        self.outlook = Some(Outlook::new(foresight, self.functions.len(), worth_a_clone));
        self.cloning = Some(settings);
        self
    }

    /// Lets instances fail.
    #[must_use]
    pub fn with_failures(mut self, failures: Failures, seed: u64) -> Self {
        let fates = || Fates::new(failures, self.functions.len(), seed);
        self.fates = (!failures.is_none()).then(fates);
        self
    }

    /// Lets the world know what is announced; forecasts tell of it, if any are made.
    #[must_use]
    pub fn with_notice(mut self, notice: Option<Notice<'a>>) -> Self {
        self.notice = notice;
        self
    }

    /// Ends the world and hands over what it counted.
    pub fn end(self) -> Ended {
        let skill = self.outlook.as_ref().and_then(Outlook::skill);
        Ended { tally: self.tally, skill, last: self.last, stopped: self.stopped }
    }

    fn next_arrival(&mut self) -> Option<Instant> {
        if self.place == self.chunk.len() && !self.exhausted {
            self.refill();
        }
        self.chunk.get(self.place).map(|arrival| arrival.at)
    }

    fn refill(&mut self) {
        self.place = 0;
        self.chunk.clear();
        if self.interrupt.load(Ordering::Relaxed) {
            self.stopped = Some(Stopped::Interrupted);
        } else if let Err(error) = self.stream.fill(&mut self.chunk) {
            self.chunk.clear();
            self.stopped = Some(Stopped::Broken(error));
        }
        self.exhausted = self.chunk.is_empty();
    }

    /// When the next news comes if the mind asks to be woken then; none at the end.
    fn due(&mut self, woken: Option<Instant>) -> Option<Instant> {
        let arrival = self.next_arrival().unwrap_or(Instant::NEVER);
        let done = self.under_way.peek().map_or(Instant::NEVER, |Reverse((at, _))| *at);
        let woken = woken.unwrap_or(Instant::NEVER);
        // After the last call, wake-ups matter only to requests that still wait.
        let over = self.exhausted && self.under_way.is_empty() && self.requests.is_empty();
        if over || (arrival.min(done) == Instant::NEVER && woken == Instant::NEVER) {
            return None;
        }
        Some(done.min(woken).min(arrival).min(self.closes()).max(self.last))
    }

    /// When the step of forecasts ends; steps are closed while calls are still to come.
    fn closes(&mut self) -> Instant {
        let is_over = self.next_arrival().is_none();
        let outlook = self.outlook.as_ref().filter(|_| !is_over);
        outlook.map_or(Instant::NEVER, Outlook::due)
    }

    fn begin(&mut self, at: Instant, news: News) {
        let key = u64::from(self.begun) << 32 | u64::from(self.news.insert(news));
        self.begun = self.begun.wrapping_add(1);
        self.under_way.push(Reverse((at, key)));
    }

    /// The function that is called by the next news, if that is a call.
    pub(crate) fn coming(&mut self, wake: Option<Instant>) -> Option<FunctionId> {
        let now = self.due(wake).filter(|_| !self.is_deploying())?;
        let is_call = matches!(self.turn(now, wake), Turn::Call);
        is_call.then(|| self.chunk[self.place].function)
    }

    /// Whether it has news before any time passes.
    pub(crate) fn is_deploying(&self) -> bool {
        self.deployed < self.functions.len() || self.cloning.is_some()
    }

    /// When the next news comes, if there is any.
    pub(crate) fn next_due(&mut self, wake: Option<Instant>) -> Option<Instant> {
        if self.is_deploying() { Some(Instant::ZERO) } else { self.due(wake) }
    }

    /// The call that is the next news goes to another node.
    pub(crate) fn send_on(&mut self) -> Arrival {
        let arrival = self.chunk[self.place];
        self.place += 1;
        self.tally.on_call(arrival.function);
        arrival
    }

    /// A call that came to another node comes here at a time.
    pub(crate) fn receive(&mut self, at: Instant, arrival: Arrival) {
        self.begin(at, News::Passed { arrival });
    }

    fn turn(&mut self, now: Instant, wake: Option<Instant>) -> Turn {
        if self.under_way.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            Turn::Done
        } else if self.closes() <= now {
            Turn::Closed
        } else if wake.is_some_and(|at| at <= now) {
            Turn::Woken
        } else {
            Turn::Call
        }
    }

    fn arrive(&mut self) -> Event {
        let arrival = self.chunk[self.place];
        self.place += 1;
        self.tally.on_call(arrival.function);
        self.request(arrival, self.tally.calls)
    }

    /// A call comes, by a number that no other has.
    fn request(&mut self, arrival: Arrival, number: u64) -> Event {
        if let Some(outlook) = &mut self.outlook {
            outlook.count(arrival.function);
        }
        let why = self.why(arrival.function);
        let Arrival { at: arrived, function, run } = arrival;
        let is = |of: fn(&Notice<'a>, FunctionId, Instant) -> bool| {
            self.notice.as_ref().is_some_and(|notice| of(notice, function, arrived))
        };
        let (is_known, is_during_event) = (is(Notice::is_known), is(Notice::is_during_event));
        self.tally.played.known += u64::from(is_known);
        self.tally.played.during_events += u64::from(is_during_event);
        let request = Called { function, arrived, run, why, is_known, is_during_event };
        let request = RequestId(number << 32 | u64::from(self.requests.insert(request)));
        Event::RequestArrived { request, function }
    }

    /// Why a call that has just come would be cold.
    fn why(&self, function: FunctionId) -> Why {
        let place = function.index();
        if self.tally.functions[place].calls == 1 {
            Why::First
        } else if self.live[place] > 0 {
            Why::Beyond
        } else if self.outlook.as_ref().is_some_and(|outlook| outlook.is_foreseen(function)) {
            Why::Foreseen
        } else {
            Why::Unforeseen
        }
    }

    fn finish_one(&mut self) -> Event {
        let Reverse((_, key)) = self.under_way.pop().expect("peeked before");
        match self.news.remove(key as u32) {
            News::Started { instance, took } => Event::InstanceStarted { instance, took },
            News::Resumed { instance } => Event::InstanceResumed { instance },
            News::Probed { instance, healthy } => Event::CloneProbed { instance, healthy },
            News::Crashed { instance, function } => {
                self.live[function.index()] -= 1;
                Event::StartFailed { instance }
            }
            News::Died { instance, function } => {
                self.live[function.index()] -= 1;
                Event::InstanceFailed { instance }
            }
            News::Passed { arrival } => {
                self.begun += 1;
                self.request(arrival, PASSED | u64::from(self.begun))
            }
            News::Finished { instance, run } => {
                Event::InvocationFinished { instance, request: RequestId(0), run }
            }
        }
    }

    fn invoke(&mut self, now: Instant, request: RequestId, instance: InstanceId, kind: StartKind) {
        let request = self.requests.remove(request.0 as u32);
        if self.fates.as_ref().is_some_and(|fates| fates.is_dead(now, instance.index())) {
            self.tally.played.failed += 1;
            self.begin(now, News::Died { instance, function: request.function });
            return;
        }
        let waited = now.since(request.arrived);
        let start = match kind {
            StartKind::Cold => {
                self.tally.on_cold(request.why);
                self.tally.played.known_cold += u64::from(request.is_known);
                self.tally.played.during_events_cold += u64::from(request.is_during_event);
                self.start_of_slot[instance.index()]
            }
            _ => Span::ZERO,
        };
        self.tally.on_served(request.function, kind, waited, start, request.run);
        self.begin(now + request.run, News::Finished { instance, run: request.run });
    }

    fn start(
        &mut self,
        now: Instant,
        instance: InstanceId,
        function: FunctionId,
        cause: StartCause,
    ) {
        let took = self.starts.model.draw(function, &mut self.starts.rng);
        if self.start_of_slot.len() <= instance.index() {
            self.start_of_slot.resize(instance.index() + 1, Span::ZERO);
        }
        self.start_of_slot[instance.index()] = took;
        self.live[function.index()] += 1;
        self.tally.starts += 1;
        if let Some(fates) = &mut self.fates {
            if fates.crashes(now, function) {
                self.tally.played.crashed += 1;
                self.tally.played.clones_crashed += u64::from(cause == StartCause::Clone);
                self.begin(now + took, News::Crashed { instance, function });
                return;
            }
            fates.begin(now + took, instance.index());
        }
        if let Some(outlook) = &mut self.outlook {
            outlook.started(function, took);
        }
        self.begin(now + took, News::Started { instance, took });
    }

    fn probe(&mut self, now: Instant, instance: InstanceId) {
        let is_dead = |fates: &Fates| fates.is_dead(now, instance.index());
        let healthy = !self.fates.as_ref().is_some_and(is_dead);
        self.tally.played.found_dead += u64::from(!healthy);
        self.begin(now, News::Probed { instance, healthy });
    }
}

impl World for VirtualWorld<'_> {
    fn next(&mut self, wake: Option<(Instant, SiteId)>) -> Option<(Instant, SiteId, Event)> {
        const SITE: SiteId = SiteId(0);
        if let Some(settings) = self.functions.get(self.deployed) {
            let function = FunctionId(self.deployed as u32);
            self.deployed += 1;
            let settings = Box::new(settings.clone());
            return Some((Instant::ZERO, SITE, Event::FunctionDeployed { function, settings }));
        }
        if let Some(settings) = self.cloning.take() {
            return Some((Instant::ZERO, SITE, Event::CloningSet { settings: Box::new(settings) }));
        }
        let now = self.due(wake.map(|(at, _)| at))?;
        self.last = now;
        let event = match (self.turn(now, wake.map(|(at, _)| at)), &mut self.outlook) {
            (Turn::Done, _) => self.finish_one(),
            (Turn::Closed, Some(outlook)) => {
                let forecast = Box::new(outlook.close(self.notice.as_ref()));
                Event::DemandForeseen { forecast }
            }
            (Turn::Woken, _) => Event::WokeUp,
            (Turn::Call | Turn::Closed, _) => self.arrive(),
        };
        Some((now, SITE, event))
    }

    fn perform(&mut self, now: Instant, _site: SiteId, actions: &mut Vec<Action>) {
        for action in actions.drain(..) {
            match action {
                Action::Invoke { request, instance, start } => {
                    self.invoke(now, request, instance, start);
                }
                Action::Start { instance, function, cause } => {
                    self.tally.starts_ahead += u64::from(cause != StartCause::Request);
                    self.start(now, instance, function, cause);
                }
                Action::Stop { function, cause, .. } => {
                    self.live[function.index()] -= 1;
                    self.tally.evictions += u64::from(cause == StopCause::Evicted);
                    self.tally.expirations += u64::from(cause == StopCause::Expired);
                }
                Action::Refuse { request, .. } => {
                    let request = self.requests.remove(request.0 as u32);
                    self.tally.on_dropped(request.function);
                }
                Action::AskNearby { node, request } => self.asks.push((node, request)),
                Action::Pause { .. } => self.tally.pauses += 1,
                Action::Probe { instance } => self.probe(now, instance),
                Action::Resume { instance } => {
                    self.begin(now + self.starts.resume, News::Resumed { instance });
                }
            }
        }
    }
}
