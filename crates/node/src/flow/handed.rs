//! Changes of hands as a node orders them, between functions that are pretended: what becomes of the
//! call under way, in time that is pretended too; and how long they take.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use swell_api::flow::{Ack, FlowSpec};
use swell_api::flow_cut::Cut;
use swell_core::flow::affinity::{CoreId, Place};
use swell_fifo::envelope::Envelope;

use crate::flow::alone::flow_of;
use crate::flow::consumer::{Consumer, Ended};
use crate::flow::line::Line;
use crate::flow::news::News;
use crate::flow::tries::Tries;
use crate::invoker::{Answering, Invoker, Reached};
use crate::later::{ATTEMPT, ITEM};
use crate::observe::function_metrics::TriggerKind;
use crate::outflow::{Doing, Grave, Graves};

/// Places of the owners.
const DETECT: usize = 0;
const LITE: usize = 1;

/// How long the answer of a function takes to go where it goes.
const AFTER: Duration = Duration::from_secs(5);

/// A call: of whom, with which item, which try.
type Made = (String, String, u32);

/// Functions that answer after so long, or never; and every call of them.
#[derive(Default)]
struct Pretended {
    takes: Mutex<BTreeMap<&'static str, Option<Duration>>>,
    /// Whether what follows from an answer takes [`AFTER`].
    flows_on: AtomicBool,
    made: Mutex<Vec<Made>>,
    /// When each was called first since this was cleared.
    first: Mutex<BTreeMap<String, std::time::Instant>>,
    news: Notify,
}

impl Invoker for Pretended {
    fn call<'a>(
        &'a self,
        function: &'a str,
        _: TriggerKind,
        request: Request<Bytes>,
    ) -> Answering<'a> {
        Box::pin(async move {
            let now = std::time::Instant::now();
            self.first.lock().entry(function.to_string()).or_insert(now);
            let reached = request.extensions().get::<Reached>().expect("a flow asks for it");
            reached.set();
            let header = |name| request.headers()[name].to_str().expect("it is text").to_string();
            let attempt = header(ATTEMPT).parse().expect("a number");
            self.made.lock().push((function.to_string(), header(ITEM), attempt));
            self.news.notify_one();
            let takes = self.takes.lock().get(function).copied();
            match takes {
                Some(Some(takes)) => sleep(takes).await,
                Some(None) => pending().await,
                None => {}
            }
            reached.answer();
            if self.flows_on.load(Ordering::Relaxed) {
                sleep(AFTER).await;
            }
            Ok(Response::new(Bytes::new()))
        })
    }
}

impl Graves for Pretended {
    fn bury(&self, _: Grave) -> Doing<'_> {
        unreachable!("no call fails here")
    }
}

