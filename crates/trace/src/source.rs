//! Where do the bytes of a trace come from, and how are they cut into lines?
//!
//! A source is a file or bytes in memory, plain or gzip: the first two bytes tell, not
//! the name, since people rename files. It can be opened any number of times, because
//! traces longer than memory are read again for each pass. Lines are bounded, so that no
//! file, however broken, makes a reader grow.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use crate::error::TraceError;

/// Longest line in bytes: fifty times the widest real one (1440 counts).
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// One file of a trace.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Memory(Arc<Cow<'static, [u8]>>),
}

impl Source {
    /// A file, named in messages as the user named it.
    pub fn file(path: &Path) -> Self {
        let name = path.display().to_string().into();
        Self { name, origin: Origin::File(path.to_path_buf()) }
    }

    /// Bytes in memory, with the name that messages use.
    pub fn memory(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { name: name.into(), origin: Origin::Memory(Arc::new(bytes.into())) }
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts reading from the first line.
    pub fn lines(&self) -> Result<Lines, TraceError> {
        let raw: Box<dyn Read + Send> = match &self.origin {
            Origin::File(path) => {
                let failed = |source| TraceError::Io { action: "open", path: path.clone(), source };
                let file = File::open(path).map_err(failed)?;
                if !file.metadata().map_err(failed)?.is_file() {
                    return Err(TraceError::Format(format!(
                        "`{}` is not a regular file; a trace is read more than once, so save it to a file first",
                        self.name
                    )));
                }
                Box::new(file)
            }
            Origin::Memory(bytes) => Box::new(Cursor::new(SharedBytes(Arc::clone(bytes)))),
        };
        let mut reader = BufReader::with_capacity(1 << 16, raw);
        let start = reader.fill_buf().map_err(|source| self.unreadable(source))?;
        let reader: Box<dyn BufRead + Send> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Lines { source: self.clone(), reader, used: 0, pieces: Vec::new(), number: 0 })
    }

    fn unreadable(&self, source: std::io::Error) -> TraceError {
        TraceError::Io { action: "read", path: PathBuf::from(&*self.name), source }
    }
}

/// Lets a cursor walk over shared bytes.
struct SharedBytes(Arc<Cow<'static, [u8]>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The lines of one source, one at a time.
pub struct Lines {
    source: Source,
    reader: Box<dyn BufRead + Send>,
    /// What of the reader's buffer was handed out and is to be passed over.
    used: usize,
    /// A line that the reader's buffer holds only in parts.
    pieces: Vec<u8>,
    number: u64,
}

impl Lines {
    /// The next line that is not blank, without its end; `None` at the end of the file.
    pub fn advance(&mut self) -> Result<Option<&[u8]>, TraceError> {
        let (whole, start, end) = loop {
            let Some((whole, length)) = self.find()? else { return Ok(None) };
            self.number += 1;
            let line = if whole { peek(&mut self.reader, &self.source)? } else { &self.pieces };
            let line = &line[..length];
            // Spreadsheets begin a text file with a byte order mark.
            let marked = self.number == 1 && line.starts_with(b"\xef\xbb\xbf");
            let start = if marked { 3 } else { 0 };
            let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
            match end {
                Some(end) if end >= start => break (whole, start, end + 1),
                _ => {}
            }
        };
        let line = if whole { peek(&mut self.reader, &self.source)? } else { &self.pieces };
        Ok(Some(&line[start..end]))
    }

    /// Finds the end of the next line: whether it stands whole in the reader's buffer (and
    /// not in `pieces`), and its length.
    fn find(&mut self) -> Result<Option<(bool, usize)>, TraceError> {
        self.reader.consume(std::mem::take(&mut self.used));
        self.pieces.clear();
        loop {
            let buffer = peek(&mut self.reader, &self.source)?;
            let found = memchr::memchr(b'\n', buffer);
            let length = found.map_or(buffer.len(), |at| at + 1);
            if self.pieces.len() + length > LINE_BYTES_MAX {
                return Err(TraceError::Format(format!(
                    "`{}` line {} is longer than {LINE_BYTES_MAX} bytes; is it a table of text?",
                    self.source.name,
                    self.number + 1
                )));
            }
            if found.is_some() && self.pieces.is_empty() {
                self.used = length;
                return Ok(Some((true, length)));
            }
            self.pieces.extend_from_slice(&buffer[..length]);
            self.reader.consume(length);
            if found.is_some() || length == 0 {
                let length = self.pieces.len();
                return Ok((length > 0).then_some((false, length)));
            }
        }
    }

    /// The line last returned by [`Lines::advance`], counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of the source.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// A letter about the line last returned.
    pub fn broken(&self, column: &str, found: &[u8], expected: &str) -> TraceError {
        broken(self.name(), self.number, column, found, expected)
    }
}

/// What the reader has at hand; nothing at the end.
fn peek<'a>(
    reader: &'a mut Box<dyn BufRead + Send>,
    source: &Source,
) -> Result<&'a [u8], TraceError> {
    reader.fill_buf().map_err(|error| source.unreadable(error))
}

/// A letter about `column` of a line.
pub fn broken(file: &str, line: u64, column: &str, found: &[u8], expected: &str) -> TraceError {
    let text = String::from_utf8_lossy(&found[..found.len().min(160)]);
    let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    let found = match (found.is_empty(), text.chars().count() > 40) {
        (true, _) => "nothing".to_string(),
        (_, true) => format!("`{shown}...`"),
        (_, false) => format!("`{shown}`"),
    };
    let (file, column) = (file.to_string(), column.to_string());
    TraceError::Row { file, line, column, found, expected: expected.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> Result<Vec<String>, TraceError> {
        let mut lines = Source::memory("m", bytes).lines()?;
        let mut out = Vec::new();
        while let Some(line) = lines.advance()? {
            let line = String::from_utf8_lossy(line).into_owned();
            out.push(format!("{}:{line}", lines.number()));
        }
        Ok(out)
    }

    #[test]
    fn lines_are_cut() {
        for (text, expected) in [
            ("", vec![]),
            ("a\nb", vec!["1:a", "2:b"]),
            ("\u{feff}a\r\n\r\n\nb\r\n", vec!["1:a", "4:b"]),
        ] {
            assert_eq!(read(text.into()).unwrap(), expected);
        }
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zip.write_all(b"a\nb\n").unwrap();
        let bytes = zip.finish().unwrap();
        assert_eq!(read(bytes.clone()).unwrap(), ["1:a", "2:b"]);
        assert!(read(bytes[..bytes.len() - 9].to_vec()).is_err());
    }

    #[test]
    fn endless_lines_are_refused() {
        assert!(read(vec![b'x'; LINE_BYTES_MAX]).is_ok());
        let error = read(vec![b'x'; LINE_BYTES_MAX + 1]).unwrap_err().to_string();
        assert!(error.contains("line 1 is longer"), "{error}");
    }

    #[test]
    fn found_text_is_short_and_printable() {
        for (found, expected) in
            [(&b""[..], "nothing"), (b"a\0b", "`a\\0b`"), (&[b'x'; 99], "`xxxxxxxxxx")]
        {
            let text = broken("f", 3, "c", found, "a number").to_string();
            assert!(text.contains(expected) && text.contains("`f` line 3, column `c`"), "{text}");
        }
    }

    #[test]
    fn lines_may_span_buffers() {
        let long = "x".repeat(200_000);
        let text = format!("a\n{long}\nb\n{long}");
        let lines = read(text.into_bytes()).unwrap();
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [3, 200_002, 3, 200_002]);
    }
}
