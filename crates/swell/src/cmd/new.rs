//! Begins a function: writes a folder that builds, and says what to type next.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use swell_node::deploy::bounds::{NAME_RULE, is_name};

use crate::cli::new::NewArguments;
use crate::error::Letter;
use crate::figure::count;
use crate::naming::nearest;
use crate::say::say;
use crate::template::{files, setup};

/// Runs `swell new`.
pub fn run(arguments: &NewArguments) -> Result<(), Letter> {
    let name = &arguments.name;
    if !is_name(name) {
        return Err(Letter::usage(format!("`{name}` cannot be a function's name; {NAME_RULE}"))
            .hint(format!("the nearest good one is `{}`", nearest(name))));
    }
    let folder = arguments.path.clone().unwrap_or_else(|| PathBuf::from(name));
    refuse_used(&folder)?;
    let files = files(arguments.lang, name);
    for (path, text) in &files {
        let path = folder.join(path);
        write(&path, text).map_err(|error| Letter::unwritable(&path, &error))?;
    }
    say(format!("wrote {} to `{}`; next:", count(files.len(), "file"), folder.display()));
    for line in [
        format!("cd {}", quoted(&folder)),
        format!("{}      # once", setup(arguments.lang)),
        "swell deploy -f app.toml --build".to_string(),
        format!("swell invoke {name} -d Ada"),
    ] {
        say(format!("  {line}"));
    }
    Ok(())
}

/// What is there already is somebody's work.
fn refuse_used(folder: &Path) -> Result<(), Letter> {
    let shown = folder.display();
    let used = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) if error.kind() == ErrorKind::NotADirectory => true,
        Err(error) => return Err(Letter::failed(format!("cannot look into `{shown}`: {error}"))),
    };
    if used {
        return Err(Letter::failed(format!("`{shown}` is there already; nothing was written"))
            .hint("choose another folder with `--path`"));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if text.chars().all(plain) && !text.is_empty() {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
