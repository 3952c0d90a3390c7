//! What the calls of each function come to: a handle per function that requests write to
//! without looking anything up, and the table of all handles that a scrape reads.
//!
//! Each function that is called gets figures of its own, up to a bound; those beyond share
//! the figures of `(other)`, because every name is a few dozen series to whoever collects
//! them. The place is taken by the first call, not by the deployment: ten thousand
//! functions that rest cost a name each.
//!
//! Invariant: a function that was removed has no figures in the table, whoever still holds
//! its handle.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use swell_core::action::StartKind;

use crate::observe::histogram::Histogram;
use crate::refusal::Reason;

/// The name that functions beyond the bound share.
pub const OTHER: &str = "(other)";

/// What called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TriggerKind {
    /// A request over HTTP.
    #[default]
    Http,
    /// A time that has come.
    Cron,
    /// A message from a broker.
    Mqtt,
    /// An event over HTTP.
    Event,
    /// Another function's end.
    Function,
    /// Items of a flow.
    Flow,
}

impl TriggerKind {
    const ALL: [Self; 6] =
        [Self::Http, Self::Cron, Self::Mqtt, Self::Event, Self::Function, Self::Flow];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Cron => "cron",
            Self::Mqtt => "mqtt",
            Self::Event => "event",
            Self::Function => "function",
            Self::Flow => "flow",
        }
    }

    /// What a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// How a call that reached an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It was answered to the end.
    Answered,
    /// The function failed.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// The caller went away.
    Cancelled,
}

impl CallOutcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Failed, Self::TimedOut, Self::Cancelled];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The word for how a request met its instance, as in the header `x-swell-start`.
pub fn start_word(start: StartKind) -> &'static str {
    match start {
        StartKind::Warm => "warm",
        StartKind::Delayed => "delayed",
        StartKind::Resumed => "resumed",
        StartKind::Cold => "cold",
    }
}

const STARTS: [StartKind; 4] =
    [StartKind::Warm, StartKind::Delayed, StartKind::Resumed, StartKind::Cold];

/// A call that reached an instance, at its end.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    /// What called.
    pub trigger: TriggerKind,
    /// How it ended.
    pub outcome: CallOutcome,
    /// How it met its instance.
    pub start: StartKind,
    /// How long it waited for the instance.
    pub waited: Duration,
    /// How long the instance worked on it.
    pub ran: Duration,
}

/// Figures of one function, or of those that share a name.
#[derive(Debug, Default)]
pub(crate) struct Series {
    invocations: [[AtomicU64; CallOutcome::ALL.len()]; TriggerKind::ALL.len()],
    starts: [AtomicU64; STARTS.len()],
    refusals: [AtomicU64; Reason::COUNT],
    pub(crate) ran: Histogram,
    pub(crate) waited: Histogram,
    pub(crate) started: Histogram,
}

impl Series {
    /// Calls by trigger and outcome, those that happened.
    pub(crate) fn invocations(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        TriggerKind::ALL.into_iter().zip(&self.invocations).flat_map(|(trigger, outcomes)| {
            let counts = outcomes.iter().map(|count| count.load(Ordering::Relaxed));
            let rows = CallOutcome::ALL.into_iter().zip(counts).filter(|row| row.1 > 0);
            rows.map(move |(outcome, count)| (trigger.word(), outcome.word(), count))
        })
    }

