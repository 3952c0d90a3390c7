//! A witness beside the log: how many writes it has confirmed.
//!
//! After a crash the store goes back to its last whole write, which is right if that write was
//! not confirmed, and would be a silent loss if it was. The witness tells the two apart, and an
//! old copy of a log from the log. It is written after each confirmed write and not waited for,
//! so it costs nothing; a power cut may leave it behind the log, and then it proves less. It
//! never claims more than was confirmed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

/// The witness.
#[derive(Debug)]
pub struct Witness {
    file: File,
}

impl Witness {
    /// The witness in that file, and what it testifies to; nothing if it is new or torn.
    pub fn open(path: &Path) -> io::Result<(Self, Option<u64>)> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = [0; 16];
        let seen = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => testimony(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok((Self { file }, seen))
    }

    /// So many writes are confirmed.
    pub fn testify(&self, writes: u64) -> io::Result<()> {
        let count = writes.to_le_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&count);
        bytes[8..].copy_from_slice(&xxh3_64(&count).to_le_bytes());
        self.file.write_all_at(&bytes, 0)
    }

    /// Waits until what was testified so far is on disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn testimony(bytes: &[u8; 16]) -> Option<u64> {
    let (count, checksum) = bytes.split_first_chunk::<8>()?;
    (xxh3_64(count).to_le_bytes() == checksum).then(|| u64::from_le_bytes(*count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_testified_is_found_again_unless_torn() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("witness");
        let (witness, seen) = Witness::open(&path).expect("it opens");
        assert_eq!(seen, None);
        witness.testify(77).expect("it is written");
        let (witness, seen) = Witness::open(&path).expect("it opens");
        assert_eq!(seen, Some(77));
        witness.file.write_all_at(&[1], 3).expect("it is hurt");
        assert_eq!(Witness::open(&path).expect("it opens").1, None);
    }
}
