//! Decides a recorded run again.

use std::io::{self, Write};

use serde::Serialize;
use swell_core::action::Action;
use swell_core::catalog;
use swell_core::event::Event;
use swell_core::flow::replay::FlowCounts;
use swell_core::journal_format::{Header, Summary};
use swell_core::replay::Difference;
use swell_sim::replay::{Outcome, ReplayError, Replayed, replay};
use swell_sim::report::figure::whole;

use crate::cli::form::Form;
use crate::cli::replay::ReplayArguments;
use crate::error::Letter;
use crate::output::{json, to_stdout};
use crate::recording::{self, PROGRAM};
use crate::say::say;
use crate::sentence;

/// Orders shown in full.
const SHOWN: usize = 12;

/// Runs `swell replay`.
pub fn run(arguments: &ReplayArguments) -> Result<(), Letter> {
    let other = arguments.policy.as_deref();
    if let Some(policy) = other {
        catalog::build(policy, 0)?;
    }
    let path = &arguments.file;
    let mut reader = recording::open(path)?;
    let header = reader.header().clone();
    let replayed = replay(&mut reader, other).map_err(|error| match error {
        ReplayError::Journal(error) => recording::unreadable(path, error),
        ReplayError::Untrue { .. } | ReplayError::FlowsUntrue { .. } => {
            Letter::failed(format!("cannot believe `{}`: {error}", path.display()))
                .hint("it was not written by a run; record one with `swell sim keepalive`")
        }
        ReplayError::Policy(error) => {
            let policy = &header.settings.policy;
            Letter::failed(format!("cannot decide as `{policy}` did: {error}"))
                .hint(format!("the journal is by {}, this is {PROGRAM}", header.program))
        }
        ReplayError::FlowPolicy(why) => {
            Letter::failed(format!("cannot decide on flows as it was decided: {why}"))
                .hint(format!("the journal is by {}, this is {PROGRAM}", header.program))
        }
    })?;
    let judge = other.unwrap_or("a fresh mind");
    match arguments.output {
        Form::Json => to_stdout(|out| json(&Shown::of(&header, other, &replayed), out))?,
        Form::Table => to_stdout(|out| tell(&header, judge, &replayed, out))?,
    }
    match replayed.outcome {
        Outcome::Same(_) => Ok(()),
        Outcome::Cut(_) => {
            say(format!(
                "note: `{}` ends in the middle, as it does when its program was killed; all \
                 that is whole was decided again",
                path.display()
            ));
            Ok(())
        }
        Outcome::Differs { events, .. } => {
            let event = whole((events + 1) as f64);
            Err(differs(judge, &format!("event {event}"), other, &header))
        }
        Outcome::FlowsDiffer { entries, .. } => {
            let entry = whole((entries + 1) as f64);
            Err(differs("a fresh analyzer", &format!("entry {entry} about flows"), other, &header))
        }
    }
}

fn differs(judge: &str, place: &str, other: Option<&str>, header: &Header) -> Letter {
    let letter = Letter::different(format!("{judge} orders something else at {place}"));
    if other.is_none() && header.program != PROGRAM {
        return letter.hint(format!(
            "the journal is by {}, this is {PROGRAM}: their policies may differ",
            header.program
        ));
    }
    letter
}

fn tell(header: &Header, judge: &str, replayed: &Replayed, out: &mut dyn Write) -> io::Result<()> {
    match &replayed.outcome {
        Outcome::Same(summary) | Outcome::Cut(summary) => {
            let Summary { events, actions, digest } = *summary;
            let (events, actions) = (whole(events as f64), whole(actions as f64));
            writeln!(out, "identical: {events} events, {actions} actions, digest {digest:016x}")?;
            tell_flows(&replayed.flows, out)
        }
        Outcome::FlowsDiffer { entries, at, recorded, ordered } => {
            let entry = whole((entries + 1) as f64);
            writeln!(out, "entry {entry} about flows, at {} s", at.secs_f64())?;
            for (title, orders) in [("recorded", recorded), ("ordered by a fresh one", ordered)] {
                writeln!(out, "{title}")?;
                lines(orders, out)?;
            }
            Ok(())
        }
        Outcome::Differs { events, difference } => {
            let Difference { at, event, recorded, ordered, .. } = &**difference;
            let policy = &header.settings.policy;
            writeln!(out, "event {}, at {} s", whole((events + 1) as f64), at.secs_f64())?;
            writeln!(out, "  {}", sentence::event(event))?;
            writeln!(out, "recorded, by {policy}")?;
            orders(recorded, out)?;
            writeln!(out, "ordered by {judge}")?;
            orders(ordered, out)
        }
    }
}

