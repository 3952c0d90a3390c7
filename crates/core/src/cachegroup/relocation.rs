//! Which contents a leader gives to another group, and when.
//!
//! A content is led with those it is found to be read together with, if some function's calls are
//! what reads them so, and else with its workload. A content that somebody gave to a third group
//! stays there. Groups that are found change with what is read, and a move costs every member a
//! question, so only what has been so for a while counts; and longer for going back than for going,
//! as what nobody reads at the moment does no harm where it is.

use std::collections::BTreeMap;

use crate::cachegroup::names::{ContentId, GroupId};
use crate::time::{Instant, Span};

/// For how long a content has to belong to a group that was found before it goes there.
pub const FORMING: Span = Span::from_secs(10);
/// For how long it has to belong to none before it goes back.
pub const DISSOLVING: Span = Span::from_secs(600);
/// So many contents begin to move at a time.
pub const MOVES_MAX: usize = 64;

/// A content whose group this node leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Led {
    /// Which.
    pub content: ContentId,
    /// The group that has it.
    pub group: GroupId,
    /// The group of its workload.
    pub home: GroupId,
    /// The group of what it is found to be read together with, if there is one.
    pub found: Option<GroupId>,
    /// Whether the group that has it leads what was found.
    pub is_in_found: bool,
}

/// A content that is to go to another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub content: ContentId,
    /// The group that has it.
    pub from: GroupId,
    /// The group that is to have it.
    pub to: GroupId,
}

/// What was seen of contents that may have to move.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relocation {
    /// Where each should go, and since when.
    since: BTreeMap<ContentId, (GroupId, Instant)>,
}

impl Led {
    /// Where the content should be, if elsewhere, and for how long that has to be so.
    fn wanted(&self) -> Option<(GroupId, Span)> {
        let wanted = match self.found {
            Some(found) if self.group == self.home || self.is_in_found => (found, FORMING),
            None if self.is_in_found => (self.home, DISSOLVING),
            _ => return None,
        };
        Some(wanted).filter(|&(to, _)| to != self.group)
    }
}

impl Relocation {
    /// Which of the contents that this node leads are to move now. They are named again until they
    /// have moved.
    pub fn look(&mut self, now: Instant, led: impl IntoIterator<Item = Led>) -> Vec<Move> {
        let (mut since, mut moves) = (BTreeMap::new(), Vec::new());
        for one in led {
            let Some((to, patience)) = one.wanted() else { continue };
            let known = self.since.get(&one.content).filter(|&&(known, _)| known == to);
            let first = known.map_or(now, |&(_, first)| first);
            since.insert(one.content, (to, first));
            if now.since(first) >= patience && moves.len() < MOVES_MAX {
                moves.push(Move { content: one.content, from: one.group, to });
            }
        }
        self.since = since;
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: GroupId = GroupId(1);
    const THIRD: GroupId = GroupId(2);
    const FOUND: GroupId = GroupId(10);
    const OTHER: GroupId = GroupId(11);

    fn led(group: GroupId, found: Option<GroupId>) -> Led {
        let is_in_found = group == FOUND || group == OTHER;
        Led { content: ContentId(7), group, home: HOME, found, is_in_found }
    }

    #[test]
    fn contents_go_where_they_have_belonged_for_a_while() {
        for (group, found, expected) in [
            (HOME, None, None),
            (HOME, Some(FOUND), Some((FOUND, FORMING))),
            (FOUND, Some(FOUND), None),
            (FOUND, Some(OTHER), Some((OTHER, FORMING))),
            (FOUND, None, Some((HOME, DISSOLVING))),
            // Somebody wanted it there.
            (THIRD, Some(FOUND), None),
            (THIRD, None, None),
        ] {
            let mut seen = Relocation::default();
            let mut moved = None;
            for second in 0..=700 {
                let now = Instant::ZERO + Span::from_secs(second);
                if let Some(&Move { to, .. }) = seen.look(now, [led(group, found)]).first() {
                    moved = Some((to, now.since(Instant::ZERO)));
                    break;
                }
            }
            assert_eq!(moved, expected, "from {group:?}, found in {found:?}");
        }
    }

    #[test]
    fn what_changes_its_mind_stays() {
        let mut seen = Relocation::default();
        for second in 0..100 {
            let found = if second % 9 == 0 { OTHER } else { FOUND };
            let now = Instant::ZERO + Span::from_secs(second);
            assert_eq!(seen.look(now, [led(HOME, Some(found))]), []);
        }
        assert_eq!(seen.look(Instant::ZERO + Span::from_secs(100), []), []);
        assert_eq!(seen, Relocation::default(), "nothing is remembered of what is not led here");
    }

    #[test]
    fn few_move_at_a_time() {
        let mut seen = Relocation::default();
        let all = (0..1000).map(|number| {
            let content = ContentId(number);
            Led { content, ..led(HOME, Some(FOUND)) }
        });
        assert_eq!(seen.look(Instant::ZERO, all.clone()), []);
        assert_eq!(seen.look(Instant::ZERO + FORMING, all).len(), MOVES_MAX);
    }
}
