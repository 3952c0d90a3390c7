//! A plan of clones that is half made, as it lies there until its next part.

use std::vec::IntoIter;

use crate::cloning::view::{Offer, Order};
use crate::ids::FunctionId;
use crate::time::Instant;

/// A plan that is being made.
pub(crate) struct Draft {
    /// The moment that is planned for.
    pub(crate) at: Instant,
    /// Whether that is the beginning of the next step.
    pub(crate) is_ahead: bool,
    /// When it is planned again.
    pub(crate) again: Instant,
    /// The place of the function that is weighed next.
    pub(crate) next: usize,
    /// What was offered for those before.
    pub(crate) offers: Vec<Offer>,
    /// What came of it, once all are weighed.
    pub(crate) wishes: Option<IntoIter<Wish>>,
}

/// What came of it for one function.
pub(crate) enum Wish {
    /// It had a wish and has none now.
    None(FunctionId),
    /// It has this one.
    Some(Order),
}
