//! What people may see of groups: which nodes are in which, and why.

use std::time::Instant;

use swell_content::naming::ContentName;

use crate::grouping::groups::Grouping;
use crate::grouping::notice::Notice;

/// That a node is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// The node.
    pub node: String,
    /// Whether it is this one.
    pub is_here: bool,
    /// The group's workload.
    pub workload: String,
    /// Why it is in it.
    pub why: String,
}

impl Grouping {
    /// Who is in which group, this node first.
    pub fn memberships(&self) -> Vec<MemberView> {
        self.refresh();
        let views = |node: &str, is_here: bool, notice: &Notice| {
            let view = |group: &crate::grouping::notice::Membership| MemberView {
                node: node.to_string(),
                is_here,
                workload: group.workload.clone(),
                why: group.why.clone(),
            };
            notice.groups.iter().map(view).collect::<Vec<_>>()
        };
        let mut all = views(self.name(), true, &self.notice());
        for (node, other) in self.neighbours.fresh(Instant::now()) {
            all.extend(views(&node, false, &other.notice));
        }
        all
    }

    /// The groups that a content belongs to, and whether and why this node is in each: that of its
    /// workload, and those in which it was found.
    pub fn groups_of(&self, content: &ContentName) -> Vec<String> {
        self.refresh();
        let own = self.notice();
        let found = self.found();
        let found = found.iter().filter(|found| found.contents.contains(&content.id()));
        let found = found.map(|found| {
            let count = found.contents.len();
            (found.name.as_str(), format!("{count} contents that are read together"))
        });
        let named = (content.workload(), "its workload".to_string());
        let told =
            std::iter::once(named).chain(found).map(|(name, what)| match own.membership(name) {
                Some(why) => format!("`{name}` ({what}): this node is in it, as {why}"),
                None => format!("`{name}` ({what}): this node is not in it"),
            });
        told.collect()
    }
}
