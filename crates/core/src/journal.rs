//! What happened and what was ordered, in order: for replay, for proof, for questions.
//!
//! A record is the time, the site, the event and the actions that followed, encoded with
//! `postcard`. [`Digest`] keeps only a fingerprint, which two equal runs share;
//! [`Recorder`] keeps the bytes; [`replay`] feeds them to fresh minds and compares.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::event::Event;
use crate::ids::SiteId;
use crate::site::Site;
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

/// How a replay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// All records were decided again as they were.
    Same {
        /// How many records there were.
        records: u64,
    },
    /// The first record that was decided otherwise.
    Differs {
        /// Its place, from 0.
        place: u64,
        /// The record as it was kept.
        record: Box<Record>,
        /// What the fresh mind orders instead.
        actions: Vec<Action>,
    },
    /// The bytes do not hold a record at that place.
    Broken {
        /// The place, from 0.
        place: u64,
    },
}

/// Feeds the recorded events to fresh minds and compares what they order.
pub fn replay(mut bytes: &[u8], sites: &mut [Site]) -> Replay {
    let mut actions = Vec::new();
    let mut place = 0;
    while !bytes.is_empty() {
        let Ok((record, rest)) = postcard::take_from_bytes::<Record>(bytes) else {
            return Replay::Broken { place };
        };
        let Some(site) = sites.get_mut(record.site.index()) else {
            return Replay::Broken { place };
        };
        site.handle(record.at, record.event.clone(), &mut actions);
        if actions != record.actions {
            return Replay::Differs { place, record: Box::new(record), actions };
        }
        actions.clear();
        bytes = rest;
        place += 1;
    }
    Replay::Same { records: place }
}
