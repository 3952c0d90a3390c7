//! The question every model answers, and what it may spend on the answer.
//!
//! Fitting is heavy and happens beside the calls; forecasting is light and happens at every
//! step. Between the two lies a model, which becomes bytes and comes back from them, so that
//! a champion survives a restart and two nodes can compare what they believe.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::bands::Forecast;
use crate::checkpoint::CheckpointError;
use crate::global::views::Views;
use crate::panel::Past;

/// What fitting may spend. The counts bound work and thus are the same on every machine;
/// `proceed` is how the caller, who has a clock, ends it early.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// Examples that are looked at, at most.
    pub examples: usize,
    /// Trees of each quantile, at most.
    pub rounds: usize,
    /// Steps of training of a network, at most.
    pub steps: usize,
    /// Functions whose past is told again to find out who of several models is right, about.
    pub asked: usize,
    /// Asked often, and fitting ends with what it has once the answer is no.
    pub proceed: &'a (dyn Fn() -> bool + Sync),
    /// Does so many jobs, each once, in any order or at once: threads are the caller's.
    pub each: &'a Each<'a>,
}

/// Does so many jobs.
pub type Each<'a> = dyn Fn(usize, &(dyn Fn(usize) + Sync)) + Sync + 'a;

/// Does jobs one after the other.
pub fn in_turn(jobs: usize, job: &(dyn Fn(usize) + Sync)) {
    (0..jobs).for_each(job);
}

impl Budget<'_> {
    /// Enough for thousands of functions, in a few minutes of one core.
    pub const FULL: Budget<'static> = Budget {
        examples: 480_000,
        rounds: 200,
        steps: 4800,
        asked: 2048,
        proceed: &|| true,
        each: &in_turn,
    };

    /// The same share of all counts, at least one of each.
    #[must_use]
    pub fn scaled(mut self, share: f32) -> Self {
        let scale = |count: usize| ((count as f32 * share) as usize).max(1);
        self.examples = scale(self.examples);
        self.rounds = scale(self.rounds);
        self.steps = scale(self.steps);
        self
    }
}

/// What the parts of a model said at earlier origins, about the same members and horizon.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    /// Per origin, per part, per member.
    pub said: BTreeMap<usize, Vec<Vec<Forecast>>>,
}

impl Notes {
    /// The panel begins so many steps later than it did.
    pub fn cut(&mut self, by: usize) {
        if by > 0 {
            let said = std::mem::take(&mut self.said).into_iter();
            self.said = said.filter_map(|(at, said)| Some((at.checked_sub(by)?, said))).collect();
        }
    }
}

/// Which part of what was learned is asked about a function. Models across functions deal them
/// into two halves and learn from each apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// What both halves taught, for the best forecast.
    Both,
    /// What the half taught that the function is not in, for an honest one.
    Other,
}

/// A way to make models.
pub trait Forecaster: Send + Sync {
    /// Learns from the past. The same past, budget and seed give the same model.
    fn fit(&self, past: &Past<'_>, budget: &Budget<'_>, seed: u64) -> Box<dyn Model>;

    /// The model that these bytes were made of.
    fn read(&self, bytes: &[u8]) -> Result<Box<dyn Model>, CheckpointError>;
}

/// What was learned.
pub trait Model: Send + Sync {
    /// The forecasts of some members for the `horizon` steps from the origin of `past` on, in
    /// their order. A member that was not there when the model was fitted is forecast too.
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast>;

    /// The same from what was not fitted to these very members, where the model keeps such a
    /// part: by it, forecasts of times it was fitted on are honest.
    fn predict_unseen(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
    ) -> Vec<Forecast> {
        self.predict(past, members, horizon)
    }

    /// What [`Model::predict`] says of functions that others look at as well, or what
    /// [`Model::predict_unseen`] does.
    fn say(&self, views: &Views<'_>, whose: Whose) -> Vec<Forecast> {
        let (past, members) = (&views.past, views.members.clone());
        match whose {
            Whose::Both => self.predict(past, members, views.horizon),
            Whose::Other => self.predict_unseen(past, members, views.horizon),
        }
    }

    /// Both, in one go where that is less work.
    fn say_both(&self, views: &Views<'_>) -> [Vec<Forecast>; 2] {
        [Whose::Both, Whose::Other].map(|whose| self.say(views, whose))
    }

    /// What [`Whose::Other`] says of the same functions at several origins.
    fn say_often(&self, views: &[Views<'_>]) -> Vec<Vec<Forecast>> {
        views.iter().map(|views| self.say(views, Whose::Other)).collect()
    }

    /// What [`Whose::Both`] says of some functions, and what [`Model::say_often`] does of the same
    /// functions at earlier origins, in one go where that is less work.
    fn say_now_and_often(
        &self,
        now: &Views<'_>,
        earlier: &[Views<'_>],
    ) -> (Vec<Forecast>, Vec<Vec<Forecast>>) {
        (self.say(now, Whose::Both), self.say_often(earlier))
    }

    /// The same as [`Model::predict`], with what was said at earlier origins about the same
    /// members at hand. Who forecasts step after step keeps the notes and saves the work of
    /// saying it again; new and full notes give the same forecasts.
    fn predict_noted(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
        _notes: &mut Notes,
    ) -> Vec<Forecast> {
        self.predict(past, members, horizon)
    }

    /// The model as a checkpoint.
    fn to_bytes(&self) -> Vec<u8>;
}
