//! Journals as files: packed where the name says so, read whatever the name says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use swell_core::journal_format::{Header, VERSION};
use swell_core::settings::SiteSettings;
use swell_journal::error::JournalError;
use swell_journal::reader::JournalReader;
use swell_journal::writer::JournalWriter;

use crate::error::Letter;
use crate::say::say;

/// This program, as its journals name it.
pub const PROGRAM: &str = concat!("swell ", env!("CARGO_PKG_VERSION"));

/// How every gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A journal that is being written to a file.
pub type Recording = JournalWriter<Sink>;

/// The bytes of a journal on their way into a file.
pub enum Sink {
    /// As they are.
    Plain(BufWriter<File>),
    /// Packed.
    Packed(Box<GzEncoder<BufWriter<File>>>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(file) => file.write(bytes),
            Sink::Packed(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(file) => file.flush(),
            Sink::Packed(file) => file.flush(),
        }
    }
}

/// Begins a journal of a site with these settings.
pub fn create(path: &Path, settings: SiteSettings) -> Result<Recording, Letter> {
    let begin = || {
        let file = BufWriter::new(File::create(path)?);
        let packed = path.extension().is_some_and(|ending| ending == "gz");
        let sink = match packed {
            true => Sink::Packed(Box::new(GzEncoder::new(file, Compression::fast()))),
            false => Sink::Plain(file),
        };
        JournalWriter::new(sink, &Header { program: PROGRAM.to_string(), settings })
    };
    begin().map_err(|error| Letter::unwritable(path, &error))
}

/// Ends a journal; tells on the standard error that it was written.
pub fn finish(path: &Path, recording: Recording) -> Result<(), Letter> {
    let end = || match recording.finish()?.0 {
        Sink::Plain(mut file) => file.flush(),
        Sink::Packed(file) => file.finish()?.flush(),
    };
    end().map_err(|error| Letter::unwritable(path, &error))?;
    say(format!("wrote {}", path.display()));
    Ok(())
}

/// Opens a journal, packed or not.
pub fn open(path: &Path) -> Result<JournalReader<Box<dyn Read>>, Letter> {
    let begin = || {
        let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
        let packed = file.fill_buf()?.starts_with(&GZIP);
        let source: Box<dyn Read> = match packed {
            true => Box::new(MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        Ok(source)
    };
    let source = begin().map_err(|error| unreadable(path, JournalError::Io(error)))?;
    JournalReader::new(source).map_err(|error| unreadable(path, error))
}

/// Why a journal cannot be read, and what to do.
pub fn unreadable(path: &Path, error: JournalError) -> Letter {
    let letter = Letter::failed(format!("cannot read `{}`: {error}", path.display()));
    match error {
        JournalError::Foreign => letter.hint(
            "journals are written by `swell sim keepalive ... --journal FILE`; a trace is looked \
             at with `swell trace inspect`",
        ),
        JournalError::Newer { .. } => {
            letter.hint(format!("this is {PROGRAM}, which reads formats up to {VERSION}"))
        }
        JournalError::Cut { .. } => letter.hint(
            "the program that wrote it was ended, or the file was not copied whole; record or \
             copy it again",
        ),
        JournalError::Broken { .. } => letter.hint("copy it again, or record the run again"),
        JournalError::Io(_) => letter,
    }
}
