//! How many operations on stores each function made: what it does to disks, as far as that can be
//! told apart from what others do.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Sums since the node came up, by the name of the function.
#[derive(Debug, Default)]
pub struct Operations(Mutex<BTreeMap<String, u64>>);

impl Operations {
    /// A function made so many.
    pub fn made(&self, function: &str, operations: u64) {
        if operations == 0 {
            return;
        }
        let mut sums = self.0.lock();
        match sums.get_mut(function) {
            Some(sum) => *sum += operations,
            None => drop(sums.insert(function.to_string(), operations)),
        }
    }

    /// All sums; functions that are not known any more are forgotten.
    pub fn read(&self, is_known: impl Fn(&str) -> bool) -> BTreeMap<String, u64> {
        let mut sums = self.0.lock();
        sums.retain(|function, _| is_known(function));
        sums.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_grow_and_those_of_nobody_are_forgotten() {
        let operations = Operations::default();
        for (function, made) in [("shop", 2), ("mail", 1), ("shop", 3), ("idle", 0)] {
            operations.made(function, made);
        }
        let expected = [("mail".to_string(), 1), ("shop".to_string(), 5)].into();
        assert_eq!(operations.read(|_| true), expected);
        assert_eq!(operations.read(|name| name == "mail").len(), 1);
        assert_eq!(operations.read(|_| true).len(), 1, "it stays forgotten");
    }
}
