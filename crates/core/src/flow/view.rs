//! What is known of a FIFO, of its owner, and of those who could own it, at one tick.
//!
//! Figures are rates and shares over the tick that just ended; whoever owns the world
//! measures them. Nothing here is remembered; what needs a history keeps it itself.

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Span};

/// How often FIFOs are evaluated.
pub const TICK: Span = Span::from_millis(100);

/// One FIFO, by its index in the order of making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FifoId(pub u32);

/// One who owns or could own FIFOs: an instance of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnerId(pub u32);

/// How a FIFO stood during a tick.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the tick ended.
    pub at: Instant,
    /// Items put in, per second.
    pub arriving: f64,
    /// Items taken out, per second.
    pub leaving: f64,
    /// Items in the FIFO, averaged over the tick.
    pub depth: f64,
    /// Items it can hold.
    pub capacity: f64,
    /// Time items spent in it, on average. By Little's law where no item was stamped, see
    /// [`wait::little`](crate::flow::wait::little).
    pub latency: Span,
    /// Items its owner could take out per second if it never had to wait for one: items per
    /// useful time.
    pub true_rate: f64,
    /// Processor time an item costs its owner.
    pub work: Span,
    /// Squared coefficient of variation of gaps between items, plus that of their work.
    pub variation: f64,
}

impl Sample {
    /// The seed's utilization: what flows through during a tick, as a share of what the
    /// FIFO can hold.
    pub fn utilization(&self) -> f64 {
        if self.capacity > 0.0 { self.leaving * TICK.secs_f64() / self.capacity } else { 1.0 }
    }

    /// The share of its owner's true rate that arrives; from 1 on the queue only grows.
    pub fn saturation(&self) -> f64 {
        if self.true_rate > 0.0 { self.arriving / self.true_rate } else { f64::INFINITY }
    }
}

/// How an owner stands, or one who could be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub owner: OwnerId,
    /// Used share of the processor time that it may use, from 0 to 1.
    pub cpu: f64,
    /// Calls it works on, as a share of `processors`, from 0 to 1; those that only wait count too.
    pub calls: f64,
    /// Used share of its own memory limit, from 0 to 1.
    pub memory: f64,
    /// Used share of the memory that it has in common with all others, with what it would take of
    /// it, from 0 to 1.
    pub common_memory: f64,
    /// Share of time its tasks waited for a resource, from 0 to 1.
    pub pressure: f64,
    /// Calls that it may work on at a time.
    pub processors: f64,
    /// Whether it answers.
    pub is_alive: bool,
    /// Whether it may take this FIFO's items: another instance of the same function, or one
    /// declared able to, of the same tenant or by its grant.
    pub may_own: bool,
    /// Whether its memory quota has room for the region.
    pub has_room: bool,
    /// Whether it is at another node, which `proximity` says the distance of.
    pub is_abroad: bool,
    /// How much it has to do with the FIFO and its owner, from 0 to 1: see
    /// [`dependency`](crate::flow::exchange::Exchange::dependency).
    pub dependency: f64,
    /// How near it is to those who feed the FIFO and to its owner, from 0 to 1: see
    /// [`Nearness`](crate::flow::topology::Nearness), and of another node
    /// [`abroad`](crate::flow::topology::abroad).
    pub proximity: f64,
    /// The pause a change to it is expected to cost, from its order on.
    pub pause: Span,
    /// FIFOs that moved to it of late.
    pub recent: u32,
}

impl Party {
    /// The share of its scarcest resource that is used.
    pub fn usage(&self) -> f64 {
        self.usage_beside(self.busy())
    }

    /// The same if so much of its processors were in use.
    pub fn usage_beside(&self, busy: f64) -> f64 {
        busy.max(self.memory).max(self.common_memory).max(self.pressure)
    }

    /// The share of its processors that is in use: by calls at work, even if they only wait, or by
    /// those that leave no processor time for more.
    pub fn busy(&self) -> f64 {
        self.cpu.max(self.calls)
    }

    /// Processors that are free.
    pub fn free_processors(&self) -> f64 {
        (1.0 - self.busy()).max(0.0) * self.processors
    }
}

/// One FIFO with all that bears on where it should be.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Which FIFO.
    pub fifo: FifoId,
    /// How it stood.
    pub sample: &'a Sample,
    /// Who owns it.
    pub owner: &'a Party,
    /// Who could, the owner not among them.
    pub others: &'a [Party],
    /// Whether the node is short of memory, or its pool of templates below its low water.
    pub memory_is_short: bool,
}

impl<'a> View<'a> {
    /// The same without who else could own it.
    pub fn glance(&self) -> Glance<'a> {
        let View { fifo, sample, owner, others, memory_is_short } = *self;
        let usage = owner.usage();
        Glance {
            fifo,
            sample,
            usage,
            rested: 0,
            memory_is_short,
            is_cramped: false,
            is_held: false,
            is_native: false,
            still: Span::ZERO,
            is_failing: false,
            is_alone: others.is_empty(),
        }
    }
}

/// One FIFO without who else could own it: of ten thousand, nearly all need no more to be judged,
/// and whoever watches need not find out about the others.
#[derive(Debug, Clone, Copy)]
pub struct Glance<'a> {
    /// Which FIFO.
    pub fifo: FifoId,
    /// How it stood.
    pub sample: &'a Sample,
    /// The share of its owner's scarcest resource that is used, see [`Party::usage`].
    pub usage: f64,
    /// Ticks just before this one in which nothing happened, and it was not looked at.
    pub rested: u32,
    /// Whether the node is short of memory, or its pool of templates below its low water.
    pub memory_is_short: bool,
    /// Whether a lane was short of room: somebody was turned away, or had to wait for long.
    pub is_cramped: bool,
    /// Whether it stays where it is, whatever is seen of it.
    pub is_held: bool,
    /// Whether a process of its own has it, or is to: it keeps it for as long as it does something.
    pub is_native: bool,
    /// For how long items have waited in it while none was done with.
    pub still: Span,
    /// Whether its owner failed with all of the last items, each as often as it may be tried.
    pub is_failing: bool,
    /// Whether nobody but its owner could own it.
    pub is_alone: bool,
}
