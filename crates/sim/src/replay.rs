//! Deciding a journal again, to see whether it is decided the same.

use std::io::Read;

use swell_core::journal_format::Summary;
use swell_core::parameters::UnknownPolicy;
use swell_core::plausible::Why;
use swell_core::replay::{Difference, Replayer, Stop, Wakes};
use swell_core::site::Site;

use swell_journal::error::JournalError;
use swell_journal::reader::JournalReader;

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
    /// The catalogue does not have the policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
}

/// Feeds a journal to a fresh site: one with the settings of the journal, or, asked what
/// another policy would have ordered, one with that policy.
pub fn replay<R: Read>(
    reader: &mut JournalReader<R>,
    other: Option<&str>,
) -> Result<Outcome, ReplayError> {
    let mut settings = reader.header().settings.clone();
    let wakes = if other.is_some() { Wakes::AsWished } else { Wakes::AsRecorded };
    if let Some(policy) = other {
        settings.policy = policy.to_string();
    }
    let mut sites = [Site::new(&settings)?];
    let mut replayer = Replayer::new(&mut sites, wakes);
    while let Some(record) = match reader.next_record() {
        // A journal without a single event proves nothing.
        Err(JournalError::Cut { events: 1.. }) => return Ok(Outcome::Cut(reader.read())),
        record => record?,
    } {
        let events = reader.read().events - 1;
        match replayer.feed(&record) {
            Ok(()) => {}
            Err(Stop::Differs(difference)) => return Ok(Outcome::Differs { events, difference }),
            Err(Stop::Untrue(why)) => return Err(ReplayError::Untrue { events, why }),
        }
    }
    Ok(Outcome::Same(reader.read()))
}
