//! What came of orders that a lane goes on in another size class, for those who ask why it is as
//! large as it is.

use swell_fifo::class::Class;

use crate::clock::wall_ms;

/// What came of the last such order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resized {
    /// In milliseconds since 1970.
    at_ms: u64,
    /// The function that the lane belongs to.
    from: String,
    outcome: Outcome,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It went on in another class than this one.
    Changed(Class, Class),
    /// It has the largest class.
    Largest,
    /// Its items need the class it has.
    Needed(Class),
    /// It keeps this class, as it cannot have the other one; why.
    Refused(Class, Class, String),
}

impl Resized {
    pub(crate) fn now(from: &str, outcome: Outcome) -> Self {
        Self { at_ms: wall_ms(), from: from.to_string(), outcome }
    }

    /// Whether the lane keeps its class.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self.outcome, Outcome::Changed(..))
    }

    /// Whether the same came of another order.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        (&self.from, &self.outcome) == (&other.from, &other.outcome)
    }

    /// In words, without when.
    pub(crate) fn words(&self) -> String {
        let from = &self.from;
        match &self.outcome {
            Outcome::Changed(class, next) => {
                let why = match next > class {
                    true => "it was short of room in bursts",
                    false => "it was hardly used, and memory was short",
                };
                format!("the lane of `{from}` went from {} to {}: {why}", size(*class), size(*next))
            }
            Outcome::Largest => format!(
                "the lane of `{from}` is short of room and stays at {}, the largest size class",
                size(Class::MAX)
            ),
            Outcome::Needed(class) => format!(
                "the lane of `{from}` is hardly used and stays at {}, as an item of `item` needs that",
                size(*class)
            ),
            Outcome::Refused(class, next, why) => format!(
                "the lane of `{from}` stays at {} and cannot have {}: {why}",
                size(*class),
                size(*next)
            ),
        }
    }

    /// In words, and when that was.
    pub(crate) fn told(&self) -> String {
        let ago = wall_ms().saturating_sub(self.at_ms) as f64 / 1e3;
        format!("{ago:.0} s ago: {}", self.words())
    }
}

fn size(class: Class) -> String {
    match class.bytes() {
        bytes if bytes < 1 << 20 => format!("{} KiB", bytes >> 10),
        bytes => format!("{} MiB", bytes >> 20),
    }
}
