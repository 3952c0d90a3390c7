//! Nodes that serve what a site serves: `swell site node`.

use std::fs;
use std::path::Path;

use swell_api::site_nodes::{JoinNode, NodeInvitation, NodeReach, SiteNode, SiteNodes};

use crate::cli::form::Listing;
use crate::cli::site_node::SiteNodeCommand;
use crate::client::node::word;
use crate::connect;
use crate::done::{Object, done};
use crate::error::Letter;
use crate::listing::{Column, show_one, table};
use crate::output::{json, to_stdout};
use crate::say::say;
use crate::site_capacity::capacity;
use crate::siting::percent;

const NODES: [Column<SiteNode>; 8] = [
    Column::text("NODE", |node| node.name.clone()),
    Column::text("STATE", |node| word(&node.state)),
    Column::number("CPU", |node| {
        let cpu = node.capacity.map(|capacity| capacity.cpu_milli as f64 / 1e3);
        cpu.map_or_else(String::new, |cpu| format!("{cpu:.2}"))
    }),
    Column::number("USED", |node| node.used.map_or_else(String::new, percent)),
    Column::number("BUSY", |node| node.busy.map_or_else(String::new, |busy| busy.to_string())),
    Column::number("OVERLOAD", |node| node.overload_chance.map_or_else(String::new, percent)),
    Column::number("FAILURE", |node| node.failure_chance.map_or_else(String::new, percent)),
    Column::text("WITHOUT", |node| {
        let names: Vec<&str> = node.without.iter().map(|it| it.function.as_str()).collect();
        names.join(",")
    }),
];

/// From this share of its processors on a node is called full: where the council's rules have
/// overload begin.
const FULL: f64 = 0.85;

/// Runs `swell site node`.
pub fn run(command: &SiteNodeCommand) -> Result<(), Letter> {
    match command {
        SiteNodeCommand::Invite { name, node } => {
            let invitation = connect::node(node)?.invite_node(name)?;
            to_stdout(|out| json(&invitation, out))
        }
        SiteNodeCommand::Join { invitation, capacity: most, reach, form, node } => {
            let asked = JoinNode {
                invitation: read(invitation)?,
                capacity: capacity(most)?,
                reach: NodeReach { address: reach.address.clone(), port: reach.port },
            };
            let joined = connect::node(node)?.join_site_node(&asked)?;
            let SiteNodes { site, node, .. } = &joined;
            say(format!("node `{node}` of site `{site}`"));
            show_one(&joined, node, |_| String::new(), form.output)?;
            has_joined(&joined)
        }
        SiteNodeCommand::List { output, node } => {
            let told = connect::node(node)?.site_nodes()?;
            list(&told, *output)
        }
        SiteNodeCommand::Leave { forget, form, node } => {
            connect::node(node)?.leave_site_node(*forget)?;
            done("left", Object::default(), "this node is none of a site any more", *form)
        }
        SiteNodeCommand::Remove { name, form, node } => {
            connect::node(node)?.remove_site_node(name)?;
            let told = format!("`{name}` is no node of this site any more");
            done("removed", Object { node: Some(name), ..Object::default() }, &told, *form)
        }
    }
}

/// An error where a node that was made one of a site does not follow it: it may have been refused.
fn has_joined(SiteNodes { site, node, trouble, .. }: &SiteNodes) -> Result<(), Letter> {
    let Some(trouble) = trouble else { return Ok(()) };
    let letter = Letter::failed(format!("node `{node}` does not follow site `{site}`: {trouble}"));
    Err(letter.hint(
        "it goes on trying, and `swell site node list` tells; `swell site node leave --forget` \
         gives up",
    ))
}

fn list(told: &SiteNodes, form: Listing) -> Result<(), Letter> {
    show_one(told, &told.node, |is_wide| text(told, is_wide), form)
}

/// How full the nodes of a site are, where it has several.
pub fn line(told: &SiteNodes) -> Option<String> {
    let node = |node: &SiteNode| {
        let used = match (node.used, node.busy) {
            (Some(used), _) => percent(used),
            (None, Some(busy)) => format!("{busy} calls"),
            (None, None) => word(&node.state),
        };
        let is_full = node.used.is_some_and(|used| used >= FULL);
        format!("{} {used}{}", node.name, if is_full { " (full)" } else { "" })
    };
    let nodes: Vec<String> = told.nodes.iter().map(node).collect();
    let is_several = nodes.len() > 1;
    is_several.then(|| format!("nodes of site `{}`: {}", told.site, nodes.join(", ")))
}

fn text(told: &SiteNodes, is_wide: bool) -> String {
    let mut text = table(&told.nodes, &NODES, is_wide);
    if let Some(trouble) = &told.trouble {
        text += &format!("\n{trouble}\n");
    }
    let mut reasons: Vec<String> = told
        .nodes
        .iter()
        .flat_map(|node| &node.without)
        .map(|it| format!("`{}` is not everywhere: {}", it.function, it.why))
        .collect();
    reasons.sort();
    reasons.dedup();
    if !reasons.is_empty() {
        text += &format!("\n{}\n", reasons.join("\n"));
    }
    text
}

fn read(path: &Path) -> Result<NodeInvitation, Letter> {
    let text = fs::read(path).map_err(|error| {
        Letter::usage(format!("cannot read the invitation `{}`: {error}", path.display()))
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Letter::usage(format!("`{}` invites no node: {error}", path.display()))
            .hint("make one with `swell site node invite NAME` at the node that has the seat")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_refused_or_hears_nothing_has_not_joined() {
        let told = |trouble: Option<&str>| SiteNodes {
            site: "oslo".to_string(),
            node: "attic".to_string(),
            trouble: trouble.map(str::to_string),
            nodes: Vec::new(),
        };
        assert_eq!(has_joined(&told(None)), Ok(()));
        let why = "its site does not count this node among its own any more";
        let letter = has_joined(&told(Some(why))).expect_err("it does not follow");
        assert!(letter.message().contains(why), "{letter:?}");
        let failed = std::process::ExitCode::from(1);
        assert_eq!(format!("{:?}", letter.exit_code()), format!("{failed:?}"));
    }
}
