//! Records flows of a node, for the simulator.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use swell_api::flow::Flow;
use swell_api::flow_judged::FlowParty;
use swell_sim::flow::recording::{RecordingRow, Share, owners_text};

use crate::cli::flows::RecordArguments;
use crate::connect;
use crate::error::Letter;
use crate::interrupt;
use crate::output::check;
use crate::say::say;

/// The shortest time between two looks.
const EVERY_MIN: Duration = Duration::from_millis(10);

/// Runs `swell flow record`.
pub fn run(arguments: &RecordArguments) -> Result<(), Letter> {
    let path = &arguments.output;
    check(path)?;
    let node = connect::node(&arguments.node)?;
    let asked = interrupt::listen()?;
    let every = Duration::from_nanos(arguments.every.nanos()).max(EVERY_MIN);
    if arguments.span.is_some_and(|span| span.nanos() < arguments.every.nanos()) {
        return Err(Letter::usage("it would end before the first look").hint(
            "record `--for` at least as long as `--every`, which is 100ms unless it is given",
        ));
    }
    let span = arguments.span.map(|span| Duration::from_nanos(span.nanos()));
    let mut before = items(&node.flows()?);
    if let Some(name) = arguments.names.iter().find(|name| !before.contains_key(*name)) {
        return Err(Letter::usage(format!("no flow `{name}` is deployed there"))
            .hint("`swell flow list` shows those that are"));
    }
    let unwritable = |error: &io::Error| Letter::unwritable(path, error);
    let file = File::create(path).map_err(|error| unwritable(&error))?;
    let mut out = csv::Writer::from_writer(BufWriter::new(file));
    let (begun, mut rows) = (Instant::now(), 0u64);
    let mut next = begun + every;
    while span.is_none_or(|span| next <= begun + span) && !asked.load(Ordering::Relaxed) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next = (next + every).max(Instant::now());
        let flows = node.flows()?;
        let at_ms = begun.elapsed().as_millis() as u64;
        let worked = worked(&flows);
        // Of one that is not up nobody knows who could own it.
        let is_wanted = |flow: &&Flow| {
            (arguments.names.is_empty() || arguments.names.contains(&flow.name))
                && flow.parties.iter().any(|party| party.name == flow.owner)
        };
        for flow in flows.iter().filter(is_wanted) {
            let row = row(at_ms, flow, before.get(&flow.name).copied().unwrap_or(0), &worked);
            out.serialize(row).map_err(|error| unwritable(&io::Error::other(error)))?;
            rows += 1;
        }
        before = items(&flows);
    }
    out.flush().map_err(|error| unwritable(&error))?;
    say(format!("wrote {}: {rows} rows in {:.1} s", path.display(), begun.elapsed().as_secs_f64()));
    Ok(())
}

/// Items put into each flow so far.
fn items(flows: &[Flow]) -> BTreeMap<String, u64> {
    flows.iter().map(|flow| (flow.name.clone(), flow.items.put)).collect()
}

/// Processors that flows keep busy, by the function that owns them.
fn worked(flows: &[Flow]) -> BTreeMap<&str, f64> {
    let mut worked: BTreeMap<&str, f64> = BTreeMap::new();
    for flow in flows {
        *worked.entry(&flow.owner).or_default() += flow.out_per_second * flow.work_us / 1e6;
    }
    worked
}

fn row(at_ms: u64, flow: &Flow, before: u64, worked: &BTreeMap<&str, f64>) -> RecordingRow {
    let share = |party: &FlowParty| {
        let processors = party.processors.max(1.0);
        let flows = worked.get(&*party.name).copied().unwrap_or(0.0) / processors;
        let busy = party.calls_percent.max(party.cpu_percent).max(party.pressure_percent);
        let part = |percent: f64| (percent / 100.0).clamp(0.0, 1.0);
        Share {
            name: party.name.clone(),
            load: (busy / 100.0 - flows).clamp(0.0, 1.0),
            processors,
            memory: part(party.memory_percent.max(party.node_memory_percent)),
            dependency: part(party.dependency_percent),
            proximity: part(party.proximity_percent),
        }
    };
    let owners: Vec<Share> = flow.parties.iter().map(share).collect();
    // A node that came up again counts from nothing.
    let items = flow.items.put.checked_sub(before).unwrap_or(flow.items.put);
    RecordingRow {
        at_ms,
        flow: flow.name.clone(),
        items,
        work_us: flow.work_us,
        capacity: flow.capacity.max(1.0),
        item_bytes: flow.item_bytes,
        owner: flow.owner.clone(),
        owners: owners_text(&owners),
    }
}
