//! The question the rivals of this folder answer: given what is expected of every function
//! in a step, how many instances of which are worth having when it begins?

use crate::cloning::view::{Order, View};
use crate::time::Span;

/// A cloning policy.
pub trait ClonePolicy: Send {
    /// Appends wishes to `orders`, those first that should have memory and starts first. A
    /// function without a wish is left to keep-alive.
    fn plan(&self, view: &View<'_>, orders: &mut Vec<Order>);

    /// How long a surplus of clones must last before some of it is let go, given the length
    /// of a step.
    fn patience(&self, step: Span) -> Span;
}
