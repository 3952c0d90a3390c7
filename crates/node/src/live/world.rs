//! The live world: one mind, one lock, and what goes on around it.
//!
//! Whoever has news takes the lock, tells it, and does the chores that follow after
//! letting go. Starting is the only chore that takes long; it gets a task of its own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId};
use swell_core::settings::FunctionSettings;
use swell_core::site::Site;
use swell_sandbox::backend::{Instance, StartError, Template};

use crate::clock::Clock;
use crate::deploy::bounds::HEALTH;
use crate::deploy::hands::Deploying;
use crate::live::ask::Ask;
use crate::live::mind::{Chores, Mind, Probe};
use crate::live::recorder::Recorder;
use crate::observe::metrics::Metrics;
use crate::registry::Version;

/// Longest a start may take before it counts as failed.
const START_MAX: Duration = Duration::from_secs(60);

/// Takes whole entries about flows; whether it takes more.
pub type Tape = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// The live world of one node.
pub struct Live {
    pub(crate) mind: Mutex<Mind>,
    pub(crate) clock: Clock,
    /// When the node came up, in milliseconds since 1970.
    pub(crate) since_ms: u64,
    pub(crate) alarm: Notify,
    /// Who asks other nodes for clones.
    pub(crate) asks: OnceLock<mpsc::Sender<Ask>>,
    /// Who deploys what is here.
    pub(crate) deploying: OnceLock<Box<dyn Deploying>>,
}

impl Live {
    /// A world around a fresh mind.
    pub(crate) fn new(
        site: Site,
        journal: Option<Recorder>,
        clock: Clock,
        since_ms: u64,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mind = Mutex::new(Mind::new(site, journal, clock.clone(), metrics));
        Self {
            mind,
            clock,
            since_ms,
            alarm: Notify::new(),
            asks: OnceLock::new(),
            deploying: OnceLock::new(),
        }
    }

    /// The next id for a version.
    pub fn next_id(&self) -> FunctionId {
        let mut mind = self.mind.lock();
        mind.versions.push(None);
        FunctionId(mind.versions.len() as u32 - 1)
    }

    /// Tells the mind of a version, or of new settings of one.
    pub fn deploy(self: &Arc<Self>, version: &Arc<Version>, settings: FunctionSettings) {
        let function = version.id;
        let settings = Box::new(settings);
        self.tell_after(Event::FunctionDeployed { function, settings }, |mind| {
            mind.versions[function.index()] = Some(version.clone());
        });
    }

    /// Tells the mind that a version is no more. What is under way is answered still.
    pub fn remove(self: &Arc<Self>, version: &Arc<Version>) {
        self.tell(Event::FunctionRemoved { function: version.id });
    }

    /// Takes in news that nobody waits for the answer of.
    pub(crate) fn tell(self: &Arc<Self>, event: Event) {
        self.tell_after(event, |_| {});
    }

    fn tell_after(self: &Arc<Self>, event: Event, before: impl FnOnce(&mut Mind)) {
        let mut chores = Chores::default();
        {
            let mut mind = self.mind.lock();
            before(&mut mind);
            let word = mind.tell(event, None, &mut chores);
            assert!(word.is_none(), "nobody asked");
        }
        self.see_to(chores);
    }

    /// Does what is left to do after news.
    pub(crate) fn see_to(self: &Arc<Self>, chores: Chores) {
        let Chores { starts, thaws, probes, asks, ended, wake } = chores;
        if wake {
            self.alarm.notify_one();
        }
        drop(ended);
        for instance in thaws {
            self.tell(Event::InstanceResumed { instance });
        }
        for probe in probes {
            tokio::spawn(self.clone().probe(probe));
        }
        for (node, request, version) in asks {
            self.send(node, &request, version);
        }
        for (instance, version, is_ahead) in starts {
            tokio::spawn(self.clone().start(instance, version, is_ahead));
        }
    }

    async fn start(self: Arc<Self>, instance: InstanceId, version: Arc<Version>, is_ahead: bool) {
        // An instance may be wanted before anybody called it. That is no part of what a start takes.
        let is_ready = match self.deploying.get().filter(|_| version.template.get().is_none()) {
            Some(deploying) => deploying.make_ready(version.clone()).await,
            None => Ok(()),
        };
        let begun = std::time::Instant::now();
        let made = match is_ready {
            Ok(()) => make(&version).await,
            Err(why) => Err(why),
        };
        let real = begun.elapsed();
        if let (Ok(_), Some(observed)) = (&made, version.observed.get()) {
            observed.metrics.started(real);
        }
        let took = self.clock.span(real);
        // What nobody waits for, and says where it tells of its health, is asked before anybody needs it.
        let asked = match &made {
            Ok(sandbox) if is_ahead && version.spec.labels.contains_key(HEALTH) => {
                Some(sandbox.clone())
            }
            _ => None,
        };
        let mut chores = Chores::default();
        let left = {
            let mut mind = self.mind.lock();
            match made {
                Ok(sandbox) => {
                    let left = mind.instances.made(instance, sandbox);
                    if left.is_none() {
                        mind.tell(Event::InstanceStarted { instance, took }, None, &mut chores);
                    }
                    left
                }
                Err(reason) => {
                    *version.last_start_failure.write() = Some(reason);
                    mind.instances.end(instance);
                    mind.tell(Event::StartFailed { instance }, None, &mut chores);
                    None
                }
            }
        };
        drop(left);
        self.see_to(chores);
        if asked.is_some() {
            self.probe(Probe { instance, sandbox: asked, version: Some(version) }).await;
        }
    }

    /// Whether clones may displace instances that are worth less.
    pub(crate) fn displaces(&self) -> bool {
        self.mind.lock().site.prices()
    }

    /// Requests that wait for an instance.
    pub fn waiting(&self) -> usize {
        self.mind.lock().waiters.len()
    }

    /// Who takes what the flow analyzer was told and ordered into the journal, and says whether that
    /// takes more.
    pub(crate) fn tape(self: &Arc<Self>) -> Tape {
        let live = self.clone();
        Box::new(move |entries| {
            live.mind.lock().journal.as_mut().is_some_and(|journal| journal.flows(entries))
        })
    }

    /// Ends the journal, whole.
    pub(crate) fn end_journal(&self) -> std::io::Result<()> {
        let journal = self.mind.lock().journal.take();
        journal.map_or(Ok(()), |mut journal| journal.end())
    }
}

/// Makes an instance, or says why not.
async fn make(version: &Version) -> Result<Arc<dyn Instance>, String> {
    let template: &Arc<dyn Template> = match version.template.get() {
        Some(Ok(template)) => template,
        Some(Err(reason)) => return Err(reason.clone()),
        None => return Err("its code is not ready yet".to_string()),
    };
    match tokio::time::timeout(START_MAX, template.start()).await {
        Ok(Ok(sandbox)) => Ok(sandbox),
        Ok(Err(StartError::Guest(reason) | StartError::Machine(reason))) => Err(reason),
        Err(_) => Err(format!("it did not start within {} s", START_MAX.as_secs())),
    }
}

/// Counts a request in while it waits, and out again however it stops waiting.
pub(crate) struct Waiting(pub(crate) Arc<Version>);

impl Waiting {
    /// One more waits, unless as many as may do already.
    pub(crate) fn join(version: &Arc<Version>) -> Option<Self> {
        let before = version.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(version.clone());
        (before < version.spec.queue_max).then_some(place)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
