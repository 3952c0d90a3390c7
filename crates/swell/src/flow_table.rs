//! Flows as rows of a table.

use swell_api::flow::Flow;

use crate::figure::bytes;
use crate::listing::Column;

/// What is told of a flow in a row.
pub const FLOWS: [Column<Flow>; 19] = [
    Column::text("FLOW", |one| one.name.clone()),
    Column::text("OWNER", |one| one.owner.clone()),
    Column::number("DEPTH", |one| one.depth.to_string()),
    Column::number("IN/S", |one| rate(one.in_per_second)),
    Column::number("OUT/S", |one| rate(one.out_per_second)),
    Column::number("P50(2m)", |one| time(one.sojourn_us_p50)),
    Column::number("P99(2m)", |one| time(one.sojourn_us_p99)),
    Column::number("OLDEST", |one| time(one.oldest_us)),
    Column::number("BLOCKED", |one| format!("{:.0}%", one.blocked_percent)),
    Column::number("STARVED", |one| format!("{:.0}%", one.starved_percent)),
    Column::number("UTIL", |one| format!("{:.1}%", one.utilization_percent)),
    Column::number("MOVES", |one| one.migrations.values().sum::<u64>().to_string()),
    Column::text("STATE", state),
    Column::wide_number("EPOCH", |one| one.epoch.to_string()),
    Column::wide_number("CLASS", classes),
    Column::wide("REASONS", |one| reasons(one).join(", ")),
    Column::wide_number("SPILLED", |one| one.spilled.to_string()),
    Column::wide_number("DEAD", |one| one.items.dead.to_string()),
    Column::wide("FROM", |one| one.spec.from.join(",")),
];

/// Whether a flow is where it is by itself, or why not.
pub fn state(flow: &Flow) -> String {
    let mut state = match (&flow.moved, &flow.trouble, &flow.pinned, flow.frozen) {
        (Some(moved), ..) => format!("at node {}", moved.node),
        (None, Some(trouble), ..) => format!("trouble: {trouble}"),
        (None, None, Some(_), _) => "pinned".to_string(),
        (None, None, None, true) => "frozen".to_string(),
        (None, None, None, false) => "free".to_string(),
    };
    if let Some(holder) = &flow.waits_for {
        state += &format!(", waits for {holder}");
    }
    alarms(flow).iter().for_each(|alarm| state += &format!(", {alarm}"));
    state
}

/// Alarms that ring.
fn alarms(flow: &Flow) -> Vec<&str> {
    flow.alarms.iter().map(|alarm| alarm.alarm.as_str()).collect()
}

/// Changes of hands, by reason.
pub fn reasons(flow: &Flow) -> Vec<String> {
    flow.migrations.iter().map(|(why, count)| format!("{count} by {why}")).collect()
}

fn classes(flow: &Flow) -> String {
    flow.lanes.iter().map(|lane| bytes(lane.class_bytes)).collect::<Vec<_>>().join(",")
}

/// So many a second.
pub fn rate(per_second: f64) -> String {
    format!("{per_second:.1}")
}

/// A time, in a unit that suits it.
pub fn time(micros: u64) -> String {
    match micros {
        0 => "-".to_string(),
        1..1_000 => format!("{micros}us"),
        1_000..1_000_000 => format!("{:.1}ms", micros as f64 / 1e3),
        _ => format!("{:.1}s", micros as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use swell_api::flow::{FlowItems, FlowSpec};

    use super::*;

    #[test]
    fn a_flow_that_went_tells_what_somebody_should_look_after() {
        let flow = json!({
            "name": "frames", "spec": FlowSpec::plain("frames", &["camera"], "detect"),
            "owner": "detect", "epoch": 2, "frozen": false, "depth": 0, "spilled": 0,
            "in_per_second": 0.0, "out_per_second": 0.0, "sojourn_us_p50": 0, "sojourn_us_p99": 0,
            "oldest_us": 0, "blocked_percent": 0.0, "starved_percent": 0.0, "lanes": [],
            "items": FlowItems::default(), "migrations": {}, "pause_us_next": 0, "explanation": "",
            "trouble": "it is at the node `rome`",
            "moved": {
                "node": "rome", "at": "10.0.0.2:7403", "term": 1, "items": 0, "bytes": 0,
                "pause_us": 0,
            },
        });
        let mut flow: Flow = serde_json::from_value(flow).expect("it is a flow");
        assert_eq!(state(&flow), "at node rome");
        let alarm = json!({ "alarm": "node-silent", "text": "it does not answer" });
        flow.alarms.push(serde_json::from_value(alarm).expect("it is an alarm"));
        assert_eq!(state(&flow), "at node rome, node-silent");
    }

    #[test]
    fn times_have_units() {
        for (micros, shown) in [(0, "-"), (999, "999us"), (1_500, "1.5ms"), (2_000_000, "2.0s")] {
            assert_eq!(time(micros), shown);
        }
    }
}
