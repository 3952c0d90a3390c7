//! What was read of a text, good and bad side by side.

use crate::calendar::letter::{Letter, Place, Wrong};
use crate::calendar::occasion::Occasion;

/// The longest text that is read, in bytes.
pub const BYTES_MAX: usize = 8 << 20;
/// The most occasions of one text. A repeating one counts once.
pub const OCCASIONS_MAX: usize = 10_000;
/// The most letters about one text; the last one says how many more there were.
const LETTERS_MAX: usize = 100;

/// What was read of a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// What is announced, in the order of the text.
    pub occasions: Vec<Occasion>,
    /// What could not be read, and what was read other than written.
    pub letters: Vec<Letter>,
    left_out: usize,
}

impl Reading {
    /// Nothing but a letter about the whole text.
    pub fn refused(reason: impl Into<String>, hint: &'static str) -> Self {
        let mut reading = Self::default();
        reading.write(Place::Text, (reason.into(), hint));
        reading
    }

    /// Adds a letter.
    pub fn write(&mut self, place: Place, (reason, hint): Wrong) {
        if self.letters.len() < LETTERS_MAX {
            self.letters.push(Letter { place, reason, hint: hint.to_string() });
            return;
        }
        self.left_out += 1;
        let reason = format!("{} more could not be read", self.left_out + 1);
        let hint = "mend those above and read it again".to_string();
        self.letters[LETTERS_MAX - 1] = Letter { place: Place::Text, reason, hint };
    }

    /// Adds what was read of a place. False: there is no room for more.
    pub fn take(&mut self, place: Place, read: Result<Occasion, Wrong>) -> bool {
        match read {
            Ok(_) if self.occasions.len() >= OCCASIONS_MAX => {
                let reason = format!("there are more than {OCCASIONS_MAX} events");
                self.write(Place::Text, (reason, "read the rest from a text of its own"));
                return false;
            }
            Ok(occasion) => self.occasions.push(occasion),
            Err(wrong) => self.write(place, wrong),
        }
        true
    }
}

/// Bytes as text, without the mark that some programs put before it.
pub fn text(bytes: &[u8]) -> Result<&str, Reading> {
    if bytes.len() > BYTES_MAX {
        let reason = format!("it is longer than {} MiB", BYTES_MAX >> 20);
        return Err(Reading::refused(reason, "part it into several"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}')),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            let reason = format!("line {} is no UTF-8", line + 1);
            Err(Reading::refused(reason, "save it as UTF-8 and read it again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_letters_end_in_one_that_counts_the_rest() {
        let mut reading = Reading::default();
        for line in 1..=250 {
            reading.write(Place::Line(line), ("no start".to_string(), "give one"));
        }
        assert_eq!(reading.letters.len(), LETTERS_MAX);
        assert_eq!(reading.letters[0].to_string(), "line 1: no start; give one");
        assert_eq!(
            reading.letters[LETTERS_MAX - 1].reason,
            format!("{} more could not be read", 250 - (LETTERS_MAX - 1))
        );
    }

    #[test]
    fn text_is_text() {
        assert_eq!(text("\u{feff}start".as_bytes()), Ok("start"));
        let refused = text(b"start\n\xff").unwrap_err();
        assert!(refused.letters[0].to_string().starts_with("line 2 is no UTF-8"));
    }
}
