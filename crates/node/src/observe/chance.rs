//! Random bits for identifiers: fast, different in every thread, and asked of the
//! operating system once per thread only. They are hard to meet twice, and no secret.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

thread_local! {
    static GENERATOR: RefCell<Xoshiro256PlusPlus> = RefCell::new(seeded());
}

/// Seeds from the keys that the standard library draws for its hash tables.
fn seeded() -> Xoshiro256PlusPlus {
    let keys = RandomState::new();
    let mut seed = [0; 32];
    for (place, part) in seed.chunks_exact_mut(8).enumerate() {
        part.copy_from_slice(&keys.hash_one((std::thread::current().id(), place)).to_le_bytes());
    }
    Xoshiro256PlusPlus::from_seed(seed)
}

/// 64 random bits.
pub(crate) fn bits() -> u64 {
    GENERATOR.with_borrow_mut(Xoshiro256PlusPlus::next_u64)
}

/// 64 random bits of which at least one is set, as the identifiers of spans must have.
pub(crate) fn not_zero() -> u64 {
    loop {
        let bits = bits();
        if bits != 0 {
            return bits;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn threads_do_not_repeat_each_other() {
        let draw = || (0..1_000).map(|_| not_zero()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let drawn = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        assert_eq!(drawn.collect::<BTreeSet<_>>().len(), 4_000);
    }
}
