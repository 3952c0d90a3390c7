//! Where results go and in which form: the meaning of `-o`.
//!
//! A name of a form writes to the standard output, a path with a known ending writes that
//! file. Paths are checked before the work starts, because a long run that cannot be
//! saved is a cruel joke.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use crate::error::Letter;
use crate::say::say;

/// A form of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A table for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values.
    Csv,
    /// A page.
    Html,
}

/// One `-o`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// In which form.
    pub form: Form,
    /// Into which file; none is the standard output.
    pub path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = match text {
            "table" => Form::Table,
            "json" => Form::Json,
            "csv" => Form::Csv,
            "html" => return Err("a page goes into a file: write `-o report.html`".to_string()),
            _ => return file(text),
        };
        Ok(Self { form, path: None })
    }
}

fn file(text: &str) -> Result<Output, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    let form = match ending {
        "html" | "htm" => Form::Html,
        "json" => Form::Json,
        "csv" => Form::Csv,
        "txt" => Form::Table,
        _ => {
            return Err(format!(
                "`{text}` is neither `table`, `json` or `csv` nor a file ending in `.html`, \
                 `.json`, `.csv` or `.txt`"
            ));
        }
    };
    Ok(Output { form, path: Some(path) })
}

/// What was asked for, or a table where nothing was; at most one form goes to the standard
/// output, only the `allowed` forms exist, and every file's folder must be there.
pub fn resolve(outputs: &[Output], allowed: &[Form]) -> Result<Vec<Output>, Letter> {
    if outputs.is_empty() {
        return Ok(vec![Output { form: Form::Table, path: None }]);
    }
    if outputs.iter().filter(|output| output.path.is_none()).count() > 1 {
        return Err(Letter::usage("only one form can go to the standard output")
            .hint("write the others to files, such as `-o results.json`"));
    }
    for output in outputs {
        if !allowed.contains(&output.form) {
            let form = format!("{:?}", output.form).to_lowercase();
            return Err(Letter::usage(format!("this command has no {form} output")));
        }
        if let Some(path) = &output.path {
            check(path)?;
        }
    }
    Ok(outputs.to_vec())
}

/// Refuses a path that cannot become a file. What stands there already is left alone.
pub fn check(path: &Path) -> Result<(), Letter> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Letter::usage(format!("there is no folder `{}`", folder.display()))
            .hint(format!("create it with `mkdir -p {}`", folder.display())));
    }
    if path.is_dir() {
        return Err(Letter::usage(format!("`{}` is a folder, not a file", path.display())));
    }
    let existed = path.exists();
    let tried = File::options().append(true).create(true).open(path);
    tried.map_err(|error| Letter::unwritable(path, &error))?;
    if !existed {
        // It was empty and ours; if it cannot be removed it is only overwritten later.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

impl Output {
    /// Lets `write` write to where this output goes; tells on the standard error which
    /// file was written.
    pub fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Letter> {
        match &self.path {
            None => to_stdout(write),
            Some(path) => {
                to_file(path, write)?;
                say(format!("wrote {}", path.display()));
                Ok(())
            }
        }
    }
}

/// Writes a file in one go.
pub fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Letter> {
    let work = || {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out)?;
        out.flush()
    };
    work().map_err(|error| Letter::unwritable(path, &error))
}

/// Writes to the standard output; a reader who has left is no failure.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Letter> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Letter::failed(format!("cannot write to the standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a value as a JSON document.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_files_are_told_apart() {
        for (text, form, path) in [
            ("table", Form::Table, None),
            ("json", Form::Json, None),
            ("csv", Form::Csv, None),
            ("a/b.html", Form::Html, Some("a/b.html")),
            ("json.csv", Form::Csv, Some("json.csv")),
        ] {
            let output = Output { form, path: path.map(PathBuf::from) };
            assert_eq!(text.parse(), Ok(output));
        }
        for text in ["html", "xml", "report.pdf", ""] {
            assert!(text.parse::<Output>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_the_work() {
        let all = [Form::Table, Form::Json];
        for outputs in
            [vec!["json", "table"], vec!["csv"], vec!["no/folder.json"], vec!["/proc/x.json"]]
        {
            let outputs: Vec<Output> = outputs.iter().map(|text| text.parse().unwrap()).collect();
            assert!(resolve(&outputs, &all).is_err(), "{outputs:?}");
        }
        assert_eq!(resolve(&[], &all).unwrap()[0].form, Form::Table);
    }
}
