//! How what a node told is shown: a table for people, the API's own words for programs.
//!
//! A column is a name and a function of the row, so that a table is data beside the
//! command that prints it. Columns that are wide belong to `-o wide` only.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::form::Listing;
use crate::error::Letter;
use crate::output::{json, to_stdout};

/// A column of a table of `T`s.
pub struct Column<T> {
    head: &'static str,
    cell: fn(&T) -> String,
    number: bool,
    wide: bool,
}

impl<T> Column<T> {
    /// A column of words.
    pub const fn text(head: &'static str, cell: fn(&T) -> String) -> Self {
        Self { head, cell, number: false, wide: false }
    }

    /// A column of figures, which stand to the right.
    pub const fn number(head: &'static str, cell: fn(&T) -> String) -> Self {
        Self { head, cell, number: true, wide: false }
    }

    /// A column of words, but only where there is room.
    pub const fn wide(head: &'static str, cell: fn(&T) -> String) -> Self {
        Self { head, cell, number: false, wide: true }
    }

    /// A column of figures, but only where there is room.
    pub const fn wide_number(head: &'static str, cell: fn(&T) -> String) -> Self {
        Self { head, cell, number: true, wide: true }
    }
}

/// Shows rows in a form; `name` is what a row is called.
pub fn show<T: Serialize>(
    rows: &[T],
    columns: &[Column<T>],
    name: fn(&T) -> String,
    form: Listing,
) -> Result<(), Letter> {
    to_stdout(|out| match form {
        Listing::Table | Listing::Wide => {
            out.write_all(table(rows, columns, form == Listing::Wide).as_bytes())
        }
        Listing::Json => json(&rows, out),
        Listing::Yaml => yaml(&rows, out),
        Listing::Name => rows.iter().try_for_each(|row| writeln!(out, "{}", name(row))),
    })
}

/// Shows rows in a form, where programs get `whole`, of which the rows are a part.
pub fn rows<W: Serialize, T: Serialize>(
    whole: &W,
    rows: &[T],
    columns: &[Column<T>],
    name: fn(&T) -> String,
    form: Listing,
) -> Result<(), Letter> {
    match form {
        Listing::Json => to_stdout(|out| json(whole, out)),
        Listing::Yaml => to_stdout(|out| yaml(whole, out)),
        Listing::Table | Listing::Wide | Listing::Name => show(rows, columns, name, form),
    }
}

/// Shows one thing: `text` is what people get, `name` what it is called.
pub fn show_one<T: Serialize>(
    thing: &T,
    name: &str,
    text: impl FnOnce(bool) -> String,
    form: Listing,
) -> Result<(), Letter> {
    to_stdout(|out| match form {
        Listing::Table | Listing::Wide => out.write_all(text(form == Listing::Wide).as_bytes()),
        Listing::Json => json(thing, out),
        Listing::Yaml => yaml(thing, out),
        Listing::Name => writeln!(out, "{name}"),
    })
}

/// Writes a value as a YAML document.
pub fn yaml(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_saphyr::to_string(value).map_err(io::Error::other)?;
    writeln!(out, "{}", text.trim_end())
}

/// The table, a line for the heads and one for each row; just a word where there are none.
pub fn table<T>(rows: &[T], columns: &[Column<T>], wide: bool) -> String {
    let columns: Vec<&Column<T>> = columns.iter().filter(|column| wide || !column.wide).collect();
    let heads = columns.iter().map(|column| column.head.to_string()).collect();
    let cells = rows.iter().map(|row| columns.iter().map(|column| (column.cell)(row)).collect());
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(cells).collect();
    let width = |place: usize| lines.iter().map(|line| line[place].chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).filter_map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for (place, cell) in line.iter().enumerate() {
            let gap = " ".repeat(widths[place].saturating_sub(cell.chars().count()));
            let between = if place == 0 { "" } else { "  " };
            let (before, after) = if columns[place].number { (&*gap, "") } else { ("", &*gap) };
            shown.extend([between, before, cell, after]);
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Lines of a key and a value, the values below each other.
pub fn facts(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (key, value) in pairs {
        let mut lines = value.lines();
        let first = lines.next().unwrap_or("-");
        text.push_str(&format!("{key:<width$}  {first}\n"));
        for line in lines {
            text.push_str(&format!("{:<width$}  {line}\n", ""));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let columns: [Column<(&str, u32)>; 3] = [
            Column::text("NAME", |row| row.0.to_string()),
            Column::number("CALLS", |row| row.1.to_string()),
            Column::wide("WIDE", |row| "x".repeat(row.1 as usize)),
        ];
        let rows = [("hello", 5), ("é", 12)];
        assert_eq!(table(&rows, &columns, false), "NAME   CALLS\nhello      5\né         12\n");
        let wide = table(&rows, &columns, true);
        assert_eq!(wide.lines().nth(1), Some("hello      5  xxxxx"));
        assert_eq!(table(&[], &columns, false), "NAME  CALLS\n");
        assert_eq!(
            facts(&[("a", "1\n2".into()), ("bcd", String::new())]),
            "a    1\n     2\nbcd  -\n"
        );
    }
}
