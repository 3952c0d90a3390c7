//! A world that does anything a world may do, from one seed.

use std::collections::{BTreeMap, BTreeSet};

use swell_core::action::Action;
use swell_core::catalog::ENTRIES;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId};
use swell_core::rng::{self, Rng};
use swell_core::settings::{FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::forecaster::Forecaster;
use crate::law::{Law, Step, Tenant};

/// Every policy of the catalogue, each starting at once and waiting.
pub(crate) fn policies() -> Vec<String> {
    let names = ENTRIES.iter().map(|entry| entry.name);
    names.flat_map(|name| [format!("{name}:wait=0s"), format!("{name}:wait=5s,queue=6")]).collect()
}

/// Settings of the site of a seed.
pub(crate) fn settings(seed: u64, policy: &str) -> SiteSettings {
    let mut rng = rng::split(seed, "laws/site");
    let memory = Bytes::from_mb(100 + rng::below(&mut rng, 900));
    SiteSettings { memory, seed, policy: policy.into() }
}

const EVENTS: u32 = 600;

pub(crate) struct World {
    site: Site,
    rng: Rng,
    now: Instant,
    limit: Bytes,
    functions: Vec<FunctionSettings>,
    instances: BTreeMap<InstanceId, Tenant>,
    running: Vec<(Instant, InstanceId, RequestId)>,
    starting: Vec<(Instant, InstanceId, bool)>,
    waiting: BTreeMap<RequestId, FunctionId>,
    removed: BTreeSet<FunctionId>,
    probed: Vec<InstanceId>,
    forecaster: Option<Forecaster>,
    requests: u64,
}

impl World {
    pub(crate) fn new(seed: u64, policy: &str) -> Self {
        let settings = settings(seed, policy);
        let mut rng = rng::split(seed, "laws/world");
        let count = 1 + rng::below(&mut rng, 8);
        let functions = (0..count).map(|_| function(&mut rng)).collect();
        Self {
            site: Site::new(&settings).expect("the policy is in the catalogue"),
            limit: settings.memory,
            rng,
            now: Instant::ZERO,
            functions,
            instances: BTreeMap::new(),
            running: Vec::new(),
            starting: Vec::new(),
            waiting: BTreeMap::new(),
            removed: BTreeSet::new(),
            probed: Vec::new(),
            forecaster: Forecaster::of(seed),
            requests: 0,
        }
    }

    /// Plays the seed's events, then lets everything under way end.
    pub(crate) fn play(mut self, laws: &mut [Box<dyn Law>]) -> Result<(), String> {
        for index in 0..self.functions.len() {
            let settings = Box::new(self.functions[index].clone());
            let function = FunctionId(index as u32);
            self.step(Event::FunctionDeployed { function, settings }, laws)?;
        }
        if let Some(forecaster) = &self.forecaster {
            let settings = Box::new(forecaster.settings.clone());
            self.step(Event::CloningSet { settings }, laws)?;
        }
        for _ in 0..EVENTS {
            let count = self.functions.len();
            let forecaster = self.forecaster.as_mut();
            if let Some(event) = forecaster.and_then(|it| it.forecast(self.now, count)) {
                self.step(event, laws)?;
            }
            let pause = rng::below(&mut self.rng, 2_000) * rng::below(&mut self.rng, 40);
            self.advance(self.now + Span::from_millis(pause / 20), laws)?;
            let event = self.draw();
            self.step(event, laws)?;
        }
        self.advance(self.now + Span::from_secs(3600), laws)?;
        laws.iter_mut().try_for_each(|law| law.finish())
    }

    fn draw(&mut self) -> Event {
        let function = FunctionId(rng::below(&mut self.rng, self.functions.len() as u64) as u32);
        match rng::below(&mut self.rng, 100) {
            0 => {
                self.limit = Bytes::from_mb(100 + rng::below(&mut self.rng, 900));
                Event::MemoryChanged { memory: self.limit }
            }
            1 => {
                self.removed.insert(function);
                Event::FunctionRemoved { function }
            }
            2 | 3 => {
                self.removed.remove(&function);
                let settings = Box::new(self.functions[function.index()].clone());
                Event::FunctionDeployed { function, settings }
            }
            4 | 5 => self.fail().unwrap_or_else(|| self.request(function)),
            6 | 7 => self.cancel().unwrap_or_else(|| self.request(function)),
            _ => self.request(function),
        }
    }

    fn request(&mut self, function: FunctionId) -> Event {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.waiting.insert(request, function);
        Event::RequestArrived { request, function }
    }

    fn fail(&mut self) -> Option<Event> {
        let count = self.instances.len() as u64;
        if count == 0 {
            return None;
        }
        let place = rng::below(&mut self.rng, count) as usize;
        let instance = *self.instances.keys().nth(place)?;
        self.forget(instance);
        Some(Event::InstanceFailed { instance })
    }

    fn cancel(&mut self) -> Option<Event> {
        let request = *self.waiting.keys().next()?;
        let function = self.waiting[&request];
        Some(Event::RequestCancelled { request, function })
    }

    fn forget(&mut self, instance: InstanceId) {
        self.running.retain(|entry| entry.1 != instance);
        self.starting.retain(|entry| entry.1 != instance);
    }

    /// Lets time pass: starts and calls end, wake-ups come.
    fn advance(&mut self, until: Instant, laws: &mut [Box<dyn Law>]) -> Result<(), String> {
        loop {
            while let Some(instance) = self.probed.pop() {
                let healthy = self.forecaster.as_mut().is_none_or(Forecaster::finds_healthy);
                self.step(Event::CloneProbed { instance, healthy }, laws)?;
            }
            let started = self.starting.iter().map(|entry| entry.0).min();
            let finished = self.running.iter().map(|entry| entry.0).min();
            let woken = self.site.next_wakeup();
            let times = [started, finished, woken].into_iter().flatten();
            let Some(at) = times.min().filter(|&at| at <= until) else { break };
            self.now = self.now.max(at);
            let event = if started == Some(at) {
                self.end_start(at)
            } else if finished == Some(at) {
                self.end_run(at)
            } else {
                Event::WokeUp
            };
            self.step(event, laws)?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn end_start(&mut self, at: Instant) -> Event {
        let place = self.starting.iter().position(|entry| entry.0 == at).expect("just found");
        let (_, instance, thaw) = self.starting.remove(place);
        let fails = rng::below(&mut self.rng, 20) == 0;
        if let Some(tenant) = self.instances.get_mut(&instance) {
            tenant.starting = false;
        }
        match (fails, thaw) {
            (true, false) => Event::StartFailed { instance },
            (true, true) => Event::InstanceFailed { instance },
            (false, true) => Event::InstanceResumed { instance },
            (false, false) => Event::InstanceStarted { instance, took: Span::from_millis(500) },
        }
    }

    fn end_run(&mut self, at: Instant) -> Event {
        let place = self.running.iter().position(|entry| entry.0 == at).expect("just found");
        let (_, instance, request) = self.running.remove(place);
        if let Some(tenant) = self.instances.get_mut(&instance) {
            tenant.busy -= 1;
        }
        Event::InvocationFinished { instance, request, run: Span::from_millis(300) }
    }

    fn step(&mut self, event: Event, laws: &mut [Box<dyn Law>]) -> Result<(), String> {
        let mut actions = Vec::new();
        self.site.handle(self.now, event.clone(), &mut actions);
        if let Event::InstanceFailed { instance } | Event::StartFailed { instance } = event {
            self.instances.remove(&instance);
        }
        let step = Step {
            now: self.now,
            event: &event,
            actions: &actions,
            site: &self.site,
            instances: &self.instances,
            functions: &self.functions,
            limit: self.limit,
        };
        for law in laws.iter_mut() {
            law.observe(&step).map_err(|why| format!("{why} (at {:?}, {event:?})", self.now))?;
        }
        if let Event::RequestCancelled { request, .. } = event {
            self.waiting.remove(&request);
        }
        actions.into_iter().for_each(|action| self.perform(action));
        Ok(())
    }

    fn perform(&mut self, action: Action) {
        let millis = |rng: &mut Rng| Span::from_millis(1 + rng::below(rng, 3_000));
        match action {
            Action::Start { instance, function, .. } => {
                let memory = self.functions[function.index()].memory;
                let tenant = Tenant { function, memory, busy: 0, starting: true };
                self.instances.insert(instance, tenant);
                self.starting.push((self.now + millis(&mut self.rng), instance, false));
            }
            Action::Stop { instance, .. } => {
                self.instances.remove(&instance);
                self.forget(instance);
            }
            Action::Pause { instance } => {
                let tenant = self.instances.get_mut(&instance).expect("alive");
                tenant.memory = self.functions[tenant.function.index()].paused_memory;
            }
            Action::Resume { instance } => {
                let tenant = self.instances.get_mut(&instance).expect("alive");
                tenant.memory = self.functions[tenant.function.index()].memory;
                tenant.starting = true;
                self.starting.push((self.now + Span::from_millis(50), instance, true));
            }
            Action::Invoke { request, instance, .. } => {
                self.waiting.remove(&request);
                self.instances.get_mut(&instance).expect("alive").busy += 1;
                self.running.push((self.now + millis(&mut self.rng), instance, request));
            }
            Action::Refuse { request, .. } => {
                self.waiting.remove(&request);
            }
            Action::AskNearby { .. } => {}
            Action::Probe { instance } => self.probed.push(instance),
        }
    }
}

fn function(rng: &mut Rng) -> FunctionSettings {
    let mut settings = FunctionSettings::plain(Bytes::from_mb(20 + rng::below(rng, 200)));
    let mut one_in = |n: u64| rng::below(rng, n) == 0;
    settings.concurrency = if one_in(3) { 4 } else { 1 };
    settings.min_warm = u32::from(one_in(5));
    settings.max_instances = if one_in(4) { 2 } else { u32::MAX };
    settings.max_idle = one_in(4).then_some(Span::from_secs(20));
    settings.pinned = one_in(6);
    settings.run_and_exit = one_in(6);
    if one_in(3) {
        settings.pause_after = Some(Span::from_secs(5));
        settings.paused_memory = Bytes::from_mb(settings.memory.get() / 4_000_000);
    }
    settings
}
