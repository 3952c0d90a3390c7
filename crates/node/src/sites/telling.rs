//! What the council decided, in sentences for people.

use swell_api::site::{SiteMode, WantedMode};
use swell_core::council::entry::Reason;
use swell_core::council::movement::{Phase, shifted_per_mille};
use swell_core::council::proposal::{Cause, Criterion, Outcome, Rollback, Trouble};
use swell_core::council::words::{Criticality, Mode, Slot};
use swell_core::time::{Instant, Span};
use swell_outlook::naming::Names;

/// A point in time, in milliseconds since 1970.
pub fn ms(at: Instant) -> u64 {
    at.nanos() / 1_000_000
}

/// A share in parts per million as a number from 0 to 1.
pub fn share(ppm: u32) -> f64 {
    f64::from(ppm) / 1e6
}

/// The word for how much a workload matters.
pub fn criticality(of: Criticality) -> &'static str {
    match of {
        Criticality::Low => "low",
        Criticality::Normal => "normal",
        Criticality::Critical => "critical",
    }
}

/// A mode for the API.
pub fn mode(mode: Mode) -> SiteMode {
    match mode {
        Mode::Off => SiteMode::Off,
        Mode::Shadow => SiteMode::Shadow,
        Mode::On => SiteMode::On,
    }
}

/// A mode of the API.
pub fn mode_taken(mode: WantedMode) -> Option<Mode> {
    match mode {
        WantedMode::Off => Some(Mode::Off),
        WantedMode::Shadow => Some(Mode::Shadow),
        WantedMode::On => Some(Mode::On),
        WantedMode::Inherit => None,
    }
}

/// Why a move is proposed.
pub fn cause(cause: Cause, predicted_ppm: u32, source: &str, length: Span) -> String {
    match cause {
        Cause::Overload { metric, slot } => {
            let (percent, metric) = (predicted_ppm / 10_000, metric.name());
            let at = clock(slot.begin(length));
            format!("`{source}` is predicted to be at {percent} % of its {metric} at {at}")
        }
        Cause::Order => "somebody wants it moved".to_string(),
        Cause::OrderedAgain => "somebody wants it moved, as it was before".to_string(),
        Cause::SourceFailing { chance_ppm } => {
            let percent = chance_ppm / 10_000;
            format!("`{source}` has failed again and again: {percent} % that it does next")
        }
        Cause::Maintenance { slot } => {
            format!("`{source}` will be down for maintenance from {}", clock(slot.begin(length)))
        }
        Cause::SourceLost => format!("`{source}` does not answer, and its leases have run out"),
    }
}

/// How one will know whether a move helped.
pub fn criterion(criterion: &Criterion, names: &Names) -> String {
    let conditions = criterion.conditions.iter().map(|condition| {
        let (site, metric) = (names.site(condition.site), condition.metric.name());
        format!("`{site}` stays at or below {} % of its {metric}", condition.at_most_ppm / 10_000)
    });
    let conditions: Vec<String> = conditions.collect();
    format!("over {} slots, {}", criterion.window_slots, conditions.join(" and "))
}

/// What happens to a move that did not help.
pub fn rollback(rollback: Rollback) -> &'static str {
    match rollback {
        Rollback::ToSource => "it is taken back",
        Rollback::Stay => "it stays",
    }
}

/// Why a vote is what it is.
pub fn reason(reason: Reason, cause: Cause) -> &'static str {
    match reason {
        Reason::NotNeeded if cause == Cause::SourceLost => "the source is there",
        _ if matches!(cause, Cause::SourceFailing { .. }) => failing(reason),
        Reason::Helps if matches!(cause, Cause::Maintenance { .. }) => "the source will be down",
        Reason::Helps => "the source would be overloaded, and the destination will not be",
        Reason::NotNeeded => "the source will not be overloaded",
        Reason::DestinationFull => "the destination would be overloaded",
        Reason::Ordered => "nothing speaks against it",
        Reason::NoRelief => "the source would be as full without it",
        Reason::TooFar => "there is too little of an overload for so long a way",
    }
}

