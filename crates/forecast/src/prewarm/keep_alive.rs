//! As long as it is kept alive after a call: what a node does that forecasts nothing.

use std::ops::Range;

use crate::panel::Past;
use crate::prewarm::readiness::Readiness;

/// Keeps a copy for a while after the last step with a call.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive;

impl KeepAlive {
    /// The threshold that keeps a copy for `steps` steps.
    pub fn lasting(steps: usize) -> f32 {
        1.0 / steps.max(1) as f32
    }
}

impl Readiness for KeepAlive {
    fn ready(&self, past: &Past<'_>, members: Range<usize>) -> Vec<f32> {
        let last_call = |member: usize| {
            let calls = |step: &usize| past.count(member, *step).is_some_and(|count| count > 0.0);
            (0..past.origin()).rev().find(calls)
        };
        let ready =
            |member| last_call(member).map_or(0.0, |last| Self::lasting(past.origin() - last));
        members.map(ready).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::{Member, Panel};
    use crate::series::Series;

    #[test]
    fn a_copy_is_kept_for_so_many_steps() {
        let counts = Series::from_counts([0, 4, 0, 0, 0, 0].map(Some));
        let panel = Panel::new(vec![Member { counts, ..Member::default() }], 1);
        let kept = |origin, steps| {
            KeepAlive.ready(&panel.before(origin), 0..1)[0] >= KeepAlive::lasting(steps)
        };
        for (origin, steps, expected) in
            [(1, 9, false), (2, 1, true), (3, 1, false), (3, 2, true), (4, 2, false), (5, 4, true)]
        {
            assert_eq!(kept(origin, steps), expected, "{steps} steps, at {origin}");
        }
    }
}
