//! What the kernel refuses to those who were handed descriptors of shared memory.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{MemfdFlags, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::io::Errno;

use swell_fifo::mapping::Mapping;
use swell_fifo::memfd::{create, reader};
use swell_fifo::shared::Shared;

const SIZE: usize = 4096;
const NOBODY: u32 = 65_534;

/// Has somebody else write through the descriptor that it got, opened once more; whether that went.
fn reopened_by_a_stranger(fd: OwnedFd) -> bool {
    // Appending neither makes nor shortens anything, so seals alone do not stop it.
    let mut stranger = Command::new("/bin/sh");
    stranger.args(["-c", "exec 3>>/proc/self/fd/0"]).stdin(fd).uid(NOBODY).gid(NOBODY);
    stranger.output().expect("a shell").status.success()
}

#[test]
fn a_stranger_cannot_make_a_writer_of_a_reader() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only root can become somebody else");
        return;
    }
    let memory = create("test", SIZE).expect("memory");
    let mode = fstat(&memory).expect("it is there").st_mode & 0o7777;
    assert_eq!(mode, 0o600, "{mode:o}");
    assert!(!reopened_by_a_stranger(reader(&memory).expect("a reader")));
    // As the kernel makes them, strangers could: so it is the mode that this test looks at.
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let open = memfd_create("test", flags).expect("memory");
    ftruncate(&open, SIZE as u64).expect("a size");
    assert!(reopened_by_a_stranger(reader(&open).expect("a reader")), "this shell cannot tell");
}

#[test]
fn a_reader_cannot_be_mapped_for_writing() {
    let memory = create("test", SIZE).expect("memory");
    let reader = reader(&memory).expect("a reader");
    let refused = Mapping::writable(&reader).map(|_| ()).expect_err("it is for reading");
    assert_eq!(Errno::from_io_error(&refused), Some(Errno::ACCESS));
    let mapped = Mapping::readable(&reader).expect("for reading it is");
    assert_eq!(mapped.size(), SIZE);
}

#[test]
fn nobody_changes_the_size_of_memory_that_others_map() {
    let memory = create("test", SIZE).expect("memory");
    for size in [0, SIZE / 2, SIZE * 2] {
        assert_eq!(ftruncate(&memory, size as u64), Err(Errno::PERM), "{size} bytes");
    }
    let seals = fcntl_get_seals(&memory).expect("it has seals");
    assert!(seals.contains(rustix::fs::SealFlags::SEAL), "seals could be added");
}

#[test]
fn memory_that_its_sender_could_take_away_is_refused() {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let unsealed = memfd_create("test", flags).expect("memory");
    ftruncate(&unsealed, SIZE as u64).expect("a size");
    for mapped in [Mapping::readable(&unsealed), Mapping::writable(&unsealed)] {
        let refused = mapped.map(|_| ()).expect_err("it is not sealed");
        assert!(refused.to_string().contains("not sealed"), "{refused}");
    }
    let empty = create("test", 0).expect("memory");
    assert!(Mapping::readable(&empty).is_err(), "nothing cannot be mapped");
}
