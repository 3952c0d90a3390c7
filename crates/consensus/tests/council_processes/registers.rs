//! Registers that sites write and read meanwhile, and what callers were told.
//!
//! Times are those of the conductor: from when it asked until it heard, which is at least as long as
//! the call took, so nothing is found wrong that was right.

use std::time::Instant;

use crate::register::{Call, Kind, is_linearizable};

/// Everything that was asked, in that order, with what was told.
pub(crate) struct Registers {
    began: Instant,
    calls: Vec<Call>,
}

impl Registers {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), calls: Vec::new() }
    }

    /// A site is asked to write its register; gives what it is told.
    pub(crate) fn write(&mut self, site: u32) -> String {
        // Numbered, so every value is written once.
        let number = self.calls.len() as u64;
        self.ask(site, Kind::Write(number + 1));
        format!("write {number} {}", number + 1)
    }

    /// Somebody is asked for the register of a site; gives what it is told.
    pub(crate) fn read(&mut self, of: u32) -> String {
        let number = self.calls.len();
        self.ask(of, Kind::Read(None));
        format!("read {number} {of}")
    }

    fn ask(&mut self, register: u32, kind: Kind) {
        self.calls.push(Call { register, kind, start: self.began.elapsed(), end: None });
    }

    /// Whether a line is an answer; it is noted.
    pub(crate) fn hear(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let (["wrote", number] | ["saw", number, ..]) = &words[..] else { return false };
        let end = Some(self.began.elapsed());
        let call = &mut self.calls[number.parse::<usize>().expect("a number")];
        call.end = end;
        if let Kind::Read(value) = &mut call.kind {
            *value = words[2].parse().ok();
        }
        true
    }

    /// What was told: reads without an answer saw nothing, writes may have happened.
    fn told(&self) -> impl Iterator<Item = &Call> {
        let is_told = |call: &&Call| call.end.is_some() || matches!(call.kind, Kind::Write(_));
        self.calls.iter().filter(is_told)
    }

    /// Checks that one order explains it; gives how many writes and reads had an answer.
    pub(crate) fn check(&self) -> (usize, usize) {
        assert!(is_linearizable(self.told()), "no order explains {:#?}", self.calls);
        let answered = || self.told().filter(|call| call.end.is_some());
        let writes = answered().filter(|call| matches!(call.kind, Kind::Write(_))).count();
        (writes, answered().count() - writes)
    }

    /// Checks that it would be noticed if this value of a register were read now.
    pub(crate) fn notices(&self, register: u32, value: Option<u64>) {
        let start = self.began.elapsed();
        let stale = Call { register, kind: Kind::Read(value), start, end: Some(start) };
        let with_it = self.told().chain([&stale]);
        assert!(!is_linearizable(with_it), "{value:?} of register {register} is not stale");
    }
}
