//! Sites that agree who carries what: `swell site`, `proposal`, `authority`.

use std::fs;
use std::path::Path;

use serde::Serialize;
use swell_api::site::{
    Authority, Cluster, ClusterState, FileProposal, NodeOfSite, Proposal, ResourceHealth, SetMode,
    Site, SiteMode, WantedMode,
};
use swell_api::site_joining::{InitSite, Invitation, JoinSite, Reach};
use swell_api::site_reading::Read;

use crate::cli::form::ListingArguments;
use crate::cli::site::{
    AuthorityCommand, FileArguments, Mode, ProposalCommand, ReachArguments, SiteCommand,
};
use crate::connect;
use crate::done::{Object, done};
use crate::error::Letter;
use crate::figure::moment;
use crate::listing::{Column, facts, rows, show_one};
use crate::output::{json, to_stdout};
use crate::say::say;
use crate::site_capacity::capacity;
use crate::site_nodes;
use crate::site_outlook::{outlook, receipt};
use crate::siting::{parts, peak, percent, story};

const SITES: [Column<Site>; 12] = [
    Column::text("SITE", |site| site.name.clone()),
    Column::text("REACHED", |site| yes(site.is_reached)),
    Column::text("VOTER", |site| yes(site.is_voter)),
    Column::number("WEIGHT", |site| percent(site.weight)),
    Column::number("WORKLOADS", |site| site.workloads.to_string()),
    Column::text("NODES", nodes),
    Column::text("USED", |site| parts(site, |of| of.seen.map(percent))),
    Column::text("PEAK AHEAD", |site| parts(site, |of| peak(of).map(|most| percent(most.high)))),
    Column::text("OVERLOAD", |site| {
        parts(site, |of| peak(of).map(|most| percent(most.overload_chance)))
    }),
    Column::number("FAILURE", |site| percent(site.failure_chance)),
    Column::text("RESOURCE", resource),
    Column::text("MAINTENANCE", |site| maintenance(site).unwrap_or_default()),
];

const PROPOSALS: [Column<Proposal>; 7] = [
    Column::number("ID", |one| one.id.to_string()),
    Column::text("STATE", |one| one.state.clone()),
    Column::text("WORKLOADS", |one| one.workloads.join(",")),
    Column::text("FROM", |one| one.source.clone()),
    Column::text("TO", |one| one.destination.clone()),
    Column::number("YES", |one| percent(one.yes)),
    Column::text("CAUSE", |one| one.cause.clone()),
];

const AUTHORITIES: [Column<Authority>; 8] = [
    Column::text("WORKLOAD", |one| one.workload.clone()),
    Column::text("SITE", |one| one.holder.clone()),
    Column::number("EPOCH", |one| one.epoch.to_string()),
    Column::text("MATTERS", |one| one.criticality.clone()),
    Column::text("MODE", |one| mode_word(one.mode).to_string()),
    Column::number("CPU", |one| format!("{:.2}", one.cpu_milli as f64 / 1e3)),
    Column::wide("LEASE UNTIL", |one| moment(one.lease_until_ms)),
    Column::text("MOVED BY", |one| one.moving.map_or_else(String::new, |id| id.to_string())),
];

/// The sites alone, as programs read them.
#[derive(Serialize)]
struct Sites {
    sites: Vec<Site>,
}

/// Anomalies that are shown to a person.
const ODD_MAX: usize = 3;

