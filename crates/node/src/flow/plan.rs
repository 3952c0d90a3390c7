//! What deploying flows would change.

use std::collections::BTreeSet;

use serde_json::Value;

use swell_api::flow::{FlowPlan, FlowSpec};
use swell_api::plan::{Difference, PlanAction, PlanStep};

use swell_fifo::class::Class;

use crate::flow::check::class;
use crate::flow::shown::Shown;

impl Shown {
    /// What would change if these flows were deployed.
    pub fn plan(&self, plan: &FlowPlan, prune: bool) -> Vec<PlanStep> {
        let here = self.flows.specs();
        let mut named = BTreeSet::new();
        let mut steps: Vec<PlanStep> = plan
            .flows
            .iter()
            .map(|spec| {
                let mut problems = self.flows.problems(spec, &plan.functions, &plan.flows);
                if !named.insert(spec.name.as_str()) {
                    problems.push(format!("`{}` is there twice; name it once", spec.name));
                }
                let former = here.iter().find(|former| former.name == spec.name);
                let action = match former {
                    None => PlanAction::Create,
                    Some(former) if **former == *spec => PlanAction::Same,
                    Some(_) => PlanAction::Update,
                };
                let differences = former.map_or_else(Vec::new, |former| differ(former, spec));
                PlanStep { name: spec.name.clone(), action, differences, problems }
            })
            .collect();
        // Who asks what would change is about to change it.
        let fresh = plan.flows.iter().zip(&steps);
        let fresh =
            fresh.filter(|(_, step)| step.action == PlanAction::Create && step.problems.is_empty());
        self.flows.regions.expect(fresh.flat_map(|(spec, _)| lanes(spec)));
        if prune {
            let others = here.iter().filter(|flow| !named.contains(flow.name.as_str()));
            steps.extend(others.map(|flow| PlanStep {
                name: flow.name.clone(),
                action: PlanAction::Remove,
                differences: Vec::new(),
                problems: Vec::new(),
            }));
        }
        steps
    }
}

/// Size classes that the lanes of a flow ask for.
fn lanes(spec: &FlowSpec) -> impl Iterator<Item = Class> {
    spec.from.iter().filter_map(|_| class(spec))
}

/// Keys whose values differ.
fn differ(from: &FlowSpec, to: &FlowSpec) -> Vec<Difference> {
    let value = |spec| serde_json::to_value(spec).expect("a flow is plain data");
    let (Value::Object(from), Value::Object(to)) = (value(from), value(to)) else {
        return Vec::new();
    };
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differ = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    differ
        .map(|key| Difference {
            field: key.clone(),
            from: from.get(key).cloned(),
            to: to.get(key).cloned(),
        })
        .collect()
}
