//! Functions and versions in the words of the API.

use std::collections::HashMap;

use swell_api::function::{self as api, CallCounts, FunctionState, InstanceCounts};
use swell_api::instance::Instance;

use crate::deploy::deployer::{Deployer, Parts};
use crate::deploy::pending::Deployment;
use crate::registry::{Function, Version};

/// Instances by function.
type Counts = HashMap<String, InstanceCounts>;

impl Deployer {
    /// All functions by name, those under way and those that failed among them. `link`
    /// makes the address of a function out of its name.
    pub fn list(&self, link: impl Fn(&str) -> String) -> Vec<api::Function> {
        let Parts { registry, hands, .. } = &self.parts;
        let counts = count(&hands.instances());
        let mut all: Vec<api::Function> = registry
            .all()
            .iter()
            .map(|function| self.function(function, &counts, link(&function.name)))
            .collect();
        let pending = self.pending.all();
        let fresh = pending.into_iter().filter(|one| registry.get(&one.spec.name).is_none());
        let before = all.len();
        all.extend(fresh.map(|one| {
            let url = link(&one.spec.name);
            unborn(one, url)
        }));
        if all.len() > before {
            all.sort_by(|one, other| one.name.cmp(&other.name));
        }
        all
    }

    /// One function.
    pub fn describe(&self, name: &str, link: impl Fn(&str) -> String) -> Option<api::Function> {
        let Parts { registry, hands, .. } = &self.parts;
        match registry.get(name) {
            Some(function) => {
                let mut instances = hands.instances();
                instances.retain(|instance| instance.function == name);
                Some(self.function(&function, &count(&instances), link(name)))
            }
            None => self.pending.get(name).map(|one| unborn(one, link(name))),
        }
    }

    /// The versions of a function, newest first.
    pub fn versions(&self, name: &str) -> Option<Vec<api::Version>> {
        let function = self.parts.registry.get(name)?;
        let versions = function.versions.iter().rev();
        Some(versions.map(|version| self.version(&function, version)).collect())
    }

    fn function(&self, function: &Function, counts: &Counts, url: String) -> api::Function {
        let newest = function.newest();
        let (mut state, mut reason) = self.state(function.leading());
        if function.paused {
            (state, reason) = (FunctionState::Paused, None);
        }
        // A deployment that nobody waited for and that failed must show somewhere.
        if reason.is_none() {
            reason = self.pending.get(&function.name).and_then(|one| one.failure);
        }
        let mut spec = newest.spec.clone();
        let scale = *newest.scale.read();
        (spec.min_warm, spec.max_instances) = (scale.min_warm, scale.max_instances);
        api::Function {
            name: function.name.to_string(),
            version: newest.version,
            state,
            reason,
            traffic: function.traffic.clone(),
            versions: function.versions.len() as u32,
            url,
            spec,
            instances: counts.get(&*function.name).copied().unwrap_or_default(),
            calls: function.calls(),
        }
    }

    fn version(&self, function: &Function, version: &Version) -> api::Version {
        let (state, reason) = self.state(version);
        api::Version {
            version: version.version,
            deployed_at_ms: version.deployed_at_ms,
            percent: function.percent(version.version),
            state,
            reason,
            spec: version.spec.clone(),
        }
    }

    /// Code that was not needed since the start is as good as ready: the first call finds
    /// it compiled.
    fn state(&self, version: &Version) -> (FunctionState, Option<String>) {
        match version.template.get() {
            Some(Ok(_)) => (FunctionState::Ready, version.last_start_failure.read().clone()),
            Some(Err(why)) => (FunctionState::Failed, Some(why.clone())),
            None if self.prepare.under_way(version.id) => (FunctionState::Preparing, None),
            None => (FunctionState::Ready, None),
        }
    }
}

/// A function that has no version yet.
fn unborn(deployment: Deployment, url: String) -> api::Function {
    let Deployment { spec, failure, .. } = deployment;
    let state = if failure.is_some() { FunctionState::Failed } else { FunctionState::Preparing };
    api::Function {
        name: spec.name.clone(),
        version: 0,
        state,
        reason: failure,
        traffic: Vec::new(),
        versions: 0,
        url,
        spec,
        instances: InstanceCounts::default(),
        calls: CallCounts::default(),
    }
}

fn count(instances: &[Instance]) -> Counts {
    let mut counts = Counts::new();
    for instance in instances {
        let of = match counts.get_mut(&instance.function) {
            Some(of) => of,
            None => counts.entry(instance.function.clone()).or_default(),
        };
        match instance.state.as_str() {
            "starting" => of.starting += 1,
            "busy" => of.busy += 1,
            "paused" => of.paused += 1,
            _ => of.idle += 1,
        }
    }
    counts
}