/// The same of a move away from a site that fails.
fn failing(reason: Reason) -> &'static str {
    match reason {
        Reason::NotNeeded => "the source is not likely to fail",
        Reason::NoRelief => "the destination is as likely to fail",
        Reason::DestinationFull => "the destination would be overloaded",
        Reason::TooFar => "the way is too long",
        Reason::Helps | Reason::Ordered => "the source is likely to fail",
    }
}

/// The word for how a proposal ended.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Rejected => "rejected",
        Outcome::Expired => "expired",
        Outcome::Withdrawn => "withdrawn",
        Outcome::Superseded => "superseded",
        Outcome::NoRoom => "no-room",
        Outcome::Displaced => "displaced",
        Outcome::Shadow => "shadow",
        Outcome::Done => "done",
        Outcome::RolledBack(_) => "rolled-back",
        Outcome::Failed(_) => "failed",
    }
}

/// What went wrong with a move that ended so.
pub fn trouble_of(outcome: Outcome) -> Option<Trouble> {
    match outcome {
        Outcome::RolledBack(trouble) | Outcome::Failed(trouble) => Some(trouble),
        _ => None,
    }
}

/// How a proposal ended, in a sentence.
pub fn end(of: Outcome) -> String {
    match of {
        Outcome::Rejected => "too much weight said no".to_string(),
        Outcome::Expired => "the deadline passed before it was decided".to_string(),
        Outcome::Withdrawn => "it was withdrawn".to_string(),
        Outcome::Superseded => "another move had come before it since it was filed".to_string(),
        Outcome::NoRoom => "the destination had no room left when it was approved".to_string(),
        Outcome::Displaced => "it gave way to proposals of higher priority".to_string(),
        Outcome::Shadow => "it was approved in shadow: nothing moved".to_string(),
        Outcome::Done => "done: the check passed, and the source was stopped".to_string(),
        Outcome::RolledBack(why) => format!("it was taken back: {}", trouble(why)),
        Outcome::Failed(why) => format!("it stays as it was left: {}", trouble(why)),
    }
}

/// What went wrong with a move.
pub fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::NotStarted => "it could not be started at the destination",
        Trouble::NotHealthy => "it did not prove healthy at the destination",
        Trouble::NotShifted => "it did not serve well at the destination",
        Trouble::NotDrained => "the source could not be drained",
        Trouble::TookTooLong => "a step took too long",
        Trouble::DidNotHelp => "the check failed, it did not help",
        Trouble::NotShown => "too few observations to show that it helped",
        Trouble::Ordered => "a party asked for its end",
        Trouble::SourceFull => "what should go back no longer fits at the source",
        Trouble::NotReturned => "taking it back took too long",
        Trouble::FailsMore => "far more calls failed than before",
        Trouble::Slower => "calls took far longer than before",
        Trouble::SourceGone => "the source was gone",
    }
}

/// The word for a step of a move.
pub fn step(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Proving => "proving",
        Phase::Shifting(_) => "shifting",
        Phase::Draining => "draining",
        Phase::Watching { .. } => "watching",
        Phase::Returning(_) => "returning",
    }
}

/// A step of a move that was begun, in a sentence.
pub fn begun(phase: Phase, shifts: u8, (source, destination): (&str, &str)) -> String {
    match phase {
        Phase::Starting => format!("approved; `{destination}` starts it"),
        Phase::Proving => format!("it runs at `{destination}` and has to prove healthy"),
        Phase::Shifting(done) => {
            let percent = shifted_per_mille(done.saturating_add(1), shifts) / 10;
            format!("`{destination}` has authority and takes {percent} % of the traffic")
        }
        Phase::Draining => format!("all traffic goes to `{destination}`; `{source}` is drained"),
        Phase::Watching { from, until } => {
            let slots = until.0.saturating_sub(from.0);
            format!("`{source}` is kept warm, and for {slots} slots it is looked whether it helps")
        }
        Phase::Returning(why) => format!("back to `{source}`: {}", trouble(why)),
    }
}

/// The time of day of a moment, in UTC.
fn clock(at: Instant) -> String {
    let seconds = at.nanos() / 1_000_000_000 % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// When a slot begins, in milliseconds since 1970.
pub fn slot_ms(slot: Slot, length: Span) -> u64 {
    ms(slot.begin(length))
}
