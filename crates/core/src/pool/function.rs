//! What the mind knows of one function: its settings, its instances, its demand.

use crate::pool::estimate::Estimate;
use crate::pool::instance::NONE;
use crate::settings::FunctionSettings;
use crate::time::Instant;

/// A stack of slots, linked through the instances themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack {
    pub(crate) bottom: u32,
    pub(crate) top: u32,
}

impl Stack {
    pub(crate) const EMPTY: Stack = Stack { bottom: NONE, top: NONE };

    /// Whether the slot is one of the stack's ends.
    pub(crate) fn holds_end(self, slot: u32) -> bool {
        self.bottom == slot || self.top == slot
    }
}

/// What a forecast says that resting instances are worth, whatever was learned otherwise:
/// so many instances of the function, at work or not, are soon needed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Promise {
    /// How many instances, those at work included.
    pub count: u32,
    /// Until when it holds.
    pub until: Instant,
    /// What each is worth, in uses per second of holding it.
    pub worth: f64,
}

/// One deployed function.
#[derive(Debug, Clone)]
pub struct Function {
    pub(crate) settings: FunctionSettings,
    pub(crate) deployed: bool,
    /// Warm and doing nothing, the last used on top.
    pub(crate) idle: Stack,
    /// Being made, the first begun at the bottom.
    pub(crate) starting: Stack,
    /// Busy, with room for another request.
    pub(crate) open: Stack,
    /// Busy, with no room; the one busy for longest at the bottom.
    pub(crate) full: Stack,
    /// Frozen, the last used on top.
    pub(crate) paused: Stack,
    pub(crate) starting_count: u32,
    pub(crate) busy_count: u32,
    pub(crate) idle_count: u32,
    pub(crate) paused_count: u32,
    pub(crate) clones: u32,
    pub(crate) clones_starting: u32,
    pub(crate) promise: Promise,
    pub(crate) demand: u32,
    pub(crate) uses: u64,
    pub(crate) start: Estimate,
    pub(crate) run: Estimate,
}

impl Function {
    pub(crate) fn new(settings: FunctionSettings) -> Self {
        Self {
            start: Estimate::with_hint(settings.start_hint),
            run: Estimate::default(),
            settings,
            deployed: true,
            idle: Stack::EMPTY,
            starting: Stack::EMPTY,
            open: Stack::EMPTY,
            full: Stack::EMPTY,
            paused: Stack::EMPTY,
            starting_count: 0,
            busy_count: 0,
            idle_count: 0,
            paused_count: 0,
            clones: 0,
            clones_starting: 0,
            promise: Promise::default(),
            demand: 0,
            uses: 0,
        }
    }

    /// Its settings.
    pub fn settings(&self) -> &FunctionSettings {
        &self.settings
    }

    /// Instances being made.
    pub fn starting(&self) -> u32 {
        self.starting_count
    }

    /// Instances serving requests.
    pub fn busy(&self) -> u32 {
        self.busy_count
    }

    /// Warm instances without work.
    pub fn idle(&self) -> u32 {
        self.idle_count
    }

    /// Frozen instances.
    pub fn paused(&self) -> u32 {
        self.paused_count
    }

    /// All instances.
    pub fn live(&self) -> u32 {
        self.starting_count + self.busy_count + self.idle_count + self.paused_count
    }

    /// Requests that its live instances have been given so far; those of an instance that
    /// ended no longer count.
    pub fn uses(&self) -> u64 {
        self.uses
    }

    /// Instances made because a forecast spoke of them that have served nobody yet.
    pub fn clones(&self) -> u32 {
        self.clones
    }

    /// What a forecast promises to those of its instances that rest.
    pub fn promise(&self) -> Promise {
        self.promise
    }

    /// Requests in the house: waiting or being served.
    pub fn demand(&self) -> u32 {
        self.demand
    }

    /// Instances that work or are about to: busy and starting, but for clones, which start
    /// for nobody yet.
    pub fn working(&self) -> u32 {
        self.busy_count + self.starting_count - self.clones_starting
    }

    /// How long a start takes.
    pub fn start(&self) -> Estimate {
        self.start
    }

    /// How long a call runs on a warm instance.
    pub fn run(&self) -> Estimate {
        self.run
    }
}
