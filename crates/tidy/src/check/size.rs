//! A file is a room: it fits in one sitting.

use crate::finding::Finding;
use crate::table::LINES_MAX;

/// Refuses a file of more than [`LINES_MAX`] lines.
pub fn check(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (lines > LINES_MAX).then(|| {
        let advice = "split it by the questions it answers";
        Finding::whole(path, format!("{lines} lines, more than {LINES_MAX}: {advice}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_lines_are_full() {
        for (lines, is_refused) in [(0, false), (1, false), (400, false), (401, true)] {
            let finding = check("a.rs", &"x\n".repeat(lines));
            assert_eq!(finding.is_some(), is_refused, "{lines} lines");
        }
    }
}
