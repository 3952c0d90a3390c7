//! Compiled code on disk: found by what it was compiled from and for, never believed
//! blindly.
//!
//! Loading machine code is as good as running it. What this relies on: the folder belongs
//! to the node alone (it is made with mode 0700), files in it are written by this program
//! only, whole or not at all, and each is held against the checksum in its own name before
//! it is loaded, so that a disk's mistakes are noticed and compiled away. The engine
//! refuses what another version or another configuration of it wrote.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::wasm::loaded::Compiled;

static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// A folder of compiled code.
#[derive(Debug, Clone)]
pub(crate) struct Artifacts {
    folder: PathBuf,
}

impl Artifacts {
    /// Opens the folder, and makes it if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    /// The name of what `engine` makes of the code with this digest.
    pub(crate) fn key(engine: &Engine, digest: &str) -> String {
        let mut compatibility = Xxh3::new();
        engine.precompile_compatibility_hash().hash(&mut compatibility);
        let mut name = Sha256::new();
        name.update(compatibility.finish().to_le_bytes());
        name.update(digest.as_bytes());
        name.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Loads what was compiled before; nothing if there is none or it is damaged.
    pub(crate) fn load(&self, engine: &Engine, key: &str, component: bool) -> Option<Compiled> {
        let path = self.find(key)?;
        let loaded = verify(&path).then(|| deserialize(engine, &path, component));
        match loaded {
            Some(Ok(compiled)) => Some(compiled),
            _ => {
                // It will be written anew; a leftover is only ignored again.
                let _ = fs::remove_file(path);
                None
            }
        }
    }

    /// Keeps what was compiled.
    pub(crate) fn save(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.folder.join(key);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let path = folder.join(format!("{:016x}.cwasm", xxh3_64(bytes)));
        // Two may keep the same at once; each has a draft of its own.
        let count = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = folder.join(format!("{}-{count}.draft", std::process::id()));
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| fs::rename(&draft, path)) {
            let _ = fs::remove_file(draft);
            return Err(error);
        }
        Ok(())
    }

    /// Each key has a folder of its own: finding it takes as long among ten thousand.
    fn find(&self, key: &str) -> Option<PathBuf> {
        let entries = fs::read_dir(self.folder.join(key)).ok()?;
        let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        paths.find(|path| path.extension().is_some_and(|ending| ending == "cwasm"))
    }
}

/// Whether a file is what its name says.
fn verify(path: &Path) -> bool {
    let Some(sum) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 256 << 10];
    let Ok(mut file) = File::open(path) else { return false };
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return format!("{:016x}", hasher.digest()) == sum,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(_) => return false,
        }
    }
}

#[expect(unsafe_code, reason = "the engine cannot know who wrote what it loads; see above")]
fn deserialize(engine: &Engine, path: &Path, component: bool) -> wasmtime::Result<Compiled> {
    if component {
        // SAFETY: `path` lies in a folder of ours that nobody else writes, was written by
        // `save` from the output of the engine's own compiler, and its checksum was just
        // found right. The engine refuses code of other versions and configurations.
        unsafe { Component::deserialize_file(engine, path) }.map(Compiled::Component)
    } else {
        // SAFETY: as above.
        unsafe { Module::deserialize_file(engine, path) }.map(Compiled::Module)
    }
}
