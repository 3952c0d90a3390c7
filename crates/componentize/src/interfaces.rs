//! What a function may ask of its host, as WIT: the text that tools of other languages
//! read, and that this crate tells the types of imports by.
//!
//! A later 0.2 only adds to an earlier one, so one text serves all: it names the version
//! that the guest's tools want, and a host of any later one takes it.

/// The text, as of [`OLDEST`].
const TEXT: &str = include_str!("../wit/function.wit");

/// The version that is widest known: every host of 0.2 has it.
pub const OLDEST: Version = Version(0);

/// A version of WASI 0.2, by its last number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

impl Version {
    /// Reads a version such as `0.2.10`; nothing if it is not of WASI 0.2.
    pub fn parse(text: &str) -> Option<Self> {
        let patch = text.strip_prefix("0.2.")?;
        let plain = patch.bytes().all(|byte| byte.is_ascii_digit());
        patch.parse().ok().filter(|_| plain).map(Self)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "0.2.{}", self.0)
    }
}

/// The interfaces as of a version, with the worlds `proxy` and `handler`. Drafts keep the
/// versions they have.
pub fn text(version: Version) -> String {
    let mut text = String::with_capacity(TEXT.len() + 100);
    let mut rest = TEXT;
    while let Some(at) = rest.find("0.2.0") {
        let (before, after) = rest.split_at(at);
        let after = &after["0.2.0".len()..];
        text.push_str(before);
        if after.starts_with('-') {
            text.push_str("0.2.0");
        } else {
            text.push_str(&version.to_string());
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_wasi_0_2_are_read() {
        for (text, expected) in [
            ("0.2.0", Some(Version(0))),
            ("0.2.12", Some(Version(12))),
            ("0.2", None),
            ("0.2.", None),
            ("0.2.+1", None),
            ("0.3.0", None),
            ("0.2.0-draft", None),
            ("0.2.99999", None),
        ] {
            assert_eq!(Version::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_text_is_of_the_version_asked_for_and_drafts_stay() {
        assert_eq!(text(OLDEST), TEXT);
        let later = text(Version(10));
        assert!(later.contains("package wasi:http@0.2.10 {") && later.contains("WASI 0.2.10"));
        assert!(later.contains("import wasi:keyvalue/store@0.2.0-draft;"));
        assert_eq!(later.matches("0.2.0").count(), TEXT.matches("0.2.0-draft").count());
    }
}
