//! A stage for one site: time that is a number, instances that are promises, and a log of
//! what was decided. It plays a script and tells the outcome in the words of the tables.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use swell_core::action::{Action, RefuseReason, StartCause, StartKind, StopCause};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId};
use swell_core::settings::SiteSettings;
use swell_core::site::Site;
use swell_core::time::{Instant, Span};

use crate::cast::Cast;
use crate::script::{Deed, Step};

/// How long a thaw takes on every stage.
const THAW: Span = Span::from_millis(100);

/// What is under way, in the order it was begun where times are equal.
#[derive(Debug, Clone, Copy)]
enum Due {
    Started(InstanceId, Span),
    StartFails(InstanceId),
    Resumed(InstanceId),
    Finished(InstanceId, RequestId, Span),
}

impl Due {
    fn instance(self) -> InstanceId {
        match self {
            Due::Started(instance, _)
            | Due::StartFails(instance)
            | Due::Resumed(instance)
            | Due::Finished(instance, ..) => instance,
        }
    }
}

/// What became of the calls and the instances.
#[derive(Debug, Default)]
struct Log {
    /// One word per call, in the order of the calls.
    calls: Vec<&'static str>,
    evicted: Vec<String>,
    expired: Vec<String>,
    started: Vec<String>,
    exited: Vec<String>,
    paused: Vec<String>,
}

pub(crate) struct Stage<'a> {
    cast: &'a Cast,
    site: Site,
    now: Instant,
    under_way: VecDeque<(Instant, Due)>,
    alive: BTreeMap<InstanceId, FunctionId>,
    /// Calls by number, from 1, that have no answer yet.
    open: BTreeMap<RequestId, FunctionId>,
    spoiled: Vec<FunctionId>,
    log: Log,
}

/// Plays the script and tells what came of it.
pub(crate) fn play(settings: &SiteSettings, cast: &Cast, script: &[Step]) -> String {
    let mut stage = Stage {
        cast,
        site: Site::new(settings).unwrap_or_else(|error| panic!("{error}")),
        now: Instant::ZERO,
        under_way: VecDeque::new(),
        alive: BTreeMap::new(),
        open: BTreeMap::new(),
        spoiled: Vec::new(),
        log: Log::default(),
    };
    for function in cast.functions() {
        stage.deploy(function);
    }
    for step in script {
        stage.advance(step.at);
        stage.act(step.deed);
    }
    stage.finish();
    stage.log.to_string()
}

