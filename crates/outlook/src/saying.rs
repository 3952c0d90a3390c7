//! What tests say in a log.

use swell_core::council::entry::{Command, Entry};
use swell_core::council::machine::apply;
use swell_core::council::state::State;
use swell_core::ids::SiteId;

/// A site says something that is fine.
pub(crate) fn say(state: &mut State, from: u32, command: Command) {
    let index = state.index + 1;
    let entry = Entry { from: SiteId(from), incarnation: 1, sequence: index, command };
    apply(state, index, &entry).expect("it is fine");
}
