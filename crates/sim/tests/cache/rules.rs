//! Rules of replacement against the plain ones, look by look.

use proptest::prelude::*;
use swell_sim::cache::replacement::bank::{Bank, Put, Size};
use swell_sim::cache::replacement::fifo::Fifo;
use swell_sim::cache::replacement::in_cache_lfu::InCacheLfu;
use swell_sim::cache::replacement::lru::Lru;
use swell_sim::cache::replacement::perfect_lfu::PerfectLfu;
use swell_sim::cache::replacement::rand::Rand;
use swell_sim::cache::replacement::s3_fifo::S3Fifo;
use swell_sim::cache::replacement::sieve::Sieve;
use swell_sim::cache::splitmix::SplitMix64;

use crate::plain::Cache;

/// Plays the same steps on both: a content is looked up, and kept if it is missed.
fn check<B: Bank>(name: &str, mut bank: B, slots: usize, steps: &[(usize, u32)]) {
    let mut plain = vec![Cache::new(name, slots); 2];
    for &(cache, content) in steps {
        let found = bank.look(cache, content);
        assert_eq!(found, plain[cache].look(content), "{name}: look-up of {content}");
        if found {
            continue;
        }
        let gone = match bank.put(cache, content) {
            Put::Kept => None,
            Put::Replaced(victim) => Some(victim),
            Put::Refused => Some(content),
        };
        assert_eq!(gone, plain[cache].put(content), "{name}: what goes for {content}");
    }
}

fn steps() -> impl Strategy<Value = (usize, Vec<(usize, u32)>)> {
    // Few contents, so that caches fill and contents come back.
    (1usize..40).prop_flat_map(|slots| {
        let content = 1..=(3 * slots as u32 + 2);
        (Just(slots), prop::collection::vec((0usize..2, content), 0..400))
    })
}

proptest! {
    #[test]
    fn rules_do_what_they_say((slots, steps) in steps()) {
        let size = Size { caches: 2, slots };
        check("LRU", Lru::new(size), slots, &steps);
        check("FIFO", Fifo::new(size), slots, &steps);
        check("IN_CACHE_LFU", InCacheLfu::new(size), slots, &steps);
        check("PERFECT_LFU", PerfectLfu::new(size), slots, &steps);
        check("SIEVE", Sieve::new(size), slots, &steps);
        check("S3-FIFO", S3Fifo::new(size), slots, &steps);
    }

    #[test]
    fn chance_never_loses_count((slots, steps) in steps(), seed: u64) {
        let mut bank = Rand::new(Size { caches: 2, slots }, SplitMix64::new(seed));
        let mut held = vec![Vec::new(); 2];
        for (cache, content) in steps {
            prop_assert_eq!(bank.look(cache, content), held[cache].contains(&content));
            if held[cache].contains(&content) {
                continue;
            }
            match bank.put(cache, content) {
                Put::Kept => prop_assert!(held[cache].len() < slots),
                Put::Replaced(victim) => {
                    prop_assert_eq!(held[cache].len(), slots);
                    let at = held[cache].iter().position(|one| *one == victim);
                    held[cache].remove(at.expect("a victim was there"));
                }
                Put::Refused => prop_assert!(false, "chance refuses nothing"),
            }
            held[cache].push(content);
        }
    }
}
