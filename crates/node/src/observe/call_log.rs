//! What the guest of one call writes, cut into lines on its way to the ring.
//!
//! Most calls write nothing. Such a call costs one allocation, of the sink itself, which
//! holds its request's id by reference; what lines need is made by the first byte. An
//! unfinished line is flushed when the last holder of the sink lets go, which is the end
//! of the call.

use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;
use swell_api::log::LogStream;
use swell_sandbox::log::{LogSink, Stream};

use crate::observe::logs::{LINE_BYTES_MAX, Logs, Origin};
use crate::observe::request_id::RequestId;

/// Where the calls of one version of a function write. To be made once per version.
#[derive(Debug)]
pub struct VersionLog {
    logs: Arc<Logs>,
    function: Arc<str>,
    version: u32,
}

impl VersionLog {
    /// The log of a version.
    pub fn new(logs: Arc<Logs>, function: Arc<str>, version: u32) -> Arc<Self> {
        Arc::new(Self { logs, function, version })
    }

    /// Where the guest of one call writes.
    pub fn call(self: &Arc<Self>, request_id: &RequestId) -> Arc<dyn LogSink> {
        Arc::new(CallLog {
            version: self.clone(),
            request_id: request_id.clone(),
            open: Mutex::new(None),
        })
    }

    /// Words of the node about a call.
    pub fn note(&self, request_id: &RequestId, text: &str) {
        self.logs.note(&self.function, self.version, request_id.as_str(), text);
    }
}

struct CallLog {
    version: Arc<VersionLog>,
    request_id: RequestId,
    /// There from the first byte on.
    open: Mutex<Option<Box<Open>>>,
}

struct Open {
    origin: Arc<Origin>,
    /// Beginnings of lines, of standard output and of standard error.
    unfinished: [Vec<u8>; 2],
}

impl CallLog {
    fn begin(&self) -> Box<Open> {
        let origin = Origin {
            function: self.version.function.clone(),
            version: self.version.version,
            request_id: self.request_id.as_str().into(),
        };
        Box::new(Open { origin: Arc::new(origin), unfinished: Default::default() })
    }
}

impl LogSink for CallLog {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut open = self.open.lock();
        let open = open.get_or_insert_with(|| self.begin());
        let (name, place) = match stream {
            Stream::Stdout => (LogStream::Stdout, 0),
            Stream::Stderr => (LogStream::Stderr, 1),
        };
        let mut text = mem::take(&mut open.unfinished[place]);
        if text.is_empty() {
            // The common case: whole lines, which are not copied twice.
            let (lines, rest) = split(bytes);
            self.version.logs.append(&open.origin, name, lines.into_iter());
            open.unfinished[place] = rest.to_vec();
            return;
        }
        text.extend_from_slice(bytes);
        let (lines, rest) = split(&text);
        self.version.logs.append(&open.origin, name, lines.into_iter());
        let used = text.len() - rest.len();
        text.drain(..used);
        open.unfinished[place] = text;
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        let Some(open) = self.open.get_mut().take() else {
            return;
        };
        for (name, rest) in [LogStream::Stdout, LogStream::Stderr].into_iter().zip(open.unfinished)
        {
            let last = (!rest.is_empty()).then(|| without_return(&rest));
            self.version.logs.append(&open.origin, name, last.into_iter());
        }
    }
}

