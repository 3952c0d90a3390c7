//! What happened and what was ordered, in order: for replay, for proof, for questions.
//!
//! A record is the time, the site, the event and the actions that followed, encoded with
//! `postcard`. [`Digest`] keeps only a fingerprint, which two equal runs share;
//! [`Recorder`] keeps the bytes; [`replay`] feeds them to fresh minds and compares.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

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

/// A fingerprint of a run: XXH3-64 over the encoded records.
#[derive(Default)]
pub struct Digest {
    hasher: Xxh3,
    buffer: Vec<u8>,
}

impl Digest {
    /// The fingerprint so far.
    pub fn value(&self) -> u64 {
        self.hasher.digest()
    }

    fn take(&mut self, value: &impl Serialize) {
        self.buffer.clear();
        encode(value, &mut self.buffer);
        self.hasher.update(&self.buffer);
    }
}

impl Journal for Digest {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.take(&(now, site, event));
    }

    fn actions(&mut self, actions: &[Action]) {
        self.take(&actions);
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
