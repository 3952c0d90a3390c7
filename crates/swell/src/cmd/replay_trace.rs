//! Plays a recorded trace through a live node, and asks the simulator for its opinion.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use http::Method;
use serde::Serialize;
use swell_core::catalog;
use swell_core::time::Span;
use swell_sim::report::figure::{percent, whole};
use swell_sim::report::table::write_aligned;
use swell_trace::durations::Durations;
use swell_trace::placement::Placement;
use swell_trace::reading::Reading;

use crate::cli::bench::BenchReplayArguments;
use crate::cli::form::Form;
use crate::error::Letter;
use crate::output::{json, to_stdout};
use crate::rig::client::Client;
use crate::rig::drive::drive;
use crate::rig::host::{Choice, runtime, up};
use crate::rig::simulated::simulated;
use crate::rig::slice::Slice;
use crate::rig::stage::{Cast, deploy};
use crate::rig::starts;
use crate::rig::verdict::Verdict;
use crate::say::say;
use crate::{interrupt, load};

/// Runs `swell bench replay-trace`.
pub fn run(arguments: &BenchReplayArguments) -> Result<(), Letter> {
    catalog::build(&arguments.policy, arguments.seed)?;
    if !(arguments.speed.is_finite() && arguments.speed >= 1.0) {
        return Err(Letter::usage("the speed must be a number of 1 or more"));
    }
    let asked = interrupt::listen()?;
    let trace = load::trace(&arguments.trace, false)?;
    let (placement, durations) = (Placement::Uniform, Durations::Average);
    let reading = Reading { placement, durations, seed: arguments.seed };
    let slice = Slice::cut(&trace, arguments.from, arguments.length, reading)?;
    runtime()?.block_on(play(arguments, &slice, asked))
}

async fn play(
    arguments: &BenchReplayArguments,
    slice: &Slice,
    asked: &AtomicBool,
) -> Result<(), Letter> {
    let BenchReplayArguments { memory, policy, speed, .. } = arguments;
    let folder = tempfile::tempdir()
        .map_err(|error| Letter::failed(format!("cannot make a folder for the node: {error}")))?;
    let node = up(&Choice {
        listen: ([127, 0, 0, 1], 0).into(),
        data: folder.path(),
        memory: *memory,
        policy,
        seed: arguments.seed,
        speed: *speed,
    })
    .await?;
    let client = Client::new(&format!("http://{}", node.address), None);
    let cast = Cast::Modelled(arguments.cold);
    deploy(&client, &slice.trace, cast).await?;
    let real = slice.span.secs_f64() / speed;
    say(format!("playing {} calls, which takes {real:.0} s", whole(slice.calls.len() as f64)));
    let tally = drive(&client, slice, cast, *speed, asked, |_| {}).await;
    if tally.calls() < slice.calls.len() as u64 {
        return Err(Letter::interrupted("a part cannot be held against the whole"));
    }
    let journal = client.api(Method::GET, "/v1/journal", "").await?;
    let measured = starts::mean(&journal)?.unwrap_or(arguments.cold);
    let stopped = node.stop().await;
    stopped.map_err(|error| Letter::failed(error.to_string()))?;
    let row = simulated(slice, policy, *memory, measured, asked)?;
    let verdict = Verdict::of(&tally, &row);
    let shown = Shown { policy, memory_mb: memory.mb_f64(), speed: *speed, measured, verdict };
    match arguments.output {
        Form::Json => to_stdout(|out| json(&shown, out))?,
        Form::Table => to_stdout(|out| tell(&shown, out))?,
    }
    let Verdict { cold_apart_pct, dropped_apart_pct, .. } = shown.verdict;
    if cold_apart_pct.max(dropped_apart_pct) > arguments.within {
        return Err(Letter::different(format!(
            "the live node and the simulator are further apart than {} %",
            arguments.within
        ))
        .hint("a lower `--speed` leaves the machine's own delays less weight"));
    }
    Ok(())
}

/// A run, as programs get it.
#[derive(Serialize)]
struct Shown<'a> {
    policy: &'a str,
    memory_mb: f64,
    speed: f64,
    /// Mean length of the live starts in nanoseconds of the trace's time.
    measured: Span,
    #[serde(flatten)]
    verdict: Verdict,
}

fn tell(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Verdict { calls, cold, dropped, simulated_cold, simulated_dropped, .. } = shown.verdict;
    let line = |name: &str, live: u64, simulated: u64, apart: f64| {
        let (live, simulated) = (whole(live as f64), whole(simulated as f64));
        vec![name.to_string(), live, simulated, format!("{} %", percent(apart))]
    };
    let Verdict { cold_apart_pct, dropped_apart_pct, late_ms_max, warm, .. } = shown.verdict;
    writeln!(
        out,
        "{} calls under {}, {:.0} times as fast:\n",
        whole(calls as f64),
        shown.policy,
        shown.speed
    )?;
    let head = ["", "live", "simulated", "apart"].map(str::to_string).to_vec();
    write_aligned(
        &[
            head,
            line("cold", cold, simulated_cold, cold_apart_pct),
            line("refused", dropped, simulated_dropped, dropped_apart_pct),
        ],
        out,
    )?;
    writeln!(
        out,
        "\nLive starts took {} on average in the trace's time, and so did the simulated ones. A \
         warm call's\nanswer took {:.2} ms median by the wall clock. Calls were sent at most {:.1} \
         ms late.",
        shown.measured, warm.p50_ms, late_ms_max
    )
}
