//! Where the bytes of copies are: slots of caches, under the rule of replacement. The nodes'
//! tables say what the copies are; what has no slot any more, its node is told of.
//!
//! A node that crashed comes back with an empty table. What it held keeps its slots until the
//! rule gives them to others, as files nobody knows of would.

use crate::cache::replacement::bank::{Bank, Content, Put};

/// The caches.
#[derive(Debug)]
pub struct Shelves<B>(B);

impl<B: Bank> Shelves<B> {
    /// Empty ones.
    pub fn new(bank: B) -> Self {
        Self(bank)
    }

    /// A copy was used.
    pub fn on_use(&mut self, cache: usize, content: Content) {
        self.0.look(cache, content);
    }

    /// A copy came; what it drove out, which may be itself.
    pub fn offer(&mut self, cache: usize, content: Content) -> Option<Content> {
        if self.0.look(cache, content) {
            return None;
        }
        match self.0.put(cache, content) {
            Put::Kept => None,
            Put::Replaced(victim) => Some(victim),
            Put::Refused => Some(content),
        }
    }
}
