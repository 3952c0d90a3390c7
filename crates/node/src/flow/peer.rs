//! Who is at the other end of the node's socket, as the kernel noted when it connected.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net;

use rustix::process::{getegid, geteuid};
use tokio::net::{UnixDatagram, UnixStream};

/// A process that connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The process; none where its number means nothing here, as it runs in a container beside
    /// or around that of the node.
    pub(crate) pid: Option<u32>,
    /// The user it runs as, and its group, as this process knows them.
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Peer {
    /// Who is at the other end of this socket.
    pub(crate) fn of(socket: &UnixDatagram) -> io::Result<Self> {
        // Processes of other namespaces are number 0 here, which the runtime can say. It asks of
        // streams only, and the kernel does not mind.
        let copy = socket.as_fd().try_clone_to_owned()?;
        let credentials = UnixStream::from_std(net::UnixStream::from(copy))?.peer_cred()?;
        let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
        Ok(Self { pid: pid.filter(|&pid| pid > 0), uid: credentials.uid(), gid: credentials.gid() })
    }

    /// Whether this peer may connect to a node of this process's user: the same user and root
    /// may, and where `group_too` whoever runs as the node's group.
    pub(crate) fn is_permitted(self, group_too: bool) -> bool {
        let is_user = self.uid == 0 || self.uid == geteuid().as_raw();
        is_user || group_too && self.gid == getegid().as_raw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_not_permitted() {
        let stranger = Peer { pid: None, uid: 4_000_000, gid: 4_000_000 };
        assert!(!stranger.is_permitted(false) && !stranger.is_permitted(true));
        assert!(Peer { uid: 0, ..stranger }.is_permitted(false));
        let group = Peer { gid: getegid().as_raw(), ..stranger };
        assert!(group.is_permitted(true));
        assert_eq!(group.is_permitted(false), geteuid().as_raw() == 4_000_000);
    }

    #[tokio::test]
    async fn a_process_of_the_same_namespace_is_known_by_its_number() {
        let (ours, _theirs) = UnixDatagram::pair().expect("a pair");
        let peer = Peer::of(&ours).expect("the kernel knows");
        assert_eq!(peer.pid, Some(std::process::id()));
        assert!(peer.is_permitted(false));
    }
}
