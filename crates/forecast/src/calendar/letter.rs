//! What could not be read, as a letter to who wrote it: where it stands, what is wrong, and
//! what to do. One bad line never costs the good ones.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The whole text.
    Text,
    /// A line, counted from one.
    Line(u64),
    /// An event, by its id or by what it is called.
    Event(String),
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub reason: String,
    /// What to do next.
    pub hint: String,
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Text => {}
            Place::Line(line) => write!(f, "line {line}: ")?,
            Place::Event(event) => write!(f, "event `{event}`: ")?,
        }
        write!(f, "{}; {}", self.reason, self.hint)
    }
}

/// A reason and a hint: a letter that does not know its place yet.
pub type Wrong = (String, &'static str);

/// Some text for a letter: whole characters, not too many, none that moves a cursor.
pub fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let printable = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    let mut shown: String = printable.take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_text_is_short_and_on_one_line() {
        assert_eq!(shown("a\r\nb\u{1b}[1m"), "a  b [1m");
        assert_eq!(shown(&"ä".repeat(99)).chars().count(), 61);
    }
}
