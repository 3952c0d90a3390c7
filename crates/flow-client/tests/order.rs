//! Items keep their order however often the node goes away under their producer, and wherever
//! in its work the producer finds that out.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use swell_fifo::class::Class;
use swell_fifo::door;
use swell_fifo::fifo::Fifo;
use swell_fifo::handshake::{Hello, Keeping, Told};
use swell_fifo::layout::page;
use swell_fifo::maker::Maker;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir, Next};
use swell_fifo::parcel;
use swell_fifo::pool::Sharing;
use swell_fifo::shared::Shared;
use swell_fifo::template::{Segment, Templates};
use swell_flow_client::error::ClientError;
use swell_flow_client::producer::Producer;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of an item; a region of the smallest class has room for a few.
const ITEM: usize = 2048;

/// How a node goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is killed.
    Killed,
    /// In order, and takes nothing in from the start.
    Closing,
}

/// A door that is shut, and gone, in the end.
struct Door {
    folder: PathBuf,
    socket: OwnedFd,
}

impl Door {
    fn open(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("swell-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the test can write");
        let socket = door::open(&folder.join("s"), 0o600).expect("it opens");
        Self { folder, socket }
    }

    /// Lets the next process in, as a node does that has kept its items before `next`.
    fn admit(&self, next: u64, class: Class, end: End) -> (OwnedFd, Inbox) {
        self.admit_by(next, class, end, false)
    }

