//! A ballot: who may vote on a proposal, with which frozen weights, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::council::entry::Reason;
use crate::council::rules::Defects;
use crate::council::words::WHOLE_PPM;
use crate::ids::SiteId;
use crate::time::Instant;

/// A vote as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Yes or no.
    pub yes: bool,
    /// Why.
    pub reason: Reason,
    /// What the voter believed itself to weigh.
    pub claim_ppm: u32,
    /// When.
    pub at: Instant,
}

/// The votes on one proposal. All but the votes is frozen when it is filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// The weight of each site that may vote.
    pub weights: BTreeMap<SiteId, u32>,
    /// The bar, as a share of all weight.
    pub theta_ppm: u32,
    /// So many sites must say yes.
    pub sites_min: usize,
    /// Who voted what.
    pub votes: BTreeMap<SiteId, Vote>,
    /// How the founding pseudocode would count, where that is wanted.
    pub defects: Defects,
}

/// What the votes so far mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// They decide nothing yet.
    Open,
    /// Yes, whatever else comes.
    Approved,
    /// The bar can no longer be reached.
    Rejected,
}

impl Ballot {
    /// The weight of all who may vote.
    pub fn weight(&self) -> u64 {
        self.weights.values().map(|weight| u64::from(*weight)).sum()
    }

    /// The weight of those who voted so.
    pub fn weight_of(&self, yes: bool) -> u64 {
        let votes = self.votes.iter().filter(|(_, vote)| vote.yes == yes);
        votes.map(|(site, _)| u64::from(self.weights.get(site).copied().unwrap_or(0))).sum()
    }

    /// Counts. Silence counts as not yet: the bar is a share of all weight, so that two
    /// groups that do not hear each other can never both be above it.
    pub fn tally(&self) -> Tally {
        if self.defects.stated_weight || self.defects.received_denominator {
            return self.founding_tally();
        }
        let bar = u64::from(self.theta_ppm) * self.weight() / u64::from(WHOLE_PPM);
        let sites = self.votes.values().filter(|vote| vote.yes).count();
        if self.weight_of(true) > bar && sites >= self.sites_min {
            return Tally::Approved;
        }
        let no = self.votes.len() - sites;
        let still = self.weight() - self.weight_of(false);
        if still <= bar || self.weights.len() - no < self.sites_min {
            return Tally::Rejected;
        }
        Tally::Open
    }

    /// `achieveConsensus` of the founding document, after each vote.
    fn founding_tally(&self) -> Tally {
        let weight = |(site, vote): (&SiteId, &Vote)| {
            let earned = self.weights.get(site).copied().unwrap_or(0);
            u64::from(if self.defects.stated_weight { vote.claim_ppm } else { earned })
        };
        let received: u64 = self.votes.iter().map(weight).sum();
        let total = if self.defects.received_denominator { received } else { self.weight() };
        let accepted: u64 = self.votes.iter().filter(|(_, vote)| vote.yes).map(weight).sum();
        let bar = u128::from(total) * u128::from(self.theta_ppm);
        if u128::from(accepted) * u128::from(WHOLE_PPM) > bar {
            return Tally::Approved;
        }
        let all_voted = self.votes.len() == self.weights.len();
        if all_voted { Tally::Rejected } else { Tally::Open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(weights: &[u32], votes: &[(u32, bool, u32)], defects: Defects) -> Ballot {
        let vote =
            |yes, claim_ppm| Vote { yes, reason: Reason::Helps, claim_ppm, at: Instant::ZERO };
        Ballot {
            weights: (0..).map(SiteId).zip(weights.iter().copied()).collect(),
            theta_ppm: 550_000,
            sites_min: 2,
            votes: votes
                .iter()
                .map(|&(site, yes, claim)| (SiteId(site), vote(yes, claim)))
                .collect(),
            defects,
        }
    }

    #[test]
    fn the_bar_is_a_share_of_all_weight() {
        let weights = [400_000, 300_000, 200_000, 100_000];
        for (votes, expected) in [
            (&[][..], Tally::Open),
            (&[(0, true, 0)][..], Tally::Open),
            (&[(0, true, 0), (1, true, 0)], Tally::Approved),
            (&[(0, true, 0), (3, true, 0)], Tally::Open),
            (&[(0, false, 0)], Tally::Open),
            (&[(0, false, 0), (3, false, 0)], Tally::Rejected),
            (&[(1, false, 0), (2, false, 0)], Tally::Rejected),
            (&[(0, true, 999_999), (3, false, 999_999)], Tally::Open),
        ] {
            let tally = ballot(&weights, votes, Defects::default()).tally();
            assert_eq!(tally, expected, "{votes:?}");
        }
        let heavy = ballot(&[900_000, 100_000], &[(0, true, 0)], Defects::default());
        assert_eq!(heavy.tally(), Tally::Open, "one site is not enough");
        let against = ballot(&[900_000, 100_000], &[(1, false, 0)], Defects::default());
        assert_eq!(against.tally(), Tally::Rejected, "one site will not be enough");
    }

    /// The lines of the founding pseudocode, and what is wrong with each.
    #[test]
    fn the_founding_pseudocode_counts_what_it_received() {
        let weights = [250_000; 4];
        let one = &[(0, true, 1)];
        let stated = Defects { stated_weight: true, ..Defects::default() };
        let received = Defects { received_denominator: true, ..Defects::default() };
        assert_eq!(ballot(&weights, one, Defects::ALL).tally(), Tally::Approved);
        assert_eq!(ballot(&weights, one, received).tally(), Tally::Approved);
        assert_eq!(ballot(&weights, one, stated).tally(), Tally::Open);
        let loud = &[(0, true, 900_000)];
        assert_eq!(ballot(&weights, loud, stated).tally(), Tally::Approved);
        assert_eq!(ballot(&weights, loud, Defects::default()).tally(), Tally::Open);
    }
}
