//! The node's door for native processes: a Unix socket in its data folder.
//!
//! Its sockets are sequenced, which the runtime has no name for. It holds them as datagram
//! sockets, of which only their readiness is asked here.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio_util::sync::CancellationToken;

use swell_fifo::door;
use swell_fifo::handshake::{Refused, Told};
use swell_fifo::parcel;

use crate::flow::flows::Flows;
use crate::native::session;

/// The name of the socket in the data folder.
pub const FILE: &str = "flow.sock";
/// Processes that can be connected at a time.
const SESSIONS_MAX: usize = 256;
/// The pause after a connection could not be taken, for want of descriptors say.
const PAUSE: Duration = Duration::from_millis(100);

/// The door, open from the start of the node to its end.
pub struct Door {
    socket: UnixDatagram,
    path: PathBuf,
    group_too: bool,
    flows: Arc<Flows>,
}

impl Door {
    /// Opens the door at `path`; `group_too` lets in who runs as the node's group.
    pub fn open(path: &Path, group_too: bool, flows: Arc<Flows>) -> io::Result<Self> {
        let socket = door::open(path, if group_too { 0o660 } else { 0o600 })?;
        Ok(Self { socket: held(socket)?, path: path.to_path_buf(), group_too, flows })
    }

    /// Lets processes in until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let numbers = AtomicU64::new(1);
        let count = Arc::new(AtomicUsize::new(0));
        loop {
            let socket = tokio::select! {
                socket = self.next() => socket,
                () = stop.cancelled() => break,
            };
            let socket = match socket {
                Ok(socket) => socket,
                Err(error) => {
                    tracing::warn!(%error, "a native process could not connect");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if count.fetch_add(1, Ordering::Relaxed) >= SESSIONS_MAX {
                count.fetch_sub(1, Ordering::Relaxed);
                let why = format!("{SESSIONS_MAX} processes are connected already");
                let _ = parcel::send(&socket, &Told::Refused { code: Refused::NoRoom, why }, &[]);
                continue;
            }
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let (flows, group_too, count) = (self.flows.clone(), self.group_too, count.clone());
            tokio::spawn(async move {
                session::serve(flows, number, socket, group_too).await;
                count.fetch_sub(1, Ordering::Relaxed);
            });
        }
        // A node that comes up meanwhile has put its own in this place, at worst.
        let _ = fs::remove_file(&self.path);
    }

    async fn next(&self) -> io::Result<UnixDatagram> {
        held(self.socket.async_io(Interest::READABLE, || door::accept(&self.socket)).await?)
    }
}

/// The same socket, held by the runtime.
fn held(socket: OwnedFd) -> io::Result<UnixDatagram> {
    UnixDatagram::from_std(std::os::unix::net::UnixDatagram::from(socket))
}