/// The finished lines of a text, and what is left. What is longer than a line may be is
/// broken there.
fn split(text: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let window = &rest[..rest.len().min(LINE_BYTES_MAX + 1)];
        if let Some(end) = window.iter().position(|&byte| byte == b'\n') {
            lines.push(without_return(&rest[..end]));
            rest = &rest[end + 1..];
        } else if rest.len() > LINE_BYTES_MAX {
            let (line, more) = rest.split_at(whole_characters(&rest[..LINE_BYTES_MAX]));
            lines.push(line);
            rest = more;
        } else {
            return (lines, rest);
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Length of `text` without a character of UTF-8 that is broken off at its end.
fn whole_characters(text: &[u8]) -> usize {
    let tail = text.iter().rev().take(4).position(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let Some(place) = tail.map(|back| text.len() - 1 - back) else {
        return text.len();
    };
    let length = match text[place] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    };
    if place > 0 && place + length > text.len() { place } else { text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(writes: &[(Stream, &str)], before_end: &[&str], after_end: &[&str]) {
        let logs = Logs::new(100, 1 << 24);
        let version = VersionLog::new(logs.clone(), "hello".into(), 3);
        let id = RequestId::accept(b"call-1").expect("a fine id");
        let sink = version.call(&id);
        for (stream, text) in writes {
            sink.write(*stream, text.as_bytes());
        }
        let texts = || -> Vec<String> {
            logs.since(0, None, 100).lines.into_iter().map(|line| line.text).collect()
        };
        assert_eq!(texts(), before_end, "{writes:?}");
        let held = sink.clone();
        drop(sink);
        assert_eq!(texts(), before_end, "{writes:?}");
        drop(held);
        assert_eq!(texts(), after_end, "{writes:?}");
    }

    #[test]
    fn bytes_become_lines() {
        use Stream::{Stderr, Stdout};
        check(&[], &[], &[]);
        check(&[(Stdout, "")], &[], &[]);
        check(&[(Stdout, "one\ntwo\n")], &["one", "two"], &["one", "two"]);
        check(&[(Stdout, "on"), (Stdout, "e\ntw"), (Stdout, "o")], &["one"], &["one", "two"]);
        check(&[(Stdout, "a\r\n\n b\r")], &["a", ""], &["a", "", " b"]);
        check(&[(Stdout, "o"), (Stderr, "e"), (Stdout, "ut\n")], &["out"], &["out", "e"]);
    }

    #[test]
    fn long_lines_are_broken_and_nothing_is_lost() {
        let full = "x".repeat(LINE_BYTES_MAX);
        let line = format!("{full}\n");
        check(&[(Stream::Stdout, &line)], &[&full], &[&full]);
        let longer = format!("{full}yz\n");
        check(&[(Stream::Stdout, &longer)], &[&full, "yz"], &[&full, "yz"]);
        check(&[(Stream::Stdout, &full), (Stream::Stdout, "y")], &[&full], &[&full, "y"]);
        let broken = "x".repeat(LINE_BYTES_MAX - 1);
        let euro = format!("{broken}€!");
        check(&[(Stream::Stdout, &euro)], &[&broken], &[&broken, "€!"]);
    }

    #[test]
    fn characters_are_not_torn() {
        for (text, expected) in [
            (&b"abc"[..], 3),
            (b"ab\xe2\x82", 2),
            (b"ab\xe2", 2),
            (b"ab\xe2\x82\xac", 5),
            (b"a\xf0\x9f\x98", 1),
            (b"\xf0\x9f\x98", 3),
            (b"\x80\x80\x80\x80\x80", 5),
            (b"", 0),
        ] {
            assert_eq!(whole_characters(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_tell_where_they_come_from() {
        let logs = Logs::new(100, 1 << 24);
        let version = VersionLog::new(logs.clone(), "hello".into(), 3);
        let id = RequestId::accept(b"call-1").expect("a fine id");
        version.call(&id).write(Stream::Stderr, b"bad \xff byte\n");
        version.note(&id, "it failed");
        let lines = logs.since(0, None, 100).lines;
        let [guest, node] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((guest.stream, guest.text.as_str()), (LogStream::Stderr, "bad \u{fffd} byte"));
        assert_eq!((guest.function.as_str(), guest.version), ("hello", 3));
        assert_eq!((guest.request_id.as_str(), guest.number), ("call-1", 1));
        assert_eq!((node.stream, node.text.as_str()), (LogStream::Node, "it failed"));
        assert!(guest.at_ms > 1_600_000_000_000);
    }
}
