//! What went wrong, for as long as it is so: each trouble is about something, and is over once that
//! goes well.

use std::collections::BTreeMap;

use swell_core::council::proposal::Outcome;
use swell_core::council::state::State;
use swell_core::council::words::WorkloadId;
use swell_core::ids::SiteId;

/// What a trouble is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// What this site says is not decided.
    Log,
    /// What it must keep is not kept.
    Disk,
    /// It does not learn.
    Monitor,
    /// It has too much to do, and nothing relieves it.
    Overload,
    /// Another site is not where it should be.
    Contact(SiteId),
    /// Another site tells what is not so.
    Word(SiteId),
    /// A workload does not move as it should.
    Workload(WorkloadId),
    /// A workload has to leave its site, and has nowhere to go.
    Stranded(WorkloadId),
    /// A workload is deployed here, and another site has authority over one of that name.
    Stray(WorkloadId),
}

/// So many troubles are told at a time.
const TOLD_MAX: usize = 4;

/// All that is wrong now.
#[derive(Debug, Clone, Default)]
pub struct Troubles {
    noted: u64,
    all: BTreeMap<About, (u64, String)>,
}

impl Troubles {
    /// Something is wrong; whether that is news.
    pub fn note(&mut self, about: About, what: &str) -> bool {
        let is_news = self.all.get(&about).is_none_or(|(_, known)| known != what);
        if is_news {
            self.noted += 1;
            self.all.insert(about, (self.noted, what.to_string()));
        }
        is_news
    }

    /// It is well again.
    pub fn clear(&mut self, about: About) {
        self.all.remove(&about);
    }

    /// All workloads of which there is a trouble of a kind, with why; whatever else was of that kind
    /// is over. Gives what of it is news.
    pub fn these(
        &mut self,
        kind: fn(WorkloadId) -> About,
        now: BTreeMap<WorkloadId, String>,
    ) -> Vec<String> {
        self.all.retain(|about, _| match about {
            About::Stranded(id) | About::Stray(id) if *about == kind(*id) => now.contains_key(id),
            _ => true,
        });
        let news = now.into_iter().filter(|(id, why)| self.note(kind(*id), why));
        news.map(|(_, why)| why).collect()
    }

    /// Lets go of what others have mended: of workloads that are no more, or that have moved well
    /// since, to wherever; and of sites that nobody contradicts any more.
    pub fn review(&mut self, state: &State, is_doubted: impl Fn(SiteId) -> bool) {
        let has_moved_well = |id: &WorkloadId| {
            let mut of = state.ended.values().rev();
            let last = of.find(|ended| {
                let proposal = &ended.proposal;
                proposal.movement.is_some() && proposal.filing.workloads.contains_key(id)
            });
            last.is_some_and(|ended| ended.outcome == Outcome::Done)
        };
        self.all.retain(|about, _| match about {
            About::Workload(id) => state.workloads.contains_key(id) && !has_moved_well(id),
            About::Word(site) => is_doubted(*site),
            _ => true,
        });
    }

    /// All of them in words, the latest first; of many only the latest, and how many more there are.
    pub fn told(&self) -> Option<String> {
        let mut all: Vec<&(u64, String)> = self.all.values().collect();
        all.sort_unstable_by_key(|(noted, _)| std::cmp::Reverse(*noted));
        let told: Vec<&str> = all.iter().take(TOLD_MAX).map(|(_, what)| what.as_str()).collect();
        let more = all.len().saturating_sub(TOLD_MAX);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        (!told.is_empty()).then(|| told.join("; ") + &more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_lasts_until_what_it_is_about_goes_well() {
        let mut troubles = Troubles::default();
        let shop = About::Workload(WorkloadId(1));
        let told = |troubles: &Troubles| troubles.told().unwrap_or_default();
        assert_eq!(troubles.told(), None);
        assert!(troubles.note(shop, "no memory"));
        assert!(!troubles.note(shop, "no memory"), "it was told");
        assert!(troubles.note(About::Log, "no majority"));
        assert_eq!(told(&troubles), "no majority; no memory");
        troubles.clear(About::Log);
        assert_eq!(told(&troubles), "no memory");
        assert!(troubles.note(shop, "no code"));
        assert_eq!(told(&troubles), "no code");
        troubles.clear(shop);
        assert_eq!(troubles.told(), None);
        let stranded = || BTreeMap::from([(WorkloadId(1), "no room".to_string())]);
        assert_eq!(troubles.these(About::Stranded, stranded()), ["no room"]);
        assert!(troubles.these(About::Stranded, stranded()).is_empty(), "it was told");
        assert!(troubles.these(About::Stray, BTreeMap::new()).is_empty());
        assert_eq!(told(&troubles), "no room");
        assert!(troubles.these(About::Stranded, BTreeMap::new()).is_empty());
        assert_eq!(troubles.told(), None);
    }

    #[test]
    fn of_many_troubles_the_latest_are_told() {
        let mut troubles = Troubles::default();
        for site in 0..6 {
            troubles.note(About::Contact(SiteId(site)), &format!("{site} is away"));
        }
        let told = troubles.told().unwrap_or_default();
        assert_eq!(told, "5 is away; 4 is away; 3 is away; 2 is away; and 2 more");
    }
}
