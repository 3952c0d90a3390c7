//! How much memory training may use, and what it is used for.
//!
//! Three things take it: what is learned from, in two copies (as it came, and without what events
//! did to it); the table of examples of trees; and, once the models are made, what each said of some
//! functions at earlier origins. The latter two are not there at the same time. So functions are left
//! out until the counts of those that are learned from take a part of the memory, and what is left
//! bounds examples and functions that are asked about.

use serde::{Deserialize, Serialize};

use crate::bands::Quantiles;
use crate::global::features::WIDTH;
use crate::panel::{Member, Panel};

/// How much memory training may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In bytes.
    pub bytes: u64,
}

/// What is there besides, in bytes: the model, scratch, and a thread.
const BASE: u64 = 24 << 20;
/// What an example takes, in bytes: its row while the table of rows grows to the double, its
/// row of bins, its target, weight, slope and place at each level.
const EXAMPLE: u64 = (2 * 4 * WIDTH + WIDTH + 128) as u64;
/// Of what is there besides the base, counts may take the third part.
const COUNTS: u64 = 3;
/// Copies of counts.
const COPIES: u64 = 2;
/// What a function takes besides its counts, in bytes: names, stakes, and blocks of counts.
const MEMBER: u64 = 512;
/// What a function that is asked about takes, in bytes: parts, origins and steps ahead of what was
/// said, twice since it is put together as well; and numbers for each of its steps.
const ASKED: u64 = (2 * 8 * 36 * 12 * size_of::<Quantiles>()) as u64;
const ASKED_STEP: u64 = 3 * size_of::<f32>() as u64;

impl Memory {
    /// How many examples may be looked at, beside a panel.
    pub fn examples(&self, panel: &Panel) -> usize {
        usize::try_from(self.left(panel) / EXAMPLE).unwrap_or(usize::MAX)
    }

    /// Of how many functions of a panel it may be told again what was said of them.
    pub fn asked(&self, panel: &Panel) -> usize {
        let each = ASKED + ASKED_STEP * panel.len() as u64;
        usize::try_from(self.left(panel) / each).unwrap_or(usize::MAX)
    }

    /// A panel of every so many functions of one, as many as the memory allows.
    ///
    /// # Errors
    ///
    /// If it allows none of which anything could be learned.
    pub fn fit(&self, mut panel: Panel) -> Result<Panel, String> {
        let room = self.bytes.saturating_sub(BASE) / COUNTS;
        let every = counts(&panel).div_ceil(room.max(1)).max(1);
        let left = panel.members.len() as u64 / every;
        if room == 0 || (left == 0 && !panel.members.is_empty()) {
            return Err(format!(
                "{} MiB are too little to learn from {} functions; raise `training-memory`",
                self.bytes >> 20,
                panel.members.len()
            ));
        }
        if every > 1 {
            let mut members = std::mem::take(&mut panel.members);
            let every = usize::try_from(every).unwrap_or(usize::MAX);
            let taken = members.iter_mut().step_by(every).map(std::mem::take);
            panel.members = taken.collect();
            panel.events.clear();
        }
        Ok(panel)
    }

    fn left(&self, panel: &Panel) -> u64 {
        self.bytes.saturating_sub(BASE).saturating_sub(counts(panel))
    }
}

fn counts(panel: &Panel) -> u64 {
    let of = |member: &Member| member.counts.bytes() as u64 + MEMBER;
    COPIES * panel.members.iter().map(of).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Series;

    fn panel(functions: usize, steps: u32) -> Panel {
        let counts = Series::from_counts((0..steps).map(|step| Some(step % 200)));
        let member = |number: usize| Member {
            name: format!("f{number}"),
            counts: counts.clone(),
            ..Member::default()
        };
        Panel::new((0..functions).map(member).collect(), 12)
    }

    fn memory(mib: u64) -> Memory {
        Memory { bytes: mib << 20 }
    }

    #[test]
    fn memory_bounds_examples() {
        let none = panel(0, 0);
        let of = |mib: u64| memory(mib).examples(&none);
        assert_eq!(of(0), 0);
        assert!(of(32) > 5_000, "the least that settings allow teaches something: {}", of(32));
        assert!(of(64) > 30_000 && of(256) > 200_000 && of(256) < 400_000, "{}", of(256));
    }

    #[test]
    fn all_that_training_holds_fits() {
        for (functions, mib) in [(50, 32), (5_000, 32), (5_000, 64), (5_000, 256)] {
            let memory = memory(mib);
            let panel = memory.fit(panel(functions, 2_000)).expect("something can be learned");
            let left = memory.bytes - BASE - counts(&panel);
            let (examples, asked) = (memory.examples(&panel) as u64, memory.asked(&panel) as u64);
            assert!(examples * EXAMPLE <= left && asked * ASKED <= left);
            assert!(examples > 3_000 && asked >= 10, "{mib}: {examples} and {asked}");
            assert!(panel.members.len() >= functions.min(500), "{mib}: {}", panel.members.len());
        }
        let told = memory(24).fit(panel(10, 100)).expect_err("nothing is left");
        assert!(told.contains("training-memory"), "{told}");
    }
}
