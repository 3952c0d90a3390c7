//! What the workloads of this node are and used: sums over their functions.

use std::collections::BTreeMap;

use swell_core::council::words::Criticality;
use swell_outlook::board::Card;
use swell_outlook::fares::Fares;
use swell_outlook::sums::{Reading, Sums};

use crate::clock::wall_ms;
use crate::deploy::bounds::CRITICALITY;
use crate::key_value::operations::Operations;
use crate::live::world::Live;
use crate::observe::disks;
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
    let each = function.versions.iter().map(|version| version.counts.read());
    each.fold(Fares::default(), |sum, of| {
        sum.plus(Fares { calls: of.total, failed: of.failed + of.refused })
    })
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

/// What they used since the node came up, and what the disks of the machine did besides.
pub fn reading(registry: &Registry, live: &Live, operations: &Operations) -> Reading {
    let mut workloads: BTreeMap<String, Sums> = BTreeMap::new();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for function in registry.all() {
        let name = workload(&function).to_string();
        of.insert(function.name.to_string(), name.clone());
        let sums = workloads.entry(name).or_default();
        for version in &function.versions {
            let (used, counts) = (version.usage.read(), version.counts.read());
            sums.run_us += used.run_us;
            sums.network_bytes += used.bytes;
            sums.calls += counts.total;
            sums.failed += counts.failed + counts.refused;
        }
    }
    for instance in live.instances() {
        let sums = of.get(&instance.function).and_then(|name| workloads.get_mut(name));
        if let Some(sums) = sums {
            sums.memory_bytes += instance.memory_bytes;
        }
    }
    for (function, made) in operations.read(|name| of.contains_key(name)) {
        let sums = of.get(&function).and_then(|name| workloads.get_mut(name));
        if let Some(sums) = sums {
            sums.io += made;
        }
    }
    Reading { at_ms: wall_ms(), workloads, disks: disks::operations(), ..Reading::default() }
}
