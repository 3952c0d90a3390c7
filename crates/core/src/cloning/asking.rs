//! What is known of nodes nearby, and what they were asked for.
//!
//! Only memory; who asks is `elsewhere`. A node is asked once for what is wished at a time: what
//! it does not promise, it is not asked for again until that wish is over.

use crate::cloning::nearness::{Node, Places};
use crate::ids::FunctionId;
use crate::nearby::{NearId, NearNode};
use crate::time::{Instant, Span};
use crate::units::Bytes;

/// What a node was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    node: NearId,
    function: FunctionId,
    /// Instances that it was asked for and has not refused.
    count: u32,
    memory: Bytes,
    until: Instant,
}

/// The nodes nearby.
#[derive(Debug, Default)]
pub struct Nearby {
    nodes: Vec<NearNode>,
    asked: Vec<Asked>,
}

impl Nearby {
    /// These are the nodes from now on.
    pub fn tell(&mut self, nodes: Vec<NearNode>) {
        self.nodes = nodes;
    }

    /// Whether there are any.
    pub fn is_any(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// Instances of a function that other nodes were asked for and have not refused.
    pub fn count(&self, now: Instant, function: FunctionId) -> u32 {
        self.of(now, function).map(|(_, count)| count).sum()
    }

    /// The same, node by node.
    pub fn of(
        &self,
        now: Instant,
        function: FunctionId,
    ) -> impl Iterator<Item = (NearId, u32)> + '_ {
        let of_it = self.asked.iter().filter(move |asked| asked.function == function);
        let granted = of_it.filter(move |asked| now < asked.until && asked.count > 0);
        granted.map(|asked| (asked.node, asked.count))
    }

    /// Chooses whom to ask for so many instances of a function: the nearest that clone it, have
    /// room and were not asked yet, no farther than `farthest` one way. It is remembered until
    /// `until`.
    pub fn choose(
        &mut self,
        now: Instant,
        function: FunctionId,
        count: u32,
        memory: Bytes,
        farthest: Span,
        until: Instant,
    ) -> Vec<(NearId, u32)> {
        self.asked.retain(|asked| now < asked.until);
        let mut places =
            Places::new(&self.nodes.iter().map(|node| self.place(node)).collect::<Vec<_>>());
        let is_fit = |place: usize| {
            let node = &self.nodes[place];
            let is_asked = |asked: &Asked| asked.node == node.node && asked.function == function;
            node.distance <= farthest
                && node.functions.binary_search(&function).is_ok()
                && !self.asked.iter().any(is_asked)
        };
        let mut chosen: Vec<(NearId, u32)> = Vec::new();
        for _ in 0..count {
            let Some(place) = places.take_where(memory, is_fit) else { break };
            let node = self.nodes[place].node;
            match chosen.iter_mut().find(|(known, _)| *known == node) {
                Some((_, count)) => *count += 1,
                None => chosen.push((node, 1)),
            }
        }
        let asked = |&(node, count): &(NearId, u32)| Asked { node, function, count, memory, until };
        self.asked.extend(chosen.iter().map(asked));
        chosen
    }

    /// A node answered: so many it has or makes.
    pub fn promised(&mut self, node: NearId, function: FunctionId, count: u32) {
        let is_it = |asked: &&mut Asked| asked.node == node && asked.function == function;
        if let Some(asked) = self.asked.iter_mut().find(is_it) {
            asked.count = asked.count.min(count);
        }
    }

    /// A node as a place: what it was asked for may not be in what it told yet.
    fn place(&self, node: &NearNode) -> Node {
        let of_it = self.asked.iter().filter(|asked| asked.node == node.node);
        let taken = of_it.fold(0, |sum: u64, asked| {
            sum.saturating_add(asked.memory.get().saturating_mul(u64::from(asked.count)))
        });
        Node { headroom: node.room.saturating_sub(Bytes::new(taken)), distance: node.distance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FunctionId = FunctionId(3);

    fn node(number: u32, room_mb: u64, distance_ms: u64, functions: &[u32]) -> NearNode {
        NearNode {
            node: NearId(number),
            room: Bytes::from_mb(room_mb),
            distance: Span::from_millis(distance_ms),
            functions: functions.iter().copied().map(FunctionId).collect(),
        }
    }

    fn choose(nearby: &mut Nearby, now: u64, count: u32) -> Vec<(u32, u32)> {
        let (farthest, until) = (Span::from_millis(50), Instant::from_millis(now + 1_000));
        let memory = Bytes::from_mb(100);
        let now = Instant::from_millis(now);
        let chosen = nearby.choose(now, F, count, memory, farthest, until);
        chosen.into_iter().map(|(node, count)| (node.0, count)).collect()
    }

    #[test]
    fn the_nearest_that_serve_it_and_have_room_are_asked_once() {
        let mut nearby = Nearby::default();
        assert_eq!(choose(&mut nearby, 0, 1), []);
        nearby.tell(vec![
            node(1, 900, 1, &[0, 2]),
            node(2, 250, 2, &[0, 3]),
            node(3, 900, 9, &[3]),
            node(4, 900, 51, &[3]),
        ]);
        assert_eq!(choose(&mut nearby, 0, 3), [(2, 2), (3, 1)]);
        assert_eq!(nearby.count(Instant::ZERO, F), 3);
        assert_eq!(choose(&mut nearby, 0, 1), [], "each was asked");
        nearby.promised(NearId(2), F, 0);
        assert_eq!(nearby.count(Instant::ZERO, F), 1);
        assert_eq!(choose(&mut nearby, 500, 1), [], "and who refused is not asked again soon");
        assert_eq!(nearby.count(Instant::from_millis(1_000), F), 0);
        assert_eq!(choose(&mut nearby, 1_000, 1), [(2, 1)]);
        nearby.tell(Vec::new());
        assert_eq!(choose(&mut nearby, 5_000, 1), []);
    }

    #[test]
    fn who_promises_more_than_it_was_asked_for_is_held_to_that() {
        let mut nearby = Nearby::default();
        nearby.tell(vec![node(2, 250, 2, &[3])]);
        assert_eq!(choose(&mut nearby, 0, 1), [(2, 1)]);
        nearby.promised(NearId(2), F, 9);
        nearby.promised(NearId(7), F, 9);
        assert_eq!(nearby.count(Instant::ZERO, F), 1);
    }
}
