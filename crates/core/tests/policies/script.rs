//! What happens in a table, read from text: `0s a; 10s b; 60s..600s/60s a; 700s crash b`.
//!
//! A name alone is a call. A range with a step is one call each step, both ends included.
//! A time alone only lets time pass. The verbs are `cancel` (with the number of a call,
//! from 1), `crash` (the oldest instance), `spoil` (the next start fails), `remove`,
//! `deploy` and `memory`.

use swell_core::ids::FunctionId;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::cast::Cast;

/// Something that is done to the site.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Nothing,
    Call(FunctionId),
    Cancel(u64),
    Crash(FunctionId),
    Spoil(FunctionId),
    Remove(FunctionId),
    Deploy(FunctionId),
    Memory(Bytes),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) at: Instant,
    pub(crate) deed: Deed,
}

/// The steps in order of time; those of one moment in the order they are written.
pub(crate) fn read(text: &str, cast: &Cast) -> Vec<Step> {
    let mut steps = Vec::new();
    for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (when, what) = entry.split_once(' ').unwrap_or((entry, ""));
        let deed = deed(what, cast);
        let (first, last, step) = times(when);
        let mut at = first;
        while at <= last {
            steps.push(Step { at: Instant::ZERO + at, deed });
            at += step;
        }
    }
    steps.sort_by_key(|step| step.at);
    steps
}

fn deed(text: &str, cast: &Cast) -> Deed {
    match text.split_once(' ') {
        None if text.is_empty() => Deed::Nothing,
        None => Deed::Call(cast.find(text)),
        Some(("cancel", number)) => Deed::Cancel(number.parse().expect("the number of a call")),
        Some(("crash", name)) => Deed::Crash(cast.find(name)),
        Some(("spoil", name)) => Deed::Spoil(cast.find(name)),
        Some(("remove", name)) => Deed::Remove(cast.find(name)),
        Some(("deploy", name)) => Deed::Deploy(cast.find(name)),
        Some(("memory", size)) => Deed::Memory(size.parse().expect("an amount of memory")),
        Some(_) => panic!("`{text}` is no deed"),
    }
}

fn times(text: &str) -> (Span, Span, Span) {
    let span = |text: &str| text.parse::<Span>().unwrap_or_else(|error| panic!("{error}"));
    let Some((first, rest)) = text.split_once("..") else {
        let at = span(text);
        return (at, at, Span::from_secs(1));
    };
    let (last, step) = rest.split_once('/').expect("a range has a step, as in `0s..60s/10s`");
    (span(first), span(last), span(step))
}
