//! Names of functions, made of what people have: the name of a file, or a name that is not
//! quite one.

use swell_node::deploy::bounds::is_name;

/// The longest name, in letters.
const LETTERS_MAX: usize = 63;

/// The text in the letters of a name; it may still not be one, if it has too few or too
/// many, or begins with a digit.
pub fn plain(text: &str) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | '0'..='9' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '-',
    };
    text.chars().map(plain).collect::<String>().trim_matches('-').to_string()
}

/// The name that is nearest to the text.
pub fn nearest(text: &str) -> String {
    let mut name = plain(text);
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert_str(0, "f-");
    }
    name.truncate(LETTERS_MAX);
    let name = name.trim_end_matches('-');
    let name = if name.is_empty() { "hello" } else { name };
    assert!(is_name(name), "`{name}` is a name");
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_there_is() {
        let long = format!("{}-{}", "x".repeat(62), "y");
        for (text, expected) in [
            ("hello", "hello"),
            ("Hello_World", "hello-world"),
            ("2fast", "f-2fast"),
            ("--a b--", "a-b"),
            ("größe", "gr--e"),
            ("", "hello"),
            ("???", "hello"),
            (&long, &"x".repeat(62)),
        ] {
            assert_eq!(nearest(text), expected, "{text}");
        }
        assert_eq!(plain("2Fast.opt"), "2fast-opt");
    }
}