/// Runs `swell site`.
pub fn site(command: &SiteCommand) -> Result<(), Letter> {
    match command {
        SiteCommand::Init {
            name,
            cluster,
            slot,
            capacity: most,
            method,
            reach: at,
            form,
            node,
        } => {
            let asked = InitSite {
                cluster: cluster.clone(),
                site: name.clone(),
                capacity: capacity(most)?,
                slot_ms: slot.map(|slot| slot.nanos() / 1_000_000),
                method: method.map(|method| method.name().to_string()),
                reach: reach(at),
            };
            stands(&connect::node(node)?.init_site(&asked)?, *form)
        }
        SiteCommand::Invite { name, node } => {
            let invitation = connect::node(node)?.invite_site(name)?;
            to_stdout(|out| json(&invitation, out))
        }
        SiteCommand::Join { invitation, capacity: most, method, reach: at, form, node } => {
            let asked = JoinSite {
                invitation: read(invitation)?,
                capacity: capacity(most)?,
                method: method.map(|method| method.name().to_string()),
                reach: reach(at),
            };
            let cluster = connect::node(node)?.join_site(&asked)?;
            stands(&cluster, *form)?;
            is_member(&cluster)
        }
        SiteCommand::Leave { forget, form, node } => {
            connect::node(node)?.leave_site(*forget)?;
            done("left", Object::default(), "this node is no site any more", *form)
        }
        SiteCommand::Renew { form, node } => {
            connect::node(node)?.renew_site()?;
            let told = "this site is certified anew; restart its node to have it use that";
            done("renewed", Object::default(), told, *form)
        }
        SiteCommand::Remove { name, form, node } => {
            connect::node(node)?.remove_site(name)?;
            let told = format!("`{name}` is no site any more");
            done("removed", Object { site: Some(name), ..Object::default() }, &told, *form)
        }
        SiteCommand::List { reading, output, node } => {
            let cluster = connect::node(node)?.cluster(*reading)?;
            let Read { consistency, told: Cluster { sites, .. } } = cluster;
            let read = Read { consistency, told: Sites { sites } };
            rows(&read, &read.told.sites, &SITES, |site| site.name.clone(), *output)
        }
        SiteCommand::Status { reading, output, node } => {
            let cluster = connect::node(node)?.cluster(*reading)?;
            let of = &cluster.told;
            show_one(&cluster, &of.site, |_| status(of), *output)
        }
        SiteCommand::Forecast { site, workload, of_node, output, node } => {
            let (site, workload) = (site.as_deref(), workload.as_deref());
            let told = connect::node(node)?.site_outlook(site, workload, of_node.as_deref())?;
            outlook(&told, *output)
        }
        SiteCommand::Receipt { since, output, node } => {
            let told = connect::node(node)?.shadow_receipt(since)?;
            show_one(&told, "receipt", |_| receipt(&told), *output)
        }
        SiteCommand::Node(command) => site_nodes::run(command),
        SiteCommand::Mode { mode, workload, form, node } => {
            let mode = match mode {
                Mode::Off => WantedMode::Off,
                Mode::Shadow => WantedMode::Shadow,
                Mode::On => WantedMode::On,
                Mode::Inherit => WantedMode::Inherit,
            };
            let asked = SetMode { mode, workload: workload.clone() };
            connect::node(node)?.set_site_mode(&asked)?;
            let of = Object { setting: Some(&asked), ..Object::default() };
            done("mode-set", of, &mode_set(&asked), *form)
        }
    }
}

/// Runs `swell proposal`.
pub fn proposal(command: &ProposalCommand) -> Result<(), Letter> {
    match command {
        ProposalCommand::List { reading, output, node } => {
            let read = connect::node(node)?.proposals(*reading)?;
            rows(&read, &read.told.proposals, &PROPOSALS, |one| one.id.to_string(), *output)
        }
        ProposalCommand::Show { id, reading, output, node } => {
            let proposal = connect::node(node)?.proposal(*id, *reading)?;
            show_one(&proposal, &id.to_string(), |_| story(&proposal.told), *output)
        }
        ProposalCommand::File(arguments) => file(arguments),
        ProposalCommand::Withdraw { id, form, node } => {
            connect::node(node)?.withdraw_proposal(*id)?;
            let of = Object { proposal: Some(*id), ..Object::default() };
            done("withdrawn", of, &format!("{id}: withdrawn"), *form)
        }
    }
}

