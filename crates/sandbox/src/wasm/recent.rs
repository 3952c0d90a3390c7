//! Code that was used of late stays loaded for a while, whether or not an instance holds
//! it, so that a function that comes back soon is cloned and not loaded first.
//!
//! Invariant: so many at most, so ten thousand deployed functions of which ten run take
//! the memory of ten and of this.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

/// Code that was used of late.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    most: usize,
    /// The one used last comes last.
    kept: Mutex<VecDeque<Arc<T>>>,
}

impl<T> Recent<T> {
    /// Keeps so many at most.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, kept: Mutex::new(VecDeque::with_capacity(most)) }
    }

    /// This one is being used.
    pub(crate) fn used(&self, one: &Arc<T>) {
        let mut kept = self.kept.lock();
        if kept.back().is_some_and(|last| Arc::ptr_eq(last, one)) {
            return;
        }
        if let Some(place) = kept.iter().position(|known| Arc::ptr_eq(known, one)) {
            kept.remove(place);
        }
        kept.push_back(one.clone());
        let oldest = if kept.len() > self.most { kept.pop_front() } else { None };
        drop(kept);
        // Unmapping takes a while, and others need the list.
        drop(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_not_used_for_longest_goes() {
        let recent = Recent::new(2);
        let all: Vec<Arc<u8>> = (0..3).map(Arc::new).collect();
        for (used, expected) in
            [(0, [true, false, false]), (1, [true, true, false]), (0, [true, true, false])]
                .into_iter()
                .chain([(2, [true, false, true]), (2, [true, false, true])])
        {
            recent.used(&all[used]);
            let kept = all.iter().map(|one| Arc::strong_count(one) == 2);
            assert_eq!(kept.collect::<Vec<_>>(), expected, "after {used}");
        }
    }
}
