//! How much room there is over a trace, for many capacities at once.
//!
//! A gap can only be kept where memory is free: at each moment at most
//! `max(0, capacity - running)`, and never more than there is to keep, `pool - running`.
//! The smaller of the two, integrated over time, is
//!
//! ```text
//!   ∫ max(0, C - running) dt  -  ∫ max(0, C - pool) dt
//! ```
//!
//! and both parts are shortfalls of a level below `C`. A level's time is booked in the
//! slot between the two listed capacities it lies between; as levels move in small steps
//! the slot is found by looking next door, so a stretch costs the same for one capacity
//! and for a hundred.

use crate::bound::account::timeline::Stretch;

/// Integrals of free memory for a list of capacities, in byte-nanoseconds.
#[derive(Debug)]
pub struct FreeSpace {
    /// Ascending, without repetition, in bytes.
    capacities: Vec<u64>,
    nanos: u64,
    running: Level,
    pool: Level,
    idle: Level,
}

impl FreeSpace {
    /// Books for `capacities` in bytes, in any order.
    pub fn new(mut capacities: Vec<u64>) -> Self {
        capacities.sort_unstable();
        capacities.dedup();
        let slots = capacities.len() + 1;
        Self {
            capacities,
            nanos: 0,
            running: Level::new(slots),
            pool: Level::new(slots),
            idle: Level::new(slots),
        }
    }

    /// Books a stretch of time.
    pub fn add(&mut self, stretch: Stretch) {
        let Stretch { nanos, running, pool } = stretch;
        if nanos == 0 {
            return;
        }
        self.nanos = self.nanos.saturating_add(nanos);
        self.running.add(&self.capacities, running, nanos);
        self.pool.add(&self.capacities, pool, nanos);
        self.idle.add(&self.capacities, pool.saturating_sub(running), nanos);
    }

    /// The capacities booked, ascending, in bytes.
    pub fn capacities(&self) -> &[u64] {
        &self.capacities
    }

    /// Room for idle memory beside all running calls, at the capacity of this position.
    pub fn beside_running(&self, position: usize) -> u128 {
        let capacity = self.capacities[position];
        let free = self.running.shortfall(position, capacity);
        free.saturating_sub(self.pool.shortfall(position, capacity))
    }

    /// Room for idle memory if no call would run, at the capacity of this position: more
    /// than any policy has that drops calls.
    pub fn without_running(&self, position: usize) -> u128 {
        let capacity = self.capacities[position];
        let whole = u128::from(capacity) * u128::from(self.nanos);
        whole.saturating_sub(self.idle.shortfall(position, capacity))
    }
}

/// Time and area of one level, by the slot it lies in: slot `i` holds the values from
/// the capacity before position `i` up to, and without, that of position `i`.
#[derive(Debug)]
struct Level {
    slot: usize,
    nanos: Vec<u64>,
    area: Vec<u128>,
}

impl Level {
    fn new(slots: usize) -> Self {
        Self { slot: 0, nanos: vec![0; slots], area: vec![0; slots] }
    }

    fn add(&mut self, capacities: &[u64], value: u64, nanos: u64) {
        while self.slot > 0 && value < capacities[self.slot - 1] {
            self.slot -= 1;
        }
        while self.slot < capacities.len() && value >= capacities[self.slot] {
            self.slot += 1;
        }
        self.nanos[self.slot] = self.nanos[self.slot].saturating_add(nanos);
        self.area[self.slot] += u128::from(value) * u128::from(nanos);
    }

    /// `∫ max(0, capacity - level) dt` for the capacity of this position.
    fn shortfall(&self, position: usize, capacity: u64) -> u128 {
        let nanos: u128 = self.nanos[..=position].iter().map(|&nanos| u128::from(nanos)).sum();
        let area: u128 = self.area[..=position].iter().sum();
        (u128::from(capacity) * nanos).saturating_sub(area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_add_up_to_the_integral() {
        let stretches = [(3, 0, 0), (2, 10, 10), (5, 4, 10), (1, 10, 20), (7, 0, 20), (0, 99, 99)];
        let capacities = [5, 10, 1, 20, 15, 10, u64::MAX];
        let mut free = FreeSpace::new(capacities.to_vec());
        for (nanos, running, pool) in stretches {
            free.add(Stretch { nanos, running, pool });
        }
        assert_eq!(free.capacities(), [1, 5, 10, 15, 20, u64::MAX]);
        for (position, &capacity) in free.capacities().iter().enumerate() {
            let integral = |room: fn(u64, u64, u64) -> u64| -> u128 {
                stretches
                    .iter()
                    .map(|&(nanos, running, pool)| {
                        u128::from(nanos * room(capacity, running, pool))
                    })
                    .sum()
            };
            let beside = integral(|c, running, pool| c.saturating_sub(running).min(pool - running));
            let without = integral(|c, running, pool| c.min(pool - running));
            assert_eq!(free.beside_running(position), beside, "capacity {capacity}");
            assert_eq!(free.without_running(position), without, "capacity {capacity}");
        }
    }
}
