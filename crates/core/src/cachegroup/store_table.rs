//! The rows of the data store's table: which version of a content is the newest, and who leads a
//! group.
//!
//! This is the only place where a version becomes official. Each row changes by itself, by
//! comparing and setting, so that anything with conditional puts can be the data store: the
//! functions of the rows say what a put has to be.

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::{Epoch, GroupId, NodeId, Version};
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::Revision;
use crate::cachegroup::voters::Voters;

/// So many accepted tokens are remembered per content.
pub const ACCEPTED_MAX: usize = 8;

/// The row of a content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ContentRow {
    /// The group that has it; whose leader's address is in the group's row. None before it
    /// was first asked for.
    pub group: Option<GroupId>,
    /// The newest version.
    pub revision: Revision,
    /// No token below this commits.
    pub fence: Version,
    /// Which tokens were accepted of late, so that a writer that asks again learns the truth.
    pub accepted: Vec<Version>,
}

/// The row of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct GroupRow {
    /// The latest reign.
    pub epoch: Epoch,
    /// Whose it is.
    pub leader: Option<NodeId>,
    /// Who votes; nobody before the first reign.
    pub voters: Voters,
}

/// What came of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is, or was, the newest version.
    Accepted,
    /// It never will be.
    Rejected,
    /// It is too long ago to tell.
    Forgotten,
}

impl ContentRow {
    /// R3: accepts a version made from the newest under a token that no fence has passed.
    /// Repeats of what was accepted are accepted again and change nothing.
    pub fn commit(
        &mut self,
        group: GroupId,
        base: Version,
        revision: &Revision,
        rules: &impl Rules,
    ) -> Verdict {
        let token = revision.version;
        if self.accepted.contains(&token) {
            return Verdict::Accepted;
        }
        let is_ours = self.group.is_none_or(|own| own == group) || !rules.fences_what_moves();
        let is_next = base == self.revision.version || !rules.checks_the_base();
        let is_above = token >= self.fence && token > self.revision.version;
        let is_above = is_above || !rules.checks_the_fence();
        if !(is_ours && is_next && is_above) {
            let is_old = self.accepted.len() == ACCEPTED_MAX && token < self.accepted[0];
            return if is_old { Verdict::Forgotten } else { Verdict::Rejected };
        }
        self.group = Some(self.group.unwrap_or(group));
        self.revision = revision.clone();
        if self.accepted.len() == ACCEPTED_MAX {
            self.accepted.remove(0);
        }
        self.accepted.push(token);
        Verdict::Accepted
    }

    /// R5: raises the fence for the leader of this reign. False if another group has the
    /// content.
    pub fn seal(&mut self, group: GroupId, epoch: Epoch, counter: u64) -> bool {
        if *self.group.get_or_insert(group) != group {
            return false;
        }
        let tenure = self.fence.tenure;
        self.fence = self.fence.max(Version { tenure, epoch, counter });
        true
    }

    /// R12: gives the content to another group, if it is still as `token`'s leader knows it.
    /// False if it is not. Whoever reads it from now on is led to what `past` says.
    pub fn give(
        &mut self,
        from: GroupId,
        to: GroupId,
        token: Version,
        moved: &Revision,
        rules: &impl Rules,
    ) -> bool {
        let is_as_known = self.revision.version == moved.version && token >= self.fence;
        if self.group != Some(from) || !is_as_known {
            return false;
        }
        self.group = Some(to);
        self.revision.past = moved.past.clone();
        if rules.fences_what_moves() {
            let tenure = self.fence.tenure.saturating_add(1);
            self.fence = Version { tenure, epoch: Epoch(0), counter: 0 };
        }
        true
    }
}

impl GroupRow {
    /// R8: begins a reign right after the one before, for who was elected by the list in office;
    /// the first founds it. True again for who began it.
    pub fn claim(
        &mut self,
        epoch: Epoch,
        leader: NodeId,
        electors: &Voters,
        rules: &impl Rules,
    ) -> bool {
        let elected_by = match electors.are_in_office() {
            true => electors.clone(),
            false => Voters::default().followed_by(electors.names.clone()),
        };
        let is_right = !self.voters.are_in_office() || self.voters == elected_by;
        if self.epoch.next() == epoch && (is_right || !rules.claims_for_the_list()) {
            (self.epoch, self.leader) = (epoch, Some(leader));
            if !self.voters.are_in_office() {
                self.voters = elected_by.clone();
            }
        }
        let is_right = self.voters == elected_by || !rules.claims_for_the_list();
        self.epoch == epoch && self.leader == Some(leader) && is_right
    }

    /// Changes the list in office to the one after it, in the reign of the leader that asks.
    pub fn reseat(&mut self, epoch: Epoch, leader: NodeId, next: &Voters) {
        let is_now = self.epoch == epoch && self.leader == Some(leader);
        if is_now && self.voters.number + 1 == next.number {
            self.voters = next.clone();
        }
    }

