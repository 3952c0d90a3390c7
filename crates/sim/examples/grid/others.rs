//! What the classics did, kept in a file from one run to the next.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;

use crate::cells::Outcome;

/// Rows of the classics, by ground and seeds.
pub(crate) struct Others {
    file: Option<String>,
    known: BTreeMap<String, Vec<Outcome>>,
}

impl Others {
    /// Reads the rows of a former run, if there are any.
    pub(crate) fn open(file: Option<&str>) -> Result<Self, String> {
        let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let mut known: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
        for line in text.lines() {
            let (ground, outcome) = read(line).ok_or_else(|| format!("`{line}` is no row"))?;
            known.entry(ground).or_default().push(outcome);
        }
        Ok(Self { file: file.map(String::from), known })
    }

    pub(crate) fn of(&self, ground: &str, seeds: &[u64]) -> Option<Vec<Outcome>> {
        self.known.get(&key(ground, seeds)).cloned()
    }

    /// Takes in rows and hands them on.
    pub(crate) fn keep(
        &mut self,
        ground: &str,
        seeds: &[u64],
        rows: Vec<Outcome>,
    ) -> Result<Vec<Outcome>, String> {
        if let Some(file) = &self.file {
            let text: String = rows.iter().map(|row| line(&key(ground, seeds), row)).collect();
            let mut opened = OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .map_err(|error| format!("`{file}`: {error}"))?;
            opened.write_all(text.as_bytes()).map_err(|error| format!("`{file}`: {error}"))?;
        }
        Ok(rows)
    }
}

fn key(ground: &str, seeds: &[u64]) -> String {
    format!("{ground} {seeds:?}")
}

fn line(key: &str, row: &Outcome) -> String {
    let Outcome { cell, policy, calls, cold, dropped, slow_pct, digest } = row;
    format!("{key}\t{cell}\t{policy}\t{calls}\t{cold}\t{dropped}\t{slow_pct}\t{digest}\n")
}

fn read(line: &str) -> Option<(String, Outcome)> {
    let mut fields = line.split('\t');
    let key = fields.next()?.to_string();
    let outcome = Outcome {
        cell: fields.next()?.to_string(),
        policy: fields.next()?.to_string(),
        calls: fields.next()?.parse().ok()?,
        cold: fields.next()?.parse().ok()?,
        dropped: fields.next()?.parse().ok()?,
        slow_pct: fields.next()?.parse().ok()?,
        digest: fields.next()?.to_string(),
    };
    Some((key, outcome))
}
