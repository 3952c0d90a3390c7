//! What a site must not forget over a restart: its fence, which workloads it
//! has run, and where other sites are.
//!
//! One small file, written whole beside the old one, synced and put in its place, so that it is
//! the old or the new one whenever the power goes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use swell_core::council::fence::Fence;
use swell_core::council::words::{Epoch, WorkloadId};

use swell_outlook::board::Contact;

/// The file of what the monitor learned. It is a help and no promise: a damaged one is left out.
const MEMORY: &str = "monitor.bin";

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Content {
    fence: Fence,
    ours: BTreeSet<WorkloadId>,
    contacts: BTreeSet<Contact>,
}

/// The file.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    content: Content,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The epoch is over.
    #[error("epoch {0:?} of the workload is over")]
    Fenced(Epoch),
    /// It is gone.
    #[error(
        "`{0}` is gone, though this site began it, and with it what has been moved away for good: \
         bring it back as it was, and no older one; or let the site leave (`swell site leave \
         --forget`), remove it at another one (`swell site remove`), and invite it anew"
    )]
    Missing(PathBuf),
    /// The disk.
    #[error("cannot keep what this site must not forget in `{path}`: {error}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Kept {
    /// Opens the file of a folder, or begins it if it `was_begun` never before. A damaged one is
    /// refused, and so is a lost one: a fence that forgets is none.
    pub fn open(folder: &Path, was_begun: bool) -> Result<Self, KeptError> {
        let path = folder.join("fence.json");
        let disk = |error: io::Error| KeptError::Disk { path: path.clone(), error };
        let content = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| disk(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && was_begun => {
                return Err(KeptError::Missing(path));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let begun = Self { path: path.clone(), content: Content::default() };
                begun.write(&begun.content).map_err(disk)?;
                return Ok(begun);
            }
            Err(error) => return Err(disk(error)),
        };
        Ok(Self { path, content })
    }

    /// Lets an action of an epoch through, on disk, and nothing of an earlier one any more.
    pub fn pass(&mut self, workload: WorkloadId, epoch: Epoch) -> Result<(), KeptError> {
        let mut next = self.content.clone();
        next.fence.pass(workload, epoch).map_err(|fenced| KeptError::Fenced(fenced.highest))?;
        self.put(next)
    }

    /// This site runs a workload, or did: what it may stop one day.
    pub fn own(&mut self, workload: WorkloadId) -> Result<(), KeptError> {
        let mut next = self.content.clone();
        next.ours.insert(workload);
        self.put(next)
    }

    /// It has stopped it.
    pub fn disown(&mut self, workload: WorkloadId) -> Result<(), KeptError> {
        let mut next = self.content.clone();
        next.ours.remove(&workload);
        self.put(next)
    }

    /// What it runs or did.
    pub fn ours(&self) -> &BTreeSet<WorkloadId> {
        &self.content.ours
    }

    /// Sites that were heard of, each once.
    pub fn contacts(&self) -> &BTreeSet<Contact> {
        &self.content.contacts
    }

    /// A site was heard of, or is found elsewhere than before.
    pub fn meet(&mut self, contact: &Contact) -> Result<(), KeptError> {
        let mut next = self.content.clone();
        next.contacts.retain(|known| known.name != contact.name);
        next.contacts.insert(contact.clone());
        self.put(next)
    }

    /// What the monitor had learned, if it was kept.
    pub fn memory(&self) -> Option<Vec<u8>> {
        fs::read(self.path.with_file_name(MEMORY)).ok()
    }

    /// Where that is kept.
    pub fn memory_place(&self) -> PathBuf {
        self.path.with_file_name(MEMORY)
    }

    fn put(&mut self, next: Content) -> Result<(), KeptError> {
        if next == self.content {
            return Ok(());
        }
        self.write(&next).map_err(|error| KeptError::Disk { path: self.path.clone(), error })?;
        self.content = next;
        Ok(())
    }

    fn write(&self, content: &Content) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let bytes = serde_json::to_vec(content)?;
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        // The name itself is kept by its folder.
        self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_survives_a_restart_and_refuses_to_be_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let shop = WorkloadId(1);
        let mut kept = Kept::open(folder.path(), false).expect("nothing is there");
        kept.pass(shop, Epoch(3)).expect("it is the first");
        kept.own(shop).expect("the disk works");
        let mut kept = Kept::open(folder.path(), true).expect("it was written");
        assert!(matches!(kept.pass(shop, Epoch(2)), Err(KeptError::Fenced(Epoch(3)))));
        kept.pass(shop, Epoch(3)).expect("the same passes");
        assert!(kept.ours().contains(&shop));
        fs::write(folder.path().join("fence.json"), b"{").expect("a folder");
        assert!(Kept::open(folder.path(), true).is_err());
        fs::remove_file(folder.path().join("fence.json")).expect("it is there");
        let lost = Kept::open(folder.path(), true).expect_err("it was there");
        assert!(lost.to_string().contains("swell site leave --forget"), "{lost}");
    }
}
