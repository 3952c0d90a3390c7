//! Where effects are written, and what items look like.
//!
//! The account is a file that outlives everybody. Each line is the effect of one item, with its
//! name and who had it; one write appends it whole or not at all. Who reads it sees an effect that
//! came again by its name.
//!
//! What is promised follows from the flow's `ack`. With `consume` every item has its effect, in order,
//! and one that comes again is recognised. With `append` some are lost with whoever had them; but none
//! comes twice, and each consumer has its own in order (one that was frozen has its last one late).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The item of a producer with a number: its length and bytes follow from both.
pub(crate) fn item(name: &str, number: u64) -> Vec<u8> {
    let seed = name.bytes().fold(number, |sum, byte| sum.rotate_left(9) ^ u64::from(byte));
    let mix = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = (mix >> 32) % 900;
    (0..length).map(|index| (mix >> (index % 8 * 8)) as u8 ^ index as u8).collect()
}

/// When an item of the flow is forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ack {
    Consume,
    Append,
}

impl Ack {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Consume => "consume",
            Self::Append => "append",
        }
    }

    pub(crate) fn of(word: &str) -> Self {
        if word == "append" { Self::Append } else { Self::Consume }
    }
}

/// An item that says its number itself, where the flow's numbers begin anew with the node.
pub(crate) fn numbered(name: &str, number: u64) -> Vec<u8> {
    [&number.to_le_bytes()[..], &item(name, number)].concat()
}

/// The number of such an item, and whether it is whole.
pub(crate) fn number_of(name: &str, payload: &[u8]) -> (u64, bool) {
    let Some((number, rest)) = payload.split_first_chunk() else { return (0, false) };
    let number = u64::from_le_bytes(*number);
    (number, rest == item(name, number))
}

/// The writing end.
pub(crate) struct Effects {
    file: File,
    by: String,
}

impl Effects {
    pub(crate) fn open(path: &Path, by: &str) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self { file: file.expect("the folder of the tests can be written"), by: by.to_string() }
    }

    pub(crate) fn have(&mut self, from: &str, sequence: u64, is_whole: bool) {
        let word = if is_whole { "whole" } else { "torn" };
        let line = format!("{from} {sequence} {word} {}\n", self.by);
        self.file.write_all(line.as_bytes()).expect("the folder of the tests can be written");
    }
}

/// The reading end, which goes on where it was.
pub(crate) struct Account {
    file: File,
    at: u64,
    ack: Ack,
    /// With `append`: all numbers of each producer, and the last that each consumer had of it.
    seen: BTreeMap<String, BTreeSet<u64>>,
    last: BTreeMap<(String, String), u64>,
    /// Of each producer, the number of its first item, and of the one whose effect is due.
    numbers: BTreeMap<String, (u64, u64)>,
    pub(crate) redelivered: u64,
}

impl Account {
    pub(crate) fn open(path: &Path, ack: Ack) -> Self {
        drop(Effects::open(path, ""));
        let file = File::open(path).expect("it is there");
        let (seen, last) = (BTreeMap::new(), BTreeMap::new());
        Self { file, at: 0, ack, seen, last, numbers: BTreeMap::new(), redelivered: 0 }
    }

    /// Whether an item that says this number itself had its effect.
    pub(crate) fn has_seen(&self, name: &str, number: u64) -> bool {
        self.seen.get(name).is_some_and(|seen| seen.contains(&number))
    }

    /// Says which number a producer begins with, where that is not zero.
    pub(crate) fn begin(&mut self, name: &str, first: u64) {
        self.numbers.insert(name.to_string(), (first, first));
    }

    /// The number of the item of a producer whose effect is due.
    pub(crate) fn applied(&self, name: &str) -> u64 {
        self.numbers.get(name).map_or(0, |&(_, due)| due)
    }

    /// Items that had their effect.
    pub(crate) fn items(&self) -> u64 {
        let counted: u64 = self.numbers.values().map(|&(first, due)| due - first).sum();
        counted + self.seen.values().map(|seen| seen.len() as u64).sum::<u64>()
    }

    /// Reads what was written since; an error says what must never be.
    pub(crate) fn read(&mut self) -> Result<(), String> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(self.at)).expect("a file");
        self.file.read_to_string(&mut text).expect("lines of text");
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.at += whole as u64;
        for line in text[..whole].lines() {
            let [from, sequence, word, by] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("`{line}` is no effect"));
            };
            let sequence: u64 = sequence.parse().expect("a number");
            if word != "whole" {
                return Err(format!("item {sequence} of {from} came torn"));
            }
            if self.ack == Ack::Append {
                self.once(from, sequence, by)?;
                continue;
            }
            let (_, applied) = self.numbers.entry(from.to_string()).or_default();
            match sequence.cmp(applied) {
                std::cmp::Ordering::Less => self.redelivered += 1,
                std::cmp::Ordering::Equal => *applied += 1,
                std::cmp::Ordering::Greater => {
                    return Err(format!("item {sequence} of {from} came where {applied} was due"));
                }
            }
        }
        Ok(())
    }

    fn once(&mut self, from: &str, number: u64, by: &str) -> Result<(), String> {
        if !self.seen.entry(from.to_string()).or_default().insert(number) {
            return Err(format!("item {number} of {from} came twice"));
        }
        let last = self.last.insert((from.to_string(), by.to_string()), number);
        if last.is_some_and(|last| last > number) {
            return Err(format!("item {number} of {from} came to {by} after {last:?}"));
        }
        Ok(())
    }
}
