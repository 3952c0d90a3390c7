//! A step ahead as the calendar has it, which is the same for all functions at an origin.

use crate::boost::forest::LANES;
use crate::days::{Ago, Day};
use crate::panel::Past;

/// A step ahead.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Which step of the day it is.
    pub time_of_day: usize,
    /// The same time of earlier days.
    pub ago: Ago,
    /// Its day, where steps have dates.
    pub date: Option<Day>,
}

impl Moment {
    /// A step as of the origin of a past.
    pub fn of(past: &Past<'_>, step: usize) -> Self {
        Self {
            time_of_day: past.time_of_day(step),
            ago: past.ago(step),
            date: past.days().at(step).map(|(day, _)| *day),
        }
    }

    /// The steps of the hour ahead.
    pub fn hour(past: &Past<'_>) -> [Self; LANES] {
        std::array::from_fn(|ahead| Self::of(past, past.origin() + ahead))
    }
}
