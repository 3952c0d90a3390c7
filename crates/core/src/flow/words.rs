//! A view of a FIFO in words of sixteen bits, which the analyzer decides on and a journal keeps:
//! what was rounded before it was judged can be judged again from what was written.
//!
//! A word is a number from 2⁻³² to 2³¹ with ten bits of fraction, so it is off by a twentieth of a
//! percent at most; zero, and anything less, is zero, and anything more is without end.

use crate::flow::view::{FifoId, OwnerId, Party, Sample, View};
use crate::time::{Instant, Span};

/// Words of a sample, and of one who owns the FIFO or could.
const SAMPLE: usize = 8;
const PARTY: usize = 13;
/// Those who own a FIFO or could, at most.
const PARTIES_MAX: usize = 255;

/// Bits of a fraction that fall away, and the least exponent as those bits have it.
const SHIFT: u32 = 42;
const LEAST: u64 = (1023 - 32) << 10;
const ENDLESS: u16 = u16::MAX;

const ALIVE: u16 = 1;
const MAY_OWN: u16 = 2;
const HAS_ROOM: u16 = 4;
const ABROAD: u16 = 8;

/// A number as a word.
pub(crate) fn word(number: f64) -> u16 {
    // A number that is none is less than nothing.
    if number.is_nan() || number <= 0.0 {
        return 0;
    }
    let rounded = (number.to_bits() + (1 << (SHIFT - 1))) >> SHIFT;
    u16::try_from(rounded.saturating_sub(LEAST)).unwrap_or(ENDLESS)
}

/// The number of a word.
pub(crate) fn number(word: u16) -> f64 {
    match word {
        0 => 0.0,
        ENDLESS => f64::INFINITY,
        word => f64::from_bits((u64::from(word) + LEAST) << SHIFT),
    }
}

fn span(word: u16) -> Span {
    Span::from_secs_f64(number(word))
}

/// A view that was rounded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rounded {
    words: Vec<u16>,
    sample: Option<Sample>,
    /// The owner first.
    parties: Vec<Party>,
}

impl Rounded {
    /// Rounds a view, in place of what was here before.
    pub fn round(&mut self, view: &View<'_>) {
        self.words.clear();
        let Sample { at, arriving, leaving, depth, capacity, latency, true_rate, work, variation } =
            *view.sample;
        let latency = latency.secs_f64();
        let numbers =
            [arriving, leaving, depth, capacity, latency, true_rate, work.secs_f64(), variation];
        self.words.extend(numbers.map(word));
        let parties = std::iter::once(view.owner).chain(view.others).take(PARTIES_MAX);
        parties.for_each(|party| self.words.extend(party_words(party)));
        let is_whole = self.unpack(at);
        assert!(is_whole, "they are whole parties");
    }

    /// A view of these words at this time; nothing if they are none.
    pub fn of(words: Vec<u16>, at: Instant) -> Option<Self> {
        let mut rounded = Self { words, ..Self::default() };
        rounded.unpack(at).then_some(rounded)
    }

    fn unpack(&mut self, at: Instant) -> bool {
        let Some((sample, parties)) = self.words.split_at_checked(SAMPLE) else { return false };
        let (parties, rest) = parties.as_chunks::<PARTY>();
        if parties.is_empty() || parties.len() > PARTIES_MAX || !rest.is_empty() {
            return false;
        }
        self.sample = Some(Sample {
            at,
            arriving: number(sample[0]),
            leaving: number(sample[1]),
            depth: number(sample[2]),
            capacity: number(sample[3]),
            latency: span(sample[4]),
            true_rate: number(sample[5]),
            work: span(sample[6]),
            variation: number(sample[7]),
        });
        self.parties.clear();
        self.parties.extend(parties.iter().map(party));
        true
    }

    /// Its words.
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// The view of a FIFO; nothing if none was rounded.
    pub fn view(&self, fifo: FifoId) -> Option<View<'_>> {
        let (sample, (owner, others)) = (self.sample.as_ref()?, self.parties.split_first()?);
        Some(View { fifo, sample, owner, others, memory_is_short: false })
    }
}

fn party_words(party: &Party) -> [u16; PARTY] {
    let flag = |bit, holds| if holds { bit } else { 0 };
    [
        party.owner.0 as u16,
        (party.owner.0 >> 16) as u16,
        word(party.cpu),
        word(party.calls),
        word(party.memory),
        word(party.common_memory),
        word(party.pressure),
        word(party.processors),
        word(party.dependency),
        word(party.proximity),
        word(party.pause.secs_f64()),
        u16::try_from(party.recent).unwrap_or(u16::MAX),
        flag(ALIVE, party.is_alive)
            | flag(MAY_OWN, party.may_own)
            | flag(HAS_ROOM, party.has_room)
            | flag(ABROAD, party.is_abroad),
    ]
}

