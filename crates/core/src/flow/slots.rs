//! What is known of each FIFO, by its index: a table without holes where FIFOs live, as
//! looking things up in a tree ten thousand times costs more than judging.

use crate::flow::view::FifoId;

/// A `T` for each FIFO that has one.
#[derive(Debug, Clone)]
pub struct Slots<T>(Vec<Option<T>>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Slots<T> {
    /// What is known of a FIFO.
    pub fn get(&self, fifo: FifoId) -> Option<&T> {
        self.0.get(fifo.0 as usize)?.as_ref()
    }

    /// What is known of a FIFO; `make` makes it up where there is nothing.
    pub fn get_or(&mut self, fifo: FifoId, make: impl FnOnce() -> T) -> &mut T {
        let index = fifo.0 as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index].get_or_insert_with(make)
    }

    /// Puts in what is known of a FIFO.
    pub fn put(&mut self, fifo: FifoId, value: T) {
        let index = fifo.0 as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(value);
    }

    /// Forgets a FIFO.
    pub fn remove(&mut self, fifo: FifoId) {
        if let Some(slot) = self.0.get_mut(fifo.0 as usize) {
            *slot = None;
        }
    }
}
