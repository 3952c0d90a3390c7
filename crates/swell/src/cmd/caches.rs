//! Shows cache groups, as a node sees them.

use swell_api::cache::{
    CacheGroup, CacheState, CachedContent, PlacedFunction, PlacedInput, PlacedNode,
};

use crate::cli::caches::{Asked, CachesCommand, OneContent, OneMove};
use crate::connect;
use crate::error::Letter;
use crate::figure::bytes;
use crate::listing::{Column, facts, show, show_one};

const GROUPS: [Column<CacheGroup>; 10] = [
    Column::text("WORKLOAD", workload),
    Column::text("LEADER", |one| one.leader.clone().unwrap_or_else(|| "-".to_string())),
    Column::number("REIGN", |one| one.epoch.to_string()),
    Column::text("HERE", here),
    Column::text("MEMBERS", |one| one.members.join(",")),
    Column::number("COPIES", |one| one.copies.to_string()),
    Column::number("SIZE", |one| bytes(one.copy_bytes)),
    Column::wide_number("LED", |one| one.led_contents.to_string()),
    Column::wide("VOTERS", voters),
    Column::wide("WHY", |one| one.why.clone().unwrap_or_else(|| "-".to_string())),
];

/// What this node is in a group: its leader, a member, or one that only votes or looks on.
fn here(group: &CacheGroup) -> String {
    match (group.leads, &group.why) {
        (true, _) => "leads",
        (false, Some(_)) => "member",
        (false, None) => "-",
    }
    .to_string()
}

/// Who votes, and who would by the node's settings, if that is not the same.
fn voters(group: &CacheGroup) -> String {
    let voters = group.voters.join(",");
    match &group.by_settings {
        Some(own) => format!("{voters} (settings: {})", own.join(",")),
        None => voters,
    }
}

fn workload(group: &CacheGroup) -> String {
    group.workload.clone().unwrap_or_else(|| format!("#{}", group.group))
}

/// Runs `swell cache`.
pub fn run(command: &CachesCommand) -> Result<(), Letter> {
    match command {
        CachesCommand::Groups { output, node } => {
            show(&connect::node(node)?.caches()?.groups, &GROUPS, workload, *output)
        }
        CachesCommand::Members { output, node } => {
            let state = connect::node(node)?.caches()?;
            show_one(&state, &state.name, |_| members(&state), *output)
        }
        CachesCommand::Show(OneContent { name, output, node }) => {
            let content = connect::node(node)?.cached(name)?;
            show_one(&content, &content.name, |_| describe(&content), *output)
        }
        CachesCommand::Move(OneMove { name, group, output, node }) => {
            let content = connect::node(node)?.move_content(name, group)?;
            let words = format!("`{}` is led {}\n", content.name, content.led);
            show_one(&content, &content.name, |_| words, *output)
        }
        CachesCommand::Voters(arguments) => crate::voters::run(arguments),
        CachesCommand::Why(Asked { name, output, node }) if name.contains('/') => {
            let content = connect::node(node)?.cached(name)?;
            let mut words = format!("`{}` would be read {}\n", content.name, content.why);
            words += &format!("it is led {}\n", content.led);
            for group in &content.groups {
                words += &format!("it belongs to {group}\n");
            }
            show_one(&content, &content.name, |_| words, *output)
        }
        CachesCommand::Why(Asked { name, output, node }) => {
            let placed = connect::node(node)?.placement(name)?;
            show_one(&placed, &placed.name, |_| explain(&placed), *output)
        }
    }
}

fn explain(placed: &PlacedFunction) -> String {
    let PlacedFunction { name, workload, by, .. } = placed;
    let mut words = format!("`{name}` belongs to the workload `{workload}`: {by}\n");
    words += &match (&placed.node, placed.joins) {
        (Some(node), false) => format!("a call would go to `{node}`, which is in its group\n"),
        (Some(node), true) => format!(
            "a call would go to `{node}`, which joins its group by it: no member is suitable\n"
        ),
        (None, _) => "a call would wait here: no node is suitable\n".to_string(),
    };
    for PlacedNode { name, cost, .. } in &placed.choices {
        words += &format!("  `{name}`: {cost}\n");
    }
    for PlacedInput { name, bytes } in &placed.inputs {
        words += &format!("  it usually reads `{name}` ({bytes} bytes)\n");
    }
    words
}

fn members(state: &CacheState) -> String {
    let (counts, ahead) = (&state.counts, &state.prefetch);
    let differing = state.groups.iter().filter(|group| group.by_settings.is_some());
    let differing: Vec<String> = differing.map(workload).collect();
    facts(&[
        ("node", state.name.clone()),
        ("members", state.members.join(", ")),
        ("data store", state.store.clone()),
        (
            "voters",
            match differing.is_empty() {
                true => "as settings name them".to_string(),
                false => format!("not as settings name them in {}", differing.join(", ")),
            },
        ),
        ("trouble", state.trouble.clone().unwrap_or_else(|| "none".to_string())),
        (
            "reads",
            format!(
                "{} local, {} from the group, {} from the data store",
                counts.local, counts.group, counts.store
            ),
        ),
        ("writes", counts.writes.to_string()),
        ("failures", counts.failures.to_string()),
        ("messages", format!("{} sent, {} received", counts.sent, counts.received)),
        (
            "prefetch",
            format!(
                "{}: {} begun, {} useful, {} late, {} wasted",
                ahead.layers, ahead.begun, ahead.useful, ahead.late, ahead.wasted
            ),
        ),
        (
            "requests",
            format!(
                "{} to the data store, {} came to nothing",
                counts.store_requests, counts.store_failures
            ),
        ),
    ])
}

fn describe(content: &CachedContent) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_string());
    facts(&[
        ("content", content.name.clone()),
        ("copy", or_none(&content.version)),
        (
            "fetched ahead",
            if content.fetched_ahead { "yes, and not read yet" } else { "no" }.into(),
        ),
        ("tag", or_none(&content.tag)),
        ("valid", content.age_ms.map_or_else(|| "-".to_string(), |age| format!("{age} ms ago"))),
        ("leader says", or_none(&content.leader_tag)),
        ("holders", content.holders.join("\n")),
        ("a read", content.why.clone()),
        ("led", content.led.clone()),
        ("groups", content.groups.join("\n")),
    ])
}
