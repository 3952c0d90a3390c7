//! The first thing a newcomer sees: a node comes up on this machine, functions are
//! deployed, a recorded day's traffic is played through its gateway, and a receipt says
//! what came of it.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use http::Method;
use indicatif::{ProgressBar, ProgressStyle};
use swell_core::time::Span;
use swell_node::node::Node;
use swell_samples::samples;
use swell_sim::report::figure::{memory, percent, whole};
use swell_sim::report::table::write_aligned;
use swell_sim::row::Row;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::cli::demo::DemoArguments;
use crate::error::Letter;
use crate::output::to_stdout;
use crate::rig::client::Client;
use crate::rig::drive::{Moment, drive};
use crate::rig::host::{Choice, runtime, up};
use crate::rig::simulated::simulated;
use crate::rig::slice::Slice;
use crate::rig::stage::{Cast, deploy};
use crate::rig::starts;
use crate::rig::tally::Tally;
use crate::say::say;
use crate::town::play::play as play_sites;
use crate::{interrupt, load};

/// A day of 200 functions.
const TRACE: &str = "200";
/// Where the replay begins: the busiest hours of that day.
const FROM: Span = Span::from_mins(16 * 60);
/// Our policy.
const POLICY: &str = "hazard";
/// What most platforms do: keep for a fixed time.
const USUAL: &str = "fixed-ttl";
/// The function to play with.
const HELLO: &str = "hello";

/// Runs `swell demo`.
pub fn run(arguments: &DemoArguments) -> Result<(), Letter> {
    if !(arguments.speed.is_finite() && arguments.speed >= 1.0) {
        return Err(Letter::usage("the speed must be a number of 1 or more"));
    }
    let asked = interrupt::listen()?;
    if arguments.sites.is_some() {
        return runtime()?.block_on(play_sites(asked));
    }
    let trace = load::trace(&[TRACE.to_string()], false)?;
    let reading = Reading { placement: Placement::Uniform, durations: Durations::Average, seed: 1 };
    let slice = Slice::cut(&trace, FROM, arguments.length, reading)?;
    runtime()?.block_on(play(arguments, &slice, asked))
}

async fn play(arguments: &DemoArguments, slice: &Slice, asked: &AtomicBool) -> Result<(), Letter> {
    let folder = tempfile::tempdir()
        .map_err(|error| Letter::failed(format!("cannot make a folder for the node: {error}")))?;
    let node = up(&Choice {
        listen: arguments.listen,
        data: folder.path(),
        memory: arguments.memory,
        policy: POLICY,
        seed: 1,
        speed: arguments.speed,
    })
    .await
    .map_err(|letter| letter.hint("choose another address with `--listen 127.0.0.1:0`"))?;
    let address = format!("http://{}", node.address);
    say(format!("node up at {address}"));
    say(format!("  guests: {}", node.engine));
    let client = Client::new(&address, None);
    let begun = Instant::now();
    let cast = Cast::Wasm(samples::WORK);
    deploy(&client, &slice.trace, cast).await?;
    hello(&client).await?;
    let functions = slice.trace.functions().len();
    let took = begun.elapsed().as_secs_f64();
    say(format!("deployed {functions} WebAssembly functions in {took:.1} s"));

    let bar = display(slice);
    let show = |moment: Moment| shown(&bar, moment);
    let tally = drive(&client, slice, cast, arguments.speed, asked, show).await;
    bar.finish_and_clear();
    if tally.calls() < slice.calls.len() as u64 {
        say("interrupted: the receipt is of what was played");
    }
    let journal = client.api(Method::GET, "/v1/journal", "").await?;
    let cold = starts::mean(&journal)?.unwrap_or(Span::ZERO);
    let simulate = |policy| simulated(slice, policy, arguments.memory, cold, asked);
    let rows = [simulate(POLICY)?, simulate(USUAL)?];
    to_stdout(|out| receipt(arguments, slice, &tally, &rows, cold, out))?;
    keep(arguments, &address, node, asked).await
}

/// Deploys a function for people to call.
async fn hello(client: &Client) -> Result<(), Letter> {
    let code = client.api(Method::POST, "/v1/code", samples::HELLO).await?;
    let code: swell_api::function::Code = serde_json::from_slice(&code)
        .map_err(|error| Letter::failed(format!("the node answers oddly: {error}")))?;
    let mut spec = swell_api::spec::FunctionSpec::plain(HELLO, Default::default());
    spec.code = code.digest;
    let body = serde_json::to_vec(&spec).expect("a specification is JSON");
    client.api(Method::PUT, &format!("/v1/functions/{HELLO}"), body).await?;
    Ok(())
}

