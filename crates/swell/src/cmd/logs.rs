//! Prints what guests wrote, and goes on with what they write.

use std::io::{self, IsTerminal, Write};

use swell_api::log::{LogLine, LogStream};

use crate::cli::form::Listing;
use crate::cli::logs::LogsArguments;
use crate::client::node::{LogQuestion, word};
use crate::connect;
use crate::error::Letter;
use crate::figure::moment;
use crate::listing::yaml;
use crate::output::{json, to_stdout};

/// Runs `swell logs`.
pub fn run(arguments: &LogsArguments) -> Result<(), Letter> {
    let LogsArguments { function, follow, since, tail, output, node } = arguments;
    let node = connect::node(node)?;
    let question = LogQuestion { function: function.as_deref(), since: *since, tail: *tail };
    if !follow {
        let lines = node.logs(&question)?;
        return to_stdout(|out| match output {
            Listing::Json => json(&lines, out),
            Listing::Yaml => yaml(&lines, out),
            _ => lines.iter().try_for_each(|line| print(line, *output, out)),
        });
    }
    let mut broken = None;
    let lines = node.follow_logs(&question)?;
    to_stdout(|out| {
        for line in lines {
            match line {
                Ok(line) => {
                    print(&line, *output, out)?;
                    out.flush()?;
                }
                Err(letter) => {
                    broken = Some(letter);
                    break;
                }
            }
        }
        Ok(())
    })?;
    broken.map_or(Ok(()), Err)
}

/// One line in its form.
fn print(line: &LogLine, form: Listing, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Listing::Json => {
            serde_json::to_writer(&mut *out, line)?;
            writeln!(out)
        }
        Listing::Yaml => yaml(&[line], out),
        Listing::Name => writeln!(out, "{}", line.number),
        Listing::Table => {
            let LogLine { function, text, .. } = line;
            writeln!(out, "{} {function} {}{}", moment(line.at_ms), mark(line.stream), clean(text))
        }
        Listing::Wide => {
            let LogLine { number, function, version, request_id, text, stream, .. } = line;
            let (at, stream) = (moment(line.at_ms), word(stream));
            writeln!(
                out,
                "{number} {at} {function} v{version} {request_id} {stream} {}",
                clean(text)
            )
        }
    }
}

/// What sets a line apart from what the guest printed plainly.
fn mark(stream: LogStream) -> &'static str {
    match stream {
        LogStream::Stdout => "",
        LogStream::Stderr => "! ",
        LogStream::Node => "* ",
    }
}

/// The text as a terminal may show it: guests are not trusted to command the terminal.
fn clean(text: &str) -> String {
    if !io::stdout().is_terminal() {
        return text.to_string();
    }
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter })
        .collect()
}
