//! Calls by the clock: one task sleeps until the next run of any function.
//!
//! Up to when the runs of a schedule are dealt with is written down in the same step as
//! their calls, so that a run is neither forgotten nor made twice, whenever the node goes
//! down. The wall clock may be set at any time; the task looks at it at least twice a
//! minute.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderValue, Method, Request};
use swell_core::council::acting::Acting;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::later::SCHEDULED;
use crate::observe::function_metrics::TriggerKind;
use crate::refusal::Refusal;
use crate::trigger::schedule::Schedule;
use crate::trigger::table::{Clockwork, Table};
use crate::trigger::triggers::{Triggers, deferred};

/// How long the task sleeps at most.
const NAP_MAX: Duration = Duration::from_secs(30);
/// How long it waits after calls could not be left.
const RETRY: Duration = Duration::from_secs(2);

/// How long runs wait of which it is not known whose they are, until that is asked again.
const UNSURE: Duration = Duration::from_millis(200);

/// A schedule at work.
struct Job {
    clockwork: Clockwork,
    schedule: Schedule,
    /// The name under which it is remembered what was dealt with.
    mark: String,
    last_ms: u64,
    next_ms: u64,
}

/// Makes calls by the clock until told to stop.
pub async fn run(triggers: Arc<Triggers>, stop: CancellationToken) {
    let mut changes = triggers.changes();
    let mut jobs = HashMap::new();
    loop {
        changes.mark_unchanged();
        jobs = renew(&triggers, &triggers.table(), jobs).await;
        let nap = loop {
            let nap = tick(&triggers, &mut jobs).await;
            tokio::select! {
                () = stop.cancelled() => return,
                changed = changes.changed() => break changed.is_ok(),
                () = sleep(nap) => {}
            }
        };
        if !nap {
            return;
        }
    }
}

/// The jobs of a table, those that go on as they stand.
async fn renew(
    triggers: &Triggers,
    table: &Table,
    mut former: HashMap<String, Job>,
) -> HashMap<String, Job> {
    let mut jobs = HashMap::new();
    for clockwork in &table.clocks {
        let mark = mark(clockwork);
        if let Some(job) = former.remove(&mark) {
            jobs.insert(mark, job);
            continue;
        }
        let Clockwork { schedule, timezone, missed, .. } = clockwork;
        // What was deployed was checked; a time zone that a newer program dropped was not.
        let Some(schedule) = Schedule::read(schedule, timezone, *missed) else { continue };
        let known = triggers.queue().mark(&mark).unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot read when a schedule last ran");
            None
        });
        let now = wall_ms();
        if known.is_none() {
            // From now on; and should the node go down at once, from now on all the same.
            let kept = triggers.queue().accept_all(Vec::new(), Some((mark.clone(), now))).await;
            if let Err(refusal) = kept {
                tracing::warn!(why = %refusal.title, "cannot write when a schedule began");
            }
        }
        let last_ms = known.unwrap_or(now);
        let next_ms = schedule.next(last_ms).unwrap_or(u64::MAX);
        let clockwork = clockwork.clone();
        jobs.insert(mark.clone(), Job { clockwork, schedule, mark, last_ms, next_ms });
    }
    jobs
}

/// Makes the calls that are due; how long nothing is to be done.
async fn tick(triggers: &Triggers, jobs: &mut HashMap<String, Job>) -> Duration {
    let now = wall_ms();
    let mut nap = NAP_MAX;
    for job in jobs.values_mut() {
        let set_back = job.last_ms > now;
        if (job.next_ms <= now || set_back)
            && let Err(refusal) = job.run(triggers, now).await
        {
            let (function, why) = (&job.clockwork.callee.function, &refusal.title);
            tracing::warn!(%function, %why, "a call by the clock has to wait");
            nap = nap.min(RETRY);
            continue;
        }
        nap = nap.min(Duration::from_millis(job.next_ms.saturating_sub(now)));
    }
    nap
}

impl Job {
    async fn run(&mut self, triggers: &Triggers, now_ms: u64) -> Result<(), Refusal> {
        let due = self.schedule.due(self.last_ms, now_ms);
        if due.until_ms != self.last_ms {
            let Clockwork { callee, body, .. } = &self.clockwork;
            // Runs that are another site's are dealt with there.
            let is_ours = match triggers.acts_for(&callee.function) {
                Acting::Ours => true,
                Acting::Others => false,
                // They wait until it is known whose they are; then they are late, or dealt with.
                Acting::Unsure => {
                    self.next_ms = now_ms.saturating_add(UNSURE.as_millis() as u64);
                    return Ok(());
                }
            };
            let calls = due
                .runs
                .iter()
                .filter(|_| is_ours)
                .map(|&run| deferred(callee, TriggerKind::Cron, request(body, run)));
            let mark = Some((self.mark.clone(), due.until_ms));
            triggers.queue().accept_all(calls.collect(), mark).await?;
            self.last_ms = due.until_ms;
        }
        self.next_ms = self.schedule.next(self.last_ms).unwrap_or(u64::MAX);
        Ok(())
    }
}

fn request(body: &str, run_ms: u64) -> Request<Bytes> {
    let mut request = Request::new(Bytes::copy_from_slice(body.as_bytes()));
    *request.method_mut() = Method::POST;
    let moment = i64::try_from(run_ms).ok().and_then(DateTime::<Utc>::from_timestamp_millis);
    let text = moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true));
    if let Some(Ok(value)) = text.map(|text| HeaderValue::from_str(&text)) {
        request.headers_mut().insert(SCHEDULED, value);
    }
    request
}

/// The same for a schedule over restarts and new versions, as long as it stays the same.
fn mark(clockwork: &Clockwork) -> String {
    let Clockwork { callee, schedule, timezone, body, missed: _ } = clockwork;
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("cron/{}/{schedule}/{timezone}/{:x}", callee.function, hasher.finish())
}
