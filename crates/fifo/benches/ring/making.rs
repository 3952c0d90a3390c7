//! What it takes to make a FIFO, as a node does it: a region out of the pool, its two other segments,
//! all of it formatted and raised; and, for processes, the descriptors sent to the two that take part,
//! mapped and opened there, until both say so. Nothing but the region is there before the clock starts.

use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::stdio::stdin;
use swell_fifo::class::{CLASSES, Class};
use swell_fifo::fifo::Fifo;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Begun, Heir};
use swell_fifo::parcel;
use swell_fifo::pool::{Pool, Quotas, Sharing};
use swell_fifo::producer::Producer;
use swell_fifo::template::{Segment, Templates};

const PRODUCER: &str = "producer";
const OWNER: &str = "owner";
const COUNT: usize = 24;

/// A pool with enough regions of this class.
fn pool(class: Class) -> Pool<Templates> {
    let water = std::array::from_fn(|index| if index == class.index() { COUNT } else { 0 });
    let quotas =
        Quotas { node: 1 << 30, tenant: 1 << 30, low_water: water, high_water: [COUNT; CLASSES] };
    let mut pool = Pool::new(Templates, quotas);
    while pool.refill().expect("memory") {}
    pool
}

/// A FIFO that somebody can put into and somebody else can own.
fn make(
    pool: &mut Pool<Templates>,
    class: Class,
    sharing: Sharing,
) -> (Fifo<Mapping>, [Segment; 3]) {
    let region = pool.take(1, class, sharing).expect("within the quota");
    let [control, page] = [(); 2].map(|()| Segment::page(sharing).expect("memory"));
    let mut fifo = Fifo::new(control.memory.clone(), 1, false, vec![region.memory.clone()]);
    fifo.prepare(page.memory.clone());
    fifo.raise(1);
    fifo.take_over().expect("sound");
    (fifo, [control, region, page])
}

/// Nanoseconds it takes for functions, which all are in the node's one process.
pub(crate) fn for_functions(class: Class) -> Vec<u64> {
    let mut pool = pool(class);
    let mut made = Vec::new();
    let mut times = Vec::new();
    for _ in 0..COUNT {
        let start = Instant::now();
        let (fifo, segments) = make(&mut pool, class, Sharing::Nobody);
        let regions = vec![vec![segments[1].memory.clone()]];
        let [control, region, page] = segments.each_ref().map(|one| one.memory.clone());
        let producer = Producer::open(control.clone(), 0, region, page.clone()).expect("sound");
        let heir = Heir::new(control, page, None, regions).expect("sound");
        let Ok(Begun::Owner(owner)) = heir.begin() else { panic!("positions are given") };
        times.push(start.elapsed().as_nanos() as u64);
        made.push((fifo, segments, producer, owner));
    }
    times
}

/// Nanoseconds it takes for two processes.
pub(crate) fn for_processes(class: Class) -> Vec<u64> {
    let mut parties = [PRODUCER, OWNER].map(Party::start);
    let mut pool = pool(class);
    let mut made = Vec::new();
    let mut times = Vec::new();
    for _ in 0..COUNT {
        let start = Instant::now();
        let (fifo, segments) = make(&mut pool, class, Sharing::Processes);
        let [control, region, page] = &segments;
        parties[0].hand([control.reader(), region.writer(), page.reader()]);
        parties[1].hand([control.reader(), region.reader(), page.writer()]);
        parties.iter().for_each(Party::until_open);
        times.push(start.elapsed().as_nanos() as u64);
        made.push((fifo, segments));
    }
    parties.iter_mut().for_each(Party::end);
    times
}

/// A process that takes part.
struct Party {
    socket: Option<OwnedFd>,
    child: Child,
}

impl Party {
    fn start(role: &str) -> Self {
        let (socket, theirs) = parcel::pair().expect("a pair");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["child", "making", role])
            .stdin(Stdio::from(theirs))
            .spawn()
            .expect("this program can be started again");
        let party = Self { socket: Some(socket), child };
        party.until_open();
        party
    }

    fn socket(&self) -> &OwnedFd {
        self.socket.as_ref().expect("it takes part still")
    }

    fn hand(&self, descriptors: [&OwnedFd; 3]) {
        let descriptors = descriptors.map(AsFd::as_fd);
        parcel::send(self.socket(), &(), &descriptors).expect("it lives");
    }

    fn until_open(&self) {
        parcel::receive::<()>(self.socket()).expect("it lives").expect("it answers");
    }

    fn end(&mut self) {
        drop(self.socket.take());
        self.child.wait().expect("it ends");
    }
}

/// Takes part until there is no more to take part in.
pub(crate) fn take_part(role: &str) {
    let mut producers = Vec::new();
    let mut owners = Vec::new();
    parcel::send(stdin(), &(), &[]).expect("it lives");
    while let Some(((), descriptors)) = parcel::receive::<()>(stdin()).expect("it lives") {
        let [control, region, page]: [OwnedFd; 3] = descriptors.try_into().expect("three");
        let control = Mapping::readable(control).expect("sealed memory");
        if role == PRODUCER {
            let region = Mapping::writable(region).expect("sealed memory");
            let page = Mapping::readable(page).expect("sealed memory");
            producers.push(Producer::open(control, 0, region, page).expect("sound"));
        } else {
            let region = Mapping::readable(region).expect("sealed memory");
            let page = Mapping::writable(page).expect("sealed memory");
            let heir = Heir::new(control, page, None, vec![vec![region]]).expect("sound");
            let Ok(Begun::Owner(owner)) = heir.begin() else { panic!("positions are given") };
            owners.push(owner);
        }
        parcel::send(stdin(), &(), &[]).expect("it lives");
    }
}
