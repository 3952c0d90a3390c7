//! Values under small numbers that are reused, so memory follows what is alive.

/// Values under small numbers that are reused, so memory follows what is alive.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    values: Vec<T>,
    vacant: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { values: Vec::new(), vacant: Vec::new() }
    }
}

impl<T: Copy> Slab<T> {
    /// Keeps a value; the number it is found under.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        match self.vacant.pop() {
            Some(index) => {
                self.values[index as usize] = value;
                index
            }
            None => {
                self.values.push(value);
                (self.values.len() - 1) as u32
            }
        }
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, index: u32) -> T {
        self.vacant.push(index);
        self.values[index as usize]
    }

    /// Whether none is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.len() == self.vacant.len()
    }
}