fn party(words: &[u16; PARTY]) -> Party {
    let [low, high, cpu, calls, memory, common_memory, pressure, ref rest @ ..] = *words;
    let [processors, dependency, proximity, pause, recent, flags] = *rest;
    Party {
        owner: OwnerId(u32::from(high) << 16 | u32::from(low)),
        cpu: number(cpu),
        calls: number(calls),
        memory: number(memory),
        common_memory: number(common_memory),
        pressure: number(pressure),
        processors: number(processors),
        is_alive: flags & ALIVE != 0,
        may_own: flags & MAY_OWN != 0,
        has_room: flags & HAS_ROOM != 0,
        is_abroad: flags & ABROAD != 0,
        dependency: number(dependency),
        proximity: number(proximity),
        pause: span(pause),
        recent: recent.into(),
    }
}

/// Words beside those of before: which differ, a bit each, and those that do.
pub fn difference(before: &[u16], words: &[u16]) -> Vec<u8> {
    let mut bytes = vec![0; words.len().div_ceil(8)];
    for (place, word) in words.iter().enumerate() {
        if before.get(place).copied().unwrap_or(0) != *word {
            bytes[place / 8] |= 1 << (place % 8);
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes
}

/// So many words, by those of before and what differs; nothing if these bytes say no such thing.
pub fn apply(before: &[u16], count: usize, bytes: &[u8]) -> Option<Vec<u16>> {
    let (differs, rest) = bytes.split_at_checked(count.div_ceil(8))?;
    let (changed, torn) = rest.as_chunks::<2>();
    let mut changed = changed.iter().map(|bytes| u16::from_le_bytes(*bytes));
    let mut words = Vec::with_capacity(count);
    for place in 0..count {
        let is_new = differs[place / 8] & (1 << (place % 8)) != 0;
        let known = before.get(place).copied().unwrap_or(0);
        words.push(if is_new { changed.next()? } else { known });
    }
    (torn.is_empty() && changed.next().is_none()).then_some(words)
}

/// How many words the view of a FIFO has that so many could own.
pub fn count(parties: u8) -> usize {
    SAMPLE + PARTY * usize::from(parties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        for (given, kept) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0), (0.5, 0.5)] {
            assert_eq!(number(word(given)), kept, "{given}");
        }
        assert_eq!(number(word(1e-12)), 0.0);
        assert_eq!(number(word(1e12)), f64::INFINITY);
        assert_eq!(number(word(f64::INFINITY)), f64::INFINITY);
        for word in 0..=u16::MAX {
            assert_eq!(super::word(number(word)), word, "what was rounded stays as it is");
        }
        let mut given = 3e-9;
        while given < 2e9 {
            let off = (number(word(given)) / given - 1.0).abs();
            assert!(off < 0.0005, "{given}: {off}");
            given *= 1.37;
        }
    }

    #[test]
    fn views_are_what_their_words_say() {
        let party = |owner, first: f64| Party {
            owner: OwnerId(owner),
            cpu: first,
            calls: first / 2.0,
            memory: first / 4.0,
            common_memory: first / 8.0,
            pressure: first / 16.0,
            processors: 4.0,
            is_alive: owner > 0,
            may_own: true,
            has_room: owner == 0,
            is_abroad: owner > 2,
            dependency: first / 32.0,
            proximity: first / 64.0,
            pause: Span::from_nanos(15_625_000),
            recent: owner,
        };
        let (owner, others) = (party(0, 1.0), [party(70_000, 0.5), party(2, 0.0)]);
        let sample = Sample {
            at: Instant::from_millis(100),
            arriving: 1.0,
            leaving: 2.0,
            depth: 4.0,
            capacity: 8.0,
            latency: Span::from_millis(250),
            true_rate: 16.0,
            work: Span::from_millis(125),
            variation: 0.5,
        };
        let (fifo, memory_is_short) = (FifoId(3), false);
        let view = View { fifo, sample: &sample, owner: &owner, others: &others, memory_is_short };
        let mut rounded = Rounded::default();
        rounded.round(&view);
        let read = Rounded::of(rounded.words().to_vec(), sample.at).expect("they are words");
        assert_eq!(read.words().len(), count(3));
        let read = read.view(fifo).expect("a view was rounded");
        assert_eq!((read.sample, read.owner, read.others[1]), (&sample, &owner, others[1]));
        assert_eq!(read.others[0], Party { recent: u16::MAX.into(), ..others[0] });
    }

    #[test]
    fn differences_lead_to_the_same_words() {
        let (before, words) = (vec![1, 2, 3], vec![1, 9, 3, 0, 7, 0, 0, 0, 8]);
        let bytes = difference(&before, &words);
        assert_eq!(bytes.len(), 2 + 2 * 3, "two of marks, and three words");
        assert_eq!(apply(&before, words.len(), &bytes).as_ref(), Some(&words));
        assert_eq!(difference(&words, &words), [0, 0]);
        assert_eq!(apply(&before, words.len(), &bytes[..7]), None, "cut");
        assert_eq!(apply(&before, words.len(), &bytes[..6]), None, "a word is missing");
        assert_eq!(apply(&before, 300, &bytes), None);
        let more = [&bytes[..], &[0, 0]].concat();
        assert_eq!(apply(&before, words.len(), &more), None, "a word too many");
    }
}
