//! Runs a model and says what it found.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use crate::case::Case;

/// What a search found.
pub(crate) struct Found {
    pub(crate) broken: BTreeSet<&'static str>,
    pub(crate) is_complete: bool,
    /// Somewhere, every client has done all it wanted.
    pub(crate) ends: bool,
}

/// A number that was given for this run.
#[expect(clippy::disallowed_methods, reason = "a test's edge is where its size is read")]
fn given(name: &str) -> Option<usize> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Says how far a search went, to whoever runs the tests with `--nocapture`.
#[expect(clippy::disallowed_macros, reason = "a test speaks to who runs it")]
fn tell(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}

/// Searches breadth first until everything was seen, or all of `wanted` are broken (anything,
/// if nothing is wanted), or so many states were visited: more, if `SWELL_MODEL_STATES` says so.
/// `SWELL_MODEL_PATHS=1` shows how each invariant breaks.
pub(crate) fn search(case: &Case, wanted: &[&'static str], states: usize) -> Found {
    let limit = given("SWELL_MODEL_STATES").unwrap_or(states);
    let until = match wanted {
        [] => HasDiscoveries::AnyFailures,
        wanted => HasDiscoveries::AllOf(wanted.iter().copied().collect()),
    };
    let builder = case.clone().checker().threads(1).target_state_count(limit);
    let checker = builder.finish_when(until).spawn_bfs().join();
    let paths = checker.discoveries();
    let broken = paths.keys().copied().filter(|&name| name != "all ends").collect::<BTreeSet<_>>();
    let is_complete = broken.is_empty() && checker.state_count() < limit;
    let steps = broken.iter().map(|name| (*name, paths[name].clone().into_actions().len()));
    tell(format_args!(
        "{:?}: {} states, depth {}, {}; broken, in steps: {:?}",
        case.flaw,
        checker.unique_state_count(),
        checker.max_depth(),
        if is_complete { "complete" } else { "not complete" },
        steps.collect::<Vec<_>>(),
    ));
    for name in broken.iter().filter(|_| given("SWELL_MODEL_PATHS").is_some()) {
        tell(format_args!("how {name} breaks:"));
        for action in paths[name].clone().into_actions() {
            tell(format_args!("    {action:?}"));
        }
    }
    Found { broken, is_complete, ends: paths.contains_key("all ends") }
}

/// The case breaks nothing, in all the states it has; and it can end, if the timers of its
/// clients' nodes go off.
pub(crate) fn holds(case: &Case, states: usize) {
    let found = search(case, &[], states);
    assert_eq!(found.broken, BTreeSet::new());
    assert!(found.is_complete, "there are more states than {states}");
    let has_timer = |&(node, _): &(usize, _)| case.timers.contains(&node);
    let may_end = case.clients.iter().flat_map(|client| &client.steps).all(has_timer);
    assert!(found.ends || !may_end, "the case never ends well");
}

/// The case breaks nothing in as many states as are looked at.
pub(crate) fn holds_so_far(case: &Case, states: usize) {
    assert_eq!(search(case, &[], states).broken, BTreeSet::new());
}

/// The mutant breaks all of these.
pub(crate) fn breaks(case: &Case, wanted: &[&'static str], states: usize) {
    let found = search(case, wanted, states);
    let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
    assert!(wanted.is_subset(&found.broken), "{:?} lives: only {:?}", case.flaw, found.broken);
}
