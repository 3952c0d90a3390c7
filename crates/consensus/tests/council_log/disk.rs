//! A disk that fails as disks do: what was not synced may be lost, in part or whole, in any
//! selection; writes tear at sectors; from some moment on everything is an error.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use rand::{Rng, RngExt};
use redb::StorageBackend;

/// What is written or not, never in part.
const SECTOR: usize = 512;

/// The platters, which outlive every handle.
#[derive(Debug, Default)]
struct Platters {
    synced: Vec<u8>,
    current: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
    life: u64,
    /// The power goes after so many further operations.
    power_goes_after: Option<u64>,
}

/// A disk, of which there is one handle per life.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    platters: Arc<Mutex<Platters>>,
}

/// What a program holds of it until the power goes.
#[derive(Debug)]
pub(crate) struct Handle {
    platters: Arc<Mutex<Platters>>,
    life: u64,
}

impl Disk {
    pub(crate) fn handle(&self) -> Handle {
        Handle { platters: Arc::clone(&self.platters), life: self.platters.lock().life }
    }

    /// After so many operations every further one is an error.
    pub(crate) fn power_goes_after(&self, operations: u64) {
        self.platters.lock().power_goes_after = Some(operations);
    }

    /// The power goes, and comes back: handles are dead, and of what was not synced some sectors
    /// are there and some are not.
    pub(crate) fn power_cut(&self, rng: &mut impl Rng) {
        let mut platters = self.platters.lock();
        platters.life += 1;
        platters.power_goes_after = None;
        let mut left = std::mem::take(&mut platters.synced);
        for (offset, bytes) in std::mem::take(&mut platters.unsynced) {
            let end = offset + bytes.len();
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                if rng.random_bool(0.5) {
                    left.resize(left.len().max(end), 0);
                    let at = offset + number * SECTOR;
                    left[at..at + sector.len()].copy_from_slice(sector);
                }
            }
        }
        platters.current.clone_from(&left);
        platters.synced = left;
    }

    /// The program is killed: handles are dead, and what it wrote is there.
    pub(crate) fn killed(&self) {
        let mut platters = self.platters.lock();
        platters.life += 1;
        platters.power_goes_after = None;
    }

    /// Flips a bit.
    pub(crate) fn rot(&self, at: usize, bit: u8) {
        let mut platters = self.platters.lock();
        platters.synced[at] ^= 1 << bit;
        platters.current[at] ^= 1 << bit;
    }

    /// Cuts it to a length.
    pub(crate) fn cut(&self, length: usize) {
        let mut platters = self.platters.lock();
        platters.synced.truncate(length);
        platters.current.truncate(length);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.platters.lock().current.clone()
    }
}

impl Handle {
    fn on<T>(&self, act: impl FnOnce(&mut Platters) -> io::Result<T>) -> io::Result<T> {
        let mut platters = self.platters.lock();
        if platters.life != self.life || platters.power_goes_after == Some(0) {
            return Err(io::Error::other("the disk does not answer"));
        }
        if let Some(left) = &mut platters.power_goes_after {
            *left -= 1;
        }
        act(&mut platters)
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        self.on(|platters| Ok(platters.current.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.on(|platters| {
            let start = usize::try_from(offset).expect("small");
            let bytes = platters.current.get(start..start + out.len());
            out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.on(|platters| {
            // Journalled by the file system: it is there whatever happens.
            let length = usize::try_from(length).expect("small");
            platters.current.resize(length, 0);
            platters.synced.resize(length, 0);
            platters.unsynced.retain(|(offset, bytes)| offset + bytes.len() <= length);
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.on(|platters| {
            platters.unsynced.clear();
            let current = platters.current.clone();
            platters.synced = current;
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.on(|platters| {
            let start = usize::try_from(offset).expect("small");
            platters.current[start..start + data.len()].copy_from_slice(data);
            platters.unsynced.push((start, data.to_vec()));
            Ok(())
        })
    }
}
