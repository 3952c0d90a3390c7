//! Keeps all descriptors, as a service manager does for a daemon that may die, starts the
//! processes, and ends them in the middle of whatever they do.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use swell_fifo::fifo::Fifo;
use swell_fifo::layout::{PAGE, region};
use swell_fifo::mapping::Mapping;
use swell_fifo::parcel;
use swell_fifo::pool::Sharing;
use swell_fifo::template::Segment;

use crate::account::{self, Account, LANES};
use crate::message::{Done, Order};

/// Longer than anything takes on the slowest machine; who takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Worker {
    child: Child,
    socket: OwnedFd,
    /// Orders it has not answered yet, where it answers at all.
    unanswered: Cell<u32>,
}

impl Worker {
    fn start(role: &str) -> Self {
        let (socket, theirs) = parcel::pair().expect("a pair of sockets");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .arg(format!("role:{role}"))
            .stdin(Stdio::from(theirs))
            .spawn()
            .expect("this program can be started again");
        Self { child, socket, unanswered: Cell::new(0) }
    }

    /// A process that died in between gets nothing, which is as good.
    fn tell(&self, order: &Order, descriptors: &[BorrowedFd<'_>]) {
        let _ = parcel::send(&self.socket, order, descriptors);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it was not waited for, so it is there");
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it was not waited for, so it is there");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Keeper {
    control: Segment,
    account: Segment,
    lanes: Vec<Vec<Segment>>,
    pages: Vec<Segment>,
    /// The keeper's own look at the FIFO.
    view: Fifo<Mapping>,
    pub(crate) daemon: Worker,
    pub(crate) producers: Vec<Worker>,
    pub(crate) owner: Worker,
    pub(crate) heir: Option<Worker>,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        let page = || Segment::page(Sharing::Processes).expect("memory");
        let (control, account) = (page(), Segment::new("account", account::SIZE).expect("memory"));
        let lanes: Vec<Vec<Segment>> = (0..LANES).map(|_| vec![region_of(16 << 10)]).collect();
        let regions = lanes.iter().map(|lane| lane[0].memory.clone()).collect();
        let mut view = Fifo::new(control.memory.clone(), 1, false, regions);
        let first = page();
        view.prepare(first.memory.clone());
        view.raise(1);
        view.take_over().expect("fresh segments are sound");
        let daemon = Worker::start("daemon");
        let owner = Worker::start("owner");
        let mut keeper = Self {
            control,
            account,
            lanes,
            pages: vec![first],
            view,
            daemon,
            producers: Vec::new(),
            owner,
            heir: None,
        };
        keeper.brief_daemon();
        keeper.brief_owner(&keeper.owner, None, 0);
        for lane in 0..LANES {
            let producer = keeper.producer(lane);
            keeper.producers.push(producer);
        }
        keeper.await_begun();
        keeper
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(self.account.memory.clone())
    }

    pub(crate) fn put_in(&self, lane: usize) -> u64 {
        self.view.lane(lane).items
    }

    /// Starts a daemon that finds how things stand.
    pub(crate) fn restart_daemon(&mut self) {
        self.daemon = Worker::start("daemon");
        self.brief_daemon();
    }

    fn brief_daemon(&mut self) {
        let regions = self.lanes.iter().map(Vec::len).collect();
        let mut descriptors = vec![self.control.writer().as_fd()];
        descriptors.extend(self.lanes.iter().flatten().map(|region| region.writer().as_fd()));
        descriptors.extend(self.pages.iter().map(|page| page.writer().as_fd()));
        self.daemon.tell(&Order::Keep { regions }, &descriptors);
        parcel::receive::<Done>(&self.daemon.socket).expect("a message").expect("it lives");
    }

    pub(crate) fn restart_producer(&mut self, lane: usize) {
        self.producers[lane] = self.producer(lane);
    }

    fn producer(&self, lane: usize) -> Worker {
        let worker = Worker::start("producer");
        let wanted = self.view.want().epoch;
        let known = self.pages.iter().position(|page| epoch_of(page) == wanted);
        let known = known.expect("the page of the current epoch is kept");
        let mut descriptors =
            vec![self.control.reader().as_fd(), self.pages[known].reader().as_fd()];
        descriptors.extend(self.lanes[lane].iter().map(|region| region.writer().as_fd()));
        worker.tell(&Order::Produce { lane }, &descriptors);
        for page in &self.pages[known + 1..] {
            worker.tell(&Order::Page, &[page.reader().as_fd()]);
        }
        worker
    }

    fn brief_owner(&self, worker: &Worker, before: Option<usize>, page: usize) {
        let regions = self.lanes.iter().map(Vec::len).collect();
        let mut descriptors = vec![
            self.control.reader().as_fd(),
            self.account.writer().as_fd(),
            self.pages[page].writer().as_fd(),
        ];
        descriptors.extend(before.map(|before| self.pages[before].reader().as_fd()));
        descriptors.extend(self.lanes.iter().flatten().map(|region| region.reader().as_fd()));
        worker.tell(&Order::Own { has_before: before.is_some(), regions }, &descriptors);
    }

    /// The first half of a change: an heir knows what it needs to know, and so do the
    /// producers. A daemon that dies meanwhile is replaced.
    pub(crate) fn prepare(&mut self) {
        let page = Segment::page(Sharing::Processes).expect("memory");
        while !self.ask(&Order::Prepare, &[page.writer().as_fd()]) {
            self.restart_daemon();
        }
        self.pages.push(page);
        let newest = self.pages.len() - 1;
        let heir = Worker::start("owner");
        self.brief_owner(&heir, Some(newest - 1), newest);
        for producer in &self.producers {
            producer.tell(&Order::Page, &[self.pages[newest].reader().as_fd()]);
        }
        self.heir = Some(heir);
    }

    /// Tells the daemon to raise the epoch, and does not wait for it.
    pub(crate) fn raise(&mut self) {
        self.daemon.tell(&Order::Raise { owner: 2 }, &[]);
        self.daemon.unanswered.update(|count| count + 1);
    }

    /// Makes sure that the epoch is raised.
    pub(crate) fn ensure_raised(&mut self) {
        let newest = epoch_of(self.pages.last().expect("there is one"));
        self.revive_daemon();
        while self.view.want().epoch != newest {
            if !self.ask(&Order::Raise { owner: 2 }, &[]) {
                self.restart_daemon();
            }
        }
        let pages = self.pages.iter().map(|page| page.memory.clone()).collect();
        self.reopen(pages);
    }

    pub(crate) fn take_over(&mut self) {
        while !self.ask(&Order::TakeOver, &[]) {
            self.restart_daemon();
        }
    }

    /// Waits until the owner of the current epoch has begun, unless `is_over`.
    pub(crate) fn await_begun(&self) {
        let start = Instant::now();
        while !self.view.has_begun() {
            assert!(start.elapsed() < PATIENCE, "an owner does not begin: {}", self.describe());
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.view.has_begun()
    }

    /// How things stand, for whoever has to find out why they do not go on.
    pub(crate) fn describe(&self) -> String {
        use std::sync::atomic::Ordering::SeqCst;
        use swell_fifo::layout::page;
        use swell_fifo::shared::Shared;
        let mut text = format!("wanted {:?}, under way {}", self.view.want(), self.heir.is_some());
        for one in &self.pages {
            let word = |at| one.memory.load(at, SeqCst);
            text += &format!(
                "\n  epoch {}: opened {}, released {}, given {}, items {}",
                word(page::EPOCH),
                word(page::OPENED),
                word(page::RELEASED),
                word(page::GIVEN),
                word(page::ITEMS),
            );
        }
        text
    }

    pub(crate) fn is_released(&self) -> bool {
        self.view.is_released()
    }

    /// The heir is the owner now; what is read to its end goes.
    pub(crate) fn settle(&mut self) -> Option<Worker> {
        let heir = self.heir.take()?;
        let old = std::mem::replace(&mut self.owner, heir);
        let old_pages = self.pages.len() - 1;
        self.pages.drain(..old_pages);
        let pages = self.pages.iter().map(|page| page.memory.clone()).collect();
        self.reopen(pages);
        self.restart_daemon();
        Some(old)
    }

    /// A lane goes on in a region of another size. Owners hear of it first.
    pub(crate) fn resize(&mut self, lane: usize, bytes: usize) {
        let count = self.view.retire(lane).len();
        self.lanes[lane].drain(..count);
        if self.lanes[lane].len() > 4 {
            return;
        }
        let next = region_of(bytes);
        // What the daemon formats, and a daemon started later must not format again.
        while !self.ask(&Order::Extend { lane }, &[next.writer().as_fd()]) {
            self.restart_daemon();
        }
        for owner in [Some(&self.owner), self.heir.as_ref()].into_iter().flatten() {
            owner.tell(&Order::Region { lane }, &[next.reader().as_fd()]);
        }
        self.producers[lane].tell(&Order::Region { lane }, &[next.writer().as_fd()]);
        self.lanes[lane].push(next);
        let pages = self.pages.iter().map(|page| page.memory.clone()).collect();
        self.reopen(pages);
        self.restart_daemon();
    }

    fn reopen(&mut self, pages: Vec<Mapping>) {
        let memory = |lane: &Vec<Segment>| lane.iter().map(|one| one.memory.clone()).collect();
        let lanes = self.lanes.iter().map(memory).collect();
        self.view = Fifo::reopen(self.control.memory.clone(), lanes, pages).expect("sound");
    }

    fn revive_daemon(&mut self) {
        if self.daemon.has_ended() {
            self.restart_daemon();
        }
    }

    /// Tells the daemon to do something and waits until it is done; false if it died.
    fn ask(&self, order: &Order, descriptors: &[BorrowedFd<'_>]) -> bool {
        if parcel::send(&self.daemon.socket, order, descriptors).is_err() {
            return false;
        }
        self.daemon.unanswered.update(|count| count + 1);
        while self.daemon.unanswered.get() > 0 {
            match parcel::receive::<Done>(&self.daemon.socket) {
                Ok(Some(_)) => self.daemon.unanswered.update(|count| count - 1),
                Ok(None) | Err(_) => return false,
            }
        }
        true
    }
}

fn region_of(bytes: usize) -> Segment {
    Segment::new("region", region::DATA + bytes).expect("memory")
}

fn epoch_of(page: &Segment) -> u32 {
    swell_fifo::segment::read_page(&page.memory).expect("the daemon prepared it")
}

const _: () = assert!(account::SIZE == PAGE);
