//! Was this message there before? A window over the numbers of a site's messages.
//!
//! As in RFC 4303, section 3.4.3: the highest number seen and a bit for each of those just
//! below, so that messages may overtake each other a little and none is taken twice.

use serde::{Deserialize, Serialize};

use crate::council::refusal::Refusal;

/// How far messages may be overtaken.
const WIDTH: u64 = 64;

/// What is known of a site's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sender {
    incarnation: u64,
    highest: u64,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

impl Sender {
    /// The life that spoke last, and the highest number of its messages.
    pub fn last(&self) -> (u64, u64) {
        (self.incarnation, self.highest)
    }

    /// Takes a message once.
    pub fn take(&mut self, incarnation: u64, sequence: u64) -> Result<(), Refusal> {
        if incarnation < self.incarnation {
            return Err(Refusal::EarlierLife { incarnation, current: self.incarnation });
        }
        if sequence == 0 {
            return Err(Refusal::Replayed { sequence });
        }
        if incarnation > self.incarnation {
            *self = Self { incarnation, highest: sequence, seen: 1 };
            return Ok(());
        }
        if sequence > self.highest {
            let ahead = sequence - self.highest;
            self.seen = if ahead < WIDTH { self.seen << ahead | 1 } else { 1 };
            self.highest = sequence;
            return Ok(());
        }
        let back = self.highest - sequence;
        if back >= WIDTH || self.seen >> back & 1 == 1 {
            return Err(Refusal::Replayed { sequence });
        }
        self.seen |= 1 << back;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_taken_once() {
        let mut sender = Sender::default();
        for (incarnation, sequence, is_taken) in [
            (1, 0, false),
            (1, 1, true),
            (1, 1, false),
            (1, 5, true),
            (1, 3, true),
            (1, 3, false),
            (1, 200, true),
            (1, 136, false),
            (1, 137, true),
            (2, 1, true),
            (1, 201, false),
            (2, 1, false),
            (2, u64::MAX, true),
            (2, u64::MAX, false),
            (3, 4, true),
        ] {
            let taken = sender.take(incarnation, sequence);
            assert_eq!(taken.is_ok(), is_taken, "{incarnation}.{sequence}");
        }
    }
}
