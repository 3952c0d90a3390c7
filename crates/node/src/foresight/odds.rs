//! How good the chances were that were given of a call in each minute, by whether one came: the
//! score of Brier (1950), held against always giving the share of minutes with a call.

use swell_core::demand::WHOLE;

/// What is left of the weight of earlier minutes with each new one: half after three hours.
const FADING: f64 = 0.996;

/// Sums over minutes, those of long ago with less weight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Odds {
    said: Option<u16>,
    weight: f64,
    error: f64,
    called: f64,
    /// Minutes that were scored.
    pub scored: u64,
}

impl Odds {
    /// The chance of a call in the next minute is this, in thousandths.
    pub fn say(&mut self, chance: u16) {
        self.said = Some(chance);
    }

    /// What was said is of a minute that was not measured.
    pub fn forget(&mut self) {
        self.said = None;
    }

    /// The minute is over. Where nothing was said of it, no call was expected.
    pub fn came(&mut self, called: bool) {
        let chance = f64::from(self.said.take().unwrap_or(0)) / f64::from(WHOLE);
        let called = f64::from(u8::from(called));
        for (sum, new) in [
            (&mut self.weight, 1.0),
            (&mut self.error, (chance - called).powi(2)),
            (&mut self.called, called),
        ] {
            *sum = *sum * FADING + new;
        }
        self.scored += 1;
    }

    /// The share of minutes that saw a call, 0 to 1; 0 before any was scored.
    pub fn share(&self) -> f64 {
        self.called / self.weight.max(1.0)
    }

    /// The share of the error of always giving [`Odds::share`] that chances do without: 1 if they
    /// were certain and right, 0 if they tell no more, less than 0 if they mislead. None where
    /// next to all minutes see a call, or none do.
    pub fn skill(&self) -> Option<f64> {
        let share = self.share();
        let usual = share * (1.0 - share);
        (usual > 0.005).then(|| 1.0 - self.error / self.weight / usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_held_against_the_usual_share() {
        let (mut right, mut usual, mut wrong) = (Odds::default(), Odds::default(), Odds::default());
        for minute in 0..500u32 {
            let called = minute.is_multiple_of(4);
            for (odds, chance) in [
                (&mut right, if called { 1000 } else { 0 }),
                (&mut usual, 250),
                (&mut wrong, if called { 0 } else { 1000 }),
            ] {
                odds.say(chance);
                odds.came(called);
            }
        }
        let skill = |odds: Odds| odds.skill().expect("some minutes see a call");
        assert!((right.share() - 0.25).abs() < 0.01, "{right:?}");
        assert!(skill(right) > 0.99 && skill(usual).abs() < 0.01 && skill(wrong) < -1.0);
    }

    #[test]
    fn nothing_is_told_where_there_is_nothing_to_tell() {
        let (mut always, mut never) = (Odds::default(), Odds::default());
        assert_eq!((always.skill(), always.share()), (None, 0.0));
        for _ in 0..500 {
            always.came(true);
            never.came(false);
        }
        assert_eq!((always.skill(), never.skill()), (None, None));
    }
}
