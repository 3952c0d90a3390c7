//! What clones cost: `cargo bench --bench clone -- [FILE.wasm...]`. Without files it
//! measures a sample; give it components in other languages to see what a large heap costs.
//!
//! For each: how long it takes to make ready, to load from disk, to make one clone, to
//! make a thousand that are kept, what an idle one holds, and its first and later calls;
//! then the same without copy-on-write, which is what that is worth.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;

use swell_sandbox::backend::{Backend, Instance, Template};
use swell_sandbox::body::full;
use swell_sandbox::call::{Call, EndSignal};
use swell_sandbox::code::{Code, Source};
use swell_sandbox::key_value::NoKeyValue;
use swell_sandbox::limits::{Isolation, Limits};
use swell_sandbox::log::{LogSink, Stream};
use swell_sandbox::wasm::backend::{Wasm, WasmSettings};

/// Clones that are kept at a time.
const HELD: usize = 1_000;
/// How long each kind of work is repeated.
const PATIENCE: Duration = Duration::from_secs(3);
/// Repetitions at most.
const ROUNDS: usize = 20_000;

struct Nobody;

impl LogSink for Nobody {
    fn write(&self, _stream: Stream, _bytes: &[u8]) {}
}

fn main() {
    let files: Vec<PathBuf> =
        std::env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("tokio works here");
    let folder = tempfile::tempdir().expect("a folder for compiled code");
    let mut targets = vec![("sample `hello`".to_string(), sample(folder.path()))];
    targets.extend(files.into_iter().map(|file| (file.display().to_string(), file)));
    for (name, file) in targets {
        println!("{name} ({} KiB)", file.metadata().map_or(0, |file| file.len() >> 10));
        let with = runtime.block_on(measure(folder.path(), &file, true));
        let without = runtime.block_on(measure(folder.path(), &file, false));
        for ((label, with), (_, without)) in with.iter().zip(&without) {
            println!("  {label:<34} {with:>24}   without copy-on-write {without:>24}");
        }
    }
}

fn sample(folder: &Path) -> PathBuf {
    let file = folder.join("hello.wasm");
    std::fs::write(&file, swell_samples::samples::HELLO).expect("the folder can be written");
    file
}

async fn measure(folder: &Path, file: &Path, copy_on_write: bool) -> Vec<(&'static str, String)> {
    let cache = folder.join(format!("compiled-{copy_on_write}"));
    let settings = WasmSettings { cache, clones_max: Some(HELD as u32 + 8), copy_on_write };
    let wasm = Wasm::new(&settings).expect("the engine works here");
    let begun = Instant::now();
    let template = wasm.prepare(code(file)).await.expect("it is a component");
    let prepared = begun.elapsed();
    let first = start(&template).await;
    ask(&first).await;

    let (cloned, _) = repeat(async || drop(start(&template).await)).await;
    let (fresh, again) = calls(&template).await;
    let before = private_bytes();
    let begun = Instant::now();
    let mut held = Vec::with_capacity(HELD);
    while held.len() < HELD && begun.elapsed() < 20 * PATIENCE {
        held.push(start(&template).await);
    }
    let (all, count) = (begun.elapsed(), held.len());
    let each = private_bytes().saturating_sub(before) / count as u64;
    drop(held);
    vec![
        ("compile (once per content)", shown(prepared)),
        ("load from disk", shown(template.costs().load)),
        ("clone, p50 / p99", pair(cloned)),
        ("1,000 clones kept", format!("{} for {count}", shown(all))),
        ("idle clone holds", format!("{:.1} KiB", each as f64 / 1024.0)),
        ("first call of a clone, p50 / p99", pair(fresh)),
        ("later call of a guest, p50 / p99", pair(again)),
    ]
}

fn code(file: &Path) -> Code {
    Code {
        name: "bench".to_string(),
        source: Source::File { path: file.to_path_buf(), digest: file.display().to_string() },
        limits: Limits {
            memory: 512 << 20,
            concurrency: 1,
            cpu: None,
            fuel: None,
            table_elements: 100_000,
            body: 1 << 20,
        },
        isolation: Isolation::Instance { reuse_max: None },
        environment: Vec::new(),
        files: Vec::new(),
        outbound: Vec::new(),
        key_value: Vec::new(),
        store: NoKeyValue::shared(),
    }
}

async fn start(template: &Arc<dyn Template>) -> Arc<dyn Instance> {
    template.start().await.expect("it starts")
}

async fn ask(instance: &Arc<dyn Instance>) {
    let request = Request::post("/").header("host", "bench").body(full(Bytes::from_static(b"x")));
    let request = request.expect("it is a request");
    let call = Call { request, log: Arc::new(Nobody), flows: None, end: EndSignal::new(|_| {}) };
    let answer = instance.clone().invoke(call).await.expect("it answers");
    answer.into_body().collect().await.expect("the answer is whole");
}

/// The first call of fresh clones, and the second.
async fn calls(template: &Arc<dyn Template>) -> (Vec<Duration>, Vec<Duration>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    while first.len() < ROUNDS && begun.elapsed() < PATIENCE {
        let instance = start(template).await;
        for times in [&mut first, &mut second] {
            let begun = Instant::now();
            ask(&instance).await;
            times.push(begun.elapsed());
        }
    }
    (first, second)
}

/// Times of each round, and of all.
async fn repeat(mut work: impl AsyncFnMut()) -> (Vec<Duration>, Duration) {
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < ROUNDS && begun.elapsed() < PATIENCE {
        let begun = Instant::now();
        work().await;
        times.push(begun.elapsed());
    }
    (times, begun.elapsed())
}

fn pair(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    format!("{} / {}", shown(at(50)), shown(at(99)))
}

fn shown(time: Duration) -> String {
    match time.as_nanos() {
        nanos if nanos < 10_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        nanos if nanos < 1_000_000 => format!("{:.0} µs", nanos as f64 / 1e3),
        nanos => format!("{:.1} ms", nanos as f64 / 1e6),
    }
}

/// Memory that this process shares with nobody (Linux, `smaps_rollup`).
fn private_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("Private_Dirty"));
    let numbers = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    numbers.sum::<u64>() * 1024
}
