//! Whoever comes to the node's socket and means no good harms only himself.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustix::net::{SendFlags, send};
use swell_fifo::door::{knock, wait_readable};
use swell_fifo::handshake::{Hello, PROTOCOL, Refused, Role, Told};
use swell_fifo::layout::{AT_KIND, AT_MAGIC, LANES_MAX, PAGE, page, region};
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::Heir;
use swell_fifo::parcel;
use swell_fifo::producer::Producer;
use swell_fifo::shared::Shared;

use crate::node::{Node, Ran, until};
use crate::stage::{PATIENCE, consumer, frames, number, producer, seen, socket, with_flow};

const ROUNDS: u64 = 40;

fn hello(name: &str, role: Role) -> Hello {
    Hello {
        protocol: PROTOCOL,
        flow: "frames".to_string(),
        name: name.to_string(),
        role,
        media_type: String::new(),
    }
}

/// The next word of the node; none if it hung up.
fn hear(door: &OwnedFd) -> Option<(Told, Vec<OwnedFd>)> {
    assert!(wait_readable(door, PATIENCE).expect("it can be waited for"), "the node hangs");
    parcel::try_receive(door).unwrap_or(None)
}

/// Comes in as this process; again and again until the former one has left.
fn enter(node: &Node, name: &str, role: Role) -> (OwnedFd, Told, Vec<OwnedFd>) {
    until("it is let in", || {
        let door = knock(&socket(node)).expect("the node is there");
        parcel::send(&door, &hello(name, role), &[]).expect("it listens");
        match hear(&door)? {
            (Told::Refused { code, why }, _) => {
                assert!(code.may_pass(), "{why}");
                None
            }
            (told, descriptors) => Some((door, told, descriptors)),
        }
    })
}

fn nasty(rng: &mut Xoshiro256PlusPlus, near: u64) -> u64 {
    match rng.random_range(0..6) {
        0 => rng.random(),
        1 => u64::MAX - 15,
        2 => near.wrapping_add(16 * rng.random_range(0..100)),
        3 => near.wrapping_sub(16),
        4 => near ^ 1 << rng.random_range(0..64),
        _ => 0,
    }
}

/// Spoils a word of a segment: one of those that mean something, any of its first page, or any of
/// those near `used`, where items lie.
fn spoil(rng: &mut Xoshiro256PlusPlus, memory: &Mapping, words: &[usize], used: usize) {
    let size = memory.size();
    let at = match rng.random_range(0..4) {
        0 | 1 => words[rng.random_range(0..words.len())],
        2 => rng.random_range(0..PAGE / 8) * 8,
        _ => (used / 8 * 8).saturating_sub(8 * rng.random_range(0..64)).min(size - 8),
    };
    memory.store(at, nasty(rng, memory.load(at, Relaxed)), Relaxed);
}

#[test]
fn what_is_no_hello_is_no_harm() {
    let node = with_flow("from = \"native:sensor\"\nto = \"detect\"\n");
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let file = std::fs::File::open("/proc/self/exe").expect("this program");
    for round in 0..200u32 {
        let door = knock(&socket(&node)).expect("the node is there");
        let mut bytes = vec![0; rng.random_range(1..4_500)];
        rng.fill(&mut bytes[..]);
        match round % 4 {
            0 => drop(send(&door, &bytes, SendFlags::NOSIGNAL)),
            1 => {
                bytes[0] = 1;
                let _ = send(&door, &bytes, SendFlags::NOSIGNAL);
            }
            // Descriptors that nobody asked for, and a version that is none of ours.
            2 => {
                let hello = Hello { protocol: 77, ..hello("sensor", Role::Producer) };
                let many: Vec<_> = (0..32).map(|_| file.as_fd()).collect();
                let _ = parcel::send(&door, &hello, &many);
                let (told, _) = hear(&door).expect("it answers");
                assert!(matches!(told, Told::Refused { code: Refused::Version, .. }), "{told:?}");
            }
            // Two hellos, of which one is too many.
            _ => {
                let _ = parcel::send(&door, &hello("sensor", Role::Producer), &[]);
                let _ = parcel::send(&door, &hello("sensor", Role::Producer), &[]);
            }
        }
    }
    // Some say nothing at all, and are sent away in a while.
    let silent: Vec<_> = (0..300).filter_map(|_| knock(&socket(&node)).ok()).collect();
    let mut sensor = producer(&node, "sensor");
    sensor.push(b"7", None).expect("there is room");
    until("it passes", || (seen(&node) == [7]).then_some(()));
    drop(silent);
    node.stop();
}

