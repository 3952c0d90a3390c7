//! What the lock of the mind protects: the mind itself, its journal, and the tables that
//! turn its ids into sandboxes, versions and waiting requests.
//!
//! Orders are carried out here as far as that takes no time; what takes time becomes a
//! chore for after the lock.

use std::sync::Arc;

use swell_core::action::{Action, RefuseReason, StartCause};
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::journal::Journal;
use swell_core::nearby::{NearId, Request};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_sandbox::backend::Instance;

use crate::clock::Clock;
use crate::live::instances::Instances;
use crate::live::recorder::Recorder;
use crate::live::waiter::{Serve, Verdict, Waiters};
use crate::observe::metrics::Metrics;
use crate::registry::Version;

/// A node runs one mind.
const SITE: SiteId = SiteId(0);

/// Everything under the lock.
pub(crate) struct Mind {
    pub(crate) site: Site,
    pub(crate) journal: Option<Recorder>,
    pub(crate) waiters: Waiters,
    pub(crate) instances: Instances,
    pub(crate) versions: Vec<Option<Arc<Version>>>,
    clock: Clock,
    now: Instant,
    actions: Vec<Action>,
    /// What the timer sleeps until.
    pub(crate) armed: Instant,
    metrics: Arc<Metrics>,
    next_request: u64,
}

/// What waits and is to show that it lives.
pub(crate) struct Probe {
    pub(crate) instance: InstanceId,
    pub(crate) sandbox: Option<Arc<dyn Instance>>,
    pub(crate) version: Option<Arc<Version>>,
}

/// What is left to do once the lock is free.
#[derive(Default)]
pub(crate) struct Chores {
    /// Instances to make, and whether nobody waits for them.
    pub(crate) starts: Vec<(InstanceId, Arc<Version>, bool)>,
    /// Instances to thaw.
    pub(crate) thaws: Vec<InstanceId>,
    /// Instances that wait and are to show that they live.
    pub(crate) probes: Vec<Probe>,
    /// Other nodes that are to be asked for clones.
    pub(crate) asks: Vec<(NearId, Request, Arc<Version>)>,
    /// Sandboxes to let go.
    pub(crate) ended: Vec<Arc<dyn Instance>>,
    /// Whether the timer sleeps too long.
    pub(crate) wake: bool,
}

