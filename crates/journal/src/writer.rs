//! Keeping what a run decides, while it runs, in the format of `journal_format`.
//!
//! Memory holds one block. A journal cannot interrupt the minds it listens to, so the
//! first failure to write is kept, nothing is written after it, and `finish` tells it.

use std::io::{self, Write};

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::ids::SiteId;
use swell_core::journal::{Digest, Journal, Recorder};
use swell_core::journal_format::{
    BLOCK_BYTES, BLOCK_BYTES_MAX, Head, Header, Kind, Summary, payload, preamble,
};
use swell_core::time::Instant;

/// Writes a journal.
pub struct JournalWriter<W> {
    sink: W,
    place: u64,
    recorder: Recorder,
    flows: Vec<u8>,
    digest: Digest,
    events: u64,
    actions: u64,
    failure: Option<io::Error>,
}

impl<W: Write> JournalWriter<W> {
    /// Begins a journal.
    pub fn new(sink: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self {
            sink,
            place: 0,
            recorder: Recorder::default(),
            flows: Vec::new(),
            digest: Digest::default(),
            events: 0,
            actions: 0,
            failure: None,
        };
        writer.sink.write_all(&preamble())?;
        writer.block(Kind::Header, &payload(header))?;
        Ok(writer)
    }

    /// Writes what is left and the end; gives the sink back. A journal that is dropped
    /// instead counts as cut.
    pub fn finish(mut self) -> io::Result<(W, Summary)> {
        self.flush();
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let summary = self.summary();
        self.block(Kind::Summary, &payload(&summary))?;
        self.sink.flush()?;
        Ok((self.sink, summary))
    }

    /// Events recorded so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Whether a write failed: nothing was written after it.
    pub fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What it writes to.
    pub fn sink(&self) -> &W {
        &self.sink
    }

    /// Writes what is left and returns the bytes that would end the journal here; goes on
    /// afterwards. What was written so far and these bytes are a whole journal.
    pub fn checkpoint(&mut self) -> io::Result<Vec<u8>> {
        self.flush();
        if let Some(failure) = &self.failure {
            return Err(io::Error::new(failure.kind(), failure.to_string()));
        }
        let payload = payload(&self.summary());
        let head = Head::of(Kind::Summary, self.place, &payload).expect("a summary is short");
        let mut end = head.bytes().to_vec();
        end.extend(payload);
        Ok(end)
    }

    /// Takes in whole entries about flows.
    pub fn flows(&mut self, entries: &[u8]) {
        self.flows.extend(entries);
        if self.flows.len() >= BLOCK_BYTES {
            self.flush_flows();
        }
    }

    fn flush_flows(&mut self) {
        let flows = std::mem::take(&mut self.flows);
        if self.failure.is_none() && !flows.is_empty() {
            self.failure = self.block(Kind::Flows, &flows).err();
        }
        self.flows = flows;
        self.flows.clear();
    }

    /// Writes the records and entries that have not made a block yet.
    pub fn flush(&mut self) {
        self.flush_flows();
        let recorder = std::mem::take(&mut self.recorder);
        if self.failure.is_none() && !recorder.bytes().is_empty() {
            self.failure = self.block(Kind::Records, recorder.bytes()).err();
        }
        self.recorder = recorder;
        self.recorder.clear();
    }

    fn summary(&self) -> Summary {
        let Self { events, actions, .. } = *self;
        Summary { events, actions, digest: self.digest.value() }
    }

    fn block(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let head = Head::of(kind, self.place, payload).ok_or_else(|| {
            let most = BLOCK_BYTES_MAX >> 20;
            io::Error::other(format!("one event led to more than the {most} MiB of a block hold"))
        })?;
        self.place += 1;
        self.sink.write_all(&head.bytes())?;
        self.sink.write_all(payload)
    }
}

impl<W: Write> Journal for JournalWriter<W> {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.events += 1;
        self.digest.event(now, site, event);
        self.recorder.event(now, site, event);
    }

    fn actions(&mut self, actions: &[Action]) {
        self.actions += actions.len() as u64;
        self.digest.actions(actions);
        self.recorder.actions(actions);
        if self.recorder.bytes().len() >= BLOCK_BYTES {
            self.flush();
        }
    }
}
