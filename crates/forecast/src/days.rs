//! The days on which the steps of a panel fall, as people count them: they begin at midnight
//! where the people are, are an hour longer or shorter when clocks are put back or forward, and
//! some of them are free.
//!
//! What comes back comes at the same time of a day. Which earlier day is a guess: the last one,
//! the last one of the same kind (a Monday is like the Friday before it, a holiday like a
//! Sunday), or the same day of a week ago.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The first free day of a week, counted from Monday as zero.
const SATURDAY: u8 = 5;
/// Days of a week.
const WEEK: u8 = 7;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The step with which it begins; below zero where that is before the panel.
    pub start: isize,
    /// Which day of the week it is, Monday as zero.
    pub weekday: u8,
    /// Whether it is a holiday.
    pub is_holiday: bool,
}

impl Day {
    /// Whether most people do not work: a weekend or a holiday.
    pub fn is_free(&self) -> bool {
        self.is_holiday || self.weekday >= SATURDAY
    }
}

/// Days that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Days {
    days: Vec<Day>,
}

/// The same time of earlier days, as steps; none where that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ago {
    /// Of the last day.
    pub day: Option<usize>,
    /// Of the last day of the same kind, working or free.
    pub alike: Option<usize>,
    /// Of the last day of the same name.
    pub week: Option<usize>,
}

fn is_alike(day: &Day, own: &Day) -> bool {
    day.is_free() == own.is_free()
}

impl Days {
    /// No date is known.
    pub const NONE: Days = Days { days: Vec::new() };

    /// Days in their order; those that are out of it are left out.
    pub fn new(days: impl IntoIterator<Item = Day>) -> Self {
        let mut ordered: Vec<Day> = Vec::new();
        for day in days {
            if ordered.last().is_none_or(|last| last.start < day.start) {
                ordered.push(day);
            }
        }
        Self { days: ordered }
    }

    /// So many days of equal length without a holiday, the first of which began `first` steps
    /// before the panel.
    pub fn even(first: usize, length: usize, weekday: u8, count: usize) -> Self {
        Self::new((0..count).map(|turn| Day {
            start: (turn * length).cast_signed() - first.cast_signed(),
            weekday: ((usize::from(weekday) + turn) % usize::from(WEEK)) as u8,
            is_holiday: false,
        }))
    }

    /// All of them, in their order.
    pub fn all(&self) -> &[Day] {
        &self.days
    }

    fn place(&self, step: usize) -> Option<usize> {
        self.days.partition_point(|day| day.start <= step.cast_signed()).checked_sub(1)
    }

    /// The day of a step, and how many steps of it are over.
    pub fn at(&self, step: usize) -> Option<(&Day, usize)> {
        let day = &self.days[self.place(step)?];
        Some((day, step.cast_signed().abs_diff(day.start)))
    }

    /// The first step that is not of a step's own day any more; beyond all steps where its day is the
    /// last that is known.
    pub fn end(&self, step: usize) -> Option<usize> {
        let next = self.days.get(self.place(step)? + 1);
        Some(next.map_or(usize::MAX, |next| next.start.max(0).cast_unsigned()))
    }

    /// The days before `end` that a step's own may be like, by their places: the last one, the last
    /// of its kind, the last of its name.
    pub fn before(&self, place: usize) -> [Option<usize>; 3] {
        let own = &self.days[place];
        let last = |is: &dyn Fn(&Day) -> bool| (0..place).rev().find(|&at| is(&self.days[at]));
        [
            last(&|_| true),
            last(&|day| day.is_free() == own.is_free()),
            last(&|day| day.weekday == own.weekday),
        ]
    }

    /// The same time of earlier days, before an origin.
    pub fn ago(&self, step: usize, origin: usize) -> Ago {
        let Some(place) = self.place(step) else { return Ago::default() };
        Ago {
            day: self.last((step, place), origin, |_, _| true),
            alike: self.last((step, place), origin, is_alike),
            week: self.last((step, place), origin, |day, own| day.weekday == own.weekday),
        }
    }