#[test]
fn a_hostile_producer_ends_and_nothing_else() {
    let node = with_flow(
        "from = [\"native:bad\", \"native:good\"]\nto = \"detect\"\nitem = \"64B\"\n\
         ack = \"append\"\n",
    );
    let mut good = producer(&node, "good");
    let mut refused = 0;
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (door, told, descriptors) = enter(&node, "bad", Role::Producer);
        assert!(matches!(told, Told::Produce { .. }), "{told:?}");
        let [control, page, region]: [OwnedFd; 3] = descriptors.try_into().expect("three");
        assert!(Mapping::writable(&control).is_err(), "the kernel lets nobody write there");
        assert!(Mapping::writable(&page).is_err(), "the kernel lets nobody write there");
        let memory = Mapping::writable(region).expect("its own");
        let page = Mapping::readable(page).expect("it may read");
        let control = Mapping::readable(control).expect("it may read");
        let mut ring = Producer::open(control, 0, memory.clone(), page).expect("it is sound");
        let words = [
            AT_MAGIC,
            AT_KIND,
            region::CAPACITY,
            region::BASE,
            region::TAIL,
            region::DISCARDED,
            region::MARKS,
            region::MARKS + 8,
            region::MARKS + 16,
            region::MARKS + 24,
            region::STAMP,
            region::BYTES,
            region::DROPPED,
            region::BLOCKED,
            region::SEALED,
            region::WAKE_AT,
            region::DATA,
        ];
        for _ in 0..8 {
            let length = if seed % 8 == 0 { 4_000 } else { rng.random_range(0..64) };
            let _ = ring.push(&vec![b'0'; length]);
            let used = region::DATA + memory.load(region::TAIL, Relaxed) as usize % (64 << 10);
            spoil(&mut rng, &memory, &words, used);
            memory.wake(region::TAIL);
        }
        if wait_readable(&door, Duration::from_millis(50)).expect("it can be waited for")
            && let Some((Told::Refused { code: Refused::Nonsense, .. }, _)) = hear(&door)
        {
            refused += 1;
        }
        good.push(format!("good {seed}").as_bytes(), None).expect("there is room");
    }
    assert!(refused > 0, "nothing hostile was even tried");
    good.flush(Some(PATIENCE)).expect("it is accepted");
    until("the others' items pass", || {
        // What was spoiled may come out as anything, and is no item of theirs.
        let text = node.call("detect", b"").text();
        let seen = text.lines().filter_map(|line| line.strip_prefix("good ")?.parse::<u64>().ok());
        seen.eq(0..ROUNDS).then_some(())
    });
    node.stop();
}

