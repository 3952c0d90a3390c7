//! The headers of contents: entity tags, ranges, freshness, sessions.

use std::ops::Range;

use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_RANGE, ETAG, IF_MATCH, IF_NONE_MATCH, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use swell_content::answer::{Precondition, Reading, Writing};
use swell_content::contents::version_of_tag;
use swell_content::token::{of_token, to_token};
use swell_core::cachegroup::action::Origin;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::names::Version;
use swell_core::cachegroup::session::Session;
use swell_core::time::Span;

use crate::refusal::{Reason, Refusal};

/// How fresh a read is to be, and was.
pub const READ: HeaderName = HeaderName::from_static("x-swell-read");
/// What the caller has seen.
pub const SESSION: HeaderName = HeaderName::from_static("x-swell-content-session");
/// Of which function the task is that reads.
const FUNCTION: HeaderName = HeaderName::from_static("x-swell-function");
/// How safe a write is to be.
pub const ACKNOWLEDGE: HeaderName = HeaderName::from_static("x-swell-acknowledge");
/// How safe it is.
const ACKNOWLEDGED: HeaderName = HeaderName::from_static("x-swell-acknowledged");
/// Where a content came from.
const SOURCE: HeaderName = HeaderName::from_static("x-swell-source");
/// How long ago it was surely the newest, in milliseconds.
const AGE_MS: HeaderName = HeaderName::from_static("x-swell-age-ms");

/// How to read.
pub struct ReadTerms {
    /// How fresh.
    pub level: ReadLevel,
    /// What the caller has seen.
    pub session: Session,
}

/// That a header makes no sense.
pub fn senseless(header: &str) -> Refusal {
    Refusal::new(Reason::BadRequest, format!("the header `{header}` makes no sense"))
}

fn text(sent: &HeaderMap, header: HeaderName) -> Result<Option<&str>, Refusal> {
    let Some(value) = sent.get(&header) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| senseless(header.as_str()))
}

/// The function whose task reads, if the caller says so.
pub fn function(sent: &HeaderMap) -> Result<Option<&str>, Refusal> {
    text(sent, FUNCTION)
}

/// How to read: by the query, else the header, else what `Cache-Control` says.
pub fn read_terms(sent: &HeaderMap, query: Option<&str>) -> Result<ReadTerms, Refusal> {
    let session = session(sent)?;
    let level = match query.or(text(sent, READ)?) {
        Some(text) => {
            text.parse().map_err(|error: swell_core::cachegroup::level::LevelError| {
                Refusal::new(Reason::BadRequest, error.to_string())
            })?
        }
        None => text(sent, CACHE_CONTROL)?.map_or_else(ReadLevel::default, level_of_cache_control),
    };
    Ok(ReadTerms { level, session })
}

/// RFC 9111, section 5.2.1. What is not known there is passed over, as it asks.
fn level_of_cache_control(text: &str) -> ReadLevel {
    let mut level = ReadLevel::default();
    for part in text.split(',').map(str::trim) {
        let (word, value) = part.split_once('=').unwrap_or((part, ""));
        match word.to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return ReadLevel::Strict,
            "max-age" => match value.trim_matches('"').parse::<u64>() {
                Ok(0) => return ReadLevel::Strict,
                Ok(seconds) => level = ReadLevel::Bounded(Span::from_secs(seconds)),
                Err(_) => {}
            },
            _ => {}
        }
    }
    level
}

/// What the caller has seen.
pub fn session(sent: &HeaderMap) -> Result<Session, Refusal> {
    let Some(token) = text(sent, SESSION)?.filter(|token| !token.is_empty()) else {
        return Ok(Session::default());
    };
    of_token(token).ok_or_else(|| {
        senseless(SESSION.as_str()).hint("send it as it was answered, or leave it out")
    })
}

/// How safe a write is to be.
pub fn acknowledgement(sent: &HeaderMap, query: Option<&str>) -> Result<Acknowledgement, Refusal> {
    let Some(text) = query.or(text(sent, ACKNOWLEDGE)?) else {
        return Ok(Acknowledgement::default());
    };
    text.parse().map_err(|error: swell_core::cachegroup::level::LevelError| {
        Refusal::new(Reason::BadRequest, error.to_string())
    })
}

/// On which version a write is made.
pub fn precondition(sent: &HeaderMap) -> Result<Precondition, Refusal> {
    match (text(sent, IF_MATCH)?, text(sent, IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (Some(tag), None) if tag.trim() == "*" => Ok(Precondition::Exists),
        (Some(tag), None) => match version_of_tag(tag) {
            Some(version) => Ok(Precondition::Is(version)),
            None => Err(senseless("if-match").hint("send one `ETag` as it was answered, or `*`")),
        },
        (None, Some(tag)) if tag.trim() == "*" => Ok(Precondition::Absent),
        _ => Err(senseless("if-none-match").hint("writes know `If-Match` and `If-None-Match: *`")),
    }
}

/// The status of a read that its caller does not want: it has that version, or expects
/// another.
pub fn unwanted(sent: &HeaderMap, version: Version) -> Result<Option<StatusCode>, Refusal> {
    let names = |tags: &str| {
        tags.split(',').any(|tag| tag.trim() == "*" || version_of_tag(tag) == Some(version))
    };
    if text(sent, IF_MATCH)?.is_some_and(|tags| !names(tags)) {
        return Ok(Some(StatusCode::PRECONDITION_FAILED));
    }
    let has_it = text(sent, IF_NONE_MATCH)?.is_some_and(names);
    Ok(has_it.then_some(StatusCode::NOT_MODIFIED))
}

/// A part of a body, and the header that says which.
pub type Part = (Range<usize>, [(HeaderName, String); 1]);

/// The part of a body that is asked for. Several parts at once, other units, and parts of
/// another version are answered with the whole, as RFC 9110 (section 14.2) allows.
pub fn range(sent: &HeaderMap, length: usize, version: Version) -> Result<Option<Part>, Refusal> {
    let Some(asked) = text(sent, RANGE)? else { return Ok(None) };
    let if_range = text(sent, http::header::IF_RANGE)?;
    if if_range.is_some_and(|tag| version_of_tag(tag) != Some(version)) {
        return Ok(None);
    }
    let Some(asked) = asked.trim().strip_prefix("bytes=") else { return Ok(None) };
    let Some((first, last)) = asked.split_once('-').filter(|_| !asked.contains(',')) else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if last < first => return Ok(None),
        (Some(first), Some(last)) => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.trim().is_empty() => first..length,
        (None, Some(last)) if first.trim().is_empty() => length.saturating_sub(last)..length,
        _ => return Ok(None),
    };
    if part.is_empty() {
        let title = format!("the content has {length} bytes, and no `{asked}`");
        return Err(Refusal::new(Reason::RangeNotSatisfiable, title));
    }
    let told = format!("bytes {}-{}/{length}", part.start, part.end - 1);
    Ok(Some((part, [(CONTENT_RANGE, told)])))
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("it is made of digits and letters")
}

