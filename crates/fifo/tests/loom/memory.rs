//! Segments made of loom's atomics, sound and mutated.
#![expect(unsafe_code, reason = "loom's cells, which find every race by themselves")]

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as Plain, Ordering};
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU64, fence};
use loom::sync::{Condvar, Mutex};
use swell_fifo::layout::{PAGE, control, page, region};
use swell_fifo::shared::{Shared, Watch};

/// What a mutant does otherwise.
pub(crate) trait Mutation: Clone + 'static {
    /// Whether fences are there.
    const FENCES: bool = true;
    /// Whether publishing orders what was written before it.
    const RELEASES: bool = true;
    /// Whether looking at what was published orders what is read after it.
    const ACQUIRES: bool = true;
}

/// None: the memory as it is.
#[derive(Clone)]
pub(crate) struct Sound;
impl Mutation for Sound {}

/// Without fences.
#[derive(Clone)]
pub(crate) struct NoFence;
impl Mutation for NoFence {
    const FENCES: bool = false;
}

/// All stores relaxed.
#[derive(Clone)]
pub(crate) struct NoRelease;
impl Mutation for NoRelease {
    const RELEASES: bool = false;
}

/// All loads relaxed.
#[derive(Clone)]
pub(crate) struct NoAcquire;
impl Mutation for NoAcquire {
    const ACQUIRES: bool = false;
}

/// What a word is for decides how it is modelled.
enum Word {
    /// A word of the protocol: every order of it is tried.
    Shared(AtomicU64),
    /// Written before the play, or a figure that no decision hangs on.
    Plain(Plain),
    /// A word of data of a lane that is never overwritten before it is done with.
    Data(UnsafeCell<u64>),
}

// SAFETY: loom runs one thread at a time and reports unsynchronised accesses to a cell.
unsafe impl Send for Word {}
// SAFETY: as above.
unsafe impl Sync for Word {}

/// What kind of segment it is, as that tells which words matter.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Control,
    Page,
    Region,
    /// A region whose data is overwritten while it is read.
    Lossy,
}

/// Where all who sleep in a play do so, as in the kernel's table.
pub(crate) struct Gate {
    lock: Mutex<()>,
    bell: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { lock: Mutex::new(()), bell: Condvar::new() })
    }
}

pub(crate) struct Memory<M> {
    words: Arc<[Word]>,
    gate: Arc<Gate>,
    /// A word this handle never looks at again once it has seen it: a party that forgets to.
    blind: Option<(usize, u64)>,
    mutation: PhantomData<fn() -> M>,
}

impl<M> Clone for Memory<M> {
    fn clone(&self) -> Self {
        Self {
            words: Arc::clone(&self.words),
            gate: Arc::clone(&self.gate),
            blind: self.blind,
            mutation: PhantomData,
        }
    }
}

impl<M: Mutation> Memory<M> {
    pub(crate) fn new(role: Role, size: usize, gate: &Arc<Gate>) -> Self {
        let words = (0..size / 8).map(|index| word(role, index * 8)).collect();
        Self { words, gate: Arc::clone(gate), blind: None, mutation: PhantomData }
    }

    /// A handle that goes on believing what it sees now at `at`.
    pub(crate) fn blinded(&self, at: usize) -> Self {
        let seen = self.load(at, Ordering::Acquire);
        Self { blind: Some((at, seen)), ..self.clone() }
    }
}

fn word(role: Role, at: usize) -> Word {
    let is_shared = match role {
        Role::Control => at == control::WANT,
        Role::Page => [
            page::OPENED,
            page::RELEASED,
            page::GIVEN,
            page::SLEEPING,
            page::committed(0),
            page::given(0),
        ]
        .contains(&at),
        Role::Region => [region::TAIL, region::WAKE_AT].contains(&at),
        Role::Lossy => at >= PAGE || [region::TAIL, region::DISCARDED].contains(&at),
    };
    if is_shared {
        Word::Shared(AtomicU64::new(0))
    } else if role == Role::Region && at >= PAGE {
        Word::Data(UnsafeCell::new(0))
    } else {
        Word::Plain(Plain::new(0))
    }
}

impl<M: Mutation> Shared for Memory<M> {
    fn size(&self) -> usize {
        self.words.len() * 8
    }

    fn load(&self, at: usize, ordering: Ordering) -> u64 {
        if let Some((blind, seen)) = self.blind
            && blind == at
        {
            return seen;
        }
        match &self.words[at / 8] {
            Word::Shared(word) => word.load(if M::ACQUIRES { ordering } else { Ordering::Relaxed }),
            Word::Plain(word) => word.load(Ordering::Relaxed),
            // SAFETY: loom checks that nobody writes meanwhile.
            Word::Data(word) => word.with(|word| unsafe { *word }),
        }
    }

    fn store(&self, at: usize, value: u64, ordering: Ordering) {
        match &self.words[at / 8] {
            Word::Shared(word) => {
                word.store(value, if M::RELEASES { ordering } else { Ordering::Relaxed });
            }
            Word::Plain(word) => word.store(value, Ordering::Relaxed),
            // SAFETY: loom checks that nobody reads or writes meanwhile.
            Word::Data(word) => word.with_mut(|word| unsafe { *word = value }),
        }
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        for (index, chunk) in into.chunks_mut(8).enumerate() {
            let word = self.load(at + index * 8, Ordering::Relaxed).to_ne_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    fn write(&self, at: usize, from: &[u8]) {
        for (index, chunk) in from.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.store(at + index * 8, u64::from_ne_bytes(word), Ordering::Relaxed);
        }
    }

    fn fence() {
        if M::FENCES {
            fence(Ordering::SeqCst);
        }
    }

    fn wake(&self, _at: usize) {
        let _held = self.gate.lock.lock().expect("nobody panics while holding it");
        self.gate.bell.notify_all();
    }

    fn wait(watches: &[Watch<'_, Self>], _limit: Option<Duration>) {
        let Some(first) = watches.first() else { return };
        let held = first.memory.gate.lock.lock().expect("nobody panics while holding it");
        let is_as_seen = |watch: &Watch<'_, Self>| {
            watch.memory.load(watch.at, Ordering::Relaxed) as u32 == watch.seen as u32
        };
        if watches.iter().all(is_as_seen) {
            drop(first.memory.gate.bell.wait(held).expect("nobody panics while holding it"));
        }
    }

    fn spin() {
        loom::thread::yield_now();
    }
}
