//! Some functions at one origin, as several models look at them: what more than one of them
//! needs is worked out once.

use std::cell::OnceCell;
use std::ops::Range;

use crate::boost::forest::{Block, LANES};
use crate::global::features::{OWN, Sight};
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
}

impl<'p> Closed<'p> {
    /// The counts before the origin.
    pub fn of(past: &Past<'p>, members: Range<usize>) -> Self {
        let counts = members.clone().map(|member| past.filled(member)).collect();
        let firsts = members.clone().map(|member| past.first_known(member)).collect();
        let levels = vec![Levels::default(); members.len()];
        Self { past: *past, members, counts, levels, firsts }
    }

    /// The functions as of the origin, or of an earlier one.
    pub fn at(&self, origin: usize, horizon: usize) -> Views<'_> {
        let past = self.past.until(origin);
        let counts = self.counts.iter().map(|counts| &counts[..past.origin()]).collect();
        let (sights, blocks) = (OnceCell::new(), OnceCell::new());
        let (members, levels, firsts) = (self.members.clone(), &self.levels, &self.firsts);
        Views { past, members, horizon, counts, levels, firsts, sights, blocks }
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
        self.blocks
            .get_or_init(|| self.sights().iter().map(|sight| sight.block(&self.past)).collect())
    }
}
