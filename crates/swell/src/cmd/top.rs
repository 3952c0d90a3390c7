//! What goes on at a node, drawn anew again and again: its memory, its functions, its flows.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use swell_api::function::{CallCounts, Function};
use swell_api::node::Node;

use crate::cli::flows::TopArguments;
use crate::client::node::word;
use crate::connect;
use crate::error::Letter;
use crate::figure::{age, bytes};
use crate::flow_table::FLOWS;
use crate::interrupt;
use crate::listing::{Column, table};
use crate::output::to_stdout;
use crate::site_nodes;

/// The shortest time between two tables.
const EVERY_MIN: Duration = Duration::from_millis(100);
/// How often an interruption is looked for.
const GLANCE: Duration = Duration::from_millis(50);
/// Clears a terminal and goes to its first place.
const CLEAR: &str = "\x1b[2J\x1b[H";
/// Functions shown, the busiest first.
const SHOWN: usize = 20;

/// A function, and what came since the last look.
struct Row {
    function: Function,
    since: Option<(CallCounts, Duration)>,
}

const FUNCTIONS: [Column<Row>; 10] = [
    Column::text("FUNCTION", |row| row.function.name.clone()),
    Column::text("STATE", |row| word(&row.function.state)),
    Column::number("BUSY", |row| row.function.instances.busy.to_string()),
    Column::number("IDLE", |row| row.function.instances.idle.to_string()),
    Column::number("STARTING", |row| row.function.instances.starting.to_string()),
    Column::number("HELD", |row| {
        let counts = row.function.instances;
        let held = counts.busy + counts.idle + counts.starting + counts.paused;
        bytes(u64::from(held) * row.function.spec.memory_bytes)
    }),
    Column::number("CPU", |row| {
        let of_one = row.came(|calls| calls.cpu_us).map(|us| us / 1e6);
        of_one.map_or_else(|| "-".to_string(), |cpu| format!("{:.1} %", cpu * 100.0))
    }),
    Column::number("CALLS/S", |row| row.rate(|calls| calls.total)),
    Column::number("COLD/S", |row| row.rate(|calls| calls.cold)),
    Column::number("FAILED/S", |row| row.rate(|calls| calls.failed + calls.refused)),
];

impl Row {
    fn came(&self, of: fn(&CallCounts) -> u64) -> Option<f64> {
        let (before, passed) = self.since?;
        let came = of(&self.function.calls).saturating_sub(of(&before));
        Some(came as f64 / passed.as_secs_f64().max(1e-3))
    }

    fn rate(&self, of: fn(&CallCounts) -> u64) -> String {
        self.came(of).map_or_else(|| "-".to_string(), |rate| format!("{rate:.1}"))
    }

    /// Busier rows come first, and among equals those with more instances.
    fn busyness(&self) -> (f64, u32) {
        let counts = self.function.instances;
        (self.came(|calls| calls.total).unwrap_or(0.0), counts.busy + counts.idle)
    }
}

/// Runs `swell top`.
pub fn run(arguments: &TopArguments) -> Result<(), Letter> {
    let node = connect::node(&arguments.node)?;
    let asked = interrupt::listen()?;
    let every = Duration::from_nanos(arguments.every.nanos()).max(EVERY_MIN);
    let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
    let mut left = arguments.times;
    let mut before: Option<(Instant, HashMap<String, CallCounts>)> = None;
    loop {
        let (about, functions, flows) = (node.node()?, node.functions()?, node.flows()?);
        let now = Instant::now();
        let calls = functions.iter().map(|one| (one.name.clone(), one.calls)).collect();
        let rows = functions.into_iter().map(|function| {
            let known = before.as_ref().and_then(|(then, known)| {
                Some((*known.get(&function.name)?, now.duration_since(*then)))
            });
            Row { function, since: known }
        });
        // A node that is none of a site has nothing to tell of others.
        let nodes = node.site_nodes().ok().and_then(|told| site_nodes::line(&told));
        let drawn = draw(&about, nodes, rows.collect());
        before = Some((now, calls));
        let flows = if flows.is_empty() { String::new() } else { table(&flows, &FLOWS, true) };
        to_stdout(|out| write!(out, "{clear}{drawn}{flows}"))?;
        left = left.map(|left| left.saturating_sub(1));
        let until = Instant::now() + every;
        while left != Some(0) && !asked.load(Ordering::Relaxed) && Instant::now() < until {
            thread::sleep(GLANCE.min(every));
        }
        if left == Some(0) || asked.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

fn draw(node: &Node, nodes: Option<String>, mut rows: Vec<Row>) -> String {
    let Node { program, policy, waiting, functions, .. } = node;
    let (used, most) = (bytes(node.memory_bytes_used), bytes(node.memory_bytes));
    let up = age(node.since_ms);
    let mut drawn = format!(
        "{program}, up {up}: instances hold {used} of {most}, kept by `{policy}`; {waiting} requests \
         wait\n{}\n",
        nodes.map_or_else(String::new, |nodes| nodes + "\n"),
    );
    if rows.is_empty() {
        return drawn
            + "no function is deployed: `swell new` begins one, `swell deploy` deploys it\n";
    }
    rows.sort_by(|one, other| {
        let (one_busy, other_busy) = (one.busyness(), other.busyness());
        let order = other_busy.0.total_cmp(&one_busy.0).then(other_busy.1.cmp(&one_busy.1));
        order.then_with(|| one.function.name.cmp(&other.function.name))
    });
    rows.truncate(SHOWN);
    drawn += &table(&rows, &FUNCTIONS, false);
    let more = (*functions as usize).saturating_sub(rows.len());
    if more > 0 {
        drawn += &format!("and {more} more that are less busy\n");
    }
    drawn + "\n"
}
