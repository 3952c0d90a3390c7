//! The pool of templates: ready before they are wanted, clean, and within its quotas.

use std::io;

use swell_fifo::class::{CLASSES, Class};
use swell_fifo::maker::Maker;
use swell_fifo::pool::{Pool, PoolError, Quotas, Sharing};

/// A region that remembers what was written into it last.
struct Slate {
    writing: Option<&'static str>,
    is_secluded: bool,
}

struct Slates;

impl Maker for Slates {
    type Region = Slate;

    fn make(&self, _class: Class) -> io::Result<Slate> {
        Ok(Slate { writing: None, is_secluded: false })
    }

    fn scrub(&self, slate: &mut Slate) {
        slate.writing = None;
    }

    fn seclude(&self, slate: &mut Slate) {
        slate.is_secluded = true;
    }

    fn is_secluded(&self, slate: &Slate) -> bool {
        slate.is_secluded
    }
}

fn pool(node: u64, tenant: u64, low: usize) -> Pool<Slates> {
    let low_water = std::array::from_fn(|class| if class == 0 { low } else { 0 });
    Pool::new(Slates, Quotas { node, tenant, low_water, high_water: [4; CLASSES] })
}

fn work(pool: &mut Pool<Slates>) {
    while pool.refill().expect("slates cost nothing") {}
}

const SMALL: u64 = 16 << 10;

#[test]
fn it_is_filled_up_to_the_low_water() {
    let mut pool = pool(1 << 30, 1 << 30, 3);
    work(&mut pool);
    assert_eq!(pool.count(Class::MIN).free, 3);
    for _ in 0..3 {
        pool.take(1, Class::MIN, Sharing::Processes).expect("one is ready");
    }
    assert_eq!((pool.count(Class::MIN).free, pool.count(Class::MIN).misses), (0, 0));
    pool.take(1, Class::MIN, Sharing::Processes).expect("one is made");
    assert_eq!(pool.count(Class::MIN).misses, 1);
    work(&mut pool);
    // And one to grow into, four times as large.
    assert_eq!((pool.count(Class::MIN).free, pool.held()), (3, 7 * SMALL + 4 * SMALL));
}

#[test]
fn nobody_reads_what_another_wrote() {
    for is_idle_between in [false, true] {
        let mut pool = pool(1 << 30, 1 << 30, 0);
        let mut slate = pool.take(1, Class::MIN, Sharing::Processes).expect("one is made");
        slate.writing = Some("a secret");
        pool.give_back(1, Class::MIN, slate);
        if is_idle_between {
            work(&mut pool);
        }
        let slate = pool.take(2, Class::MIN, Sharing::Processes).expect("one came back");
        assert_eq!(slate.writing, None);
        assert_eq!(pool.count(Class::MIN).misses, 1, "it is the same slate");
    }
}

#[test]
fn quotas_hold_and_say_why() {
    let mut pool = pool(4 * SMALL, 2 * SMALL, 0);
    let mine = pool.take(1, Class::MIN, Sharing::Processes).expect("one of two");
    pool.take(1, Class::MIN, Sharing::Processes).expect("two of two");
    let refused = pool.take(1, Class::MIN, Sharing::Processes).err().expect("three of two");
    assert!(matches!(refused, PoolError::TenantQuota { held, .. } if held == 2 * SMALL));
    pool.take(2, Class::MIN, Sharing::Processes).expect("another tenant");
    pool.take(2, Class::MIN, Sharing::Processes).expect("another tenant");
    let refused = pool.take(3, Class::MIN, Sharing::Processes).err().expect("five of four");
    assert!(refused.to_string().contains("of this node"), "{refused}");
    assert_eq!(pool.held_by(3), 0);
    pool.give_back(1, Class::MIN, mine);
    pool.take(3, Class::MIN, Sharing::Processes).expect("one came back");
    assert_eq!((pool.held(), pool.held_by(1)), (4 * SMALL, SMALL));
}

