//! Shows flows between functions, and does with them what a person says.

use swell_api::flow::{Flow, FlowChange, FlowMoved, Migrate};
use swell_api::flow_judged::{FlowIndicators, FlowMove, SOJOURN_SECONDS};

use crate::cli::flows::{FlowCommand, OneFlow};
use crate::client::node::word;
use crate::connect;
use crate::error::Letter;
use crate::figure::{age, bytes};
use crate::flow_ends;
use crate::flow_recording;
use crate::flow_table::{FLOWS, rate, reasons, state, time};
use crate::listing::{facts, show, show_one};
use crate::say::say;

/// Runs `swell flow`.
pub fn run(command: &FlowCommand) -> Result<(), Letter> {
    match command {
        FlowCommand::List { output, node } => {
            show(&connect::node(node)?.flows()?, &FLOWS, |one| one.name.clone(), *output)
        }
        FlowCommand::Show(OneFlow { name, output, node }) => {
            let flow = connect::node(node)?.flow(name)?;
            show_one(&flow, &flow.name, |_| describe(&flow), *output)
        }
        FlowCommand::Explain(OneFlow { name, output, node }) => {
            let flow = connect::node(node)?.flow(name)?;
            let holder = flow.waits_for.as_ref().unwrap_or(&flow.owner);
            let words = format!("`{}` is with `{holder}`: {}\n", flow.name, flow.explanation);
            show_one(&flow.explanation, &flow.name, |_| words, *output)
        }
        FlowCommand::Migrate { name, to, to_node, node } => {
            let order = Migrate { to: to.clone(), to_node: to_node.clone() };
            let flow = connect::node(node)?.migrate_flow(name, &order)?;
            say(match &flow.moved {
                Some(moved) => format!("{}: {}", flow.name, went(moved)),
                None => format!("{}: goes to `{}`, in epoch {}", flow.name, flow.owner, flow.epoch),
            });
            Ok(())
        }
        FlowCommand::Pin { name, to, core, node } => {
            let change = FlowChange {
                pinned: to.clone(),
                core: core.map(|core| core.to_string()),
                frozen: None,
            };
            let flow = connect::node(node)?.change_flow(name, &change)?;
            let core = flow.core.map_or_else(String::new, |core| format!(", on core {core}"));
            say(format!("{}: stays with `{}`{core}", flow.name, flow.owner));
            Ok(())
        }
        FlowCommand::Unpin(one) => {
            let change =
                FlowChange { pinned: Some(String::new()), core: Some(String::new()), frozen: None };
            connect::node(&one.node)?.change_flow(&one.name, &change)?;
            say(format!("{}: may change hands", one.name));
            Ok(())
        }
        FlowCommand::Freeze(one) => {
            let change = FlowChange { frozen: Some(true), ..FlowChange::default() };
            connect::node(&one.node)?.change_flow(&one.name, &change)?;
            say(format!("{}: the analyzer leaves it as it is", one.name));
            Ok(())
        }
        FlowCommand::Unfreeze(one) => {
            let change = FlowChange { frozen: Some(false), ..FlowChange::default() };
            connect::node(&one.node)?.change_flow(&one.name, &change)?;
            say(format!("{}: the analyzer may move it", one.name));
            Ok(())
        }
        FlowCommand::Record(arguments) => flow_recording::run(arguments),
        FlowCommand::Send(arguments) => flow_ends::send(arguments),
        FlowCommand::Receive(arguments) => flow_ends::receive(arguments),
        FlowCommand::Rm { name, discard, node } => {
            connect::node(node)?.remove_flow(name, *discard)?;
            say(format!("{name}: removed"));
            Ok(())
        }
    }
}

/// What a move to another node came to.
fn went(moved: &FlowMoved) -> String {
    format!(
        "went to `{}` at {} with {} items, {} sent; nothing was taken out for {}",
        moved.node,
        moved.at,
        moved.items,
        bytes(moved.bytes),
        time(moved.pause_us)
    )
}

/// The time that p50 and p99 are of.
fn lately() -> String {
    format!("{} min", SOJOURN_SECONDS / 60)
}

