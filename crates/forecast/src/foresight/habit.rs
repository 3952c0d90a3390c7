//! One function's habit of being called, step by step: how long it is usually silent, at
//! which step of the hour it is called, and how often of late.
//!
//! Rare calls are foreseen by when, not by how many, so what is kept is which steps saw any
//! call at all. The gaps between such steps make a hazard: of all silences that lasted so
//! long, the share that ended then. A timer's hazard is a spike, chance's is flat.

/// Silences told apart, in steps; longer ones count as this.
pub const GAP_MAX: usize = 240;
/// Steps of an hour: calendars of machines repeat within it.
pub const HOUR: usize = 60;
/// A gap weighs so much more than the one before it.
const GROWTH: f32 = 64.0 / 63.0;
/// How fast the shares of busy steps forget, per step: over minutes, an hour, hours.
const FADES: [f32; 4] = [1.0 / 5.0, 1.0 / 15.0, 1.0 / 60.0, 1.0 / 240.0];
/// How much of an earlier hour counts in the picture of the hour.
const HOUR_FADE: f32 = 0.75;

/// What is known of one function's calls.
#[derive(Debug, Clone)]
pub struct Habit {
    /// Weight of gaps that ended after so many steps, and of those that lasted so long.
    ends: Vec<f32>,
    lasted: Vec<f32>,
    weight: f32,
    /// The last gaps, the newest first.
    pub recent: [u16; 3],
    /// Gaps seen.
    pub gaps: u32,
    /// The step of the last call.
    last: Option<u64>,
    first: u64,
    /// Share of steps with calls, over several pasts.
    pub shares: [f32; FADES.len()],
    hour: [f32; HOUR],
    hours: [f32; HOUR],
    /// Calls in the last step, and a mean of them over steps that had any.
    pub size: f32,
    /// Calls of recent steps that had any; the oldest is overwritten.
    sizes: [u32; SIZES],
    /// Steps that had any.
    busy: usize,
}

/// Busy steps whose calls are kept.
const SIZES: usize = 30;

impl Habit {
    /// Nothing is known before `step`.
    pub fn new(step: u64) -> Self {
        Self {
            ends: Vec::new(),
            lasted: Vec::new(),
            weight: 1.0,
            recent: [0; 3],
            gaps: 0,
            last: None,
            first: step,
            shares: [0.0; FADES.len()],
            hour: [0.0; HOUR],
            hours: [0.0; HOUR],
            size: 0.0,
            sizes: [0; SIZES],
            busy: 0,
        }
    }

    /// A step has passed with so many calls.
    pub fn note(&mut self, step: u64, calls: u32) {
        let busy = f32::from(u8::from(calls > 0));
        for (share, fade) in self.shares.iter_mut().zip(FADES) {
            // While little is known, all of it counts alike.
            let known = (step - self.first + 1) as f32;
            *share += (busy - *share) * fade.max(1.0 / known);
        }
        let minute = (step % HOUR as u64) as usize;
        self.hour[minute] = self.hour[minute] * HOUR_FADE + busy;
        self.hours[minute] = self.hours[minute] * HOUR_FADE + 1.0;
        if calls == 0 {
            return;
        }
        self.sizes[self.busy % SIZES] = calls;
        self.busy += 1;
        self.size += (calls as f32 - self.size) * if self.gaps < 8 { 0.3 } else { 0.1 };
        if let Some(last) = self.last {
            self.end_gap((step - last) as usize);
        }
        self.last = Some(step);
    }

    fn end_gap(&mut self, gap: usize) {
        let gap = gap.min(GAP_MAX);
        if self.ends.is_empty() {
            self.ends = vec![0.0; GAP_MAX + 1];
            self.lasted = vec![0.0; GAP_MAX + 1];
        }
        self.ends[gap] += self.weight;
        self.lasted[..=gap].iter_mut().for_each(|lasted| *lasted += self.weight);
        self.weight *= GROWTH;
        if self.weight > 1e6 {
            let scale = 1.0 / self.weight;
            self.ends.iter_mut().chain(&mut self.lasted).for_each(|value| *value *= scale);
            self.weight = 1.0;
        }
        self.recent = [gap as u16, self.recent[0], self.recent[1]];
        self.gaps += 1;
    }