#[test]
fn a_hostile_owner_is_left_behind() {
    let node = with_flow(
        "from = [\"native:good\", \"native:other\"]\nto = \"detect\"\nowners = [\"native:bad\"]\n",
    );
    let mut lanes = [producer(&node, "good"), producer(&node, "other")];
    let mut next = 0u32;
    let words: Vec<usize> = [
        AT_MAGIC,
        AT_KIND,
        page::EPOCH,
        page::OPENED,
        page::RELEASED,
        page::GIVEN,
        page::SLEEPING,
        page::STAMP,
        page::ITEMS,
        page::STARVED,
        page::DROPPED,
        page::ACCEPTED,
    ]
    .into_iter()
    .chain((0..4).flat_map(|lane| [page::committed(lane), page::given(lane)]))
    // Those that count most.
    .chain([page::committed(0), page::committed(1), page::OPENED, page::RELEASED])
    .chain([page::committed(LANES_MAX - 1)])
    .collect();
    for seed in 0..ROUNDS {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (door, told, _) = enter(&node, "bad", Role::Consumer);
        assert!(matches!(told, Told::StandBy { .. }), "{told:?}");
        let Some((Told::Own { .. }, own)) = hear(&door) else { panic!("it is to own it") };
        let Some((Told::Regions { .. }, regions)) = hear(&door) else { panic!("all of it") };
        assert!(regions.iter().all(|one| Mapping::writable(one).is_err()), "it may only read");
        let [control, page]: [OwnedFd; 2] = own.try_into().expect("two");
        let control = Mapping::readable(control).expect("it may read");
        let page = Mapping::writable(page).expect("its own");
        let regions =
            regions.iter().map(|one| vec![Mapping::readable(one).expect("it may read")]).collect();
        // Half of them begin like honest owners.
        if seed % 2 == 0 {
            let heir = Heir::new(control, page.clone(), None, regions).expect("sound");
            while !heir.is_due() {
                heir.wait(Some(Duration::from_millis(10)));
            }
            let _ = heir.begin().expect("sound");
        }
        for round in 0..8 {
            if round % 2 == 0 {
                lanes[next as usize % 2].push(next.to_string().as_bytes(), None).expect("room");
                next += 1;
            }
            spoil(&mut rng, &page, &words, page::committed(8));
            page.wake(page::committed(0));
            page.wake(page::committed(1));
        }
    }
    for lane in &mut lanes {
        lane.flush(Some(PATIENCE)).expect("it is accepted");
    }
    until("`detect` has it again", || (frames(&node)["owner"] == "detect").then_some(()));
    until("all are done", || (frames(&node)["depth"] == 0).then_some(()));
    // It may have said that items are done with; it cannot have made any up.
    let seen = seen(&node);
    for lane in 0..2 {
        let own: Vec<u32> = seen.iter().copied().filter(|number| number % 2 == lane).collect();
        let mut once = own.clone();
        once.dedup();
        assert!(own.is_sorted() && once == own && own.last() < Some(&next), "{own:?} of {next}");
    }
    node.stop();
}

#[test]
fn another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can be two users");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    let path = folder.path().join("flow.sock");
    let words = format!("--set flow.socket={}", path.display());
    let node = Node::up(&words);
    node.write("detect.wasm", swell_samples::samples::COLLECT);
    let app = "version = 1\n[[function]]\nname = \"detect\"\ncode = \"detect.wasm\"\n\
               memory = \"8MiB\"\nkey-value = [\"seen\"]\n\
               [[flow]]\nname = \"frames\"\nfrom = \"native:s\"\nto = \"detect\"\n";
    node.write("app.toml", app.as_bytes());
    node.fine("deploy -f app.toml");
    let program = folder.path().join("swell");
    std::fs::copy(env!("CARGO_BIN_EXE_swell"), &program).expect("it can be copied");
    let stranger = || {
        let mut command = std::process::Command::new(&program);
        let words = "flow send frames --as s --patience 1ms /dev/null --socket";
        command.args(words.split(' ')).arg(&path).current_dir("/").uid(65_534).gid(65_534);
        Ran::of(command)
    };
    // The kernel keeps strangers out of the file; where it does not, the node does.
    stranger().ended(1, "Permission denied");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).expect("it is ours");
    stranger().ended(1, "user 65534 may not take part");
    node.fine(&format!("flow send frames /dev/null --as s --socket {}", path.display()));
    node.stop();
}

#[test]
fn one_that_never_listens_stops_nobody() {
    let node = with_flow(
        "from = \"native:good\"\nto = \"detect\"\nowners = [\"native:deaf\", \"native:fine\"]\n",
    );
    let mut good = producer(&node, "good");
    let deaf = enter(&node, "deaf", Role::Consumer);
    let mut fine = consumer(&node, "fine");
    // The flow comes and goes many times, and the one that never listens is sent each time.
    for round in 0..400u32 {
        let to = if round % 2 == 0 { "native:deaf" } else { "native:fine" };
        let ran = node.run(&format!("flow migrate frames {to}"));
        if ran.code != Some(0) {
            assert!(ran.told.contains("stays where it is") || ran.told.contains("no process"));
            break;
        }
        if to == "native:fine" && round % 10 == 1 {
            good.push(round.to_string().as_bytes(), None).expect("there is room");
            assert_eq!(number(&mut fine), Some(round));
            assert!(fine.done());
        }
    }
    drop(deaf);
    node.stop();
}
