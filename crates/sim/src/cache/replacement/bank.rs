//! The question to all rules of replacement, and what a bank of caches is.
//!
//! All caches of a run have the same number of slots and the same rule, so they lie side
//! by side in flat arrays: a look-up is one multiplication away from its cache, and a run
//! of hundreds of caches fits the processor's own.

/// A content, by its number from 1; 0 is none.
pub type Content = u32;

/// What became of a content that was offered to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is in, and nothing had to go.
    Kept,
    /// It is in, and that one went.
    Replaced(Content),
    /// It was the least worth itself.
    Refused,
}

/// Caches of one size under one rule.
pub trait Bank {
    /// Looks a content up, which the rule may remember; whether it is there.
    fn look(&mut self, cache: usize, content: Content) -> bool;

    /// Reads what a look-up would read, and changes nothing; what it gives means nothing. Many
    /// of these before as many look-ups make the processor wait for memory once, not each time.
    fn touch(&self, cache: usize, content: Content) -> u32;

    /// Offers a content that is not there: every strategy looks first. Asserts so in tests.
    fn put(&mut self, cache: usize, content: Content) -> Put;
}

/// How many caches, how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Caches.
    pub caches: usize,
    /// Contents that each can hold, at least one.
    pub slots: usize,
}

impl Size {
    /// Slots of all caches together.
    pub fn total(&self) -> usize {
        self.caches * self.slots
    }
}