    /// Calls by how they met their instance.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.starts.iter().map(|count| count.load(Ordering::Relaxed));
        STARTS.into_iter().map(start_word).zip(counts)
    }

    /// Calls that waited for a new instance.
    pub(crate) fn cold(&self) -> u64 {
        self.starts[StartKind::Cold as usize].load(Ordering::Relaxed)
    }

    /// Refusals by reason, those that happened.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.refusals.iter().map(|count| count.load(Ordering::Relaxed));
        Reason::all().map(Reason::code).zip(counts).filter(|row| row.1 > 0)
    }

    /// Requests that took longer than they may, with an instance or without.
    pub(crate) fn timeouts(&self) -> u64 {
        let with = self.invocations.iter().map(|row| &row[CallOutcome::TimedOut as usize]);
        let all = with.chain([&self.refusals[Reason::TimedOut as usize]]);
        all.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

/// Where a function's calls are counted. All versions of a function share one.
#[derive(Debug)]
pub struct FunctionMetrics {
    name: Arc<str>,
    series: OnceLock<Arc<Series>>,
    table: Weak<Table>,
}

impl FunctionMetrics {
    /// A call that reached an instance has ended.
    pub fn call(&self, finished: &Finished) {
        let series = self.series();
        let outcomes = &series.invocations[finished.trigger as usize];
        outcomes[finished.outcome as usize].fetch_add(1, Ordering::Relaxed);
        series.starts[finished.start as usize].fetch_add(1, Ordering::Relaxed);
        series.ran.observe(finished.ran);
        series.waited.observe(finished.waited);
    }

    /// A request was turned away before it reached an instance.
    pub fn refuse(&self, reason: Reason) {
        self.series().refusals[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// An instance became ready, whatever it was made for.
    pub fn started(&self, took: Duration) {
        self.series().started.observe(took);
    }

    fn series(&self) -> &Series {
        self.series.get_or_init(|| match self.table.upgrade() {
            Some(table) => table.claim(&self.name, self),
            // The node is gone; nobody will read this.
            None => Arc::default(),
        })
    }
}

/// All functions and their figures.
#[derive(Debug)]
pub(crate) struct Table {
    functions_max: usize,
    other: Arc<Series>,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    functions: BTreeMap<Arc<str>, Arc<FunctionMetrics>>,
    /// Those of them with figures of their own.
    own: BTreeMap<Arc<str>, Arc<Series>>,
}

impl Table {
    pub(crate) fn new(functions_max: usize) -> Arc<Self> {
        Arc::new(Self { functions_max, other: Arc::default(), rows: Mutex::default() })
    }

    /// The handle of a function.
    pub(crate) fn function(self: &Arc<Self>, name: &str) -> Arc<FunctionMetrics> {
        let mut rows = self.rows.lock();
        if let Some(known) = rows.functions.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        let table = Arc::downgrade(self);
        let fresh = FunctionMetrics { name: name.clone(), series: OnceLock::new(), table };
        let fresh = Arc::new(fresh);
        rows.functions.insert(name, fresh.clone());
        fresh
    }

    /// Forgets a function. Calls still under way count nowhere.
    pub(crate) fn remove(&self, name: &str) {
        let mut rows = self.rows.lock();
        rows.functions.remove(name);
        rows.own.remove(name);
    }

    fn claim(&self, name: &Arc<str>, claimant: &FunctionMetrics) -> Arc<Series> {
        let mut rows = self.rows.lock();
        let current = rows.functions.get(name);
        if !current.is_some_and(|current| std::ptr::eq(&**current, claimant)) {
            return Arc::default();
        }
        if rows.own.len() >= self.functions_max {
            return self.other.clone();
        }
        let series = Arc::<Series>::default();
        rows.own.insert(name.clone(), series.clone());
        series
    }

    /// All figures by name, `(other)` last if it was needed.
    pub(crate) fn rows(&self) -> Vec<(Arc<str>, Arc<Series>)> {
        let own = self.rows.lock().own.clone();
        let mut rows: Vec<_> = own.into_iter().collect();
        let used = self.other.invocations().next().is_some()
            || self.other.refusals().next().is_some()
            || self.other.started.read().count > 0;
        if used {
            rows.push((OTHER.into(), self.other.clone()));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table) -> Vec<String> {
        table.rows().iter().map(|row| row.0.to_string()).collect()
    }

    #[test]
    fn those_called_first_get_figures_of_their_own() {
        let table = Table::new(2);
        let handles: Vec<_> = ["a", "b", "c", "d"].map(|name| table.function(name)).into();
        assert!(names(&table).is_empty());
        for called in [3, 1, 0, 2] {
            handles[called].refuse(Reason::Busy);
        }
        assert_eq!(names(&table), ["b", "d", OTHER]);
        let other = &table.rows()[2].1;
        assert_eq!(other.refusals().collect::<Vec<_>>(), [("busy", 2)]);
    }

    #[test]
    fn a_removed_function_leaves_its_place_and_does_not_come_back() {
        let table = Table::new(1);
        let old = table.function("a");
        let silent = table.function("c");
        old.refuse(Reason::Busy);
        table.remove("a");
        table.remove("c");
        old.refuse(Reason::Busy);
        silent.refuse(Reason::Busy);
        assert!(names(&table).is_empty());
        let again = table.function("a");
        again.started(Duration::from_millis(1));
        assert_eq!(names(&table), ["a"]);
        assert_eq!(table.rows()[0].1.refusals().count(), 0);
    }

    #[test]
    fn versions_of_a_function_share_a_handle() {
        let table = Table::new(1);
        assert!(Arc::ptr_eq(&table.function("a"), &table.function("a")));
    }

    #[test]
    fn words_and_numbers_agree() {
        for (number, kind) in TriggerKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(TriggerKind::from_word(kind.word()), Some(kind));
        }
        for (number, outcome) in CallOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number);
        }
        for (number, start) in STARTS.into_iter().enumerate() {
            assert_eq!(start as usize, number);
        }
    }
}
