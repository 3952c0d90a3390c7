//! Functions that flows name: none is removed while a flow needs it, and a flow tells which of
//! them are not here all the same, as where a workload went to another site.

use std::future::Future;

use swell_api::flow::is_native;

use crate::flow::flows::Flows;
use crate::flow::line::Line;
use crate::flow::up::Up;
use crate::flow::wire::function_of;
use crate::refusal::{Reason, Refusal};

impl Flows {
    /// Removes a function by `removing`, unless a flow names it.
    pub async fn remove_function(
        &self,
        name: &str,
        removing: impl Future<Output = Result<(), Refusal>>,
    ) -> Result<(), Refusal> {
        // Nor is a flow deployed meanwhile that names it.
        let _everybody = self.turns.of_all().await;
        let ups = self.all();
        let flows: Vec<&str> =
            ups.iter().filter(|up| needs(up, name)).map(|up| up.spec.name.as_str()).collect();
        let is_here = self.parts.registry.get(name).is_some();
        if flows.is_empty() || !is_here {
            return removing.await;
        }
        let (noun, verb) =
            if flows.len() == 1 { ("the flow", "names") } else { ("the flows", "name") };
        let quoted: Vec<String> = flows.iter().map(|flow| format!("`{flow}`")).collect();
        let title = format!("`{name}` stays, as {noun} {} {verb} it", quoted.join(", "));
        let hint = format!(
            "deploy {noun} without it, or remove {noun} first, such as with `swell flow rm {}`",
            flows[0]
        );
        Err(Refusal::new(Reason::Conflict, title).hint(hint))
    }

    /// Functions that a flow names and that are not here, owners first. One that feeds it from
    /// another node need not be here too.
    pub(crate) fn missing(&self, line: &Line) -> Vec<String> {
        let is_remote = |lane: &&String| function_of(lane) != **lane;
        let abroad = |name: &String| {
            line.from.iter().filter(is_remote).any(|lane| function_of(lane) == name)
        };
        let spec = &line.spec;
        let from = spec.from.iter().filter(|name| !abroad(name));
        let mut missing: Vec<String> = Vec::new();
        for name in std::iter::once(&spec.to).chain(&spec.owners).chain(from) {
            let is_here = is_native(name) || self.parts.registry.get(name).is_some();
            if !is_here && !missing.contains(name) {
                missing.push(name.clone());
            }
        }
        missing
    }
}

/// Whether a flow names a function that must be here: who owns it works where the flow is.
fn needs(up: &Up, function: &str) -> bool {
    let spec = &up.spec;
    let owns = || spec.to == function || spec.owners.iter().any(|name| name == function);
    spec.from.iter().any(|name| name == function) || (up.away.is_none() && owns())
}
