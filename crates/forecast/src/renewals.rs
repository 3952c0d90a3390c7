//! When the next call is due, by how long a function rested between its calls.

/// What is added to the rests that are longer than any seen: nobody knows that none is.
const LONGER: f32 = 0.1;
/// Counters that take turns: the next rest is often as long, and need not wait for this one.
const TURNS: usize = 4;

/// The rests between the calls of a function, counted by how long they were.
///
/// Steps are told in their order, so that who looks at several ends of the same past counts each
/// rest once.
#[derive(Debug, Clone, Default)]
pub struct Renewals {
    /// By length; what is counted at zero is the first call, which ends no rest.
    gaps: Vec<[u32; TURNS]>,
    calls: usize,
    last: Option<u32>,
}

impl Renewals {
    /// Counts the rests between calls; their steps rise, and lie behind those told before.
    pub fn tell(&mut self, calls: &[u32]) {
        let Some((&first, &newest)) = calls.first().zip(calls.last()) else { return };
        let last = self.last.unwrap_or(first);
        if (newest - first) as usize == calls.len() - 1 {
            // Called in every step, as busy functions are.
            self.count((first - last) as usize, 0, 1);
            self.count(1, 0, newest - first);
        } else {
            let mut last = last;
            for (turn, &call) in calls.iter().enumerate() {
                self.count((call - last) as usize, turn % TURNS, 1);
                last = call;
            }
        }
        self.calls += calls.len();
        self.last = Some(newest);
    }

    fn count(&mut self, length: usize, turn: usize, times: u32) {
        if length >= self.gaps.len() {
            self.gaps.resize(length + 1, [0; TURNS]);
        }
        self.gaps[length][turn] += times;
    }

    fn gaps(&self, length: usize) -> u32 {
        self.gaps.get(length).map_or(0, |turns| turns.iter().sum())
    }

    /// How likely each step from `len` on has a call: renewals of the rests seen, begun from a
    /// rest as long as the present one. All calls that were told lie before `len`.
    pub fn chances(&self, len: usize, horizon: usize) -> Vec<f32> {
        let Some(last) = self.last else { return vec![0.0; horizon] };
        let idle = len - 1 - last as usize;
        let shorter: u32 = (1..=idle.min(self.gaps.len())).map(|length| self.gaps(length)).sum();
        let rests = self.calls - 1;
        let alive = (rests - shorter as usize) as f32 + LONGER;
        let all = rests as f32 + LONGER;
        let near: Vec<f32> = (0..horizon).map(|length| self.gaps(length) as f32).collect();
        let mut chances = vec![0.0f32; horizon];
        for ahead in 0..horizon {
            // From a rest of `idle`: the first call at `ahead` is a gap of `idle + 1 + ahead`.
            let first = self.gaps(idle + 1 + ahead) as f32 / alive;
            let again = |before: usize| chances[before] * near[ahead - before] / all;
            let again: f32 = (0..ahead).map(again).sum();
            chances[ahead] = (first + again).min(1.0);
        }
        chances
    }
}

/// The steps with a call, in their order, written into `calls`, which is no shorter than the counts.
pub fn steps_with_calls<'c>(counts: &[f32], calls: &'c mut [u32]) -> &'c [u32] {
    // Without a branch: whether the next step has a call is what nobody can predict.
    let mut len = 0;
    for (step, &count) in (0u32..).zip(counts) {
        calls[len] = step;
        len += usize::from(count > 0.0);
    }
    &calls[..len]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_expected_when_it_is_due() {
        let calls: Vec<u32> = (0..20).map(|turn| turn * 5).collect();
        let mut renewals = Renewals::default();
        renewals.tell(&calls);
        let chances = renewals.chances(98, 8);
        let due: Vec<bool> = chances.iter().map(|&chance| chance > 0.5).collect();
        assert_eq!(due, [false, false, true, false, false, false, false, true], "{chances:?}");
    }

    #[test]
    fn rests_are_counted_once_however_they_are_told() {
        let is_called = |step: &u32| (300..400).contains(step) || step * 7919 % 23 < 5;
        let calls: Vec<u32> = (0..900u32).filter(is_called).collect();
        let mut parts = Renewals::default();
        for end in [0, 1, 2, 40, 41, 80, 150, calls.len()] {
            let before = parts.last.map_or(0, |last| calls.partition_point(|&call| call <= last));
            parts.tell(&calls[before..end]);
            let mut whole = Renewals::default();
            whole.tell(&calls[..end]);
            for len in [900, 905, 2000] {
                assert_eq!(parts.chances(len, 12), whole.chances(len, 12), "{end} of {len}");
            }
        }
        assert_eq!(Renewals::default().chances(0, 2), [0.0; 2]);
    }
}