fn tag(version: Version) -> HeaderValue {
    value(format!("\"{version}\""))
}

/// What is said of what was read.
pub fn of_reading(reading: &Reading, level: ReadLevel) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    if reading.blob.is_some() {
        headers.insert(ETAG, tag(reading.version));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    let source = match (reading.is_pending, reading.origin) {
        (true, _) => "pending",
        (false, Origin::Local) => "local",
        (false, Origin::Group) => "group",
        (false, Origin::Store) => "store",
    };
    headers.insert(SOURCE, HeaderValue::from_static(source));
    headers.insert(AGE, HeaderValue::from(reading.age.as_secs()));
    headers.insert(AGE_MS, HeaderValue::from(reading.age.as_millis() as u64));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(READ, value(level.to_string()));
    headers.insert(SESSION, value(to_token(&reading.session)));
    headers
}

/// What is said of what was written.
pub fn of_writing(writing: &Writing) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(ETAG, tag(writing.version));
    headers.insert(ACKNOWLEDGED, value(writing.acknowledged.to_string()));
    headers.insert(SESSION, value(to_token(&writing.session)));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(rows: &[(&'static str, &'static str)]) -> HeaderMap {
        let row = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        rows.iter().map(row).collect()
    }

    #[test]
    fn freshness_is_read_from_what_callers_say() {
        let five = ReadLevel::Bounded(Span::from_secs(5));
        for (headers, query, level) in [
            (&[][..], None, Some(ReadLevel::Causal)),
            (&[("x-swell-read", "strict")], None, Some(ReadLevel::Strict)),
            (&[("x-swell-read", "strict")], Some("any"), Some(ReadLevel::Any)),
            (&[("cache-control", "no-cache")], None, Some(ReadLevel::Strict)),
            (&[("cache-control", "max-age=5, no-transform")], None, Some(five)),
            (&[("cache-control", "max-age=0")], None, Some(ReadLevel::Strict)),
            (&[("cache-control", "max-age=5")], Some("strict"), Some(ReadLevel::Strict)),
            (&[("cache-control", "whatever")], None, Some(ReadLevel::Causal)),
            (&[("x-swell-read", "fresh")], None, None),
            (&[("x-swell-content-session", "nonsense")], None, None),
        ] {
            let terms = read_terms(&sent(headers), query);
            assert_eq!(terms.ok().map(|terms| terms.level), level, "{headers:?} {query:?}");
        }
    }

    #[test]
    fn preconditions_are_read() {
        let version = "0.3.17".parse().expect("a version");
        for (headers, wanted) in [
            (&[][..], Some(Precondition::None)),
            (&[("if-match", "\"0.3.17\"")], Some(Precondition::Is(version))),
            (&[("if-match", "*")], Some(Precondition::Exists)),
            (&[("if-none-match", "*")], Some(Precondition::Absent)),
            (&[("if-none-match", "\"0.3.17\"")], None),
            (&[("if-match", "0.3.17")], None),
            (&[("if-match", "\"abc\"")], None),
        ] {
            assert_eq!(precondition(&sent(headers)).ok(), wanted, "{headers:?}");
        }
        for (headers, status) in [
            (&[("if-none-match", "\"0.1.1\", W/\"0.3.17\"")][..], Some(304)),
            (&[("if-none-match", "\"0.3.18\"")], None),
            (&[("if-match", "\"0.3.18\"")], Some(412)),
            (&[("if-match", "*")], None),
        ] {
            let unwanted = unwanted(&sent(headers), version).expect("it makes sense");
            assert_eq!(unwanted.map(|status| status.as_u16()), status, "{headers:?}");
        }
    }

    #[test]
    fn ranges_are_parts_of_the_body() {
        for (asked, part) in [
            ("bytes=0-3", Some(Some(0..4))),
            ("bytes=4-", Some(Some(4..10))),
            ("bytes=-3", Some(Some(7..10))),
            ("bytes=-30", Some(Some(0..10))),
            ("bytes=8-99", Some(Some(8..10))),
            ("bytes=10-", None),
            ("bytes=-0", None),
            ("bytes=5-4", Some(None)),
            ("bytes=0-1,4-5", Some(None)),
            ("lines=1-2", Some(None)),
            ("bytes=a-b", Some(None)),
        ] {
            let found = range(&sent(&[("range", asked)]), 10, Version::NEVER);
            assert_eq!(found.ok().map(|found| found.map(|(part, _)| part)), part, "{asked}");
        }
    }
}
