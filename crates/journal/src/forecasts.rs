//! What was forecast and what came, in segments of a file that can be read each by itself: so the
//! oldest can go while the newest are written.
//!
//! A segment begins with [`MAGIC`]. Frames follow: the length of what is packed, four bytes with
//! the lowest first, and a zlib stream of numbers and texts. Functions are numbered within a
//! segment in the order in which they are named. Counts of calls are whole; what was forecast is
//! kept in tenths of a call. A function of which nothing is expected is left out.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// How a segment begins.
pub const MAGIC: [u8; 8] = *b"swlfcst1";
/// Bytes of a frame at most, packed and unpacked.
const FRAME_BYTES_MAX: u64 = 64 << 20;
/// Parts of a call that are kept.
const PARTS: f32 = 10.0;

/// Something that a segment tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// Functions that have not been named yet; they take the next numbers.
    Named(Vec<String>),
    /// A minute was measured: calls of each function that was called in it, by number.
    Counted {
        /// The minute, counted from 1970 in the time of the node.
        minute: u64,
        /// Number and calls, in order.
        calls: Vec<(u32, u32)>,
    },
    /// A forecast was made.
    Foretold {
        /// By whom.
        by: String,
        /// The minute in which its first step begins.
        minute: u64,
        /// Minutes in a step.
        step: u32,
        /// What is expected of each function, by number.
        functions: Vec<(u32, Vec<Said>)>,
    },
}

/// What was said of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Said {
    /// The chance of any call if none came in the steps before, in thousandths; where it was told.
    pub chance: Option<u16>,
    /// So many calls or fewer in 2.5, 10, 50, 90 and 97.5 cases of a hundred.
    pub quantiles: [f32; 5],
}

impl Said {
    fn is_nothing(&self) -> bool {
        self.chance.unwrap_or(0) == 0 && self.parts() == [0; 5]
    }

    fn parts(&self) -> [u64; 5] {
        // The cast saturates, and turns what is not a number into zero.
        self.quantiles.map(|count| u64::from((count * PARTS).round() as u32))
    }
}

/// A frame, as it is written.
pub fn write(frame: &Frame) -> Vec<u8> {
    let mut plain = Vec::new();
    match frame {
        Frame::Named(names) => {
            put(&mut plain, 0);
            put(&mut plain, names.len() as u64);
            names.iter().for_each(|name| put_text(&mut plain, name));
        }
        Frame::Counted { minute, calls } => {
            put(&mut plain, 1);
            put(&mut plain, *minute);
            put(&mut plain, calls.len() as u64);
            for (number, calls) in calls {
                put(&mut plain, u64::from(*number));
                put(&mut plain, u64::from(*calls));
            }
        }
        Frame::Foretold { by, minute, step, functions } => {
            put(&mut plain, 2);
            put_text(&mut plain, by);
            put(&mut plain, *minute);
            put(&mut plain, u64::from(*step));
            let told: Vec<_> =
                functions.iter().filter(|(_, steps)| !steps.iter().all(Said::is_nothing)).collect();
            put(&mut plain, told.len() as u64);
            for (number, steps) in told {
                put(&mut plain, u64::from(*number));
                put(&mut plain, steps.len() as u64);
                let mut before = [0; 5];
                for said in steps {
                    before = put_said(&mut plain, said, before);
                }
            }
        }
    }
    let mut packer = ZlibEncoder::new(vec![0; 4], Compression::fast());
    packer.write_all(&plain).expect("a vector takes all");
    let mut bytes = packer.finish().expect("a vector takes all");
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Whether the quantiles are those of the step before stands in the lowest bit, and the chance, one
/// more so that none is zero, above it.
fn put_said(out: &mut Vec<u8>, said: &Said, before: [u64; 5]) -> [u64; 5] {
    let parts = said.parts();
    let chance = said.chance.map_or(0, |chance| u64::from(chance) + 1);
    put(out, chance << 1 | u64::from(parts == before));
    if parts != before {
        let mut former = 0;
        for part in parts {
            put(out, part.saturating_sub(former));
            former = former.max(part);
        }
    }
    parts
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// The frames of segments that follow each other.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// A segment begins: functions are numbered anew.
    Segment,
    /// A frame.
    Frame(Frame),
}

impl<'a> Frames<'a> {
    /// Those of these bytes.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are not read yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }
}

impl Iterator for Frames<'_> {
    type Item = Next;

    /// What comes next; none at the end, and where what follows is no frame: a file that was cut
    /// short is read as far as it goes.
    fn next(&mut self) -> Option<Next> {
        if let Some(rest) = self.rest.strip_prefix(&MAGIC) {
            self.rest = rest;
            return Some(Next::Segment);
        }
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        if u64::from(length) > FRAME_BYTES_MAX {
            return None;
        }
        let (packed, rest) = rest.split_at_checked(length as usize)?;
        let mut plain = Vec::new();
        ZlibDecoder::new(packed).take(FRAME_BYTES_MAX).read_to_end(&mut plain).ok()?;
        let frame = read(&plain)?;
        self.rest = rest;
        Some(Next::Frame(frame))
    }
}

