//! Shows asynchronous calls, and deals with those that were given up.

use std::collections::BTreeSet;

use swell_api::invocation::{Invocation, InvocationState};

use crate::calling::pass_on;
use crate::cli::form::Listing;
use crate::cli::node::NodeArguments;
use crate::cli::queue::{Chosen, QueueCommand};
use crate::client::node::{NodeClient, word};
use crate::connect;
use crate::error::Letter;
use crate::figure::{age, count, elapsed, moment, now_ms};
use crate::listing::{Column, facts, show, show_one};
use crate::say::say;

/// Dead letters asked for at a time.
const BATCH: usize = 1_000;

const CALLS: [Column<Invocation>; 8] = [
    Column::text("CALL", |one| one.id.clone()),
    Column::text("FUNCTION", |one| one.function.clone()),
    Column::text("STATE", |one| word(&one.state)),
    Column::number("TRIES", |one| one.attempts.to_string()),
    Column::number("STATUS", |one| {
        one.status.map_or_else(|| "-".into(), |status| status.to_string())
    }),
    Column::number("AGE", |one| age(one.accepted_at_ms)),
    Column::wide("TRIGGER", |one| one.trigger.clone()),
    Column::text("ERROR", |one| one.error.clone().unwrap_or_default()),
];

/// Runs `swell queue`.
pub fn run(command: &QueueCommand) -> Result<(), Letter> {
    match command {
        QueueCommand::List { state, function, limit, output, node } => {
            list(node, state.map(InvocationState::from), function.as_deref(), *limit, *output)
        }
        QueueCommand::Dead { function, limit, output, node } => {
            list(node, Some(InvocationState::Dead), function.as_deref(), *limit, *output)
        }
        QueueCommand::Show { id, output, node } => {
            let call = connect::node(node)?.invocation(id)?;
            show_one(&call, &call.id, |_| describe(&call), *output)
        }
        QueueCommand::Result { id, node } => pass_on(connect::node(node)?.result(id)?, false),
        QueueCommand::Replay(chosen) => {
            each(chosen, "waits for another try", |node, id| node.replay(id).map(|_| ()))
        }
        QueueCommand::Discard(chosen) => each(chosen, "discarded", NodeClient::discard),
    }
}

fn list(
    node: &NodeArguments,
    state: Option<InvocationState>,
    function: Option<&str>,
    limit: usize,
    output: Listing,
) -> Result<(), Letter> {
    let calls = connect::node(node)?.invocations(state, function, Some(limit))?;
    show(&calls, &CALLS, |one| one.id.clone(), output)
}

fn describe(call: &Invocation) -> String {
    let next =
        call.next_at_ms.map(|at| format!("in {}", elapsed(at.saturating_sub(now_ms()) / 1_000)));
    let pairs = [
        ("call", call.id.clone()),
        ("function", call.function.clone()),
        ("state", word(&call.state)),
        ("trigger", call.trigger.clone()),
        ("accepted", moment(call.accepted_at_ms)),
        ("tries", call.attempts.to_string()),
        ("next try", next.unwrap_or_default()),
        ("status", call.status.map_or(String::new(), |status| status.to_string())),
        ("error", call.error.clone().unwrap_or_default()),
    ];
    facts(&pairs)
}

/// Does something with each call that was chosen.
fn each(
    chosen: &Chosen,
    done: &str,
    act: impl Fn(&NodeClient, &str) -> Result<(), Letter>,
) -> Result<(), Letter> {
    let node = connect::node(&chosen.node)?;
    let mut dealt_with = BTreeSet::new();
    let mut ids = chosen.ids.clone();
    loop {
        if chosen.dead {
            let dead = Some(InvocationState::Dead);
            let calls = node.invocations(dead, chosen.function.as_deref(), Some(BATCH))?;
            ids = calls.into_iter().map(|call| call.id).collect();
        }
        // A call that is tried again may be given up again; each is dealt with once.
        ids.retain(|id| !dealt_with.contains(id));
        for id in &ids {
            act(&node, id)?;
            say(format!("{id}: {done}"));
            dealt_with.insert(id.clone());
        }
        if !chosen.dead || ids.is_empty() {
            break;
        }
    }
    say(format!("{}: {done}", count(dealt_with.len(), "call")));
    Ok(())
}
