//! Memory with a descriptor: made by the daemon, handed to others, gone with its last user.
//!
//! Three steps make it safe to hand to strangers. Seals forbid changing its size, so nobody
//! can make another's access fault. Mode 0600 forbids a stranger to open a read-only
//! descriptor once more for writing, which a new memfd's mode would allow. And readers get a
//! descriptor that was opened for reading only, which the kernel refuses to map writable.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{
    MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate,
    memfd_create,
};

/// Makes `size` bytes of zeros.
pub fn create(name: &str, size: usize) -> io::Result<OwnedFd> {
    let fd = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&fd, size as u64)?;
    fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    fchmod(&fd, Mode::RUSR | Mode::WUSR)?;
    Ok(fd)
}

/// A second descriptor of the same memory that can only be read.
pub fn reader(fd: impl AsFd) -> io::Result<OwnedFd> {
    // The one way to reopen a memfd with another access; it needs the rights of its maker.
    let path = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
    Ok(File::open(path)?.into())
}

/// How many bytes a descriptor that was received holds. Refuses what is not sealed: its
/// sender could take the memory away under a reader.
pub fn sealed_size(fd: impl AsFd) -> io::Result<usize> {
    let seals = fcntl_get_seals(&fd)?;
    if !seals.contains(SealFlags::SHRINK | SealFlags::GROW) {
        let why = "the memory is not sealed against changes of its size";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let size = fstat(&fd)?.st_size;
    usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}
