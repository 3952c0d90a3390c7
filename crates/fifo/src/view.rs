//! Touching memory that others write at the same time.
//!
//! Rust's references promise that nobody else writes; here somebody may, and a hostile
//! peer will. So no reference to the bytes is ever made: words are atomics, and bytes are
//! copied by relaxed atomic words or by an instruction the compiler cannot look into. What
//! a race can do then is mix bytes, never break a rule of the language.
#![expect(unsafe_code, reason = "raw memory; each block lists what it relies on")]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// Up to so many bytes are copied word by word, where the block instruction's start costs
/// more than it saves.
const WORDWISE_MAX: usize = 256;

/// A stretch of memory, with its bounds and whether it may be written.
#[derive(Debug)]
pub(crate) struct View {
    base: NonNull<u8>,
    size: usize,
    writable: bool,
}

// SAFETY: a view is an address with bounds; every access through it is atomic or done by an
// instruction outside of the language's memory model, so any thread may make any of them.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    /// A view of `size` bytes at `base`.
    ///
    /// # Safety
    ///
    /// For as long as the view is used, `base` is aligned to 8 and valid for reads of
    /// `size` bytes, and for writes if `writable`; nobody in this process makes a reference
    /// to these bytes.
    pub(crate) unsafe fn new(base: NonNull<u8>, size: usize, writable: bool) -> Self {
        assert!(base.addr().get().is_multiple_of(8), "segments start at words");
        Self { base, size, writable }
    }

    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    #[inline]
    fn check(&self, at: usize, length: usize) {
        let fits = self.size.checked_sub(length).is_some_and(|last| at <= last);
        assert!(fits && at.is_multiple_of(8), "{length} bytes at {at} are outside of a segment");
    }

    #[inline]
    pub(crate) fn word(&self, at: usize) -> &AtomicU64 {
        self.check(at, 8);
        // SAFETY: `check` found the word inside, at a multiple of 8.
        unsafe { self.word_within(at) }
    }

    /// # Safety
    ///
    /// `at` is a multiple of 8, and the word there lies inside of the segment.
    #[inline]
    unsafe fn word_within(&self, at: usize) -> &AtomicU64 {
        // SAFETY: the word lies inside of the memory that `new` was promised, at a multiple of
        // 8 from an aligned base; all accesses in this process are atomic. Where the memory
        // is read-only, `store` refuses, and loads of 8 bytes are plain loads on the 64-bit
        // machines this crate builds for.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().add(at).cast()) }
    }

    /// The lower half of the word at `at`, which is what a futex looks at.
    pub(crate) fn half(&self, at: usize) -> &AtomicU32 {
        self.check(at, 8);
        let lower = if cfg!(target_endian = "big") { at + 4 } else { at };
        // SAFETY: as in `word`; the half lies inside of the word. Only its address is used,
        // by the kernel.
        unsafe { AtomicU32::from_ptr(self.base.as_ptr().add(lower).cast()) }
    }

    #[inline]
    pub(crate) fn load(&self, at: usize, ordering: Ordering) -> u64 {
        self.word(at).load(ordering)
    }

    #[inline]
    pub(crate) fn store(&self, at: usize, value: u64, ordering: Ordering) {
        assert!(self.writable, "this segment was mapped for reading only");
        self.word(at).store(value, ordering);
    }

    #[inline]
    pub(crate) fn read(&self, at: usize, into: &mut [u8]) {
        self.check(at, into.len());
        if into.len() > WORDWISE_MAX && block::IS_THERE {
            // SAFETY: `check` found the source inside of the segment; the target is ours.
            unsafe {
                block::copy(self.base.as_ptr().add(at), into.as_mut_ptr(), into.len());
            }
            return;
        }
        let mut chunks = into.chunks_exact_mut(8);
        let mut next = at;
        for chunk in &mut chunks {
            // SAFETY: `check` found all of `into` inside; words follow each other from `at`.
            let word = unsafe { self.word_within(next) };
            chunk.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
            next += 8;
        }
        for byte in chunks.into_remainder() {
            *byte = self.byte(next).load(Ordering::Relaxed);
            next += 1;
        }
    }

    #[inline]
    pub(crate) fn write(&self, at: usize, from: &[u8]) {
        assert!(self.writable, "this segment was mapped for reading only");
        self.check(at, from.len());
        let mut whole = 0;
        if from.len() > WORDWISE_MAX && block::IS_THERE {
            whole = from.len() & !7;
            // SAFETY: `check` found the target inside of the segment, which may be written;
            // the source is ours.
            unsafe { block::copy(from.as_ptr(), self.base.as_ptr().add(at), whole) }
        }
        let mut chunks = from[whole..].chunks_exact(8);
        let mut next = at + whole;
        for chunk in &mut chunks {
            let word = u64::from_ne_bytes(chunk.try_into().expect("chunks have 8 bytes"));
            // SAFETY: `check` found all of `from` inside; words follow each other from `at`.
            unsafe { self.word_within(next) }.store(word, Ordering::Relaxed);
            next += 8;
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(next).store(u64::from_ne_bytes(word), Ordering::Relaxed);
        }
    }

    /// Fetches the two lines from `at` on for writing, if they are inside of the segment.
    #[inline]
    pub(crate) fn expect_write(&self, at: usize) {
        if self.writable && at.saturating_add(128) <= self.size {
            // SAFETY: both lines begin inside of the segment; a fetch changes nothing.
            unsafe { block::fetch(self.base.as_ptr().add(at)) }
        }
    }

    #[inline]
    fn byte(&self, at: usize) -> &AtomicU8 {
        assert!(at < self.size, "a byte outside of a segment");
        // SAFETY: the byte lies inside of the memory that `new` was promised.
        unsafe { AtomicU8::from_ptr(self.base.as_ptr().add(at)) }
    }
}

/// Copying by an instruction of the machine, which neither miri nor the sanitizers see into.
#[cfg(all(target_arch = "x86_64", not(any(miri, swell_wordwise))))]
mod block {
    pub(super) const IS_THERE: bool = true;

    /// Copies `count` bytes.
    ///
    /// # Safety
    ///
    /// `from` is valid for reads and `to` for writes of `count` bytes; they do not overlap.
    #[inline]
    pub(super) unsafe fn copy(from: *const u8, to: *mut u8, count: usize) {
        // SAFETY: the caller vouches for both ranges; the direction flag is clear, as the
        // calling convention demands. Stores made after this become visible after its own.
        unsafe {
            std::arch::asm!(
                "rep movsb",
                inout("rcx") count => _,
                inout("rdi") to => _,
                inout("rsi") from => _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Fetches the line at `at` and the next one for writing.
    ///
    /// # Safety
    ///
    /// None is needed: a fetch of any address changes nothing and cannot fault.
    #[inline]
    pub(super) unsafe fn fetch(at: *mut u8) {
        // SAFETY: as said above.
        unsafe {
            std::arch::asm!(
                "prefetchw [{at}]",
                "prefetchw [{at} + 64]",
                at = in(reg) at,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", not(any(miri, swell_wordwise)))))]
mod block {
    pub(super) const IS_THERE: bool = false;

    /// Never called here.
    ///
    /// # Safety
    ///
    /// None is needed.
    pub(super) unsafe fn copy(_from: *const u8, _to: *mut u8, _count: usize) {
        unreachable!("words are copied one by one on this machine")
    }

    /// Does nothing here.
    ///
    /// # Safety
    ///
    /// None is needed.
    pub(super) unsafe fn fetch(_at: *mut u8) {}
}