    /// The same; `rejects` says whether the flow lets nobody wait for room.
    fn admit_by(&self, next: u64, class: Class, end: End, rejects: bool) -> (OwnedFd, Inbox) {
        let waited = door::wait_readable(&self.socket, PATIENCE).expect("it can be waited for");
        assert!(waited, "nobody knocked");
        let socket = door::accept(&self.socket).expect("somebody knocked");
        assert!(door::wait_readable(&socket, PATIENCE).expect("it can be waited for"));
        let hello = parcel::try_receive::<Hello>(&socket).expect("it speaks");
        assert_eq!(hello.expect("it is there").0.name, "sensor");
        let mut inbox = Inbox::new(next, class);
        if end == End::Closing {
            inbox
                .fifo
                .send_away(Segment::page(Sharing::Processes).expect("there is memory").memory);
        }
        let keeping = Keeping::Consume;
        let told = Told::Produce { next, item_max: ITEM as u64, rejects, keeping };
        let Inbox { control, page, region, .. } = &inbox;
        let descriptors = [control.reader(), page.reader(), region.writer()];
        let descriptors = descriptors.map(std::os::fd::AsFd::as_fd);
        parcel::send(&socket, &told, &descriptors).expect("it listens");
        if end == End::Closing {
            parcel::send(&socket, &Told::Closing, &[]).expect("it listens");
        }
        (socket, inbox)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A FIFO that a node gave to a producer.
struct Inbox {
    control: Segment,
    page: Segment,
    region: Segment,
    fifo: Fifo<Mapping>,
}

impl Inbox {
    fn new(next: u64, class: Class) -> Self {
        let [control, page] =
            [(); 2].map(|()| Segment::page(Sharing::Processes).expect("there is memory"));
        let region = Templates.make(class).expect("there is memory");
        let memory = vec![region.memory.clone()];
        let mut fifo = Fifo::new(control.memory.clone(), 1, false, memory);
        fifo.begin_at(0, next);
        fifo.prepare(page.memory.clone());
        fifo.raise(1);
        fifo.take_over().expect("it is sound");
        page.memory.store(page::ACCEPTED, next, Ordering::Release);
        Self { control, page, region, fifo }
    }

    /// What lies in it, by sequence.
    fn items(&self) -> Vec<(u64, u64)> {
        let (control, page) = (self.control.memory.clone(), self.page.memory.clone());
        let regions = vec![vec![self.region.memory.clone()]];
        let heir = Heir::new(control, page, None, regions).expect("it is sound");
        let Begun::Owner(mut owner) = heir.begin().expect("it is sound") else {
            panic!("nobody else owns it")
        };
        let (mut items, mut bytes) = (Vec::new(), Vec::new());
        while let Next::Item(item) = owner.take().expect("it is sound") {
            assert!(item.copy_to(&mut bytes), "nobody overwrites it");
            let number = bytes[..8].try_into().expect("eight bytes");
            items.push((item.sequence(), u64::from_le_bytes(number)));
        }
        items
    }
}

/// Pushes `count` items while nodes come that go at once, all but the last; each has kept the
/// items before the given one. Returns what the last one finds.
fn pushed(name: &str, count: u64, nodes: &[(u64, Class, End)]) -> Vec<(u64, u64)> {
    let door = Door::open(name);
    let path = door.folder.join("s");
    let (last, gone) = nodes.split_last().expect("there is one");
    let (tell, first_is_gone) = mpsc::channel();
    let (_socket, inbox) = std::thread::scope(|scope| {
        let door = &door;
        let admitting = scope.spawn(move || {
            for &(next, class, end) in gone {
                drop(door.admit(next, class, end));
                // Nobody listens after the first.
                let _ = tell.send(());
            }
            let &(next, class, end) = last;
            door.admit(next, class, end)
        });
        let mut producer =
            Producer::connect(&path, "frames", "sensor", PATIENCE).expect("it is let in");
        // It does not look before it has pushed a few items, which are lost in that node.
        first_is_gone.recv_timeout(PATIENCE).expect("it was let in and left alone");
        for number in 0..count {
            let mut item = vec![0; ITEM];
            item[..8].copy_from_slice(&number.to_le_bytes());
            producer.push(&item, Some(PATIENCE)).expect("a node comes back");
        }
        assert_eq!(producer.next(), count);
        admitting.join().expect("all were let in")
    });
    inbox.items()
}

fn in_order(from: u64, to: u64) -> Vec<(u64, u64)> {
    (from..to).map(|number| (number, number)).collect()
}

/// Room for all items of a test.
fn large() -> Class {
    Class::holding(1 << 20, ITEM as u64).expect("there is such a class")
}

#[test]
fn what_a_killed_node_left_goes_before_what_is_pushed_next() {
    // The end is found in the middle of a push, as that is when it is looked for.
    let found = pushed("left", 150, &[(0, large(), End::Killed), (3, large(), End::Killed)]);
    assert_eq!(found, in_order(3, 150));
}

#[test]
fn what_two_killed_nodes_left_keeps_its_order() {
    // The end of the second is found while what the first left is pushed again.
    let nodes = [(0, large()), (3, Class::MIN), (5, large())];
    let nodes = nodes.map(|(next, class)| (next, class, End::Killed));
    assert_eq!(pushed("twice", 150, &nodes), in_order(5, 150));
}

#[test]
fn what_a_closing_node_no_longer_takes_in_comes_once() {
    // The first item that is pushed again tells that this is in vain.
    let ends = [(0, End::Killed), (3, End::Closing), (3, End::Killed)];
    let nodes = ends.map(|(next, end)| (next, large(), end));
    assert_eq!(pushed("closing", 150, &nodes), in_order(3, 150));
}

#[test]
fn an_item_that_is_queued_is_not_called_refused() {
    for rejects in [false, true] {
        let door = Door::open(if rejects { "rejects" } else { "waits" });
        let path = door.folder.join("s");
        let (socket, first) = std::thread::scope(|scope| {
            let admitting = scope.spawn(|| door.admit_by(0, large(), End::Killed, rejects));
            let producer = Producer::connect(&path, "frames", "sensor", PATIENCE);
            let mut producer = producer.expect("it is let in");
            let (socket, first) = admitting.join().expect("it was let in");
            let item = |number: u64| {
                let mut item = vec![0; ITEM];
                item[..8].copy_from_slice(&number.to_le_bytes());
                item
            };
            let mut pushed = 0;
            while pushed < 20 {
                producer.push(&item(pushed), None).expect("there is room");
                pushed += 1;
            }
            // The node goes, and the next one has room for a few of these items only: nobody
            // takes them out, so the rest stays queued.
            drop((socket, first));
            let admitting = scope.spawn(|| door.admit_by(0, Class::MIN, End::Killed, rejects));
            let limit = Some(Duration::from_millis(20));
            let late = producer.flush(limit).expect_err("nobody takes anything out");
            assert!(matches!(late, ClientError::Late), "{late}");
            let admitted = admitting.join().expect("it was let in");
            assert_eq!(producer.next(), pushed, "what is queued has its numbers");
            let full = producer.push(&item(pushed), limit).expect_err("others go first");
            assert!(matches!(full, ClientError::Full), "{full}");
            assert_eq!(producer.next(), pushed, "what was refused has none");
            admitted
        });
        let found = first.items();
        assert_eq!(found, in_order(0, found.len() as u64));
        assert!(!found.is_empty() && found.len() < 20, "{}", found.len());
        drop(socket);
    }
}
