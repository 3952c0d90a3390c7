//! What a node of a site must not forget: who it is, or, at the seat, whom it invited.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use swell_api::site_joining::{Capacity, Pem};
use swell_api::site_nodes::NodeInvitation;

use crate::sites::identity::FOLDER;

/// The nodes of a site that has others besides the one with its seat: kept with the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatKept {
    /// Its certificate among the nodes of the site.
    pub certificate: Pem,
    /// Where others reach it.
    pub at: String,
    /// Who was invited, each with the number by which it was known when it first reported.
    pub nodes: BTreeMap<String, Option<u64>>,
}

impl SeatKept {
    /// Whether a node that drew that number is the one of that name: an invitation is for one
    /// machine, and the first that reports with it is the one, for good.
    pub fn is(&self, node: &str, lot: u64) -> bool {
        let known = self.nodes.get(node);
        known.is_some_and(|known| known.is_none_or(|known| known == lot))
    }
}

/// Who a node is that has not the seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberKept {
    /// What it was invited with.
    pub invitation: NodeInvitation,
    /// What it can bear.
    pub capacity: Capacity,
    /// The address or name of its machine for others, where it is not the one it listens at.
    pub address: Option<String>,
    /// Where others reach it.
    pub at: String,
    /// The number that it drew when it joined: by it the seat knows it again.
    pub lot: u64,
    /// How much the seat knew whose order it carried out last: it follows none that knows less.
    pub index: u64,
}

/// Something that is kept in the data folder of a node.
pub trait Kept: Serialize + DeserializeOwned {
    /// The file.
    fn path(data: &Path) -> PathBuf;

    /// What an earlier run kept; nothing if there is nothing.
    fn load(data: &Path) -> io::Result<Option<Self>> {
        match fs::read(Self::path(data)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps it, where only the owner of the node can read it: there are keys in it.
    fn save(&self, data: &Path) -> io::Result<()> {
        let path = Self::path(data);
        let folder = path.parent().expect("it lies in a folder");
        fs::create_dir_all(folder)?;
        let beside = path.with_extension("new");
        let mut options = File::options();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(beside, &path)?;
        File::open(folder)?.sync_all()
    }

    /// Forgets it.
    fn forget(data: &Path) -> io::Result<()> {
        match fs::remove_file(Self::path(data)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Kept for SeatKept {
    fn path(data: &Path) -> PathBuf {
        data.join(FOLDER).join("nodes.json")
    }
}

impl Kept for MemberKept {
    fn path(data: &Path) -> PathBuf {
        data.join("site-node.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_first_reports_with_an_invitation_is_the_node_after_a_restart_of_the_seat_too() {
        let certificate = Pem { certificate: String::new(), key: String::new() };
        let nodes = [("attic".to_string(), None), ("cellar".to_string(), Some(7))].into();
        let kept = SeatKept { certificate, at: String::new(), nodes };
        let bytes = serde_json::to_vec(&kept).expect("it is plain data");
        let kept: SeatKept = serde_json::from_slice(&bytes).expect("it is whole");
        for (node, lot, expected) in
            [("attic", 1, true), ("cellar", 7, true), ("cellar", 8, false), ("loft", 7, false)]
        {
            assert_eq!(kept.is(node, lot), expected, "{node} {lot}");
        }
    }
}