/// The frame that these bytes are. Takes memory in proportion to them, whatever they claim.
fn read(plain: &[u8]) -> Option<Frame> {
    let rest = &mut &plain[..];
    let frame = match take(rest)? {
        0 => {
            let count = take(rest)?;
            Frame::Named((0..count).map(|_| take_text(rest)).collect::<Option<_>>()?)
        }
        1 => {
            let (minute, count) = (take(rest)?, take(rest)?);
            let calls = (0..count).map(|_| Some((take32(rest)?, take32(rest)?)));
            Frame::Counted { minute, calls: calls.collect::<Option<_>>()? }
        }
        2 => {
            let (by, minute, step) = (take_text(rest)?, take(rest)?, take32(rest)?);
            let count = take(rest)?;
            let functions = (0..count).map(|_| {
                let (number, count) = (take32(rest)?, take(rest)?);
                let mut before = [0; 5];
                let steps = (0..count).map(|_| {
                    let (said, parts) = take_said(rest, before)?;
                    before = parts;
                    Some(said)
                });
                Some((number, steps.collect::<Option<_>>()?))
            });
            Frame::Foretold { by, minute, step, functions: functions.collect::<Option<_>>()? }
        }
        _ => return None,
    };
    rest.is_empty().then_some(frame)
}

fn take_said(rest: &mut &[u8], before: [u64; 5]) -> Option<(Said, [u64; 5])> {
    let head = take(rest)?;
    let mut parts = before;
    if head & 1 == 0 {
        let mut former = 0u64;
        for part in &mut parts {
            former = former.checked_add(take(rest)?)?;
            *part = former;
        }
    }
    let chance = match head >> 1 {
        0 => None,
        more => Some(u16::try_from(more - 1).ok()?),
    };
    let quantiles = parts.map(|part| part as f32 / PARTS);
    Some((Said { chance, quantiles }, parts))
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, more) = rest.split_first()?;
        *rest = more;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take32(rest: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(rest)?).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(take(rest)?).ok()?;
    let (text, more) = rest.split_at_checked(length)?;
    *rest = more;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(chance: Option<u16>, parts: [u32; 5]) -> Said {
        Said { chance, quantiles: parts.map(|part| part as f32 / PARTS) }
    }

    fn frames() -> Vec<Frame> {
        let steps = vec![said(None, [0, 5, 12, 20, 33]), said(None, [0, 5, 12, 20, 33])];
        let minutes = vec![said(Some(0), [0; 5]), said(Some(999), [0, 0, 10, 10, 10])];
        vec![
            Frame::Named(vec!["hello".to_string(), "shop-é".to_string()]),
            Frame::Counted { minute: 29_000_000, calls: vec![(0, 3), (1, 70_000)] },
            Frame::Counted { minute: 29_000_001, calls: Vec::new() },
            Frame::Foretold {
                by: "occurrence".to_string(),
                minute: 29_000_002,
                step: 1,
                functions: vec![(1, minutes)],
            },
            Frame::Foretold {
                by: "model 3".to_string(),
                minute: 29_000_005,
                step: 5,
                functions: vec![(0, steps)],
            },
        ]
    }

    fn bytes() -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        frames().iter().for_each(|frame| bytes.extend(write(frame)));
        bytes
    }

    #[test]
    fn what_was_written_is_read_and_nothing_is_said_of_who_is_silent() {
        let twice = [bytes(), bytes()].concat();
        let mut read = Frames::of(&twice);
        let found: Vec<Next> = read.by_ref().collect();
        let one = std::iter::once(Next::Segment).chain(frames().into_iter().map(Next::Frame));
        assert_eq!(found, one.clone().chain(one).collect::<Vec<_>>());
        assert_eq!(read.left(), 0);
        let silent = vec![(0, vec![said(None, [0; 5]); 12]), (1, vec![said(Some(0), [0; 5]); 2])];
        let frame = Frame::Foretold { by: "x".into(), minute: 1, step: 5, functions: silent };
        let bytes = write(&frame);
        let told = Frames::of(&bytes).next();
        assert!(
            matches!(told, Some(Next::Frame(Frame::Foretold { functions, .. })) if functions.is_empty())
        );
    }

    #[test]
    fn what_is_cut_or_hurt_is_read_as_far_as_it_goes() {
        let whole = bytes();
        let all = Frames::of(&whole).count();
        for length in 0..whole.len() {
            assert!(Frames::of(&whole[..length]).count() < all, "{length}");
        }
        for place in MAGIC.len()..whole.len() {
            let mut hurt = whole.clone();
            hurt[place] ^= 0x41;
            let found: Vec<Next> = Frames::of(&hurt).collect();
            let told: Vec<Next> = Frames::of(&whole).collect();
            assert!(found.len() < all && found[..] == told[..found.len()], "{place}");
        }
    }

    #[test]
    fn a_step_of_many_functions_takes_few_bytes_each() {
        const FUNCTIONS: u32 = 10_000;
        let mut state = 1u64;
        let mut unit = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        // From one call in half an hour to two hundred in five minutes, each step somewhat its own.
        let levels: Vec<f32> = (0..FUNCTIONS).map(|_| (7.0 * unit() - 1.7).exp()).collect();
        let mut told = |step: u32, steps: usize, chances: bool| {
            let functions = (0..FUNCTIONS).zip(&levels).map(|(number, level)| {
                let steps = (0..steps).map(|_| {
                    let mean = level * step as f32 / 5.0 * (0.95 + 0.1 * unit());
                    let at = |deviate: f32| (mean + deviate * mean.sqrt()).max(0.0);
                    let at = |deviate: f32| if chances { at(deviate).floor() } else { at(deviate) };
                    let chance = chances.then(|| (1e3 * (1.0 - (-mean).exp())) as u16);
                    Said { chance, quantiles: [-1.96, -1.28, 0.0, 1.28, 1.96].map(at) }
                });
                (number, steps.collect())
            });
            let (by, minute, functions) = ("model 3".to_string(), 29_000_000, functions.collect());
            let bytes = write(&Frame::Foretold { by, minute, step, functions }).len();
            bytes as f32 / FUNCTIONS as f32
        };
        let (bands, minutes) = (told(5, 12, false), told(1, 2, true));
        assert!(bands < 48.0 && minutes < 10.0, "{bands} and {minutes} bytes a function");
    }
}
