//! What a content is called: a workload and a name in it.
//!
//! The protocol knows hashes only, which every node computes alike. The first 32 bits of a
//! content's hash are those of its workload, so that all contents of a workload lie together in
//! the data store; the other 96 are of both, so that two workloads whose hashes meet share a
//! group and nothing else.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use swell_core::cachegroup::names::{ContentId, GroupId, NodeId};

/// The longest name, in bytes as they stand in the data store, where what is neither a letter
/// of ASCII, a digit, `.`, `_` nor `-` takes three.
pub const NAME_BYTES_MAX: usize = 200;

/// The longest name of a workload.
const WORKLOAD_BYTES_MAX: usize = 63;

/// A workload and a name in it, both fit to be names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Words", into = "Words")]
pub struct ContentName {
    workload: String,
    name: String,
    id: ContentId,
    group: GroupId,
}

/// The same as it is kept and sent.
#[derive(Serialize, Deserialize)]
struct Words {
    workload: String,
    name: String,
}

impl From<ContentName> for Words {
    fn from(ContentName { workload, name, .. }: ContentName) -> Self {
        Self { workload, name }
    }
}

impl TryFrom<Words> for ContentName {
    type Error = NameError;

    fn try_from(Words { workload, name }: Words) -> Result<Self, NameError> {
        Self::new(&workload, &name)
    }
}

/// Why a name is none, for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub String);

impl ContentName {
    /// The content of a workload with this name.
    pub fn new(workload: &str, name: &str) -> Result<Self, NameError> {
        check_workload(workload)?;
        let refuse = |why: String| Err(NameError(format!("`{}` {why}", short(name))));
        if name.is_empty() {
            return Err(NameError("a content has a name of at least one letter".to_string()));
        }
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse(
                "has a part that is empty, `.` or `..`; write a name such as `maps/tile-7`"
                    .to_string(),
            );
        }
        if name.chars().any(|letter| letter.is_control() || letter == '\\') {
            return refuse("has control characters or `\\`, which no name may have".to_string());
        }
        let length = escape(name).len();
        if length > NAME_BYTES_MAX {
            return refuse(format!(
                "takes {length} bytes where {NAME_BYTES_MAX} are allowed; what is neither \
                 a letter of ASCII, a digit, `.`, `_` nor `-` counts three"
            ));
        }
        let group = group_of(workload);
        let id = id_of(group, workload, name);
        Ok(Self { workload: workload.to_string(), name: name.to_string(), id, group })
    }

    /// The workload.
    pub fn workload(&self) -> &str {
        &self.workload
    }

    /// The name in it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who the content is in the protocol.
    pub fn id(&self) -> ContentId {
        self.id
    }

    /// The group of its workload.
    pub fn group(&self) -> GroupId {
        self.group
    }
}

fn id_of(group: GroupId, workload: &str, name: &str) -> ContentId {
    let hash = Sha256::new().chain_update(workload).chain_update([0]).chain_update(name).finalize();
    let mut low = [0; 16];
    low[4..].copy_from_slice(&hash[..12]);
    ContentId(u128::from(group.0) << 96 | u128::from_be_bytes(low))
}

/// The group of a workload.
pub fn group_of(workload: &str) -> GroupId {
    GroupId(first_word(b"workload", workload))
}

/// A node by its name.
pub fn node_of(name: &str) -> NodeId {
    NodeId(first_word(b"node", name))
}

pub(crate) fn first_word(kind: &[u8], name: &str) -> u32 {
    let hash = Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Refuses what cannot be the name of a workload.
pub fn check_workload(workload: &str) -> Result<(), NameError> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = workload.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
    let fits = workload.len() <= WORKLOAD_BYTES_MAX && !workload.ends_with('-');
    if begins && fits && workload.bytes().all(fine) {
        return Ok(());
    }
    Err(NameError(format!(
        "`{}` is no workload; use up to {WORKLOAD_BYTES_MAX} of the letters a to z, digits and `-`, \
         beginning with a letter",
        short(workload)
    )))
}

/// A name as one part of a key in the data store.
pub fn escape(name: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(name.len());
    for (place, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        // A part that begins with a dot means something to file systems.
        if is_plain && !(place == 0 && byte == b'.') {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "={byte:02X}").expect("a string takes all");
        }
    }
    escaped
}

/// What was escaped; nothing if it was not.
pub fn unescape(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'=' {
            let (digits, after) = after.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The beginning of a text that came from outside, for a message.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (name, is_fine) in [
            ("a", true),
            ("maps/tile 7.png", true),
            ("ключ", true),
            (".hidden", true),
            ("", false),
            ("..", false),
            ("a/../b", false),
            ("a//b", false),
            ("/a", false),
            ("a/", false),
            ("./a", false),
            ("a\0b", false),
            ("a\nb", false),
            ("..\\a", false),
            (&"x".repeat(NAME_BYTES_MAX), true),
            (&"x".repeat(NAME_BYTES_MAX + 1), false),
            (&"é".repeat(34), false),
        ] {
            assert_eq!(ContentName::new("shop", name).is_ok(), is_fine, "{name:?}");
        }
        for (workload, is_fine) in
            [("shop-2", true), ("", false), ("Shop", false), ("a/b", false), ("..", false)]
        {
            assert_eq!(ContentName::new(workload, "a").is_ok(), is_fine, "{workload:?}");
        }
    }

    #[test]
    fn contents_of_a_workload_lie_together_and_no_two_are_one() {
        let id = |workload, name| ContentName::new(workload, name).expect("a name").id();
        assert_eq!(id("shop", "a").0 >> 96, id("shop", "b").0 >> 96);
        assert_eq!(id("shop", "a").0 >> 96, u128::from(group_of("shop").0));
        assert_ne!(id("shop", "a"), id("shop", "b"));
        // As they would even if the hashes of the workloads were the same.
        assert_ne!(id("shop", "a").0 << 32, id("mill", "a").0 << 32);
    }

    #[test]
    fn a_name_that_is_none_does_not_arrive_either() {
        let kept = |workload: &str, name: &str| {
            let words = Words { workload: workload.to_string(), name: name.to_string() };
            postcard::to_allocvec(&words).expect("it becomes bytes")
        };
        let name = ContentName::new("shop", "a/b").expect("a name");
        assert_eq!(postcard::from_bytes(&kept("shop", "a/b")), Ok(name));
        assert!(postcard::from_bytes::<ContentName>(&kept("shop", "../b")).is_err());
    }

    #[test]
    fn what_is_escaped_comes_back() {
        for name in ["a", ".a", "a/b c", "=", "ключ", "100%"] {
            let escaped = escape(name);
            assert!(!escaped.contains('/') && !escaped.starts_with('.'), "{escaped}");
            assert_eq!(unescape(&escaped).as_deref(), Some(name));
        }
        for wrong in ["=", "=4", "=GG", "=FF"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
    }
}
