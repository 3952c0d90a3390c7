//! Some functions at one origin, as several models look at them: what more than one of them
//! needs is worked out once.

use std::cell::OnceCell;
use std::ops::Range;

use crate::abreast::largest;
use crate::boost::forest::{Block, LANES};
use crate::bound::bound_of;
use crate::global::features::{OWN, Sight};
use crate::global::moment::Moment;
use crate::global::scene::Levels;
use crate::panel::Past;

/// The counts of some functions with gaps closed.
///
/// Gaps are closed by what lies before them, so the counts before any earlier origin are the
/// beginning of these.
#[derive(Debug)]
pub struct Closed<'p> {
    past: Past<'p>,
    members: Range<usize>,
    counts: Vec<Vec<f32>>,
    levels: Vec<Levels>,
    firsts: Vec<usize>,
    /// Per function, the largest count of each [`STRETCH`] and of all before it.
    peaks: Vec<Vec<f32>>,
}

/// Counts of which the largest is known: who looks at an earlier origin looks through fewer.
const STRETCH: usize = 32;

/// The largest count of each stretch and of all before it.
fn peaks(counts: &[f32]) -> Vec<f32> {
    let mut most = 0.0f32;
    let so_far = |stretch: &[f32]| {
        most = largest(stretch).max(most);
        most
    };
    counts.chunks_exact(STRETCH).map(so_far).collect()
}

impl<'p> Closed<'p> {
    /// The counts before the origin.
    pub fn of(past: &Past<'p>, members: Range<usize>) -> Self {
        let counts: Vec<Vec<f32>> = members.clone().map(|member| past.filled(member)).collect();
        let firsts = members.clone().map(|member| past.first_known(member)).collect();
        let levels = vec![Levels::default(); members.len()];
        let peaks = counts.iter().map(|counts| peaks(counts)).collect();
        Self { past: *past, members, counts, levels, firsts, peaks }
    }

    /// The functions as of the origin, or of an earlier one.
    pub fn at(&self, origin: usize, horizon: usize) -> Views<'_> {
        let past = self.past.until(origin);
        let counts = self.counts.iter().map(|counts| &counts[..past.origin()]).collect();
        let most = self.counts.iter().zip(&self.peaks).map(|(counts, peaks)| {
            let whole = past.origin() / STRETCH;
            let before = whole.checked_sub(1).map_or(0.0, |last| peaks[last]);
            let since = largest(&counts[whole * STRETCH..past.origin()]);
            past.most().min(bound_of(before.max(since)))
        });
        let most = most.collect();
        let (sights, blocks) = (OnceCell::new(), OnceCell::new());
        let (members, levels, firsts) = (self.members.clone(), &self.levels, &self.firsts);
        Views { past, members, horizon, counts, most, levels, firsts, sights, blocks }
    }
}

/// Some functions at one origin.
pub struct Views<'a> {
    /// What is known.
    pub past: Past<'a>,
    /// Which functions.
    pub members: Range<usize>,
    /// Steps ahead that are asked for.
    pub horizon: usize,
    /// Their counts before the origin, gaps closed.
    pub counts: Vec<&'a [f32]>,
    /// The most that may be forecast of each.
    pub most: Vec<f32>,
    levels: &'a [Levels],
    /// From which step on each is known.
    pub firsts: &'a [usize],
    sights: OnceCell<Vec<Sight<'a>>>,
    blocks: OnceCell<Vec<Block<OWN>>>,
}

impl<'a> Views<'a> {
    /// The functions as models across functions see them, an hour ahead or as far as is asked.
    pub fn sights(&self) -> &[Sight<'a>] {
        let reach = self.horizon.max(LANES);
        let one = |((member, &counts), levels): (((usize, usize), &&'a [f32]), &Levels)| {
            Sight::known(&self.past, member, counts, reach, levels)
        };
        let firsts = || self.firsts.iter().copied();
        let all = || self.members.clone().zip(firsts()).zip(&self.counts).zip(self.levels);
        self.sights.get_or_init(|| all().map(one).collect())
    }

    /// What each step of the hour ahead has for itself, function by function.
    pub fn blocks(&self) -> &[Block<OWN>] {
        self.blocks.get_or_init(|| {
            let hour = Moment::hour(&self.past);
            self.sights().iter().map(|sight| sight.block(&self.past, &hour)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::bound;
    use crate::panel::{Member, Panel};
    use crate::series::Series;

    #[test]
    fn the_most_of_an_earlier_origin_is_that_of_its_own_counts() {
        let member = |turn: usize| {
            let count = |step: usize| {
                (step * 7919 % 1009 + if step == 40 * turn { 5000 } else { 0 }) as u32
            };
            let counts = Series::from_counts((0..150).map(|step| Some(count(step))));
            Member { counts, ..Member::default() }
        };
        let panel = Panel { most: 49_000.0, ..Panel::new((0..4).map(member).collect(), 12) };
        let closed = Closed::of(&panel.before(150), 0..4);
        for origin in (0..=150).chain([200]) {
            let views = closed.at(origin, 12);
            let alone = views.counts.iter().map(|counts| bound(counts).min(49_000.0));
            assert_eq!(views.most, alone.collect::<Vec<_>>(), "at {origin}");
        }
    }
}
