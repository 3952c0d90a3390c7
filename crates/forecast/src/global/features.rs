//! What a model across functions is told of one function at one origin, in numbers.
//!
//! All are finite, whatever the counts are: trees and networks have no word for what is not a
//! number. What differs by magnitude is given beside the base and in scales; the calendar is
//! left at zero until two days are known, because what was seen once is no season, and the names
//! of days until each was seen.

use std::borrow::Cow;

use crate::abreast::largest;
use crate::boost::forest::{Block, LANES};
use crate::days::{Ago, Day};
use crate::event::factors;
use crate::global::analog::{self, Analogs};
use crate::global::follows::{FOLLOWING, Follows};
use crate::global::marks::{MARKED, Marks};
use crate::global::moment::Moment;
use crate::global::rests::{Rests, level_error};
use crate::global::scene::{GUESSES, Levels, Scene};
use crate::habits::{Like, Walk, habit};
use crate::panel::{Past, Trigger};

/// Counts that are given one by one.
const LAGS: usize = 12;
/// Numbers that the rows of all steps ahead begin with.
pub const SHARED: usize = LAGS + GUESSES + 40;
/// Numbers that each step ahead has for itself.
pub const OWN: usize = GUESSES + TOLD + MARKED + FOLLOWING;
/// Numbers of each step ahead that are neither guesses nor of occasions or other series.
const TOLD: usize = 29;
/// Numbers in a row.
pub const WIDTH: usize = SHARED + OWN;
/// Numbers in a row that mean something where no other series is followed; those come first.
pub const PLAIN: usize = WIDTH - FOLLOWING;

/// How many numbers of a row are worth learning from: those of other series only where there are
/// any, so that nobody's trees are asked about columns of zeros.
pub fn width(past: &Past<'_>) -> usize {
    if past.followed() == 0 { PLAIN } else { WIDTH }
}

/// A function at an origin, ready to give a row for each step ahead.
#[derive(Debug, Clone)]
pub struct Sight<'a> {
    /// The base and the scale in which it is seen.
    pub scene: Scene,
    /// Its counts before the origin, gaps closed.
    pub counts: Cow<'a, [f32]>,
    /// What the rows of all steps ahead begin with.
    pub shared: [f32; SHARED],
    member: usize,
    analogs: Analogs,
    rests: Rests,
    since: f32,
    slots: [f32; 12],
    first: usize,
    like: Like,
    marks: Marks,
    follows: Follows,
}

impl<'a> Sight<'a> {
    /// Looks at a member whose counts before the origin, gaps closed, are at hand.
    pub fn of(
        past: &Past<'_>,
        member: usize,
        counts: impl Into<Cow<'a, [f32]>>,
        horizon: usize,
    ) -> Self {
        let first = past.first_known(member);
        Self::known(past, (member, first), counts, horizon, &Levels::default())
    }

    /// The same of a member with the step from which on it is known, where the levels of some ends
    /// of the same counts may be at hand.
    pub fn known(
        past: &Past<'_>,
        (member, first): (usize, usize),
        counts: impl Into<Cow<'a, [f32]>>,
        horizon: usize,
        levels: &Levels,
    ) -> Self {
        let counts = counts.into();
        let first = first.min(counts.len());
        let (day, days) = (past.day(), past.days());
        let like = habit(&counts[first..], first, days).like;
        let walk = Walk::of(like, days);
        let earlier = |step: usize, end: usize| {
            let is_seen = !days.all().is_empty() && day > 0 && end >= first + 2 * day;
            let then = is_seen.then(|| walk.ago(step, end)).flatten();
            then.filter(|&then| then >= first)
        };
        let scene = Scene::known(&counts, past.season(), horizon, levels, &earlier);
        let since = counts.iter().rev().take_while(|count| **count <= 0.0).count().min(288) as f32;
        let analogs = analog::find(&counts, horizon);
        let rests = Rests::of(&counts, horizon);
        let shared = shared(&scene, &counts, since, past.trigger(member), &analogs, &rests);
        let slots = slots(&counts);
        let marks = Marks::of(past.all_events(), member);
        let follows = Follows::of(past, &counts, first);
        Self {
            scene,
            counts,
            shared,
            member,
            analogs,
            rests,
            since,
            slots,
            first,
            like,
            marks,
            follows,
        }
    }

    /// The row of a step ahead, written over `row`.
    pub fn row(&self, past: &Past<'_>, ahead: usize, row: &mut [f32; WIDTH]) {
        row[..SHARED].copy_from_slice(&self.shared);
        let moment = Moment::of(past, self.counts.len() + ahead);
        row[SHARED..].copy_from_slice(&self.own(past, &moment, ahead));
    }