/// What was decided again about flows, if anything was.
fn tell_flows(flows: &FlowCounts, out: &mut dyn Write) -> io::Result<()> {
    let FlowCounts { ticks, glances, close, orders, moved, refused, .. } = *flows;
    if flows.entries == 0 {
        return Ok(());
    }
    let figure = |count: u64| whole(count as f64);
    writeln!(
        out,
        "flows identical: {} ticks, {} glances, {} close looks, {} orders ({} came about, {} were \
         refused)",
        figure(ticks),
        figure(glances),
        figure(close),
        figure(orders),
        figure(moved),
        figure(refused)
    )?;
    if flows.has_ended {
        writeln!(out, "flows had their share of the journal before its end")?;
    }
    Ok(())
}

fn orders(actions: &[Action], out: &mut dyn Write) -> io::Result<()> {
    lines(&actions.iter().map(sentence::action).collect::<Vec<_>>(), out)
}

fn lines(actions: &[String], out: &mut dyn Write) -> io::Result<()> {
    for action in actions.iter().take(SHOWN) {
        writeln!(out, "  {action}")?;
    }
    match actions.len() {
        0 => writeln!(out, "  nothing"),
        count if count > SHOWN => writeln!(out, "  and {} more", whole((count - SHOWN) as f64)),
        _ => Ok(()),
    }
}

/// A replay, as programs get it.
#[derive(Serialize)]
struct Shown<'a> {
    identical: bool,
    /// Whether the journal ends in the middle.
    cut: bool,
    program: &'a str,
    policy: &'a str,
    memory_mb: f64,
    seed: u64,
    asked: Option<&'a str>,
    events: Option<u64>,
    actions: Option<u64>,
    digest: Option<String>,
    difference: Option<ShownDifference<'a>>,
    /// What of flows was decided again; nothing if the journal holds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    flows: Option<ShownFlows<'a>>,
}

#[derive(Serialize)]
struct ShownFlows<'a> {
    entries: u64,
    ticks: u64,
    glances: u64,
    close_looks: u64,
    orders: u64,
    moved: u64,
    refused: u64,
    /// Whether they had their share of the journal before its end.
    ended: bool,
    difference: Option<ShownFlowDifference<'a>>,
}

#[derive(Serialize)]
struct ShownFlowDifference<'a> {
    at_s: f64,
    recorded: &'a [String],
    ordered: &'a [String],
}

#[derive(Serialize)]
struct ShownDifference<'a> {
    /// Events of the journal before it.
    place: u64,
    at_s: f64,
    site: u32,
    event: &'a Event,
    recorded: &'a [Action],
    ordered: &'a [Action],
}

impl<'a> Shown<'a> {
    fn of(header: &'a Header, asked: Option<&'a str>, replayed: &'a Replayed) -> Self {
        let Header { program, settings } = header;
        let outcome = &replayed.outcome;
        let (summary, difference) = match outcome {
            Outcome::Same(summary) | Outcome::Cut(summary) => (Some(summary), None),
            Outcome::Differs { events, difference } => (None, Some((*events, difference))),
            Outcome::FlowsDiffer { .. } => (None, None),
        };
        Self {
            identical: summary.is_some(),
            cut: matches!(outcome, Outcome::Cut(_)),
            program,
            policy: &settings.policy,
            memory_mb: settings.memory.mb_f64(),
            seed: settings.seed,
            asked,
            events: summary.map(|summary| summary.events),
            actions: summary.map(|summary| summary.actions),
            digest: summary.map(|summary| format!("{:016x}", summary.digest)),
            difference: difference.map(|(place, difference)| ShownDifference {
                place,
                at_s: difference.at.secs_f64(),
                site: difference.site.0,
                event: &difference.event,
                recorded: &difference.recorded,
                ordered: &difference.ordered,
            }),
            flows: ShownFlows::of(replayed),
        }
    }
}

impl<'a> ShownFlows<'a> {
    fn of(replayed: &'a Replayed) -> Option<Self> {
        let FlowCounts { entries, ticks, glances, close, orders, moved, refused, has_ended } =
            replayed.flows;
        let difference = match &replayed.outcome {
            Outcome::FlowsDiffer { at, recorded, ordered, .. } => {
                Some(ShownFlowDifference { at_s: at.secs_f64(), recorded, ordered })
            }
            _ => None,
        };
        (entries > 0).then_some(Self {
            entries,
            ticks,
            glances,
            close_looks: close,
            orders,
            moved,
            refused,
            ended: has_ended,
            difference,
        })
    }
}
