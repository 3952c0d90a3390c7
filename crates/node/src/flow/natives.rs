//! Native processes that take part in a flow just now, over the node's socket.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::net::UnixDatagram;
use tokio_util::sync::CancellationToken;

use swell_api::flow::{Ack, FlowNative, FlowSpec};
use swell_fifo::handshake::{Keeping, Refused, Role, Told};
use swell_fifo::parcel;

use crate::flow::peer::Peer;

/// What a flow promises, in the words of the handshake.
pub(crate) fn keeping(spec: &FlowSpec) -> Keeping {
    match spec.ack {
        Ack::Consume => Keeping::Consume,
        Ack::Append => Keeping::Append,
    }
}

/// A process that takes part.
pub(crate) struct Native {
    /// Nobody else ever has it.
    pub(crate) number: u64,
    /// With the `native:` before it.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) peer: Peer,
    pub(crate) since: Instant,
    pub(crate) socket: Arc<UnixDatagram>,
    /// Items it put in, or was done with.
    pub(crate) items: AtomicU64,
    /// Told to end; also where it ended by itself.
    pub(crate) over: CancellationToken,
    /// It has gone, and what it put in is on its way into the flow still.
    pub(crate) has_left: AtomicBool,
    why: Mutex<Option<(Refused, String)>>,
}

impl Native {
    pub(crate) fn new(
        number: u64,
        name: String,
        role: Role,
        peer: Peer,
        socket: Arc<UnixDatagram>,
    ) -> Self {
        Self {
            number,
            name,
            role,
            peer,
            since: Instant::now(),
            socket,
            items: AtomicU64::new(0),
            over: CancellationToken::new(),
            has_left: AtomicBool::new(false),
            why: Mutex::new(None),
        }
    }

    /// Sends it something. A process that does not take what it is sent takes no part: false.
    pub(crate) fn tell(&self, told: &Told, descriptors: &[&OwnedFd]) -> bool {
        let descriptors: Vec<_> = descriptors.iter().map(|one| one.as_fd()).collect();
        parcel::send(&*self.socket, told, &descriptors).is_ok()
    }

    /// Ends its part, with a reason it is told.
    pub(crate) fn evict(&self, code: Refused, why: String) {
        self.why.lock().get_or_insert((code, why));
        self.over.cancel();
    }

    /// Ends its part as if the node went: if it is only slow, it connects anew when it goes on.
    pub(crate) fn part(&self) {
        self.tell(&Told::Closing, &[]);
        self.over.cancel();
    }

    /// Why it was ended, if it was.
    pub(crate) fn why(&self) -> Option<(Refused, String)> {
        self.why.lock().clone()
    }
}

/// All processes that take part in a flow.
#[derive(Default)]
pub(crate) struct Natives(Mutex<Vec<Arc<Native>>>);

impl Natives {
    /// Lets a process take part; not if another has its name and role.
    pub(crate) fn add(&self, native: &Arc<Native>) -> bool {
        let mut all = self.0.lock();
        if all.iter().any(|one| one.name == native.name && one.role == native.role) {
            return false;
        }
        all.push(native.clone());
        true
    }

    /// Whether the one that has this name and role has gone, and only its items are left.
    pub(crate) fn has_left(&self, name: &str, role: Role) -> bool {
        let all = self.0.lock();
        let mut same = all.iter().filter(|one| one.name == name && one.role == role);
        same.any(|one| one.has_left.load(Ordering::Relaxed))
    }

    pub(crate) fn remove(&self, number: u64) {
        self.0.lock().retain(|one| one.number != number);
    }

    /// The consumer of this name.
    pub(crate) fn consumer(&self, name: &str) -> Option<Arc<Native>> {
        let all = self.0.lock();
        let found = all
            .iter()
            .find(|one| one.role == Role::Consumer && one.name == name && !one.over.is_cancelled());
        found.cloned()
    }

    /// The number that the kernel gave the process of this name, in whichever role, if it means
    /// anything here.
    pub(crate) fn process(&self, name: &str) -> Option<u32> {
        let all = self.0.lock();
        all.iter().filter(|one| one.name == name).find_map(|one| one.peer.pid)
    }

    /// The numbers that the kernel gave those of them that are known by one.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.0.lock().iter().filter_map(|one| one.peer.pid).collect()
    }

    /// The process with this number.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Native>> {
        self.0.lock().iter().find(|one| one.number == number).cloned()
    }

    /// Waits until all have left, for a while: they were told to.
    pub(crate) async fn gone(&self, limit: Duration) {
        let until = Instant::now() + limit;
        while !self.0.lock().is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// All of them as they are shown; `owner` is the number of the one that owns the flow.
    pub(crate) fn shown(&self, owner: Option<u64>) -> Vec<FlowNative> {
        let all = self.0.lock();
        let shown = all.iter().map(|one| FlowNative {
            name: one.name.clone(),
            role: match one.role {
                Role::Producer => "producer".to_string(),
                Role::Consumer => "consumer".to_string(),
            },
            owns: owner == Some(one.number),
            pid: one.peer.pid,
            uid: one.peer.uid,
            connected_ms: u64::try_from(one.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            items: one.items.load(Ordering::Relaxed),
        });
        shown.collect()
    }
}
