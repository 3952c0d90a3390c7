//! Which site had better lead the log? The one whose forecasts came truest, if for long.
//!
//! A preference and nothing more: who leads touches how soon things are decided, never what.
//! So it is kept by whoever leads now, and not in the state.

use crate::council::state::State;
use crate::council::words::Metric;
use crate::ids::SiteId;

/// Another site must be better by this, in parts of a hundred.
const BETTER_PERCENT: u64 = 110;
/// For so many rounds in a row.
const ROUNDS: u32 = 3;

/// What the present leader has noticed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preference {
    candidate: Option<SiteId>,
    rounds: u32,
}

impl Preference {
    /// A round has ended. Gives whom to hand over to, of those that have caught up, once the
    /// same site has been better for long enough; the caller sees to it that no move is at
    /// the step where authority changes, and that it has led for a while.
    pub fn on_round(
        &mut self,
        state: &State,
        leader: SiteId,
        caught_up: &[SiteId],
    ) -> Option<SiteId> {
        let bar = merit(state, leader) * BETTER_PERCENT / 100;
        let members = caught_up.iter().filter(|site| state.members.contains_key(site));
        let better = members.map(|site| (merit(state, *site), std::cmp::Reverse(*site)));
        let best = better.max().filter(|(merit, _)| *merit > bar);
        let best = best.map(|(_, std::cmp::Reverse(site))| site).filter(|site| *site != leader);
        self.rounds = if best.is_some() && best == self.candidate { self.rounds + 1 } else { 1 };
        self.candidate = best;
        let is_long = self.rounds >= ROUNDS;
        best.filter(|_| is_long)
    }
}

/// How true a site's forecasts came, over all metrics.
fn merit(state: &State, site: SiteId) -> u64 {
    let remembers_long = state.rules.remembers_long();
    let quality = |metric: &Metric| state.weighed.account(site, *metric).quality(remembers_long);
    Metric::ALL.iter().map(quality).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::entry::Band;
    use crate::council::joining::on_admit;
    use crate::council::rules::Rules;
    use crate::council::words::Loads;

    #[test]
    fn only_who_stays_better_is_preferred() {
        let mut state = State::new(Rules::default());
        for site in 0..3 {
            on_admit(&mut state, SiteId(site), SiteId(site), Loads::cpu(1)).expect("admitted");
        }
        let all = [SiteId(0), SiteId(1), SiteId(2)];
        let mut preference = Preference::default();
        for _ in 0..9 {
            assert_eq!(preference.on_round(&state, SiteId(0), &all), None, "all are alike");
        }
        let band = Band { low_ppm: 500_000, middle_ppm: 500_000, high_ppm: 500_000 };
        for _ in 0..40 {
            state.weighed.score(SiteId(2), Metric::Cpu, band, 500_000, 600_000);
        }
        let told: Vec<_> = (0..4).map(|_| preference.on_round(&state, SiteId(0), &all)).collect();
        assert_eq!(told, [None, None, Some(SiteId(2)), Some(SiteId(2))]);
        assert_eq!(preference.on_round(&state, SiteId(0), &all[..2]), None, "it lags behind");
        assert_eq!(preference.on_round(&state, SiteId(2), &all), None, "it leads already");
    }
}
