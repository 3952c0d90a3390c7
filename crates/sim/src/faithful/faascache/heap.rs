//! In which order do equal containers lie in FaasCache's pool? In that of Python's `heapq`.
//!
//! The pool is a binary heap in a list, and the list order decides both who serves the
//! next call and who leaves first among equals. The original rebuilds the heap several
//! times for each call; with equal priorities, and all clones of a function are equal,
//! a rebuild **moves** things even if the heap was in order. So the exact steps of
//! `heapify`, `heappush` and `heappop` are part of the published numbers.
//!
//! The original sinks a thing to a leaf and lifts it again. Below a valid heap's node
//! priorities only grow along the path, hence sinking past everything that is not
//! larger ends at the same place; that is what [`heapify`] does, in one comparison of
//! most nodes.

/// A container's place in the heap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The least priority lies on top.
    pub priority: f64,
    /// The container's function.
    pub function: usize,
    /// The container.
    pub container: usize,
}

/// Puts the whole list in heap order, like `heapq.heapify`.
pub fn heapify(heap: &mut [Entry]) {
    for place in (0..heap.len() / 2).rev() {
        sink(heap, place);
    }
}

/// Adds `entry` to a valid heap, like `heapq.heappush`.
pub fn push(heap: &mut Vec<Entry>, entry: Entry) {
    let mut place = heap.len();
    heap.push(entry);
    while place > 0 {
        let parent = (place - 1) / 2;
        if entry.priority >= heap[parent].priority {
            break;
        }
        heap[place] = heap[parent];
        place = parent;
    }
    heap[place] = entry;
}

/// Takes the least entry from a valid heap, like `heapq.heappop`.
pub fn pop(heap: &mut Vec<Entry>) -> Option<Entry> {
    let last = heap.pop()?;
    if heap.is_empty() {
        return Some(last);
    }
    let least = std::mem::replace(&mut heap[0], last);
    sink(heap, 0);
    Some(least)
}

/// Moves the entry at `place` down past everything that is not larger. Of two equal
/// children the right one rises.
fn sink(heap: &mut [Entry], mut place: usize) {
    let entry = heap[place];
    loop {
        let left = 2 * place + 1;
        if left >= heap.len() {
            break;
        }
        let right = left + 1;
        let right_rises = right < heap.len() && heap[left].priority >= heap[right].priority;
        let child = if right_rises { right } else { left };
        if entry.priority < heap[child].priority {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = entry;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap(priorities: &[u32]) -> Vec<Entry> {
        let entry = |(container, &priority)| Entry {
            priority: f64::from(priority),
            function: 0,
            container,
        };
        priorities.iter().enumerate().map(entry).collect()
    }

    fn order(heap: &[Entry]) -> Vec<usize> {
        heap.iter().map(|e| e.container).collect()
    }

    // The expected orders were printed by Python's heapq.
    const SCATTERED: [u32; 15] = [2, 2, 0, 3, 1, 0, 1, 0, 2, 3, 1, 3, 0, 1, 0];
    const ONCE: [usize; 15] = [14, 7, 2, 8, 10, 12, 6, 3, 1, 9, 4, 11, 5, 13, 0];
    const TWICE: [usize; 15] = [5, 7, 12, 1, 4, 2, 13, 3, 8, 9, 10, 11, 14, 6, 0];

    #[test]
    fn a_rebuild_moves_equal_entries_even_in_a_valid_heap() {
        let mut heap = heap(&SCATTERED);
        heapify(&mut heap);
        assert_eq!(order(&heap), ONCE);
        heapify(&mut heap);
        assert_eq!(order(&heap), TWICE);
    }

    #[test]
    fn push_and_pop_take_pythons_steps() {
        let mut heap = heap(&SCATTERED);
        heapify(&mut heap);
        heapify(&mut heap);
        let newcomer = Entry {
            priority: 1.0,
            function: 0,
            container: 15,
        };
        push(&mut heap, newcomer);
        let pushed = [5, 7, 12, 15, 4, 2, 13, 1, 8, 9, 10, 11, 14, 6, 0, 3];
        assert_eq!(order(&heap), pushed);
        let mut popped = Vec::new();
        while let Some(entry) = pop(&mut heap) {
            popped.push(entry.container);
        }
        let expected = [5, 12, 2, 14, 7, 13, 6, 4, 10, 15, 0, 1, 8, 3, 11, 9];
        assert_eq!(popped, expected);
    }
}