#[test]
fn what_nobody_uses_makes_room() {
    let mut pool = pool(64 * SMALL, 1 << 30, 0);
    let large = Class::holding(1 << 20, 0).expect("there is one");
    let region = pool.take(1, large, Sharing::Processes).expect("the node has room");
    assert!(pool.take(1, Class::MIN, Sharing::Processes).is_err(), "the node is full");
    pool.give_back(1, large, region);
    pool.take(1, Class::MIN, Sharing::Processes).expect("the large one went");
    assert_eq!((pool.held(), pool.count(large).free), (SMALL, 0));
}

#[test]
fn where_a_class_is_used_one_more_is_ready_and_one_to_grow_into() {
    let [first, second, third]: [Class; 3] = std::array::from_fn(|i| Class::all().nth(i).unwrap());
    // A sixteenth of it holds the second class and not the third.
    let mut pool = pool(16 * second.bytes(), 1 << 30, 0);
    work(&mut pool);
    assert_eq!(pool.held(), 0, "nothing is used");
    pool.take(1, first, Sharing::Processes).expect("one is made");
    work(&mut pool);
    assert_eq!((pool.count(first).free, pool.count(second).free), (1, 1));
    pool.take(1, second, Sharing::Processes).expect("one is ready");
    work(&mut pool);
    assert_eq!((pool.count(second).misses, pool.count(second).free), (0, 1));
    assert_eq!(pool.count(third).free, 0, "it would take too much");
}

#[test]
fn it_stays_low_where_there_is_no_room_for_another() {
    let mut pool = pool(4 * SMALL, 1 << 30, 2);
    assert!(!pool.stays_low(), "there is room to make them");
    work(&mut pool);
    for is_low in [false, false, true] {
        pool.take(1, Class::MIN, Sharing::Processes).expect("the node has room");
        work(&mut pool);
        assert_eq!(pool.stays_low(), is_low, "{:?}", pool.count(Class::MIN));
    }
    let fourth = pool.take(1, Class::MIN, Sharing::Processes).expect("the last one");
    assert!(pool.stays_low());
    pool.give_back(1, Class::MIN, fourth);
    assert!(!pool.stays_low(), "it is scrubbed soon");
    work(&mut pool);
    assert!(pool.stays_low(), "one of two");
}

#[test]
fn no_lane_is_refused_for_what_is_only_ready() {
    let mut pool = pool(4 * SMALL, 1 << 30, 4);
    work(&mut pool);
    assert_eq!(pool.count(Class::MIN).free, 4);
    let second = Class::MIN.larger().expect("there are six");
    pool.take(1, second, Sharing::Processes).expect("it is worth more than four that are ready");
    work(&mut pool);
    assert_eq!((pool.held(), pool.count(Class::MIN).free), (second.bytes(), 0));
}

#[test]
fn more_than_the_high_water_is_let_go() {
    let mut pool = pool(1 << 30, 1 << 30, 0);
    let taken: Vec<_> = (0..6)
        .map(|_| pool.take(1, Class::MIN, Sharing::Processes).expect("one is made"))
        .collect();
    for slate in taken {
        pool.give_back(1, Class::MIN, slate);
    }
    work(&mut pool);
    assert_eq!((pool.count(Class::MIN).free, pool.held()), (4, 4 * SMALL));
}

#[test]
fn whoever_shows_it_to_processes_gets_one_that_can_be_shown() {
    for is_idle_between in [false, true] {
        let mut pool = pool(1 << 30, 1 << 30, 0);
        let own = pool.take(1, Class::MIN, Sharing::Nobody).expect("one is made");
        assert!(own.is_secluded);
        pool.give_back(1, Class::MIN, own);
        if is_idle_between {
            work(&mut pool);
        }
        let shown = pool.take(2, Class::MIN, Sharing::Processes).expect("another is made");
        assert!(!shown.is_secluded);
        pool.give_back(2, Class::MIN, shown);
        // There is one of each: the one that has no descriptors is of use to nobody else.
        let own = pool.take(1, Class::MIN, Sharing::Nobody).expect("it came back");
        let shown = pool.take(2, Class::MIN, Sharing::Processes).expect("it came back");
        assert!(own.is_secluded && !shown.is_secluded);
        assert_eq!(pool.held(), 2 * SMALL, "nothing was made beside them");
    }
}

