//! What deploying flows would change.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use swell_api::flow::{FlowPlan, FlowSpec};
use swell_api::plan::{Difference, PlanAction, PlanStep};
use swell_fifo::class::Class;

use crate::flow::check::{Among, problems};
use crate::flow::flows::Flows;
use crate::flow::index::Index;
use crate::flow::launch::hinted;
use crate::flow::shown::Shown;

impl Shown {
    /// What would change if these flows were deployed.
    pub fn plan(&self, plan: &FlowPlan, prune: bool) -> Vec<PlanStep> {
        let mut index = self.flows.table.read().index.clone();
        plan.flows.iter().for_each(|spec| index.put(Arc::new(spec.clone())));
        let coming: BTreeSet<&str> = plan.functions.iter().map(String::as_str).collect();
        let mut named = BTreeSet::new();
        let mut steps: Vec<PlanStep> = plan
            .flows
            .iter()
            .map(|spec| {
                let mut problems = self.flows.problems_among(spec, &coming, &index);
                if !named.insert(spec.name.as_str()) {
                    problems.push(format!("`{}` is there twice; name it once", spec.name));
                }
                let former = self.flows.get(&spec.name).map(|former| former.spec.clone());
                let action = match &former {
                    None => PlanAction::Create,
                    Some(former) if **former == *spec => PlanAction::Same,
                    Some(_) => PlanAction::Update,
                };
                let differences = former.map_or_else(Vec::new, |former| differ(&former, spec));
                PlanStep { name: spec.name.clone(), action, differences, problems }
            })
            .collect();
        // Who asks what would change is about to change it.
        let fresh = plan.flows.iter().zip(&steps);
        let fresh =
            fresh.filter(|(_, step)| step.action == PlanAction::Create && step.problems.is_empty());
        self.flows.regions.expect(fresh.flat_map(|(spec, _)| lanes(spec)));
        if prune {
            let here = self.flows.specs();
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
    spec.from.iter().filter_map(|_| hinted(spec))
}

impl Flows {
    /// Everything that is wrong with a flow here and now; `coming` are functions that will be
    /// deployed with it.
    pub fn problems(&self, spec: &FlowSpec, coming: &[String]) -> Vec<String> {
        let coming = coming.iter().map(String::as_str).collect();
        self.problems_among(spec, &coming, &self.table.read().index)
    }

    fn problems_among(
        &self,
        spec: &FlowSpec,
        coming: &BTreeSet<&str>,
        flows: &Index,
    ) -> Vec<String> {
        let longest = |name: &str| {
            let known = self.parts.registry.get(name);
            let known = known.map(|function| function.leading().spec.body_bytes_max);
            if coming.contains(name) { Some(u64::MAX) } else { known }
        };
        let quotas = self.regions.quotas();
        let among = Among {
            longest: &longest,
            flows,
            function_quota: quotas.tenant,
            node_quota: quotas.node,
        };
        problems(spec, &among)
    }
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