/// A flow from `camera` to `detect`, or `lite` in its place.
struct Stage {
    line: Arc<Line>,
    functions: Arc<Pretended>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Stage {
    fn new(cut: Cut, ack: Ack) -> Self {
        let mut spec = FlowSpec::plain("frames", &["camera"], "detect");
        (spec.owners, spec.cut, spec.ack) = (vec!["lite".to_string()], cut, ack);
        let (line, folder) = flow_of(&News::default(), 0, 1 << 20, spec);
        let (line, functions) = (Arc::new(line), Arc::new(Pretended::default()));
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let consumer = Consumer {
            line: line.clone(),
            invoker: functions.clone(),
            graves: functions.clone(),
            stop: stop.clone(),
            cut,
        };
        let task = tokio::spawn(async move {
            let mut tries = Tries::default();
            while consumer.work(&mut tries).await != Ended::Stopped {}
        });
        Self { line, functions, stop, task, _folder: folder }
    }

    fn takes(&self, function: &'static str, takes: Option<Duration>) {
        self.functions.takes.lock().insert(function, takes);
    }

    async fn put(&self, count: usize) {
        let item = Envelope { put_us: 1, hops: 1, media_type: "" }.wrap(b"frame");
        let items = vec![item; count];
        let stop = CancellationToken::new();
        let (put, placed) = self.line.lanes[0].put(&items, None, &stop, &self.line.stir).await;
        placed.expect("there is room");
        assert_eq!(put.count as usize, count);
    }

    async fn until_called(&self, count: usize) {
        while self.functions.made.lock().len() < count {
            self.functions.news.notified().await;
        }
    }

    fn hand_over(&self, place: usize) {
        assert!(self.line.hand_over(place, ("person", "")).expect("there is memory"));
    }

    async fn stopped(self) -> Vec<Made> {
        self.stop.cancel();
        self.line.stir.notify_one();
        self.task.await.expect("it ends well");
        std::mem::take(&mut *self.functions.made.lock())
    }
}

fn calls(owner: &str, items: std::ops::Range<u32>, attempt: u32) -> Vec<Made> {
    items.map(|item| (owner.to_string(), format!("camera/{item}"), attempt)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_backlog_moves_from_behind_a_call_that_hangs() {
    let stage = Stage::new(Cut::AfterMs(100), Ack::Consume);
    stage.takes("detect", None);
    stage.put(50).await;
    stage.until_called(1).await;
    sleep(Duration::from_secs(20)).await;
    let ordered = Instant::now();
    stage.hand_over(LITE);
    stage.until_called(51).await;
    let took = ordered.elapsed();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(1), "{took:?}");
    let last = stage.line.last_move().expect("it moved");
    assert!(last.is_cut && last.took.is_some(), "{last:?}");
    let mut expected = calls("detect", 0..1, 1);
    expected.extend(calls("lite", 0..1, 2));
    expected.extend(calls("lite", 1..50, 1));
    assert_eq!(stage.stopped().await, expected, "each again or for the first time, in order");
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_once_is_not_given_out_again() {
    let stage = Stage::new(Cut::AfterMs(100), Ack::Append);
    stage.takes("detect", None);
    stage.put(5).await;
    stage.until_called(1).await;
    stage.hand_over(LITE);
    stage.until_called(5).await;
    assert_eq!(stage.line.meter.items().lost, 1);
    let made = stage.stopped().await;
    let owners: Vec<&str> = made.iter().map(|(owner, ..)| owner.as_str()).collect();
    assert_eq!(owners, ["detect", "lite", "lite", "lite", "lite"]);
    // Their numbers begin with the time; each is another, and the next.
    assert!(made.iter().all(|(.., attempt)| *attempt == 1), "{made:?}");
    assert!(made.is_sorted_by(|(_, one, _), (_, next, _)| one < next), "{made:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_in_time_counts() {
    let stage = Stage::new(Cut::AfterMs(100), Ack::Consume);
    stage.takes("detect", Some(Duration::from_millis(120)));
    stage.put(2).await;
    stage.until_called(1).await;
    sleep(Duration::from_millis(50)).await;
    stage.hand_over(LITE);
    stage.until_called(2).await;
    assert!(!stage.line.last_move().is_some_and(|last| last.is_cut));
    let expected = [calls("detect", 0..1, 1), calls("lite", 1..2, 1)].concat();
    assert_eq!(stage.stopped().await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_an_answer_is_waited_for() {
    let stage = Stage::new(Cut::AfterMs(100), Ack::Consume);
    stage.takes("detect", Some(Duration::from_millis(50)));
    stage.functions.flows_on.store(true, Ordering::Relaxed);
    stage.put(1).await;
    stage.until_called(1).await;
    stage.hand_over(LITE);
    let ordered = Instant::now();
    while stage.line.meter.depth() > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(ordered.elapsed() > AFTER);
    assert_eq!(stage.stopped().await, calls("detect", 0..1, 1), "it would be there twice");
}

/// Nobody is called for a day.
async fn stays(stage: &Stage, made: usize) {
    let day = Duration::from_secs(86_400);
    assert!(timeout(day, stage.until_called(made + 1)).await.is_err(), "it was cut short");
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_where_nobody_else_is_to_have_the_flow_or_may_wait() {
    // Another core is no other owner, nor is the same one that has it again.
    let stage = Stage::new(Cut::AfterMs(100), Ack::Consume);
    stage.takes("detect", None);
    stage.put(2).await;
    stage.until_called(1).await;
    stage.line.reseat(Place::On(CoreId(0))).expect("there is memory");
    stays(&stage, 1).await;
    stage.hand_over(LITE);
    sleep(Duration::from_millis(50)).await;
    stage.hand_over(DETECT);
    stays(&stage, 1).await;
    stage.task.abort();
    for (cut, ack) in [(Cut::Off, Ack::Consume), (Cut::Auto, Ack::Append)] {
        let stage = Stage::new(cut, ack);
        stage.takes("detect", None);
        stage.put(2).await;
        stage.until_called(1).await;
        stage.hand_over(LITE);
        stays(&stage, 1).await;
        stage.task.abort();
    }
}

/// How long changes take from their order until the new owner is called, while the flow never rests:
/// `SWELL_HANDS=1000 cargo test --release -p swell-node --lib handed -- --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_never_rests_changes_hands() {
    let count = std::env::var("SWELL_HANDS").map_or(20, |count| count.parse().expect("a number"));
    for ack in [Ack::Append, Ack::Consume] {
        let stage = Stage::new(Cut::Off, ack);
        let mut nanos = Vec::new();
        for round in 0..count {
            if stage.line.meter.depth() < 500 {
                stage.put(2_000).await;
            }
            stage.functions.first.lock().clear();
            let (place, name) = [(LITE, "lite"), (DETECT, "detect")][round % 2];
            let ordered = std::time::Instant::now();
            stage.hand_over(place);
            let first = loop {
                if let Some(first) = stage.functions.first.lock().get(name) {
                    break *first;
                }
                if stage.line.meter.depth() == 0 {
                    stage.put(1).await;
                }
                // On a thread of the runtime: the others go on.
                tokio::task::yield_now().await;
            };
            nanos.push(first.duration_since(ordered).as_nanos() as u64);
            stage.functions.made.lock().clear();
        }
        nanos.sort_unstable();
        let us = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] as f64 / 1e3;
        let (p50, p99) = (us(0.5), us(0.99));
        println!("{ack:?}: {count} changes of hands, p50 {p50:.1} us, p99 {p99:.1} us");
        stage.stopped().await;
    }
}
