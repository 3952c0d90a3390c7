//! Deploys a file or a manifest, and tells what a manifest would change.

use std::path::Path;

use swell_api::flow::FlowSpec;
use swell_api::function::Deployed;
use swell_api::plan::{PlanAction, PlanStep};

use crate::building::build_all;
use crate::cli::deploy::{DeployArguments, FunctionArguments, PlanArguments};
use crate::client::node::{NodeClient, word};
use crate::connect;
use crate::deployment::{
    Ready, changes, deploy, deploy_flow, flow_of, plan, plan_flows, prepare, refuse_problems, words,
};
use crate::document::tree::{Mistake, Node};
use crate::error::Letter;
use crate::figure::count;
use crate::listing::{Column, show};
use crate::manifest::entry::{Entry, Source};
use crate::manifest::file::{self, Manifest};
use crate::manifest::function;
use crate::naming::plain;
use crate::say::say;

const DEPLOYED: [Column<Deployed>; 4] = [
    Column::text("NAME", |one| one.name.clone()),
    Column::text("VERSION", |one| format!("v{}", one.version)),
    Column::text("CHANGED", |one| if one.changed { "yes" } else { "no" }.to_string()),
    Column::text("URL", |one| one.url.clone()),
];

const STEPS: [Column<PlanStep>; 4] = [
    Column::text("NAME", |one| one.name.clone()),
    Column::text("ACTION", |one| word(&one.action)),
    Column::text("CHANGES", |one| {
        one.differences.iter().map(|one| one.field.as_str()).collect::<Vec<_>>().join(", ")
    }),
    Column::text("PROBLEMS", |one| one.problems.join("; ")),
];

/// Runs `swell deploy`.
pub fn run(arguments: &DeployArguments) -> Result<(), Letter> {
    let node = connect::node(&arguments.node)?;
    let deployed = match (&arguments.file, &arguments.manifest) {
        (Some(path), _) => {
            let ready = prepare(entry(path, &arguments.settings)?)?;
            vec![deploy(&node, &ready, !arguments.no_wait)?]
        }
        (None, path) => {
            let path = path.as_deref().unwrap_or_else(|| Path::new("app.toml"));
            let (ready, flows) = load(path, arguments.build)?;
            manifest(&node, &ready, &flows, arguments.prune, !arguments.no_wait)?
        }
    };
    show(&deployed, &DEPLOYED, |one| one.name.clone(), arguments.output)
}

fn manifest(
    node: &NodeClient,
    ready: &[Ready],
    flows: &[FlowSpec],
    prune: bool,
    wait: bool,
) -> Result<Vec<Deployed>, Letter> {
    let steps = plan_all(node, ready, flows, prune)?;
    say(words(&steps).trim_end());
    refuse_problems(&steps)?;
    let mut deployed = Vec::new();
    for one in ready {
        deployed.push(deploy(node, one, wait)?);
    }
    for flow in flows {
        deploy_flow(node, flow)?;
    }
    // Flows leave first, as they name functions.
    let removed = || steps.iter().filter(|step| step.action == PlanAction::Remove);
    for step in removed() {
        if let Some(flow) = flow_of(step) {
            node.remove_flow(flow, false)?;
            say(format!("{}: removed", step.name));
        }
    }
    for step in removed().filter(|step| flow_of(step).is_none()) {
        node.remove(&step.name)?;
        say(format!("{}: removed", step.name));
    }
    Ok(deployed)
}

fn plan_all(
    node: &NodeClient,
    ready: &[Ready],
    flows: &[FlowSpec],
    prune: bool,
) -> Result<Vec<PlanStep>, Letter> {
    let mut steps = plan(node, ready, prune)?;
    steps.extend(plan_flows(node, ready, flows, prune)?);
    Ok(steps)
}

fn load(path: &Path, build: bool) -> Result<(Vec<Ready>, Vec<FlowSpec>), Letter> {
    let Manifest { folder, entries, flows } = file::load(path)?;
    if build {
        build_all(&entries, &folder)?;
    }
    let ready: Result<_, Letter> = entries.into_iter().map(prepare).collect();
    Ok((ready?, flows))
}

/// A function of one file and options.
fn entry(path: &Path, arguments: &FunctionArguments) -> Result<Entry, Letter> {
    let mut entry = Entry::blank();
    entry.code = Source::File(path.to_path_buf());
    for (key, text) in arguments.given() {
        function::set(&mut entry, key, text).map_err(|mistakes| wrong(key, &mistakes))?;
    }
    for text in &arguments.route {
        let route = function::route(&Node::text(text));
        entry.spec.routes.push(route.map_err(|mistakes| wrong("route", &mistakes))?);
    }
    entry.spec.environment.extend(arguments.env.iter().cloned());
    entry.spec.secrets.extend(arguments.secret.iter().cloned());
    entry.spec.outbound.extend(arguments.outbound.iter().cloned());
    if entry.spec.name.is_empty() {
        entry.spec.name = name_of(path);
    }
    Ok(entry)
}

fn wrong(key: &str, mistakes: &[Mistake]) -> Letter {
    let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    Letter::usage(format!("`--{key}`: {}", texts.join("; ")))
}

/// A name made of a file's.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    plain(stem)
}

/// Runs `swell plan`.
pub fn run_plan(arguments: &PlanArguments) -> Result<(), Letter> {
    let (ready, flows) = load(&arguments.manifest, false)?;
    let steps = plan_all(&connect::node(&arguments.node)?, &ready, &flows, arguments.prune)?;
    say(words(&steps).trim_end());
    show(&steps, &STEPS, |one| one.name.clone(), arguments.output)?;
    refuse_problems(&steps)?;
    match changes(&steps) {
        0 => Ok(()),
        number if steps.iter().any(|step| flow_of(step).is_some()) => {
            Err(Letter::different(format!("{} would change", count(number, "function or flow"))))
        }
        number => Err(Letter::different(format!("{} would change", count(number, "function")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_give_names() {
        for (path, expected) in
            [("a/Hello_World.wasm", "hello-world"), ("_x.opt.wasm", "x-opt"), ("hello", "hello")]
        {
            assert_eq!(name_of(Path::new(path)), expected);
        }
    }

    #[test]
    fn options_are_keys_of_a_manifest() {
        let arguments = FunctionArguments {
            memory: Some("64MiB".to_string()),
            timeout: Some("3s".to_string()),
            env: vec![("A".to_string(), "1".to_string())],
            route: vec!["example.org/api".to_string()],
            ..FunctionArguments::default()
        };
        let entry = entry(Path::new("hello.wasm"), &arguments).unwrap();
        assert_eq!((entry.spec.name.as_str(), entry.spec.memory_bytes), ("hello", 64 << 20));
        assert_eq!(entry.spec.timeout_ms, 3_000);
        assert_eq!(entry.spec.environment["A"], "1");
        assert_eq!(entry.spec.routes[0].path, "/api");
        let wrong = FunctionArguments { memory: Some("64".into()), ..arguments };
        let letter = super::entry(Path::new("hello.wasm"), &wrong).unwrap_err();
        assert!(format!("{letter:?}").contains("`--memory`: `64` is not an amount"), "{letter:?}");
    }
}
