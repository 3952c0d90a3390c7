//! What a virtual world has under way: calls, and what it will tell the mind.

use swell_core::ids::{FunctionId, InstanceId};
use swell_core::time::{Instant, Span};
use swell_trace::arrival::Arrival;

use crate::tally::Why;

/// A call, from its arrival until an instance has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    pub(crate) function: FunctionId,
    pub(crate) arrived: Instant,
    pub(crate) run: Span,
    /// Why it is cold, if it is.
    pub(crate) why: Why,
    /// Whether it is by a schedule, and whether an event lasts that touches its function.
    pub(crate) is_known: bool,
    pub(crate) is_during_event: bool,
}

/// What is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News {
    Started {
        instance: InstanceId,
        took: Span,
    },
    Resumed {
        instance: InstanceId,
    },
    Finished {
        instance: InstanceId,
        run: Span,
    },
    Probed {
        instance: InstanceId,
        healthy: bool,
    },
    Crashed {
        instance: InstanceId,
        function: FunctionId,
    },
    Died {
        instance: InstanceId,
        function: FunctionId,
    },
    /// A call that came to another node.
    Passed {
        arrival: Arrival,
    },
}

/// What the next news is.
pub(crate) enum Turn {
    /// What was under way has ended.
    Done,
    /// A step of counting is over.
    Closed,
    /// The mind wanted to be woken.
    Woken,
    /// A call comes.
    Call,
}
