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
use swell_core::demand::DemandForecast;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::rng::Rng;
use swell_core::settings::{CloningSettings, FunctionSettings};
use swell_core::time::{Instant, Span};
use swell_core::world::World;
use swell_forecast::foresight::steps::Foresight;
use swell_trace::arrival::{Arrival, ArrivalStream};
use swell_trace::cold::ColdModel;
use swell_trace::error::TraceError;

use crate::tally::{Tally, Why};

/// How long starts take, and with what dice.
pub struct Starts {
    /// The model.
    pub model: ColdModel,
    /// Chance for models that draw.
    pub rng: Rng,
    /// How long a thaw takes.
    pub resume: Span,
}

/// One site's world.
pub struct VirtualWorld<'a> {
    functions: &'a [FunctionSettings],
    stream: Box<dyn ArrivalStream + 'a>,
    starts: Starts,
    interrupt: &'a AtomicBool,
    cloning: Option<CloningSettings>,
    foresight: Option<Foresight>,
    deployed: usize,
    chunk: Vec<Arrival>,
    place: usize,
    exhausted: bool,
    under_way: BinaryHeap<Reverse<(Instant, u64)>>,
    begun: u32,
    news: Slab<News>,
    requests: Slab<Request>,
    start_of_slot: Vec<Span>,
    /// By function, its instances, and the chance that the forecast gave this step, in
    /// thousandths.
    live: Vec<u32>,
    chances: Vec<u16>,
    /// The chance from which on the policy may find a clone worth its price, in thousandths.
    worth_a_clone: u16,
    tally: Tally,
    last: Instant,
    stopped: Option<Stopped>,
}

/// Why a run ended before its trace.
#[derive(Debug)]
pub enum Stopped {
    /// The user asked.
    Interrupted,
    /// The trace could not be read on.
    Broken(TraceError),
}

#[derive(Debug, Clone, Copy)]
struct Request {
    function: FunctionId,
    arrived: Instant,
    run: Span,
    /// Why it is cold, if it is.
    why: Why,
}

#[derive(Debug, Clone, Copy)]
enum News {
    Started { instance: InstanceId, took: Span },
    Resumed { instance: InstanceId },
    Finished { instance: InstanceId, run: Span },
    Probed { instance: InstanceId },
}

