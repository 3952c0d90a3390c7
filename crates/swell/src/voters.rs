//! Tells who votes in cache groups, and makes others vote.

use swell_api::cache::{CacheVoters, VotersChange};

use crate::cli::caches::{VotersArguments, VotersCommand};
use crate::client::node::NodeClient;
use crate::connect;
use crate::error::Letter;
use crate::listing::{Column, show};

const VOTERS: [Column<CacheVoters>; 6] = [
    Column::text("WORKLOAD", |one| one.workload.clone()),
    Column::text("VOTERS", |one| one.voters.join(",")),
    Column::number("LIST", |one| one.number.to_string()),
    Column::text("LEADER", |one| one.leader.clone().unwrap_or_else(|| "-".to_string())),
    Column::number("REIGN", |one| one.epoch.to_string()),
    Column::text("BY SETTINGS", by_settings),
];

fn by_settings(one: &CacheVoters) -> String {
    let (mut own, mut office) = (one.by_settings.clone(), one.voters.clone());
    own.sort_unstable();
    office.sort_unstable();
    if own == office { "the same".to_string() } else { one.by_settings.join(",") }
}

/// Runs `swell cache voters`.
pub fn run(arguments: &VotersArguments) -> Result<(), Letter> {
    let VotersArguments { command } = arguments;
    let (VotersCommand::Show { how, .. }
    | VotersCommand::Set { how, .. }
    | VotersCommand::Add { how, .. }
    | VotersCommand::Remove { how, .. }
    | VotersCommand::Replace { how, .. }
    | VotersCommand::Settings { how, .. }) = command;
    let client = connect::node(&how.node)?;
    let rows = match command {
        VotersCommand::Show { workload, .. } => vec![client.voters(workload)?],
        VotersCommand::Set { workload, voters, lost, .. } => {
            let (voters, lost) = (voters.clone(), lost.clone());
            vec![client.change_voters(workload, &VotersChange { voters, after: None, lost })?]
        }
        VotersCommand::Add { workload, voter, .. } => vec![change(&client, workload, |voters| {
            if voters.contains(voter) {
                return Err(Letter::failed(format!("`{voter}` votes already")));
            }
            voters.push(voter.clone());
            Ok(())
        })?],
        VotersCommand::Remove { workload, voter, .. } => {
            vec![change(&client, workload, |voters| {
                let place = place(voters, voter)?;
                voters.remove(place);
                Ok(())
            })?]
        }
        VotersCommand::Replace { workload, from, to, .. } => {
            vec![change(&client, workload, |voters| {
                let place = place(voters, from)?;
                voters[place].clone_from(to);
                Ok(())
            })?]
        }
        VotersCommand::Settings { workloads, .. } => settings(&client, workloads)?,
    };
    show(&rows, &VOTERS, |one| one.workload.clone(), how.output)
}

fn place(voters: &[String], node: &str) -> Result<usize, Letter> {
    let found = voters.iter().position(|voter| voter == node);
    found.ok_or_else(|| {
        Letter::failed(format!("`{node}` does not vote"))
            .hint(format!("these do: {}", voters.join(", ")))
    })
}

/// Changes the list in office, and no other that may have come since.
fn change(
    client: &NodeClient,
    workload: &str,
    edit: impl FnOnce(&mut Vec<String>) -> Result<(), Letter>,
) -> Result<CacheVoters, Letter> {
    let CacheVoters { number, mut voters, .. } = client.voters(workload)?;
    edit(&mut voters)?;
    let change = VotersChange { voters, after: Some(number), lost: Vec::new() };
    client.change_voters(workload, &change)
}

fn settings(client: &NodeClient, workloads: &[String]) -> Result<Vec<CacheVoters>, Letter> {
    let workloads = match workloads {
        [] => {
            let groups = client.caches()?.groups.into_iter();
            let differing = groups.filter(|group| group.by_settings.is_some());
            differing.filter_map(|group| group.workload).collect()
        }
        named => named.to_vec(),
    };
    let mut rows = Vec::new();
    for workload in &workloads {
        let CacheVoters { number, by_settings: voters, .. } = client.voters(workload)?;
        let change = VotersChange { voters, after: Some(number), lost: Vec::new() };
        rows.push(client.change_voters(workload, &change)?);
    }
    Ok(rows)
}
