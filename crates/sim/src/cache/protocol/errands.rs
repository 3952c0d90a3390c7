//! Tasks under way: where each runs, what it reads next, and how long it has waited for data.

use std::collections::BTreeMap;

use swell_core::cachegroup::leader_table::LeaderTable;
use swell_core::cachegroup::names::{ContentId, GroupId, NodeId};
use swell_core::cachegroup::placement::{Candidate, Demand, place};
use swell_core::cachegroup::prefetch::affinity;
use swell_core::cachegroup::prefetch::history::{FunctionId, History};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::cache::protocol::ahead::SIZE;
use crate::cache::protocol::tasks::Task;
use crate::cache::replacement::bank::Content;

/// Tasks that a member runs at a time, before others are asked.
const AT_A_TIME: u32 = 4;
/// What is less likely to be read is no reason to go anywhere.
const CHANCE_MIN: f64 = 0.3;

/// A task under way.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Where it runs.
    pub member: usize,
    /// The function.
    pub function: FunctionId,
    /// Whether it is counted.
    pub counts: bool,
    /// Since when it reads.
    pub began: Instant,
    /// The way to where it runs, and back.
    pub way: Span,
    /// Everything it read so far was there.
    pub all_local: bool,
    reads: Vec<Content>,
    next: usize,
}

/// All tasks under way.
#[derive(Debug, Default)]
pub struct Errands {
    open: BTreeMap<u64, Errand>,
    count: u64,
    running: BTreeMap<usize, u32>,
    /// What tasks of a group's functions read, wherever they ran: for who places them.
    histories: BTreeMap<GroupId, History>,
}

/// A member that a task could run at.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// Its place among receivers.
    pub member: usize,
    /// Its node.
    pub node: u32,
    /// Round trip from where the task arrived.
    pub round_trip: Span,
    /// Round trip from it to the data store.
    pub to_store: Span,
}

impl Errands {
    /// P0: where a task that arrived at a member of this group runs, by what it is expected to
    /// read and who has that, and the way there and back.
    pub fn place(
        &mut self,
        now: Instant,
        group: GroupId,
        function: FunctionId,
        table: &LeaderTable,
        spots: &[Spot],
    ) -> Option<(usize, Span)> {
        let history = self.histories.entry(group).or_default();
        let expected = history.on_task(now, function, &Default::default(), SIZE);
        let likely = expected.iter().filter(|one| one.chance >= CHANCE_MIN);
        let inputs: BTreeMap<ContentId, Bytes> =
            likely.map(|one| (one.content, one.size)).collect();
        let nodes = spots.iter().map(|spot| NodeId(spot.node));
        let missing = affinity::missing(&inputs, table, nodes);
        let candidates: Vec<Candidate> = spots
            .iter()
            .map(|spot| Candidate {
                node: NodeId(spot.node),
                is_member: true,
                has_room: self.running.get(&spot.member).copied().unwrap_or(0) < AT_A_TIME,
                power: 1.0,
                backlog: 0.0,
                round_trip: spot.round_trip,
                missing: missing.get(&NodeId(spot.node)).copied().unwrap_or(Bytes::ZERO),
                bandwidth: SIZE.get() as f64 / spot.to_store.secs_f64().max(1e-9),
            })
            .collect();
        let demand = Demand { work: 0.0, processing_max: Span::FOREVER };
        let chosen = place(&demand, &candidates)?;
        let spot = spots.iter().find(|spot| spot.node == chosen.node.0)?;
        Some((spot.member, spot.round_trip))
    }

    /// A task is accepted at a member; its number.
    pub fn begin(&mut self, task: Task, member: usize, way: Span, counts: bool) -> u64 {
        self.count += 1;
        *self.running.entry(member).or_default() += 1;
        let Task { function, reads } = task;
        let (began, next, all_local) = (Instant::ZERO, 0, true);
        let errand = Errand { member, function, counts, began, way, all_local, reads, next };
        self.open.insert(self.count, errand);
        self.count
    }

    /// A task.
    pub fn get_mut(&mut self, errand: u64) -> Option<&mut Errand> {
        self.open.get_mut(&errand)
    }

    /// What a task reads next; nothing if it has read everything.
    pub fn next(&mut self, errand: u64) -> Option<(usize, Content)> {
        let errand = self.open.get_mut(&errand)?;
        let content = *errand.reads.get(errand.next)?;
        errand.next += 1;
        Some((errand.member, content))
    }

    /// A task of a group has read a content.
    pub fn on_read(&mut self, group: GroupId, function: FunctionId, content: ContentId) {
        self.histories.entry(group).or_default().on_read(function, content, SIZE);
    }

    /// A task ends.
    pub fn end(&mut self, errand: u64) -> Option<Errand> {
        let ended = self.open.remove(&errand)?;
        self.leave(ended.member);
        Some(ended)
    }

    /// A member crashed, and its tasks with it.
    pub fn on_crash(&mut self, member: usize) {
        self.open.retain(|_, errand| errand.member != member);
        self.running.remove(&member);
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn leave(&mut self, member: usize) {
        if let Some(running) = self.running.get_mut(&member) {
            *running = running.saturating_sub(1);
        }
    }
}
