//! Which group leads a content: that of its workload, until its leader gives it to another.
//!
//! Groups that were found in what calls read come and go, and have any name. Whatever they are
//! called, they are led by one of a fixed number of groups of the protocol: so leases and
//! elections stay bounded, and which groups are such is known without asking anybody.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use swell_core::cachegroup::names::{ContentId, GroupId};

use crate::naming::first_word;

/// So many groups of the protocol lead all that was found.
const FOUND_GROUPS: u32 = 64;

/// The group that leads the contents of one that was found and is called so.
pub fn found_group(name: &str) -> GroupId {
    numbered(first_word(b"found", name) % FOUND_GROUPS)
}

/// Whether a group leads what was found.
pub fn is_found(group: GroupId) -> bool {
    static ALL: OnceLock<BTreeSet<GroupId>> = OnceLock::new();
    ALL.get_or_init(|| (0..FOUND_GROUPS).map(numbered).collect()).contains(&group)
}

/// The group of a content's workload: the first 32 bits of its number.
pub fn home_of(content: ContentId) -> GroupId {
    GroupId((content.0 >> 96) as u32)
}

fn numbered(number: u32) -> GroupId {
    GroupId(first_word(b"leads what was found", &number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::{ContentName, group_of};

    #[test]
    fn whatever_is_found_is_led_by_few() {
        let names = (0..10_000).map(|number| format!("shared-{number:08x}"));
        let groups: BTreeSet<GroupId> = names.map(|name| found_group(&name)).collect();
        assert_eq!(groups.len(), FOUND_GROUPS as usize);
        assert!(groups.iter().all(|&group| is_found(group)));
        assert!(!is_found(group_of("shop")));
    }

    #[test]
    fn a_content_is_at_home_in_its_workload() {
        let name = ContentName::new("shop", "a/b").expect("a name");
        assert_eq!(home_of(name.id()), group_of("shop"));
    }
}
