//! Reading a journal record by record, however long it is and whatever its bytes are.
//!
//! Memory holds one block, whose length the format bounds and whose bytes must have come
//! before they take room. What is handed out has been checked; the end is checked against
//! what was read, so that a journal that was cut or mixed up is never taken for whole.

use std::io::Read;

use swell_core::flow::entry::Entry;
use swell_core::journal::{Digest, Journal, Record};
use swell_core::journal_format::{
    HEAD_BYTES, Head, Header, Kind, MAGIC, PREAMBLE_BYTES, Summary, check_preamble, from_payload,
};
use swell_core::plausible;

use crate::error::JournalError;

/// What a journal tells, one at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// News of the mind, and what followed.
    Record(Record),
    /// News of its flow analyzer.
    Flows(Entry),
}

/// Reads a journal.
pub struct JournalReader<R> {
    blocks: Blocks<R>,
    /// What the block holds.
    kind: Kind,
    header: Header,
    /// How much of the block was handed out.
    used: usize,
    /// What was handed out so far.
    read: Summary,
    digest: Digest,
    ended: bool,
}

impl<R: Read> JournalReader<R> {
    /// Reads the beginning of a journal.
    pub fn new(mut source: R) -> Result<Self, JournalError> {
        let preamble = preamble(&mut source)?;
        check_preamble(preamble).map_err(|error| JournalError::from_format(error, 0))?;
        let mut blocks = Blocks { source, place: 0, payload: Vec::new() };
        let broken = || JournalError::Broken { events: 0 };
        if blocks.advance(0)? != Kind::Header {
            return Err(broken());
        }
        let header: Header = from_payload(&blocks.payload).map_err(|_| broken())?;
        plausible::settings(&header.settings).map_err(|_| broken())?;
        blocks.payload.clear();
        let read = Summary { events: 0, actions: 0, digest: 0 };
        let (kind, digest) = (Kind::Header, Digest::default());
        Ok(Self { blocks, kind, header, used: 0, read, digest, ended: false })
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was read so far; all there is once [`JournalReader::next_record`] said so.
    pub fn read(&self) -> Summary {
        Summary { digest: self.digest.value(), ..self.read }
    }

    /// The next record; `None` at the end of a journal that is whole.
    pub fn next_record(&mut self) -> Result<Option<Record>, JournalError> {
        loop {
            match self.next_told()? {
                Some(Told::Record(record)) => return Ok(Some(record)),
                Some(Told::Flows(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next record, or entry about flows; `None` at the end of a journal that is whole.
    pub fn next_told(&mut self) -> Result<Option<Told>, JournalError> {
        while self.used == self.blocks.payload.len() {
            if self.ended {
                return Ok(None);
            }
            self.used = 0;
            self.kind = self.blocks.advance(self.read.events)?;
            match self.kind {
                Kind::Records | Kind::Flows => {}
                Kind::Summary => self.end()?,
                Kind::Header => return Err(self.broken()),
            }
        }
        let bytes = &self.blocks.payload[self.used..];
        if self.kind == Kind::Flows {
            let Some((entry, rest)) = Entry::take(bytes) else { return Err(self.broken()) };
            self.used += bytes.len() - rest.len();
            return Ok(Some(Told::Flows(entry)));
        }
        let Some((record, rest)) = Record::take(bytes) else { return Err(self.broken()) };
        self.used += bytes.len() - rest.len();
        self.read.events += 1;
        self.read.actions += record.actions.len() as u64;
        self.digest.event(record.at, record.site, &record.event);
        self.digest.actions(&record.actions);
        Ok(Some(Told::Record(record)))
    }

    /// Holds the end against what was read, and sees that nothing follows it.
    fn end(&mut self) -> Result<(), JournalError> {
        let summary = from_payload::<Summary>(&self.blocks.payload);
        self.blocks.payload.clear();
        self.ended = true;
        let events = self.read.events;
        let mut more = Vec::new();
        let mut limited = (&mut self.blocks.source).take(1);
        limited.read_to_end(&mut more).map_err(|error| JournalError::from_io(error, events))?;
        if !more.is_empty() || summary != Ok(self.read()) {
            return Err(self.broken());
        }
        Ok(())
    }

    fn broken(&self) -> JournalError {
        JournalError::Broken { events: self.read.events }
    }
}

/// The blocks of a journal, one at a time.
struct Blocks<R> {
    source: R,
    place: u64,
    payload: Vec<u8>,
}

impl<R: Read> Blocks<R> {
    /// Reads the next block into `payload`. `events` were read before it.
    fn advance(&mut self, events: u64) -> Result<Kind, JournalError> {
        let failed = |error| JournalError::from_io(error, events);
        let damaged = |error| JournalError::from_format(error, events);
        self.payload.clear();
        let mut head = [0; HEAD_BYTES];
        self.source.read_exact(&mut head).map_err(failed)?;
        let head = Head::read(head).map_err(damaged)?;
        // Room is taken as bytes arrive, not as they are announced.
        let mut limited = (&mut self.source).take(head.length as u64);
        limited.read_to_end(&mut self.payload).map_err(failed)?;
        if self.payload.len() < head.length {
            return Err(JournalError::Cut { events });
        }
        head.check(self.place, &self.payload).map_err(damaged)?;
        self.place += 1;
        Ok(head.kind)
    }
}

/// The first bytes: short ones are those of a cut journal or of something else.
fn preamble(source: &mut impl Read) -> Result<[u8; PREAMBLE_BYTES], JournalError> {
    let mut bytes = Vec::new();
    let mut limited = source.take(PREAMBLE_BYTES as u64);
    limited.read_to_end(&mut bytes).map_err(|error| JournalError::from_io(error, 0))?;
    let found = bytes.len().min(MAGIC.len());
    if bytes.is_empty() || bytes[..found] != MAGIC[..found] {
        return Err(JournalError::Foreign);
    }
    <[u8; PREAMBLE_BYTES]>::try_from(bytes).map_err(|_| JournalError::Cut { events: 0 })
}
