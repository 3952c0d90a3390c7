//! Anomalies as events: functions that want them are called through the queue of the node.
//!
//! An anomaly that somebody wants is on the disk before anything else is done about it, and leaves
//! it when its calls are in the queue, which takes each of them once. What is out of the ordinary
//! about a function that is itself called for anomalies calls nobody: else an alarm would be heard
//! as demand, and could raise the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use swell_api::forecast::Anomaly;

use crate::demand::counter::Demand;
use crate::store::error::StoreError;
use crate::trigger::cloud_event::Incoming;
use crate::trigger::triggers::Triggers;

/// The kind of the one that stands for many.
pub const STORM: &str = "storm";
/// What the types of events begin with.
const TYPE: &str = "swell.anomaly.";
/// The source of events: where anomalies are listed, those of functions and those of workloads of
/// a site.
const SOURCE: &str = "/v1/anomalies";
const SITE_SOURCE: &str = "/v1/site";
/// What its records are of.
const ALARMS: &str = "alarms";
/// Anomalies that wait for the queue, at most; the oldest go.
const WAITING_MAX: usize = 1_000;
/// How long after the queue took none it is asked again.
const AGAIN: Duration = Duration::from_secs(10);

/// Anomalies that are to be told of.
pub struct Alarms {
    demand: Arc<Demand>,
    triggers: Arc<Triggers>,
    waiting: Mutex<VecDeque<Anomaly>>,
    stirred: Notify,
}

impl Alarms {
    /// Takes up what an earlier run did not get told.
    pub fn open(demand: Arc<Demand>, triggers: Arc<Triggers>) -> Result<Self, StoreError> {
        let read = |(_, bytes): (String, Vec<u8>)| serde_json::from_slice(&bytes).ok();
        let waiting = demand.ledger.records(ALARMS)?.into_iter().filter_map(read).collect();
        Ok(Self { demand, triggers, waiting: Mutex::new(waiting), stirred: Notify::new() })
    }

    /// Has functions called for those anomalies that they want. Waits for the disk.
    pub fn raise(&self, anomalies: Vec<Anomaly>) {
        let table = self.triggers.table();
        let calls_nobody = |one: &Anomaly| {
            let (kind, source) = (kind(one), source(one));
            let is_wanted = table.events.iter().any(|one| one.fits(&kind, source));
            !is_wanted || self.hears(one, &kind)
        };
        let new: Vec<Anomaly> = anomalies.into_iter().filter(|one| !calls_nobody(one)).collect();
        if new.is_empty() {
            return;
        }
        let bytes = |one: &Anomaly| serde_json::to_vec(one).expect("an anomaly is plain data");
        let come: Vec<_> = new.iter().map(|one| (one.id.clone(), bytes(one))).collect();
        let gone: Vec<String> = {
            let waiting = self.waiting.lock();
            let over = (waiting.len() + new.len()).saturating_sub(WAITING_MAX);
            waiting.iter().chain(&new).take(over).map(|one| one.id.clone()).collect()
        };
        if !gone.is_empty() {
            let over = gone.len();
            tracing::warn!(
                over,
                "the queue is full for long: nobody is called for older anomalies"
            );
        }
        // What is gone before it came is not there afterwards.
        let kept = self.demand.ledger.exchange(ALARMS, &[], &come);
        if let Err(error) = kept.and_then(|()| self.demand.ledger.exchange(ALARMS, &gone, &[])) {
            tracing::warn!(%error, "anomalies would not outlive this run before they are told");
        }
        let mut waiting = self.waiting.lock();
        waiting.extend(new);
        waiting.retain(|one| !gone.contains(&one.id));
        drop(waiting);
        self.stirred.notify_one();
    }

    /// Whether an anomaly is about a function, or the workload of one, that is called for it.
    fn hears(&self, one: &Anomaly, kind: &str) -> bool {
        match one.metric {
            None => self.triggers.hears(&one.function, kind, SOURCE),
            Some(_) => self.triggers.workload_hears(&one.function, kind, SITE_SOURCE),
        }
    }

    /// Tells of them until told to stop.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let is_done = self.tell().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.stirred.notified() => {}
                () = tokio::time::sleep(AGAIN), if !is_done => {}
            }
        }
    }

    /// Tells of what waits; whether that is all.
    async fn tell(self: &Arc<Self>) -> bool {
        let waiting: Vec<Anomaly> = self.waiting.lock().iter().cloned().collect();
        let all = waiting.len();
        let mut told = Vec::new();
        for anomaly in waiting {
            match self.triggers.tell(&[event(&anomaly)]).await {
                Ok(_) => told.push(anomaly.id),
                Err(refusal) => {
                    let why = &refusal.title;
                    tracing::warn!(%why, "the queue takes no call for an anomaly; it is tried again");
                    break;
                }
            }
        }
        let is_done = told.len() == all;
        if !told.is_empty() {
            self.waiting.lock().retain(|one| !told.contains(&one.id));
            let alarms = self.clone();
            let forget = move || alarms.demand.ledger.exchange(ALARMS, &told, &[]);
            // One that stays is told again by the next run, and known by its id.
            if let Ok(Err(error)) = tokio::task::spawn_blocking(forget).await {
                tracing::warn!(%error, "cannot forget which anomalies were told");
            }
        }
        is_done
    }
}

fn kind(anomaly: &Anomaly) -> String {
    format!("{TYPE}{}", anomaly.kind)
}

fn source(anomaly: &Anomaly) -> &'static str {
    if anomaly.metric.is_some() { SITE_SOURCE } else { SOURCE }
}

