//! Which group leads which contents: contents that are found to be read together are led together,
//! if calls of some function are sorted by that, and else with their workload.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use swell_content::clock::now;
use swell_content::leadership::{found_group, home_of, is_found};
use swell_content::naming::{ContentName, group_of};
use swell_core::cachegroup::names::{ContentId, GroupId};
use swell_core::cachegroup::relocation::{Led, Move};

use crate::grouping::groups::Grouping;

impl Grouping {
    /// Gives contents that this node leads to the groups that they belong to by now, and votes in
    /// the groups that others are in.
    pub fn relocate(&self) {
        let served = self.served();
        let found = self.found();
        let is_of_calls = |name: &str| served.contains(name);
        let mut belongs: BTreeMap<ContentId, GroupId> = BTreeMap::new();
        for one in found.iter().filter(|one| is_of_calls(&one.name)) {
            for &content in &one.contents {
                // What is in several belongs to the first by name, on all nodes.
                belongs.entry(content).or_insert_with(|| found_group(&one.name));
            }
        }
        let contents = self.contents();
        let names: BTreeSet<&str> = found.iter().map(|one| one.name.as_str()).collect();
        for name in &served {
            let is_found = names.contains(name.as_str());
            contents.vote_in(if is_found { found_group(name) } else { group_of(name) });
        }
        let led = contents.led(belongs.keys().copied()).into_iter().map(|(content, group)| Led {
            content,
            group,
            home: home_of(content),
            found: belongs.get(&content).copied(),
            is_in_found: is_found(group),
        });
        for Move { content, from, to } in self.relocation.lock().look(now(), led) {
            contents.give(content, from, to);
        }
    }

    /// Workloads that calls here or at other nodes are sorted into, or whose group some node is in.
    fn served(&self) -> BTreeSet<String> {
        let own = self.notice();
        let others = self.neighbours.fresh(Instant::now());
        let notices = others.values().map(|other| &*other.notice).chain([&*own]);
        let mut all = BTreeSet::new();
        for notice in notices {
            all.extend(notice.functions.values().map(|served| served.workload.clone()));
        }
        // A group that was found and whose contents are merely cached is nobody's workload.
        let settled = others.values().flat_map(|other| &other.notice.groups);
        let found = self.found();
        let is_found = |name: &str| found.iter().any(|one| one.name == name);
        all.extend(settled.map(|one| one.workload.clone()).filter(|name| !is_found(name)));
        all
    }

    /// Which group leads a content and who leads that, for people; `group` is what is known of it.
    pub fn led(&self, content: &ContentName, group: GroupId) -> String {
        let which = if group == content.group() {
            format!("with its workload `{}`", content.workload())
        } else if is_found(group) {
            let found = self.found();
            let mut of_it = found.iter().filter(|one| one.contents.contains(&content.id()));
            match of_it.find(|one| found_group(&one.name) == group) {
                Some(one) => format!(
                    "with `{}`, {} contents that are read together: it was given to them",
                    one.name,
                    one.contents.len()
                ),
                None => "with others that were read together: it was given to them".to_string(),
            }
        } else {
            let served = self.served();
            let named = served.iter().chain(&self.parts.terms.workloads);
            match named.into_iter().find(|name| group_of(name) == group) {
                Some(name) => format!("with the workload `{name}`: it was given to that"),
                None => format!("with the group #{}: it was given to that", group.0),
            }
        };
        match self.contents().leader_of(group) {
            Some(leader) => format!("{which}; `{leader}` leads"),
            None => format!("{which}; no leader is known here"),
        }
    }
}
