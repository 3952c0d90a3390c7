//! What is forecast together: the series of many functions on one clock, and the view of
//! them that ends at an origin.
//!
//! Invariant: a model sees a [`Past`] and nothing else, and a past gives no count of its
//! origin or later. Looking ahead is not forbidden here, it cannot be written.

use serde::{Deserialize, Serialize};

use crate::days::{Ago, Days};
use crate::event::EventEffect;
use crate::regressor::series::Regressor;
use crate::series::Series;

/// What starts a function, as far as it is known. Timers come on the minute, queues in
/// bursts, people by day: a model across functions can learn that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Trigger {
    /// Nobody told.
    #[default]
    Unknown,
    /// Requests over HTTP.
    Http,
    /// A clock.
    Timer,
    /// A queue or a broker.
    Queue,
    /// Anything else that is known.
    Other,
}

/// One function: what it is called, how often, and what is known of it besides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its counts. Shorter than the panel: the function ended, or was not measured since.
    pub counts: Series,
    /// What starts it.
    pub trigger: Trigger,
    /// What models see of some steps in place of the count, in order of steps. A count without
    /// what an occasion did to it is seldom a whole number, and for a function that is called
    /// once in a step all that matters lies behind the point.
    pub seen: Vec<(usize, f32)>,
}

impl Member {
    /// What models see of a step.
    fn seen_at(&self, step: usize) -> Option<f32> {
        let count = self.counts.get(step)?;
        let found = self.seen.binary_search_by_key(&step, |(of, _)| *of);
        Some(found.map_or(count as f32, |place| self.seen[place].1))
    }
}

/// Many series on one clock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// The functions.
    pub members: Vec<Member>,
    /// Steps in a season, such as 12 for an hour of 5-minute steps.
    pub season: usize,
    /// Steps in a day, for the calendar; zero where steps have no time of day.
    pub day: usize,
    /// Step of the day on which the first step falls.
    pub first: usize,
    /// The days of the steps and of some ahead, as people count them; none where steps have no
    /// date.
    pub days: Days,
    /// Known in advance: events that touch members.
    pub events: Vec<EventEffect>,
    /// Other series on the same steps, which calls may follow.
    pub followed: Vec<Regressor>,
    /// The most that can be served in a step: no forecast is larger. Infinite: unknown.
    pub most: f32,
}

impl Panel {
    /// A panel of these members, with nothing known besides.
    pub fn new(members: Vec<Member>, season: usize) -> Self {
        let season = season.max(1);
        let (days, events, followed) = (Days::default(), Vec::new(), Vec::new());
        Self { members, season, day: 288, first: 0, days, events, followed, most: f32::INFINITY }
    }

    /// Steps of the longest member.
    pub fn len(&self) -> usize {
        self.members.iter().map(|member| member.counts.len()).max().unwrap_or(0)
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything before `origin`.
    pub fn before(&self, origin: usize) -> Past<'_> {
        Past { panel: self, origin }
    }
}

/// A panel up to an origin: steps before it are known, it and later ones are not.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    panel: &'a Panel,
    origin: usize,
}

impl<'a> Past<'a> {
    /// The first step that is not known.
    pub fn origin(&self) -> usize {
        self.origin
    }

    /// How many functions.
    pub fn members(&self) -> usize {
        self.panel.members.len()
    }

    /// Steps in a season.
    pub fn season(&self) -> usize {
        self.panel.season
    }

    /// Steps in a day; zero where steps have no time of day.
    pub fn day(&self) -> usize {
        self.panel.day
    }

    /// Which step of the day `step` is.
    pub fn time_of_day(&self, step: usize) -> usize {
        let plain = || (self.panel.first + step).checked_rem(self.panel.day).unwrap_or(0);
        self.panel.days.at(step).map_or_else(plain, |(_, over)| over)
    }

