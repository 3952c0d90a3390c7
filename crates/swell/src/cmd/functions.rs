//! Shows functions, and changes what makes no new version.

use std::io::{self, IsTerminal};

use swell_api::function::{Change, Function, Share, Version};
use swell_api::instance::Instance;

use crate::cli::functions::{
    ListArguments, NamesArguments, OneArguments, PsArguments, RemoveArguments, RollbackArguments,
    ScaleArguments, TrafficArguments,
};
use crate::client::node::word;
use crate::connect;
use crate::describe::describe;
use crate::error::Letter;
use crate::figure::{age, bytes};
use crate::listing::{Column, show, show_one};
use crate::say::say;

const FUNCTIONS: [Column<Function>; 14] = [
    Column::text("NAME", |one| one.name.clone()),
    Column::text("STATE", |one| word(&one.state)),
    Column::text("TRAFFIC", |one| shares(&one.traffic)),
    Column::number("IDLE", |one| one.instances.idle.to_string()),
    Column::number("BUSY", |one| one.instances.busy.to_string()),
    Column::number("CALLS", |one| one.calls.total.to_string()),
    Column::number("COLD", |one| one.calls.cold.to_string()),
    Column::number("FAILED", |one| one.calls.failed.to_string()),
    Column::number("REFUSED", |one| one.calls.refused.to_string()),
    Column::number("MEMORY", |one| bytes(one.spec.memory_bytes)),
    Column::wide_number("CONCURRENCY", |one| one.spec.concurrency.to_string()),
    Column::wide_number("VERSIONS", |one| one.versions.to_string()),
    Column::wide("URL", |one| one.url.clone()),
    Column::wide("REASON", |one| one.reason.clone().unwrap_or_default()),
];

const INSTANCES: [Column<Instance>; 7] = [
    Column::text("INSTANCE", |one| one.id.clone()),
    Column::text("FUNCTION", |one| one.function.clone()),
    Column::text("VERSION", |one| format!("v{}", one.version)),
    Column::text("STATE", |one| one.state.clone()),
    Column::number("ACTIVE", |one| one.active.to_string()),
    Column::number("MEMORY", |one| bytes(one.memory_bytes)),
    Column::number("AGE", |one| age(one.since_ms)),
];

const VERSIONS: [Column<Version>; 7] = [
    Column::text("VERSION", |one| format!("v{}", one.version)),
    Column::number("TRAFFIC", |one| format!("{}%", one.percent)),
    Column::text("STATE", |one| word(&one.state)),
    Column::number("AGE", |one| age(one.deployed_at_ms)),
    Column::number("MEMORY", |one| bytes(one.spec.memory_bytes)),
    Column::wide("CODE", |one| one.spec.code.clone()),
    Column::text("REASON", |one| one.reason.clone().unwrap_or_default()),
];

const SHARES: [Column<Share>; 2] = [
    Column::text("VERSION", |one| format!("v{}", one.version)),
    Column::number("TRAFFIC", |one| format!("{}%", one.percent)),
];

/// Shares in a cell.
fn shares(shares: &[Share]) -> String {
    let texts = shares.iter().map(|one| format!("v{}={}%", one.version, one.percent));
    texts.collect::<Vec<_>>().join(" ")
}

/// Runs `swell list`.
pub fn list(arguments: &ListArguments) -> Result<(), Letter> {
    let functions = connect::node(&arguments.node)?.functions()?;
    if functions.is_empty() {
        say("no function is deployed; `swell deploy FILE --name NAME` does");
    }
    show(&functions, &FUNCTIONS, |one| one.name.clone(), arguments.output)
}

/// Runs `swell ps`.
pub fn ps(arguments: &PsArguments) -> Result<(), Letter> {
    let instances = connect::node(&arguments.node)?.instances(arguments.function.as_deref())?;
    show(&instances, &INSTANCES, |one| one.id.clone(), arguments.output)
}

/// Runs `swell describe`.
pub fn about(arguments: &OneArguments) -> Result<(), Letter> {
    let function = connect::node(&arguments.node)?.function(&arguments.name)?;
    show_one(&function, &function.name, |_| describe(&function), arguments.output)
}

/// Runs `swell versions`.
pub fn versions(arguments: &OneArguments) -> Result<(), Letter> {
    let versions = connect::node(&arguments.node)?.versions(&arguments.name)?;
    show(&versions, &VERSIONS, |one| format!("v{}", one.version), arguments.output)
}

/// Runs `swell scale`.
pub fn scale(arguments: &ScaleArguments) -> Result<(), Letter> {
    let ScaleArguments { name, min_warm, max_instances, node } = arguments;
    let change = Change { min_warm: *min_warm, max_instances: *max_instances, paused: None };
    let function = connect::node(node)?.change(name, &change)?;
    let most =
        function.spec.max_instances.map_or_else(|| "as many as fit".into(), |n| n.to_string());
    say(format!("{name}: at least {} kept warm, at most {most}", function.spec.min_warm));
    Ok(())
}

/// Runs `swell pause` and `swell resume`.
pub fn pause(arguments: &NamesArguments, paused: bool) -> Result<(), Letter> {
    let node = connect::node(&arguments.node)?;
    for name in &arguments.names {
        node.change(name, &Change { paused: Some(paused), ..Change::default() })?;
        let done = if paused { "paused; calls are refused until `swell resume`" } else { "serves" };
        say(format!("{name}: {done}"));
    }
    Ok(())
}

/// Runs `swell rm`.
pub fn remove(arguments: &RemoveArguments) -> Result<(), Letter> {
    let RemoveArguments { names, yes, node } = arguments;
    let node = connect::node(node)?;
    if !yes && !agreed(names)? {
        return Err(Letter::interrupted("nothing was removed"));
    }
    for name in names {
        node.remove(name)?;
        say(format!("{name}: removed"));
    }
    Ok(())
}

/// Whether the person, if there is one, agrees.
fn agreed(names: &[String]) -> Result<bool, Letter> {
    if !io::stdin().is_terminal() {
        return Err(Letter::usage("nobody is here to agree to the removal").hint("add `--yes`"));
    }
    say(format!("remove {} with all versions? [y/N]", names.join(", ")));
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.map_err(|error| Letter::failed(format!("cannot read the answer: {error}")))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Runs `swell rollback`.
pub fn roll_back(arguments: &RollbackArguments) -> Result<(), Letter> {
    let RollbackArguments { name, to, node } = arguments;
    let function = connect::node(node)?.roll_back(name, *to)?;
    say(format!("{name}: {}", shares(&function.traffic)));
    Ok(())
}

/// Runs `swell traffic`.
pub fn traffic(arguments: &TrafficArguments) -> Result<(), Letter> {
    let TrafficArguments { name, shares: portions, output, node } = arguments;
    let node = connect::node(node)?;
    let shares: Vec<Share> = portions.iter().map(|portion| portion.0).collect();
    let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    if sum > 100 {
        return Err(Letter::usage(format!("the shares come to {sum}%, which is more than all")));
    }
    let function = match shares.as_slice() {
        [] => node.function(name)?,
        shares => node.share(name, shares)?,
    };
    show(&function.traffic, &SHARES, |one| format!("v{}", one.version), *output)
}