    /// What the rows of an hour ahead have for themselves, column by column.
    pub fn block(&self, past: &Past<'_>, hour: &[Moment; LANES]) -> Block<OWN> {
        let mut block = [[0.0; LANES]; OWN];
        for (ahead, moment) in hour.iter().enumerate() {
            let own = self.own(past, moment, ahead);
            block.iter_mut().zip(own).for_each(|(column, value)| column[ahead] = value);
        }
        block
    }

    /// What the row of a step ahead, whose moment is at hand, has for itself.
    pub fn own(&self, past: &Past<'_>, moment: &Moment, ahead: usize) -> [f32; OWN] {
        let mut own = [0.0f32; OWN];
        let Scene { scale, guesses, .. } = &self.scene;
        let (len, middle) = (self.counts.len(), self.scene.middle(ahead));
        let step = len + ahead;
        for (own, guess) in own.iter_mut().zip(&guesses[ahead]) {
            *own = (guess - middle) / scale;
        }
        let hour = |back: usize, beside: isize| {
            let first = (step + 12 - len) / 12 * 12;
            let place = (step - first.min(step)).checked_sub(12 * back);
            let place = place.and_then(|place| place.checked_add_signed(beside));
            let known = place.and_then(|place| self.counts.get(place));
            known.map_or(0.0, |count| (count - middle) / scale)
        };
        let day = past.day();
        let is_seen = day > 0 && len >= self.first + 2 * day;
        let time_of_day = moment.time_of_day;
        let time = if is_seen { time_of_day as f32 / day as f32 } else { 0.0 };
        let ago = if is_seen { moment.ago } else { Ago::default() };
        let known = |then: Option<usize>| then.filter(|&then| (self.first..len).contains(&then));
        let then = known(self.like.of(&ago));
        let earlier = |beside: usize| {
            let place = then.and_then(|then| then.checked_sub(beside));
            place.map_or(0.0, |place| (self.counts[place] - middle) / scale)
        };
        // Which day is like it was chosen; what other days say is told as what they say otherwise.
        let otherwise = |other: Option<usize>| match (known(other), then) {
            (Some(other), Some(then)) => (self.counts[other] - self.counts[then]) / scale,
            _ => 0.0,
        };
        let date = moment.date.filter(|_| is_seen);
        let flag =
            |is: fn(&Day) -> bool| date.as_ref().map_or(0.0, |day| f32::from(u8::from(is(day))));
        let is_week_seen = len >= self.first + 7 * day;
        let weekday = date.filter(|_| is_week_seen).map_or(0.0, |day| f32::from(1 + day.weekday));
        let beside = |count: f32| (count - middle) / scale;
        let followed =
            self.analogs.followed(&self.counts, ahead).map_or([0.0; 3], |f| f.map(beside));
        let at_hour = self.reached(step, 12).map(beside);
        let at_rhythm = self.reached(step, self.scene.rhythm).map(beside);
        let (times, width) = factors(past.events(self.member, step).map(|event| event.at(step)));
        let told = [
            ahead as f32,
            self.since + ahead as f32,
            hour(0, -1),
            hour(0, 1),
            hour(1, 0),
            (time_of_day % 12) as f32,
            self.slots[step % 12] / scale,
            time,
            earlier(0),
            (earlier(0) + earlier(1) + earlier(2)) / 3.0,
            otherwise(ago.day),
            otherwise(ago.week),
            flag(Day::is_free),
            flag(|day| day.is_holiday),
            weekday,
            times.max(0.01).ln(),
            width,
            followed[0],
            followed[1],
            followed[2],
            at_hour[0],
            at_hour[1],
            at_hour[2],
            at_rhythm[0],
            at_rhythm[1],
            at_rhythm[2],
            self.rests.chances[ahead],
            beside(self.rests.quantile(ahead, 0.5)),
            beside(self.rests.quantile(ahead, 0.9)),
        ];
        own[GUESSES..][..TOLD].copy_from_slice(&told);
        let marked = self.marks.told(step, &self.counts, self.first, beside);
        own[GUESSES + TOLD..][..MARKED].copy_from_slice(&marked);
        let followed = self.follows.told(step, beside);
        own[GUESSES + TOLD + MARKED..].copy_from_slice(&followed);
        own.map(tame)
    }

