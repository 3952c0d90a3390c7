//! The question the rivals of this folder answer: given what is expected of every function
//! in a step, how many instances of which are worth having when it begins?

use crate::cloning::uses::Lately;
use crate::cloning::view::{Candidate, Offer};
use crate::time::{Instant, Span};

/// A cloning policy.
pub trait ClonePolicy: Send {
    /// How many instances of a function are worth having, whatever others are. One without an
    /// offer is left to keep-alive.
    fn weigh(&self, now: Instant, candidate: &Candidate<'_>) -> Option<Offer>;

    /// The chance of any call from which on a first clone can ever be worth its start, in
    /// thousandths.
    fn least_chance(&self) -> u16;

    /// The chance of a use from which on one more start is worth it, 0 to 1, given what clones of
    /// late were good for.
    fn price(&self, lately: Lately) -> f64;

    /// Whether its price goes by what clones were good for: what such a policy is not certain of is
    /// made only as long as clones may still pay.
    fn learns(&self) -> bool {
        false
    }

    /// How long a surplus of clones must last before some of it is let go, given the length
    /// of a step.
    fn patience(&self, step: Span) -> Span;
}
