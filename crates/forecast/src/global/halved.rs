//! Models that are taught twice, each time by one half of the functions.
//!
//! What the half says that a function is not in was never fitted to it, so past forecasts of
//! that kind are honest: by them a model is weighed against others and its bands are set. Both
//! together are steadier than one, and give the forecast.

use std::ops::Range;

use serde::Serialize;

use crate::bands::Forecast;
use crate::checkpoint;
use crate::forecaster::{Model, Whose};
use crate::global::views::{Closed, Views};
use crate::panel::Past;

/// To which half a function was dealt.
pub fn half_of(member: usize) -> usize {
    member % 2
}

/// A model of two halves that looks at functions as views show them.
pub trait Halved: Serialize + Send + Sync {
    /// What its checkpoints are called.
    const KIND: &'static str;

    /// What the half says that each function is not in.
    fn say_other(&self, views: &Views<'_>) -> Vec<Forecast>;

    /// What both say together, and what [`Halved::say_other`] does.
    fn say_each(&self, views: &Views<'_>) -> [Vec<Forecast>; 2];
}

impl<M: Halved> Model for M {
    fn predict(&self, past: &Past<'_>, members: Range<usize>, horizon: usize) -> Vec<Forecast> {
        let closed = Closed::of(past, members);
        self.say(&closed.at(past.origin(), horizon), Whose::Both)
    }

    fn predict_unseen(
        &self,
        past: &Past<'_>,
        members: Range<usize>,
        horizon: usize,
    ) -> Vec<Forecast> {
        let closed = Closed::of(past, members);
        self.say(&closed.at(past.origin(), horizon), Whose::Other)
    }

    fn say(&self, views: &Views<'_>, whose: Whose) -> Vec<Forecast> {
        match whose {
            Whose::Both => {
                let [both, _] = self.say_each(views);
                both
            }
            Whose::Other => self.say_other(views),
        }
    }

    fn say_both(&self, views: &Views<'_>) -> [Vec<Forecast>; 2] {
        self.say_each(views)
    }

    fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(M::KIND, self)
    }
}