/// Runs `swell authority`.
pub fn authority(command: &AuthorityCommand) -> Result<(), Letter> {
    match command {
        AuthorityCommand::List { reading, output, node } => {
            let read = connect::node(node)?.authorities(*reading)?;
            let name = |one: &Authority| one.workload.clone();
            rows(&read, &read.told.authorities, &AUTHORITIES, name, *output)
        }
        AuthorityCommand::Move(arguments) => file(arguments),
        AuthorityCommand::Forget { workload, form, node } => {
            connect::node(node)?.forget_workload(workload)?;
            let of = Object { workload: Some(workload), ..Object::default() };
            done("forgotten", of, &format!("`{workload}` is forgotten"), *form)
        }
    }
}

fn file(arguments: &FileArguments) -> Result<(), Letter> {
    let asked = FileProposal {
        workloads: arguments.workloads.clone(),
        destination: arguments.to.clone(),
        within_ms: Some(arguments.within.nanos() / 1_000_000),
        check_slots: Some(arguments.check),
        at_most: arguments.at_most,
        stay: arguments.stay,
        again: arguments.again,
    };
    let filed = connect::node(&arguments.node)?.file_proposal(&asked)?;
    say(format!("filed as {0}; `swell proposal show {0}` tells what comes of it", filed.id));
    let id = filed.id.to_string();
    show_one(&filed, &id, |_| format!("{id}\n"), arguments.form.output)
}

fn reach(at: &ReachArguments) -> Reach {
    Reach { address: at.address.clone(), ports: at.ports }
}

fn read(path: &Path) -> Result<Invitation, Letter> {
    let text = fs::read(path).map_err(|error| {
        Letter::usage(format!("cannot read the invitation `{}`: {error}", path.display()))
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Letter::usage(format!("`{}` is no invitation: {error}", path.display()))
            .hint("make one with `swell site invite NAME` at the first site")
    })
}

fn stands(cluster: &Cluster, form: ListingArguments) -> Result<(), Letter> {
    let Cluster { name, site, sites, .. } = cluster;
    say(format!("site `{site}` of cluster `{name}`, {} known", sites.len()));
    show_one(cluster, site, |_| String::new(), form.output)
}

/// An error where a site that was invited is none yet: nobody it knows has admitted it.
fn is_member(cluster: &Cluster) -> Result<(), Letter> {
    let Cluster { name, site, state, trouble, .. } = cluster;
    if *state == ClusterState::Deciding {
        return Ok(());
    }
    let why = trouble.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let state = crate::client::node::word(state);
    let letter =
        Letter::failed(format!("site `{site}` is not in cluster `{name}` yet ({state}){why}"));
    Err(letter.hint(
        "it goes on asking, and `swell site status` tells; `swell site leave --forget` gives up",
    ))
}

fn status(cluster: &Cluster) -> String {
    let reached = cluster.sites.iter().filter(|site| site.is_reached).count();
    // A site that stays down has not read what the cluster is.
    let known = |told: String| match cluster.state {
        ClusterState::Stopped => String::new(),
        _ => told,
    };
    facts(&[
        ("Cluster", cluster.name.clone()),
        ("Site", cluster.site.clone()),
        ("State", crate::client::node::word(&cluster.state)),
        ("Leader", cluster.leader.clone().unwrap_or_default()),
        ("Mode", cluster.mode.map_or_else(String::new, |mode| mode_word(mode).to_string())),
        ("Reached", known(format!("{reached} of {} sites", cluster.sites.len()))),
        ("Nodes", own_nodes(cluster)),
        (
            "Resource channel",
            of_sites(cluster, |site| Some(resource(site)).filter(|it| !it.is_empty())),
        ),
        ("Maintenance", of_sites(cluster, maintenance)),
        ("Slot", cluster.slot_ms.map_or_else(String::new, crate::figure::span_ms)),
        ("Entries", cluster.applied.map_or_else(String::new, |applied| applied.to_string())),
        ("Trouble", cluster.trouble.clone().unwrap_or_default()),
        ("Anomalies", odd(cluster)),
    ])
}

