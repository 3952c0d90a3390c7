//! Which earlier day a function's day is like, by what its last week was like.
//!
//! A function that follows working days shows it at its first weekend: Saturday is unlike
//! Friday, and no two working days are as far apart. So the Monday after it is told from the
//! Friday before, without any Monday having been seen.

use std::cell::Cell;

use swell_wide::work::{Work, widely};

use crate::days::{Ago, Days};

/// Which earlier day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Like {
    /// The last one.
    #[default]
    Day,
    /// The last of the same kind, working or free.
    Alike,
    /// The one of the same name, a week ago.
    Week,
}

impl Like {
    /// The step of that day, or of the last one where there is none of that kind.
    pub fn of(self, ago: &Ago) -> Option<usize> {
        match self {
            Like::Day => ago.day,
            Like::Alike => ago.alike.or(ago.day),
            Like::Week => ago.week.or(ago.day),
        }
    }

    /// The same for a step as of an origin, without asking for days of other kinds.
    pub fn ago(self, days: &Days, step: usize, origin: usize) -> Option<usize> {
        Walk::of(self, days).ago(step, origin)
    }
}

/// The same time of that day for steps that are asked about in their order: which day that is, is
/// looked up once a day.
#[derive(Debug)]
pub struct Walk<'d> {
    like: Like,
    days: &'d Days,
    last: Cell<Option<Last>>,
}

/// What was looked up last.
#[derive(Debug, Clone, Copy)]
struct Last {
    origin: usize,
    /// The step that was asked about, and the end of its day.
    step: usize,
    end: usize,
    then: usize,
}

impl<'d> Walk<'d> {
    /// Nothing is looked up yet.
    pub fn of(like: Like, days: &'d Days) -> Self {
        Self { like, days, last: Cell::new(None) }
    }

    /// As [`Like::ago`].
    pub fn ago(&self, step: usize, origin: usize) -> Option<usize> {
        if let Some(last) = self.last.get()
            && last.origin == origin
            && (last.step..last.end).contains(&step)
        {
            let then = last.then + (step - last.step);
            // Later days were too late for an earlier step already.
            if then < origin {
                return Some(then);
            }
        }
        let own = match self.like {
            Like::Day => self.days.ago_day(step, origin),
            Like::Alike => self.days.ago_alike(step, origin),
            Like::Week => self.days.ago_week(step, origin),
        };
        let kept = own.zip(self.days.end(step));
        self.last.set(kept.map(|(then, end)| Last { origin, step, end, then }));
        own.or_else(|| self.days.ago_day(step, origin))
    }
}

/// How many days are judged by.
const JUDGED: usize = 8;
/// By which share a less usual day must be nearer where both could be tried.
const NEARER: f32 = 0.8;
/// And by which where only the change of kinds was seen.
const UNLIKE: f32 = 0.6;

/// What was off, and over how many steps.
#[derive(Debug, Clone, Copy, Default)]
struct Off {
    sum: f32,
    len: usize,
}

impl Off {
    fn add(&mut self, other: Off) {
        self.sum += other.sum;
        self.len += other.len;
    }

    fn mean(&self) -> f32 {
        self.sum / self.len.max(1) as f32
    }
}

/// What a function's days are like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habit {
    /// Which earlier day is to be taken.
    pub like: Like,
    /// How far that was off over the last week, on average; infinite where it was not tried.
    pub off: f32,
}

/// The sum of distances, in lanes: adding up one after the other would wait for each.
pub fn apart(own: &[f32], earlier: &[f32]) -> f32 {
    widely(Apart(own, earlier))
}

struct Apart<'c>(&'c [f32], &'c [f32]);

impl Work for Apart<'_> {
    type Out = f32;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> f32 {
        let mut lanes = [0.0f32; 8];
        let (own, own_rest) = self.0.as_chunks::<8>();
        let (earlier, earlier_rest) = self.1.as_chunks::<8>();
        for (own, earlier) in own.iter().zip(earlier) {
            for (lane, (own, earlier)) in lanes.iter_mut().zip(own.iter().zip(earlier)) {
                *lane += (own - earlier).abs();
            }
        }
        let rest: f32 = own_rest.iter().zip(earlier_rest).map(|(a, b)| (a - b).abs()).sum();
        lanes.iter().sum::<f32>() + rest
    }
}