impl Mind {
    pub(crate) fn new(
        site: Site,
        journal: Option<Recorder>,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            site,
            journal,
            waiters: Waiters::default(),
            instances: Instances::default(),
            versions: Vec::new(),
            clock,
            now: Instant::ZERO,
            actions: Vec::new(),
            armed: Instant::NEVER,
            metrics,
            next_request: 0,
        }
    }

    /// A name for a request, never given before.
    pub(crate) fn request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    /// Requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.next_request
    }

    /// Takes in news and carries out what follows. The word about `asker`, if there is one
    /// already, is returned instead of being sent.
    ///
    /// Invariant: the mind's time never goes back, because it is read under the lock.
    pub(crate) fn tell(
        &mut self,
        event: Event,
        asker: Option<RequestId>,
        chores: &mut Chores,
    ) -> Option<Verdict> {
        let _guard = AbortOnPanic;
        let now = self.clock.now().max(self.now);
        self.now = now;
        if let Some(journal) = &mut self.journal {
            journal.event(now, SITE, &event);
        }
        let mut actions = std::mem::take(&mut self.actions);
        self.site.handle(now, event, &mut actions);
        if let Some(journal) = &mut self.journal {
            journal.actions(&actions);
        }
        self.metrics.decided(&actions);
        let mut answer = None;
        for action in actions.drain(..) {
            if let Some((request, verdict)) = self.perform(action, chores) {
                if Some(request) == asker {
                    answer = Some(verdict);
                } else {
                    let unheard = self.waiters.tell(request, verdict);
                    assert!(unheard.is_none(), "who waits leaves under the lock");
                }
            }
        }
        self.actions = actions;
        self.rearm(chores);
        answer
    }

    fn perform(&mut self, action: Action, chores: &mut Chores) -> Option<(RequestId, Verdict)> {
        match action {
            Action::Start { instance, function, cause } => {
                self.instances.begin(instance);
                let version = self.version(function).expect("the mind starts what is deployed");
                chores.starts.push((instance, version.clone(), cause != StartCause::Request));
            }
            Action::Stop { instance, .. } => chores.ended.extend(self.instances.end(instance)),
            // Guests that do nothing use no time of the machine: there is nothing to freeze.
            Action::Pause { .. } => {}
            Action::Resume { instance } => chores.thaws.push(instance),
            Action::Probe { instance } => {
                let function = self.site.pool().get(instance).map(|tenant| tenant.function());
                let version = function.and_then(|function| self.version(function).cloned());
                let sandbox = self.instances.get(instance).cloned();
                chores.probes.push(Probe { instance, sandbox, version });
            }
            Action::AskNearby { node, request } => {
                let version = self.version(request.function).expect("the mind asks for its own");
                chores.asks.push((node, request, version.clone()));
            }
            Action::Invoke { request, instance, start } => {
                let sandbox = self.instances.get(instance).cloned();
                let sandbox = sandbox.expect("the mind invokes what was started");
                return Some((request, Verdict::Serve(Serve { id: instance, sandbox, start })));
            }
            Action::Refuse { request, reason } => {
                return Some((request, Verdict::Refuse(reason)));
            }
        }
        None
    }

    pub(crate) fn version(&self, function: FunctionId) -> Option<&Arc<Version>> {
        self.versions.get(function.index())?.as_ref()
    }

    /// The time as of the last news.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Takes in that the time asked for has come, if it has.
    pub(crate) fn wake(&mut self, chores: &mut Chores) {
        let due = self.site.next_wakeup();
        if due.is_some_and(|due| due <= self.clock.now()) {
            self.tell(Event::WokeUp, None, chores);
        }
        self.armed = self.site.next_wakeup().unwrap_or(Instant::NEVER);
    }

    fn rearm(&mut self, chores: &mut Chores) {
        let due = self.site.next_wakeup().unwrap_or(Instant::NEVER);
        if due < self.armed {
            self.armed = due;
            chores.wake = true;
        }
    }

    /// An instance ended its work on a request.
    pub(crate) fn finished(
        &mut self,
        instance: InstanceId,
        request: RequestId,
        run: Span,
        ended: Ended,
        chores: &mut Chores,
    ) {
        let event = match ended {
            Ended::Well => Event::InvocationFinished { instance, request, run },
            Ended::Failed => Event::InvocationFailed { instance, request, run },
            Ended::Lost => {
                chores.ended.extend(self.instances.end(instance));
                Event::InstanceFailed { instance }
            }
        };
        self.tell(event, None, chores);
    }
}

/// How an instance ended its work on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The request was answered, or given up by its client.
    Well,
    /// The guest failed, and the instance can go on.
    Failed,
    /// The instance is no more.
    Lost,
}

/// A mind that broke an invariant in the middle of a decision cannot be trusted with the
/// next one: the program ends, and whoever supervises it starts it anew.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

/// In the words of people.
pub(crate) fn reason(reason: RefuseReason) -> crate::refusal::Reason {
    use crate::refusal::Reason;
    match reason {
        RefuseReason::UnknownFunction | RefuseReason::FunctionRemoved => Reason::NotFound,
        RefuseReason::NoMemory => Reason::NoMemory,
        RefuseReason::TooManyInstances => Reason::TooManyInstances,
        RefuseReason::QueueFull => Reason::QueueFull,
        RefuseReason::WaitedTooLong => Reason::NoMemory,
        RefuseReason::StartFailed => Reason::StartFailed,
    }
}
