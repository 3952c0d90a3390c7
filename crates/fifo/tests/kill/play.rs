//! The play: changes of hands and of size, with somebody killed or frozen in the middle.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustix::process::Signal;

use crate::account::LANES;
use crate::keeper::{Keeper, Worker};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Tally {
    owners: u64,
    heirs: u64,
    producers: u64,
    daemons: u64,
    frozen: u64,
    hand_overs: u64,
    resizes: u64,
}

impl Tally {
    fn kills(&self) -> u64 {
        self.owners + self.heirs + self.producers + self.daemons + self.frozen
    }
}

pub(crate) fn run(kills: u64, seed: u64) -> ExitCode {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut keeper = Keeper::new();
    let mut tally = Tally::default();
    let mut zombies = Vec::new();
    let start = Instant::now();
    while tally.kills() < kills {
        match rng.random_range(0..10) {
            0..4 => change_hands(&mut keeper, &mut rng, &mut tally, &mut zombies),
            4..6 => change_size(&mut keeper, &mut rng, &mut tally),
            6..8 => {
                kill_producer(&mut keeper, &mut rng, &mut tally);
                pause(&mut rng);
            }
            8 => {
                keeper.daemon.kill();
                tally.daemons += 1;
                pause(&mut rng);
                keeper.restart_daemon();
            }
            _ => {
                keeper.owner.kill();
                tally.owners += 1;
                replace_owner(&mut keeper, &mut tally);
            }
        }
        wake_some(&mut zombies, &mut rng);
        if keeper.producers.iter_mut().any(Worker::has_ended) {
            eprintln!("after {} kills (seed {seed}): a producer gave up", tally.kills());
            return ExitCode::FAILURE;
        }
        let broken = keeper.account().broken();
        if broken.iter().any(|(_, count)| *count > 0) {
            eprintln!("after {} kills (seed {seed}): {broken:?}", tally.kills());
            return ExitCode::FAILURE;
        }
    }
    drop(zombies);
    let verdict = settle_up(&mut keeper);
    let account = keeper.account();
    println!(
        "{} kills in {:.1} s (owners {}, heirs {}, producers {}, daemons {}, frozen {}), \
         {} hand-overs, {} changes of size, {} items, {} given out again and recognised: {}",
        tally.kills(),
        start.elapsed().as_secs_f64(),
        tally.owners,
        tally.heirs,
        tally.producers,
        tally.daemons,
        tally.frozen,
        tally.hand_overs,
        tally.resizes,
        (0..LANES).map(|lane| account.applied(lane)).sum::<u64>(),
        account.redelivered(),
        if verdict { "nothing lost, torn, duplicated in effect or out of order" } else { "BROKEN" },
    );
    if verdict { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Somebody is in the middle of something; it is never the same moment.
fn pause(rng: &mut Xoshiro256PlusPlus) {
    std::thread::sleep(Duration::from_micros(rng.random_range(0..1500)));
}

fn kill_producer(keeper: &mut Keeper, rng: &mut Xoshiro256PlusPlus, tally: &mut Tally) {
    let lane = rng.random_range(0..LANES);
    keeper.producers[lane].kill();
    tally.producers += 1;
    keeper.restart_producer(lane);
}

fn change_hands(
    keeper: &mut Keeper,
    rng: &mut Xoshiro256PlusPlus,
    tally: &mut Tally,
    zombies: &mut Vec<Worker>,
) {
    keeper.prepare();
    pause(rng);
    keeper.raise();
    pause(rng);
    tally.hand_overs += 1;
    let mut is_frozen = false;
    match rng.random_range(0..6) {
        0 => {
            keeper.owner.kill();
            tally.owners += 1;
        }
        1 => {
            let heir = keeper.heir.as_mut().expect("it was prepared");
            heir.kill();
            tally.heirs += 1;
        }
        2 => kill_producer(keeper, rng, tally),
        3 => {
            keeper.daemon.kill();
            tally.daemons += 1;
        }
        4 => {
            keeper.owner.signal(Signal::STOP);
            tally.frozen += 1;
            is_frozen = true;
        }
        _ => {}
    }
    keeper.ensure_raised();
    let start = Instant::now();
    // Released, or in no state to do so: then the daemon gives the positions. An heir that
    // died is followed by another, once the owner before is gone for good.
    loop {
        if start.elapsed() > PATIENCE {
            let (is_owner_gone, is_heir_gone) =
                (keeper.owner.has_ended(), keeper.heir.as_mut().is_some_and(Worker::has_ended));
            panic!(
                "a change of hands hangs: owner gone {is_owner_gone}, frozen {is_frozen}, heir \
                 gone {is_heir_gone}; {}",
                keeper.describe()
            );
        }
        if keeper.heir.as_mut().is_some_and(Worker::has_ended) {
            if !is_frozen {
                keeper.owner.kill();
            }
            keeper.prepare();
            keeper.ensure_raised();
            keeper.take_over();
        } else if keeper.has_begun() {
            break;
        } else if !keeper.is_released() && (is_frozen || keeper.owner.has_ended()) {
            keeper.take_over();
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    let old = keeper.settle().expect("there was an heir");
    if is_frozen {
        zombies.push(old);
    }
}

fn replace_owner(keeper: &mut Keeper, tally: &mut Tally) {
    keeper.prepare();
    keeper.ensure_raised();
    keeper.take_over();
    keeper.await_begun();
    keeper.settle();
    tally.hand_overs += 1;
}

fn change_size(keeper: &mut Keeper, rng: &mut Xoshiro256PlusPlus, tally: &mut Tally) {
    let lane = rng.random_range(0..LANES);
    keeper.resize(lane, 4096 << rng.random_range(0..4));
    tally.resizes += 1;
    pause(rng);
    match rng.random_range(0..3) {
        0 => {
            keeper.producers[lane].kill();
            tally.producers += 1;
            keeper.restart_producer(lane);
        }
        1 => {
            keeper.owner.kill();
            tally.owners += 1;
            replace_owner(keeper, tally);
        }
        _ => {}
    }
}

/// Former owners wake up long after they were replaced, and do what they were about to do.
fn wake_some(zombies: &mut Vec<Worker>, rng: &mut Xoshiro256PlusPlus) {
    zombies.retain_mut(|zombie| {
        if rng.random_bool(0.5) {
            zombie.signal(Signal::CONT);
        }
        !zombie.has_ended()
    });
}

/// Ends the producers and waits until everything they put in has had its effect.
fn settle_up(keeper: &mut Keeper) -> bool {
    for producer in &mut keeper.producers {
        producer.kill();
    }
    let account = keeper.account();
    for lane in 0..LANES {
        let start = Instant::now();
        while account.applied(lane) < keeper.put_in(lane) {
            if start.elapsed() > PATIENCE {
                let (applied, put_in) = (account.applied(lane), keeper.put_in(lane));
                eprintln!("lane {lane}: {put_in} went in, {applied} had their effect");
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let broken = account.broken();
    if broken.iter().any(|(_, count)| *count > 0) {
        eprintln!("{broken:?}");
        return false;
    }
    (0..LANES).all(|lane| account.applied(lane) == keeper.put_in(lane))
}