/// What the days are like; `counts`, gaps closed, begin with step `first` of the panel.
pub fn habit(counts: &[f32], first: usize, days: &Days) -> Habit {
    let none = Habit { like: Like::Day, off: f32::INFINITY };
    let origin = first + counts.len();
    let all = days.all();
    let today = all.partition_point(|day| day.start < origin.cast_signed());
    let length = |place: usize| all[place + 1].start.abs_diff(all[place].start);
    let usual = if today >= 2 { length(today - 2) } else { return none };
    // Beside the last day, the last of the kind, the last of the name.
    let mut each = [Off::default(); 3];
    // Of all days: beside the last day where that is of its kind, and where not.
    let (mut within, mut across) = (Off::default(), Off::default());
    // Of days that are told apart by it: yesterday and the last alike; either and a week ago.
    let mut kinds = [Off::default(); 2];
    let mut weeks = [[Off::default(); 2]; 2];
    for place in today.saturating_sub(JUDGED)..today {
        let end = all
            .get(place + 1)
            .map_or_else(|| origin.cast_signed(), |next| next.start)
            .min(origin.cast_signed());
        let off = |then: Option<usize>| {
            let shift = all[place].start.abs_diff(all[then?].start);
            let begin = all[place].start.max((first + shift).cast_signed());
            let steps = usize::try_from(begin).ok()?..usize::try_from(end).ok()?;
            if steps.is_empty() {
                return None;
            }
            let own = &counts[steps.start - first..steps.end - first];
            let earlier = &counts[steps.start - first - shift..steps.end - first - shift];
            Some(Off { sum: apart(own, earlier), len: steps.len() })
        };
        let before = days.before(place);
        // Often one and the same day.
        let day = off(before[0]);
        let alike = if before[1] == before[0] { day } else { off(before[1]) };
        let week = if before[2] == before[1] { alike } else { off(before[2]) };
        for (each, off) in each.iter_mut().zip([day, alike, week]) {
            each.add(off.unwrap_or_default());
        }
        if let Some(day) = day {
            if before[0] == before[1] { &mut within } else { &mut across }.add(day);
        }
        let whole = |one: Off, other: Off| (one.len == other.len).then_some((one, other));
        if let (Some(day), Some(alike)) = (day, alike)
            && before[0] != before[1]
            && let Some((day, alike)) = whole(day, alike)
        {
            kinds[0].add(day);
            kinds[1].add(alike);
        }
        for (turn, other) in [(0, day), (1, alike)] {
            if let (Some(other), Some(week)) = (other, week)
                && before[turn] != before[2]
                && let Some((other, week)) = whole(other, week)
            {
                weeks[turn][0].add(other);
                weeks[turn][1].add(week);
            }
        }
    }
    let is_told = kinds[1].len >= usual / 2;
    let follows_kinds = match is_told {
        true => kinds[1].sum < NEARER * kinds[0].sum,
        false => {
            across.len >= usual / 2 && within.len >= usual && within.mean() < UNLIKE * across.mean()
        }
    };
    let [other, week] = weeks[usize::from(follows_kinds)];
    let like = match follows_kinds {
        _ if week.len >= 2 * usual && week.sum < NEARER * other.sum => Like::Week,
        true => Like::Alike,
        false => Like::Day,
    };
    let off = each[like as usize];
    Habit { like, off: if off.len == 0 { f32::INFINITY } else { off.mean() } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::days::Day;
    use swell_core::rng::{split, unit};

    const DAY: usize = 24;

    /// Some days from a Monday on, of which each has a level.
    fn like_of(levels: &[f32], more: usize) -> Like {
        let mut rng = split(3, "noise");
        let mut count = |step: usize| {
            let level = levels[step / DAY % levels.len()];
            level * (step % DAY / 8) as f32 + unit(&mut rng) as f32
        };
        let counts: Vec<f32> = (0..levels.len() * DAY + more).map(&mut count).collect();
        habit(&counts, 0, &Days::even(0, DAY, 0, 40)).like
    }

    #[test]
    fn a_weekend_is_seen_at_once_and_a_weekday_after_two_weeks() {
        let week = [9.0, 9.0, 9.0, 9.0, 9.0, 0.0, 0.0];
        assert_eq!(like_of(&week, 0), Like::Alike);
        assert_eq!(like_of(&week[..5], 0), Like::Day);
        assert_eq!(like_of(&[9.0; 7], 0), Like::Day);
        assert_eq!(like_of(&[week, week].concat(), 0), Like::Alike);
        let mondays = [30.0, 2.0, 9.0, 2.0, 5.0, 0.0, 0.0];
        assert_eq!(like_of(&[mondays, mondays, mondays].concat()[..15], 0), Like::Week);
        assert_eq!(like_of(&[0.0; 14], 0), Like::Day);
        assert_eq!(like_of(&[9.0], 3), Like::Day);
        assert_eq!(habit(&[], 0, &Days::default()).like, Like::Day);
    }

    #[test]
    fn one_day_is_the_same_alone_as_among_all() {
        let days = Days::even(5, DAY, 3, 20);
        for (step, origin) in (0..20 * DAY).step_by(7).flat_map(|step| [(step, step), (step, 200)])
        {
            let all = days.ago(step, origin);
            for like in [Like::Day, Like::Alike, Like::Week] {
                assert_eq!(like.ago(&days, step, origin), like.of(&all), "{like:?} of {step}");
            }
        }
    }

    #[test]
    fn steps_in_their_order_have_the_days_that_each_has_alone() {
        // The days differ in length, as where clocks are put back and forward.
        let starts = [0, 24, 48, 71, 95, 120, 144, 168, 191, 215, 240];
        let day = |(turn, start): (usize, isize)| Day {
            start: start - 5,
            weekday: ((turn + 3) % 7) as u8,
            is_holiday: turn == 6,
        };
        let days = Days::new(starts.into_iter().enumerate().map(day));
        for like in [Like::Day, Like::Alike, Like::Week] {
            let walk = Walk::of(like, &days);
            for origin in (0..240).step_by(3) {
                for step in (origin..origin + 70).chain([3, 200]) {
                    let alone = like.of(&days.ago(step, origin));
                    assert_eq!(walk.ago(step, origin), alone, "{like:?} of {step} at {origin}");
                }
            }
        }
    }
}
