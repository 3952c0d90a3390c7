//! Those who take part in a flow: who could own it, and who puts items in.

use std::collections::VecDeque;
use std::sync::Arc;

use swell_core::time::Instant;

use crate::flow::rates::{fading, since};

/// One who could own a flow.
pub(crate) struct Candidate {
    pub(crate) name: Arc<str>,
    /// The number of the function; a native process has none.
    pub(crate) function: Option<usize>,
    /// Bytes of the last minute that it took, as of when the owner changed.
    pub(crate) taken: f64,
    /// When the flow moved to it.
    pub(crate) recent: VecDeque<Instant>,
}

/// A lane of a flow, and the bytes of the last minute that were put in by it.
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    /// Bytes ever, and when somebody looked.
    seen: Option<(u64, Instant)>,
    bytes: f64,
}

impl Source {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), seen: None, bytes: 0.0 }
    }

    /// So many bytes were put in by now. Between two looks they are taken to have come evenly.
    pub(crate) fn look(&mut self, now: Instant, bytes: u64) {
        let Some((before, at)) = self.seen.replace((bytes, now)) else { return };
        let (_, ticks) = since(Some(at), now);
        let left = fading(ticks.max(1));
        let came = bytes.saturating_sub(before) as f64 / f64::from(ticks.max(1));
        // What a steady stream comes to in the end, and how far it got there.
        self.bytes = self.bytes * left + came / (1.0 - fading(1)) * (1.0 - left);
    }
}

/// The share of a flow's bytes of the last minute that came by each lane.
pub(crate) fn shares(sources: &[Source]) -> impl Iterator<Item = (&Source, f64)> {
    let all: f64 = sources.iter().map(|source| source.bytes).sum();
    let is_only = sources.len() == 1;
    sources.iter().map(move |source| {
        let share = if all > 0.0 { source.bytes / all } else { 0.0 };
        (source, if is_only { 1.0 } else { share })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sources: &[Source]) -> Vec<f64> {
        shares(sources).map(|(_, share)| (share * 100.0).round()).collect()
    }

    #[test]
    fn what_came_long_ago_counts_no_more() {
        let mut sources = ["a", "b"].map(Source::new);
        assert_eq!(list(&sources[..1]), [100.0], "a flow with one lane has it all from there");
        assert_eq!(list(&sources), [0.0, 0.0]);
        let mut bytes = [1_000_000, 0];
        let mut look = |seconds: u64, more: [u64; 2], sources: &mut [Source; 2]| {
            for (place, source) in sources.iter_mut().enumerate() {
                bytes[place] += more[place];
                source.look(Instant::from_millis(seconds * 1_000), bytes[place]);
            }
            list(sources)
        };
        assert_eq!(look(0, [0, 0], &mut sources), [0.0, 0.0], "what was before is of no time");
        assert_eq!(look(1, [300, 100], &mut sources), [75.0, 25.0]);
        // Looked at often or seldom, it comes to the same.
        let often: Vec<f64> =
            (2..=61).map(|at| look(at, [0, 40], &mut sources)).next_back().expect("some looks");
        let mut seldom = ["a", "b"].map(Source::new);
        for (at, bytes) in [(0, [0, 0]), (1, [300, 100]), (61, [300, 2_500])] {
            for (source, bytes) in seldom.iter_mut().zip(bytes) {
                source.look(Instant::from_millis(at * 1_000), bytes);
            }
        }
        assert_eq!(list(&seldom), often);
        assert!((6.0..=8.0).contains(&often[0]), "300 of a minute ago, beside 2,400: {often:?}");
        assert_eq!(look(700, [0, 40], &mut sources)[0], 0.0);
    }
}
