//! Runs `swell bench http`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use swell_node::observe::process;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::cli::bench::BenchHttpArguments;
use crate::cli::form::Form;
use crate::cmd::bench::cpu;
use crate::cmd::bench::load::{Load, metrics, timed};
use crate::cmd::bench::pace::Pace;
use crate::cmd::bench::report::Report;
use crate::cmd::bench::target::Target;
use crate::error::Letter;
use crate::interrupt;
use crate::output::{json, to_stdout};

/// How long a server may take to tell its metrics.
const METRICS_PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether the person wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Runs `swell bench http`.
pub fn run(arguments: &BenchHttpArguments) -> Result<(), Letter> {
    let target = Arc::new(Target::resolve(arguments)?);
    if let Some(pid) = arguments.pid.filter(|&pid| process::cpu_seconds(pid).is_none()) {
        return Err(Letter::usage(format!("this machine does not tell of a process {pid}"))
            .hint("leave `--pid` out to ask the server's /metrics instead"));
    }
    let interrupted = interrupt::listen()?;
    let threads = usize::from(arguments.threads.get());
    let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime =
        runtime.map_err(|error| Letter::failed(format!("cannot start threads: {error}")))?;
    let report = runtime.block_on(measure(arguments, &target, interrupted));
    match arguments.output {
        Form::Table => to_stdout(|out| report.tell(out))?,
        Form::Json => to_stdout(|out| json(&report, out))?,
    }
    if interrupted.load(Ordering::Relaxed) {
        return Err(Letter::interrupted("the figures are those until then"));
    }
    if report.answers == 0 {
        return Err(Letter::failed(format!("`{}` gave no answer", report.target))
            .hint("is the node up? `swell up` starts one"));
    }
    Ok(())
}

async fn measure(
    arguments: &BenchHttpArguments,
    target: &Arc<Target>,
    interrupted: &AtomicBool,
) -> Report {
    let duration = Duration::from_nanos(arguments.duration.nanos());
    let rate = arguments.rate.map(std::num::NonZeroU32::get);
    let before = server_cpu(arguments.pid, target).await;
    let pace = Pace::start(duration, rate);
    let load = Load {
        target: target.clone(),
        pace: pace.clone(),
        connections: arguments.connections.get(),
        timeout: Duration::from_nanos(arguments.timeout.nanos()),
    };
    let (stop, stopped) = watch::channel(false);
    let look = async {
        while !interrupted.load(Ordering::Relaxed) {
            sleep(LOOK).await;
        }
        pace.stop();
        // The load may have ended in the same moment.
        let _ = stop.send(true);
        std::future::pending::<()>().await;
    };
    let (tally, elapsed) = tokio::select! {
        done = timed(load.run(&stopped)) => done,
        () = look => unreachable!("it waits for ever"),
    };
    let after = server_cpu(arguments.pid, target).await;
    let cpu = before.zip(after).map(|(before, after)| after - before);
    Report {
        target: target.address.to_string(),
        connections: load.connections,
        rate,
        unsent: pace.unsent(),
        ..Report::of(&tally, elapsed, cpu)
    }
}

async fn server_cpu(pid: Option<u32>, target: &Target) -> Option<f64> {
    match pid {
        Some(pid) => process::cpu_seconds(pid),
        None => cpu::in_metrics(&metrics(target, METRICS_PATIENCE).await?),
    }
}
