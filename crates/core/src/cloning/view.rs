//! What a policy is shown, what it offers, and what is wished.

use crate::cloning::uses::Lately;
use crate::demand::StepDemand;
use crate::ids::FunctionId;
use crate::time::{Instant, Span};
use crate::units::Bytes;
use crate::wanted::CloneWish;

/// One function with a forecast of the step in question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    /// The function.
    pub function: FunctionId,
    /// What is said of the step.
    pub demand: StepDemand,
    /// What is said of the steps after it, as far as they reach without a gap.
    pub ahead: &'a [StepDemand],
    /// How much that is believed, in thousandths.
    pub confidence: u16,
    /// When the step begins, or now if it has begun.
    pub begin: Instant,
    /// When the step ends.
    pub end: Instant,
    /// How long the whole step is.
    pub step: Span,
    /// Calls in the step that a schedule makes certain.
    pub known: Option<Known>,
    /// How long a start usually takes.
    pub start: Span,
    /// How long before it is needed a clone must begin.
    pub lead: Span,
    /// How long a call runs.
    pub run: Span,
    /// Memory of one instance.
    pub memory: Bytes,
    /// Requests that one instance serves at a time.
    pub concurrency: u32,
    /// Instances it has, at work or not.
    pub live: u32,
    /// The most instances it may have.
    pub ceiling: u32,
    /// What clones of late, whoever's, were good for.
    pub lately: Lately,
}

/// Calls that a schedule makes certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// When the first comes.
    pub first: Instant,
    /// When the last comes.
    pub last: Instant,
    /// How many they are.
    pub calls: u32,
}

/// How many instances of a function a policy would have, if there is room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// The function.
    pub function: FunctionId,
    /// Memory of one instance.
    pub memory: Bytes,
    /// Instances it has, at work or not.
    pub live: u32,
    /// What is wished for.
    pub wish: CloneWish,
    /// Those of more rank have memory and starts first; of equal ones, in order of functions.
    pub rank: f64,
}

/// What is wished for one function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// The function.
    pub function: FunctionId,
    /// The wish.
    pub wish: CloneWish,
}
