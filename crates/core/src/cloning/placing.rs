//! Who gets room: of all that policies offer, those of most rank, as far as memory goes.

use crate::cloning::nearness::{Node, Places};
use crate::cloning::view::{Offer, Order};

/// What is wished of these offers, those first that should have memory and starts first. If others
/// can be asked for what has no room, `has_nearby`, wishes say how much that is.
pub fn place(mut offers: Vec<Offer>, nodes: &[Node], has_nearby: bool) -> Vec<Order> {
    let order = |a: &Offer, b: &Offer| b.rank.total_cmp(&a.rank).then(a.function.cmp(&b.function));
    offers.sort_unstable_by(order);
    let mut places = Places::new(nodes);
    let placed = offers.into_iter().filter_map(|offer| {
        let Offer { function, memory, live, mut wish, .. } = offer;
        let there = live.min(wish.count);
        let more = (there..wish.count).take_while(|_| places.take(memory).is_some());
        let placed = there + more.count() as u32;
        wish.beyond = if has_nearby { wish.count - placed } else { 0 };
        wish.count = placed;
        (wish.count > 0 || wish.beyond > 0).then_some(Order { function, wish })
    });
    placed.collect()
}
