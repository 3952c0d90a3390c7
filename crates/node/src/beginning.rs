//! What a node opens before it serves.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use swell_core::journal_format::Header;
use swell_core::settings::SiteSettings;
use swell_core::units::Bytes;

use crate::live::hands::PROGRAM;
use crate::live::recorder::Recorder;
use crate::settings::NodeSettings;
use crate::store::error::StoreError;
use crate::store::functions::Store;

/// Begins the journal; a node that cannot keep one says so and serves all the same.
pub(crate) fn journal(
    settings: &NodeSettings,
    site: &SiteSettings,
    since_ms: u64,
) -> Option<Recorder> {
    let most = settings.journal_bytes_max;
    if most == Bytes::ZERO {
        return None;
    }
    let header = Header { program: PROGRAM.to_string(), settings: site.clone() };
    let folder = settings.data.join("journal");
    match Recorder::begin(&folder, since_ms, most.get(), &header) {
        Ok(journal) => Some(journal),
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "cannot keep a journal");
            None
        }
    }
}

/// Makes the folder that only its owner may enter.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// How long the node that had the folder before may take to let go of it.
const LETTING_GO_MAX: Duration = Duration::from_secs(3);
const LETTING_GO_GLANCE: Duration = Duration::from_millis(20);

/// Opens the store. A node that is started as another one ends, by whoever supervises them,
/// waits for it a moment.
pub(crate) async fn store(folder: &Path) -> Result<Store, StoreError> {
    let until = Instant::now() + LETTING_GO_MAX;
    loop {
        match Store::open(folder) {
            Err(StoreError::Locked { .. }) if Instant::now() < until => {
                tokio::time::sleep(LETTING_GO_GLANCE).await;
            }
            opened => return opened,
        }
    }
}
