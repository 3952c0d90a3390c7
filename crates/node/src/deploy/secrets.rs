//! The secrets of a node: a file of lines `NAME=value`, read afresh whenever code is made
//! ready, so that a changed secret counts from the next deployment or restart on.
//!
//! Invariant: no message contains a value.

use std::collections::BTreeMap;
use std::path::Path;

/// Secrets by name.
pub type Secrets = BTreeMap<String, String>;

/// Reads the secrets of a node; without a file there are none. The error says in one
/// sentence what is wrong.
pub fn read(file: Option<&Path>) -> Result<Secrets, String> {
    let Some(file) = file else { return Ok(Secrets::new()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!("the file of secrets `{}` cannot be read: {error}", file.display())
    })?;
    parse(&text).map_err(|line| {
        format!("line {line} of the file of secrets `{}` is not `NAME=value`", file.display())
    })
}

/// The secrets of a text; blank lines and lines that begin with `#` are skipped. The error
/// is the number of the line that makes no sense.
fn parse(text: &str) -> Result<Secrets, usize> {
    let mut secrets = Secrets::new();
    for (place, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(place + 1)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(place + 1);
        }
        secrets.insert(name.to_string(), value.to_string());
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        for (text, expected) in [
            ("", Ok(vec![])),
            (
                "# a comment\n\nKEY=va=lue \nOTHER =x\r\n",
                Ok(vec![("KEY", "va=lue "), ("OTHER", "x")]),
            ),
            ("KEY=1\nhunter2\n", Err(2)),
            ("=1", Err(1)),
            ("A B=1", Err(1)),
        ] {
            let expected = expected.map(|rows: Vec<(&str, &str)>| {
                rows.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
            });
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_file_and_no_value() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("secrets");
        assert!(read(Some(&file)).unwrap_err().contains("cannot be read"));
        std::fs::write(&file, "KEY=1\nhunter2\n").expect("it is writable");
        let error = read(Some(&file)).unwrap_err();
        assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
    }
}