/// What a finished world has to tell.
pub struct Ended {
    /// What happened to the calls.
    pub tally: Tally,
    /// The time of the last news.
    pub last: Instant,
    /// Why it ended early, if it did.
    pub stopped: Option<Stopped>,
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
            foresight: None,
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
            chances: vec![0; functions.len()],
            worth_a_clone: u16::MAX,
            tally: Tally::new(functions.len()),
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
        self.worth_a_clone = policy.map_or(u16::MAX, |policy| policy.least_chance());
        self.cloning = Some(settings);
        self.foresight = Some(foresight);
        self
    }

    /// Ends the world and hands over what it counted.
    pub fn end(self) -> Ended {
        Ended { tally: self.tally, last: self.last, stopped: self.stopped }
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

    fn begin(&mut self, at: Instant, news: News) {
        let key = u64::from(self.begun) << 32 | u64::from(self.news.insert(news));
        self.begun = self.begun.wrapping_add(1);
        self.under_way.push(Reverse((at, key)));
    }

    fn arrive(&mut self) -> Event {
        let arrival = self.chunk[self.place];
        self.place += 1;
        self.tally.on_call(arrival.function);
        if let Some(foresight) = &mut self.foresight {
            foresight.count(arrival.function);
        }
        let why = self.why(arrival.function);
        let Arrival { at: arrived, function, run } = arrival;
        let request = Request { function, arrived, run, why };
        let request = RequestId(self.tally.calls << 32 | u64::from(self.requests.insert(request)));
        Event::RequestArrived { request, function: arrival.function }
    }

    /// Why a call that has just come would be cold.
    fn why(&self, function: FunctionId) -> Why {
        let place = function.index();
        if self.tally.functions[place].calls == 1 {
            Why::First
        } else if self.live[place] > 0 {
            Why::Beyond
        } else if self.chances[place] >= self.worth_a_clone {
            Why::Foreseen
        } else {
            Why::Unforeseen
        }
    }

    fn foresee(&mut self) -> Option<Box<DemandForecast>> {
        let forecast = self.foresight.as_mut()?.close();
        self.chances.fill(0);
        for demand in &forecast.functions {
            if let Some(first) = demand.steps.first() {
                self.chances[demand.function.index()] = first.chance;
            }
        }
        Some(Box::new(forecast))
    }

    fn finish_one(&mut self) -> Event {
        let Reverse((_, key)) = self.under_way.pop().expect("peeked before");
        match self.news.remove(key as u32) {
            News::Started { instance, took } => Event::InstanceStarted { instance, took },
            News::Resumed { instance } => Event::InstanceResumed { instance },
            // Modelled sandboxes do not fail.
            News::Probed { instance } => Event::CloneProbed { instance, healthy: true },
            News::Finished { instance, run } => {
                Event::InvocationFinished { instance, request: RequestId(0), run }
            }
        }
    }

    fn invoke(&mut self, now: Instant, request: RequestId, instance: InstanceId, kind: StartKind) {
        let request = self.requests.remove(request.0 as u32);
        let waited = now.since(request.arrived);
        let start = match kind {
            StartKind::Cold => {
                self.tally.on_cold(request.why);
                self.start_of_slot[instance.index()]
            }
            _ => Span::ZERO,
        };
        self.tally.on_served(request.function, kind, waited, start, request.run);
        self.begin(now + request.run, News::Finished { instance, run: request.run });
    }

    fn start(&mut self, now: Instant, instance: InstanceId, function: FunctionId) {
        let took = self.starts.model.draw(function, &mut self.starts.rng);
        if self.start_of_slot.len() <= instance.index() {
            self.start_of_slot.resize(instance.index() + 1, Span::ZERO);
        }
        self.start_of_slot[instance.index()] = took;
        self.live[function.index()] += 1;
        self.tally.starts += 1;
        self.begin(now + took, News::Started { instance, took });
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
        let arrival = self.next_arrival().unwrap_or(Instant::NEVER);
        let done = self.under_way.peek().map_or(Instant::NEVER, |Reverse((at, _))| *at);
        let woken = wake.map_or(Instant::NEVER, |(at, _)| at);
        // After the last call, wake-ups matter only to requests that still wait.
        let over = self.exhausted && self.under_way.is_empty() && self.requests.is_empty();
        if over || (arrival.min(done) == Instant::NEVER && woken == Instant::NEVER) {
            return None;
        }
        // Steps are closed while calls are still to come.
        let foresight = self.foresight.as_ref().filter(|_| arrival != Instant::NEVER);
        let closed = foresight.map_or(Instant::NEVER, Foresight::due);
        let now = done.min(woken).min(arrival).min(closed).max(self.last);
        self.last = now;
        let event = if done <= now {
            self.finish_one()
        } else if closed <= now
            && let Some(forecast) = self.foresee()
        {
            Event::DemandForeseen { forecast }
        } else if woken <= now {
            Event::WokeUp
        } else {
            self.arrive()
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
                    self.start(now, instance, function);
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
                // A site that is played alone has nobody nearby.
                Action::AskNearby { .. } => {}
                Action::Pause { .. } => self.tally.pauses += 1,
                Action::Probe { instance } => self.begin(now, News::Probed { instance }),
                Action::Resume { instance } => {
                    self.begin(now + self.starts.resume, News::Resumed { instance });
                }
            }
        }
    }
}

/// Values under small numbers that are reused, so memory follows what is alive.
#[derive(Debug)]
struct Slab<T> {
    values: Vec<T>,
    vacant: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Vec::new(), vacant: Vec::new() }
    }
}

impl<T: Copy> Slab<T> {
    fn insert(&mut self, value: T) -> u32 {
        match self.vacant.pop() {
            Some(index) => {
                self.values[index as usize] = value;
                index
            }
            None => {
                self.values.push(value);
                (self.values.len() - 1) as u32
            }
        }
    }

    fn remove(&mut self, index: u32) -> T {
        self.vacant.push(index);
        self.values[index as usize]
    }

    fn is_empty(&self) -> bool {
        self.values.len() == self.vacant.len()
    }
}
