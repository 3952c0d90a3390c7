//! Segments that one process keeps for itself: for functions in one process, and for all
//! tests that run where there is no kernel to ask.
#![expect(unsafe_code, reason = "the memory behind a view; the block says what it relies on")]

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

use crate::shared::{Shared, Watch};
use crate::view::View;

/// A segment on the heap. Clones are the same segment.
#[derive(Debug, Clone)]
pub struct Heap {
    view: Arc<View>,
    // Keeps the memory behind the view alive.
    _words: Arc<[AtomicU64]>,
}

impl Heap {
    /// `size` bytes of zeros, rounded up to words.
    pub fn new(size: usize) -> Self {
        let words: Arc<[AtomicU64]> = (0..size.div_ceil(8)).map(|_| AtomicU64::new(0)).collect();
        let base = NonNull::from(&*words).cast();
        // SAFETY: the words are aligned, as long as stated, alive as long as the view
        // (both lie in this value), and only touched through the view. They are atomics, so
        // writing through an address taken from a shared reference is allowed.
        let view = unsafe { View::new(base, words.len() * 8, true) };
        Self { view: Arc::new(view), _words: words }
    }
}

impl Shared for Heap {
    fn size(&self) -> usize {
        self.view.size()
    }

    #[inline]
    fn load(&self, at: usize, ordering: Ordering) -> u64 {
        self.view.load(at, ordering)
    }

    #[inline]
    fn store(&self, at: usize, value: u64, ordering: Ordering) {
        self.view.store(at, value, ordering);
    }

    #[inline]
    fn read(&self, at: usize, into: &mut [u8]) {
        self.view.read(at, into);
    }

    #[inline]
    fn write(&self, at: usize, from: &[u8]) {
        self.view.write(at, from);
    }

    #[inline]
    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn wake(&self, _at: usize) {}

    /// Looks again and again, giving way in between: nobody needs to wake it.
    fn wait(watches: &[Watch<'_, Self>], limit: Option<Duration>) {
        let start = Instant::now();
        let is_as_seen = |watch: &Watch<'_, Self>| {
            watch.memory.load(watch.at, Ordering::Acquire) as u32 == watch.seen as u32
        };
        while watches.iter().all(is_as_seen) && limit.is_none_or(|limit| start.elapsed() < limit) {
            thread::yield_now();
        }
    }

    fn spin() {
        std::hint::spin_loop();
    }
}