    /// [`Ago::day`] alone.
    pub fn ago_day(&self, step: usize, origin: usize) -> Option<usize> {
        self.last((step, self.place(step)?), origin, |_, _| true)
    }

    /// [`Ago::alike`] alone.
    pub fn ago_alike(&self, step: usize, origin: usize) -> Option<usize> {
        self.last((step, self.place(step)?), origin, is_alike)
    }

    /// [`Ago::week`] alone.
    pub fn ago_week(&self, step: usize, origin: usize) -> Option<usize> {
        self.last((step, self.place(step)?), origin, |day, own| day.weekday == own.weekday)
    }

    /// The same time of the last day before an origin that `is` like a step's own, which has a
    /// place.
    fn last(
        &self,
        (step, place): (usize, usize),
        origin: usize,
        is: impl Fn(&Day, &Day) -> bool,
    ) -> Option<usize> {
        let own = &self.days[place];
        let earlier = self.days[..place].iter().rev().filter(|day| is(day, own));
        let mut steps = earlier.map(|day| day.start + step.cast_signed() - own.start);
        let known = steps.find(|&then| then < origin.cast_signed());
        known.and_then(|then| usize::try_from(then).ok())
    }

    /// The days of the kind of a step's own that lie before an origin in whole or in part, the
    /// newest first, each with the steps it has before the origin.
    pub fn of_kind(
        &self,
        step: usize,
        origin: usize,
    ) -> impl Iterator<Item = (usize, Range<isize>)> {
        let is_free = self.at(step).map(|(day, _)| day.is_free());
        let first = self.days.partition_point(|day| day.start < origin.cast_signed());
        let all =
            (0..first).rev().filter(move |&place| Some(self.days[place].is_free()) == is_free);
        all.map(move |place| {
            let day = &self.days[place];
            let end =
                self.days.get(place + 1).map_or_else(|| origin.cast_signed(), |next| next.start);
            (place, day.start..end.min(origin.cast_signed()))
        })
    }

    /// The same days for a panel that begins so many steps later.
    #[must_use]
    pub fn from_step(&self, first: usize) -> Self {
        let later = |day: &Day| Day { start: day.start - first.cast_signed(), ..*day };
        Self { days: self.days.iter().map(later).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monday_is_like_a_friday_and_a_holiday_like_a_sunday() {
        // Ten days of ten steps; the first is a Monday, of which four steps were over.
        let mut days = Days::even(4, 10, 0, 20);
        let ago = |days: &Days, step| {
            let Ago { day, alike, week } = days.ago(step, step);
            [day, alike, week]
        };
        // Tuesday, the first Saturday, the first Sunday, the second Monday at its second step.
        for (day, expected) in [
            (1, [None, None, None]),
            (2, [Some(7), Some(7), None]),
            (5, [Some(37), None, None]),
            (6, [Some(47), Some(47), None]),
            (7, [Some(57), Some(37), None]),
            (8, [Some(67), Some(67), Some(7)]),
            (12, [Some(107), Some(57), Some(47)]),
        ] {
            assert_eq!(ago(&days, day * 10 - 4 + 1), expected, "day {day}");
        }
        days.days[9].is_holiday = true;
        assert_eq!(ago(&days, 87), [Some(77), Some(57), Some(17)]);
        assert_eq!(ago(&days, 97), [Some(87), Some(77), Some(27)], "not like the holiday");
        let (day, over) = days.at(87).expect("it has a day");
        assert!(day.is_free() && over == 1 && day.weekday == 2);
    }

    #[test]
    fn what_lies_ahead_is_not_looked_at() {
        let days = Days::even(0, 10, 0, 30);
        // Two days after the origin, which is at the fourth step of the ninth day.
        let ago = days.ago(105, 84);
        assert_eq!((ago.day, ago.week), (Some(75), Some(35)));
        assert_eq!(Days::default().ago(5, 5), Ago::default());
        assert_eq!(days.from_step(84).ago(21, 0), Ago::default());
        assert_eq!(days.from_step(30).at(5).map(|(day, over)| (day.weekday, over)), Some((3, 5)));
    }
}
