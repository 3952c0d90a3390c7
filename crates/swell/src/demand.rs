//! Reading calls per function and step out of a table or a list.
//!
//! What is wrong with the data is said, and what can be told nevertheless is told: a cell
//! that is no count is a gap, times out of order are put in order, of two counts for the same
//! step the later one holds. Only a file without any series is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::DateTime;
use swell_core::time::Span;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::{COUNT_MAX, Series};
use swell_forecast::split::Split;

use crate::error::Letter;

/// Steps that a list may span: fifty years of 5-minute steps.
const STEPS_MAX: u64 = 5_300_000;
/// Counts that may be read: functions times steps.
const CELLS_MAX: u64 = 400_000_000;

/// Series and what was odd about their file.
#[derive(Debug)]
pub struct Demand {
    /// The series.
    pub panel: Panel,
    /// What was odd, a sentence each.
    pub notes: Vec<String>,
    /// When the first step begins, in milliseconds since 1970, where the file tells.
    pub begins_ms: Option<u64>,
    /// The number of the first step in the file, where steps are numbered.
    pub first: i64,
}

/// Reads a file, packed or not.
pub fn read(path: &Path, step: Span) -> Result<Demand, Letter> {
    let (text, name) = (text(path)?, path.display());
    parse(&text, step).map_err(|reason| {
        Letter::usage(format!("`{name}` cannot be forecast: {reason}"))
            .hint("`swell forecast backtest --help` tells how data are written")
    })
}

/// The text in a file, packed or not.
pub fn text(path: &Path) -> Result<String, Letter> {
    let unreadable = |error| Letter::failed(format!("cannot read `{}`: {error}", path.display()));
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(&*bytes)
            .read_to_end(&mut unpacked)
            .map_err(unreadable)?;
        bytes = unpacked;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a table or a list.
pub fn parse(text: &str, step: Span) -> Result<Demand, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        None => return Err("it is empty".to_string()),
        Some(record) => record.map_err(|error| error.to_string())?,
    };
    let rest =
        records.enumerate().map(|(row, record)| (row + 2, record.map_err(|e| e.to_string())));
    let second = header.get(1).unwrap_or("").trim().to_lowercase();
    let mut odd = Odd::default();
    let (members, first, begins_ms) = match &*second {
        "step" | "time" | "timestamp" | "ds" if header.len() == 3 => list(rest, step, &mut odd)?,
        _ => {
            let (members, first) = table(&header, rest, &mut odd)?;
            (members, first, None)
        }
    };
    if members.is_empty() {
        return Err("it holds no series".to_string());
    }
    let panel = Panel::new(members, 12);
    if panel.is_empty() {
        return Err("its series hold no step".to_string());
    }
    odd.look_at(&panel);
    Ok(Demand { panel, notes: odd.notes(), begins_ms, first })
}

type Row = (usize, Result<csv::StringRecord, String>);

/// A row per function, and the number of the first step. The numbers in the header say which step a
/// column is.
fn table(
    header: &csv::StringRecord,
    rows: impl Iterator<Item = Row>,
    odd: &mut Odd,
) -> Result<(Vec<Member>, i64), String> {
    let number =
        |(place, name): (usize, &str)| (name.trim().parse().unwrap_or(place as u64), place + 1);
    let mut columns: Vec<(u64, usize)> = header.iter().skip(1).enumerate().map(number).collect();
    if !columns.is_sorted() {
        odd.unordered += 1;
        columns.sort_by_key(|(step, _)| *step);
    }
    // Of two columns for the same step the later one holds.
    let first = columns.first().map_or(0, |(step, _)| *step);
    let last = columns.last().map_or(0, |(step, _)| *step);
    if last - first > STEPS_MAX {
        return Err(format!("its header names steps {first} to {last}, which is too far"));
    }
    let before = columns.len();
    let columns: BTreeMap<u64, usize> = columns.into_iter().collect();
    odd.duplicates += before - columns.len();
    let mut members = Vec::new();
    for (line, row) in rows {
        let row = row?;
        if (members.len() as u64 + 1) * (last - first + 1) > CELLS_MAX {
            return Err(format!("it holds more than {CELLS_MAX} counts"));
        }
        odd.uneven += usize::from(row.len() != header.len());
        let cell =
            |step: u64| columns.get(&step).and_then(|&column| Some((column, row.get(column)?)));
        let mut count =
            |step| cell(step).and_then(|(column, text)| odd.count(text, line, column + 1));
        let counts = Series::from_counts((first..=last).map(&mut count));
        members.push(Member { name: row[0].to_string(), counts, ..Member::default() });
    }
    Ok((members, first.cast_signed()))
}

