//! What would change if specifications were deployed, without deploying them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use swell_api::plan::{Difference, PlanAction, PlanStep};
use swell_api::spec::FunctionSpec;

use crate::deploy::deployer::{Deployer, plain};
use crate::deploy::shares::serves;

impl Deployer {
    /// One step for each specification, in their order; with `prune`, also one for each
    /// function that is here and not among them.
    pub fn plan(&self, specs: &[FunctionSpec], prune: bool) -> Vec<PlanStep> {
        let mut steps: Vec<PlanStep> = specs.iter().map(|spec| self.step(spec)).collect();
        let mut named = BTreeSet::new();
        for (spec, step) in specs.iter().zip(&mut steps) {
            if !named.insert(spec.name.as_str()) {
                step.problems.push(format!("`{}` is there twice; name it once", spec.name));
            }
        }
        if prune {
            let all = self.parts.registry.all();
            let others = all.iter().filter(|function| !named.contains(&*function.name));
            steps.extend(others.map(|function| PlanStep {
                name: function.name.to_string(),
                action: PlanAction::Remove,
                differences: Vec::new(),
                problems: Vec::new(),
            }));
        }
        steps
    }

    fn step(&self, spec: &FunctionSpec) -> PlanStep {
        let spec = &plain(spec.clone());
        let function = self.parts.registry.get(&spec.name);
        let action = match &function {
            None => PlanAction::Create,
            Some(function) if serves(function, spec).is_some() => PlanAction::Same,
            Some(_) => PlanAction::Update,
        };
        let differences = match &function {
            Some(function) => differences(&function.leading().spec, spec),
            None => Vec::new(),
        };
        PlanStep { name: spec.name.clone(), action, differences, problems: self.problems(spec) }
    }
}

/// Keys whose values differ, in the order of the alphabet; maps are compared key by key,
/// lists as a whole.
fn differences(from: &FunctionSpec, to: &FunctionSpec) -> Vec<Difference> {
    let value = |spec| serde_json::to_value(spec).expect("a specification is plain data");
    let (Value::Object(from), Value::Object(to)) = (value(from), value(to)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    compare("", &from, &to, &mut found);
    found
}

fn compare(
    above: &str,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for key in keys {
        let field = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match (from.get(key), to.get(key)) {
            (one, other) if one == other => {}
            (Some(Value::Object(one)), Some(Value::Object(other))) => {
                compare(&field, one, other, found);
            }
            (one, other) => {
                found.push(Difference { field, from: one.cloned(), to: other.cloned() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    #[test]
    fn each_differing_key_is_named() {
        let mut from = FunctionSpec::plain("hello", BackendName::Wasm);
        from.environment.insert("A".to_string(), "1".to_string());
        let mut to = from.clone();
        to.memory_bytes = 128 << 20;
        to.environment.insert("A".to_string(), "2".to_string());
        to.environment.insert("B".to_string(), "3".to_string());
        to.max_idle_ms = Some(5);
        let found: Vec<String> = differences(&from, &to)
            .into_iter()
            .map(|one| {
                let shown = |value: Option<Value>| value.map_or("-".into(), |v| v.to_string());
                format!("{} {} {}", one.field, shown(one.from), shown(one.to))
            })
            .collect();
        let expected = [
            "environment.A \"1\" \"2\"",
            "environment.B - \"3\"",
            "max_idle_ms - 5",
            "memory_bytes 67108864 134217728",
        ];
        assert_eq!(found, expected);
        assert_eq!(differences(&to, &to), []);
    }
}
