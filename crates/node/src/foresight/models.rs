//! Models on the disk, by their generations, each taken whole or not at all.
//!
//! A model is written beside its place and moved there, so a power cut leaves the old one or
//! the new one. What is damaged, or was written by another version, is refused with a reason
//! and left where it lies until a new one takes its place.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use swell_forecast::catalogue::{Entry, entries};
use swell_forecast::forecaster::Model;

/// The method of models.
pub const METHOD: &str = "hybrid";
/// The folder of models in the data folder.
pub const FOLDER: &str = "models";
const PREFIX: &str = "model-";
const SUFFIX: &str = ".swellfc";
/// The largest file that is read as a model.
const BYTES_MAX: u64 = 256 << 20;

/// The folder.
#[derive(Debug, Clone)]
pub struct Models {
    folder: PathBuf,
}

impl Models {
    /// The models in a data folder.
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join(FOLDER) }
    }

    /// Where a model lies.
    pub fn path(&self, generation: u64) -> PathBuf {
        self.folder.join(format!("{PREFIX}{generation}{SUFFIX}"))
    }

    /// Takes a model of `method`, or says why it is not to be had.
    pub fn take(&self, generation: u64, method: &Entry) -> Result<Box<dyn Model>, String> {
        let path = self.path(generation);
        let refused = |why: String| format!("`{}` is not taken: {why}", path.display());
        let known = fs::metadata(&path).map_err(|error| refused(error.to_string()))?;
        let length = known.len();
        if length > BYTES_MAX {
            return Err(refused(format!("it has {length} bytes, and no model of ours has")));
        }
        let bytes = fs::read(&path).map_err(|error| refused(error.to_string()))?;
        method.forecaster.read(&bytes).map_err(|error| refused(error.to_string()))
    }

    /// Keeps a model.
    pub fn keep(&self, generation: u64, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(generation);
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Why each of those models is not taken that are not.
    pub fn damaged(&self, method: &Entry) -> Vec<String> {
        let all = self.generations().into_iter();
        all.filter_map(|generation| self.take(generation, method).err()).collect()
    }

    fn generations(&self) -> Vec<u64> {
        let Ok(files) = fs::read_dir(&self.folder) else { return Vec::new() };
        let names = files.flatten().map(|file| file.file_name());
        let numbers = names.filter_map(|name| {
            name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok()
        });
        numbers.collect()
    }

    /// Lets go of all models but some, as far as the disk allows.
    pub fn keep_only(&self, held: &[u64]) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.flatten() {
            let name = file.file_name();
            let Some(middle) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            let generation = middle.split('.').next().and_then(|number| number.parse().ok());
            if generation.is_none_or(|generation| !held.contains(&generation)) {
                // What stays is tried again next time.
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// A method of the catalogue.
pub fn method(name: &str) -> Entry {
    let found = entries().find(|entry| entry.name == name);
    found.expect("who asks names a method of the catalogue")
}

#[cfg(test)]
mod tests {
    use swell_forecast::forecaster::Budget;
    use swell_forecast::panel::Panel;

    use super::*;

    #[test]
    fn a_model_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let models = Models::of(folder.path());
        let ses = method("ses");
        assert!(models.take(1, &ses).is_err(), "there is none");
        let panel = Panel::new(Vec::new(), 12);
        let fit = |name: &str| method(name).forecaster.fit(&panel.before(0), &Budget::FULL, 1);
        let bytes = fit("ses").to_bytes();
        models.keep(1, &bytes).expect("it is kept");
        models.keep(2, &bytes).expect("it is kept");
        assert!(models.take(1, &ses).is_ok());
        models.keep_only(&[2]);
        assert!(models.take(1, &ses).is_err() && models.take(2, &ses).is_ok());
        for (hurt, words) in [
            (bytes[..bytes.len() - 1].to_vec(), "cut short or damaged"),
            (b"something else".to_vec(), "no checkpoint"),
            (fit("tsb").to_bytes(), "holds"),
        ] {
            models.keep(2, &hurt).expect("it is written");
            let why = models.take(2, &ses).err().expect("it is refused");
            assert!(why.contains(words) && why.contains("model-2"), "{why}");
        }
    }
}