/// A row per count, with the number of the first step; when that begins, if times are dates.
fn list(
    rows: impl Iterator<Item = Row>,
    step: Span,
    odd: &mut Odd,
) -> Result<(Vec<Member>, i64, Option<u64>), String> {
    let seconds = (step.secs_f64() as i64).max(1);
    let mut counts: BTreeMap<String, BTreeMap<i64, Option<u32>>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut is_dated = true;
    for (line, row) in rows {
        let row = row?;
        let (Some(id), Some(time), Some(count)) = (row.get(0), row.get(1), row.get(2)) else {
            odd.short += 1;
            continue;
        };
        let Some(place) = place(time, seconds) else {
            odd.cell(time, line, 2);
            continue;
        };
        is_dated &= time.trim().parse::<i64>().is_err();
        let count = odd.count(count, line, 3);
        if !counts.contains_key(id) {
            order.push(id.to_string());
        }
        let series = counts.entry(id.to_string()).or_default();
        odd.unordered +=
            usize::from(series.last_key_value().is_some_and(|(last, _)| place < *last));
        odd.duplicates += usize::from(series.insert(place, count).is_some());
    }
    let places = || counts.values().flat_map(|series| series.keys());
    let (Some(first), Some(last)) = (places().min().copied(), places().max().copied()) else {
        return Ok((Vec::new(), 0, None));
    };
    let span = last.abs_diff(first);
    if span > STEPS_MAX || (span + 1) * order.len() as u64 > CELLS_MAX {
        return Err(format!(
            "its counts lie {span} steps apart, which is too far: is a time wrong?"
        ));
    }
    let member = |name: String| {
        let series = &counts[&name];
        let steps = (first..=last).map(|place| series.get(&place).copied().flatten());
        Member { counts: Series::from_counts(steps), name, ..Member::default() }
    };
    let begins_ms = first.checked_mul(1000 * seconds).filter(|_| is_dated);
    let begins_ms = begins_ms.and_then(|ms| u64::try_from(ms).ok());
    Ok((order.into_iter().map(member).collect(), first, begins_ms))
}

fn place(time: &str, seconds: i64) -> Option<i64> {
    let time = time.trim();
    let stamp = || DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp());
    let plain = || {
        let form = "%Y-%m-%d %H:%M:%S";
        chrono::NaiveDateTime::parse_from_str(time, form)
            .ok()
            .map(|time| time.and_utc().timestamp())
    };
    time.parse().ok().or_else(|| stamp().or_else(plain).map(|time| time.div_euclid(seconds)))
}

/// What was odd about a file.
#[derive(Debug, Default)]
struct Odd {
    cells: usize,
    first_cell: Option<String>,
    fractions: usize,
    short: usize,
    uneven: usize,
    unordered: usize,
    duplicates: usize,
    silent: usize,
    constant: usize,
    names: usize,
}

