//! All families of metrics: their names, what they mean, and where their figures come
//! from. Names follow Prometheus (base units, `_total`), meanings the FaaS conventions of
//! OpenTelemetry. The tests hold the list of names; changing one breaks dashboards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::observe::content_families::contents;
use crate::observe::decisions::Decisions;
use crate::observe::families::{Encoded, NONE, Out};
use crate::observe::flow_families::flows;
use crate::observe::function_metrics::{OTHER, Series, Table};
use crate::observe::gauges::{ForecastGauges, Gauges, Sources};
use crate::observe::histogram::Histogram;
use crate::observe::process::Process;
use crate::observe::site_families::sites;

type Pick = fn(&Series) -> &Histogram;

/// What the node counts and holds.
#[derive(Debug)]
pub(crate) struct NodeFamilies {
    pub(crate) table: Arc<Table>,
    pub(crate) decisions: Arc<Decisions>,
    pub(crate) sources: Arc<Sources>,
}

impl Collector for NodeFamilies {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Encoded {
        let out = &mut Out { encoder: &mut encoder };
        build(out)?;
        let (rows, figures) = (self.table.rows(), self.sources.read());
        functions(out, &rows)?;
        function_cpu(out, &rows, &figures.function_cpu_us)?;
        decisions(out, &self.decisions)?;
        gauges(out, &figures)?;
        forecasts(out, &figures.forecasts)
    }
}

/// What the machine says of the process.
#[derive(Debug)]
pub(crate) struct ProcessFamilies;

impl Collector for ProcessFamilies {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Encoded {
        let out = &mut Out { encoder: &mut encoder };
        let process = Process::read();
        if let Some(seconds) = process.cpu_seconds {
            let help = "CPU time used, in user and system mode.";
            out.counters("process_cpu", help, Some(&Unit::Seconds), [(NONE, seconds)])?;
        }
        if let Some(bytes) = process.resident_bytes {
            let help = "Resident memory.";
            out.gauge("process_resident_memory", help, Some(&Unit::Bytes), bytes)?;
        }
        if let Some(count) = process.open_fds {
            out.gauge("process_open_fds", "Open file descriptors.", None, count)?;
        }
        if let Some(count) = process.threads {
            out.gauge("process_threads", "Threads.", None, count)?;
        }
        if let Some(seconds) = process.start_seconds {
            let help = "When the process began, in seconds since 1970.";
            out.gauge("process_start_time", help, Some(&Unit::Seconds), seconds)?;
        }
        Ok(())
    }
}

fn build(out: &mut Out) -> Encoded {
    let help = "The program.";
    let mut metric = out.encoder.encode_descriptor("build", help, None, MetricType::Info)?;
    metric.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
}

fn functions(out: &mut Out, rows: &[(Arc<str>, Arc<Series>)]) -> Encoded {
    let each = || rows.iter().map(|(name, series)| (&**name, &**series));
    out.counters(
        "invocations",
        "Calls that reached an instance, by what called and how they ended.",
        None,
        each().flat_map(|(name, series)| {
            series.invocations().map(move |(trigger, outcome, count)| {
                ([("function", name), ("trigger", trigger), ("outcome", outcome)], count)
            })
        }),
    )?;
    out.counters(
        "invocation_starts",
        "Calls by how they met their instance: warm, delayed (waited for a busy one), resumed \
         (waited for a paused one), cold (waited for a new one).",
        None,
        each().flat_map(|(name, series)| {
            let starts = series.starts();
            starts.map(move |(start, count)| ([("function", name), ("start", start)], count))
        }),
    )?;
    out.counters(
        "cold_starts",
        "Calls that waited for a new instance.",
        None,
        each().map(|(name, series)| ([("function", name)], series.cold())),
    )?;
    out.counters(
        "refusals",
        "Requests turned away before they reached an instance, by reason.",
        None,
        each().flat_map(|(name, series)| {
            let refusals = series.refusals();
            refusals.map(move |(reason, n)| ([("function", name), ("reason", reason)], n))
        }),
    )?;
    out.counters(
        "timeouts",
        "Requests that took longer than they may, waiting or running.",
        None,
        each().map(|(name, series)| ([("function", name)], series.timeouts())),
    )?;
    let histograms: [(&str, &str, Pick); 3] = [
        (
            "invocation_duration",
            "How long the instance worked on a call, without the time before it got it.",
            |series| &series.ran,
        ),
        ("queue_wait", "How long a call waited for its instance; 0 for warm ones.", |series| {
            &series.waited
        }),
        (
            "cold_start_duration",
            "How long an instance took to become ready, whatever it was made for.",
            |series| &series.started,
        ),
    ];
    for (name, help, pick) in histograms {
        out.histograms(name, help, each().map(|(name, series)| (name, pick(series))))?;
    }
    Ok(())
}

/// Functions that share figures share this one too.
fn function_cpu(
    out: &mut Out,
    rows: &[(Arc<str>, Arc<Series>)],
    cpu_us: &BTreeMap<String, u64>,
) -> Encoded {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    let own: BTreeSet<&str> = rows.iter().map(|(name, _)| &**name).collect();
    for (name, us) in cpu_us {
        let name = if own.contains(name.as_str()) { name } else { OTHER };
        *sums.entry(name).or_default() += us;
    }
    let help = "Processor time that instances took, for starts and calls.";
    let rows = sums.into_iter().map(|(name, us)| ([("function", name)], us as f64 / 1e6));
    out.counters("function_cpu", help, Some(&Unit::Seconds), rows)
}