fn describe(flow: &Flow) -> String {
    let spec = &flow.spec;
    let items = flow.items;
    let lanes: Vec<String> = flow
        .lanes
        .iter()
        .map(|lane| {
            format!(
                "{}: {} of {} used, {} items, {} on disk",
                lane.from,
                bytes(lane.used_bytes),
                bytes(lane.class_bytes),
                lane.items,
                bytes(lane.disk_bytes)
            )
        })
        .collect();
    let moves = reasons(flow);
    let owners: Vec<&str> =
        std::iter::once(&spec.to).chain(&spec.owners).map(String::as_str).collect();
    facts(&[
        ("flow", flow.name.clone()),
        ("state", state(flow)),
        ("from", spec.from.join(", ")),
        ("owner", format!("{}, of {} (epoch {})", flow.owner, owners.join(", "), flow.epoch)),
        ("why", flow.explanation.clone()),
        (
            "core",
            flow.core.map_or_else(
                || "it shares the node's threads".to_string(),
                |core| format!("a thread of its own on core {core}"),
            ),
        ),
        (
            "rule",
            format!(
                "full = {}, ack = {}, cut = {}, batch = {}",
                word(&spec.full),
                word(&spec.ack),
                spec.cut,
                spec.batch
            ),
        ),
        ("depth", format!("{}, of these {} on disk only", flow.depth, flow.spilled)),
        (
            "rates",
            format!("{} in, {} out a second", rate(flow.in_per_second), rate(flow.out_per_second)),
        ),
        (
            "in it",
            format!(
                "p50 {}, p99 {} of the last {}, oldest {}",
                time(flow.sojourn_us_p50),
                time(flow.sojourn_us_p99),
                lately(),
                time(flow.oldest_us)
            ),
        ),
        ("last", last(flow)),
        (
            "waiting",
            format!(
                "producers {:.0} % of the time, owner {:.0} %",
                flow.blocked_percent, flow.starved_percent
            ),
        ),
        ("judged", judged(flow)),
        ("can own it", parties(flow)),
        ("lanes", lanes.join("\n")),
        (
            "warnings",
            match flow.warnings.is_empty() {
                true => "none".to_string(),
                false => flow.warnings.join("\n"),
            },
        ),
        ("natives", natives(flow)),
        (
            "items",
            format!(
                "{} put, {} done with ({} as dead letters, {} lost), {} again, {} dropped, {} rejected, {} \
                 spilled, {} ended",
                items.put,
                items.done,
                items.dead,
                items.lost,
                items.again,
                items.dropped,
                items.rejected,
                items.spilled,
                items.ended
            ),
        ),
        ("moves", if moves.is_empty() { "none".to_string() } else { moves.join(", ") }),
        ("last move", flow.last_move.as_ref().map_or_else(|| "-".to_string(), last_move)),
        (
            "pause",
            format!(
                "last {}, next expected {}",
                flow.pause_us_last.map_or_else(|| "-".to_string(), time),
                time(flow.pause_us_next)
            ),
        ),
        ("alarms", alarms(flow)),
    ])
}

/// When something last came and went.
fn last(flow: &Flow) -> String {
    let ago = |at_ms: Option<u64>| {
        at_ms.map_or_else(|| "never since the node came up".into(), |at| format!("{} ago", age(at)))
    };
    format!("put in {}, done with {}", ago(flow.last_put_ms), ago(flow.last_taken_ms))
}

/// What a flow is judged by.
fn judged(flow: &Flow) -> String {
    let FlowIndicators { idle_percent, late_percent, tight_percent } = flow.indicators;
    let saturation = flow.saturation_percent;
    let saturation = saturation.map_or_else(|| "-".to_string(), |share| format!("{share:.0} %"));
    format!(
        "score {:.2}: little flows {idle_percent:.0} %, items wait long {late_percent:.0} %, owner \
         near its limit {tight_percent:.0} % of the time; utilization {:.2} %, saturation \
         {saturation}, variation {:.1}",
        flow.score, flow.utilization_percent, flow.variation
    )
}

/// Those who can own it.
fn parties(flow: &Flow) -> String {
    let all = flow.parties.iter().map(|one| {
        let state = if one.is_alive { "" } else { "; is not here" };
        format!(
            "{}: {:.0} % in use (calls at work {:.0} %, processor time {:.0} %, its memory {:.0} %, the \
             node's {:.0} %, calls wait {:.0} %), has {:.0} % to do with it, {:.0} % near, {} to \
             change{state}",
            one.name,
            one.used_percent,
            one.calls_percent,
            one.cpu_percent,
            one.memory_percent,
            one.node_memory_percent,
            one.pressure_percent,
            one.dependency_percent,
            one.proximity_percent,
            time(one.pause_us)
        )
    });
    all.collect::<Vec<_>>().join("\n")
}

/// How it came to be where it is.
fn last_move(moved: &FlowMove) -> String {
    let FlowMove { at_ms, from, to, reason, because, .. } = moved;
    let mut words = format!("from {from} to {to}, {} ago, by {reason}", age(*at_ms));
    if let (Some(waited), Some(paused)) = (moved.waited_us, moved.paused_us) {
        let cut = if moved.cut { ", which was cut short" } else { "" };
        let (waited, paused) = (time(waited), time(paused));
        words += &format!("; waited {waited} for the call under way{cut}, then {paused}");
    }
    if because.is_empty() { words } else { format!("{words}\n{because}") }
}

fn alarms(flow: &Flow) -> String {
    let all: Vec<String> =
        flow.alarms.iter().map(|one| format!("{}: {}", one.alarm, one.text)).collect();
    if all.is_empty() { "none".to_string() } else { all.join("\n") }
}

/// Processes that take part.
fn natives(flow: &Flow) -> String {
    let natives: Vec<String> = flow
        .natives
        .iter()
        .map(|one| {
            let part = match (one.role.as_str(), one.owns) {
                ("consumer", true) => "consumer, owns the flow",
                ("consumer", false) => "consumer, stands by",
                (role, _) => role,
            };
            let connected = time(one.connected_ms.saturating_mul(1_000));
            let (name, uid, items) = (&one.name, one.uid, one.items);
            let process = one.pid.map_or_else(
                || "a process in another container,".to_string(),
                |pid| format!("process {pid}"),
            );
            format!("{name}: {part}; {process} of user {uid}, {items} items in {connected}")
        })
        .collect();
    if natives.is_empty() { "none".to_string() } else { natives.join("\n") }
}
