//! Whether a specification fits what is here: the other functions of the node, its memory,
//! its code, its secrets and its folders.
//!
//! What depends on other functions is asked twice, before the work of making code ready
//! and again when the version is recorded, because others deploy meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swell_api::spec::{BackendName, FunctionSpec};
use swell_api::trigger::Trigger;
use swell_core::units::Bytes;

use crate::deploy::bounds::{short, shown};
use crate::deploy::hands::Hands;
use crate::deploy::secrets;
use crate::registry::Registry;
use crate::store::code::CodeFolder;

/// Everything of a specification that the other functions do not allow.
pub fn among(spec: &FunctionSpec, registry: &Registry, memory: Bytes) -> Vec<String> {
    let mut found = Vec::new();
    for route in &spec.routes {
        if let Some(owner) = registry.owner(route).filter(|owner| **owner != *spec.name) {
            found.push(format!(
                "`routes` has `{}`, which is a route of `{owner}`; choose another, or remove it \
                 there first",
                short(&shown(route))
            ));
        }
    }
    if let Some(circle) = circle(spec, registry) {
        found.push(format!(
            "the `function` triggers go round in a circle, so one call would never end: {circle}; \
             take one of them out"
        ));
    }
    warmth(&spec.name, spec.min_warm, spec.memory_bytes, registry, memory, &mut found);
    found
}

/// Whether the instances that functions ask to have at all times fit into memory.
pub fn warmth(
    name: &str,
    min_warm: u32,
    memory_each: u64,
    registry: &Registry,
    memory: Bytes,
    found: &mut Vec<String>,
) {
    if min_warm == 0 {
        return;
    }
    let wanted = u64::from(min_warm).saturating_mul(memory_each);
    let mut others = 0u64;
    registry.visit(|function| {
        if *function.name != *name {
            for version in &function.versions {
                let scale = *version.scale.read();
                let count = if scale.serving { scale.min_warm } else { 0 };
                let each = version.spec.memory_bytes;
                others = others.saturating_add(u64::from(count).saturating_mul(each));
            }
        }
    });
    if wanted.saturating_add(others) > memory.get() {
        found.push(format!(
            "`min_warm` is {min_warm}, which takes {wanted} bytes; other functions keep {others} \
             warm already, and this node has {}; ask for fewer",
            memory.get()
        ));
    }
}

/// The circle that the triggers of `spec` would close, as people write it.
fn circle(spec: &FunctionSpec, registry: &Registry) -> Option<String> {
    if callers(spec).next().is_none() {
        return None;
    }
    let mut known = BTreeMap::<String, Vec<String>>::new();
    registry.visit(|function| {
        let names: Vec<String> = callers(&function.leading().spec).map(str::to_string).collect();
        if !names.is_empty() {
            known.insert(function.name.to_string(), names);
        }
    });
    known.insert(spec.name.clone(), callers(spec).map(str::to_string).collect());
    // Depth first, against the calls: from a function to those whose end calls it.
    let mut path = vec![spec.name.as_str()];
    let mut next = vec![0];
    let mut seen = BTreeSet::new();
    while let (Some(&at), Some(place)) = (path.last(), next.last_mut()) {
        let Some(caller) = known.get(at).and_then(|callers| callers.get(*place)) else {
            path.pop();
            next.pop();
            continue;
        };
        *place += 1;
        if *caller == spec.name {
            path.push(caller);
            path.reverse();
            return Some(path.join(" -> "));
        }
        if seen.insert(caller) {
            path.push(caller);
            next.push(0);
        }
    }
    None
}

/// The functions whose end calls a function.
fn callers(spec: &FunctionSpec) -> impl Iterator<Item = &str> {
    spec.triggers.iter().filter_map(|trigger| match trigger {
        Trigger::Function { name, .. } => Some(name.as_str()),
        _ => None,
    })
}

/// Everything that a specification wants of this machine and that is not here, besides
/// its code.
pub fn here(spec: &FunctionSpec, hands: &dyn Hands, secrets_file: Option<&Path>) -> Vec<String> {
    let mut found = Vec::new();
    if hands.backend(spec.backend).is_none() {
        let name = match spec.backend {
            BackendName::Wasm => "wasm",
            BackendName::Modelled => "modelled",
        };
        found.push(format!("`backend` is `{name}`, which this node does not have"));
    }
    if !spec.secrets.is_empty() {
        match secrets::read(secrets_file) {
            Err(error) => found.push(error),
            Ok(known) => {
                let missing = spec.secrets.values().filter(|name| !known.contains_key(*name));
                for name in missing.collect::<BTreeSet<_>>() {
                    found.push(no_secret(name, secrets_file));
                }
            }
        }
    }
    for folder in spec.files.values() {
        if !Path::new(folder).is_dir() {
            found.push(format!(
                "`files` shows the folder `{}`, but this node has no such folder",
                short(folder)
            ));
        }
    }
    found
}

/// That a secret is missing, and where to put it.
pub fn no_secret(name: &str, file: Option<&Path>) -> String {
    let name = short(name);
    match file {
        Some(file) => format!(
            "`secrets` names `{name}`, which is not in the file of secrets; add a line \
             `{name}=...` to `{}`",
            file.display()
        ),
        None => format!(
            "`secrets` names `{name}`, but this node was started without a file of secrets; set \
             `secrets` in its settings"
        ),
    }
}

/// That the code of a specification is not here, if so.
pub fn code(spec: &FunctionSpec, code: &CodeFolder) -> Option<String> {
    let missing = spec.backend == BackendName::Wasm && !code.knows(&spec.code);
    missing.then(|| {
        format!(
            "`code` names `{}`, which was not uploaded; upload it with `POST /v1/code` first",
            short(&spec.code)
        )
    })
}
