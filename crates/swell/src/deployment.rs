//! From entries of a manifest to functions on a node: read code, look at the difference,
//! send what is missing, deploy. What `swell deploy`, `swell plan` and `swell watch` share.

use swell_api::flow::{FlowPlan, FlowSpec};
use swell_api::function::Deployed;
use swell_api::plan::{Difference, PlanAction, PlanStep};
use swell_api::spec::FunctionSpec;

use crate::client::node::NodeClient;
use crate::client::upload::{Code, ensure, read};
use crate::error::Letter;
use crate::figure::bytes;
use crate::manifest::entry::{Entry, Source};
use crate::manifest::naming::as_written;
use crate::say::say;

/// Longest value shown in a difference.
const VALUE_LETTERS: usize = 40;

/// A function ready to be deployed.
pub struct Ready {
    /// What is deployed.
    pub spec: FunctionSpec,
    /// Its code, where it is in a file.
    code: Option<Code>,
}

/// Reads the code of an entry and names it in its specification.
pub fn prepare(entry: Entry) -> Result<Ready, Letter> {
    let Entry { mut spec, code, .. } = entry;
    let code = match code {
        Source::None => None,
        Source::Digest(digest) => {
            spec.code = digest;
            None
        }
        Source::File(path) => {
            let code = read(&path)?;
            spec.code.clone_from(&code.digest);
            Some(code)
        }
    };
    Ok(Ready { spec, code })
}

/// What deploying would change.
pub fn plan(node: &NodeClient, ready: &[Ready], prune: bool) -> Result<Vec<PlanStep>, Letter> {
    let specs: Vec<FunctionSpec> = ready.iter().map(|one| one.spec.clone()).collect();
    node.plan(&specs, prune)
}

/// What a flow is called in a plan, where functions go by their names.
const FLOW: &str = "flow/";

/// What deploying flows together with these functions would change.
pub fn plan_flows(
    node: &NodeClient,
    ready: &[Ready],
    flows: &[FlowSpec],
    prune: bool,
) -> Result<Vec<PlanStep>, Letter> {
    // A node without flows is not asked about them.
    if flows.is_empty() && !prune {
        return Ok(Vec::new());
    }
    let functions = ready.iter().map(|one| one.spec.name.clone()).collect();
    let mut steps = node.plan_flows(&FlowPlan { flows: flows.to_vec(), functions }, prune)?;
    for step in &mut steps {
        step.name.insert_str(0, FLOW);
    }
    Ok(steps)
}

/// The flow that a step of a plan is about, if it is about one.
pub fn flow_of(step: &PlanStep) -> Option<&str> {
    step.name.strip_prefix(FLOW)
}

/// Deploys a flow.
pub fn deploy_flow(node: &NodeClient, flow: &FlowSpec) -> Result<(), Letter> {
    let name = &flow.name;
    let deployed = node.deploy_flow(flow)?;
    say(match deployed.changed {
        false => format!("{FLOW}{name}: is up already"),
        true => format!("{FLOW}{name}: is up"),
    });
    deployed.warnings.iter().for_each(|warning| say(format!("{FLOW}{name}: warning: {warning}")));
    Ok(())
}

/// Sends code that is missing, and deploys.
pub fn deploy(node: &NodeClient, ready: &Ready, wait: bool) -> Result<Deployed, Letter> {
    let name = &ready.spec.name;
    if let Some(code) = &ready.code
        && ensure(node, code)?
    {
        say(format!("{name}: sent {} of code", bytes(code.bytes.len() as u64)));
    }
    let deployed = node.deploy(&ready.spec, wait)?;
    let version = deployed.version;
    say(match (deployed.changed, wait) {
        (false, _) => format!("{name}: v{version} serves already"),
        (true, true) => format!("{name}: v{version} serves at {}", deployed.url),
        (true, false) => format!("{name}: v{version} is being prepared"),
    });
    Ok(deployed)
}

/// A plan in words, a few lines for each function that would change.
pub fn words(steps: &[PlanStep]) -> String {
    let mut text = String::new();
    for step in steps {
        let (mark, what) = match step.action {
            PlanAction::Create => ("+", "new"),
            PlanAction::Update => ("~", "a new version"),
            PlanAction::Same => ("=", "the same"),
            PlanAction::Remove => ("-", "removed"),
        };
        text.push_str(&format!("{mark} {}: {what}\n", step.name));
        for difference in &step.differences {
            let Difference { field, from, to } = difference;
            text.push_str(&format!(
                "    {field}: {} -> {}\n",
                value(from.as_ref()),
                value(to.as_ref())
            ));
        }
        for problem in &step.problems {
            text.push_str(&format!("    problem: {}\n", as_written(problem)));
        }
    }
    text
}

fn value(value: Option<&serde_json::Value>) -> String {
    let text = match value {
        None => return "-".to_string(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    match text.char_indices().nth(VALUE_LETTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Steps that would change something.
pub fn changes(steps: &[PlanStep]) -> usize {
    steps.iter().filter(|step| step.action != PlanAction::Same).count()
}

/// A refusal if the node would refuse any of the steps.
pub fn refuse_problems(steps: &[PlanStep]) -> Result<(), Letter> {
    let problems: Vec<String> = steps
        .iter()
        .flat_map(|step| {
            step.problems.iter().map(|one| format!("{}: {}", step.name, as_written(one)))
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(Letter::failed(format!("nothing was deployed\n  {}", problems.join("\n  "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_told_in_words() {
        let step = |name: &str, action, differences, problems| PlanStep {
            name: name.to_string(),
            action,
            differences,
            problems,
        };
        let difference = Difference {
            field: "memory_bytes".to_string(),
            from: Some(1.into()),
            to: Some("x".repeat(50).into()),
        };
        let steps = [
            step("a", PlanAction::Same, vec![], vec![]),
            step("b", PlanAction::Update, vec![difference], vec!["too much".to_string()]),
        ];
        let long = "x".repeat(40);
        let expected = format!(
            "= a: the same\n~ b: a new version\n    memory_bytes: 1 -> {long}...\n    problem: too much\n"
        );
        assert_eq!(words(&steps), expected);
        assert_eq!(changes(&steps), 1);
        let refusal = Letter::failed("nothing was deployed\n  b: too much");
        assert_eq!(refuse_problems(&steps), Err(refusal));
    }
}
