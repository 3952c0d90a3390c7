//! What both models begin with: three sites, a workload at the first, and a log without a network.

use std::collections::BTreeSet;
use std::sync::Arc;

use stateright::{Checker, HasDiscoveries, Model};
use swell_core::council::entry::{Command, Entry};
use swell_core::council::image::digest;
use swell_core::council::machine::apply;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use swell_core::council::rules::{Counting, Rules};
use swell_core::council::state::State;
use swell_core::council::words::{Criticality, Loads, Metric, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::{Instant, Span};

pub(crate) const SITES: u32 = 3;
pub(crate) const SHOP: WorkloadId = WorkloadId(1);
/// When everything begins.
const BEGIN: Instant = Instant::from_millis(30_000_000);

/// A state of the log, which many worlds share.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) state: Arc<State>,
    digest: u64,
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Known {}

impl std::hash::Hash for Known {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.digest);
    }
}

impl Known {
    fn of(state: State) -> Self {
        let digest = digest(&state);
        Self { state: Arc::new(state), digest }
    }

    /// Nothing was proposed yet.
    pub(crate) fn begin(counting: Counting) -> Self {
        let rules = Rules { counting, shifts: 1, rest: Span::ZERO, ..Rules::default() };
        let mut known = Self::of(State::new(rules));
        for site in (0..SITES).map(SiteId) {
            known = known.said(0, Command::Admit { site, capacity: Loads::cpu(1_000) });
        }
        known = known.said(0, Command::Tick { at: BEGIN });
        let (criticality, demand) = (Criticality::Normal, Loads::cpu(200));
        known.said(0, Command::Register { workload: SHOP, criticality, demand })
    }

    /// After a site said something, in its first life.
    pub(crate) fn said(&self, by: u32, command: Command) -> Self {
        self.after(by, 1, command).expect("it is fine")
    }

    /// After a site said something, unless it is refused: then it is as if it had not.
    pub(crate) fn after(&self, by: u32, incarnation: u64, command: Command) -> Option<Self> {
        let from = SiteId(by);
        let last = self.state.members.get(&from).map(|member| member.sender.last());
        let sequence =
            last.filter(|(life, _)| *life == incarnation).map_or(0, |(_, last)| last) + 1;
        let mut state = State::clone(&self.state);
        let index = state.index + 1;
        let entry = Entry { from, incarnation, sequence, command };
        apply(&mut state, index, &entry).is_ok().then(|| Self::of(state))
    }

    /// An order to move the workload from who has it.
    pub(crate) fn order(&self, destination: u32) -> Filing {
        let authority = self.state.workloads[&SHOP].authority;
        let (destination, metric) = (SiteId(destination), Metric::Cpu);
        let condition = Condition { site: destination, metric, at_most_ppm: 900_000 };
        Filing {
            workloads: [(SHOP, authority.epoch)].into(),
            source: authority.holder,
            destination,
            deadline: self.state.now + Span::from_mins(30),
            cause: Cause::OrderedAgain,
            criterion: Criterion { conditions: vec![condition], window_slots: 1, samples_min: 1 },
            rollback: Rollback::ToSource,
        }
    }
}

/// What a search found.
pub(crate) struct Found {
    pub(crate) discovered: BTreeSet<&'static str>,
    pub(crate) is_complete: bool,
}

/// Searches breadth first until all was seen, or all of `wanted` was found, or for so many states.
#[expect(clippy::disallowed_macros, reason = "a test speaks to who runs it")]
pub(crate) fn search<M>(name: &str, model: M, wanted: &[&'static str], states: usize) -> Found
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + std::fmt::Debug + std::hash::Hash + Send + Sync,
    M::Action: Clone + PartialEq + std::fmt::Debug + Send + Sync,
{
    let until = match wanted {
        [] => HasDiscoveries::AnyFailures,
        wanted => HasDiscoveries::AllOf(wanted.iter().copied().collect()),
    };
    let checker = model.checker().threads(1).target_state_count(states).finish_when(until);
    let checker = checker.spawn_bfs().join();
    let discovered: BTreeSet<&'static str> = checker.discoveries().into_keys().collect();
    let is_complete = checker.state_count() < states;
    println!(
        "{name}: {} states, depth {}, {}, found {discovered:?}",
        checker.unique_state_count(),
        checker.max_depth(),
        if is_complete { "complete" } else { "not complete" },
    );
    Found { discovered, is_complete }
}
