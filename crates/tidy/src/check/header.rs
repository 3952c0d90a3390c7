//! A header says why: every file opens with a sentence for the person who enters.

use crate::finding::Finding;

/// The fewest words that make a sentence.
const WORDS_MIN: usize = 3;

/// Refuses a file that does not start with a `//!` header, or whose header's first
/// paragraph holds no full sentence.
pub fn check(path: &str, text: &str) -> Option<Finding> {
    if !text.starts_with("//!") {
        return Some(Finding::at(path, 1, "no `//!` header: say which question the file answers"));
    }
    let header = text.lines().map_while(|line| line.strip_prefix("//!"));
    let is_prose = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let paragraph: Vec<&str> =
        header.skip_while(|line| !is_prose(line)).take_while(is_prose).collect();
    let is_sentence = opens_with_a_sentence(&paragraph.join(" "));
    (!is_sentence).then(|| Finding::at(path, 1, "the header opens with no full sentence"))
}

fn opens_with_a_sentence(paragraph: &str) -> bool {
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let starts_well = paragraph.trim_start().starts_with(|c: char| !c.is_lowercase());
    let end = words.iter().position(|word| {
        word.trim_end_matches([')', '`', '"', '*', '_']).ends_with(['.', '!', '?'])
    });
    starts_well && end.is_some_and(|end| end + 1 >= WORDS_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_sentences() {
        for (text, is_fine) in [
            ("//! Amounts of memory.\n", true),
            ("//! The `swell` program.\n\nfn main() {}", true),
            ("//! A sentence may run over\n//! two lines.\n//!\n//! And so on", true),
            ("//! # Title\n//!\n//! Which question this answers.\n", true),
            ("//! One sentence first. Then a list:\n//! - a\n", true),
            ("", false),
            ("fn main() {}", false),
            ("\n//! Too late for this one.\n", false),
            ("// Not a doc comment at all.\n", false),
            ("//!\n", false),
            ("//! Memory.\n", false),
            ("//! Amounts of memory\n", false),
            ("//! amounts of memory.\n", false),
            ("//! # Only a title stands here.\n", false),
            ("//! No stop here\n//!\n//! Only the second paragraph has one.\n", false),
        ] {
            assert_eq!(check("a.rs", text).is_none(), is_fine, "{text:?}");
        }
    }
}
