//! Who this node is among sites, kept in its data folder: certificates, addresses, capacity.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use swell_api::site_joining::{Capacity, Pem, SiteContact};

/// The folder of a site within the data folder of its node.
pub const FOLDER: &str = "site";
/// The file in it.
const FILE: &str = "identity.json";

/// Who this node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The cluster.
    pub cluster: String,
    /// Where this site is found; its name is its name in the cluster.
    pub contact: SiteContact,
    /// The address or name of its machine for others, where it is not the one it listens at.
    #[serde(default)]
    pub address: Option<String>,
    /// What it can bear.
    pub capacity: Capacity,
    /// Length of a slot in milliseconds, where this site founded the cluster.
    pub slot_ms: Option<u64>,
    /// The certificate of the cluster's authority.
    pub authority: String,
    /// The key of the authority, at the site that founded the cluster.
    pub authority_key: Option<String>,
    /// For the resource channel.
    pub resource: Pem,
    /// For state monitoring.
    pub state: Pem,
    /// For items of flows.
    #[serde(default)]
    pub flow: Option<Pem>,
    /// What calls that sites pass on to each other are sealed with.
    #[serde(default)]
    pub seal_key: String,
    /// Sites that were there when it joined.
    pub contacts: Vec<SiteContact>,
    /// The number that it drew when it was made a site: by it the others know it again.
    pub lot: u64,
    /// Which of the methods of forecasting it believes, by name; none: the usual ones.
    #[serde(default)]
    pub method: Option<String>,
    /// Whether its log and its fence were begun: from then on they must be there.
    #[serde(default)]
    pub begun: bool,
}

impl Identity {
    /// What an earlier run kept; nothing if this node is no site.
    pub fn load(data: &Path) -> io::Result<Option<Self>> {
        match fs::read(path(data)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether this node is a site, by what it kept; who it is may not be readable.
    pub fn is_kept(data: &Path) -> bool {
        path(data).exists()
    }

    /// Keeps it, where only the owner of the node can read it: there are keys in it.
    pub fn save(&self, data: &Path) -> io::Result<()> {
        let path = path(data);
        fs::create_dir_all(data.join(FOLDER))?;
        let beside = path.with_extension("new");
        let mut options = File::options();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(beside, path)?;
        File::open(data.join(FOLDER))?.sync_all()
    }

    /// Forgets it: this node is no site any more.
    pub fn forget(data: &Path) -> io::Result<()> {
        fs::remove_dir_all(data.join(FOLDER))
    }
}

fn path(data: &Path) -> PathBuf {
    data.join(FOLDER).join(FILE)
}
