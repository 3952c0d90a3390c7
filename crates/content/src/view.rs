//! What people may see of a node's cache groups: who leads, who has what, and why a read would
//! go where it goes.

use std::collections::BTreeMap;

use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::cachegroup::names::{ContentId, GroupId, NodeId, Version};

use crate::blob::body_length;
use crate::clock::now;
use crate::contents::Contents;
use crate::leadership::home_of;
use crate::naming::{ContentName, group_of, node_of};

/// A group, as a node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Its workload; nothing if nobody here has named it.
    pub workload: Option<String>,
    /// Its number.
    pub group: GroupId,
    /// The latest reign that was heard of.
    pub epoch: u64,
    /// Whose it is, if that is known.
    pub leader: Option<String>,
    /// Whether this node leads at this moment.
    pub leads: bool,
    /// Who votes, in the order in which they would stand.
    pub voters: Vec<String>,
    /// Who would, by the settings of this node, if that is not who does.
    pub by_settings: Option<Vec<String>>,
    /// Copies of its contents here.
    pub copies: u64,
    /// Bytes of these copies.
    pub copy_bytes: u64,
    /// Contents that this node's reign has had to do with.
    pub led_contents: u64,
}

impl GroupView {
    /// A group that this node has nothing to do with.
    pub fn unled(group: GroupId) -> Self {
        let (workload, leader, voters) = (None, None, Vec::new());
        let (epoch, copies, copy_bytes, led_contents) = (0, 0, 0, 0);
        Self {
            workload,
            group,
            epoch,
            leader,
            leads: false,
            voters,
            by_settings: None,
            copies,
            copy_bytes,
            led_contents,
        }
    }
}

/// A content, as a node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentView {
    /// The group that leads it, as far as is known here.
    pub group: GroupId,
    /// How it stands at this member: `Free`, `Lock`, `Pending`; nothing if it is not here.
    pub member_tag: Option<&'static str>,
    /// The copy's version.
    pub version: Option<Version>,
    /// How long ago the copy was surely the newest, in milliseconds; nothing of a former life.
    pub age_ms: Option<u64>,
    /// How it stands in the leader's table, if this node leads.
    pub leader_tag: Option<&'static str>,
    /// Who has which version, as far as the leader knows.
    pub holders: Vec<(String, Version)>,
    /// The copy was fetched before anybody asked, and nobody has read it yet.
    pub is_ahead: bool,
    /// Where a causal read without a session would be answered from, and why.
    pub why: String,
}

impl Contents {
    /// The groups this node is in.
    pub fn groups(&self) -> Vec<GroupView> {
        let shared = self.shared();
        let mind = shared.mind.lock();
        let workloads = shared.workloads(&mind);
        let mut copies: BTreeMap<GroupId, (u64, u64)> = BTreeMap::new();
        for row in mind.node.table().rows().values() {
            let payload = row.copy.as_ref().and_then(|copy| copy.revision.payload);
            if let Some(payload) = payload {
                let (count, bytes) = copies.entry(row.group).or_default();
                *count += 1;
                *bytes += payload.size.get();
            }
        }
        let name = |node| shared.name(node);
        let names = |nodes: &[NodeId]| nodes.iter().copied().map(name).collect();
        let groups = mind.groups().iter().map(|(&group, charter)| {
            let view = mind.node.view(group);
            let reign = mind.node.reign(group, now());
            let (copies, copy_bytes) = copies.get(&group).copied().unwrap_or_default();
            GroupView {
                workload: workloads.get(&group).cloned(),
                group,
                epoch: view.map_or(0, |view| view.epoch.0),
                leader: view.and_then(|view| view.leader).map(name),
                leads: reign.is_some(),
                voters: names(view.map_or(&charter.voters, |view| &view.voters.names)),
                by_settings: shared.differing(&mind, group).map(|(_, voters)| names(&voters)),
                copies,
                copy_bytes,
                led_contents: reign.map_or(0, |reign| reign.table().len() as u64),
            }
        });
        groups.collect()
    }

    /// Contents of a workload that have copies here, those that were asked for last first.
    pub fn copied(&self, workload: &str, limit: usize) -> Vec<ContentName> {
        let mind = self.shared().mind.lock();
        let group = group_of(workload);
        // Wherever they are led.
        let rows = mind.node.table().rows().iter();
        let rows = rows.filter(|&(&content, _)| home_of(content) == group);
        let copies = rows.filter_map(|(content, row)| Some((row.copy.as_ref()?.asked, *content)));
        let mut copies: Vec<_> = copies.collect();
        copies.sort_unstable_by(|one, other| other.cmp(one));
        let names = copies.into_iter().filter_map(|(_, content)| mind.name(content));
        names.filter(|name| name.workload() == workload).take(limit).cloned().collect()
    }

