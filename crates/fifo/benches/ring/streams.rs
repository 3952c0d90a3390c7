//! What the kernel has always had: a pipe and a Unix stream socket in each direction.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use crate::end::{End, Wait};

pub(crate) struct Pipe {
    read: File,
    write: File,
    size: usize,
}

impl End for Pipe {
    fn create(size: usize, _wait: Wait) -> (Self, Vec<OwnedFd>) {
        let (forth_read, forth_write) = rustix::pipe::pipe().expect("a pipe");
        let (back_read, back_write) = rustix::pipe::pipe().expect("a pipe");
        let end = Self { read: back_read.into(), write: forth_write.into(), size };
        (end, vec![forth_read, back_write])
    }

    fn join(size: usize, _wait: Wait, mut descriptors: Vec<OwnedFd>) -> Self {
        let (write, read) = (descriptors.remove(1).into(), descriptors.remove(0).into());
        Self { read, write, size }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).expect("the other end is there");
    }

    fn receive(&mut self, into: &mut Vec<u8>) {
        into.resize(self.size, 0);
        self.read.read_exact(into).expect("the other end is there");
    }
}

pub(crate) struct Socket {
    stream: UnixStream,
    size: usize,
}

impl End for Socket {
    fn create(size: usize, _wait: Wait) -> (Self, Vec<OwnedFd>) {
        let (stream, theirs) = UnixStream::pair().expect("a pair");
        (Self { stream, size }, vec![theirs.into()])
    }

    fn join(size: usize, _wait: Wait, mut descriptors: Vec<OwnedFd>) -> Self {
        Self { stream: descriptors.remove(0).into(), size }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the other end is there");
    }

    fn receive(&mut self, into: &mut Vec<u8>) {
        into.resize(self.size, 0);
        self.stream.read_exact(into).expect("the other end is there");
    }
}
