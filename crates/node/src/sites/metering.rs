//! What the workloads of this node are: their functions.

use std::collections::BTreeMap;

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

/// What is deployed here.
pub fn cards(registry: &Registry) -> BTreeMap<String, Card> {
    let mut cards: BTreeMap<String, Card> = BTreeMap::new();
    for function in registry.all() {
        let label = function.leading().spec.labels.get(CRITICALITY).map(String::as_str);
        let criticality = match label {
            Some("low") => Criticality::Low,
            Some("critical") => Criticality::Critical,
            _ => Criticality::Normal,
        };
        let new = Card { functions: Vec::new(), criticality };
        let card = cards.entry(workload(&function).to_string()).or_insert(new);
        card.functions.push(function.name.to_string());
        card.criticality = card.criticality.max(criticality);
    }
    cards
}
