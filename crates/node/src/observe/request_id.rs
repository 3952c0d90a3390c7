//! The name of a request, in `x-request-id`: the caller's own if it is sane, else one of
//! ours.
//!
//! Ours are UUIDs of version 7: they sort by the time at which they were made, down to a
//! quarter of a microsecond, and are otherwise random. Making one asks neither the clock
//! nor the operating system nor the allocator.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use http::header::HeaderName;
use uuid::Builder;
use uuid::fmt::Hyphenated;

use crate::observe::chance;
use crate::observe::header_text;

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is accepted.
const LENGTH_MAX: usize = 128;

/// The name of a request. Cloning it is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The name in the caller's header if it is sane, else a fresh one. `now` is when the
    /// request came.
    pub fn of(given: Option<&HeaderValue>, now: Instant) -> Self {
        match given {
            Some(given) if sane(given.as_bytes()) => Self(given.clone()),
            _ => Self::fresh(now),
        }
    }

    /// A name that was given elsewhere, if it is sane: 1 to 128 letters, digits and
    /// characters that neither end words nor mean anything to a shell or a page.
    pub fn accept(given: &[u8]) -> Option<Self> {
        sane(given).then(|| Self(header_text::value(given)))
    }

    /// A name nobody had before.
    pub fn fresh(now: Instant) -> Self {
        let since = wall(now);
        // A fraction of a millisecond in twelve bits, as RFC 9562 (6.2, method 3) has it.
        let fraction = (u64::from(since.subsec_nanos() % 1_000_000) << 12) / 1_000_000;
        let mut tail = [0; 10];
        tail[..2].copy_from_slice(&(fraction as u16).to_be_bytes());
        tail[2..].copy_from_slice(&chance::bits().to_le_bytes());
        let millis = since.as_millis() as u64;
        let uuid = Builder::from_unix_timestamp_millis(millis, &tail).into_uuid();
        let mut text = [0; Hyphenated::LENGTH];
        Self(header_text::value(uuid.hyphenated().encode_lower(&mut text).as_bytes()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("only visible ASCII was accepted")
    }

    /// The name as the header's value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn sane(given: &[u8]) -> bool {
    (1..=LENGTH_MAX).contains(&given.len())
        && given.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte))
}

/// Time since 1970 at `now`, by the clock that the process started with: a wall clock that
/// is set back later does not disturb the order of names.
fn wall(now: Instant) -> Duration {
    static ORIGIN: OnceLock<(Instant, Duration)> = OnceLock::new();
    let (origin, wall) = ORIGIN.get_or_init(|| {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now(), wall)
    });
    match now.checked_duration_since(*origin) {
        Some(later) => *wall + later,
        None => wall.saturating_sub(origin.duration_since(now)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sane_names_are_kept_and_others_replaced() {
        let long = "a".repeat(129);
        for (given, kept) in [
            ("7b1f0c5e-5a9b-4a77-a1f0-0d2b1f6a9c3e", true),
            ("Root=1-67891233-abcdef012345678912345678", true),
            ("x", true),
            (&long[..128], true),
            (&long, false),
            ("", false),
            ("two words", false),
            ("a,b", false),
            ("<script>", false),
            ("a\"b", false),
            ("$(rm)", false),
        ] {
            let value = HeaderValue::from_str(given).expect("a legal header");
            let id = RequestId::of(Some(&value), Instant::now());
            assert_eq!(id.as_str() == given, kept, "{given}");
            assert_eq!(RequestId::accept(given.as_bytes()).is_some(), kept, "{given}");
        }
        let bytes = HeaderValue::from_bytes(b"caf\xe9").expect("a legal header");
        assert_eq!(RequestId::of(Some(&bytes), Instant::now()).as_str().len(), 36);
    }

    #[test]
    fn fresh_names_are_uuids_in_the_order_of_time() {
        let start = Instant::now();
        let texts: Vec<String> = (0..5_000)
            .map(|step| RequestId::fresh(start + Duration::from_nanos(step * 250)))
            .map(|id| id.as_str().to_string())
            .collect();
        assert!(texts.is_sorted());
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len());
        let uuid = uuid::Uuid::parse_str(&texts[0]).expect("a UUID");
        assert_eq!(uuid.get_version_num(), 7);
        let (seconds, _) = uuid.get_timestamp().expect("a time").to_unix();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        assert!(now.abs_diff(seconds) < 3_600, "{now} {seconds}");
    }

    #[test]
    fn a_time_before_the_first_name_is_no_trouble() {
        let early = Instant::now();
        RequestId::fresh(Instant::now());
        assert_eq!(RequestId::fresh(early).as_str().len(), 36);
    }
}
