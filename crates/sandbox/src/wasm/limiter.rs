//! How much memory guests hold: an account per instance, shared by the guests it runs at
//! a time, and what each guest has drawn from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

/// The memory of one instance.
#[derive(Debug)]
pub(crate) struct Account {
    limit: u64,
    held: AtomicU64,
    /// What all instances of the function hold.
    all: Arc<AtomicU64>,
}

impl Account {
    pub(crate) fn new(limit: u64, all: Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self { limit, held: AtomicU64::new(0), all })
    }

    fn draw(&self, bytes: u64) -> bool {
        let draw = |held: u64| held.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let drawn = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, draw).is_ok();
        if drawn {
            self.all.fetch_add(bytes, Ordering::Relaxed);
        }
        drawn
    }

    fn give_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one guest holds. Gives it back when dropped.
#[derive(Debug)]
pub(crate) struct Limiter {
    account: Arc<Account>,
    held: u64,
    table_elements: usize,
    /// Whether the guest was ever denied memory.
    pub(crate) denied: bool,
}

impl Limiter {
    pub(crate) fn new(account: Arc<Account>, table_elements: u32) -> Self {
        Self { account, held: 0, table_elements: table_elements as usize, denied: false }
    }

    /// Memory the guest holds; guests never give any back while they live.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.account.give_back(self.held);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The guest's own doing: nothing is drawn for what the engine refuses anyway.
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let more = (desired - current) as u64;
        if self.account.draw(more) {
            self.held += more;
            Ok(true)
        } else {
            self.denied = true;
            Ok(false)
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_of_an_instance_share_its_memory() {
        let all = Arc::default();
        let (account, another) =
            (Account::new(100, Arc::clone(&all)), Account::new(9, all.clone()));
        let mut one = Limiter::new(account.clone(), 10);
        let mut other = Limiter::new(account.clone(), 10);
        assert!(one.memory_growing(0, 60, None).unwrap());
        let mut apart = Limiter::new(another, 10);
        assert!(
            apart.memory_growing(0, 9, None).unwrap()
                && !apart.memory_growing(9, 10, None).unwrap()
        );
        assert_eq!(all.load(Ordering::Relaxed), 69);
        assert!(!other.memory_growing(0, 50, None).unwrap());
        assert!(other.denied && !one.denied);
        drop(one);
        assert!(!other.memory_growing(0, 50, Some(40)).unwrap(), "over its own maximum");
        assert!(other.memory_growing(0, 50, None).unwrap());
        assert!(other.memory_growing(50, 100, None).unwrap());
        drop(other);
        assert_eq!(account.held.load(Ordering::Relaxed), 0);
        drop(apart);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
