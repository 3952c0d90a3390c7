//! What one run of a mind has learned, as bytes for the next.
//!
//! Bytes on a disk outlive programs and may be hurt, so they carry a name and a version,
//! and whoever opens them takes all of it or nothing. Times in them are ages: the zero of
//! a run means nothing to the next. Functions in them are numbers, which the next run may
//! have given to others; so a history is handed over with what each is called now.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ids::FunctionId;
use crate::time::Span;

/// The longest history, which bounds what can be asked of a mind to take in.
pub const BYTES_MAX: usize = 8 << 20;

/// What an earlier run learned, handed to a mind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// What `Site::remembered` gave.
    pub bytes: Vec<u8>,
    /// For each function number of that run, what the function is called now; `None` if
    /// it is no longer deployed. Numbers beyond the end are forgotten.
    pub functions: Vec<Option<FunctionId>>,
    /// How long ago the bytes were given: ages in them are older by this.
    pub away: Span,
}

impl History {
    /// What the function that had this number is called now.
    pub fn function(&self, number: usize) -> Option<FunctionId> {
        self.functions.get(number).copied().flatten()
    }
}

/// How much of a history a mind took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    All,
    /// How long starts and calls take, but not what the policy learned: another policy
    /// learned it, or another version, or it is damaged.
    Durations,
    /// Nothing: the bytes are no history that this program reads.
    Nothing,
}

/// Puts a name and a version on what is kept.
pub fn seal(name: &str, version: u16, value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(&(name, version, value)).expect("a vector takes every encoding")
}

/// Opens what was sealed under that name and version; `None` if it is anything else, or
/// if more follows.
pub fn open<T: DeserializeOwned>(name: &str, version: u16, bytes: &[u8]) -> Option<T> {
    let ((found_name, found_version), rest) =
        postcard::take_from_bytes::<(&str, u16)>(bytes).ok()?;
    if found_name != name || found_version != version {
        return None;
    }
    match postcard::take_from_bytes(rest) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// The first items, as many as fit into a share of a history that leaves room for others.
pub fn fitting<T: Serialize>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut left = BYTES_MAX / 4 * 3;
    let fits = |item: &T| {
        let bytes = postcard::to_allocvec(item).map_or(usize::MAX, |bytes| bytes.len());
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    items.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_is_opened() {
        let sealed = seal("habits", 3, &(7u32, "seven"));
        let opened = |name, version, bytes: &[u8]| open::<(u32, String)>(name, version, bytes);
        assert_eq!(opened("habits", 3, &sealed), Some((7, "seven".to_string())));
        assert_eq!(opened("habit", 3, &sealed), None, "another name");
        assert_eq!(opened("habits", 4, &sealed), None, "another version");
        assert_eq!(opened("habits", 3, &sealed[..sealed.len() - 1]), None, "cut");
        assert_eq!(opened("habits", 3, &[&sealed[..], &[0]].concat()), None, "more follows");
        assert_eq!(opened("habits", 3, &[]), None, "nothing at all");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let items = || std::iter::repeat_n(vec![1u8; 1 << 20], 20);
        assert_eq!(fitting(items().take(3)).len(), 3);
        assert_eq!(fitting(items()).len(), 5);
    }
}
