//! What a policy is shown, and what it wishes.

use crate::cloning::nearness::Node;
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

/// Everything a policy decides by.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// When.
    pub now: Instant,
    /// Functions in order of their numbers.
    pub candidates: &'a [Candidate<'a>],
    /// Where clones can be, with the memory that waiting clones may take there.
    pub nodes: &'a [Node],
}

/// What a policy wishes for one function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// The function.
    pub function: FunctionId,
    /// The wish.
    pub wish: CloneWish,
}
