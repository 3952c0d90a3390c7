//! What the workloads of this node are: their functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use swell_api::flow::FlowSpec;
use swell_core::council::words::Criticality;
use swell_outlook::board::Card;
use swell_outlook::fares::Fares;

use crate::deploy::bounds::CRITICALITY;
use crate::registry::{Function, Registry};

/// The workload of a function: the one that it names, else it is one by itself.
pub fn workload(function: &Function) -> &str {
    function.leading().spec.workload.as_deref().unwrap_or(&function.name)
}

/// The functions of a workload, by name.
pub fn functions(registry: &Registry, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    registry.visit(|function| {
        if workload(function) == name {
            found.push(function.name.to_string());
        }
    });
    found.sort();
    found
}

/// How the calls of a function fared since the node came up.
pub fn fares(function: &Function) -> Fares {
    let of = function.calls();
    Fares { calls: of.total, failed: of.failed + of.refused }
}

/// What is deployed here, with these flows.
pub fn cards(registry: &Registry, flows: &[Arc<FlowSpec>]) -> BTreeMap<String, Card> {
    let mut cards: BTreeMap<String, Card> = BTreeMap::new();
    for function in registry.all() {
        let label = function.leading().spec.labels.get(CRITICALITY).map(String::as_str);
        let criticality = match label {
            Some("low") => Criticality::Low,
            Some("critical") => Criticality::Critical,
            _ => Criticality::Normal,
        };
        let new = Card { functions: Vec::new(), criticality, joined: Vec::new() };
        let card = cards.entry(workload(&function).to_string()).or_insert(new);
        card.functions.push(function.name.to_string());
        card.criticality = card.criticality.max(criticality);
    }
    let joined: Vec<(String, String)> =
        flows.iter().flat_map(|flow| joined(&cards, flow)).collect();
    for (one, other) in joined {
        let others = cards.get_mut(&one).map(|card| &mut card.joined);
        if let Some(others) = others.filter(|others| !others.contains(&other)) {
            others.push(other);
        }
    }
    cards
}

/// The workloads whose functions a flow joins: each that puts items in with those that take them.
fn joined(cards: &BTreeMap<String, Card>, flow: &FlowSpec) -> Vec<(String, String)> {
    let workload_of = |function: &String| {
        let mut of = cards.iter().filter(|(_, card)| card.functions.contains(function));
        of.next().map(|(name, _)| name.clone())
    };
    let Some(to) = workload_of(&flow.to) else { return Vec::new() };
    let others = flow.from.iter().chain(&flow.owners).filter_map(workload_of);
    others.filter(|other| *other != to).map(|other| (to.clone(), other)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn workloads_are_joined_by_flows_between_their_functions() {
        let functions = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        let card = |names: &[&str]| Card {
            functions: functions(names),
            criticality: Criticality::Normal,
            joined: Vec::new(),
        };
        let cards = BTreeMap::from([
            ("film".to_string(), card(&["cut", "mix"])),
            ("shop".to_string(), card(&["shop"])),
        ]);
        let joined = |from: &[&str], to: &str| {
            let flow = json!({ "name": "frames", "from": from, "to": to });
            let flow: FlowSpec = serde_json::from_value(flow).expect("it is one");
            super::joined(&cards, &flow)
        };
        let pair = ("film".to_string(), "shop".to_string());
        assert_eq!(joined(&["shop"], "mix"), [pair]);
        for (from, to) in [(["cut"], "mix"), (["native:cam"], "mix"), (["shop"], "native:tv")] {
            assert_eq!(joined(&from, to), [], "{from:?} {to}");
        }
    }
}
