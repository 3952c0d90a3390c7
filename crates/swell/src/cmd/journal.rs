//! What a node recorded of its decisions: saved, and its forecasts beside what came.

use std::collections::BTreeMap;
use std::io::{self, Read, Write, copy};
use std::path::Path;

use swell_core::time::Instant;
use swell_journal::error::JournalError;
use swell_sim::report::figure::{percent, whole};
use swell_sim::report::table::write_aligned;
use swell_sim::told::{Outcomes, Told};

use crate::cli::journal::JournalCommand;
use crate::cli::node::NodeArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::bytes;
use crate::flow_journal;
use crate::output::{Form, Output, check, resolve, to_file};
use crate::recorded::{self, ByFunction, HEAD, Recorded};
use crate::recording;
use crate::say::say;

/// Runs `swell journal`.
pub fn run(command: &JournalCommand) -> Result<(), Letter> {
    match command {
        JournalCommand::Save { file, node } => save(file, node),
        JournalCommand::Flows { file, flow: Some(flow), .. } => flow_journal::decisions(file, flow),
        JournalCommand::Flows { file, flow: None, output } => flow_journal::run(file, output),
        JournalCommand::Forecasts { file: Some(file), output, .. } => forecasts(file, output),
        JournalCommand::Forecasts { file: None, output, node } => record(output, node),
    }
}

fn save(file: &Path, node: &NodeArguments) -> Result<(), Letter> {
    check(file)?;
    let mut journal = connect::node(node)?.journal()?;
    let mut length = 0;
    to_file(file, |out| {
        length = copy(&mut journal, out)?;
        Ok(())
    })?;
    let shown = file.display();
    say(format!("wrote {shown} ({}); `swell replay {shown}` decides it again", bytes(length)));
    Ok(())
}

/// Tells of every forecast. Journals may be larger than memory, so each output reads it anew.
fn forecasts(file: &Path, outputs: &[Output]) -> Result<(), Letter> {
    recording::open(file)?;
    for output in &resolve(outputs, &[Form::Table, Form::Csv])? {
        let mut read = Ok((0, 0));
        output.write(|out| match output.form {
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                read =
                    outcomes(file, &mut |told| writer.serialize(told).map_err(io::Error::other))?;
                writer.flush()
            }
            _ => {
                let mut functions = BTreeMap::new();
                read = outcomes(file, &mut |told| {
                    note(&mut functions, told);
                    Ok(())
                })?;
                by_function(&functions, out)
            }
        })?;
        let (said, over) = read?;
        let (open, over) = (whole((said - over) as f64), whole(over as f64));
        say(format!("{over} steps of forecasts are over, {open} were still to come or left out"));
    }
    Ok(())
}

/// Tells of every forecast of the last hours that a node recorded.
fn record(outputs: &[Output], node: &NodeArguments) -> Result<(), Letter> {
    let outputs = resolve(outputs, &[Form::Table, Form::Csv])?;
    let mut bytes = Vec::new();
    let mut body = connect::node(node)?.record()?;
    let read = body.read_to_end(&mut bytes);
    read.map_err(|error| Letter::failed(format!("the node broke off: {error}")))?;
    let read = Recorded::read(&bytes);
    if read.is_empty() {
        say("note: nothing is recorded yet; forecasts begin with the first whole step, and \
             `forecast.record-max` of the node must leave room for them");
    }
    if !read.is_whole {
        say("note: a part of the record makes no sense; this is of what came before it");
    }
    for output in &outputs {
        let mut open = 0;
        output.write(|out| match output.form {
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let mut is_begun = false;
                open = read.each(&mut |told| {
                    is_begun = true;
                    writer.serialize(told).map_err(io::Error::other)
                })?;
                if !is_begun {
                    // The first row would have brought its head.
                    writer.write_record(HEAD).map_err(io::Error::other)?;
                }
                writer.flush()
            }
            _ => {
                let mut sums = ByFunction::new();
                open = read.each(&mut |told| {
                    recorded::note(&mut sums, told);
                    Ok(())
                })?;
                recorded::write(&sums, out)
            }
        })?;
        let open = whole(open as f64);
        say(format!("{open} steps of forecasts are still to come, or were not measured"));
    }
    Ok(())
}

/// Shows every step that is over to `each`; tells how many were told of, and how many are over.
fn outcomes(
    file: &Path,
    each: &mut dyn FnMut(&Told) -> io::Result<()>,
) -> io::Result<Result<(u64, u64), Letter>> {
    let mut reader = match recording::open(file) {
        Ok(reader) => reader,
        Err(letter) => return Ok(Err(letter)),
    };
    let (mut outcomes, mut told, mut last) = (Outcomes::default(), Vec::new(), Instant::ZERO);
    loop {
        let is_over = match reader.next_record() {
            Ok(Some(record)) => {
                last = last.max(record.at);
                outcomes.hear(last, &record.event, &mut told);
                false
            }
            Ok(None) => true,
            Err(JournalError::Cut { events: 1.. }) => {
                let shown = file.display();
                say(format!("note: `{shown}` ends in the middle; this is of what is whole"));
                true
            }
            Err(error) => return Ok(Err(recording::unreadable(file, error))),
        };
        if is_over {
            outcomes.end(last, &mut told);
        }
        told.drain(..).try_for_each(|told| each(&told))?;
        if is_over {
            return Ok(Ok(outcomes.counts()));
        }
    }
}

/// Sums of the first steps of a function's forecasts.
#[derive(Default)]
struct Sums {
    steps: u64,
    came: u64,
    median: f64,
    chance: f64,
    called: u64,
    within: u64,
    above: u64,
}

fn note(functions: &mut BTreeMap<u32, Sums>, told: &Told) {
    if told.ahead > 0 {
        return;
    }
    let sums = functions.entry(told.function).or_default();
    let came = f64::from(told.came);
    sums.steps += 1;
    sums.came += u64::from(told.came);
    sums.median += told.q50;
    sums.chance += f64::from(told.chance) / 1e3;
    sums.called += u64::from(told.came > 0);
    sums.within += u64::from((told.q10..=told.q90).contains(&came));
    sums.above += u64::from(came > told.q90);
}

fn by_function(functions: &BTreeMap<u32, Sums>, out: &mut dyn Write) -> io::Result<()> {
    let head =
        ["function", "steps", "calls", "median", "called %", "chance %", "within 80 %", "above %"];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    rows.extend(functions.iter().map(|(function, sums)| {
        let share = |part: f64| percent(100.0 * part / sums.steps as f64);
        vec![
            function.to_string(),
            whole(sums.steps as f64),
            whole(sums.came as f64),
            whole(sums.median),
            share(sums.called as f64),
            share(sums.chance),
            share(sums.within as f64),
            share(sums.above as f64),
        ]
    }));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    writeln!(out, "steps     first steps of forecasts that spoke of the function")?;
    writeln!(out, "calls     that came in them, beside the sum of the medians")?;
    writeln!(out, "called %  of steps that saw any call, beside the mean chance that was given")?;
    writeln!(out, "within    the 80 % band, edges included; above: more calls than its upper edge")
}