    /// The least and the most of the last five counts at this place of a period, and the most
    /// of these and their neighbours; the last count where none is known.
    fn reached(&self, step: usize, period: usize) -> [f32; 3] {
        let len = self.counts.len();
        let first = (step - len) / period + 1;
        let (mut least, mut most, mut around) = (f32::MAX, f32::MIN, f32::MIN);
        for turn in first..first + 5 {
            let Some(place) = step.checked_sub(turn * period) else { break };
            least = lesser(least, self.counts[place]);
            most = larger(most, self.counts[place]);
            let beside = place.saturating_sub(1)..(place + 2).min(len);
            around = self.counts[beside].iter().fold(around, |a, &b| larger(a, b));
        }
        let last = self.counts.last().copied().unwrap_or(0.0);
        if most < least { [last; 3] } else { [least, most, around] }
    }
}

/// As `min` and `max` of counts, which are numbers: in one instruction.
fn lesser(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// A number that trees and networks have a word for.
fn tame(number: f32) -> f32 {
    if number.is_finite() { number.clamp(-1e6, 1e6) } else { 0.0 }
}

/// Brings what lies above a level in order, and all else below it.
fn sort_upper(values: &mut [f32], level: f32) {
    let first = (level * values.len().saturating_sub(1) as f32) as usize;
    if first < values.len() {
        let (_, _, above) = values.select_nth_unstable_by(first, f32::total_cmp);
        above.sort_unstable_by(f32::total_cmp);
    }
}

/// How much more comes at each place of an hour than on average.
fn slots(counts: &[f32]) -> [f32; 12] {
    let (mut sums, mut lens) = ([0.0f32; 12], [0.0f32; 12]);
    let first = counts.len().saturating_sub(288);
    for (step, count) in counts.iter().enumerate().skip(first) {
        sums[step % 12] += count;
        lens[step % 12] += 1.0;
    }
    let mean = sums.iter().sum::<f32>() / lens.iter().sum::<f32>().max(1.0);
    std::array::from_fn(|slot| if lens[slot] > 0.0 { sums[slot] / lens[slot] - mean } else { 0.0 })
}

fn shared(
    scene: &Scene,
    counts: &[f32],
    since: f32,
    trigger: Trigger,
    analogs: &Analogs,
    rests: &Rests,
) -> [f32; SHARED] {
    let (scale, middle) = (scene.scale, scene.middle(0));
    let tail = |steps: usize| &counts[counts.len().saturating_sub(steps)..];
    let beside = |value: f32| (value - middle) / scale;
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
    let calls = |values: &[f32]| {
        values.iter().filter(|value| **value > 0.0).count() as f32 / values.len().max(1) as f32
    };
    let least = |values: &[f32]| values.iter().fold(f32::MAX, |a, &b| lesser(a, b));
    let changes = |values: &[f32]| {
        let changes = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        changes.sum::<f32>() / values.len().max(1) as f32
    };
    let mut sorted = tail(48).to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let quantile = |level| beside(crate::bands::quantile_of_sorted(&sorted, level));
    let mut day = tail(288).to_vec();
    sort_upper(&mut day, 0.75);
    let of_day = |level| beside(crate::bands::quantile_of_sorted(&day, level));
    let hour_before = tail(24).split_at(tail(24).len() / 2).0;
    let (mean_48, mean_all) = (mean(tail(48)), mean(tail(288)));
    let told = [
        (1.0 + mean_48).ln(),
        (1.0 + mean_all).ln(),
        scale.ln(),
        scale / (1.0 + mean_48),
        calls(tail(6)),
        calls(tail(12)),
        calls(tail(48)),
        calls(tail(288)),
        since,
        beside(mean(tail(3))),
        beside(mean(tail(12))),
        beside(mean_48),
        beside(mean_all),
        beside(mean(hour_before)),
        changes(tail(12)) / scale,
        changes(tail(48)) / scale,
        changes(tail(288)) / scale,
        beside(largest(tail(12))),
        beside(least(tail(12))),
        beside(largest(tail(288))),
        quantile(0.1),
        quantile(0.75),
        quantile(0.9),
        scene.rhythm as f32,
        scene.rhythm_error / scale,
        f32::from(trigger as u8),
        analogs.nearest,
        analogs.furthest,
        level_error(counts) / scale,
        of_day(0.75),
        of_day(0.9),
        of_day(0.97),
        beside(largest(tail(24))),
        rests.lengths[0],
        rests.lengths[1],
        rests.lengths[2],
        rests.lengths[3],
        beside(rests.size),
        beside(rests.size(0.5)),
        beside(rests.size(0.9)),
    ];
    let mut shared = [0.0f32; SHARED];
    for lag in 1..=LAGS.min(counts.len()) {
        shared[lag - 1] = beside(counts[counts.len() - lag]);
    }
    for (shared, error) in shared[LAGS..].iter_mut().zip(&scene.errors) {
        *shared = error / scale;
    }
    shared[LAGS + GUESSES..].copy_from_slice(&told);
    shared.map(tame)
}