fn event(anomaly: &Anomaly) -> Incoming {
    let Anomaly { id, function, at_ms, .. } = anomaly;
    Incoming::own(&kind(anomaly), source(anomaly), id, function, *at_ms, anomaly)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use swell_api::function::Share;
    use swell_api::invocation::Invocation;
    use swell_api::spec::{BackendName, FunctionSpec};
    use swell_api::trigger::Trigger;
    use swell_core::ids::FunctionId;
    use swell_core::units::Bytes;
    use tokio::sync::watch;

    use super::*;
    use crate::api::context::Queued;
    use crate::queue::calls::Queue;
    use crate::registry::{Function, Registry, Version};
    use crate::settings::QueueSettings;

    /// A queue of so many in a folder of its own, and alarms before it; `guard` and `keeper` want
    /// anomalies.
    fn house(folder: &Path, calls: &str, entries_max: u64) -> (Arc<Queue>, Arc<Alarms>) {
        let registry = Arc::new(Registry::default());
        for (number, name) in (0..).zip(["shop", "guard", "keeper"]) {
            let mut spec = FunctionSpec::plain(name, BackendName::Modelled);
            if name != "shop" {
                let matches = "swell.anomaly.*".to_string();
                spec.triggers = vec![Trigger::Event { matches, source: None }];
            }
            let version = Version::new(FunctionId(number), name.into(), 1, 0, spec);
            registry.put(Function {
                name: name.into(),
                versions: vec![Arc::new(version)],
                traffic: vec![Share { version: 1, percent: 100 }],
                paused: false,
            });
        }
        let settings = QueueSettings {
            workers: 1,
            entries_max,
            bytes_max: Bytes::new(1 << 20),
            keep: Duration::from_secs(60),
            dead_max: 10,
            callbacks: Vec::new(),
        };
        let calls = folder.join(calls);
        std::fs::create_dir_all(&calls).expect("the folder can be made");
        let queue = Arc::new(Queue::open(&calls, settings).expect("it opens"));
        let triggers = Triggers::new(registry.clone(), queue.clone(), watch::channel(0).1);
        let demand = Demand::open(folder, registry, 1.0).expect("it opens");
        let alarms = Alarms::open(Arc::new(demand), Arc::new(triggers)).expect("it opens");
        (queue, Arc::new(alarms))
    }

    fn anomaly(id: &str, function: &str) -> Anomaly {
        let (id, function, kind) = (id.to_string(), function.to_string(), "spike".to_string());
        Anomaly { id, function, kind, at_ms: 60_000, seen: Some(900), ..Anomaly::default() }
    }

    fn called(queue: &Queue) -> Vec<String> {
        let all: Vec<Invocation> = queue.list(None, None, 100).expect("it can be read");
        let mut names: Vec<String> = all.into_iter().map(|call| call.function).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn each_anomaly_calls_once_whoever_wants_it_and_none_of_a_listener_calls_anybody() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (queue, alarms) = house(folder.path(), "calls", 100);
        alarms.raise(vec![anomaly("1", "shop"), anomaly("2", "guard"), anomaly("3", "*")]);
        assert!(alarms.tell().await);
        assert_eq!(called(&queue), ["guard", "guard", "keeper", "keeper"]);
        alarms.raise(vec![anomaly("1", "shop")]);
        assert!(alarms.tell().await);
        assert_eq!(called(&queue).len(), 4, "the same one is known");
        let of_site =
            |id, workload| Anomaly { metric: Some("memory".to_string()), ..anomaly(id, workload) };
        alarms.raise(vec![of_site("1", "shop"), of_site("2", "keeper")]);
        assert!(alarms.tell().await);
        assert_eq!(called(&queue).len(), 6, "of a workload of the site, which is another source");
        let records = alarms.demand.ledger.records(ALARMS).expect("it can be read");
        assert_eq!(records, []);
    }

    #[tokio::test]
    async fn what_a_full_queue_does_not_take_is_told_later_by_the_next_run_too() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (queue, alarms) = house(folder.path(), "calls", 2);
        alarms.raise(vec![anomaly("1", "shop"), anomaly("2", "shop")]);
        assert!(!alarms.tell().await, "there is room for one of them");
        assert_eq!(called(&queue), ["guard", "keeper"]);
        drop((queue, alarms));
        let (queue, alarms) = house(folder.path(), "empty", 2);
        assert!(alarms.tell().await);
        assert_eq!(called(&queue), ["guard", "keeper"], "of the one that was not told");
    }

    #[test]
    fn waiting_anomalies_are_bounded() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let (_, alarms) = house(folder.path(), "calls", 2);
        let many = (0..WAITING_MAX + 7).map(|number| anomaly(&format!("{number:04}"), "shop"));
        alarms.raise(many.collect());
        let waiting = alarms.waiting.lock();
        assert_eq!((waiting.len(), &*waiting[0].id), (WAITING_MAX, "0007"));
    }

    #[test]
    fn an_event_says_what_it_is_about() {
        let request = event(&anomaly("00-1", "shop")).request();
        let header = |name: &str| request.headers()[name].to_str().expect("it is ASCII");
        let headers = ["ce-type", "ce-source", "ce-id", "ce-subject", "ce-time"].map(header);
        let at = "1970-01-01T00:01:00.000Z";
        assert_eq!(headers, ["swell.anomaly.spike", "/v1/anomalies", "00-1", "shop", at]);
        let told: Anomaly = serde_json::from_slice(request.body()).expect("it is JSON");
        assert_eq!(told, anomaly("00-1", "shop"));
    }
}
