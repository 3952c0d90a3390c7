//! What occasions did, kind by kind, over restarts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::announced::Announced;
use crate::checkpoint::{self, CheckpointError};
use crate::effects::belief::{Belief, Seen};
use crate::event::Effect;

const KIND: &str = "effects";
/// Kinds that are kept; of more the ones that were seen last.
pub const KINDS_MAX: usize = 256;
/// Occasions of a kind that are kept, the newest.
pub const OUTCOMES_MAX: usize = 64;
/// Functions of an occasion that are kept, the most called.
pub const FUNCTIONS_MAX: usize = 256;

/// What one occasion did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which it was; learning it again replaces it.
    pub occurrence: String,
    /// When it was over, in Unix milliseconds.
    pub end_ms: u64,
    /// What was said of it beforehand.
    pub announced: Announced,
    /// Calls that were forecast without it, of all functions it touched.
    pub expected: f32,
    /// Calls that came.
    pub got: f32,
    /// The same function by function.
    pub functions: Vec<Part>,
}

/// What an occasion did to one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub function: String,
    /// Calls that were forecast without it.
    pub expected: f32,
    /// Calls that came.
    pub got: f32,
}

/// All that was learned of effects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Book {
    kinds: BTreeMap<String, Vec<Outcome>>,
}

impl Book {
    /// Adds what an occasion of a kind did. What is no number is left out.
    pub fn learn(&mut self, kind: &str, mut outcome: Outcome) {
        let is_number = |expected: f32, got: f32| {
            expected.is_finite() && got.is_finite() && expected >= 0.0 && got >= 0.0
        };
        if !is_number(outcome.expected, outcome.got) {
            return;
        }
        outcome.functions.retain(|part| is_number(part.expected, part.got));
        outcome.functions.sort_by(|a, b| {
            b.expected.total_cmp(&a.expected).then_with(|| a.function.cmp(&b.function))
        });
        outcome.functions.truncate(FUNCTIONS_MAX);
        let outcomes = self.kinds.entry(kind.to_string()).or_default();
        outcomes.retain(|known| known.occurrence != outcome.occurrence);
        let place = outcomes.partition_point(|known| known.end_ms <= outcome.end_ms);
        outcomes.insert(place, outcome);
        if outcomes.len() > OUTCOMES_MAX {
            outcomes.remove(0);
        }
        if self.kinds.len() > KINDS_MAX {
            let newest = |outcomes: &Vec<Outcome>| outcomes.last().map_or(0, |last| last.end_ms);
            let oldest = self.kinds.iter().min_by_key(|(_, outcomes)| newest(outcomes));
            let oldest = oldest.map(|(kind, _)| kind.clone());
            oldest.map(|kind| self.kinds.remove(&kind));
        }
    }

    /// Whether an occurrence was learned.
    pub fn knows(&self, kind: &str, occurrence: &str) -> bool {
        self.outcomes(kind).iter().any(|known| known.occurrence == occurrence)
    }

    /// Kinds with what is known of them, in order of their names.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &[Outcome])> {
        self.kinds.iter().map(|(kind, outcomes)| (kind.as_str(), outcomes.as_slice()))
    }

    /// What is known of a kind, oldest first.
    pub fn outcomes(&self, kind: &str) -> &[Outcome] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }

    /// What was over at a moment is what counts then.
    fn until(&self, kind: &str, as_of_ms: u64) -> &[Outcome] {
        let outcomes = self.outcomes(kind);
        &outcomes[..outcomes.partition_point(|known| known.end_ms <= as_of_ms)]
    }

    /// What is believed of a kind as of a moment, and of how many occasions.
    pub fn belief(&self, kind: &str, announced: Announced, as_of_ms: u64) -> (Belief, usize) {
        let before = match announced {
            Announced::Times(times) => Some(times),
            Announced::Unknown | Announced::Unmeasured => None,
        };
        let seen: Vec<Seen> = self
            .until(kind, as_of_ms)
            .iter()
            .map(|outcome| Seen { expected: outcome.expected, got: outcome.got })
            .collect();
        (Belief::before(before).after(&seen), seen.len())
    }

    /// What is believed of a kind for each function that has a past of its own with it; of the
    /// others what is believed of the kind holds.
    pub fn beliefs(
        &self,
        kind: &str,
        announced: Announced,
        as_of_ms: u64,
    ) -> BTreeMap<&str, Belief> {
        let mut seen: BTreeMap<&str, Vec<Seen>> = BTreeMap::new();
        for part in self.until(kind, as_of_ms).iter().flat_map(|outcome| &outcome.functions) {
            let Part { function, expected, got } = part;
            let own = seen.entry(function.as_str()).or_default();
            own.push(Seen { expected: *expected, got: *got });
        }
        let of_one = self.belief(kind, announced, as_of_ms).0.of_one();
        seen.into_iter().map(|(function, seen)| (function, of_one.after(&seen))).collect()
    }

    /// The effect that an occasion of a kind is taken to have.
    pub fn effect(&self, kind: &str, announced: Announced, as_of_ms: u64) -> Effect {
        match (announced, self.belief(kind, announced, as_of_ms)) {
            (Announced::Unmeasured, _) => Effect::Unmeasured,
            (Announced::Unknown, (_, 0)) => Effect::Unknown,
            (_, (belief, _)) => about(&belief),
        }
    }

    /// What was learned, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, self)
    }

    /// What [`Book::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let read: Self = checkpoint::read(KIND, bytes)?;
        let mut book = Self::default();
        for (kind, outcomes) in read.kinds {
            for outcome in outcomes {
                book.learn(&kind, outcome);
            }
        }
        Ok(book)
    }
}

