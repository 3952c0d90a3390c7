//! Kind by kind: what was expected of occasions, what came, and whether knowing of them helped.

use serde::{Deserialize, Serialize};

use crate::calendar::announced::Announced;
use crate::effects::book::Book;

/// What is known of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The kind.
    pub kind: String,
    /// Occasions that are over.
    pub occasions: usize,
    /// Calls as they were foreseen before each, with the effect that was believed then.
    pub expected: f32,
    /// Calls that came.
    pub got: f32,
    /// The mean error of that, as a share of what came.
    pub error: f32,
    /// The same of forecasts that know of no occasion.
    pub error_without: f32,
    /// How many times as many calls the next occasion is taken to bring.
    pub times: f32,
    /// Between what that may lie, four times in five.
    pub between: [f32; 2],
}

/// The rows as of a moment, in order of the kinds.
pub fn rows(book: &Book, as_of_ms: u64) -> Vec<Row> {
    let row = |kind: &str| {
        let (mut expected, mut got) = (0.0f32, 0.0f32);
        let (mut error, mut error_without, mut occasions) = (0.0f32, 0.0f32, 0usize);
        for outcome in book.outcomes(kind).iter().filter(|outcome| outcome.end_ms <= as_of_ms) {
            // What ended at the very moment was not known before it.
            let before_ms = outcome.end_ms.saturating_sub(1);
            let (then, _) = book.belief(kind, outcome.announced, before_ms);
            let foreseen = outcome.expected * then.times();
            expected += foreseen;
            got += outcome.got;
            error += (foreseen - outcome.got).abs();
            error_without += (outcome.expected - outcome.got).abs();
            occasions += 1;
        }
        let (belief, _) = book.belief(kind, Announced::Unknown, as_of_ms);
        let reach = 1.2816 * belief.spread();
        let between = [-reach, reach].map(|reach| (belief.mean + reach).exp());
        Row {
            kind: kind.to_string(),
            occasions,
            expected,
            got,
            error: error / got.max(1.0),
            error_without: error_without / got.max(1.0),
            times: belief.times(),
            between,
        }
    };
    book.kinds().map(|(kind, _)| row(kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::book::Outcome;

    #[test]
    fn knowing_of_what_repeats_helps() {
        let mut book = Book::default();
        for turn in 0..8u64 {
            let outcome = Outcome {
                occurrence: turn.to_string(),
                end_ms: 1000 * (turn + 1),
                announced: Announced::Unknown,
                expected: 500.0,
                got: 1500.0 + 50.0 * (turn % 3) as f32,
                functions: Vec::new(),
            };
            book.learn("sale", outcome);
        }
        let rows = rows(&book, 1_000_000);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.kind.as_str(), row.occasions, row.got), ("sale", 8, 12_350.0));
        assert!(row.error < row.error_without / 2.0, "{row:?}");
        assert!(row.between[0] < row.times && row.times < row.between[1], "{row:?}");
        assert!((2.7..3.2).contains(&row.times), "{row:?}");
        assert_eq!(super::rows(&book, 2500)[0].occasions, 2);
    }
}
