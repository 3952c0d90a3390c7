//! How good the chances were that were given of a call in each minute, by whether one came: the
//! score of Brier (1950), held against always giving the share of minutes with a call.

use swell_core::demand::WHOLE;

/// What is left of the weight of earlier minutes with each new one: half after three hours.
const FADING: f64 = 0.996;
/// Standard errors that may be luck.
const LUCK: f64 = 3.0;

/// Sums over minutes, those of long ago with less weight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Odds {
    said: Option<u16>,
    weight: f64,
    error: f64,
    called: f64,
    /// Squares of weights, of these with the chance, and with its square.
    squares: [f64; 3],
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
        for (sum, new) in self.squares.iter_mut().zip([1.0, chance, chance * chance]) {
            *sum = *sum * FADING * FADING + new;
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

    /// The least skill that is no luck: did calls come by chance, chances that differ from the
    /// share `p` by `d` would each gain or lose `2 d` with a standard deviation of `sqrt(p (1 - p))`.
    pub fn luck(&self) -> f64 {
        let share = self.share();
        let [one, first, second] = self.squares;
        let apart = (second - 2.0 * share * first + share * share * one).max(0.0);
        let usual = share * (1.0 - share);
        if usual > 0.0 { 2.0 * LUCK * (apart / usual).sqrt() / self.weight } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use swell_core::rng::{below, split, unit};

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
        assert!(right.luck() < 0.5 && usual.luck() < 0.01, "{} {}", right.luck(), usual.luck());
    }

    #[test]
    fn guesses_about_chance_are_within_luck() {
        for seed in 0..200 {
            let mut rng = split(seed, "guesses");
            let mut odds = Odds::default();
            for _ in 0..60 + 5 * seed {
                odds.say(350 + below(&mut rng, 300) as u16);
                odds.came(unit(&mut rng) < 0.5);
            }
            let (skill, luck) = (odds.skill().expect("some minutes see a call"), odds.luck());
            assert!(skill < luck, "{seed}: {skill} {luck}");
        }
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