    /// A content.
    pub fn view(&self, content: &ContentName) -> ContentView {
        let shared = self.shared();
        let mind = shared.mind.lock();
        let now = now();
        let row = mind.node.table().rows().get(&content.id());
        let own = content.group();
        let of_leader =
            mind.node.reign(own, now).and_then(|reign| reign.table().get(&content.id()));
        let group = match (row, of_leader.map(|row| &row.tag)) {
            (Some(row), _) => row.group,
            // It was given away here.
            (None, Some(&LeaderTag::Elsewhere { group, .. })) => group,
            (None, _) => own,
        };
        let copy = row.and_then(|row| row.copy.as_ref());
        let led = mind.node.reign(group, now);
        let led = led.and_then(|reign| reign.table().get(&content.id()));
        let name = |node| shared.name(node);
        let holders = led.iter().flat_map(|row| &row.holders);
        let holders: Vec<_> = holders.map(|(&node, &version)| (name(node), version)).collect();
        let leader = mind.node.view(group).and_then(|view| view.leader);
        let age = copy.map(|copy| copy.asked).filter(|asked| asked.nanos() > 0);
        let why = match (copy, leader) {
            (Some(copy), _) => format!(
                "from here: the copy of version {} is valid for all who have not seen anything \
                 later in the group",
                copy.revision.version
            ),
            (None, Some(leader)) if leader == shared.circle.me() => {
                let lock = led.is_some_and(|row| matches!(row.tag, LeaderTag::Lock { .. }));
                match lock {
                    true => "after a wait: somebody is writing it".to_string(),
                    false => "from a member or the data store: this node leads the group and has \
                              no copy"
                        .to_string(),
                }
            }
            (None, Some(leader)) => {
                format!(
                    "from whom `{}` names, which leads the group: there is no copy here",
                    name(leader)
                )
            }
            (None, None) => "from the data store: no leader of the group is known here".to_string(),
        };
        ContentView {
            group,
            member_tag: row.map(|row| row.tag.word()),
            version: copy.map(|copy| copy.revision.version),
            age_ms: age.map(|asked| now.since(asked).nanos() / 1_000_000),
            is_ahead: copy
                .is_some_and(|copy| mind.ahead.look(content.id(), copy.revision.version).is_some()),
            leader_tag: led.map(|row| row.tag.word()),
            holders,
            why,
        }
    }

    /// Of these contents, those that are here: how many, and their bytes.
    pub fn held<'a>(&self, contents: impl IntoIterator<Item = &'a ContentId>) -> (u64, u64) {
        let mind = self.shared().mind.lock();
        let rows = mind.node.table().rows();
        let (mut count, mut bytes) = (0, 0);
        for content in contents {
            let copy = rows.get(content).and_then(|row| row.copy.as_ref());
            if let Some(payload) = copy.and_then(|copy| copy.revision.payload) {
                (count, bytes) = (count + 1, bytes + body_length(&payload));
            }
        }
        (count, bytes)
    }

    /// Of these contents with their lengths, the bytes that are not here.
    pub fn missing<'a>(&self, inputs: impl IntoIterator<Item = (&'a ContentName, &'a u64)>) -> u64 {
        let mind = self.shared().mind.lock();
        let rows = mind.node.table().rows();
        let is_here =
            |name: &ContentName| rows.get(&name.id()).is_some_and(|row| row.copy.is_some());
        let missing = inputs.into_iter().filter(|(name, _)| !is_here(name));
        missing.map(|(_, &bytes)| bytes).sum()
    }

    /// The nodes that share contents, and whether each is this one.
    pub fn members(&self) -> Vec<(String, bool)> {
        let circle = &self.shared().circle;
        let listed = circle.nodes().map(|(node, name)| (name.to_string(), node == circle.me()));
        let met = self.shared().met.lock();
        listed.chain(met.values().map(|name| (name.clone(), false))).collect()
    }

    /// These nodes are there as well, beside those that the settings name.
    pub fn meet<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let shared = self.shared();
        let names = names.into_iter().map(|name| (node_of(name), name.to_string()));
        let others = names.filter(|(node, _)| shared.circle.name(*node).is_none());
        *shared.met.lock() = others.collect();
    }

    /// Memory that copies take, in bytes.
    pub fn memory_used(&self) -> u64 {
        self.shared().copies.memory_used()
    }

    /// What the data store's trouble is, if it is in any.
    pub fn trouble(&self) -> Option<String> {
        self.shared().trouble.lock().as_ref().map(ToString::to_string)
    }
}
