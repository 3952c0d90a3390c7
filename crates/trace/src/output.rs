//! Where do the bytes of a written trace go?
//!
//! To a file, packed when its name ends in `.gz`. Every failure names the file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::TraceError;

/// A file being written.
pub struct Output {
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    Plain(BufWriter<File>),
    Packed(Box<GzEncoder<BufWriter<File>>>),
}

impl Output {
    /// Creates the file, or empties it.
    pub fn create(path: &Path) -> Result<Self, TraceError> {
        let failed = |source| TraceError::Io { action: "create", path: path.to_path_buf(), source };
        let file = BufWriter::with_capacity(1 << 16, File::create(path).map_err(failed)?);
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let sink = match packed {
            true => Sink::Packed(Box::new(GzEncoder::new(file, Compression::default()))),
            false => Sink::Plain(file),
        };
        Ok(Self { path: path.to_path_buf(), sink })
    }

    /// Writes a line; its end is added.
    pub fn line(&mut self, text: &str) -> Result<(), TraceError> {
        let sink: &mut dyn Write = match &mut self.sink {
            Sink::Plain(file) => file,
            Sink::Packed(file) => file,
        };
        let written = sink.write_all(text.as_bytes()).and_then(|()| sink.write_all(b"\n"));
        written.map_err(|source| self.failed(source))
    }

    /// Writes what is left. A file that is dropped instead is not complete.
    pub fn finish(self) -> Result<PathBuf, TraceError> {
        let Self { path, sink } = self;
        let done = match sink {
            Sink::Plain(mut file) => file.flush(),
            Sink::Packed(file) => file.finish().and_then(|mut file| file.flush()),
        };
        match done {
            Ok(()) => Ok(path),
            Err(source) => Err(TraceError::Io { action: "write", path, source }),
        }
    }

    fn failed(&self, source: std::io::Error) -> TraceError {
        TraceError::Io { action: "write", path: self.path.clone(), source }
    }
}

/// The files of a trace share a beginning: `out/day.gz` becomes `out/day.functions.csv.gz`
/// and so on, `out/day.csv` becomes `out/day.functions.csv`.
pub fn beside(target: &Path, ending: &str) -> PathBuf {
    let text = target.file_name().map(|name| name.to_string_lossy().into_owned());
    let text = text.unwrap_or_default();
    let (stem, packed) = match text.strip_suffix(".gz") {
        Some(stem) => (stem, ".gz"),
        None => (text.as_str(), ""),
    };
    let stem = stem.strip_suffix(".csv").or_else(|| stem.strip_suffix(".jsonl")).unwrap_or(stem);
    target.with_file_name(format!("{stem}{ending}{packed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_a_beginning() {
        for (target, ending, expected) in [
            ("out/day", ".functions.csv", "out/day.functions.csv"),
            ("out/day.gz", ".functions.csv", "out/day.functions.csv.gz"),
            ("day.csv.gz", "_inv.csv", "day_inv.csv.gz"),
            ("day.jsonl", ".jsonl", "day.jsonl"),
        ] {
            assert_eq!(beside(Path::new(target), ending), Path::new(expected));
        }
    }

    #[test]
    fn refusals_name_the_file() {
        let error = Output::create(Path::new("/nowhere/x.csv")).err().unwrap().to_string();
        assert!(error.contains("cannot create `/nowhere/x.csv`"), "{error}");
    }
}
