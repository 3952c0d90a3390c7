//! A world of one site in which starts take a second, or as long as is said, and calls two, and everything ordered is
//! written down.

use std::collections::BTreeMap;

use swell_core::action::{Action, StartCause, StopCause};
use swell_core::demand::{DemandForecast, FunctionDemand, StepDemand};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId};
use swell_core::settings::{CloningMode, CloningSettings, FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

pub(crate) const START: Span = Span::from_secs(1);
pub(crate) const RUN: Span = Span::from_secs(2);
pub(crate) const STEP: Span = Span::from_secs(60);
pub(crate) const F: FunctionId = FunctionId(0);

pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) now: Instant,
    pub(crate) log: Vec<(Instant, Action)>,
    pub(crate) probes_find: bool,
    pub(crate) clones_start: bool,
    pub(crate) calls_answer: bool,
    /// How long a start takes.
    pub(crate) start: Span,
    under_way: BTreeMap<(Instant, u64), Event>,
    begun: u64,
    requests: u64,
}

pub(crate) fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

impl Stage {
    /// A site of 10 GB with two functions of 100 MB, cloning by `mode`.
    pub(crate) fn new(mode: CloningMode, change: impl Fn(&mut CloningSettings)) -> Self {
        let (memory, policy) = (Bytes::from_mb(10_000), "hazard".to_string());
        let site = Site::new(&SiteSettings { memory, seed: 1, policy }).expect("it is known");
        let mut stage = Self {
            site,
            now: Instant::ZERO,
            log: Vec::new(),
            probes_find: true,
            clones_start: true,
            calls_answer: true,
            start: START,
            under_way: BTreeMap::new(),
            begun: 0,
            requests: 0,
        };
        let mut settings = CloningSettings { mode, step: STEP, ..CloningSettings::default() };
        change(&mut settings);
        for function in [F, FunctionId(1)] {
            let settings = Box::new(FunctionSettings::plain(Bytes::from_mb(100)));
            stage.tell(Event::FunctionDeployed { function, settings });
        }
        stage.tell(Event::CloningSet { settings: Box::new(settings) });
        stage
    }

    /// Lets the mind learn how long a call runs; the instance that served it stays.
    pub(crate) fn learn(&mut self) {
        self.call(F);
        self.until(self.now + START + RUN);
    }

    pub(crate) fn call(&mut self, function: FunctionId) {
        self.requests += 1;
        self.tell(Event::RequestArrived { request: RequestId(self.requests), function });
    }

    /// So many calls at once, surely, in each of the next steps.
    pub(crate) fn foresee(&mut self, calls: &[u32]) {
        let steps = calls.iter().map(|&calls| {
            let quantile = calls * 1000;
            let chance = if calls > 0 { 1000 } else { 0 };
            StepDemand { chance, q10: quantile, q50: quantile, q90: quantile, q95: quantile }
        });
        self.foresee_steps(steps.collect(), Vec::new());
    }

    pub(crate) fn foresee_steps(&mut self, steps: Vec<StepDemand>, known: Vec<Instant>) {
        let own = FunctionDemand { function: F, confidence: 900, steps, known };
        let forecast = DemandForecast { origin: self.now, step: STEP, functions: vec![own] };
        self.tell(Event::DemandForeseen { forecast: Box::new(forecast) });
    }

    pub(crate) fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.site.handle(self.now, event, &mut actions);
        for action in actions {
            self.log.push((self.now, action));
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Start { instance, cause: StartCause::Clone, .. } if !self.clones_start => {
                self.begin(self.start, Event::StartFailed { instance });
            }
            Action::Start { instance, .. } => {
                let took = self.start;
                self.begin(took, Event::InstanceStarted { instance, took });
            }
            Action::Invoke { request, instance, .. } if !self.calls_answer => {
                self.begin(RUN, Event::InvocationFailed { instance, request, run: RUN });
            }
            Action::Invoke { request, instance, .. } => {
                self.begin(RUN, Event::InvocationFinished { instance, request, run: RUN });
            }
            Action::AskNearby { .. } => {}
            Action::Probe { instance } => {
                let healthy = self.probes_find;
                self.begin(Span::from_millis(5), Event::CloneProbed { instance, healthy });
            }
            Action::Resume { instance } => {
                self.begin(START, Event::InstanceResumed { instance });
            }
            Action::Stop { .. } | Action::Pause { .. } | Action::Refuse { .. } => {}
        }
    }

    fn begin(&mut self, after: Span, event: Event) {
        self.begun += 1;
        self.under_way.insert((self.now + after, self.begun), event);
    }

    pub(crate) fn until(&mut self, end: Instant) {
        loop {
            let ends = self.under_way.first_key_value().map(|(&(at, _), _)| at);
            let wakes = self.site.next_wakeup();
            let next = ends.into_iter().chain(wakes).min().filter(|&at| at <= end);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            let event = match ends == Some(at) {
                true => self.under_way.pop_first().expect("one ends then").1,
                false => Event::WokeUp,
            };
            self.tell(event);
        }
        self.now = self.now.max(end);
    }

    pub(crate) fn clones_begun(&self) -> Vec<Instant> {
        let begun = self
            .log
            .iter()
            .filter(|(_, action)| matches!(action, Action::Start { cause: StartCause::Clone, .. }));
        begun.map(|entry| entry.0).collect()
    }

    pub(crate) fn starts(&self) -> usize {
        self.log.iter().filter(|(_, action)| matches!(action, Action::Start { .. })).count()
    }

    pub(crate) fn stopped(&self, cause: StopCause) -> Vec<(Instant, InstanceId)> {
        let stops = self.log.iter().filter_map(|(at, action)| match action {
            Action::Stop { instance, cause: found, .. } if *found == cause => {
                Some((*at, *instance))
            }
            _ => None,
        });
        stops.collect()
    }

    pub(crate) fn live(&self) -> u32 {
        self.site.pool().known(F).live()
    }
}
