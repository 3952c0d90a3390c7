//! The least a ring can be: 256 slots, two positions, spinning. No lengths, no epochs, no
//! owner, no trust issues. It is the floor the others stand on.
#![expect(unsafe_code, reason = "the floor has no safety either")]

use std::os::fd::OwnedFd;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap};
use swell_fifo::memfd;

use crate::end::{End, Wait};

const SLOTS: u64 = 256;

struct Ring {
    base: *mut u8,
    size: usize,
    position: u64,
    /// What the other end had reached when last looked at.
    other: u64,
}

impl Ring {
    fn new(fd: &OwnedFd, size: usize) -> Self {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let (length, flags) = (length(size), MapFlags::SHARED | MapFlags::POPULATE);
        // SAFETY: a new mapping touches nothing that is there.
        let base = unsafe { mmap(ptr::null_mut(), length, access, flags, fd, 0) };
        Self { base: base.expect("sealed memory").cast(), size, position: 0, other: 0 }
    }

    fn word(&self, line: usize) -> &AtomicU64 {
        // SAFETY: the first two lines are there, and only accessed as atomics.
        unsafe { AtomicU64::from_ptr(self.base.add(64 * line).cast()) }
    }

    fn slot(&self) -> *mut u8 {
        let index = (self.position % SLOTS) as usize;
        // SAFETY: there are so many slots behind the two lines.
        unsafe { self.base.add(128 + index * self.size) }
    }

    fn push(&mut self, bytes: &[u8]) {
        while self.position - self.other == SLOTS {
            self.other = self.word(1).load(Ordering::Acquire);
        }
        // SAFETY: the slot is free, and as long as all items of this bench.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.slot(), bytes.len()) };
        self.position += 1;
        self.word(0).store(self.position, Ordering::Release);
    }

    fn pop(&mut self, into: &mut [u8]) {
        while self.position == self.other {
            self.other = self.word(0).load(Ordering::Acquire);
            std::hint::spin_loop();
        }
        // SAFETY: the slot is full, and as long as all items of this bench.
        unsafe { ptr::copy_nonoverlapping(self.slot(), into.as_mut_ptr(), into.len()) };
        self.position += 1;
        self.word(1).store(self.position, Ordering::Release);
    }
}

fn length(size: usize) -> usize {
    128 + SLOTS as usize * size
}

pub(crate) struct Bare(Ring, Ring);

impl End for Bare {
    fn create(size: usize, _wait: Wait) -> (Self, Vec<OwnedFd>) {
        let fds: Vec<_> =
            (0..2).map(|_| memfd::create("bare", length(size)).expect("memory")).collect();
        (Self(Ring::new(&fds[0], size), Ring::new(&fds[1], size)), fds)
    }

    fn join(size: usize, _wait: Wait, fds: Vec<OwnedFd>) -> Self {
        Self(Ring::new(&fds[1], size), Ring::new(&fds[0], size))
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        into.resize(self.1.size, 0);
        self.1.pop(into);
    }
}