impl Stage<'_> {
    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Nothing => {}
            Deed::Call(function) => {
                self.log.calls.push("open");
                let request = RequestId(self.log.calls.len() as u64);
                self.open.insert(request, function);
                self.handle(Event::RequestArrived { request, function });
            }
            Deed::Cancel(number) => {
                let request = RequestId(number);
                // Served after all if a start is bound to it; the word is then replaced.
                let function = self.open.remove(&request).expect("a call that waits");
                self.log.calls[number as usize - 1] = "gone";
                self.handle(Event::RequestCancelled { request, function });
            }
            Deed::Crash(function) => {
                let mut alive = self.alive.iter().filter(|entry| *entry.1 == function);
                let instance = *alive.next().expect("a crash needs an instance").0;
                self.end(instance);
                self.handle(Event::InstanceFailed { instance });
            }
            Deed::Spoil(function) => self.spoiled.push(function),
            Deed::Remove(function) => self.handle(Event::FunctionRemoved { function }),
            Deed::Deploy(function) => self.deploy(function),
            Deed::Memory(memory) => self.handle(Event::MemoryChanged { memory }),
        }
    }

    fn deploy(&mut self, function: FunctionId) {
        let settings = Box::new(self.cast.role(function).settings.clone());
        self.handle(Event::FunctionDeployed { function, settings });
    }

    /// Lets time pass: first what was under way ends, then the site is woken.
    fn advance(&mut self, until: Instant) {
        while let Some(at) = self.next().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            match self.under_way.front().filter(|entry| entry.0 <= self.now) {
                Some(_) => self.end_first(),
                None => self.handle(Event::WokeUp),
            }
        }
        self.now = self.now.max(until);
    }

    /// Lets time pass until every call has its answer and nothing is under way.
    fn finish(&mut self) {
        while !self.open.is_empty() || !self.under_way.is_empty() {
            let next = self.next().expect("an open call is waited for");
            self.advance(next);
        }
    }

    fn next(&self) -> Option<Instant> {
        let due = self.under_way.front().map(|entry| entry.0);
        [due, self.site.next_wakeup()].into_iter().flatten().min()
    }

    fn end_first(&mut self) {
        let (_, due) = self.under_way.pop_front().expect("just seen");
        let event = match due {
            Due::Started(instance, took) => Event::InstanceStarted { instance, took },
            Due::Resumed(instance) => Event::InstanceResumed { instance },
            Due::Finished(instance, request, run) => {
                Event::InvocationFinished { instance, request, run }
            }
            Due::StartFails(instance) => {
                self.end(instance);
                Event::StartFailed { instance }
            }
        };
        self.handle(event);
    }

    fn handle(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.site.handle(self.now, event, &mut actions);
        actions.into_iter().for_each(|action| self.perform(action));
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Start { instance, function, cause } => {
                self.alive.insert(instance, function);
                if cause != StartCause::Request {
                    let entry = self.stamped(function);
                    self.log.started.push(entry);
                }
                let took = self.cast.role(function).start;
                let spoiled = self.spoiled.iter().position(|&spoiled| spoiled == function);
                match spoiled {
                    Some(place) => {
                        self.spoiled.remove(place);
                        self.begin(took, Due::StartFails(instance));
                    }
                    None => self.begin(took, Due::Started(instance, took)),
                }
            }
            Action::Stop { instance, function, cause } => {
                self.end(instance);
                let entry = self.stamped(function);
                match cause {
                    StopCause::Evicted => self.log.evicted.push(self.cast.name(function).into()),
                    StopCause::Expired => self.log.expired.push(entry),
                    StopCause::RunAndExit | StopCause::Removed => self.log.exited.push(entry),
                    StopCause::Released | StopCause::Unhealthy => {
                        panic!("nothing is cloned on this stage")
                    }
                    StopCause::Failed => panic!("the stage ends failed instances itself"),
                }
            }
            Action::Pause { instance } => {
                let entry = self.stamped(self.alive[&instance]);
                self.log.paused.push(entry);
            }
            Action::Resume { instance } => self.begin(THAW, Due::Resumed(instance)),
            Action::Invoke { request, instance, start } => {
                self.answer(request, word_of_start(start));
                let run = self.cast.role(self.alive[&instance]).run;
                self.begin(run, Due::Finished(instance, request, run));
            }
            Action::Refuse { request, reason } => self.answer(request, word_of_refusal(reason)),
            Action::AskNearby { .. } => {}
            Action::Probe { .. } => panic!("nothing is cloned on this stage"),
        }
    }

    fn answer(&mut self, request: RequestId, word: &'static str) {
        let former = std::mem::replace(&mut self.log.calls[request.0 as usize - 1], word);
        let known = self.open.remove(&request).is_some() || former == "gone";
        assert!(known, "call {} is answered once", request.0);
    }

    fn begin(&mut self, after: Span, due: Due) {
        let at = self.now + after;
        let place = self.under_way.iter().position(|entry| entry.0 > at);
        self.under_way.insert(place.unwrap_or(self.under_way.len()), (at, due));
    }

    fn end(&mut self, instance: InstanceId) {
        self.alive.remove(&instance);
        self.under_way.retain(|entry| entry.1.instance() != instance);
    }

    fn stamped(&self, function: FunctionId) -> String {
        let millis = self.now.nanos() / 1_000_000;
        format!("{} {}s", self.cast.name(function), millis as f64 / 1000.0)
    }
}

fn word_of_start(start: StartKind) -> &'static str {
    match start {
        StartKind::Warm => "warm",
        StartKind::Delayed => "delayed",
        StartKind::Resumed => "resumed",
        StartKind::Cold => "cold",
    }
}

fn word_of_refusal(reason: RefuseReason) -> &'static str {
    match reason {
        RefuseReason::NoMemory => "drop",
        RefuseReason::UnknownFunction => "unknown",
        RefuseReason::TooManyInstances => "limit",
        RefuseReason::QueueFull => "full",
        RefuseReason::WaitedTooLong => "late",
        RefuseReason::StartFailed => "failed",
        RefuseReason::FunctionRemoved => "removed",
    }
}

/// `cold warm*3 drop; evicts a b; expires c 601.1s`: clauses without content are left out,
/// and three or more equal words are counted.
impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words = Vec::new();
        for run in self.calls.chunk_by(|a, b| a == b) {
            match run.len() {
                1 | 2 => words.extend(run.iter().map(ToString::to_string)),
                many => words.push(format!("{}*{many}", run[0])),
            }
        }
        let mut text = words.join(" ");
        for (verb, entries, separator) in [
            ("evicts", &self.evicted, " "),
            ("expires", &self.expired, ", "),
            ("exits", &self.exited, ", "),
            ("pauses", &self.paused, ", "),
            ("starts", &self.started, ", "),
        ] {
            if !entries.is_empty() {
                write!(text, "; {verb} {}", entries.join(separator))?;
            }
        }
        f.write_str(text.trim_start_matches("; "))
    }
}
