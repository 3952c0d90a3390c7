//! Occasions in a back-test, as they would have been known: all of them announced, and of what
//! they do only what had been over before the origin.

use std::ops::Range;

use crate::backtest::Forecasts;
use crate::calendar::grid::Grid;
use crate::calendar::plan::{Occurrence, marks};
use crate::effects::book::Book;
use crate::effects::layer::{Ahead, calm};
use crate::effects::learn::learn;
use crate::effects::tell::{Hindsight, tell};
use crate::event::EventEffect;
use crate::forecaster::{Model, Notes};
use crate::panel::Panel;
use crate::split::Split;

/// A panel as a model is shown it at an origin.
#[derive(Debug)]
pub struct Stage {
    /// The origin.
    pub origin: usize,
    /// The counts without what occasions did to them.
    pub panel: Panel,
    /// What occasions are believed to do.
    pub events: Vec<EventEffect>,
}

/// What is rehearsed.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsal<'a> {
    /// The counts as they were.
    pub panel: &'a Panel,
    /// When its steps are.
    pub grid: Grid,
    /// What took place.
    pub occurrences: &'a [Occurrence],
    /// How far is forecast.
    pub horizon: usize,
}

impl Rehearsal<'_> {
    /// The panel as of an origin. Of occasions that were over by then what they did is learned
    /// first, held against `model`.
    pub fn stage(&self, book: &mut Book, model: &dyn Model, origin: usize) -> Stage {
        let over = self.occurrences.iter().filter(|one| one.steps.end <= origin).cloned();
        learn(book, self.panel, &over.collect::<Vec<_>>(), model, self.horizon);
        let names: Vec<&str> = self.panel.members.iter().map(|one| one.name.as_str()).collect();
        let hindsight = Hindsight::AsOf(self.grid.start_of(origin));
        let events = tell(self.occurrences, book, &names, hindsight);
        let panel = Panel { events: marks(self.occurrences), ..calm(self.panel, &events) };
        Stage { origin, panel, events }
    }
}

/// The forecasts of some members from all stages, with what occasions ahead change.
pub fn run(stages: &[Stage], model: &dyn Model, members: Range<usize>, split: &Split) -> Forecasts {
    let mut notes = Notes::default();
    let from = |stage: &Stage| {
        let past = stage.panel.before(stage.origin);
        let said = model.predict_noted(&past, members.clone(), split.horizon, &mut notes);
        let ahead = Ahead::of(&stage.events, stage.origin, split.horizon);
        let told = members.clone().zip(said);
        told.map(|(member, said)| ahead.apply(member, said, stage.panel.most)).collect()
    };
    stages.iter().map(from).collect()
}
