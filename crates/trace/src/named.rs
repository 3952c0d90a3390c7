//! Which trace does a person mean?
//!
//! One argument may be the name of a trace inside the program, a recipe to generate one,
//! or files. What exists is said when nothing fits.

use std::path::{Path, PathBuf};

use crate::bundled::{BUNDLED, Bundled};
use crate::error::TraceError;
use crate::generator::generate;
use crate::open::Options;
use crate::recipe::Recipe;
use crate::trace::Trace;

impl Trace {
    /// Opens a bundled trace by name, generates one from a recipe (`gen:...`), or opens
    /// files. Several bundled names or recipes at once are refused.
    pub fn named_or_open(words: &[String], options: &Options) -> Result<Trace, TraceError> {
        if let [word] = words {
            if word.starts_with("gen:") {
                return word
                    .parse::<Recipe>()
                    .map(|recipe| generate(&recipe))
                    .map_err(TraceError::Format);
            }
            if let Some(bundled) = Bundled::find(word) {
                return bundled.open(options);
            }
        }
        if let Some(word) = words.iter().find(|word| !Path::new(word).exists()) {
            return Err(TraceError::Format(unknown(word)));
        }
        let paths: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
        Trace::open(&paths, options)
    }
}

fn unknown(word: &str) -> String {
    if Bundled::find(word).is_some() || word.starts_with("gen:") {
        return format!("`{word}` is a trace of its own and cannot be joined with other files");
    }
    let mut text = format!("there is no file and no bundled trace `{word}`; bundled are\n");
    for bundled in BUNDLED {
        text += &format!("  {:<14} {}\n", bundled.name, bundled.about);
    }
    text + "and `gen:mixed,functions=1000,calls=1000000,hours=24,seed=1` generates one"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(words: &[&str]) -> Result<Trace, TraceError> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Trace::named_or_open(&words, &Options::default())
    }

    #[test]
    fn names_and_recipes_are_traces() {
        assert_eq!(open(&["20-b"]).unwrap().functions().len(), 20);
        assert_eq!(open(&["gen:timers,functions=3"]).unwrap().functions().len(), 3);
    }

    #[test]
    fn what_does_not_exist_is_answered_with_what_does() {
        for (words, letter) in [
            (vec!["20-x"], "azure2021-200"),
            (vec!["20-b", "20-d"], "cannot be joined"),
            (vec!["gen:sine"], "`sine` is not a shape"),
            (vec![], "at least one file"),
        ] {
            let error = open(&words).unwrap_err().to_string();
            assert!(error.contains(letter), "{error}");
        }
    }
}
