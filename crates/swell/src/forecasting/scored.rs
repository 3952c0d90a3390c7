//! What a back-test scores: the series, the origins, and what may be learned from.

use swell_core::rng::{below, split as split_rng};
use swell_forecast::panel::Panel;
use swell_forecast::split::Split;

use crate::cli::forecast::SourceArguments;
use crate::demand::{Demand, read, usual_split};
use crate::error::Letter;
use crate::say::say;
use crate::split::split;

/// Series with their origins.
#[derive(Debug)]
pub struct Scored {
    /// The series that are scored.
    pub panel: Panel,
    /// The series that are learned from, where these are others.
    pub taught: Option<Panel>,
    /// The origins.
    pub split: Split,
    /// What was odd about the data.
    pub notes: Vec<String>,
    /// When the first step begins, in milliseconds since 1970, where the data tell.
    pub begins_ms: Option<u64>,
    /// The number of the first step in the data, where steps are numbered.
    pub first: i64,
}

impl Scored {
    /// What is learned from.
    pub fn lessons(&self) -> &Panel {
        self.taught.as_ref().unwrap_or(&self.panel)
    }
}

/// Reads what the command line asks for.
pub fn scored(arguments: &SourceArguments) -> Result<Scored, Letter> {
    let wanted = split(arguments)?;
    let Demand { mut panel, notes, begins_ms, first } = read(&arguments.data, arguments.step)?;
    notes.iter().for_each(|note| say(format!("note: {note}")));
    panel.season = wanted.season.unwrap_or(12).max(1);
    let horizon = wanted.horizon.unwrap_or(12);
    let split = match wanted.origins {
        Some(origins) => Split { origins, horizon },
        None => usual_split(panel.len(), horizon),
    };
    split.check(panel.len()).map_err(|error| {
        Letter::usage(error.to_string())
            .hint(format!("the data have {} steps, counted from 0", panel.len()))
    })?;
    let Some(share) = arguments.train_share else {
        return Ok(Scored { panel, taught: None, split, notes, begins_ms, first });
    };
    if panel.members.len() < 2 {
        return Err(Letter::usage("one series cannot be dealt into taught and scored ones"));
    }
    let (taught, panel) = deal(panel, share, arguments.seed);
    Ok(Scored { panel, taught: Some(taught), split, notes, begins_ms, first })
}

/// Deals series by chance: about a share to learn from, the rest to score, at least one each.
fn deal(panel: Panel, share: f32, seed: u64) -> (Panel, Panel) {
    let len = panel.members.len();
    let mut order: Vec<usize> = (0..len).collect();
    let mut rng = split_rng(seed, "deal");
    for place in 0..len {
        order.swap(place, place + below(&mut rng, (len - place) as u64) as usize);
    }
    let count = ((len as f32 * share).round() as usize).clamp(1, len - 1);
    let mut is_taught = vec![false; len];
    order[..count].iter().for_each(|&member| is_taught[member] = true);
    let empty = Panel { members: Vec::new(), ..panel.clone() };
    let (mut taught, mut scored) = (empty.clone(), empty);
    for (member, is_taught) in panel.members.into_iter().zip(is_taught) {
        let side = if is_taught { &mut taught } else { &mut scored };
        side.members.push(member);
    }
    (taught, scored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_forecast::panel::Member;

    #[test]
    fn each_series_is_either_taught_or_scored() {
        let names = |panel: &Panel| -> Vec<usize> {
            panel.members.iter().map(|member| member.name.parse().expect("a number")).collect()
        };
        let member = |number: usize| Member { name: number.to_string(), ..Member::default() };
        for (len, share, expected) in [(100, 0.5, 50), (10, 0.01, 1), (3, 0.99, 2)] {
            let panel = Panel::new((0..len).map(member).collect(), 12);
            let (taught, scored) = deal(panel.clone(), share, 7);
            let (taught, scored) = (names(&taught), names(&scored));
            assert_eq!(taught.len(), expected);
            let mut all = [taught.clone(), scored].concat();
            all.sort_unstable();
            assert_eq!(all, (0..len).collect::<Vec<_>>());
            assert_eq!(names(&deal(panel, share, 7).0), taught, "the seed decides");
        }
    }
}
