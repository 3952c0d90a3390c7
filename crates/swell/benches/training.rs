//! What requests feel of training: `cargo bench --workspace --bench training`.
//!
//! One node answers requests at a fixed rate, without a pause, while the model of ten thousand
//! functions is trained in every other slice of time, in the node's own process, by the node's own
//! trainer and within its usual share of a core. So both rows of the table are of one run, and
//! whatever else the machine does falls on both alike. Latency counts from when a request was
//! due. Words after `--`: `slices=N` (of each kind), `seconds=N` of a slice, `rate=N` requests a
//! second, `percent=N` of a core for training, `functions=N`. On a machine that
//! is busy with other things the trainer, which stands behind all of them, takes long to end a slice.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use swell::cmd::bench::latency::Latency;
use swell::cmd::bench::load::Load;
use swell::cmd::bench::pace::Pace;
use swell::cmd::bench::tally::Tally;
use swell::cmd::bench::target::Target;
use swell::rig::client::Client;
use swell::rig::host::{Choice, runtime, up};
use swell_api::function::Code;
use swell_api::spec::{BackendName, FunctionSpec};
use swell_core::rng::{below, split};
use swell_core::units::Bytes;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;
use swell_node::foresight::models::{METHOD, method};
use swell_node::foresight::training::{self, Done, Job, Lesson, Limits};

const STEPS: usize = 288;
const CONNECTIONS: u16 = 8;

/// What came of one kind of slices.
#[derive(Default)]
struct Side {
    all: Latency,
    p99s: Vec<f64>,
    failed: u64,
    unsent: u64,
    trained: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = |key: &str, usual: u64| {
        let mut words = std::env::args();
        let told = words.find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse().ok());
        told.unwrap_or(usual)
    };
    let (slices, seconds) = (asked("slices", 10), asked("seconds", 6));
    let (rate, percent) = (asked("rate", 400) as u32, asked("percent", 10) as u16);
    let folder = tempfile::tempdir()?;
    let runtime = runtime().map_err(|letter| format!("{letter:?}"))?;
    let functions = asked("functions", 10_000) as usize;
    let panel = panel(functions);
    let sides = runtime.block_on(async {
        let choice = Choice {
            listen: ([127, 0, 0, 1], 0).into(),
            data: folder.path(),
            memory: Bytes::from_mb(2_000),
            policy: "hazard",
            seed: 1,
            speed: 1.0,
        };
        let node = up(&choice).await.map_err(|letter| format!("{letter:?}"))?;
        let target = Arc::new(deploy(&node.address.to_string()).await?);
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let slice = |target: Arc<Target>| {
            let duration = Duration::from_secs(seconds);
            let pace = Pace::start(duration, Some(rate));
            let timeout = Duration::from_secs(30);
            let stopped = stopped.clone();
            async move {
                let load = Load { target, pace: pace.clone(), connections: CONNECTIONS, timeout };
                (load.run(&stopped).await, pace.unsent())
            }
        };
        // The first calls compile and fill what later ones find.
        slice(target.clone()).await;
        let mut sides = [Side::default(), Side::default()];
        for number in 0..2 * slices {
            // In pairs, each kind first in turn.
            let trains = (number % 2) != (number / 2 % 2);
            let trainer = trains.then(|| Trainer::begin(&panel, percent * 10));
            let (tally, unsent) = slice(target.clone()).await;
            let side = &mut sides[usize::from(trains)];
            side.trained += trainer.map_or(Duration::ZERO, Trainer::end);
            side.note(&tally, unsent);
        }
        node.stop().await.map_err(|error| error.to_string())?;
        Ok::<_, Box<dyn Error>>(sides)
    })?;
    println!(
        "{rate} requests/s over {CONNECTIONS} connections, {slices} slices of {seconds} s of each \
         kind in turn, training on {functions} functions x {STEPS} steps within {percent} % of a core"
    );
    println!(
        "{:<10}{:>10}{:>10}{:>10}{:>10}{:>12}{:>10}",
        "", "requests", "p50 ms", "p99 ms", "p99.9", "slices' p99", "trained"
    );
    for (name, side) in ["without", "with"].into_iter().zip(&sides) {
        side.tell(name, slices * seconds);
    }
    Ok(())
}