async fn keep(
    arguments: &DemoArguments,
    address: &str,
    node: Node,
    asked: &AtomicBool,
) -> Result<(), Letter> {
    let ended = |error: swell_node::node::NodeError| Letter::failed(error.to_string());
    if !arguments.keep {
        node.stop().await.map_err(ended)?;
        return to_stdout(|out| {
            writeln!(out, "\nTo keep a node to play with: `swell demo --keep`, or `swell up`.")
        });
    }
    to_stdout(|out| {
        writeln!(out, "\nThe node stays up; Ctrl-C ends it. Try:")?;
        writeln!(out, "  curl {address}/function/{HELLO} -d '{{\"name\":\"Ada\"}}'")?;
        writeln!(out, "  curl {address}/v1/functions")?;
        writeln!(out, "  curl {address}/metrics")
    })?;
    while !asked.load(std::sync::atomic::Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    node.stop().await.map_err(ended)
}

fn display(slice: &Slice) -> ProgressBar {
    let bar = ProgressBar::new(slice.calls.len() as u64);
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} calls, {eta} left  {msg}")
        .expect("the template is valid")
        .progress_chars("=> ");
    bar.set_style(style);
    bar
}

fn shown(bar: &ProgressBar, moment: Moment) {
    let Moment { seconds, sent, warm, cold, dropped } = moment;
    bar.set_position(sent);
    let minutes = seconds / 60.0;
    bar.set_message(format!("minute {minutes:.0}: {warm} warm, {cold} cold, {dropped} refused"));
}

fn receipt(
    arguments: &DemoArguments,
    slice: &Slice,
    tally: &Tally,
    rows: &[Row; 2],
    cold: Span,
    out: &mut dyn Write,
) -> io::Result<()> {
    let DemoArguments { memory: limit, speed, .. } = arguments;
    let all: f64 = slice.trace.functions().iter().map(|function| function.memory.mb_f64()).sum();
    let (calls, functions) = (whole(tally.calls() as f64), slice.trace.functions().len());
    writeln!(
        out,
        "{} of recorded traffic, {calls} calls of {functions} functions, played {speed:.0} times \
         as fast",
        slice.span
    )?;
    writeln!(
        out,
        "through the gateway. One instance of each function takes {}; the node has {}.",
        memory(all.round()),
        memory(limit.mb_f64())
    )?;
    let cell = |count: u64, of: u64| percent(count as f64 / of.max(1) as f64 * 100.0);
    let simulated = |name: &str, row: &Row| {
        let (calls, cold, dropped) = (row.calls, row.cold, row.dropped);
        vec![
            name.to_string(),
            whole(calls as f64),
            whole(cold as f64),
            cell(cold, calls),
            whole(dropped as f64),
            cell(dropped, calls),
        ]
    };
    let head = ["", "calls", "cold", "cold %", "refused", "refused %"];
    let live = vec![
        format!("this node, {POLICY}"),
        whole(tally.calls() as f64),
        whole(tally.cold as f64),
        cell(tally.cold, tally.calls()),
        whole(tally.dropped() as f64),
        cell(tally.dropped(), tally.calls()),
    ];
    let [ours, usual] = rows;
    writeln!(out)?;
    write_aligned(
        &[
            head.map(str::to_string).to_vec(),
            live,
            simulated("the simulator, hazard", ours),
            simulated("the simulator, fixed-ttl (10 min)", usual),
        ],
        out,
    )?;
    writeln!(out)?;
    let (warm, slow) = (tally.warm_latency(), tally.cold_latency());
    writeln!(
        out,
        "Latency by the wall clock, the functions' own work included: warm {:.1} ms median and \
         {:.1} ms p99,",
        warm.p50_ms, warm.p99_ms
    )?;
    writeln!(
        out,
        "cold {:.1} ms and {:.1} ms. A start took {:.2} ms on average, which counts as {cold} at \
         this speed.",
        slow.p50_ms,
        slow.p99_ms,
        cold.millis_f64() / speed
    )?;
    let saved = (usual.cold + usual.dropped) as f64 - (tally.cold + tally.dropped()) as f64;
    let (word, count) = if saved >= 0.0 { ("fewer", saved) } else { ("more", -saved) };
    writeln!(
        out,
        "Keeping for a fixed 10 minutes in the same memory: this node had {} {word} bad calls.",
        whole(count)
    )
}
