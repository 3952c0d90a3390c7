//! What a node opens before it serves.

use std::fs;
use std::io;
use std::path::Path;

use swell_core::journal_format::Header;
use swell_core::settings::SiteSettings;
use swell_core::units::Bytes;

use crate::live::hands::PROGRAM;
use crate::live::recorder::Recorder;
use crate::settings::NodeSettings;

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
