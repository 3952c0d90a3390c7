//! For whom a bound holds.
//!
//! A lower bound without its conditions is a trap: a policy outside them can stand below
//! it and look miraculous. So each bound carries its conditions as data, in the order a
//! report should print them.

use serde::Serialize;

/// What a policy must (or must not) do for a bound to hold for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every call is served, but for drops the bound was told of.
    NoOtherDrops,
    /// Instances are started by calls only.
    StartsOnDemand,
    /// A call starts running, or starts an instance, the moment it arrives.
    NoWaiting,
    /// An instance runs one call at a time and is of use to one function only.
    OneCallOneFunction,
    /// An instance holds its whole memory from the arrival of its first call until it
    /// is unloaded.
    WholeMemory,
}

impl Condition {
    /// The condition as a sentence for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoOtherDrops => {
                "No call is dropped but those the bound was told of: a dropped call is no cold \
                 start and makes room for others."
            }
            Self::StartsOnDemand => {
                "No instance is started ahead of a call: with pre-warming and foresight the bound \
                 is about zero."
            }
            Self::NoWaiting => {
                "No call waits for a busy instance or for memory: a wait replaces a start, so cold \
                 starts below the bound are possible."
            }
            Self::OneCallOneFunction => {
                "An instance runs one call at a time and is never handed to another function."
            }
            Self::WholeMemory => {
                "An instance holds its whole memory from the call that starts it until it is \
                 unloaded: paused or partly unloaded instances can stand below the bound."
            }
        }
    }
}

/// The conditions of `cold_min` and of `added_seconds_min`.
pub const COLD: &[Condition] = &[
    Condition::NoOtherDrops,
    Condition::StartsOnDemand,
    Condition::NoWaiting,
    Condition::OneCallOneFunction,
    Condition::WholeMemory,
];

/// The conditions of `bad_min`: those of [`COLD`], without the one against drops.
pub const BAD: &[Condition] = &[
    Condition::StartsOnDemand,
    Condition::NoWaiting,
    Condition::OneCallOneFunction,
    Condition::WholeMemory,
];

/// What a bound leaves out; leaving it out makes the bound lower, never wrong.
pub const LEFT_OUT: &[&str] = &[
    "Starts hold their memory while they start; the bound counts the run only.",
    "Free memory of one hour may cover the idle time of another.",
    "The last instance kept may be kept in part.",
];

/// For whom a bound holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// Conditions of the least cold starts.
    pub cold: &'static [Condition],
    /// Conditions of the least cold starts and drops together.
    pub bad: &'static [Condition],
    /// Whether the calls fit the capacity at all when every one of them is warm. If not,
    /// every policy drops or delays calls: ask for the bound with the drops of the policy
    /// it is compared with.
    pub fits: bool,
}
