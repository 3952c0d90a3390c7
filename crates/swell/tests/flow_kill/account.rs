//! Where effects are written, and what items look like.
//!
//! The account is a file that outlives everybody. Each line is the effect of one item, with its
//! name; one write appends it whole or not at all. Who reads it sees an effect that came again
//! by its name.

use std::collections::BTreeMap;
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

/// The writing end.
pub(crate) struct Effects(File);

impl Effects {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self(file.expect("the folder of the tests can be written"))
    }

    pub(crate) fn have(&mut self, from: &str, sequence: u64, is_whole: bool) {
        let word = if is_whole { "whole" } else { "torn" };
        let line = format!("{from} {sequence} {word}\n");
        self.0.write_all(line.as_bytes()).expect("the folder of the tests can be written");
    }
}

/// The reading end, which goes on where it was.
pub(crate) struct Account {
    file: File,
    at: u64,
    /// Of each producer, the number of its first item, and of the one whose effect is due.
    numbers: BTreeMap<String, (u64, u64)>,
    pub(crate) redelivered: u64,
}

impl Account {
    pub(crate) fn open(path: &Path) -> Self {
        drop(Effects::open(path));
        let file = File::open(path).expect("it is there");
        Self { file, at: 0, numbers: BTreeMap::new(), redelivered: 0 }
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
        self.numbers.values().map(|&(first, due)| due - first).sum()
    }

    /// Reads what was written since; an error says what must never be.
    pub(crate) fn read(&mut self) -> Result<(), String> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(self.at)).expect("a file");
        self.file.read_to_string(&mut text).expect("lines of text");
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.at += whole as u64;
        for line in text[..whole].lines() {
            let [from, sequence, word] = line.split(' ').collect::<Vec<_>>()[..] else {
                return Err(format!("`{line}` is no effect"));
            };
            let sequence: u64 = sequence.parse().expect("a number");
            let (_, applied) = self.numbers.entry(from.to_string()).or_default();
            if word != "whole" {
                return Err(format!("item {sequence} of {from} came torn"));
            }
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
}
