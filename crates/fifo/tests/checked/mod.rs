//! How a model is checked: which of its laws do not hold, and that it is a model of something.

use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// Which laws do not hold. Where all do, there are more than so many states and what is to be
/// reached is: a model of nothing proves nothing. What is not sound ends at the first that fails.
pub(crate) fn broken<M>(
    model: M,
    is_sound: bool,
    laws: &[&'static str],
    reached: &'static str,
    states: usize,
) -> Vec<&'static str>
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Send + Sync + Clone + PartialEq + 'static,
    M::Action: Clone + PartialEq,
{
    let checker = model.checker().threads(2);
    let checker = match is_sound {
        true => checker,
        false => checker.finish_when(HasDiscoveries::AnyFailures),
    };
    let checked = checker.spawn_bfs().join();
    let found = checked.discoveries();
    let broken: Vec<_> = laws.iter().copied().filter(|law| found.contains_key(law)).collect();
    if broken.is_empty() {
        assert!(checked.unique_state_count() > states, "a model of nothing proves nothing");
        assert!(found.contains_key(reached), "never: {reached}");
    }
    broken
}
