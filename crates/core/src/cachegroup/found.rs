//! Names of discovered groups, which nodes come to agree on.
//!
//! Each node finds groups in what its own tasks read, so no two find quite the same. A group keeps
//! the name it had, and of two groups that are mostly one the smaller name wins, so names that
//! nodes tell each other become one after as many rounds as nodes are apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::cachegroup::names::ContentId;

/// A group that nobody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// What belongs to it.
    pub contents: BTreeSet<ContentId>,
}

/// Whether two groups are mostly one: at least half of what either has.
fn are_one(one: &BTreeSet<ContentId>, other: &BTreeSet<ContentId>) -> bool {
    let common = one.intersection(other).count();
    2 * common >= one.len() + other.len() - common
}

/// Names groups: after the smallest name among those known that are mostly the same, else after
/// the smallest of their contents.
pub fn named(groups: &[BTreeSet<ContentId>], known: &[Found]) -> Vec<Found> {
    let mut named: BTreeMap<String, BTreeSet<ContentId>> = BTreeMap::new();
    for contents in groups {
        let same = known.iter().filter(|known| are_one(&known.contents, contents));
        let name = same.map(|known| known.name.clone()).min().or_else(|| {
            let first = contents.first()?;
            // The high bits are those of the workload; the low ones tell contents apart.
            Some(format!("shared-{:08x}", first.0 as u32))
        });
        if let Some(name) = name {
            named.entry(name).or_default().extend(contents);
        }
    }
    named.into_iter().map(|(name, contents)| Found { name, contents }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u128]) -> BTreeSet<ContentId> {
        numbers.iter().copied().map(ContentId).collect()
    }

    fn names(found: &[Found]) -> Vec<&str> {
        found.iter().map(|found| found.name.as_str()).collect()
    }

    #[test]
    fn a_group_keeps_its_name_while_it_is_mostly_the_same() {
        let first = named(&[set(&[5, 6, 7])], &[]);
        assert_eq!(names(&first), ["shared-00000005"]);
        let grown = named(&[set(&[2, 5, 6, 7])], &first);
        assert_eq!(names(&grown), ["shared-00000005"]);
        let other = named(&[set(&[2, 3, 4])], &grown);
        assert_eq!(names(&other), ["shared-00000002"]);
    }

    #[test]
    fn nodes_that_tell_each_other_come_to_one_name() {
        let (mine, theirs) = (vec![set(&[5, 6, 7])], vec![set(&[4, 5, 6, 7])]);
        let (mut own, mut other) = (named(&mine, &[]), named(&theirs, &[]));
        assert_ne!(own[0].name, other[0].name);
        for _ in 0..2 {
            let known: Vec<Found> = own.iter().chain(&other).cloned().collect();
            (own, other) = (named(&mine, &known), named(&theirs, &known));
        }
        assert_eq!(own[0].name, other[0].name);
    }

    #[test]
    fn two_groups_of_one_name_are_one() {
        let known = [Found { name: "a".to_string(), contents: set(&[1, 2, 3, 4]) }];
        let found = named(&[set(&[1, 2]), set(&[3, 4])], &known);
        assert_eq!(names(&found), ["a"]);
        assert_eq!(found[0].contents, set(&[1, 2, 3, 4]));
    }
}
