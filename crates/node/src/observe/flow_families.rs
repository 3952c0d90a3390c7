//! The families of flows between functions.

use prometheus_client::registry::Unit;

use crate::observe::families::{Encoded, Out};
use crate::observe::gauges::{FlowFigures, Gauges};

/// Writes all that is told of flows.
pub(crate) fn flows(out: &mut Out, gauges: &Gauges) -> Encoded {
    let each = || gauges.flows.iter().map(|flow| (flow.name.as_str(), flow));
    let items = each().flat_map(|(name, flow)| {
        outcomes(flow).map(move |(outcome, count)| ([("flow", name), ("outcome", outcome)], count))
    });
    out.counters("flow_items", "Items of flows, by what became of them.", None, items)?;
    let moves = gauges.flow_moves.iter().flat_map(|(name, moves)| {
        let rows = moves.iter();
        rows.map(move |(reason, count)| ([("flow", &**name), ("reason", &**reason)], *count))
    });
    let help = "Changes of flows by reason: of owners, cores, sizes and nodes.";
    out.counters("flow_migrations", help, None, moves)?;
    let about = each()
        .map(|(name, flow)| ([("flow", name.to_string()), ("owner", flow.owner.clone())], 1u64));
    out.gauges("flow_info", "Who owns a flow.", None, about)?;
    let lanes = each().flat_map(|(name, flow)| {
        let lanes = flow.lanes.iter();
        lanes.map(move |(from, bytes)| ([("flow", name), ("lane", &**from)], *bytes))
    });
    let help = "The size class of each lane of a flow.";
    out.gauges("flow_lane", help, Some(&Unit::Bytes), lanes)?;
    let here = each().flat_map(|(name, flow)| flow.alarms.iter().map(move |alarm| (name, alarm)));
    let away = gauges.away_alarms.iter().map(|(name, alarm)| (name.as_str(), alarm));
    let alarms = here.chain(away);
    let alarms = alarms.map(|(name, alarm)| ([("flow", name), ("alarm", alarm.as_str())], 1u64));
    let help = "What somebody should look after: 1 for each alarm of a flow that rings.";
    out.gauges("flow_alarm", help, None, alarms)?;
    type Pick = fn(&FlowFigures) -> u64;
    let gauges_of: [(&str, &str, Option<&Unit>, Pick); 4] = [
        ("flow_depth_items", "Items in a flow.", None, |flow| flow.depth),
        ("flow_spilled_items", "Of these, items that are on disk only.", None, |flow| flow.behind),
        ("flow_disk", "What a flow takes on disk.", Some(&Unit::Bytes), |flow| flow.disk_bytes),
        ("flow_epoch", "Counts the owners of a flow.", None, |flow| flow.epoch),
    ];
    for (name, help, unit, pick) in gauges_of {
        out.gauges(name, help, unit, each().map(|(name, flow)| ([("flow", name)], pick(flow))))?;
    }
    type Share = fn(&FlowFigures) -> f64;
    let shares: [(&str, &str, Option<&Unit>, Share); 6] = [
        (
            "flow_utilization_ratio",
            "What goes out of a flow in a tenth of a second, as a share of what it can hold.",
            None,
            |flow| flow.utilization,
        ),
        ("flow_score", "How much spoke for a change of hands.", None, |flow| flow.score),
        (
            "flow_oldest_item",
            "How long the item being worked on has been in a flow.",
            Some(&Unit::Seconds),
            |flow| flow.oldest_seconds,
        ),
        (
            "flow_next_pause",
            "How long the next change of owners is expected to take.",
            Some(&Unit::Seconds),
            |flow| flow.next_pause_seconds,
        ),
        (
            "flow_blocked_ratio",
            "Share of the last second that producers waited for room.",
            None,
            |flow| flow.blocked,
        ),
        (
            "flow_starved_ratio",
            "Share of the last second that the owner waited for items.",
            None,
            |flow| flow.starved,
        ),
    ];
    for (name, help, unit, pick) in shares {
        out.gauges(name, help, unit, each().map(|(name, flow)| ([("flow", name)], pick(flow))))?;
    }
    let accesses = each().flat_map(|(name, flow)| {
        let both = [("put", flow.last_put_seconds), ("done", flow.last_taken_seconds)];
        both.into_iter()
            .filter_map(move |(access, at)| Some(([("flow", name), ("access", access)], at?)))
    });
    let help = "When an item was last put into a flow, and was last done with, since 1970.";
    out.gauges("flow_last_access_timestamp", help, Some(&Unit::Seconds), accesses)?;
    let sojourn = each().map(|(name, flow)| (name, flow.sojourn.clone()));
    out.readings("flow_sojourn", "How long items were in a flow.", "flow", sojourn)?;
    let pauses = each().map(|(name, flow)| (name, flow.pauses.clone()));
    let help = "How long changes of owners took, from their order until the new one began.";
    out.readings("flow_pause", help, "flow", pauses)?;
    node(out, gauges)
}

/// What is told of all flows together.
fn node(out: &mut Out, gauges: &Gauges) -> Encoded {
    let regions = gauges.regions.iter().flat_map(|region| {
        let class = region.bytes.to_string();
        [("free", region.free), ("used", region.used)]
            .map(|(state, count)| ([("class", class.clone()), ("state", state.to_string())], count))
    });
    let help = "Regions of memory for flows, by size class in bytes.";
    out.gauges("flow_regions", help, None, regions)?;
    let misses = gauges.regions.iter();
    let misses = misses.map(|region| ([("class", region.bytes.to_string())], region.misses));
    let help = "Regions that had to be made when they were wanted, by size class in bytes.";
    out.counters("flow_region_misses", help, None, misses)?;
    let help = "Memory of all regions for flows.";
    out.gauge("flow_regions", help, Some(&Unit::Bytes), gauges.region_bytes)?;
    let words = ["moved", "over-budget", "cooling-down", "no-target", "no-benefit", "overloaded"];
    let decisions = words.into_iter().zip(gauges.flow_decisions);
    let decisions = decisions.map(|(decision, count)| ([("decision", decision)], count));
    let help = "What the flow analyzer decided: moves, and moves that were wanted and not made.";
    out.counters("flow_decisions", help, None, decisions)?;
    let ticks = ["last", "longest"].into_iter().zip(gauges.flow_tick_seconds);
    let ticks = ticks.map(|(which, seconds)| ([("tick", which)], seconds));
    let help = "How long a tick of the flow analyzer took.";
    out.gauges("flow_tick", help, Some(&Unit::Seconds), ticks)?;
    Ok(())
}

fn outcomes(flow: &FlowFigures) -> [(&'static str, u64); 9] {
    let items = flow.items;
    [
        ("put", items.put),
        ("done", items.done),
        ("again", items.again),
        ("dead", items.dead),
        ("lost", items.lost),
        ("dropped", items.dropped),
        ("rejected", items.rejected),
        ("spilled", items.spilled),
        ("ended", items.ended),
    ]
}
