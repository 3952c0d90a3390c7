//! What the members of a hybrid said of a function at earlier origins, and what then came.
//!
//! The last hours tell how a function is now, and little of an hour in which much changes each
//! day: at night all members are right about nothing. So the same hour of earlier days is
//! looked at as well.

use crate::bands::Forecast;
use crate::days::Days;

/// One earlier origin of one function.
#[derive(Debug, Clone)]
pub struct Tracked<'n> {
    /// The origin.
    pub origin: Origin,
    /// What each member forecast, in the order of members.
    pub forecasts: Vec<&'n Forecast>,
}

/// An earlier origin, and how much is to be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The first step that was not known then.
    pub at: usize,
    /// As how many strides ago it counts.
    pub age: i32,
}

/// How many steps lie between tracked origins, which are multiples of it: so each is asked
/// once, however often forecasts are made.
pub const STRIDE: usize = 6;
/// How many are looked at of the last hours.
pub const LENGTH: usize = 8;
/// How many days ago the same hour is looked at where steps have no date: yesterday and the day
/// before, for what is as each day, and a week ago, for what is as each such day.
const DAYS: [usize; 3] = [1, 2, 7];
/// Steps that must lie before an origin of an earlier day: a member that knows nothing yet is not
/// to be judged.
const KNOWN: usize = 48;
/// Origins of a day that are enough to judge members by all of its hours.
const OF_A_DAY: usize = 12;

/// The same time of earlier days: of the last two of the kind, working or free, and a week ago.
fn earlier_days(origin: usize, day: usize, days: &Days) -> [Option<usize>; 3] {
    if days.all().is_empty() {
        return DAYS.map(|ago| origin.checked_sub(ago * day).filter(|_| day > 0));
    }
    let last = days.ago(origin, origin);
    let before = last.alike.and_then(|then| days.ago(then, then).alike);
    let week = last.week.filter(|_| last.week != before);
    [last.alike.or(last.day), before, week]
}

/// The origins that are tracked as of `origin`: those of the last hours, the newest first, then
/// those at the same hour of earlier days. Each lies before `origin` and has known steps before
/// itself. `day` is how many steps a day has, zero where steps have no time of day.
pub fn origins(origin: usize, day: usize, days: &Days) -> Vec<Origin> {
    let newest = origin.saturating_sub(1) / STRIDE;
    let recent = (1..=newest).rev().take(LENGTH).zip(0..);
    let mut origins: Vec<Origin> =
        recent.map(|(turn, age)| Origin { at: turn * STRIDE, age }).collect();
    let oldest = origins.last().map_or(0, |oldest| oldest.at);
    for (then, age) in earlier_days(origin, day, days).into_iter().zip(0..) {
        let at = then.map(|then| (then + STRIDE / 2) / STRIDE * STRIDE);
        if let Some(at) = at.filter(|at| (KNOWN..oldest).contains(at))
            && origins.iter().all(|other| other.at != at)
        {
            origins.push(Origin { at, age });
        }
    }
    origins
}

/// The origins by which members are judged once, when a model is made: those that are tracked
/// and, where two days are known, some over all of the last one; where steps have dates, as many
/// over the last day of the other kind, since a model that is made on a Sunday serves on the Monday.
/// All count alike.
pub fn judged(origin: usize, day: usize, days: &Days) -> Vec<Origin> {
    let mut origins = origins(origin, day, days);
    if day > 0 && origin >= 2 * day {
        let apart = (day / OF_A_DAY).max(STRIDE).next_multiple_of(STRIDE);
        let newest = origin / STRIDE * STRIDE;
        let is_free = |step: usize| days.at(step).map(|(day, _)| day.is_free());
        let is_other = |turn: &usize| {
            let step = newest.checked_sub(turn * day + day / 2);
            step.is_some_and(|step| is_free(step).is_some() && is_free(step) != is_free(origin))
        };
        let other = (1..8).find(is_other).map(|turn| newest - turn * day / STRIDE * STRIDE);
        for newest in [Some(newest), other].into_iter().flatten() {
            let more = (1..=OF_A_DAY).filter_map(|turn| newest.checked_sub(turn * apart));
            for at in more.filter(|&at| at >= KNOWN) {
                if origins.iter().all(|other| other.at != at) {
                    origins.push(Origin { at, age: 0 });
                }
            }
        }
        origins.iter_mut().for_each(|origin| origin.age = 0);
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_origins_are_tracked_until_the_next_is_passed() {
        for (origin, expected) in [
            (0, vec![]),
            (6, vec![]),
            (7, vec![6]),
            (12, vec![6]),
            (13, vec![12, 6]),
            (60, (1..=9).rev().map(|turn| turn * 6).take(8).collect()),
            (288 + 60, vec![342, 336, 330, 324, 318, 312, 306, 300, 60]),
            (288 + 64, vec![348, 342, 336, 330, 324, 318, 312, 306, 66]),
        ] {
            let found: Vec<usize> =
                origins(origin, 288, &Days::NONE).iter().map(|origin| origin.at).collect();
            assert_eq!(found, expected, "at {origin}");
        }
    }

    #[test]
    fn the_same_hour_of_yesterday_and_of_last_week_is_looked_at() {
        let ago = |origin: usize, day: usize| -> Vec<usize> {
            origins(origin, day, &Days::NONE)
                .iter()
                .skip(LENGTH)
                .map(|then| origin - then.at)
                .collect()
        };
        assert_eq!(ago(9 * 288, 288), [288, 576, 2016]);
        assert_eq!(ago(2 * 288, 288), [288], "the day before has nothing before it");
        assert_eq!(ago(9 * 288, 0), [0usize; 0], "steps have no time of day");
    }

    #[test]
    fn on_a_monday_working_days_are_looked_at() {
        let days = Days::even(0, 288, 0, 20);
        let ago = |day: usize| -> Vec<usize> {
            let origin = day * 288 + 96;
            let found = origins(origin, 288, &days);
            found.iter().skip(LENGTH).map(|then| (origin - then.at) / 288).collect()
        };
        assert_eq!((ago(7), ago(8), ago(12)), (vec![3, 4, 7], vec![1, 4, 7], vec![6, 7]));
        let judged = judged(7 * 288 + 96, 288, &days);
        let free = judged.iter().filter(|then| days.at(then.at).expect("a day").0.is_free());
        assert!(free.count() >= 10 && judged.len() >= 30, "{judged:?}");
    }

    #[test]
    fn all_hours_of_a_day_are_judged_once_two_are_known() {
        assert_eq!(judged(500, 288, &Days::NONE), origins(500, 288, &Days::NONE));
        let judged = judged(5 * 288, 288, &Days::NONE);
        let last: Vec<usize> = judged.iter().map(|origin| origin.at).collect();
        for hour in 0..24 {
            let hour = 4 * 288 + 12 * hour;
            assert!(last.iter().any(|at| at.abs_diff(hour) <= 12), "at {hour}: {last:?}");
        }
        let mut apart = last.clone();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), last.len(), "none twice");
    }
}
