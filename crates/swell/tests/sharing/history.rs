//! What callers were told, and whether it is what they were promised.

use std::collections::BTreeMap;
use std::time::Instant;

/// A version of a content, in the order of versions.
pub(crate) type Version = (u64, u64, u64);

/// Reads a version as it stands in an entity tag.
pub(crate) fn version(tag: &str) -> Option<Version> {
    let mut parts = tag.trim_matches('"').split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// An operation that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) content: String,
    pub(crate) version: Version,
    pub(crate) text: String,
    pub(crate) is_write: bool,
    pub(crate) is_strict: bool,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

/// Holds what was told against what was promised: each content is one register of strict reads
/// and writes, in the order of its versions, and a version holds one text.
pub(crate) fn faults(history: &[Done]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut texts: BTreeMap<(&str, Version), &str> = BTreeMap::new();
    let mut contents: BTreeMap<&str, Vec<&Done>> = BTreeMap::new();
    for done in history {
        let text = texts.entry((&done.content, done.version)).or_insert(&done.text);
        if *text != done.text {
            faults.push(format!("{done:?} is `{text}` for others"));
        }
        contents.entry(&done.content).or_default().push(done);
    }
    for dones in contents.values() {
        let mut by_begin = dones.clone();
        by_begin.sort_by_key(|done| done.began);
        let mut by_end = dones.clone();
        by_end.sort_by_key(|done| done.ended);
        let mut ended = by_end.into_iter().peekable();
        let mut newest = (0, 0, 0);
        for done in by_begin {
            while let Some(before) = ended.next_if(|before| before.ended < done.began) {
                newest = newest.max(before.version);
            }
            let is_right = match (done.is_write, done.is_strict) {
                (true, _) => done.version > newest,
                (false, true) => done.version >= newest,
                (false, false) => true,
            };
            if !is_right {
                faults.push(format!("{done:?} after {newest:?} was known"));
            }
        }
    }
    faults
}

#[test]
fn what_is_wrong_is_found() {
    let start = Instant::now();
    let done = |version, is_write, from: u64, to: u64| Done {
        content: "a".to_string(),
        version: (0, 1, version),
        text: version.to_string(),
        is_write,
        is_strict: true,
        began: start + std::time::Duration::from_millis(from),
        ended: start + std::time::Duration::from_millis(to),
    };
    let check = |history: &[Done]| faults(history).len();
    assert_eq!(check(&[done(1, true, 0, 5), done(1, false, 6, 7), done(2, true, 6, 9)]), 0);
    assert_eq!(check(&[done(2, true, 0, 5), done(1, false, 6, 7)]), 1, "a stale read");
    assert_eq!(check(&[done(2, true, 0, 5), done(1, false, 4, 7)]), 0, "at the same time");
    assert_eq!(check(&[done(2, false, 0, 5), done(2, true, 6, 7)]), 1, "written twice");
    let other = Done { text: "?".to_string(), ..done(1, false, 6, 7) };
    assert_eq!(check(&[done(1, true, 0, 5), other]), 1, "another text");
}