impl Odd {
    /// The count in a cell; an empty one is a gap, and so is one that is no count.
    fn count(&mut self, text: &str, line: usize, column: usize) -> Option<u32> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(count) if (0.0..=f64::from(COUNT_MAX)).contains(&count) => {
                self.fractions += usize::from(count.fract() != 0.0);
                Some(count.round() as u32)
            }
            _ => {
                self.cell(text, line, column);
                None
            }
        }
    }

    fn cell(&mut self, text: &str, line: usize, column: usize) {
        self.cells += 1;
        let text: String = text.chars().take(20).collect();
        self.first_cell.get_or_insert_with(|| format!("`{text}` in line {line}, column {column}"));
    }

    fn look_at(&mut self, panel: &Panel) {
        let mut names = BTreeSet::new();
        for member in &panel.members {
            self.names += usize::from(!names.insert(&member.name));
            let mut counts = (0..member.counts.len()).filter_map(|step| member.counts.get(step));
            let first = counts.next().unwrap_or(0);
            if counts.all(|count| count == first) {
                let kind = if first == 0 { &mut self.silent } else { &mut self.constant };
                *kind += 1;
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let first = self.first_cell.clone().unwrap_or_default();
        let gap = format!("for a gap; the first is {first}");
        let gaps = format!("for gaps; the first is {first}");
        let said: [(usize, &str, &str); 9] = [
            (
                self.cells,
                &format!("cell is no count and was taken {gap}"),
                &format!("cells are no counts and were taken {gaps}"),
            ),
            (
                self.fractions,
                "count was rounded to a whole one",
                "counts were rounded to whole ones",
            ),
            (
                self.short,
                "row lacks a column and was skipped",
                "rows lack a column and were skipped",
            ),
            (
                self.uneven,
                "row is not as long as the first line: counts it lacks are gaps, and what lies beyond \
                 it is left out",
                "rows are not as long as the first line: counts they lack are gaps, and what lies \
                 beyond it is left out",
            ),
            (
                self.unordered,
                "step was out of order and was put in order",
                "steps were out of order and were put in order",
            ),
            (
                self.duplicates,
                "step was there twice; the later count was taken",
                "steps were there twice; the later count was taken",
            ),
            (
                self.names,
                "name stands for more than one series; each is kept",
                "names stand for more than one series; each is kept",
            ),
            (
                self.silent,
                "series holds no call at all, so none is expected of it",
                "series hold no call at all, so none is expected of them",
            ),
            (
                self.constant,
                "series never changes; its forecast is what it is",
                "series never change; their forecast is what they are",
            ),
        ];
        let some = said.into_iter().filter(|(count, _, _)| *count > 0);
        some.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect()
    }
}

/// The origins that are taken where none are asked for: seven over the last sixth.
pub fn usual_split(len: usize, horizon: usize) -> Split {
    let last = len.saturating_sub(horizon);
    let stride = (len / 42).max(1);
    let back = (0..7).rev().filter_map(|turn| last.checked_sub(turn * stride));
    Split { origins: back.filter(|origin| *origin > 0).collect(), horizon }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, series: &[&[Option<u32>]], notes: &[&str]) {
        let demand = parse(text, Span::from_secs(300)).expect(text);
        let found: Vec<Vec<Option<u32>>> = demand
            .panel
            .members
            .iter()
            .map(|member| (0..member.counts.len()).map(|step| member.counts.get(step)).collect())
            .collect();
        assert_eq!(found, series, "{text}");
        assert_eq!(demand.notes.len(), notes.len(), "{text}: {:?}", demand.notes);
        for (note, expected) in demand.notes.iter().zip(notes) {
            assert!(note.contains(expected), "{text}: {note}");
        }
    }

    #[test]
    fn what_can_be_told_is_told() {
        check(
            "id,0,1,2\na,1,2,3\nb,0,5,\n",
            &[&[Some(1), Some(2), Some(3)], &[Some(0), Some(5), None]],
            &[],
        );
        check("id,0,1\na,NaN,-4\n", &[&[None, None]], &["2 cells are no counts", "no call at all"]);
        check("id,1,0\na,7,3\n", &[&[Some(3), Some(7)]], &["out of order"]);
        check("id,0,0,1\na,1,2,3\n", &[&[Some(2), Some(3)]], &["there twice"]);
        check(
            "id,0,1\na,1.5,1e30\n",
            &[&[Some(2), None]],
            &["`1e30` in line 2", "rounded", "never change"],
        );
        check("id,0\na,4\n", &[&[Some(4)]], &["never change"]);
        check(
            "id,0,1\na,1,2,3\nb,4\nc,5,6\n",
            &[&[Some(1), Some(2)], &[Some(4), None], &[Some(5), Some(6)]],
            &["2 rows are not as long", "1 series never change"],
        );
        check(
            "id,step,count\na,2,5\na,0,1\na,2,6\nb,1,x\n",
            &[&[Some(1), None, Some(6)], &[None, None, None]],
            &["`x` in line 5", "out of order", "there twice", "no call at all"],
        );
        check(
            "id,time,count\na,2026-01-31T12:05:00Z,5\na,2026-01-31T12:16:00+00:00,7\na,soon,1\n",
            &[&[Some(5), None, Some(7)]],
            &["`soon` in line 4"],
        );
    }

    #[test]
    fn what_holds_nothing_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("id,0,1\n", "no series"),
            ("id,step,count\n", "no series"),
            ("id,step,count\na,0,1\na,99999999999,1\n", "too far"),
            ("id,0,99999999999\na,1,2\n", "too far"),
        ] {
            let refused = parse(text, Span::from_secs(300)).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