impl Side {
    fn note(&mut self, tally: &Tally, unsent: u64) {
        let mut slice = Latency::default();
        tally.good.values().for_each(|latency| slice.merge(latency));
        self.p99s.extend(slice.percentile(99.0));
        self.all.merge(&slice);
        self.failed += tally.bad.count() + tally.failures.values().sum::<u64>();
        self.unsent += unsent;
    }

    fn tell(&self, name: &str, seconds: u64) {
        let at = |percent| self.all.percentile(percent).unwrap_or(0.0) / 1e3;
        let mut p99s = self.p99s.clone();
        p99s.sort_by(f64::total_cmp);
        let median = p99s.get(p99s.len() / 2).copied().unwrap_or(0.0) / 1e3;
        let share = 100.0 * self.trained.as_secs_f64() / seconds as f64;
        println!(
            "{name:<10}{:>10}{:>10.3}{:>10.3}{:>10.3}{median:>12.3}{share:>8.1} %",
            self.all.count(),
            at(50.0),
            at(99.0),
            at(99.9)
        );
        if self.failed + self.unsent > 0 {
            println!("          {} failed, {} were never sent", self.failed, self.unsent);
        }
    }
}

/// Training, for a while.
struct Trainer {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Duration>,
}

impl Trainer {
    fn begin(panel: &Panel, per_mille: u16) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let limits = Limits { per_mille, memory: Bytes::new(256 << 20), stop: stop.clone() };
        let job = Job::Train(Lesson { generation: 1, panel: panel.clone() });
        let thread = std::thread::spawn(move || {
            let (jobs, wanted) = channel();
            jobs.send(job).expect("the other end is below");
            drop(jobs);
            let took = std::cell::Cell::new(Duration::ZERO);
            training::run(&method(METHOD), &limits, &wanted, |done| {
                if let Done::Made(made) = done {
                    took.set(made.took);
                }
            });
            took.get()
        });
        Self { stop, thread }
    }

    /// Ends it; tells the time of the processor that it took.
    fn end(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("training tells of what breaks")
    }
}

/// Deploys a function; what to send to it.
async fn deploy(address: &str) -> Result<Target, Box<dyn Error>> {
    let client = Client::new(&format!("http://{address}"), None);
    let refused = |letter: swell::error::Letter| format!("{letter:?}");
    let code = client.api(Method::POST, "/v1/code", swell_samples::samples::HELLO).await;
    let code: Code = serde_json::from_slice(&code.map_err(refused)?)?;
    let spec =
        FunctionSpec { code: code.digest, ..FunctionSpec::plain("hello", BackendName::Wasm) };
    let body = serde_json::to_vec(&spec)?;
    client.api(Method::PUT, "/v1/functions/hello", body).await.map_err(refused)?;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::HOST, HeaderValue::from_str(address)?);
    Ok(Target {
        address: format!("http://{address}/function/hello").parse()?,
        connect: address.to_string(),
        path: Uri::from_static("/function/hello"),
        method: Method::POST,
        headers,
        body: bytes::Bytes::from_static(b"Ada"),
    })
}

/// A day of functions, some busy, most rare.
fn panel(functions: usize) -> Panel {
    let mut rng = split(7, "functions");
    let mut member = |number: usize| {
        let most = {
            let doublings = below(&mut rng, 9);
            1 + below(&mut rng, 1 << doublings)
        };
        let counts: Vec<Option<u32>> =
            (0..STEPS).map(|_| Some(below(&mut rng, most) as u32)).collect();
        let counts = Series::from_counts(counts);
        Member { name: number.to_string(), counts, ..Member::default() }
    };
    let members = (0..functions).map(&mut member).collect();
    Panel::new(members, 12)
}