/// How a site answers over the resource channel; nothing of the one that tells.
fn resource(site: &Site) -> String {
    let told = |health: ResourceHealth| match health.round_ms {
        Some(round_ms) => format!("{round_ms:.1} ms"),
        None => "silent".to_string(),
    };
    site.resource.map_or_else(String::new, told)
}

/// The next window of maintenance of a site, and what is left of it meanwhile.
fn maintenance(site: &Site) -> Option<String> {
    let next = site.maintenance.first()?;
    let left = if next.left > 0.0 { format!("{} left", percent(next.left)) } else { "down".into() };
    Some(format!("{left} from {} to {}", moment(next.from_ms), moment(next.until_ms)))
}

/// A line for each site of which there is something to tell.
fn of_sites(cluster: &Cluster, tell: impl Fn(&Site) -> Option<String>) -> String {
    let told =
        cluster.sites.iter().filter_map(|site| Some(format!("{} {}", site.name, tell(site)?)));
    told.collect::<Vec<_>>().join(", ")
}

/// The nodes of a site that has several, each with how full it is.
fn nodes(site: &Site) -> String {
    let node = |node: &NodeOfSite| match node.is_there {
        true => format!("{} {}", node.name, percent(node.used)),
        false => format!("{} lost", node.name),
    };
    site.nodes.iter().map(node).collect::<Vec<_>>().join(", ")
}

fn own_nodes(cluster: &Cluster) -> String {
    let own = cluster.sites.iter().find(|site| site.name == cluster.site);
    own.map_or_else(String::new, nodes)
}

/// The latest of what was out of the ordinary.
fn odd(cluster: &Cluster) -> String {
    let latest = cluster.anomalies.iter().rev().take(ODD_MAX);
    let told: Vec<String> =
        latest.map(|one| format!("{}: {}", moment(one.noticed_ms), one.what)).collect();
    told.join("; ")
}

fn mode_word(mode: SiteMode) -> &'static str {
    match mode {
        SiteMode::Off => "off",
        SiteMode::Shadow => "shadow",
        SiteMode::On => "on",
    }
}

/// What a mode means that was just set, and for what.
fn mode_set(asked: &SetMode) -> String {
    let word = crate::client::node::word(&asked.mode);
    match &asked.workload {
        None => format!("mode {word}, at all sites"),
        Some(name) if asked.mode == WantedMode::Inherit => {
            format!("`{name}` goes by the mode of all")
        }
        Some(name) => format!(
            "mode {word} for `{name}`, at all sites; of it and the mode of all the stricter holds"
        ),
    }
}

fn yes(is_so: bool) -> String {
    (if is_so { "yes" } else { "no" }).to_string()
}

#[cfg(test)]
mod tests {
    use swell_api::site::MaintenanceWindow;

    use super::*;
    use crate::listing::table;

    #[test]
    fn people_see_how_likely_a_site_fails() {
        let oslo = Site {
            name: "oslo".to_string(),
            gateway: None,
            is_reached: true,
            is_voter: true,
            weight: 0.5,
            failure_chance: 0.27,
            resource: Some(ResourceHealth { answers: true, round_ms: Some(1.25) }),
            maintenance: vec![MaintenanceWindow { from_ms: 60_000, until_ms: 120_000, left: 0.0 }],
            workloads: 1,
            utilisation: Vec::new(),
            nodes: Vec::new(),
        };
        let shown = table(&[oslo], &SITES, false);
        let ends: Vec<bool> = shown
            .lines()
            .zip([["FAILURE", "RESOURCE"], ["27 %", "1.2 ms"]])
            .map(|(line, parts)| parts.iter().all(|part| line.contains(part)))
            .collect();
        assert_eq!(ends, [true, true], "{shown}");
        assert!(shown.contains("down from "), "{shown}");
    }
}