#[test]
fn what_cannot_be_shown_does_not_count_as_ready() {
    let mut pool = pool(1 << 30, 1 << 30, 2);
    work(&mut pool);
    let taken: Vec<_> =
        (0..4).map(|_| pool.take(1, Class::MIN, Sharing::Nobody).expect("one is made")).collect();
    taken.into_iter().for_each(|slate| pool.give_back(1, Class::MIN, slate));
    work(&mut pool);
    for _ in 0..2 {
        let misses = pool.count(Class::MIN).misses;
        pool.take(1, Class::MIN, Sharing::Processes).expect("one is ready");
        assert_eq!(pool.count(Class::MIN).misses, misses);
    }
}

#[test]
fn the_pool_is_free_while_a_region_is_made() {
    let mut pool = pool(1 << 30, 1 << 30, 1);
    let large = Class::all().last().expect("there are six");
    // Neither is made yet, and the pool can be asked, and gives others what it has.
    let taking = pool.begin(1, large, Sharing::Nobody).expect("within the quota");
    let chore = pool.chore().expect("the low water of the smallest");
    assert_eq!((pool.held(), pool.held_by(1)), (large.bytes() + SMALL, large.bytes()));
    assert!(pool.begin(2, large, Sharing::Nobody).is_ok());
    let done = chore.work(&Slates);
    assert!(taking.finish(&Slates).expect("slates cost nothing").is_secluded);
    pool.done(done).expect("slates cost nothing");
    assert_eq!((pool.count(Class::MIN).free, pool.count(large).used), (1, 2));
}

#[test]
fn what_cannot_be_made_is_not_paid_for() {
    struct NoMemory;
    impl Maker for NoMemory {
        type Region = ();
        fn make(&self, _class: Class) -> io::Result<()> {
            Err(io::ErrorKind::OutOfMemory.into())
        }
        fn scrub(&self, (): &mut ()) {}
        fn seclude(&self, (): &mut ()) {}
        fn is_secluded(&self, (): &()) -> bool {
            true
        }
    }
    let quotas = Quotas {
        node: 1 << 30,
        tenant: 1 << 30,
        low_water: [1; CLASSES],
        high_water: [1; CLASSES],
    };
    let mut pool = Pool::new(NoMemory, quotas);
    assert!(matches!(pool.take(1, Class::MIN, Sharing::Nobody), Err(PoolError::Kernel(_))));
    assert!(matches!(pool.refill(), Err(PoolError::Kernel(_))));
    let count = pool.count(Class::MIN);
    assert_eq!((pool.held(), pool.held_by(1), count.used, count.free), (0, 0, 0, 0));
}

#[test]
fn what_is_expected_is_ready_within_a_quarter_of_the_node() {
    let large = Class::all().last().expect("there are six");
    for (node, wanted, ready) in [(16, 2, 2), (16, 9, 4), (3, 1, 0)] {
        let mut pool = pool(node * large.bytes(), 1 << 30, 0);
        let mut expected = [0; CLASSES];
        expected[large.index()] = wanted;
        pool.expect(expected);
        work(&mut pool);
        assert_eq!(pool.count(large).free, ready, "{node}, {wanted}");
        for _ in 0..ready {
            pool.take(1, large, Sharing::Processes).expect("one is ready");
        }
        assert_eq!(pool.count(large).misses, 0);
        // Once they are taken no more are expected; one is ready where it takes little.
        work(&mut pool);
        assert!(pool.count(large).free <= 1, "{node}, {wanted}");
    }
}
