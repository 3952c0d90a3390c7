//! Where code lies: a file per content, named by its digest, in the folder `code`.
//!
//! An upload goes to a file of its own while its digest is computed, and gets its name
//! when all of it is on the disk; a file with a name is therefore whole. Code that no
//! version names goes, but not in its first hour: uploading and deploying are two requests.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use swell_api::function::Code;
use swell_sandbox::body::BodyError;

use crate::store::error::StoreError;

/// What a digest begins with.
const ALGORITHM: &str = "sha256:";

/// How long code stays that no version names.
pub const UNNAMED_KEPT: Duration = Duration::from_secs(3600);

/// Code by digest.
#[derive(Debug)]
pub struct CodeFolder {
    folder: PathBuf,
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is longer than allowed.
    #[error("the code is longer than the {limit} bytes that are allowed")]
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// Nothing came.
    #[error("the code is empty")]
    Empty,
    /// The connection broke.
    #[error("the upload broke off: {0}")]
    Broken(String),
    /// The disk did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CodeFolder {
    /// The folder `code` in a data folder, made if there is none. Uploads that a former run
    /// left unfinished are removed, so the data folder must be this process's own: open the
    /// store first.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let folder = data.join("code");
        let told = |error: io::Error| StoreError::io(&folder, &error);
        fs::create_dir_all(&folder).map_err(told)?;
        for entry in fs::read_dir(&folder).map_err(told)? {
            let path = entry.map_err(told)?.path();
            if path.extension().is_some_and(|ending| ending == "upload") {
                fs::remove_file(&path).map_err(told)?;
            }
        }
        Ok(Self { folder })
    }

    /// Where code of this digest lies or would lie; none for what is no digest.
    pub fn path(&self, digest: &str) -> Option<PathBuf> {
        hexadecimal(digest).map(|digits| self.folder.join(format!("{digits}.wasm")))
    }

    /// The length of the code of this digest, if it is here.
    pub fn bytes(&self, digest: &str) -> Option<u64> {
        let found = fs::metadata(self.path(digest)?).ok()?;
        found.is_file().then(|| found.len())
    }

    /// Whether code of this digest is here.
    pub fn knows(&self, digest: &str) -> bool {
        self.bytes(digest).is_some()
    }

    /// Takes an upload of at most `limit` bytes.
    pub async fn receive<B>(&self, body: B, limit: u64) -> Result<Code, ReceiveError>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BodyError>,
    {
        let upload = Upload { path: self.folder.join(format!("{}.upload", uuid::Uuid::new_v4())) };
        let told = |error: io::Error| StoreError::io(&upload.path, &error);
        let mut file = tokio::fs::File::create_new(&upload.path).await.map_err(told)?;
        let (mut hasher, mut bytes) = (Sha256::new(), 0);
        let mut body = pin!(body);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ReceiveError::Broken(error.into().to_string()))?;
            let Ok(chunk) = frame.into_data() else { continue };
            bytes += chunk.len() as u64;
            if bytes > limit {
                return Err(ReceiveError::TooLarge { limit });
            }
            hasher.update(&chunk);
            file.write_all(&chunk).await.map_err(told)?;
        }
        if bytes == 0 {
            return Err(ReceiveError::Empty);
        }
        // What was written so far may wait in the handle; a full disk shows here at the latest.
        file.flush().await.map_err(told)?;
        file.sync_all().await.map_err(told)?;
        drop(file);
        let digest = format!("{ALGORITHM}{}", digits(&hasher.finalize()));
        let path = self.path(&digest).expect("it was made here");
        tokio::fs::rename(&upload.path, &path).await.map_err(told)?;
        let folder = tokio::fs::File::open(&self.folder).await.map_err(told)?;
        folder.sync_all().await.map_err(told)?;
        Ok(Code { digest, bytes })
    }

    /// Removes code that is not among `named` and was there before `before`. What cannot be
    /// removed is left for the next time. Returns how many went.
    pub fn collect(&self, named: &HashSet<String>, before: SystemTime) -> usize {
        let Ok(entries) = fs::read_dir(&self.folder) else { return 0 };
        let mut gone = 0;
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(digest) = digest_of(&path) else { continue };
            let modified = entry.metadata().and_then(|found| found.modified());
            let old = modified.is_ok_and(|modified| modified < before);
            if old && !named.contains(&digest) && fs::remove_file(&path).is_ok() {
                gone += 1;
            }
        }
        gone
    }
}

/// An unfinished upload: the file goes with it, unless it got its name.
struct Upload {
    path: PathBuf,
}

impl Drop for Upload {
    fn drop(&mut self) {
        // There is none any longer after the upload got its name.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether this is the form of a digest: `sha256:` and 64 hexadecimal digits, in lower case.
pub fn is_digest(text: &str) -> bool {
    hexadecimal(text).is_some()
}

fn hexadecimal(digest: &str) -> Option<&str> {
    let digits = digest.strip_prefix(ALGORITHM)?;
    let fine = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (digits.len() == 64 && digits.bytes().all(fine)).then_some(digits)
}

fn digest_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".wasm")?;
    Some(format!("{ALGORITHM}{name}")).filter(|digest| is_digest(digest))
}

fn digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let both = |byte: &u8| [byte >> 4, byte & 15].map(|digit| DIGITS[digit as usize] as char);
    bytes.iter().flat_map(both).collect()
}