fn decisions(out: &mut Out, decisions: &Decisions) -> Encoded {
    let counted = |label, rows: Vec<(&'static str, u64)>| {
        rows.into_iter().map(move |(word, count)| ([(label, word)], count))
    };
    let help = "Orders of the mind, by kind.";
    out.counters("decisions", help, None, counted("action", decisions.actions().collect()))?;
    let help = "Instances ordered to start, by what for.";
    out.counters("starts", help, None, counted("cause", decisions.starts().collect()))?;
    let help = "Instances ordered to stop, by why.";
    out.counters("stops", help, None, counted("cause", decisions.stops().collect()))
}

fn forecasts(out: &mut Out, figures: &ForecastGauges) -> Encoded {
    out.gauge("forecast_functions", "Functions that are forecast.", None, figures.functions)?;
    let of =
        [("steps", figures.coverage_millionths), ("minutes", figures.minutes_coverage_millionths)];
    let coverage = of.into_iter().flat_map(|(of, shares)| {
        let bands = shares.map(|shares| ["80", "95"].into_iter().zip(shares));
        let row = move |(band, share)| ([("of", of), ("band", band)], share as f64 / 1e6);
        bands.into_iter().flatten().map(row)
    });
    let help = "Share of counts within the 80 and the 95 % band, of steps of late, of minutes since the node came up.";
    out.gauges("forecast_coverage", help, Some(&Unit::Ratios), coverage)?;
    let help = "Anomalies of demand that are kept.";
    out.gauge("forecast_anomalies", help, None, figures.anomalies)?;
    let trainings = ["made", "failed"].into_iter().zip(figures.trainings);
    let trainings = trainings.map(|(outcome, count)| ([("outcome", outcome)], count));
    out.counters("forecast_trainings", "Models trained, by outcome.", None, trainings)?;
    let used = [("training", figures.training_us), ("forecasting", figures.forecasting_us)];
    let used = used.map(|(work, us)| ([("work", work)], us as f64 / 1e6));
    let help = "CPU time of forecasts and of training models for them.";
    out.counters("forecast_cpu", help, Some(&Unit::Seconds), used)?;
    let made = (figures.made_ms > 0).then_some((NONE, figures.made_ms as f64 / 1e3));
    let help = "When the newest forecast was made, in seconds since 1970.";
    out.gauges("forecast_made_time", help, Some(&Unit::Seconds), made)?;
    let help = "Counts of calls kept in memory.";
    out.gauge("forecast_counts", help, Some(&Unit::Bytes), figures.demand_bytes)?;
    let clones = ["made", "used", "unused"].into_iter().zip(figures.clones);
    let clones = clones.map(|(fate, count)| ([("fate", fate)], count));
    let help = "Clones made ahead of demand, those that served a call, those that ended without.";
    out.counters("clones", help, None, clones)
}

fn gauges(out: &mut Out, gauges: &Gauges) -> Encoded {
    for (name, help, unit, value) in [
        ("functions", "Functions deployed.", None, gauges.functions),
        ("inflight_requests", "Requests being worked on.", None, gauges.inflight_requests),
        ("waiting_requests", "Requests waiting for an instance.", None, gauges.waiting_requests),
        (
            "memory_limit",
            "Memory that instances may hold together.",
            Some(&Unit::Bytes),
            gauges.memory_limit_bytes,
        ),
        ("journal", "Length of the journal.", Some(&Unit::Bytes), gauges.journal_bytes),
    ] {
        out.gauge(name, help, unit, value)?;
    }
    for (name, help, value) in [
        ("journal_events", "Events in the journal.", gauges.journal_events),
        ("spans_exported", "Spans that the collector of traces took.", gauges.spans_exported),
        ("spans_dropped", "Spans lost on the way to the collector.", gauges.spans_dropped),
    ] {
        out.counters(name, help, None, [(NONE, value)])?;
    }
    let streams = ["stdout", "stderr", "node"].into_iter().zip(gauges.log_lines);
    let lines = streams.map(|(stream, count)| ([("stream", stream)], count));
    out.counters("log_lines", "Lines of log, by who wrote them.", None, lines)?;
    let instances = gauges.instances.rows().map(|(state, n)| ([("state", state)], n));
    out.gauges("instances", "Instances, by state.", None, instances)?;
    let memory = gauges.memory_bytes.rows().map(|(state, n)| ([("state", state)], n));
    let help = "Memory set aside for instances, by state.";
    out.gauges("memory", help, Some(&Unit::Bytes), memory)?;
    let queue = [
        ("queued", gauges.queue_waiting),
        ("running", gauges.queue_running),
        ("dead", gauges.queue_dead),
    ];
    let queue = queue.map(|(state, count)| ([("state", state)], count));
    out.gauges("queue_entries", "Asynchronous calls, by state.", None, queue)?;
    let help = "Bodies of asynchronous calls and their answers.";
    out.gauge("queue", help, Some(&Unit::Bytes), gauges.queue_bytes)?;
    let tries = ["done", "again", "dead"].into_iter().zip(gauges.queue_tries);
    let tries = tries.map(|(outcome, count)| ([("outcome", outcome)], count));
    out.counters("queue_attempts", "Tries of asynchronous calls, by outcome.", None, tries)?;
    let posts = ["accepted", "failed"].into_iter().zip(gauges.callbacks);
    let posts = posts.map(|(outcome, count)| ([("outcome", outcome)], count));
    out.counters("callbacks", "Answers posted to those who wait for them.", None, posts)?;
    flows(out, gauges)?;
    sites(out, &gauges.peers)?;
    match &gauges.contents {
        Some(figures) => contents(out, figures),
        None => Ok(()),
    }
}
