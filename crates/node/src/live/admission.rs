//! A request's way through the mind: an instance at once, or a place in the queue, or a
//! refusal; and the news that it is over, however it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant as Deadline;

use swell_core::action::{RefuseReason, StartKind};
use swell_core::event::Event;
use swell_core::ids::{InstanceId, RequestId};
use swell_sandbox::backend::Instance;
use swell_sandbox::call::{End, EndSignal, Outcome};

use crate::live::mind::{self, Chores, Ended};
use crate::live::waiter::{Serve, Verdict};
use crate::live::world::{Live, Waiting};
use crate::refusal::{Reason, Refusal};
use crate::registry::Version;

/// What a client is told to wait before it tries again, where nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An instance for a request. Dropped unused it frees the instance.
pub struct Admission {
    live: Arc<Live>,
    request: RequestId,
    instance: InstanceId,
    sandbox: Option<Arc<dyn Instance>>,
    begun: std::time::Instant,
    /// How the request met its instance.
    pub start: StartKind,
    /// How long it waited for it.
    pub waited: Duration,
}

impl Live {
    /// Finds an instance of `version` for a request, which waits until `deadline` at most.
    /// Dropping the future gives the request up.
    pub async fn admit(
        self: &Arc<Self>,
        version: &Arc<Version>,
        deadline: Deadline,
    ) -> Result<Admission, Refusal> {
        let begun = std::time::Instant::now();
        let mut chores = Chores::default();
        let (request, word) = {
            let mut mind = self.mind.lock();
            let request = mind.request();
            let arrived = Event::RequestArrived { request, function: version.id };
            let word = mind.tell(arrived, Some(request), &mut chores);
            (request, word.map_or_else(|| Err(mind.waiters.wait(request)), Ok))
        };
        self.see_to(chores);
        let verdict = match word {
            Ok(verdict) => verdict,
            Err(hear) => {
                // Bound before the place in the queue, so that it is given up first.
                let mut place = Place { live: self, request, version, hear: Some(hear) };
                let Some(_waiting) = Waiting::join(version) else {
                    return Err(queue_full(version));
                };
                tokio::time::timeout_at(deadline, place.word())
                    .await
                    .map_err(|_| too_late(version))?
            }
        };
        match verdict {
            Verdict::Serve(serve) => Ok(self.admission(request, serve, begun)),
            Verdict::Refuse(reason) => Err(refused(version, reason)),
        }
    }

    fn admission(
        self: &Arc<Self>,
        request: RequestId,
        serve: Serve,
        arrived: std::time::Instant,
    ) -> Admission {
        let Serve { id, sandbox, start } = serve;
        let begun = std::time::Instant::now();
        let waited = if start == StartKind::Warm { Duration::ZERO } else { begun - arrived };
        Admission {
            live: self.clone(),
            request,
            instance: id,
            sandbox: Some(sandbox),
            begun,
            start,
            waited,
        }
    }

    fn finished(
        self: &Arc<Self>,
        instance: InstanceId,
        request: RequestId,
        begun: std::time::Instant,
        ended: Ended,
    ) {
        let mut chores = Chores::default();
        {
            let mut mind = self.mind.lock();
            let run = self.clock.span(begun.elapsed());
            mind.finished(instance, request, run, ended, &mut chores);
        }
        self.see_to(chores);
    }
}

impl Admission {
    /// Takes the instance, with the signal that it is done with the request; `also` hears of
    /// the end after the mind has.
    pub fn take(
        mut self,
        also: impl FnOnce(&End, Duration) + Send + 'static,
    ) -> (Arc<dyn Instance>, EndSignal) {
        let sandbox = self.sandbox.take().expect("it is taken once");
        let (live, instance, request) = (self.live.clone(), self.instance, self.request);
        let begun = self.begun;
        let signal = EndSignal::new(move |end| {
            let ended = match end.outcome {
                _ if end.instance_lost => Ended::Lost,
                Outcome::Failed => Ended::Failed,
                Outcome::Answered | Outcome::Cancelled => Ended::Well,
            };
            live.finished(instance, request, begun, ended);
            also(&end, begun.elapsed());
        });
        (sandbox, signal)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.sandbox.take().is_some() {
            self.live.finished(self.instance, self.request, self.begun, Ended::Well);
        }
    }
}

/// A request's place among those that wait. Dropped before the word came, or with the word
/// unread, it puts things right with the mind.
struct Place<'a> {
    live: &'a Arc<Live>,
    request: RequestId,
    version: &'a Arc<Version>,
    hear: Option<oneshot::Receiver<Verdict>>,
}

impl Place<'_> {
    async fn word(&mut self) -> Verdict {
        let hear = self.hear.as_mut().expect("the word comes once");
        let word = hear.await.expect("the mind answers all who wait");
        self.hear = None;
        word
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(mut hear) = self.hear.take() else { return };
        let mut chores = Chores::default();
        {
            let mut mind = self.live.mind.lock();
            let (request, function) = (self.request, self.version.id);
            if mind.waiters.leave(request) {
                mind.tell(Event::RequestCancelled { request, function }, None, &mut chores);
            } else if let Ok(Verdict::Serve(serve)) = hear.try_recv() {
                let run = self.live.clock.span(Duration::ZERO);
                mind.finished(serve.id, request, run, Ended::Well, &mut chores);
            }
        }
        self.live.see_to(chores);
    }
}

fn queue_full(version: &Version) -> Refusal {
    let Version { name, spec, .. } = version;
    let most = spec.queue_max;
    Refusal::new(Reason::QueueFull, format!("{most} requests of `{name}` wait already"))
        .hint("try again later, or give it more memory, more instances or a longer queue")
        .retry_after(RETRY_AFTER)
}

fn too_late(version: &Version) -> Refusal {
    let waiting = version.waiting.load(Ordering::Relaxed);
    let timeout = version.spec.timeout_ms;
    Refusal::new(
        Reason::TimedOut,
        format!("no instance of `{}` was free within its timeout of {timeout} ms", version.name),
    )
    .detail(format!("{waiting} requests wait for it"))
    .hint("give the node more memory, or the function more instances or a longer timeout")
    .retry_after(RETRY_AFTER)
}

fn refused(version: &Version, why: RefuseReason) -> Refusal {
    let name = &version.name;
    let title = match why {
        RefuseReason::UnknownFunction | RefuseReason::FunctionRemoved => {
            return Refusal::new(mind::reason(why), format!("`{name}` is no longer deployed"));
        }
        RefuseReason::NoMemory => format!("there is no memory for another instance of `{name}`"),
        RefuseReason::WaitedTooLong => format!("no memory became free for `{name}` in time"),
        RefuseReason::TooManyInstances => {
            format!("`{name}` has all the instances it may have, and all are busy")
        }
        RefuseReason::QueueFull => format!("too many requests of `{name}` wait already"),
        RefuseReason::StartFailed => format!("an instance of `{name}` could not be started"),
    };
    let refusal = Refusal::new(mind::reason(why), title).retry_after(RETRY_AFTER);
    match why {
        RefuseReason::StartFailed => {
            let reason = version.last_start_failure.read().clone();
            refusal.detail(reason.unwrap_or_default()).hint("see `swell logs` for what it wrote")
        }
        RefuseReason::TooManyInstances => refusal.hint("raise its `max_instances`"),
        _ => refusal.hint("try again later, or give the node more memory"),
    }
}
