//! Reads, writes, lists and deletes contents by way of a node.

use std::fs::{self, File};
use std::io::{self, Read};

use swell_api::content::ContentEntry;

use crate::cli::content::ContentCommand;
use crate::connect;
use crate::error::Letter;
use crate::figure::bytes;
use crate::listing::{Column, show};
use crate::say::say;

const CONTENTS: [Column<ContentEntry>; 3] = [
    Column::text("NAME", |one| one.name.clone()),
    Column::text("VERSION", |one| one.version.clone()),
    Column::number("SIZE", |one| bytes(one.bytes)),
];

/// Runs `swell content`.
pub fn run(command: &ContentCommand) -> Result<(), Letter> {
    match command {
        ContentCommand::Put { name, file, media_type, on, acknowledge, node } => {
            let name = checked(name)?;
            let body = match file {
                Some(file) => fs::read(file).map_err(|error| {
                    Letter::failed(format!("cannot read `{}`: {error}", file.display()))
                })?,
                None => {
                    let mut body = Vec::new();
                    io::stdin().lock().read_to_end(&mut body).map_err(|error| {
                        Letter::failed(format!("cannot read the standard input: {error}"))
                    })?;
                    body
                }
            };
            let mut headers = vec![("x-swell-acknowledge", acknowledge.to_string())];
            if let Some(media_type) = media_type {
                headers.push(("content-type", media_type.clone()));
            }
            match on.as_deref() {
                None => {}
                Some("none") => headers.push(("if-none-match", "*".to_string())),
                Some(version) => headers.push(("if-match", format!("\"{version}\""))),
            }
            let note = connect::node(node)?.put_content(name, &body, &headers)?;
            say(format!("{name}: version {}, {}", note.version, note.how));
            Ok(())
        }
        ContentCommand::Get { name, output, read, node } => {
            let name = checked(name)?;
            let (note, mut body) = connect::node(node)?.content(name, &read.to_string())?;
            let failed = |error: io::Error| Letter::failed(format!("{name}: {error}"));
            match output {
                Some(file) => {
                    let mut file = File::create(file).map_err(failed)?;
                    io::copy(&mut body, &mut file).map_err(failed)?;
                }
                None => {
                    io::copy(&mut body, &mut io::stdout().lock()).map_err(failed)?;
                }
            }
            say(format!("{name}: version {}, from {}", note.version, note.how));
            Ok(())
        }
        ContentCommand::List { workload, prefix, output, node } => {
            let contents = connect::node(node)?.contents(workload, prefix)?;
            show(&contents, &CONTENTS, |one| one.name.clone(), *output)
        }
        ContentCommand::Rm { names, node } => {
            let node = connect::node(node)?;
            for name in names {
                node.remove_content(checked(name)?)?;
                say(format!("{name}: deleted"));
            }
            Ok(())
        }
    }
}

/// A workload and a name in it.
fn checked(name: &str) -> Result<&str, Letter> {
    match name.split_once('/') {
        Some((workload, rest)) if !workload.is_empty() && !rest.is_empty() => Ok(name),
        _ => Err(Letter::usage(format!("`{name}` names no content"))
            .hint("write the workload and the name, such as `shop/maps/tile-7`")),
    }
}