    /// The days of the steps, as people count them; none where steps have no date.
    pub fn days(&self) -> &'a Days {
        &self.panel.days
    }

    /// The same time of earlier days.
    pub fn ago(&self, step: usize) -> Ago {
        ago(self.days(), self.day(), step, self.origin)
    }

    /// What starts a function.
    pub fn trigger(&self, member: usize) -> Trigger {
        self.panel.members[member].trigger
    }

    /// What is known in advance of `step` for a function, whenever it is.
    pub fn events(&self, member: usize, step: usize) -> impl Iterator<Item = &'a EventEffect> {
        self.panel.events.iter().filter(move |event| event.touches(member, step))
    }

    /// All that is known in advance.
    pub fn all_events(&self) -> &'a [EventEffect] {
        &self.panel.events
    }

    /// How many other series there are.
    pub fn followed(&self) -> usize {
        self.panel.followed.len()
    }

    /// What is known of another series, from the first step on, gaps as NaN: what lies before the
    /// origin, and more only of what is planned.
    pub fn followed_values(&self, series: usize) -> &'a [f32] {
        let Regressor { values, is_planned, .. } = &self.panel.followed[series];
        let end = if *is_planned { values.len() } else { self.origin.min(values.len()) };
        &values[..end]
    }

    /// The most that can be served in a step.
    pub fn most(&self) -> f32 {
        self.panel.most
    }

    /// The same functions, known up to an earlier origin; a later one stays this.
    pub fn until(&self, origin: usize) -> Past<'a> {
        Past { panel: self.panel, origin: origin.min(self.origin) }
    }

    /// The count of a step, if it lies before the origin and was measured.
    pub fn count(&self, member: usize, step: usize) -> Option<f32> {
        (step < self.origin).then(|| self.panel.members[member].seen_at(step)).flatten()
    }

    /// The known counts of a function, oldest first, gaps as NaN; a series that ended before
    /// the origin is continued by gaps.
    pub fn counts(&self, member: usize) -> Vec<f32> {
        let member = &self.panel.members[member];
        let mut counts = member.counts.before(self.origin);
        counts.resize(self.origin, f32::NAN);
        for &(step, seen) in member.seen.iter().take_while(|(step, _)| *step < self.origin) {
            if !counts[step].is_nan() {
                counts[step] = seen;
            }
        }
        counts
    }

    /// The first step before the origin that was measured for a function; the origin where none
    /// was. What lies before it is no silence.
    pub fn first_known(&self, member: usize) -> usize {
        let counts = &self.panel.members[member].counts;
        let end = self.origin.min(counts.len());
        (0..end).find(|&step| counts.get(step).is_some()).unwrap_or(self.origin)
    }

    /// The known counts with gaps closed: by the count one season earlier, else by the last
    /// one; zero where nothing was ever measured.
    pub fn filled(&self, member: usize) -> Vec<f32> {
        let mut counts = self.counts(member);
        fill(&mut counts, self.panel.season);
        counts
    }
}

/// The same time of earlier days before an origin, where days have so many steps unless they are
/// known better; zero: there are none.
pub fn ago(days: &Days, day: usize, step: usize, origin: usize) -> Ago {
    if day == 0 || !days.all().is_empty() {
        return days.ago(step, origin);
    }
    let whole = |period: usize| {
        let turns = (step + 1).saturating_sub(origin).div_ceil(period).max(1);
        step.checked_sub(turns * period)
    };
    Ago { day: whole(day), alike: whole(day), week: whole(7 * day) }
}

/// Closes gaps: by the count one season earlier, else by the last one; by zero before the first
/// that is known.
pub fn fill(counts: &mut [f32], season: usize) {
    let first = counts.iter().position(|count| !count.is_nan()).unwrap_or(counts.len());
    counts[..first].fill(0.0);
    for step in first..counts.len() {
        if counts[step].is_nan() {
            let earlier = step.checked_sub(season).filter(|&earlier| earlier >= first);
            counts[step] = counts[earlier.unwrap_or(step - 1)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_ends_before_its_origin() {
        let counts = Series::from_counts((0..20).map(Some));
        let member = Member { counts, ..Member::default() };
        let panel = Panel::new(vec![member], 4);
        let past = panel.before(7);
        assert_eq!(past.counts(0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(past.until(3).counts(0), [0.0, 1.0, 2.0]);
        assert_eq!(past.until(90).origin(), 7);
        assert!(panel.before(22).counts(0)[20].is_nan());
    }

    #[test]
    fn of_other_series_only_what_is_planned_is_known_ahead() {
        let series = |is_planned| Regressor {
            name: "queue".to_string(),
            values: vec![1.0, 2.0, 3.0, 4.0],
            is_planned,
        };
        let panel =
            Panel { followed: vec![series(false), series(true)], ..Panel::new(Vec::new(), 1) };
        let past = panel.before(2);
        assert_eq!(past.followed_values(0), [1.0, 2.0]);
        assert_eq!(past.followed_values(1), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(past.until(9).followed_values(0), [1.0, 2.0]);
        assert_eq!(panel.before(9).followed_values(0).len(), 4);
    }

    #[test]
    fn gaps_are_closed_by_what_is_nearest() {
        let nan = f32::NAN;
        for (mut counts, season, closed) in [
            (vec![nan, 2.0, nan], 9, vec![0.0, 2.0, 2.0]),
            (vec![1.0, 2.0, nan, nan], 2, vec![1.0, 2.0, 1.0, 2.0]),
            (vec![nan; 3], 1, vec![0.0; 3]),
            (vec![nan, nan, 5.0, nan, nan], 2, vec![0.0, 0.0, 5.0, 5.0, 5.0]),
        ] {
            fill(&mut counts, season);
            assert_eq!(counts, closed);
        }
    }
}
