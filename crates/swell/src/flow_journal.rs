//! Flows in a journal: what was decided about them, and how they stood.

use std::io::{self, Write};
use std::path::Path;

use swell_core::flow::replay::{FlowDifference, FlowReplay, FlowStop};
use swell_journal::error::JournalError;
use swell_journal::reader::Told;
use swell_sim::flow::journaled::{Decided, Journaled};
use swell_sim::flow::recording::RecordingRow;
use swell_sim::report::figure::whole;
use swell_sim::report::table::write_aligned;

use crate::error::Letter;
use crate::output::{Form, Output, resolve, to_stdout};
use crate::recording;
use crate::say::say;

/// Tells what was decided about one flow and why, as a fresh analyzer decides it again.
pub fn decisions(file: &Path, flow: &str) -> Result<(), Letter> {
    let mut reader = recording::open(file)?;
    let (mut replay, mut lines) = (FlowReplay::default(), 0u64);
    let unsound = |why: String| {
        let shown = file.display();
        Letter::failed(format!("cannot decide as `{shown}` says: {why}"))
            .hint("`swell replay` says more, and whether another program wrote it")
    };
    loop {
        let entry = match reader.next_told() {
            Ok(Some(Told::Record(_))) => continue,
            Ok(Some(Told::Flows(entry))) => entry,
            Ok(None) | Err(JournalError::Cut { events: 1.. }) => break,
            Err(error) => return Err(recording::unreadable(file, error)),
        };
        match replay.feed(&entry) {
            Ok(()) => {}
            Err(FlowStop::Untrue(why)) => return Err(unsound(format!("it {why}"))),
            Err(FlowStop::Policy(why)) => return Err(unsound(why)),
            Err(FlowStop::Differs(other)) => {
                let FlowDifference { at, ordered, .. } = *other;
                let at = at.secs_f64();
                let ordered = ordered.join("; ");
                return Err(unsound(format!("at {at:.1} s a fresh analyzer orders: {ordered}")));
            }
        }
        let at = replay.at().secs_f64();
        let said = replay.said(&entry, flow);
        to_stdout(|out| said.iter().try_for_each(|words| writeln!(out, "{at:.1} s: {words}")))?;
        lines += said.len() as u64;
    }
    if lines == 0 {
        say(format!("note: nothing was decided about a flow `{flow}`"));
    }
    Ok(())
}

/// Tells of flows. Journals may be larger than memory, so each output reads it anew.
pub fn run(file: &Path, outputs: &[Output]) -> Result<(), Letter> {
    recording::open(file)?;
    for output in &resolve(outputs, &[Form::Table, Form::Csv])? {
        let mut read = Ok(0);
        output.write(|out| match output.form {
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let mut each = |row: &RecordingRow| writer.serialize(row).map_err(io::Error::other);
                read = rows(file, &mut Journaled::default(), &mut each)?;
                writer.flush()
            }
            _ => {
                let mut journaled = Journaled::default();
                read = rows(file, &mut journaled, &mut |_| Ok(()))?;
                by_flow(&journaled, out)
            }
        })?;
        match read? {
            0 => say("note: it shows no flow; they are shown while something comes or goes"),
            rows => say(format!("flows were shown {} times", whole(rows as f64))),
        }
    }
    Ok(())
}

/// Shows every row to `each`; how many there were.
fn rows(
    file: &Path,
    journaled: &mut Journaled,
    each: &mut dyn FnMut(&RecordingRow) -> io::Result<()>,
) -> io::Result<Result<u64, Letter>> {
    let mut reader = match recording::open(file) {
        Ok(reader) => reader,
        Err(letter) => return Ok(Err(letter)),
    };
    let mut rows = 0;
    loop {
        match reader.next_told() {
            Ok(Some(Told::Record(_))) => {}
            Ok(Some(Told::Flows(entry))) => match journaled.hear(&entry) {
                Ok(None) => {}
                Ok(Some(row)) => {
                    each(&row)?;
                    rows += 1;
                }
                Err(why) => {
                    let shown = file.display();
                    return Ok(Err(Letter::failed(format!("cannot believe `{shown}`: it {why}"))
                        .hint(
                            "it was not written by a node; save one with `swell journal save`",
                        )));
                }
            },
            Ok(None) => return Ok(Ok(rows)),
            Err(JournalError::Cut { events: 1.. }) => {
                let shown = file.display();
                say(format!("note: `{shown}` ends in the middle; this is of what is whole"));
                return Ok(Ok(rows));
            }
            Err(error) => return Ok(Err(recording::unreadable(file, error))),
        }
    }
}

fn by_flow(journaled: &Journaled, out: &mut dyn Write) -> io::Result<()> {
    let head = [
        "flow", "looks", "moves", "refused", "given", "pause ms", "items", "grown", "shrunk",
        "kept", "cores", "examined",
    ];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    rows.extend(journaled.decided().iter().map(|(name, decided)| {
        let Decided { close, moves, refused, given, paused, .. } = decided;
        let Decided { items, sizes, kept, seats, examined, .. } = decided;
        let mean = |sum: f64| match paused.1 {
            0 => "-".to_string(),
            count => format!("{:.2}", sum / count as f64),
        };
        let figure = |count: &u64| whole(*count as f64);
        vec![
            name.clone(),
            figure(close),
            figure(moves),
            figure(refused),
            figure(given),
            mean(paused.0.millis_f64()),
            mean(*items as f64),
            figure(&sizes.0),
            figure(&sizes.1),
            figure(kept),
            figure(seats),
            figure(examined),
        ]
    }));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    writeln!(out, "looks     close ones, at flows that wanted to change")?;
    writeln!(out, "moves     changes of hands that were ordered; refused: came to nothing")?;
    writeln!(out, "given     by others than the analyzer: people, and processes that come and go")?;
    writeln!(
        out,
        "pause     from the order to the new owner's beginning, and items then, on average"
    )?;
    writeln!(out, "grown     and shrunk: lanes that were to go on in other size classes")?;
    writeln!(out, "kept      reasons for which one could not, each counted as it came up")
}
