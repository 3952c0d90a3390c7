//! What the parts of a model said at earlier steps, kept from one step to the next: a hybrid
//! weighs its parts by that, and asking them all again would be most of its work.

use std::ops::Range;
use std::sync::Arc;

use swell_forecast::forecaster::Notes;

/// The notes on functions in groups of one size, by panels whose beginning moves on.
#[derive(Debug, Default)]
pub struct Noted {
    /// The step with which the panel began.
    first: u64,
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    names: Vec<Arc<str>>,
    notes: Notes,
}

impl Noted {
    /// The panel begins with this step now. What was said stays what was said, although a model
    /// that looked at the shorter past might say it a little otherwise.
    pub fn begin(&mut self, first: u64) {
        let by = first.checked_sub(self.first).and_then(|by| usize::try_from(by).ok());
        match by {
            Some(by) => self.groups.iter_mut().for_each(|group| group.notes.cut(by)),
            // A clock was set back.
            None => self.groups.clear(),
        }
        self.first = first;
    }

    /// The notes on a group of functions of a panel with these names. A group in which functions
    /// came or went has none.
    pub fn of(&mut self, place: usize, members: Range<usize>, names: &[Arc<str>]) -> &mut Notes {
        let names = &names[members];
        if place >= self.groups.len() {
            self.groups.resize_with(place + 1, Group::default);
        }
        let group = &mut self.groups[place];
        if group.names != names {
            *group = Group { names: names.to_vec(), notes: Notes::default() };
        }
        &mut group.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_move_with_the_panel_and_go_with_their_functions() {
        let names = |all: &[&str]| all.iter().map(|&name| name.into()).collect::<Vec<Arc<str>>>();
        let origins = |notes: &Notes| notes.said.keys().copied().collect::<Vec<_>>();
        let abc = names(&["a", "b", "c"]);
        let mut noted = Noted::default();
        noted.begin(24);
        for (place, members) in [0..2, 2..3].into_iter().enumerate() {
            noted.of(place, members, &abc).said.extend([(6, Vec::new()), (12, Vec::new())]);
        }
        noted.begin(36);
        assert_eq!(origins(noted.of(0, 0..2, &abc)), [0]);
        assert_eq!(origins(noted.of(0, 0..2, &names(&["a", "x", "c"]))), [0usize; 0]);
        noted.begin(12);
        assert_eq!(origins(noted.of(1, 2..3, &abc)), [0usize; 0]);
    }
}
