//! What was wrong with a trace that was read all the same?
//!
//! A strict reading stops at the first broken row. A lenient one skips it, counts it and
//! keeps the first few letters, so that a person can judge what is missing. Gaps that
//! the formats allow (a function without memory) are filled with a stated default in
//! both readings, and counted as well.

use serde::Serialize;

use crate::error::TraceError;

/// How many letters are kept.
const MESSAGES_MAX: usize = 8;

/// What was skipped or filled in while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// Rows that were skipped, in a lenient reading.
    pub skipped_rows: u64,
    /// Functions whose memory is unknown and was set to the default.
    pub memory_missing: u64,
    /// Functions whose run time is unknown and was set to the default.
    pub duration_missing: u64,
    /// The first few letters.
    pub messages: Vec<String>,
    #[serde(skip)]
    lenient: bool,
}

impl Problems {
    /// Nothing wrong yet.
    pub fn new(lenient: bool) -> Self {
        Self { lenient, ..Self::default() }
    }

    /// Whether broken rows are skipped.
    pub fn lenient(&self) -> bool {
        self.lenient
    }

    /// Whether anything was skipped or filled in.
    pub fn is_empty(&self) -> bool {
        self.skipped_rows + self.memory_missing + self.duration_missing == 0
    }

    /// Passes a good row on; in a lenient reading turns a broken one into a count.
    pub fn forgive<T>(&mut self, row: Result<T, TraceError>) -> Result<Option<T>, TraceError> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(error @ TraceError::Row { .. }) if self.lenient => {
                self.skipped_rows += 1;
                self.note(|| error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a letter, if there is still room.
    pub fn note(&mut self, message: impl FnOnce() -> String) {
        if self.messages.len() < MESSAGES_MAX {
            self.messages.push(message());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::broken;

    #[test]
    fn only_broken_rows_are_forgiven_and_only_when_asked() {
        let row = || broken("f", 2, "c", b"x", "a number");
        for (lenient, error, forgiven) in [
            (true, row(), true),
            (false, row(), false),
            (true, TraceError::Format("no".into()), false),
        ] {
            let mut problems = Problems::new(lenient);
            assert_eq!(problems.forgive(Err::<(), _>(error)).is_ok(), forgiven);
            assert_eq!(problems.is_empty(), !forgiven);
        }
        let mut problems = Problems::new(true);
        for _ in 0..100 {
            problems.forgive(Err::<(), _>(row())).unwrap();
        }
        assert_eq!((problems.skipped_rows, problems.messages.len()), (100, MESSAGES_MAX));
    }
}
