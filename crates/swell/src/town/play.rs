//! The play: somebody orders a move that turns out wrong, and it is taken back; meanwhile a peak
//! elsewhere is forecast, proposed, voted on, moved before it is there, and checked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use swell_api::site::{FileProposal, Filed, Proposal};
use swell_api::site_reading::{Ledger, Read};
use swell_core::time::Span;

use crate::error::Letter;
use crate::output::to_stdout;
use crate::rig::client::Client;
use crate::say::say;
use crate::town::cast::{PARTS, SITES};
use crate::town::receipt::{self, Receipt};
use crate::town::sites::{Town, ask, get};
use crate::town::traffic::Traffic;
use crate::town::watching::{Watching, line};

/// Length of a slot.
const SLOT: Span = Span::from_secs(1);
/// A site above this is overloaded, as the rules of the council have it.
const LIMIT: f64 = 0.85;
/// How often one looks.
const LOOK: Duration = Duration::from_millis(400);
/// How often one says how full sites are.
const SAY: Duration = Duration::from_secs(10);
/// When somebody orders the wrong move: sites know by then what is usual.
const ORDER: Duration = Duration::from_secs(4);
/// When the play ends at the latest.
const END: Duration = Duration::from_secs(90);
/// How long a workload rests after a move, and a little.
const REST: Duration = Duration::from_secs(11);
/// Slots over which the ordered move is checked.
const CHECK: u64 = 3;

/// How far the wrong move is.
#[derive(Debug, Clone, PartialEq)]
enum Act {
    /// Nobody has ordered anything.
    Calm,
    /// A wrong move was ordered.
    Wrong { id: u64, moved: &'static str, to: &'static str, bursts: &'static str },
    /// It was taken back, and will be ordered again once what moved has rested.
    Again { at: Duration, moved: &'static str, to: &'static str },
    /// It was ordered again.
    Over { refusal: Option<String> },
}

/// Plays it.
pub async fn play(asked: &AtomicBool) -> Result<(), Letter> {
    say("three sites come up on this machine: oslo, lima and kobe");
    let town = Town::found(SLOT).await?;
    town.deploy().await?;
    say("one cluster by certificate; shop and mail at oslo, news at lima, maps at kobe");
    say("a slot is 1 s; calls pretend to compute; shop is called more and more from second 8 on\n");
    let traffic = Traffic::begin(&town.clients);
    let mut watching = Watching::new(LIMIT);
    let ended = acts(&town.clients, &traffic, &mut watching, asked).await?;
    let (proposals, refusal) = ended;
    let read: Read<Ledger> = get(&town.clients[0], "/v1/ledger").await?;
    let tally = traffic.end();
    say("");
    to_stdout(|out| {
        let receipt = Receipt {
            proposals: &proposals,
            refusal: refusal.as_deref(),
            tally: &tally,
            watching: &watching,
            ledger: &read.told.ledger,
        };
        receipt::write(&receipt, out)
    })?;
    town.end().await?;
    let is_back = proposals.iter().any(|proposal| proposal.state == "rolled-back");
    let Some(done) = relief(&proposals).filter(|_| is_back) else {
        let why = "the play ended before a move was done and another taken back";
        return Err(Letter::failed(why)
            .hint("this machine may be too busy for slots of a second; try again"));
    };
    // How long things take is the machine's affair: it is told, and no failure of the play.
    if let Some(late_ms) = done.late_ms {
        say(format!(
            "what causes the peak left {:.1} s too late: this machine is busy for slots of a second",
            late_ms as f64 / 1e3
        ));
    }
    Ok(())
}

/// The move away from the site that the peak is at, once it is done.
fn relief(proposals: &[Proposal]) -> Option<&Proposal> {
    let is_relief = |of: &&Proposal| of.source == SITES[0] && of.needed_ms.is_some();
    proposals.iter().filter(is_relief).find(|proposal| proposal.state == "done")
}

async fn acts(
    clients: &[Client],
    traffic: &Traffic,
    watching: &mut Watching,
    asked: &AtomicBool,
) -> Result<(Vec<Proposal>, Option<String>), Letter> {
    let client = &clients[0];
    let (mut act, mut said) = (Act::Calm, Duration::ZERO);
    loop {
        let proposals = watching.proposals(client, traffic.since()).await?;
        let cluster = watching.utilisation(client).await?;
        if traffic.since() >= said + SAY {
            said = traffic.since();
            say(format!("{:>5.0} s  {}", said.as_secs_f64(), line(&cluster)));
        }
        act = next(act, client, traffic, &proposals).await?;
        let is_late = traffic.since() > END || asked.load(Ordering::Relaxed);
        match act {
            Act::Over { refusal } if is_late || relief(&proposals).is_some() => {
                return Ok((proposals, refusal));
            }
            _ if is_late => return Ok((proposals, None)),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

async fn next(
    act: Act,
    client: &Client,
    traffic: &Traffic,
    proposals: &[Proposal],
) -> Result<Act, Letter> {
    match act {
        // A site that is too full for the moment may have room a little later.
        Act::Calm if traffic.since() >= ORDER => Ok(order(client).await.unwrap_or(Act::Calm)),
        Act::Wrong { id, moved, to, bursts } => {
            let Some(wrong) = proposals.iter().find(|proposal| proposal.id == id) else {
                return Ok(act);
            };
            if wrong.is_ended {
                traffic.burst(None);
                let at = traffic.since() + REST;
                return Ok(Act::Again { at, moved, to });
            }
            if matches!(wrong.state.as_str(), "draining" | "watching") {
                traffic.burst(Some(bursts));
            }
            Ok(act)
        }
        Act::Again { at, moved, to } if traffic.since() >= at => {
            let refused = file(client, moved, to).await.err();
            Ok(Act::Over { refusal: refused.map(|letter| letter.message().to_string()) })
        }
        later @ (Act::Calm | Act::Again { .. } | Act::Over { .. }) => Ok(later),
    }
}

/// Orders a move between the two sites that the peak is not at.
async fn order(client: &Client) -> Result<Act, Letter> {
    let (from, to) = (SITES[2], SITES[1]);
    let of = |place: usize| {
        PARTS.iter().find(|part| part.home == place).map_or("news", |part| part.name)
    };
    let (moved, bursts) = (of(2), of(1));
    let id = file(client, moved, to).await?.id;
    say(format!(
        "\nsomebody orders {moved} from {from} to {to}; nobody knows that {bursts} there is about to burst"
    ));
    Ok(Act::Wrong { id, moved, to, bursts })
}

async fn file(client: &Client, workload: &str, to: &str) -> Result<Filed, Letter> {
    let asked = FileProposal {
        workloads: vec![workload.to_string()],
        destination: to.to_string(),
        within_ms: Some(20_000),
        check_slots: Some(CHECK),
        at_most: None,
        stay: false,
        again: false,
    };
    ask(client, Method::POST, "/v1/proposals", &asked).await
}