/// A belief as the effect of an event.
pub fn about(belief: &Belief) -> Effect {
    Effect::About { times: belief.times(), spread: belief.spread() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(occurrence: &str, end_ms: u64, expected: f32, got: f32) -> Outcome {
        let part = |function: &str, share: f32, times: f32| Part {
            function: function.to_string(),
            expected: expected * share,
            got: expected * share * times,
        };
        Outcome {
            occurrence: occurrence.to_string(),
            end_ms,
            announced: Announced::Unknown,
            expected,
            got,
            functions: vec![part("cart", 0.5, 2.0 * got / expected - 1.0), part("logo", 0.5, 1.0)],
        }
    }

    fn spread(effect: Effect) -> f32 {
        match effect {
            Effect::About { spread, .. } => spread,
            _ => crate::event::SPREAD_UNKNOWN,
        }
    }

    #[test]
    fn a_kind_is_learned_and_functions_differ() {
        let mut book = Book::default();
        assert_eq!(book.effect("sale", Announced::Unknown, 999), Effect::Unknown);
        for (turn, name) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            book.learn("sale", outcome(name, 100 * turn as u64, 1000.0, 2000.0));
        }
        let late = book.effect("sale", Announced::Unknown, 999);
        let early = book.effect("sale", Announced::Unknown, 100);
        assert!(spread(late) < spread(early) && spread(early) < spread(Effect::Unknown));
        let of_each = book.beliefs("sale", Announced::Unknown, 999);
        let (cart, logo) = (of_each["cart"], of_each["logo"]);
        assert!(cart.times() > 2.6 && logo.times() < 1.2, "{cart:?} {logo:?}");
        assert_eq!(of_each.len(), 2);
        let masked = book.effect("sale", Announced::Unmeasured, 999);
        assert_eq!(masked, Effect::Unmeasured);
    }

    #[test]
    fn what_was_not_over_is_not_known_yet() {
        let mut book = Book::default();
        book.learn("sale", outcome("a", 500, 1000.0, 3000.0));
        assert_eq!(book.effect("sale", Announced::Unknown, 499), Effect::Unknown);
        assert_ne!(book.effect("sale", Announced::Unknown, 500), Effect::Unknown);
        book.learn("sale", outcome("a", 500, 1000.0, 1000.0));
        assert_eq!(book.outcomes("sale").len(), 1, "learned anew, not twice");
        book.learn("sale", outcome("b", 600, f32::NAN, 3000.0));
        assert_eq!(book.outcomes("sale").len(), 1);
    }

    #[test]
    fn it_stays_small_and_survives_as_bytes() {
        let mut book = Book::default();
        for turn in 0..100u64 {
            book.learn("daily", outcome(&turn.to_string(), 1_000_000 + turn, 100.0, 150.0));
        }
        for kind in 0..300u64 {
            book.learn(&format!("kind {kind}"), outcome("x", kind, 100.0, 150.0));
        }
        assert_eq!((book.outcomes("daily").len(), book.kinds().count()), (OUTCOMES_MAX, KINDS_MAX));
        let bytes = book.to_bytes();
        assert_eq!(Book::from_bytes(&bytes), Ok(book));
        for end in (0..bytes.len()).step_by(97) {
            assert!(Book::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
