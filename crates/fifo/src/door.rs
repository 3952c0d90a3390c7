//! The daemon's door: a Unix socket in the file system that native processes connect to.
//!
//! Messages are datagrams of a sequenced socket (see [`parcel`](crate::parcel)). A path that is
//! too long for a socket's address is reached through its folder's descriptor.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect, listen,
    socket_with,
};
use rustix::time::Timespec;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 64;

/// Opens the door at `path`, with these permissions from the first moment. A door that a daemon
/// left behind there is replaced.
pub fn open(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags(true), None)?;
    // It gets its name once its permissions are right, so nobody slips in before.
    let mut early = path.as_os_str().to_owned();
    early.push(".new");
    let early = Path::new(&early);
    match fs::remove_file(early) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    at(early, |address| bind(&socket, address))?;
    fs::set_permissions(early, Permissions::from_mode(mode))?;
    listen(&socket, BACKLOG)?;
    fs::rename(early, path)?;
    Ok(socket)
}

/// Takes one connection; an error of the kind `WouldBlock` says there is none.
pub fn accept(door: impl AsFd) -> io::Result<OwnedFd> {
    Ok(accept_with(door, flags(true))?)
}

/// Connects to a daemon's door.
pub fn knock(path: &Path) -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags(true), None)?;
    at(path, |address| connect(&socket, address))?;
    Ok(socket)
}

/// Whether the door at `path` was mounted there by itself, as into a container: the next daemon
/// opens another, which such a mount does not lead to.
pub fn is_mounted_alone(path: &Path) -> bool {
    let about = statx(CWD, path, AtFlags::empty(), StatxFlags::TYPE);
    about.is_ok_and(|about| about.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Waits until a message, or the end, can be received; false once `limit` is over.
pub fn wait_readable(socket: impl AsFd, limit: Duration) -> io::Result<bool> {
    let limit = Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    match poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&limit)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn flags(is_nonblocking: bool) -> SocketFlags {
    let flags = SocketFlags::CLOEXEC;
    if is_nonblocking { flags | SocketFlags::NONBLOCK } else { flags }
}

/// Does something with the address of a path, however long that is.
fn at(
    path: &Path,
    mut act: impl FnMut(&SocketAddrUnix) -> rustix::io::Result<()>,
) -> io::Result<()> {
    match SocketAddrUnix::new(path) {
        Ok(address) => Ok(act(&address)?),
        Err(Errno::NAMETOOLONG) => {
            let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(Errno::NAMETOOLONG.into());
            };
            let folder = File::open(folder)?;
            let short = format!("/proc/self/fd/{}", folder.as_raw_fd());
            Ok(act(&SocketAddrUnix::new(Path::new(&short).join(name))?)?)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the test can write");
        folder
    }

    #[cfg_attr(miri, ignore = "there is no kernel")]
    #[test]
    fn a_new_door_replaces_an_old_one_and_long_paths_work() {
        let deep = folder("swell-door").join("d".repeat(120));
        fs::create_dir_all(&deep).expect("the test can write");
        let path = deep.join("flow.sock");
        for _ in 0..2 {
            let door = open(&path, 0o600).expect("it opens, also over an old one");
            let mode = fs::metadata(&path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let ours = knock(&path).expect("it is open");
            let theirs = accept(&door).expect("somebody knocked");
            assert!(!is_mounted_alone(&path));
            parcel::send(&ours, &7u32, &[]).expect("it is sent");
            assert!(wait_readable(&theirs, Duration::from_secs(5)).expect("it can be waited for"));
            let (seven, _) = parcel::try_receive::<u32>(&theirs).expect("fine").expect("a message");
            assert_eq!(seven, 7);
        }
        fs::remove_dir_all(folder("swell-door")).expect("it is ours");
    }
}
