//! What a site keeps to start the workloads of another without it: their settings and their code,
//! as they were when it was last asked.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use swell_outlook::naming::workload_id;

use crate::sites::bundle::Bundle;

/// The folder, in that of the site.
const FOLDER: &str = "standby";

/// The folder of what is kept for others.
#[derive(Debug, Clone)]
pub struct Standby {
    folder: PathBuf,
}

impl Standby {
    /// The folder in that of a site.
    pub fn new(site: &Path) -> Self {
        Self { folder: site.join(FOLDER) }
    }

    /// What is kept of a workload.
    pub fn bundle(&self, workload: &str) -> Option<Bundle> {
        serde_json::from_slice(&fs::read(self.of(workload)).ok()?).ok()
    }

    /// Keeps what a workload is; its code first.
    pub fn keep(&self, workload: &str, bundle: &Bundle) -> io::Result<()> {
        if self.bundle(workload).as_ref() == Some(bundle) {
            return Ok(());
        }
        self.write(&self.of(workload), &serde_json::to_vec(bundle)?)
    }

    /// Code that is kept, by digest.
    pub fn code(&self, digest: &str) -> Option<PathBuf> {
        let digits = digest.strip_prefix("sha256:")?;
        let is_digest = digits.len() == 64 && digits.bytes().all(|it| it.is_ascii_hexdigit());
        is_digest.then(|| self.folder.join(format!("{digits}.wasm")))
    }

    /// Keeps code.
    pub fn keep_code(&self, digest: &str, bytes: &[u8]) -> io::Result<()> {
        match self.code(digest) {
            Some(path) => self.write(&path, bytes),
            None => Err(io::Error::other("it is no digest")),
        }
    }

    /// The file of a workload; names of workloads are names of nothing else here.
    fn of(&self, workload: &str) -> PathBuf {
        self.folder.join(format!("{:08x}.json", workload_id(workload).0))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let beside = path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(beside, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_no_path_is_made_of_a_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let standby = Standby::new(folder.path());
        let bundle = Bundle { functions: vec![], flows: vec![], stores: vec![] };
        assert_eq!(standby.bundle("shop"), None);
        standby.keep("shop", &bundle).expect("it is kept");
        assert_eq!(standby.bundle("shop"), Some(bundle));
        let digest = format!("sha256:{}", "a".repeat(64));
        standby.keep_code(&digest, b"code").expect("it is kept");
        let path = standby.code(&digest).expect("it is a digest");
        assert_eq!(fs::read(path).expect("it is there"), b"code");
        for odd in ["", "sha256:", "sha256:../../etc/passwd", &"a".repeat(64)] {
            assert_eq!(standby.code(odd), None, "{odd}");
        }
    }
}
