//! Chance, from one seed.
//!
//! Every room that needs chance gets a generator of its own, split from the seed of the
//! run by the room's name, so that adding a policy never shifts another one's dice.
//! The generator is xoshiro256++, whose stream is fixed by its definition and thus the
//! same on every machine and in every version.

use rand::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator used everywhere.
pub type Rng = Xoshiro256PlusPlus;

/// A generator for the room called `room`, split from `seed`.
pub fn split(seed: u64, room: &str) -> Rng {
    Rng::seed_from_u64(seed ^ xxhash_rust::xxh3::xxh3_64(room.as_bytes()))
}

/// A uniform integer in `0..bound`, without bias (Lemire, "Fast Random Integer
/// Generation in an Interval", 2019). Asserts that `bound` is not zero.
pub fn below(rng: &mut Rng, bound: u64) -> u64 {
    assert!(bound > 0, "an empty range has no element to draw");
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        let low = product as u64;
        if low >= bound.wrapping_neg() % bound {
            return (product >> 64) as u64;
        }
    }
}

/// A uniform number in `[0, 1)` with 53 bits.
pub fn unit(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_do_not_share_dice() {
        assert_eq!(split(1, "a").next_u64(), split(1, "a").next_u64());
        assert_ne!(split(1, "a").next_u64(), split(1, "b").next_u64());
        assert_ne!(split(1, "a").next_u64(), split(2, "a").next_u64());
    }

    #[test]
    fn draws_stay_in_range_and_reach_its_ends() {
        let mut rng = split(7, "test");
        let mut seen = [0u32; 5];
        for _ in 0..1000 {
            seen[below(&mut rng, 5) as usize] += 1;
            assert!((0.0..1.0).contains(&unit(&mut rng)));
        }
        assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
    }
}
