//! Deciding a journal again, to see whether it is decided the same.

use std::io::Read;

use swell_core::flow::entry::Entry;
use swell_core::flow::replay::{FlowCounts, FlowDifference, FlowReplay, FlowStop};
use swell_core::journal_format::Summary;
use swell_core::parameters::UnknownPolicy;
use swell_core::plausible::Why;
use swell_core::replay::{Difference, Replayer, Stop, Wakes};
use swell_core::site::Site;
use swell_core::time::Instant;

use swell_journal::error::JournalError;
use swell_journal::reader::{JournalReader, Told};

/// How a replay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was ordered again as it was.
    Same(Summary),
    /// The journal has no end, as when the program that wrote it was killed; all that is
    /// whole was ordered again as it was.
    Cut(Summary),
    /// Something else was ordered.
    Differs {
        /// Events of the journal before that.
        events: u64,
        /// The first decision that is another.
        difference: Box<Difference>,
    },
    /// Something else was ordered about flows.
    FlowsDiffer {
        /// Entries about flows before that.
        entries: u64,
        /// When.
        at: Instant,
        /// What was ordered when it was recorded, in words.
        recorded: Vec<String>,
        /// What a fresh analyzer orders.
        ordered: Vec<String>,
    },
}

/// A replay that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How.
    pub outcome: Outcome,
    /// What of flows was decided again.
    pub flows: FlowCounts,
}

/// Why a replay came to no end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The bytes cannot be read on.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The bytes can be read, but not believed.
    #[error("event {} {why}", events + 1)]
    Untrue {
        /// Events before that.
        events: u64,
        /// What is wrong with it.
        why: Why,
    },
    /// What is told of flows can be read, but not believed.
    #[error("entry {} about flows {why}", entries + 1)]
    FlowsUntrue {
        /// Entries before that.
        entries: u64,
        /// What is wrong with it.
        why: Why,
    },
    /// There is no such rule for flows here.
    #[error("{0}")]
    FlowPolicy(String),
    /// The catalogue does not have the policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
}

/// Feeds a journal to a fresh site and a fresh flow analyzer: with the settings of the journal, or,
/// asked what another policy would have ordered about instances, to a site with that policy alone.
pub fn replay<R: Read>(
    reader: &mut JournalReader<R>,
    other: Option<&str>,
) -> Result<Replayed, ReplayError> {
    let mut settings = reader.header().settings.clone();
    let wakes = if other.is_some() { Wakes::AsWished } else { Wakes::AsRecorded };
    if let Some(policy) = other {
        settings.policy = policy.to_string();
    }
    let mut sites = [Site::new(&settings)?];
    let mut replayer = Replayer::new(&mut sites, wakes);
    let mut flows = FlowReplay::default();
    let outcome = loop {
        let told = match reader.next_told() {
            // A journal without a single event proves nothing.
            Err(JournalError::Cut { events: 1.. }) => break Outcome::Cut(reader.read()),
            told => told?,
        };
        match told {
            None => break Outcome::Same(reader.read()),
            Some(Told::Flows(_)) if other.is_some() => {}
            Some(Told::Flows(entry)) => {
                if let Some(outcome) = feed(&mut flows, &entry)? {
                    break outcome;
                }
            }
            Some(Told::Record(record)) => {
                let events = reader.read().events - 1;
                match replayer.feed(&record) {
                    Ok(()) => {}
                    Err(Stop::Differs(difference)) => {
                        break Outcome::Differs { events, difference };
                    }
                    Err(Stop::Untrue(why)) => return Err(ReplayError::Untrue { events, why }),
                }
            }
        }
    };
    Ok(Replayed { outcome, flows: flows.counts() })
}

/// Feeds an entry about flows; how the replay ends, if it does.
fn feed(flows: &mut FlowReplay, entry: &Entry) -> Result<Option<Outcome>, ReplayError> {
    let entries = flows.counts().entries;
    match flows.feed(entry) {
        Ok(()) => Ok(None),
        Err(FlowStop::Untrue(why)) => Err(ReplayError::FlowsUntrue { entries, why }),
        Err(FlowStop::Policy(why)) => Err(ReplayError::FlowPolicy(why)),
        Err(FlowStop::Differs(difference)) => {
            let FlowDifference { at, recorded, ordered } = *difference;
            Ok(Some(Outcome::FlowsDiffer { entries, at, recorded, ordered }))
        }
    }
}
