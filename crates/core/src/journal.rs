//! What happened and what was ordered, in order: for replay, for proof, for questions.
//!
//! A record is the time, the site, the event and the actions that followed, encoded with
//! `postcard`. [`Digest`] keeps only a fingerprint, which two equal runs share;
//! [`Recorder`] keeps the bytes until someone takes them away; [`Record::take`] reads one
//! back. How records lie in a file is told in `journal_format`, how they are fed to fresh
//! minds in `replay`.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::event::Event;
use crate::ids::SiteId;
use crate::time::Instant;

/// Hears everything that enters and leaves the minds of a run.
pub trait Journal {
    /// An event is about to be handled.
    fn event(&mut self, now: Instant, site: SiteId, event: &Event);
    /// The actions that followed from it.
    fn actions(&mut self, actions: &[Action]);
}

/// Keeps nothing.
impl Journal for () {
    fn event(&mut self, _now: Instant, _site: SiteId, _event: &Event) {}
    fn actions(&mut self, _actions: &[Action]) {}
}

/// What is lent hears as well.
impl<J: Journal + ?Sized> Journal for &mut J {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        (**self).event(now, site, event);
    }

    fn actions(&mut self, actions: &[Action]) {
        (**self).actions(actions);
    }
}

/// Two hear the same.
impl<A: Journal, B: Journal> Journal for (A, B) {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.0.event(now, site, event);
        self.1.event(now, site, event);
    }

    fn actions(&mut self, actions: &[Action]) {
        self.0.actions(actions);
        self.1.actions(actions);
    }
}

/// A fingerprint of a run, in a few nanoseconds per record.
#[derive(Debug, Default)]
pub struct Digest(Fold);

impl Digest {
    /// The fingerprint so far.
    pub fn value(&self) -> u64 {
        self.0.finish()
    }
}

impl Journal for Digest {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        (now, site, event).hash(&mut self.0);
    }

    fn actions(&mut self, actions: &[Action]) {
        actions.hash(&mut self.0);
    }
}

/// Folds words by a 128-bit product. Not a defence against malice, only against chance;
/// unlike the standard hashers it is the same in every version and on every machine.
#[derive(Debug, Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let product = u128::from(self.0 ^ value ^ 0x2545_F491_4F6C_DD1D).wrapping_mul(ODD);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Keeps the records as bytes.
#[derive(Default)]
pub struct Recorder {
    bytes: Vec<u8>,
}

impl Recorder {
    /// The records so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the records so far and keeps their room, for runs longer than memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}

impl Journal for Recorder {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        encode(&(now, site, event), &mut self.bytes);
    }

    fn actions(&mut self, actions: &[Action]) {
        encode(&actions, &mut self.bytes);
    }
}

fn encode(value: &impl Serialize, bytes: &mut Vec<u8>) {
    let taken = std::mem::take(bytes);
    *bytes = postcard::to_extend(value, taken).expect("a vector takes every encoding");
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Instant,
    /// To whom.
    pub site: SiteId,
    /// What happened.
    pub event: Event,
    /// What was ordered.
    pub actions: Vec<Action>,
}

impl Record {
    /// Reads the record that `bytes` begin with, and returns what follows it; `None` if
    /// they begin with no record. Takes memory in proportion to the bytes it reads,
    /// whatever they claim.
    pub fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        postcard::take_from_bytes(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::ids::{FunctionId, RequestId};

    use super::*;

    fn tell(journal: &mut impl Journal, from: u64) {
        for number in from..from + 3 {
            let (request, function) = (RequestId(number), FunctionId(7));
            let event = Event::RequestArrived { request, function };
            journal.event(Instant::from_millis(number), SiteId(0), &event);
            journal.actions(&[]);
        }
    }

    #[test]
    fn records_are_taken_back_one_by_one() {
        let mut recorder = Recorder::default();
        tell(&mut recorder, 5);
        let mut rest = recorder.bytes();
        for number in 5..8 {
            let (record, more) = Record::take(rest).expect("there is one");
            assert_eq!(record.at, Instant::from_millis(number));
            rest = more;
        }
        assert_eq!(Record::take(rest), None);
        // A list of actions that claims to be endless.
        assert_eq!(Record::take(&[0, 0, 10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), None);
    }

    #[test]
    fn two_journals_hear_what_one_hears() {
        let (mut alone, mut both) = (Digest::default(), (Digest::default(), Recorder::default()));
        tell(&mut alone, 1);
        tell(&mut &mut both, 1);
        assert_eq!(alone.value(), both.0.value());
        assert!(!both.1.bytes().is_empty());
        both.1.clear();
        assert!(both.1.bytes().is_empty());
    }
}
