//! Loops in a drawing: the knots (Tarjan, "Depth-first search and linear graph
//! algorithms", 1972), and for each knot the shortest way around, because that is what a
//! person can read and cut.

use std::collections::VecDeque;

/// For each knot of the graph `arrows[from] = [to, …]` one shortest loop, as the nodes on
/// the way; the last leads back to the first. An arrow from a node to itself is no knot.
pub fn loops(arrows: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let knots = knots(arrows);
    knots.iter().map(|knot| shortest_loop(arrows, knot)).collect()
}

/// The strongly connected components of more than one node, each sorted.
fn knots(arrows: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search {
        arrows,
        order: vec![None; arrows.len()],
        low: vec![0; arrows.len()],
        is_open: vec![false; arrows.len()],
        open: Vec::new(),
        visited: 0,
        knots: Vec::new(),
    };
    for node in 0..arrows.len() {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.knots.sort();
    search.knots
}

struct Search<'a> {
    arrows: &'a [Vec<usize>],
    order: Vec<Option<usize>>,
    low: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    visited: usize,
    knots: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Recursion is as deep as the longest chain of files, which is small.
    fn visit(&mut self, node: usize) {
        let order = self.visited;
        self.visited += 1;
        self.order[node] = Some(order);
        self.low[node] = order;
        self.open.push(node);
        self.is_open[node] = true;
        for &next in &self.arrows[node] {
            match self.order[next] {
                None => {
                    self.visit(next);
                    self.low[node] = self.low[node].min(self.low[next]);
                }
                Some(order) if self.is_open[next] => {
                    self.low[node] = self.low[node].min(order);
                }
                Some(_) => {}
            }
        }
        if self.low[node] == order {
            self.close(node);
        }
    }

    /// `node` is the first visited of its component: what is open above it belongs to it.
    fn close(&mut self, node: usize) {
        let start = self.open.iter().rposition(|&open| open == node);
        let mut knot = self.open.split_off(start.expect("a visited node is open until closed"));
        for &member in &knot {
            self.is_open[member] = false;
        }
        if knot.len() > 1 {
            knot.sort_unstable();
            self.knots.push(knot);
        }
    }
}

/// The shortest loop within a knot; of several the one through the smallest node.
fn shortest_loop(arrows: &[Vec<usize>], knot: &[usize]) -> Vec<usize> {
    let around = knot.iter().map(|&start| loop_through(arrows, knot, start));
    around.min_by_key(Vec::len).expect("a knot has members")
}

/// A shortest way from `start` back to itself (breadth first).
fn loop_through(arrows: &[Vec<usize>], knot: &[usize], start: usize) -> Vec<usize> {
    let mut came_from = vec![None; arrows.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &next in arrows[node].iter().filter(|next| knot.contains(next)) {
            if next == start && node != start {
                return way_back(&came_from, node);
            }
            if next != start && came_from[next].is_none() {
                came_from[next] = Some(node);
                queue.push_back(next);
            }
        }
    }
    unreachable!("every node of a knot lies on a loop")
}

fn way_back(came_from: &[Option<usize>], end: usize) -> Vec<usize> {
    let mut way: Vec<usize> = std::iter::successors(Some(end), |&node| came_from[node]).collect();
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arrows: &[&[usize]], expected: &[&[usize]]) {
        let arrows: Vec<Vec<usize>> = arrows.iter().map(|to| to.to_vec()).collect();
        assert_eq!(loops(&arrows), expected, "{arrows:?}");
    }

    #[test]
    fn calm_graphs_have_no_loops() {
        check(&[], &[]);
        check(&[&[1, 2], &[2], &[]], &[]);
        check(&[&[0]], &[]);
    }

    #[test]
    fn loops_are_found_and_short() {
        check(&[&[1], &[0]], &[&[0, 1]]);
        check(&[&[1], &[2], &[0]], &[&[0, 1, 2]]);
        check(&[&[1], &[2, 0], &[0]], &[&[0, 1]]);
        check(&[&[1], &[0, 2], &[3], &[2], &[0]], &[&[0, 1], &[2, 3]]);
        check(&[&[0, 1], &[2], &[1, 0]], &[&[1, 2]]);
    }
}
