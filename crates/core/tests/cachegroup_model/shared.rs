//! A value that is copied and hashed once per change, not once per state: most of a state is as
//! it was in the state before.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

/// A value shared by states.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    value: Arc<T>,
    hash: u128,
}

impl<T: Hash + Clone> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        let mut hasher = Xxh3::new();
        value.hash(&mut hasher);
        Self { hash: hasher.digest128(), value: Arc::new(value) }
    }

    /// Changes the value.
    pub(crate) fn change<O>(&mut self, change: impl FnOnce(&mut T) -> O) -> O {
        let mut value = T::clone(&self.value);
        let outcome = change(&mut value);
        *self = Self::new(value);
        outcome
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), hash: self.hash }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.hash);
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl<T> Eq for Shared<T> {}

impl<T> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.hash.cmp(&other.hash)
    }
}
