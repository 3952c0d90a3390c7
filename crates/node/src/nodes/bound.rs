//! Which functions stay at the node that has the seat, because of what only one node may have.

use std::sync::Arc;

use swell_api::spec::FunctionSpec;

use crate::flow::flows::Flows;
use crate::flow::wire::Elsewhere;
use crate::later::Followers;

/// Knows it.
#[derive(Clone)]
pub struct Bound {
    /// Flows, whose items are at one node.
    pub flows: Arc<Flows>,
    /// What follows the ends of calls, and belongs to one node.
    pub followers: Arc<dyn Followers>,
}

impl Bound {
    /// Why a function stays at the seat; nothing if it does not.
    pub fn why(&self, spec: &FunctionSpec) -> Option<&'static str> {
        if let Some(why) = by_specification(spec) {
            return Some(why);
        }
        let nowhere = Elsewhere { node: String::new(), at: String::new() };
        if !self.flows.parts_of(std::slice::from_ref(&spec.name), &nowhere).is_empty() {
            return Some("it takes part in a flow, whose items are at the seat");
        }
        let follows = |status| self.followers.wanted(&spec.name, status);
        (follows(200) || follows(500))
            .then_some("other calls follow the ends of its calls, and they are made at the seat")
    }
}

/// What can be told by the specification alone.
fn by_specification(spec: &FunctionSpec) -> Option<&'static str> {
    if !spec.key_value.is_empty() {
        return Some("it keeps values, which are at the seat");
    }
    (!spec.inputs.is_empty()).then_some("it reads contents, which the seat has at hand")
}

/// The specification as another node has it: what calls it by itself does so at the seat.
pub fn elsewhere(spec: &FunctionSpec) -> FunctionSpec {
    FunctionSpec { triggers: Vec::new(), ..spec.clone() }
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    #[test]
    fn what_only_one_node_may_have_keeps_a_function_there() {
        let plain = FunctionSpec::plain("shop", BackendName::Modelled);
        assert_eq!(by_specification(&plain), None);
        let keeps = FunctionSpec { key_value: vec!["carts".to_string()], ..plain.clone() };
        assert!(by_specification(&keeps).is_some_and(|why| why.contains("keeps values")));
        let reads = FunctionSpec { inputs: vec!["prices".to_string()], ..plain };
        assert!(by_specification(&reads).is_some_and(|why| why.contains("reads contents")));
    }
}
