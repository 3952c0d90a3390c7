//! Through which nodes do most shortest ways lead?
//!
//! Betweenness by links, delays aside: Brandes, "A Faster Algorithm for Betweenness
//! Centrality" (Journal of Mathematical Sociology, 2001), each pair counted in both
//! directions and not scaled, as only the order matters here.

use std::collections::VecDeque;

use swell_core::time::Span;

/// The betweenness of every node.
pub fn betweenness(neighbours: &[Vec<(u32, Span)>]) -> Vec<f64> {
    let count = neighbours.len();
    let mut between = vec![0.0; count];
    let mut ways = vec![0.0; count];
    let mut links = vec![usize::MAX; count];
    let mut share = vec![0.0; count];
    for root in 0..count {
        ways.fill(0.0);
        links.fill(usize::MAX);
        share.fill(0.0);
        (ways[root], links[root]) = (1.0, 0);
        let mut order = Vec::with_capacity(count);
        let mut open = VecDeque::from([root]);
        while let Some(node) = open.pop_front() {
            order.push(node);
            for &(next, _) in &neighbours[node] {
                let next = next as usize;
                if links[next] == usize::MAX {
                    links[next] = links[node] + 1;
                    open.push_back(next);
                }
                if links[next] == links[node] + 1 {
                    ways[next] += ways[node];
                }
            }
        }
        for &node in order.iter().skip(1).rev() {
            for &(before, _) in &neighbours[node] {
                let before = before as usize;
                if links[before] + 1 == links[node] {
                    share[before] += ways[before] / ways[node] * (1.0 + share[node]);
                }
            }
            between[node] += share[node];
        }
    }
    between
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_line_is_between_most() {
        let mut line = vec![Vec::new(); 5];
        for node in 0..4u32 {
            line[node as usize].push((node + 1, Span::ZERO));
            line[node as usize + 1].push((node, Span::ZERO));
        }
        assert_eq!(betweenness(&line), [0.0, 6.0, 8.0, 6.0, 0.0]);
    }

    #[test]
    fn equal_ways_share() {
        // A square: each corner carries half of what goes between its two neighbours.
        let square = [[1, 3], [0, 2], [1, 3], [0, 2]]
            .map(|ends| ends.map(|end: u32| (end, Span::ZERO)).to_vec());
        assert_eq!(betweenness(&square), [1.0; 4]);
    }
}
