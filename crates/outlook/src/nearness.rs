//! How far other sites are, as this one measures it: what is worth telling of it.

use std::collections::{BTreeMap, VecDeque};

use swell_core::council::entry::Command;
use swell_core::council::state::State;
use swell_core::council::ways::WAY_US_MAX;
use swell_core::ids::SiteId;

/// Measures that count: of these the least, as others were held up.
const MEASURES: usize = 8;
/// It is told anew when it differs by more than one in so many parts, and by so many microseconds.
const CHANGED: u32 = 4;
const CHANGED_US: u32 = 500;

/// Round trips to other sites.
#[derive(Debug, Clone, Default)]
pub struct Nearness {
    measured: BTreeMap<SiteId, VecDeque<u32>>,
}

impl Nearness {
    /// A round trip took so many microseconds.
    pub fn measure(&mut self, site: SiteId, round_us: u32) {
        let of = self.measured.entry(site).or_default();
        if of.len() >= MEASURES {
            of.pop_front();
        }
        of.push_back(round_us.min(WAY_US_MAX));
    }

    /// What is to be told of it, if that is news.
    pub fn news(&mut self, state: &State, me: SiteId) -> Option<Command> {
        self.measured.retain(|site, _| state.members.contains_key(site) && *site != me);
        let least = |(site, of): (&SiteId, &VecDeque<u32>)| Some((*site, *of.iter().min()?));
        let now: BTreeMap<SiteId, u32> = self.measured.iter().filter_map(least).collect();
        let known = state.ways.of(me);
        let is_news = now.iter().any(|(site, us)| {
            let told = known.and_then(|known| known.get(site)).copied().unwrap_or(0);
            us.abs_diff(told) > (told.max(*us) / CHANGED).max(CHANGED_US)
        });
        let is_told = state.rules.heeds_ways() && state.members.contains_key(&me);
        (is_news && is_told).then_some(Command::Ways { to: now })
    }
}

#[cfg(test)]
mod tests {
    use swell_core::council::entry::Entry;
    use swell_core::council::machine::apply;
    use swell_core::council::rules::Rules;
    use swell_core::council::words::Loads;
    use swell_core::time::Instant;

    use super::*;

    #[test]
    fn what_changes_little_is_not_told_again() {
        let [oslo, lima, kobe] = [1, 2, 3].map(SiteId);
        let mut state = State::new(Rules::default());
        let say = |state: &mut State, command: Command| {
            let index = state.index + 1;
            let entry = Entry { from: oslo, incarnation: 1, sequence: index, command };
            apply(state, index, &entry).expect("it is fine");
        };
        for site in [oslo, lima] {
            say(&mut state, Command::Admit { site, capacity: Loads::cpu(1_000) });
        }
        say(&mut state, Command::Tick { at: Instant::from_millis(1) });
        let mut nearness = Nearness::default();
        assert_eq!(nearness.news(&state, oslo), None, "nothing was measured");
        nearness.measure(kobe, 7_000);
        for (round_us, told) in
            [(20_000, Some(20_000)), (24_000, None), (12_000, Some(12_000)), (90_000, None)]
        {
            nearness.measure(lima, round_us);
            let news = nearness.news(&state, oslo);
            assert_eq!(news, told.map(|us| Command::Ways { to: [(lima, us)].into() }));
            if let Some(news) = news {
                say(&mut state, news);
            }
        }
        for _ in 0..MEASURES {
            nearness.measure(lima, 90_000);
        }
        assert_eq!(
            nearness.news(&state, oslo),
            Some(Command::Ways { to: [(lima, 90_000)].into() })
        );
    }
}