    /// Gives the group to other voters although those in office cannot be asked. Whoever led
    /// does not any more; that its lease is over is for the caller to know.
    pub fn found_anew(&mut self, before: Epoch, next: &Voters) -> bool {
        let is_as_known = self.epoch == before && self.voters.number + 1 == next.number;
        if is_as_known {
            *self = GroupRow { epoch: before.next(), leader: None, voters: next.clone() };
        }
        is_as_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cachegroup::rules::Kept;

    const G: GroupId = GroupId(1);
    const H: GroupId = GroupId(2);

    fn version(tenure: u32, epoch: u64, counter: u64) -> Version {
        Version { tenure, epoch: Epoch(epoch), counter }
    }

    fn commit(row: &mut ContentRow, group: GroupId, base: Version, token: Version) -> Verdict {
        row.commit(group, base, &Revision { version: token, ..Revision::default() }, &Kept)
    }

    #[test]
    fn a_version_is_made_from_the_newest_above_the_fence() {
        let mut row = ContentRow::default();
        assert!(row.seal(G, Epoch(1), 5));
        for (base, token, verdict) in [
            (Version::NEVER, version(0, 1, 4), Verdict::Rejected),
            (version(0, 1, 1), version(0, 1, 6), Verdict::Rejected),
            (Version::NEVER, version(0, 1, 6), Verdict::Accepted),
            (Version::NEVER, version(0, 1, 7), Verdict::Rejected),
            (version(0, 1, 6), version(0, 1, 7), Verdict::Accepted),
            // Once more, after another was accepted.
            (Version::NEVER, version(0, 1, 6), Verdict::Accepted),
        ] {
            assert_eq!(commit(&mut row, G, base, token), verdict, "{token} from {base}");
        }
        assert_eq!(row.revision.version, version(0, 1, 7));
        assert_eq!(commit(&mut row, H, version(0, 1, 7), version(0, 1, 8)), Verdict::Rejected);
    }

    #[test]
    fn what_is_too_long_ago_is_not_called_refused() {
        let mut row = ContentRow::default();
        let mut base = Version::NEVER;
        for counter in 2..12 {
            let token = version(0, 1, counter);
            assert_eq!(commit(&mut row, G, base, token), Verdict::Accepted);
            base = token;
        }
        assert_eq!(row.accepted.len(), ACCEPTED_MAX);
        assert_eq!(commit(&mut row, G, Version::NEVER, version(0, 1, 2)), Verdict::Forgotten);
        assert_eq!(commit(&mut row, G, base, version(0, 1, 1)), Verdict::Forgotten);
        assert_eq!(commit(&mut row, G, Version::NEVER, version(0, 1, 20)), Verdict::Rejected);
    }

    #[test]
    fn a_content_that_moved_takes_no_token_of_before() {
        let mut row = ContentRow::default();
        row.seal(G, Epoch(9), 1);
        let moved = Revision::default();
        assert!(!row.give(H, G, version(0, 9, 2), &moved, &Kept), "it is not there");
        assert!(!row.give(G, H, version(0, 8, 2), &moved, &Kept), "the fence is above");
        assert!(row.give(G, H, version(0, 9, 2), &moved, &Kept));
        assert!(!row.seal(G, Epoch(10), 1), "it is not here any more");
        assert!(row.seal(H, Epoch(1), 1), "though epochs are lower there");
        let late = commit(&mut row, G, Version::NEVER, version(0, 9, 3));
        assert_eq!(late, Verdict::Rejected);
        let next = commit(&mut row, H, Version::NEVER, version(1, 1, 2));
        assert_eq!(next, Verdict::Accepted);
    }

    #[test]
    fn a_reign_begins_once_right_after_the_one_before() {
        let mut row = GroupRow::default();
        let (one, other) = (NodeId(1), NodeId(2));
        let list = Voters::by_settings(vec![one, other]);
        let mut claim = |epoch, leader| row.claim(Epoch(epoch), leader, &list, &Kept);
        assert!(!claim(2, one), "there was no first");
        assert!(claim(1, one));
        assert!(claim(1, one), "asked once more");
        assert!(!claim(1, other));
        let first = row.voters.clone();
        let foreign = Voters::by_settings(vec![other]);
        assert!(!row.claim(Epoch(2), other, &foreign, &Kept), "by no list in office");
        assert_eq!(first, Voters { number: 1, names: vec![one, other] });
        assert!(row.claim(Epoch(2), other, &first, &Kept));
        assert!(!row.claim(Epoch(1), one, &first, &Kept), "it is over");
    }

    #[test]
    fn a_list_follows_another_within_a_reign() {
        let mut row = GroupRow::default();
        let [one, two, three] = [1, 2, 3].map(NodeId);
        let founding = Voters::by_settings(vec![one, two]);
        let foreign = Voters::by_settings(vec![one, three]);
        assert!(row.claim(Epoch(1), one, &founding, &Kept));
        assert!(!row.claim(Epoch(1), one, &foreign, &Kept), "another list was founded");
        let first = row.voters.clone();
        let next = first.followed_by(vec![two, three]);
        for (epoch, leader, is_done) in [(2, one, false), (1, two, false), (1, one, true)] {
            row.reseat(Epoch(epoch), leader, &next);
            assert_eq!(row.voters == next, is_done, "{epoch} {leader:?}");
        }
        row.reseat(Epoch(1), one, &first.followed_by(vec![one]));
        assert_eq!(row.voters, next, "what comes late changes nothing");
        assert!(!row.claim(Epoch(2), one, &first, &Kept), "elected by a list of the past");
        assert!(row.claim(Epoch(2), three, &next, &Kept));
        assert!(!row.found_anew(Epoch(1), &next.followed_by(vec![one])), "not as it is");
        assert!(row.found_anew(Epoch(2), &next.followed_by(vec![one])));
        assert_eq!((row.epoch, row.leader, row.voters.number), (Epoch(3), None, 3));
    }
}
