//! One end of a connection in both directions, whatever it is made of.

use std::os::fd::{BorrowedFd, OwnedFd};

/// What an end does while there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Looks again and again.
    Spin,
    /// Looks for a few microseconds, then sleeps.
    SpinThenSleep,
    /// Sleeps at once.
    Sleep,
}

impl Wait {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Wait::Spin => "spinning",
            Wait::SpinThenSleep => "spinning, then sleeping",
            Wait::Sleep => "sleeping",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        let all = [Wait::Spin, Wait::SpinThenSleep, Wait::Sleep];
        all.into_iter().find(|wait| wait.name() == name).expect("one of the three")
    }

    /// Looks before sleeping.
    pub(crate) fn spins(self) -> u32 {
        match self {
            Wait::Spin => u32::MAX,
            Wait::SpinThenSleep => 2000,
            Wait::Sleep => 0,
        }
    }
}

pub(crate) trait End: Sized {
    /// Makes a connection and keeps one end; the descriptors are for the other process.
    fn create(size: usize, wait: Wait) -> (Self, Vec<OwnedFd>);

    /// Takes the other end.
    fn join(size: usize, wait: Wait, descriptors: Vec<OwnedFd>) -> Self;

    fn send(&mut self, bytes: &[u8]);

    /// Sends one of many: it may stay behind until others follow, or until a plain send.
    fn stream(&mut self, bytes: &[u8]) {
        self.send(bytes);
    }

    fn receive(&mut self, into: &mut Vec<u8>);
}

/// Borrows all of them.
pub(crate) fn borrowed(descriptors: &[OwnedFd]) -> Vec<BorrowedFd<'_>> {
    descriptors.iter().map(std::os::fd::AsFd::as_fd).collect()
}
