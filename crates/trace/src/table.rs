//! How is a CSV table read by the names of its columns?
//!
//! The public traces order their columns differently (invitro puts the function first,
//! Azure last), so readers ask by name and extra columns are ignored. Quoted fields are
//! understood; a field never spans lines. There is no general CSV library here because a
//! line of 1440 counts is best walked once, byte by byte, under a bound.

use crate::error::TraceError;
use crate::number;
use crate::source::{Lines, Source, broken};

/// A table being read: its header and the row it stands on.
pub struct Table {
    lines: Lines,
    columns: Vec<String>,
    fields: Fields,
}

/// The fields of a line: text, and where in it each stands.
#[derive(Default)]
struct Fields {
    text: Vec<u8>,
    places: Vec<(u32, u32)>,
}

/// A column of a [`Table`], by position.
pub type Column = usize;

impl Table {
    /// Opens the source and reads its header.
    pub fn open(source: &Source) -> Result<Self, TraceError> {
        let mut lines = source.lines()?;
        let header = lines.advance()?.ok_or_else(|| {
            TraceError::Format(format!(
                "`{}` is empty, expected a table with a header",
                source.name()
            ))
        })?;
        let columns = header_names(header);
        Ok(Self { lines, columns, fields: Fields::default() })
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The position of a column, where the table has it.
    pub fn find(&self, name: &str) -> Option<Column> {
        self.columns.iter().position(|column| column.eq_ignore_ascii_case(name))
    }

    /// The position of a column that the format promises.
    pub fn column(&self, name: &str) -> Result<Column, TraceError> {
        self.find(name).ok_or_else(|| {
            TraceError::Format(format!(
                "`{}` has no column `{name}` in its header",
                self.lines.name()
            ))
        })
    }

    /// Steps to the next row. `Ok(None)` is the end; a row with too few or too many
    /// fields is an error after which reading may go on.
    pub fn advance(&mut self) -> Result<Option<()>, TraceError> {
        let Some(line) = self.lines.advance()? else {
            return Ok(None);
        };
        self.fields.split(line);
        let count = self.fields.places.len();
        if count == self.columns.len() {
            return Ok(Some(()));
        }
        let found = format!("{count} fields");
        let expected = format!("{} as in the header", self.columns.len());
        Err(self.lines.broken("all", found.as_bytes(), &expected))
    }

    /// What stands in a column of this row.
    pub fn field(&self, column: Column) -> &[u8] {
        self.fields.get(column)
    }

    /// A name: text, at least one character.
    pub fn name(&self, column: Column) -> Result<&str, TraceError> {
        let field = self.field(column);
        match std::str::from_utf8(field) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(self.broken(column, "a name in UTF-8")),
        }
    }

    /// A whole number.
    pub fn whole(&self, column: Column) -> Result<u64, TraceError> {
        number::whole(self.field(column))
            .ok_or_else(|| self.broken(column, "a whole number from 0"))
    }

    /// A number from 0, times ten to the power `scale`.
    pub fn scaled(&self, column: Column, scale: u32, what: &str) -> Result<u64, TraceError> {
        number::scaled(self.field(column), scale).ok_or_else(|| self.broken(column, what))
    }

    /// A number from 0.
    pub fn real(&self, column: Column, what: &str) -> Result<f64, TraceError> {
        number::real(self.field(column)).ok_or_else(|| self.broken(column, what))
    }

    /// A letter about this row.
    pub fn broken(&self, column: Column, expected: &str) -> TraceError {
        self.broken_as(column, self.field(column), expected)
    }

    /// A letter about this row that shows `found` in place of the field.
    pub fn broken_as(&self, column: Column, found: &[u8], expected: &str) -> TraceError {
        let (file, line) = (self.lines.name(), self.lines.number());
        broken(file, line, &self.columns[column], found, expected)
    }
}

/// The names in a header line.
pub fn header_names(line: &[u8]) -> Vec<String> {
    let mut fields = Fields::default();
    fields.split(line);
    let name = |column| String::from_utf8_lossy(fields.get(column).trim_ascii()).into_owned();
    (0..fields.places.len()).map(name).collect()
}

impl Fields {
    fn get(&self, column: Column) -> &[u8] {
        let (start, end) = self.places[column];
        &self.text[start as usize..end as usize]
    }

    /// Cuts a line at its commas.
    fn split(&mut self, line: &[u8]) {
        self.text.clear();
        self.places.clear();
        if memchr::memchr(b'"', line).is_some() {
            return self.split_quoted(line);
        }
        self.text.extend_from_slice(line);
        let mut start = 0;
        for end in memchr::memchr_iter(b',', line) {
            self.places.push((start, end as u32));
            start = end as u32 + 1;
        }
        self.places.push((start, line.len() as u32));
    }

    fn split_quoted(&mut self, line: &[u8]) {
        let mut quoted = false;
        let mut start = 0;
        let mut bytes = line.iter().peekable();
        while let Some(&byte) = bytes.next() {
            match byte {
                b'"' if quoted && bytes.peek() == Some(&&b'"') => {
                    self.text.push(b'"');
                    bytes.next();
                }
                b'"' => quoted = !quoted,
                b',' if !quoted => {
                    self.places.push((start, self.text.len() as u32));
                    start = self.text.len() as u32;
                }
                _ => self.text.push(byte),
            }
        }
        self.places.push((start, self.text.len() as u32));
    }
}

/// A field as it must be written so that it reads back; line breaks become spaces.
pub fn quoted(field: &str) -> String {
    if !field.contains([',', '"', '\n', '\r']) {
        return field.to_string();
    }
    let clean = field.replace(['\n', '\r'], " ").replace('"', "\"\"");
    format!("\"{clean}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut() {
        for (line, expected) in [
            ("a,b,c", vec!["a", "b", "c"]),
            ("", vec![""]),
            (",", vec!["", ""]),
            ("\"a,b\",\"c\"\"d\"", vec!["a,b", "c\"d"]),
            ("\"open,end", vec!["open,end"]),
        ] {
            assert_eq!(header_names(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(header_names(quoted("a,\"b\"").as_bytes()), ["a,\"b\""]);
    }

    #[test]
    fn letters_name_file_line_and_column() {
        let mut table =
            Table::open(&Source::memory("t.csv", &b"name,ms\nx,1\ny\nz,-4\n"[..])).unwrap();
        let ms = table.column("MS").unwrap();
        assert!(table.column("mem").is_err());
        assert!(table.advance().unwrap().is_some());
        assert_eq!(table.scaled(ms, 6, "milliseconds").unwrap(), 1_000_000);
        let error = table.advance().unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("1 fields"), "{error}");
        assert!(table.advance().unwrap().is_some());
        let error = table.scaled(ms, 6, "milliseconds from 0").unwrap_err().to_string();
        assert_eq!(error, "`t.csv` line 4, column `ms`: `-4`, expected milliseconds from 0");
        assert!(table.advance().unwrap().is_none());
    }
}