    /// How many steps before `step` the last call was; none if there was none.
    pub fn age(&self, step: u64) -> Option<usize> {
        self.last.map(|last| ((step - last) as usize).min(GAP_MAX))
    }

    /// Gaps that ended at an age, and gaps that lasted so long: each as the weight of so many
    /// newest gaps.
    pub fn ended(&self, age: usize) -> (f32, f32) {
        let at = |values: &[f32]| values.get(age).copied().unwrap_or(0.0) / self.weight * GROWTH;
        (at(&self.ends), at(&self.lasted))
    }

    /// The commonest gap, and its share of all.
    pub fn commonest(&self) -> (usize, f32) {
        let best = self.ends.iter().enumerate().skip(1).max_by(|a, b| a.1.total_cmp(b.1));
        let all = self.lasted.first().copied().unwrap_or(0.0);
        best.map_or((0, 0.0), |(gap, &weight)| (gap, if all > 0.0 { weight / all } else { 0.0 }))
    }

    /// Of the steps at this place of the hour (and at every `period`-th), how many saw a call,
    /// and how many there were.
    pub fn at_phase(&self, step: u64, period: usize) -> (f32, f32) {
        let place = (step % HOUR as u64) as usize % period;
        let sum = |values: &[f32; HOUR]| values.iter().skip(place).step_by(period).sum::<f32>();
        (sum(&self.hour), sum(&self.hours))
    }

    /// How many calls come in a step that sees any with this chance: quantiles of the given
    /// levels, of nothing and of the sizes seen.
    pub fn quantiles<const LEVELS: usize>(
        &self,
        chance: f32,
        levels: [f32; LEVELS],
    ) -> [f32; LEVELS] {
        let mut sizes = self.sizes;
        let sizes = &mut sizes[..self.busy.min(SIZES)];
        sizes.sort_unstable();
        levels.map(|level| match (level + chance - 1.0, sizes.len().checked_sub(1)) {
            (over, Some(last)) if over > 0.0 => {
                let place = (over / chance * last as f32).round() as usize;
                sizes[place.min(last)] as f32
            }
            _ => 0.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_a_spike_at_its_period() {
        let mut habit = Habit::new(0);
        for step in 0..300 {
            habit.note(step, u32::from(step % 15 == 4));
        }
        let hazard = |age| {
            let (ended, lasted) = habit.ended(age);
            ended / f32::max(lasted, 1e-9)
        };
        assert_eq!((habit.age(300), habit.commonest()), (Some(11), (15, 1.0)));
        assert!(hazard(15) > 0.99 && hazard(14) < 0.01 && hazard(16) < 0.01);
        let (hits, all) = habit.at_phase(304, 15);
        assert!(hits == all && habit.at_phase(305, 15).0 == 0.0);
    }

    #[test]
    fn how_many_come_is_what_came_when_any_did() {
        let mut habit = Habit::new(0);
        for step in 0..300 {
            habit.note(step, if step % 15 == 4 { 5 + (step / 15 % 3) as u32 } else { 0 });
        }
        let levels = [0.1, 0.5, 0.9];
        for (chance, expected) in
            [(1.0, [5.0, 6.0, 7.0]), (0.6, [0.0, 5.0, 7.0]), (0.05, [0.0; 3]), (0.0, [0.0; 3])]
        {
            assert_eq!(habit.quantiles(chance, levels), expected, "{chance}");
        }
    }

    #[test]
    fn nothing_is_known_of_who_was_never_called() {
        let mut habit = Habit::new(7);
        (7..400).for_each(|step| habit.note(step, 0));
        assert_eq!((habit.age(400), habit.gaps, habit.ended(9)), (None, 0, (0.0, 0.0)));
        assert_eq!((habit.commonest(), habit.quantiles(0.9, [0.5])), ((0, 0.0), [0.0]));
    }

    #[test]
    fn long_histories_stay_finite() {
        let mut habit = Habit::new(0);
        (0..200_000).for_each(|step| habit.note(step, u32::from(step % 2 == 0)));
        let (ended, lasted) = habit.ended(2);
        assert!((ended - lasted).abs() < 1e-3 && (60.0..66.0).contains(&lasted), "{lasted}");
    }
}
